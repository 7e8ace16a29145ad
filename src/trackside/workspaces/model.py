"""Workspaces, and how requests address one.

A request names its workspace by the header of MLflow 3.10+, by the path prefix `/ws/<name>`, or by the scope in the path of
Azure's clients; without any of them it addresses the default workspace.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from msgspec import Struct

from trackside.core.errors import Invalid, NotFound
from trackside.core.uris import check_place

DEFAULT = "default"
DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
DEFAULT_RESOURCE_GROUP = "default"
HEADER = b"x-mlflow-workspace"

# MLflow allows lower case and dashes, Azure also upper case and `_`; a name is one segment of a path.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{1,62}")
RESERVED = frozenset({"workspaces", "api", "ajax-api", "static-files", "ws"})
_PATH_PREFIX = re.compile(r"/ws/([^/]+)(/.*)?", re.DOTALL)
_SCOPE = (
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.MachineLearningServices/workspaces/([^/]+)"
)
_AZURE_PATH = re.compile(
    rf"/(mlflow/v[12]|history/v1|artifact/v2|modelmanagement/v1)\.0{_SCOPE}(/.*)?", re.DOTALL | re.IGNORECASE
)
# A resource below a workspace in Azure Resource Manager belongs to that workspace.
_ARM_PATH = re.compile(rf"{_SCOPE}/onlineEndpoints(/.*)?", re.DOTALL | re.IGNORECASE)


class Reach(Struct, frozen=True):
    """Further places of a workspace's files: folders of workspaces that were merged into it, and earlier roots of it and them."""

    folders: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()


def scope(name: str, subscription_id: str, resource_group: str) -> str:
    """Return the resource id of a workspace in Azure's form."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )


class Workspace(Struct, frozen=True):
    """`folder` is the folder of its files below `workspaces/` in a shared store; empty for the default workspace, whose files
    are at the root.

    A folder is never reused: neither for a later workspace of the same name, nor for a name that differs only in case, which some
    file systems do not distinguish."""

    workspace_id: int
    uid: str
    name: str
    subscription_id: str
    resource_group: str
    location: str
    friendly_name: str
    description: str | None
    tags: dict[str, str]
    default_artifact_root: str | None
    creation_time: int  # ms
    last_update_time: int  # ms
    folder: str
    reach: Reach = Reach()

    @property
    def scope(self) -> str:
        return scope(self.name, self.subscription_id, self.resource_group)


class Named(Struct, frozen=True):
    """The workspace that a request addresses, as the request names it."""

    name: str
    subscription_id: str | None = None
    resource_group: str | None = None


def parse_workspace(path: str, headers: list[tuple[bytes, bytes]]) -> tuple[Named | None, str]:
    """Return the workspace that a request addresses, None for the default one, and the path without the prefix.

    Raise Invalid for a header that contradicts the path: a wrong guess would write to another workspace."""
    named, where = None, "path"
    if path.startswith("/ws/"):
        match = _PATH_PREFIX.fullmatch(path)
        if match:
            named, path = Named(match[1]), match[2] or "/"
    elif path.startswith("/databricks/"):
        named, path = _in_databricks(path)
    elif path.startswith("/subscriptions/"):
        match = _ARM_PATH.fullmatch(path)
        if match:
            subscription_id, group, name, rest = match.groups("")
            named, path = Named(name, subscription_id, group), f"/azure/onlineEndpoints{rest}"
    elif path.startswith(("/mlflow/v", "/history/v", "/artifact/v", "/modelmanagement/v")):
        match = _AZURE_PATH.fullmatch(path)
        if match:
            service, subscription_id, group, name, rest = match.groups("/")
            # MLflow's calls have the same paths below every prefix; Azure's other services have paths of their own.
            below = "" if service.startswith("mlflow") else f"/azure/{service.partition('/')[0]}"
            named, path = Named(name, subscription_id, group), f"{below}{rest}"
    for key, value in headers:
        if key == HEADER and value.strip():
            name = value.strip().decode("latin-1")
            if named is not None and named.name != name:
                raise Invalid(
                    f"The {where} names workspace '{named.name}' and the header X-MLFLOW-WORKSPACE '{name}'; "
                    "remove one of them (the client sets the header by MLFLOW_WORKSPACE or mlflow.set_workspace)."
                )
            if named is None:
                named, where = Named(name), "first header"
    return named, path


def page_address(path: str) -> str | None:
    """Return the relative address of the web UI's page for a path of another client's form, as in the links that clients print.

    None for a path that is a page of the web UI itself.  `path` ends with a slash."""
    if not path.strip("/") or path.startswith("/ws/"):
        return None
    named, _ = parse_workspace(path, [])
    root = "../" * (path.count("/") - 1)
    return root if named is None else f"{root}ws/{quote(named.name, safe='')}/"


def _in_databricks(path: str) -> tuple[Named | None, str]:
    """Split a path of a client whose tracking URI is `databricks`: with or without a workspace."""
    path = path.removeprefix("/databricks")
    match = _PATH_PREFIX.fullmatch(path)
    return (None, path) if match is None else (Named(match[1]), match[2] or "/")


def not_found(name: str) -> NotFound:
    return NotFound(f"Workspace '{name[:100]}' not found").because("missing", kind="workspace", name=name)


def check_name(name: str) -> str:
    if not NAME.fullmatch(name) or name.lower() in RESERVED:
        raise Invalid(
            f"Workspace name '{name[:100]}' is not valid: 2 to 63 letters, digits, '-' or '_', the first a letter or digit, "
            f"and none of {', '.join(sorted(RESERVED))}."
        ).because("bad-name", kind="workspace", name=name)
    return name


def check_root(root: str) -> str:
    """Return the artifact root of a workspace; empty for the server's own.  Raise Invalid for another kind of text."""
    root = root.strip()
    if not root:
        return root
    parts = urlsplit(check_place(root))
    if not (parts.scheme or root.startswith("/")) or parts.query or ".." in root.split("/"):
        raise Invalid(
            f"default_artifact_root is '{root[:200]}'; it must be a URI without a query (such as s3://bucket/folder or "
            "mlflow-artifacts:/folder) or an absolute path"
        )
    return root


class Storage(NamedTuple):
    """The part of a workspace that determines its artifact root."""

    default_artifact_root: str | None
    folder: str


def artifact_root(workspace: Workspace | Storage, server_root: str) -> str:
    """Return the artifact root of the experiments of a workspace, without a trailing slash."""
    if workspace.default_artifact_root:
        return workspace.default_artifact_root.rstrip("/")
    root = server_root.rstrip("/") if not server_root.endswith(":/") else server_root
    if not workspace.folder:
        return root.rstrip("/") if not root.endswith(":/") else root[:-1]
    return f"{root}{'' if root.endswith('/') else '/'}workspaces/{workspace.folder}"
