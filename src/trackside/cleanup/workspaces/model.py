"""Deletions of workspaces in the API: target, preview and result.  Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from trackside.cleanup.model import PROTECTED, Obstacle, held
from trackside.core.counts import counted
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.holds.model import Hold
from trackside.jobs.model import ShownCause
from trackside.workspaces.model import DEFAULT, DEFAULT_SUBSCRIPTION, Workspace


class Named(Call, frozen=True):
    """The workspaces to delete: `name`, or `resource_group` with `subscription_id` (default: the subscription of workspaces
    without one)."""

    name: str | None = None
    resource_group: str | None = None
    subscription_id: str | None = None


class Delete(Named, frozen=True):
    """`confirm` is the name of the workspace or of the resource group; `token` is that of the preview."""

    required: ClassVar[tuple[str, ...]] = ("confirm",)
    confirm: str | None = None
    token: str | None = None


class OfDeletion(Call, frozen=True):
    job_id: str | None = None


class WorkspacesPreview(Answer, frozen=True):
    """`counts` are by noun, over all `workspaces`.  `file_bytes` counts the artifact store.  `confirm` is the name that the user
    must type."""

    title: str
    token: str
    workspaces: list[str]
    counts: dict[str, int]
    file_bytes: int
    confirm: str
    obstacles: list[Obstacle] = []
    kept: list[str] = []


class EndedWorkspace(Struct, frozen=True):
    """`finished_at` (ms) is absent while the job removes rows and files."""

    name: str
    file_count: int
    file_bytes: int
    row_count: int
    finished_at: int | UnsetType = UNSET


class WorkspacesDeletion(Answer, frozen=True):
    """The workspaces no longer exist for clients.  `state` is that of the job that removes their rows and files."""

    job_id: str
    state: str
    workspaces: list[EndedWorkspace]
    reason: str = ""
    cause: ShownCause | UnsetType = UNSET


class Target(Struct, frozen=True):
    """A workspace by name, or a resource group."""

    name: str = ""
    subscription_id: str = ""
    resource_group: str = ""

    @property
    def title(self) -> str:
        return f"workspace {self.name}" if self.name else f"resource group {self.resource_group}"

    @property
    def confirm(self) -> str:
        return self.name or self.resource_group


class Inside(Struct, frozen=True):
    """The content of one workspace."""

    workspace: Workspace
    counts: dict[str, int]
    obstacles: list[Obstacle]
    links: list[str]


def target_of(call: Named) -> Target:
    if bool(call.name) == bool(call.resource_group):
        raise Invalid("Give either name, for one workspace, or resource_group, for all workspaces of the group.")
    if call.name:
        if call.subscription_id:
            raise Invalid("subscription_id is given with name; it goes with resource_group")
        return Target(name=call.name)
    return Target(
        subscription_id=call.subscription_id or DEFAULT_SUBSCRIPTION, resource_group=call.resource_group or ""
    )


def check_confirm(target: Target, confirm: str | None) -> None:
    if confirm != target.confirm:
        raise Invalid(
            f"confirm is {(confirm or '')[:200]!r}; it must be {target.confirm!r}, the name of what is deleted"
        )


def token_of(target: Target, found: Sequence[Inside]) -> str:
    """Return a token that changes if the deletion would remove different data or has different obstacles."""
    said = [
        target,
        [(each.workspace.uid, each.counts, [one.kind for one in each.obstacles], each.links) for each in found],
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


def obstacles(
    name: str, *, holds: Sequence[Hold], uses: Sequence[str], protected: int, running: Sequence[str]
) -> list[Obstacle]:
    """Return the obstacles to the deletion of a workspace, as sentences that tell the user what to do."""
    found = [held(hold) for hold in holds]
    if name == DEFAULT:
        found.append(Obstacle("default", "The default workspace cannot be deleted.").because("default"))
    if uses:
        users = ", ".join(uses)
        message = f"In use in {name}: {users}. Delete what uses them first."
        found.append(Obstacle("deployed", message).because("in-use", users=users))
    if protected:
        message = f"With the tag {PROTECTED} in {name}: {counted(protected, 'things')}. Delete the tags first."
        found.append(Obstacle("protected", message).because("protected-inside", count=str(protected), tag=PROTECTED))
    if running:
        names = ", ".join(running)
        message = f"Jobs of {name} have not ended: {names}. Cancel them first."
        found.append(Obstacle("running", message).because("not-ended", names=names))
    return found


def added(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for noun, count in each.items():
            total[noun] = total.get(noun, 0) + count
    return {noun: count for noun, count in total.items() if count}
