"""Workspaces as the store gives them, without a store."""

from trackside.workspaces.model import Reach, Workspace


def named(name: str, *, folders: tuple[str, ...] = (), roots: tuple[str, ...] = ()) -> Workspace:
    """`folders`, `roots`: what it may open besides its own."""
    return Workspace(
        workspace_id=1 if name == "default" else 2,
        uid=f"uid of {name}",
        name=name,
        subscription_id="",
        resource_group="",
        location="",
        friendly_name="",
        description=None,
        tags={},
        default_artifact_root=None,
        creation_time=1,
        last_update_time=1,
        folder="" if name == "default" else name,
        reach=Reach(folders, roots),
    )
