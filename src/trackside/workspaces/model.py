"""What a workspace is, and how requests name one.  Knows names and the doors; knows no SQL.

One entity, four doors: the header of MLflow 3.10+, the path prefix `/ws/<name>`, the scope prefix of Azure's clients, and
nothing at all for the default workspace.
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
_PATH_DOOR = re.compile(r"/ws/([^/]+)(/.*)?", re.DOTALL)
_SCOPE = (
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.MachineLearningServices/workspaces/([^/]+)"
)
_AZURE_DOOR = re.compile(
    rf"/(mlflow/v[12]|history/v1|artifact/v2|modelmanagement/v1)\.0{_SCOPE}(/.*)?", re.DOTALL | re.IGNORECASE
)
# Of what is below a workspace in Azure Resource Manager: it belongs to the workspace, as the other doors' calls do.
_ARM_DOOR = re.compile(rf"{_SCOPE}/onlineEndpoints(/.*)?", re.DOTALL | re.IGNORECASE)


class Reach(Struct, frozen=True):
    """Where files of a workspace lie besides its own folder and root: folders of workspaces that became part of it, and
    roots that it, or one of those, once had."""

    folders: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()


def scope(name: str, subscription_id: str, resource_group: str) -> str:
    """Return a workspace's resource id as Azure writes it."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )


class Workspace(Struct, frozen=True):
    """`folder` holds its files, below `workspaces/` in a store that workspaces share.  It is empty for the default one,
    whose files lie at the root, and no other workspace ever has the same: not one that comes later under the same name, nor
    one whose name differs by case only, which a file system may not tell apart."""

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
    """What a request says of its workspace."""

    name: str
    subscription_id: str | None = None
    resource_group: str | None = None


def doors(path: str, headers: list[tuple[bytes, bytes]]) -> tuple[Named | None, str]:
    """The workspace that a request names, None for the default one, and the path behind the door.

    A header that contradicts the path is refused: one of the two is a mistake, and a guess would log to a stranger's."""
    named, where = None, "path"
    if path.startswith("/ws/"):
        match = _PATH_DOOR.fullmatch(path)
        if match:
            named, path = Named(match[1]), match[2] or "/"
    elif path.startswith("/databricks/"):
        named, path = _in_databricks(path)
    elif path.startswith("/subscriptions/"):
        match = _ARM_DOOR.fullmatch(path)
        if match:
            subscription_id, group, name, rest = match.groups("")
            named, path = Named(name, subscription_id, group), f"/azure/onlineEndpoints{rest}"
    elif path.startswith(("/mlflow/v", "/history/v", "/artifact/v", "/modelmanagement/v")):
        match = _AZURE_DOOR.fullmatch(path)
        if match:
            service, subscription_id, group, name, rest = match.groups("/")
            # MLflow's calls have the same paths behind every door; Azure's other services have paths of their own.
            below = "" if service.startswith("mlflow") else f"/azure/{service.partition('/')[0]}"
            named, path = Named(name, subscription_id, group), f"{below}{rest}"
    for key, value in headers:
        if key == HEADER and value.strip():
            name = value.strip().decode("latin-1")
            if named is not None and named.name != name:
                raise Invalid(
                    f"The {where} names workspace '{named.name}' and the header X-MLFLOW-WORKSPACE '{name}'; "
                    "take one of them away (for the header: MLFLOW_WORKSPACE or mlflow.set_workspace)."
                )
            if named is None:
                named, where = Named(name), "first header"
    return named, path


def page_address(path: str) -> str | None:
    """Return the relative address of the page that a path of another client's door means, as in the links that these clients
    print; None for a path that is a page itself.  `path` ends with a slash."""
    if not path.strip("/") or path.startswith("/ws/"):
        return None
    named, _ = doors(path, [])
    root = "../" * (path.count("/") - 1)
    return root if named is None else f"{root}ws/{quote(named.name, safe='')}/"


def _in_databricks(path: str) -> tuple[Named | None, str]:
    """Behind the door of clients whose tracking URI is `databricks`: with or without a workspace."""
    path = path.removeprefix("/databricks")
    match = _PATH_DOOR.fullmatch(path)
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
    """Where a workspace keeps its artifacts, if not where the server does; empty: there."""
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
    """What decides where a workspace keeps its artifacts."""

    default_artifact_root: str | None
    folder: str


def artifact_root(workspace: Workspace | Storage, server_root: str) -> str:
    """Where the experiments of a workspace keep their artifacts, without a slash at the end."""
    if workspace.default_artifact_root:
        return workspace.default_artifact_root.rstrip("/")
    root = server_root.rstrip("/") if not server_root.endswith(":/") else server_root
    if not workspace.folder:
        return root.rstrip("/") if not root.endswith(":/") else root[:-1]
    return f"{root}{'' if root.endswith('/') else '/'}workspaces/{workspace.folder}"
