"""The calls about workspaces: MLflow's, and Trackside's with the additional fields of Azure's clients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from trackside.core import names
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid
from trackside.core.http.admission import REFUSED
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import HANDLED, Route, command, query
from trackside.core.places import RootPolicy
from trackside.workspaces import store
from trackside.workspaces.model import (
    DEFAULT,
    DEFAULT_RESOURCE_GROUP,
    DEFAULT_SUBSCRIPTION,
    Workspace,
    check_root,
    not_found,
)
from trackside.workspaces.service import Directory

Mode = Literal["RESTRICT", "CASCADE", "SET_DEFAULT"]


@dataclass(frozen=True)
class Tenants:
    """Functions of later slices that run when a workspace is created or deleted, each in a transaction of that workspace."""

    begin: Callable[[Tx], None]
    contents: Callable[[Tx], list[str]]  # nouns for a message; empty for an unused workspace
    move_to_default: Callable[[Tx, Workspace], None]
    remove: Callable[[Tx], None]
    close: Callable[[Tx], None]  # background work ends; `sweep` removes the rest, call by call
    sweep: Callable[[Tx], int]
    forget: Callable[[Tx, str], None]  # rights in a workspace of that name


class List(Call, frozen=True):
    subscription_id: str | None = None
    resource_group: str | None = None


class Create(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    description: str | None = None
    default_artifact_root: str | None = None
    subscription_id: str | None = None
    resource_group: str | None = None
    location: str | None = None
    friendly_name: str | None = None
    tags: dict[str, str] | None = None


class Named(Call, frozen=True):
    name: str | None = None


class Update(Call, frozen=True):
    name: str | None = None
    description: str | None = None
    default_artifact_root: str | None = None
    friendly_name: str | None = None
    tags: dict[str, str] | None = None


class Delete(Call, frozen=True):
    name: str | None = None
    mode: str | None = None


class MlflowWorkspace(Answer, frozen=True):
    name: str
    description: str | None = None
    default_artifact_root: str | None = None


class GotMlflow(Answer, frozen=True):
    workspace: MlflowWorkspace


class ListedMlflow(Answer, frozen=True):
    workspaces: list[MlflowWorkspace] = []


class OurWorkspace(Answer, frozen=True):
    """`id` is the scope by which Azure's clients name it; `workspace_id` is unique and never used again."""

    id: str
    workspace_id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str
    description: str | None
    friendly_name: str
    tags: dict[str, str]
    creation_time: int  # ms
    last_update_time: int  # ms
    default_artifact_root: str | None


class GotOurs(Answer, frozen=True):
    workspace: OurWorkspace


class ListedOurs(Answer, frozen=True):
    workspaces: list[OurWorkspace] = []


@dataclass(frozen=True)
class Calls:
    directory: Directory
    tenants: Tenants
    policy: RootPolicy

    def create(self, tx: Tx, call: Create) -> Workspace:
        if (call.name or "").lower() == DEFAULT:
            raise Invalid(f"The '{DEFAULT}' workspace is reserved and cannot be created")
        names.check_count(call.tags or {}, "tags")
        for key, value in (call.tags or {}).items():
            if not isinstance(value, str):
                raise Invalid(f"The tag '{key}' of a workspace must be a string; it is {value!r}.")
        subscription, group = (
            call.subscription_id or DEFAULT_SUBSCRIPTION,
            call.resource_group or DEFAULT_RESOURCE_GROUP,
        )
        if Action.WORKSPACES_WRITE not in tx.caller.rights_in(subscription, group).everywhere:
            raise Denied(REFUSED)
        made = store.create(
            tx,
            call.name or "",
            subscription_id=call.subscription_id,
            resource_group=call.resource_group,
            location=call.location or "",
            friendly_name=call.friendly_name or "",
            description=call.description,
            tags=call.tags,
            default_artifact_root=self._root(tx, call),
        )
        self.tenants.begin(tx.within(made.workspace_id))
        self.directory.forget()
        return made

    def update(self, tx: Tx, call: Update) -> Workspace:
        given = {
            "description": call.description,
            "default_artifact_root": call.default_artifact_root,
            "friendly_name": call.friendly_name,
            "tags": call.tags,
        }
        names.check_count(call.tags or {}, "tags")
        changes = {key: value for key, value in given.items() if value is not None}
        if not changes:
            raise Invalid("Workspace update must have at least one key")
        if "default_artifact_root" in changes:
            changes["default_artifact_root"] = self._root(tx, call)
        _check(tx, call.name or "", Action.WORKSPACES_WRITE)
        made = store.update(tx, call.name or "", changes)
        self.directory.forget()
        return made

    def _root(self, tx: Tx, call: Create | Update) -> str:
        root = check_root(call.default_artifact_root or "")
        return self.policy.admit(root, store.roots_of_others(tx, call.name or "")) if root else ""

    def delete(self, tx: Tx, call: Delete) -> bytes:
        """RESTRICT refuses a workspace with content; CASCADE removes the content; SET_DEFAULT moves it to the default
        workspace."""
        mode = call.mode or "RESTRICT"
        workspace = _check(tx, call.name or "", Action.WORKSPACES_DELETE)
        inside = tx.within(workspace.workspace_id)
        store.delete(inside, workspace)
        match mode:
            case "RESTRICT":
                held = self.tenants.contents(inside)
                if held:
                    raise Invalid(
                        f"Cannot delete workspace '{workspace.name}' because it still holds {' and '.join(held)}. "
                        "Delete with mode=CASCADE to remove them, or mode=SET_DEFAULT to move them to the default workspace."
                    )
                self.tenants.remove(inside)
            case "CASCADE":
                self.tenants.remove(inside)
                store.keep_roots(tx, workspace)
            case "SET_DEFAULT":
                self.tenants.move_to_default(inside, workspace)
            case _:
                raise Invalid(f"Invalid deletion mode '{mode}'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT")
        self.tenants.forget(inside, workspace.name)
        self.directory.forget()
        return b""

    def create_mlflow(self, tx: Tx, call: Create) -> GotMlflow:
        return GotMlflow(workspace=_mlflow(self.create(tx, call)))

    def create_ours(self, tx: Tx, call: Create) -> GotOurs:
        return GotOurs(workspace=_ours(self.create(tx, call)))

    def update_mlflow(self, tx: Tx, call: Update) -> GotMlflow:
        return GotMlflow(workspace=_mlflow(self.update(tx, call)))

    def update_ours(self, tx: Tx, call: Update) -> GotOurs:
        return GotOurs(workspace=_ours(self.update(tx, call)))


def list_mlflow(tx: Tx, call: Call) -> ListedMlflow:
    return ListedMlflow(workspaces=[_mlflow(workspace) for workspace in _visible(tx, store.all_of(tx))])


def list_ours(tx: Tx, call: List) -> ListedOurs:
    return ListedOurs(
        workspaces=[
            _ours(workspace) for workspace in _visible(tx, store.all_of(tx, call.subscription_id, call.resource_group))
        ]
    )


def get_mlflow(tx: Tx, call: Named) -> GotMlflow:
    return GotMlflow(workspace=_mlflow(_get(tx, call.name or "")))


def get_ours(tx: Tx, call: Named) -> GotOurs:
    return GotOurs(workspace=_ours(_get(tx, call.name or "")))


def _visible(tx: Tx, found: list[Workspace]) -> list[Workspace]:
    """Return the workspaces in which the caller has any right."""
    return [workspace for workspace in found if tx.caller.rights(workspace).is_any]


def _get(tx: Tx, name: str) -> Workspace:
    """Return a workspace.  Raise NotFound also for one in which the caller has no right."""
    found = store.find(tx, name)
    if found is None or not tx.caller.rights(found).is_any:
        raise not_found(name)
    return found


def _check(tx: Tx, name: str, action: Action) -> Workspace:
    found = _get(tx, name)
    if action not in tx.caller.rights(found).everywhere:
        raise Denied(REFUSED)
    return found


def routes(calls: Calls) -> list[Route]:
    ours = "/api/trackside/v1/workspaces"
    return [
        query(
            "GET workspaces",
            Call,
            list_mlflow,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            version="3.0",
            has_workspace=False,
            answer=ListedMlflow,
        ),
        query(
            "GET workspaces/{name}",
            Named,
            get_mlflow,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            version="3.0",
            has_workspace=False,
            answer=GotMlflow,
        ),
        command(
            "POST workspaces",
            Create,
            calls.create_mlflow,
            needs=Action.WORKSPACES_WRITE,
            on=HANDLED,
            version="3.0",
            has_workspace=False,
            status=201,
            answer=GotMlflow,
        ),
        command(
            "PATCH workspaces/{name}",
            Update,
            calls.update_mlflow,
            needs=Action.WORKSPACES_WRITE,
            on=HANDLED,
            version="3.0",
            has_workspace=False,
            answer=GotMlflow,
        ),
        command(
            "DELETE workspaces/{name}",
            Delete,
            calls.delete,
            needs=Action.WORKSPACES_DELETE,
            on=HANDLED,
            version="3.0",
            has_workspace=False,
            status=204,
        ),
        query(
            f"GET {ours}",
            List,
            list_ours,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            has_workspace=False,
            answer=ListedOurs,
        ),
        query(
            f"GET {ours}/{{name}}",
            Named,
            get_ours,
            needs=Action.WORKSPACES_READ,
            on=HANDLED,
            has_workspace=False,
            answer=GotOurs,
        ),
        command(
            f"POST {ours}",
            Create,
            calls.create_ours,
            needs=Action.WORKSPACES_WRITE,
            on=HANDLED,
            has_workspace=False,
            status=201,
            answer=GotOurs,
        ),
        command(
            f"PATCH {ours}/{{name}}",
            Update,
            calls.update_ours,
            needs=Action.WORKSPACES_WRITE,
            on=HANDLED,
            has_workspace=False,
            answer=GotOurs,
        ),
        command(
            f"DELETE {ours}/{{name}}",
            Delete,
            calls.delete,
            needs=Action.WORKSPACES_DELETE,
            on=HANDLED,
            has_workspace=False,
            status=204,
        ),
    ]


def _mlflow(workspace: Workspace) -> MlflowWorkspace:
    return MlflowWorkspace(
        name=workspace.name, description=workspace.description, default_artifact_root=workspace.default_artifact_root
    )


def _ours(workspace: Workspace) -> OurWorkspace:
    return OurWorkspace(
        id=workspace.scope,
        workspace_id=workspace.uid,
        name=workspace.name,
        subscription_id=workspace.subscription_id,
        resource_group=workspace.resource_group,
        location=workspace.location,
        description=workspace.description,
        friendly_name=workspace.friendly_name,
        tags=workspace.tags,
        creation_time=workspace.creation_time,
        last_update_time=workspace.last_update_time,
        default_artifact_root=workspace.default_artifact_root,
    )
