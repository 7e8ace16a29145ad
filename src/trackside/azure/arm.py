"""Answers of Azure Resource Manager on clouds, subscriptions and workspaces, in the form that its clients read.  Pure.

Shapes: "Azure REST API reference", Microsoft.MachineLearningServices/workspaces 2022-05-01, and the fields that azureml-core
reads.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from trackside.identity.exchange import TENANT
from trackside.workspaces.model import DEFAULT_SUBSCRIPTION, Workspace

TYPE = "Microsoft.MachineLearningServices/workspaces"
CLOUD = "Trackside"  # AZUREML_CURRENT_CLOUD of the clients
STORAGE_SUFFIX = "core.windows.net"
LOCATION = "local"
NAMESPACE = TYPE.partition("/")[0]
# The client accepts only locations of this list. A location is only a label: all workspaces are on this server.
LOCATIONS = (
    LOCATION, "australiaeast", "australiasoutheast", "brazilsouth", "canadacentral", "canadaeast", "centralindia", "centralus",
    "eastasia", "eastus", "eastus2", "francecentral", "germanywestcentral", "italynorth", "japaneast", "japanwest",
    "koreacentral", "northcentralus", "northeurope", "norwayeast", "polandcentral", "qatarcentral", "southafricanorth",
    "southcentralus", "southeastasia", "southindia", "spaincentral", "swedencentral", "switzerlandnorth", "uaenorth", "uksouth",
    "ukwest", "westcentralus", "westeurope", "westus", "westus2", "westus3",
)  # fmt: skip
_CODES = {
    "RESOURCE_DOES_NOT_EXIST": "ResourceNotFound",
    "ENDPOINT_NOT_FOUND": "NotFound",
    "RESOURCE_ALREADY_EXISTS": "Conflict",
    "RESOURCE_CONFLICT": "Conflict",
    "INVALID_STATE": "Conflict",
    "PERMISSION_DENIED": "AuthorizationFailed",
    "UNAUTHENTICATED": "InvalidAuthenticationToken",
    "INVALID_PARAMETER_VALUE": "InvalidParameter",
    "BAD_REQUEST": "BadRequest",
    "REQUEST_LIMIT_EXCEEDED": "TooManyRequests",
    "TEMPORARILY_UNAVAILABLE": "ServiceUnavailable",
    "NOT_IMPLEMENTED": "NotImplemented",
    "NO_SUCH_SERVICE": "NoSuchService",
}


def code_of(status: int, code: str) -> str:
    """The code of an ARM error for one of MLflow's."""
    return _CODES.get(code, "InternalServerError" if status >= 500 else "BadRequest")


def clouds(base: str) -> list[dict[str, Any]]:
    """The only cloud.  `base` is the server's URL, without a trailing slash."""
    return [
        {
            "name": CLOUD,
            "portal": base,
            "authentication": {
                # Without a port: azureml-mlflow parses host and port, and azure-identity reads `localhost:5000` as a URL
                # with the scheme `localhost`. No client signs in there; a managed identity's endpoint issues the tokens.
                "loginEndpoint": _without_port(base),
                "audiences": [f"{base}/"],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": f"{base}/",
            "suffixes": {"storage": STORAGE_SUFFIX, "keyVaultDns": "vault.azure.net"},
        }
    ]


def _without_port(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{parts.path}"


def services(base: str) -> dict[str, str]:
    """Return the answer of a workspace's discovery URL: the address of each service."""
    names = ("api", "catalog", "experimentation", "gallery", "history", "hyperdrive", "labeling", "modelmanagement",
             "pipelines", "studio")  # fmt: skip
    return dict.fromkeys(names, base)


def subscription(subscription_id: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "subscriptionId": subscription_id,
        "displayName": "Trackside" if subscription_id == DEFAULT_SUBSCRIPTION else subscription_id,
        "state": "Enabled",
        "tenantId": TENANT,
        "authorizationSource": "RoleBased",
    }


def subscriptions(found: list[Workspace]) -> list[dict[str, Any]]:
    """Return the subscriptions of the workspaces that the caller may see, with the first spelling of each."""
    ids = {workspace.subscription_id.lower(): workspace.subscription_id for workspace in reversed(found)}
    return [subscription(ids[key]) for key in sorted(ids)]


def provider(subscription_id: str) -> dict[str, Any]:
    """The resource provider of Azure Machine Learning: its resource types and locations."""
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{NAMESPACE}",
        "namespace": NAMESPACE,
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": "workspaces", "locations": list(LOCATIONS), "apiVersions": ["2022-05-01", "2021-01-01"]}
        ],
    }


def resource_group(subscription_id: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription_id}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def resource(workspace: Workspace) -> dict[str, Any]:
    """Return the entry of a workspace in a list of resources."""
    return {
        "id": workspace.scope,
        "name": workspace.name,
        "type": TYPE,
        "location": workspace.location or LOCATION,
        "tags": workspace.tags,
    }


def described(workspace: Workspace, base: str) -> dict[str, Any]:
    made = datetime.fromtimestamp(workspace.creation_time / 1000, UTC).isoformat()
    return {
        **resource(workspace),
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {"type": "SystemAssigned", "principalId": workspace.uid, "tenantId": TENANT},
        "properties": {
            "workspaceId": workspace.uid,
            "friendlyName": workspace.friendly_name or workspace.name,
            "description": workspace.description or "",
            "creationTime": made,
            "provisioningState": "Succeeded",
            "discoveryUrl": f"{base}/discovery",
            "mlFlowTrackingUri": f"azureml{base[base.index(':') :]}/mlflow/v1.0{workspace.scope}",
            "storageAccount": "",
            "keyVault": "",
            "applicationInsights": "",
            "containerRegistry": "",
            "hbiWorkspace": False,
            "publicNetworkAccess": "Enabled",
            "tenantId": TENANT,
        },
    }
