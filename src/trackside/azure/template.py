"""The workspace in an ARM template deployment.  Pure.

azureml-core creates a workspace by a template with the workspace and the Azure resources that it uses.  Trackside keeps
files and secrets itself, so it accepts those resources and creates nothing for them.  Source: `_workspace/arm_template_builder`
of azureml-core 1.61, "Deployments - Create Or Update" of Azure's REST reference.
"""

from typing import Any

from trackside.azure.arm import TYPE
from trackside.core.errors import Invalid
from trackside.workspaces.routes import Create

_SERVED_OTHERWISE = frozenset(
    {
        "microsoft.storage/storageaccounts",
        "microsoft.keyvault/vaults",
        "microsoft.insights/components",
        "microsoft.containerregistry/registries",
        "microsoft.operationalinsights/workspaces",
        "microsoft.resources/deployments",
    }
)


def workspace(properties: Any, subscription_id: str, resource_group: str) -> Create:
    """Return the call that creates the one workspace of a deployment.  Raise Invalid."""
    found = [_object(each, "resources") for each in _resources(properties)]
    for each in found:
        kind = str(each.get("type"))
        if kind.lower() not in (TYPE.lower(), *_SERVED_OTHERWISE):
            raise Invalid(f"The template has a resource of type '{kind[:100]}'; Trackside deploys workspaces ({TYPE}).")
    wanted = [each for each in found if str(each.get("type")).lower() == TYPE.lower()]
    if len(wanted) != 1:
        raise Invalid(f"The template has {len(wanted)} resources of type {TYPE}; a deployment creates exactly one.")
    return of_resource(wanted[0], _text(wanted[0], "name"), subscription_id, resource_group)


def of_resource(resource: Any, name: str, subscription_id: str, resource_group: str) -> Create:
    """Return the call for a workspace in ARM's form.  Raise Invalid."""
    body = _object(resource, "workspace")
    properties = _object(body.get("properties") or {}, "properties")
    _refuse(properties)
    return Create(
        name=name,
        subscription_id=subscription_id,
        resource_group=resource_group,
        location=_text(body, "location"),
        friendly_name=_text(properties, "friendlyName"),
        description=_text(properties, "description") or None,
        tags=_object(body.get("tags") or {}, "tags"),
    )


def _refuse(properties: dict[str, Any]) -> None:
    """Raise Invalid for settings that must not be ignored silently."""
    if properties.get("adbWorkspace"):
        raise Invalid(
            "adb_workspace is set; Trackside links workspaces with credentials of their own. Create the workspace without "
            "adb_workspace, then run `trackside link create`."
        )
    encryption = properties.get("encryption")
    if isinstance(encryption, dict) and encryption.get("status") == "Enabled":
        raise Invalid(
            "Encryption with a customer-managed key is not served. Leave out cmk_keyvault and resource_cmk_uri."
        )


def _resources(properties: Any) -> list[Any]:
    template = _object(_object(properties, "properties").get("template"), "properties.template")
    resources = template.get("resources")
    if not isinstance(resources, list):
        raise Invalid("properties.template.resources must be a list of resources. Linked templates are not served.")
    return resources


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"'{name}' must be an object; it is {str(value)[:100]!r}.")
    return value


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"'{name}' must be a string; it is {str(value)[:100]!r}.")
    return value or ""
