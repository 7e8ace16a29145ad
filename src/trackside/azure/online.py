"""Online endpoints and their deployments in Azure Resource Manager's form, and back.  Pure.

Shapes: Microsoft.MachineLearningServices/workspaces/onlineEndpoints 2022-02-01-preview, the version that azureml-mlflow asks for.
An instance of a deployment is a replica here.  Instance types, probes, identities and locations are read and not kept.
"""

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from trackside.azure import arm
from trackside.core.errors import Invalid
from trackside.endpoints import model as m
from trackside.workspaces.model import Workspace

TYPE = f"{arm.TYPE}/onlineEndpoints"
KEY = "Key"
TOKEN_MODES = ("AMLToken", "AADToken")
# The property of an endpoint with the authentication mode that Azure's client chose: clients of either mode may score by
# token.
MODE_PROPERTY = "azureml.auth_mode"
OWN = "trackside."  # prefix of the properties of a deployment for settings that Azure's form lacks
_STATES = (f"{OWN}state", f"{OWN}reason")  # clients send them back when they change a deployment
_TOLD = ("backend", "env")
_MODEL = re.compile(r"(/subscriptions/.+?/workspaces/[^/]+)/models/([^/]+)/versions/([^/]+)", re.IGNORECASE)
_DURATION = re.compile(r"P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?")
_DIGITS = 10
_UNITS_S = (86_400, 3600, 60, 1)

T = TypeVar("T")


class EndpointProperties(Struct, frozen=True, rename="camel"):
    auth_mode: str | None = None
    description: str | None = None
    properties: dict[str, str] | None = None
    traffic: dict[str, int] | None = None
    mirror_traffic: dict[str, int] | None = None
    keys: Any = None


class Scale(Struct, frozen=True, rename="camel"):
    scale_type: str | None = None
    min_instances: int | None = None
    max_instances: int | None = None
    target_utilization_percentage: int | None = None


class RequestSettings(Struct, frozen=True, rename="camel"):
    max_concurrent_requests_per_instance: int | None = None
    request_timeout: str | None = None


class DeploymentProperties(Struct, frozen=True, rename="camel"):
    model: str | None = None
    endpoint_compute_type: str | None = None
    code_configuration: Any = None
    environment_id: str | None = None
    environment_variables: dict[str, str] | None = None
    properties: dict[str, str] | None = None
    scale_settings: Scale | None = None
    request_settings: RequestSettings | None = None


class Sku(Struct, frozen=True):
    capacity: int | None = None


def endpoint(shown: m.ShownEndpoint, workspace: Workspace, base: str) -> dict[str, Any]:
    """Return the ARM resource of an endpoint; `base` is the server's URL as the client wrote it."""
    base_url = f"{base}/ws/{workspace.name}" if workspace.folder else base
    return {
        **_resource(endpoint_id(workspace, shown.name), shown.name, TYPE, shown, workspace),
        "tags": shown.tags,
        "properties": {
            "authMode": client_mode(shown),
            "description": shown.description,
            "properties": {key: value for key, value in shown.properties.items() if key != MODE_PROPERTY},
            "scoringUri": f"{base_url}{shown.scoring_path}",
            "swaggerUri": f"{base_url}{shown.openapi_path}",
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "traffic": {each.name: each.traffic for each in shown.deployments if each.traffic},
            "mirrorTraffic": {each.name: each.mirror for each in shown.deployments if each.mirror},
        },
    }


def deployment(shown: m.ShownDeployment, name: str, workspace: Workspace) -> dict[str, Any]:
    """Return the ARM resource of a deployment of the endpoint `name`."""
    spec = shown.spec
    model = shown.model_uri
    if isinstance(shown.model_name, str):
        model = f"{workspace.scope}/models/{shown.model_name}/versions/{shown.model_version}"
    scale: dict[str, Any] = {"scaleType": "Default"}
    if spec.most > spec.replicas:
        scale = {
            "scaleType": "TargetUtilization",
            "minInstances": spec.replicas,
            "maxInstances": spec.most,
            "targetUtilizationPercentage": spec.target_utilization,
        }
    return {
        **_resource(deployment_id(workspace, name, shown.name), shown.name, f"{TYPE}/deployments", shown, workspace),
        "tags": {},
        "sku": {"name": "Default", "capacity": spec.replicas},
        "properties": {
            "endpointComputeType": "Managed",
            "model": model,
            "provisioningState": _provisioning(shown),
            "properties": {
                **{f"{OWN}{name}": str(getattr(spec, name)) for name in _TOLD},
                f"{OWN}state": shown.state,
                f"{OWN}reason": shown.reason,
            },
            "environmentVariables": {},
            "appInsightsEnabled": False,
            "scaleSettings": scale,
            "requestSettings": {
                "maxConcurrentRequestsPerInstance": spec.threads,
                "requestTimeout": f"PT{spec.request_timeout_s:g}S",
            },
        },
    }


def operation(shown: m.ShownDeployment, identity: str) -> dict[str, Any]:
    """Return how far the last change of a deployment is, as clients poll it."""
    state = _provisioning(shown)
    if state == "Failed":
        error = {"code": "DeploymentFailed", "message": shown.reason}
        return {"id": identity, "name": shown.name, "status": state, "error": error}
    return {"id": identity, "name": shown.name, "status": state if state == "Succeeded" else "InProgress"}


def endpoint_id(workspace: Workspace, name: str) -> str:
    return f"{workspace.scope}/onlineEndpoints/{name}"


def deployment_id(workspace: Workspace, name: str, deployment_name: str) -> str:
    return f"{endpoint_id(workspace, name)}/deployments/{deployment_name}"


def endpoint_properties(given: Any) -> EndpointProperties:
    """Raise Invalid."""
    found = _convert(given or {}, EndpointProperties, "properties")
    if found.keys is not None:
        raise Invalid(
            "properties.keys is given; the server makes the keys. POST regenerateKeys sets one to a keyValue."
        )
    return found


def client_mode(shown: m.ShownEndpoint) -> str:
    """Return the authentication mode for clients: that of tokens for an endpoint without keys."""
    return shown.properties.get(MODE_PROPERTY, KEY) if shown.auth_mode == m.AuthMode.KEY else TOKEN_MODES[0]


def mode_of(properties: EndpointProperties) -> str:
    """Return the requested authentication mode, in Azure's spelling.  Raise Invalid."""
    modes = {each.lower(): each for each in (KEY, *TOKEN_MODES)}
    given = properties.auth_mode or KEY
    if given.lower() not in modes:
        raise Invalid(f"properties.authMode is {given!r}; it must be one of {', '.join(modes.values())}.")
    return modes[given.lower()]


def deployment_call(given: Any, sku: Any, workspace: Workspace) -> m.PutDeployment:
    """Return the requested deployment.  Raise Invalid, also for unsupported settings."""
    found = _convert(given or {}, DeploymentProperties, "properties")
    if (found.endpoint_compute_type or "Managed").lower() != "managed":
        raise Invalid(f"properties.endpointComputeType is {found.endpoint_compute_type!r}; only Managed is served.")
    for name, value in (
        ("codeConfiguration", found.code_configuration),
        ("environmentId", found.environment_id),
        ("environmentVariables", found.environment_variables),
    ):
        if value:
            raise Invalid(
                f"properties.{name} is given; it is not served. A deployment serves an MLflow model in the environment that the"
                " model names."
            )
    spec: dict[str, Any] = {}
    capacity = _convert(sku or {}, Sku, "sku").capacity
    if capacity is not None:
        spec["replicas"] = capacity
    for key, value in (found.properties or {}).items():
        if key.startswith(OWN) and key not in _STATES:
            spec[key.removeprefix(OWN)] = int(value) if value.isdecimal() and len(value) < _DIGITS else value
    if found.scale_settings is not None:
        spec.update(_scale(found.scale_settings))
    if found.request_settings is not None:
        spec.update(_requests(found.request_settings))
    return m.PutDeployment(model_uri=None if found.model is None else _model_uri(found.model, workspace), spec=spec)


def _scale(given: Scale) -> dict[str, Any]:
    kind = (given.scale_type or "Default").lower()
    if kind == "default":
        return {"max_replicas": 0}
    if kind != "targetutilization":
        raise Invalid(
            f"properties.scaleSettings.scaleType is {given.scale_type!r}; it must be Default or TargetUtilization."
        )
    named = {
        "replicas": given.min_instances,
        "max_replicas": given.max_instances,
        "target_utilization": given.target_utilization_percentage,
    }
    return {name: value for name, value in named.items() if value is not None}


def _requests(given: RequestSettings) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if given.max_concurrent_requests_per_instance is not None:
        spec["threads"] = given.max_concurrent_requests_per_instance
    if given.request_timeout is not None:
        spec["request_timeout_s"] = _seconds(given.request_timeout)
    return spec


def _seconds(given: str) -> float:
    """Return the seconds of a duration of ISO 8601, such as PT1M30S."""
    found = _DURATION.fullmatch(given)
    parts = [] if found is None else [part for part in found.groups() if part]
    try:
        if found is None or not parts or given.endswith("T"):
            raise ValueError(given)
        return sum(float(part or 0) * unit for part, unit in zip(found.groups(), _UNITS_S, strict=True))
    except ValueError:
        raise Invalid(
            f"properties.requestSettings.requestTimeout is {given[:40]!r}; it must be a duration such as PT90S or PT1M30S."
        ) from None


def _model_uri(given: str, workspace: Workspace) -> str:
    """Return the URI of a registered model that ARM's id, `azureml:NAME:VERSION` or MLflow's URI names."""
    found = _MODEL.fullmatch(given)
    if found is not None:
        if found[1].lower() != workspace.scope.lower():
            raise Invalid(
                f"properties.model is {given[:300]!r}; it must be a model of the workspace {workspace.scope}."
            )
        return f"models:/{found[2]}/{found[3]}"
    short = re.fullmatch(r"azureml:([^:/]+):([^:/]+)", given)
    if short is not None:
        return f"models:/{short[1]}/{short[2]}"
    if given.startswith(("models:/", "runs:/")):
        return given
    raise Invalid(
        f"properties.model is {given[:300]!r}; it must be {workspace.scope}/models/NAME/versions/VERSION,"
        " azureml:NAME:VERSION or models:/NAME/VERSION."
    )


def _provisioning(shown: m.ShownDeployment) -> str:
    if shown.state == m.State.HEALTHY:
        return "Succeeded"
    if shown.state == m.State.FAILED:
        return "Failed"
    return "Creating" if shown.generation == 1 else "Updating"


def _resource(
    identity: str, name: str, kind: str, shown: m.ShownEndpoint | m.ShownDeployment, workspace: Workspace
) -> dict[str, Any]:
    system: dict[str, Any] = {"createdAt": _time(shown.created_at), "lastModifiedAt": _time(shown.updated_at)}
    if isinstance(shown, m.ShownEndpoint):
        system |= {"createdBy": shown.created_by, "createdByType": "User"}
    return {
        "id": identity,
        "name": name,
        "type": kind,
        "location": workspace.location or arm.LOCATION,
        "kind": "Managed",
        "systemData": system,
    }


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def _convert(given: Any, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{what}: {error}") from None
