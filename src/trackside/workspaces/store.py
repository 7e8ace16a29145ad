"""Workspaces in SQL: the table `workspaces`, and no table of another slice."""

import json
import uuid
from typing import Any

import msgspec

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.workspaces.model import (
    DEFAULT,
    DEFAULT_RESOURCE_GROUP,
    DEFAULT_SUBSCRIPTION,
    Reach,
    Storage,
    Workspace,
    check_name,
    not_found,
)

DEFAULT_WORKSPACE_ID = 1
ROOTS_LOCK = 7261732  # the exclusive advisory lock of a transaction that sets a workspace's root, on PostgreSQL
ENDED = "."  # prefix of the name of a deleted workspace whose rows are being removed; no other name has a dot
_IMPORT = f"{ENDED}import-"  # prefix of the name of a workspace of an unfinished import
_COLUMNS = """workspace_id, uid, name, subscription_id, resource_group, location, friendly_name, description, tags,
    default_artifact_root, creation_time, last_update_time, folder, reach"""


def create_default(tx: Tx) -> None:
    """Create the default workspace, unless it exists."""
    is_new = tx.run(
        """
        INSERT INTO workspaces (workspace_id, uid, name, subscription_id, resource_group, creation_time, last_update_time)
        VALUES (:id, :uid, :name, :subscription, :group, :now, :now) ON CONFLICT DO NOTHING
        """,
        id=DEFAULT_WORKSPACE_ID,
        uid=str(uuid.uuid4()),
        name=DEFAULT,
        subscription=DEFAULT_SUBSCRIPTION,
        group=DEFAULT_RESOURCE_GROUP,
    )
    if is_new and tx.dialect == "postgresql":  # explicit numbers do not advance the sequence
        tx.one("SELECT setval(pg_get_serial_sequence('workspaces', 'workspace_id'), :id)", id=DEFAULT_WORKSPACE_ID)


def create(
    tx: Tx,
    name: str,
    *,
    subscription_id: str | None = None,
    resource_group: str | None = None,
    location: str = "",
    friendly_name: str = "",
    description: str | None = None,
    tags: dict[str, str] | None = None,
    default_artifact_root: str | None = None,
) -> Workspace:
    made = tx.one(
        """
        INSERT INTO workspaces (uid, name, subscription_id, resource_group, location, friendly_name, description, tags,
            default_artifact_root, creation_time, last_update_time)
        VALUES (:uid, :name, :subscription, :group, :location, :friendly, :description, :tags, :root, :now, :now)
        ON CONFLICT DO NOTHING RETURNING workspace_id
        """,
        uid=str(uuid.uuid4()),
        name=check_name(name),
        subscription=subscription_id or DEFAULT_SUBSCRIPTION,
        group=resource_group or DEFAULT_RESOURCE_GROUP,
        location=location,
        friendly=friendly_name,
        description=description,
        tags=json.dumps(tags or {}),
        root=default_artifact_root or None,
    )
    if made is None:
        raise AlreadyExists(f"Workspace '{name}' already exists.").because("taken", kind="workspace", name=name)
    (workspace_id,) = made
    _give_folder(tx, workspace_id, name)
    tx.record(Change("workspace", name, "create"))
    return get(tx, name)


def get(tx: Tx, name: str) -> Workspace:
    found = find(tx, name)
    if found is None:
        raise not_found(name)
    return found


def find(tx: Tx, name: str) -> Workspace | None:
    if name.startswith(ENDED):
        return None
    row = tx.one(f"SELECT {_COLUMNS} FROM workspaces WHERE name = :name", name=name)
    return None if row is None else _workspace(row)


def current(tx: Tx) -> Workspace:
    """Return the workspace of the transaction."""
    row = tx.one(f"SELECT {_COLUMNS} FROM workspaces WHERE workspace_id = :ws")
    if row is None:
        raise NotFound("The workspace was deleted.")
    return _workspace(row)


def name(tx: Tx) -> str:
    """Return the name of the transaction's workspace."""
    row = tx.one("SELECT name FROM workspaces WHERE workspace_id = :ws")
    if row is None:
        raise NotFound("The workspace was deleted.")
    found: str = row[0]
    return found


def hold(tx: Tx) -> Storage:
    """Lock the workspace of a writing transaction until its end, and return its storage."""
    row = tx.one("SELECT name, default_artifact_root, folder FROM workspaces WHERE workspace_id = :ws FOR KEY SHARE")
    if row is None or row[0].startswith(ENDED):
        raise NotFound("The workspace was deleted.")
    return Storage(row[1], row[2])


def hold_alone(tx: Tx) -> None:
    """Lock the workspace exclusively until the end of this transaction, against transactions that `hold` it."""
    if tx.one("SELECT 1 FROM workspaces WHERE workspace_id = :ws FOR UPDATE") is None:
        raise NotFound("The workspace was deleted.")


def all_of(tx: Tx, subscription_id: str | None = None, resource_group: str | None = None) -> list[Workspace]:
    """Return the workspaces in the order of their names.  Subscription and group are compared without case, as in Azure."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM workspaces WHERE name NOT LIKE :ended ORDER BY name", ended=f"{ENDED}%")
    return [
        found
        for found in map(_workspace, rows)
        if _is_same(subscription_id, found.subscription_id) and _is_same(resource_group, found.resource_group)
    ]


def update(tx: Tx, name: str, changes: dict[str, Any]) -> Workspace:
    """`changes` maps description, friendly_name, tags, default_artifact_root to new values."""
    tx.one("SELECT 1 FROM workspaces WHERE name = :name FOR UPDATE", name=name)
    current = get(tx, name)
    merged = {
        "description": current.description,
        "friendly_name": current.friendly_name,
        "tags": current.tags,
        "default_artifact_root": current.default_artifact_root,
        **changes,
    }
    tx.run(
        """
        UPDATE workspaces SET description = :description, friendly_name = :friendly, tags = :tags,
            default_artifact_root = :root, last_update_time = :now
        WHERE workspace_id = :id
        """,
        id=current.workspace_id,
        description=merged["description"],
        friendly=merged["friendly_name"],
        tags=json.dumps(merged["tags"]),
        root=merged["default_artifact_root"] or None,
    )
    former = current.default_artifact_root
    if former and former != merged["default_artifact_root"]:  # existing files stay at the former root
        _extend(tx, current, Reach(roots=(former,)))
    tx.record(Change("workspace", name, "update"))
    return get(tx, name)


def delete(tx: Tx, workspace: Workspace) -> None:
    """Delete only the row: other slices delete the content of the workspace."""
    if workspace.name == DEFAULT:
        raise Invalid(f"The '{DEFAULT}' workspace is reserved and cannot be deleted")
    tx.run("DELETE FROM workspaces WHERE workspace_id = :id", id=workspace.workspace_id)
    tx.record(Change("workspace", workspace.name, "delete"))


def end(tx: Tx, workspace: Workspace) -> None:
    """Hide a deleted workspace: its name is free, and no request finds it.  Its rows and files stay until they are removed."""
    if workspace.name == DEFAULT:
        raise Invalid(f"The '{DEFAULT}' workspace is reserved and cannot be deleted")
    tx.run(
        "UPDATE workspaces SET name = :ended WHERE workspace_id = :id",
        id=workspace.workspace_id,
        ended=f"{ENDED}{workspace.uid}",
    )
    tx.record(Change("workspace", workspace.name, "delete"))


def remove_ended(tx: Tx, workspace_id: int) -> None:
    """Delete the row of a hidden workspace, after all of its content."""
    tx.run("DELETE FROM workspaces WHERE workspace_id = :id AND name LIKE :ended", id=workspace_id, ended=f"{ENDED}%")


def abandoned_imports(tx: Tx, before_ms: int) -> list[Workspace]:
    """Return the workspaces of unfinished imports without activity since a time."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM workspaces WHERE name LIKE :imports AND last_update_time < :before ORDER BY workspace_id
        """,
        imports=f"{_IMPORT}%",
        before=before_ms,
    )
    return list(map(_workspace, rows))


def end_import(tx: Tx, workspace: Workspace, before_ms: int) -> bool:
    """Remove the workspace of an abandoned import; return False if the import continues or was ended meanwhile."""
    return bool(
        tx.run(
            "UPDATE workspaces SET name = :ended WHERE workspace_id = :id AND name = :name AND last_update_time < :before",
            ended=f"{ENDED}{workspace.uid}",
            id=workspace.workspace_id,
            name=workspace.name,
            before=before_ms,
        )
    )


def renew_import(tx: Tx, workspace: Workspace) -> None:
    """Record that the import continues.  Raise NotFound if the server has removed it as abandoned."""
    if not tx.run(
        "UPDATE workspaces SET last_update_time = :now WHERE workspace_id = :id AND name = :name",
        id=workspace.workspace_id,
        name=workspace.name,
    ):
        raise NotFound(
            "The server removed the data of this import because it was inactive for a day. Run the import again."
        )


def hidden(tx: Tx, import_id: str, name: str, former: dict[str, Any], uid: str) -> Workspace:
    """Return a hidden workspace for an import; the existing one if the import was interrupted.

    `former` are its fields in the source store.  `uid` is used if another workspace of this store has the former uid."""
    key = f"{_IMPORT}{import_id}-{name}"
    row = tx.one(f"SELECT {_COLUMNS} FROM workspaces WHERE name = :key", key=key)
    if row is not None:
        return _workspace(row)
    taken = tx.one("SELECT 1 FROM workspaces WHERE uid = :uid", uid=former["uid"])
    found = tx.one(
        """
        INSERT INTO workspaces (uid, name, subscription_id, resource_group, location, friendly_name, description, tags,
            creation_time, last_update_time)
        VALUES (:uid, :key, :subscription, :group, :location, :friendly, :description, :tags, :created, :now)
        RETURNING workspace_id
        """,
        uid=uid if taken is not None else former["uid"],
        key=key,
        subscription=former["subscription_id"],
        group=former["resource_group"],
        location=former["location"],
        friendly=former["friendly_name"],
        description=former["description"],
        tags=former["tags"],
        created=former["creation_time"],
    )
    assert found is not None
    _give_folder(tx, found[0], name)
    row = tx.one(f"SELECT {_COLUMNS} FROM workspaces WHERE name = :key", key=key)
    assert row is not None
    return _workspace(row)


def show(tx: Tx, workspace: Workspace, name: str) -> None:
    """Give a hidden workspace its name.  Raise AlreadyExists if another workspace has it."""
    if tx.one("SELECT 1 FROM workspaces WHERE name = :name", name=name) is not None:
        raise AlreadyExists(f"Workspace '{name}' already exists.").because("taken", kind="workspace", name=name)
    renew_import(tx, workspace)
    tx.run("UPDATE workspaces SET name = :name WHERE workspace_id = :id", name=name, id=workspace.workspace_id)
    tx.record(Change("workspace", name, "create"))


def _give_folder(tx: Tx, workspace_id: int, name: str) -> None:
    is_new = tx.run(
        "INSERT INTO workspace_folders (folder) VALUES (:folder) ON CONFLICT DO NOTHING", folder=name.lower()
    )
    tx.run(
        "UPDATE workspaces SET folder = :folder WHERE workspace_id = :id",
        folder=name if is_new else f"{name}.{workspace_id}",  # no name has a dot
        id=workspace_id,
    )


def roots_of_others(tx: Tx, name: str) -> list[str]:
    """Return the artifact roots of all workspaces but one, and the roots that still have files of deleted
    workspaces.  No other transaction can give a workspace a root until this one ends.

    Call this before locking any row: otherwise two transactions could deadlock."""
    if tx.dialect == "postgresql":
        tx.one(f"SELECT pg_advisory_xact_lock({ROOTS_LOCK})")
    rows = tx.all("SELECT default_artifact_root, reach FROM workspaces WHERE name <> :name", name=name)
    found = [root for (root,) in tx.all("SELECT root FROM former_roots")]
    for root, reach in rows:
        found += [*([root] if root else []), *msgspec.json.decode(reach, type=Reach).roots]
    return found


def keep_roots(tx: Tx, workspace: Workspace) -> None:
    """Reserve the roots of a deleted workspace: its files stay there."""
    own = (workspace.default_artifact_root,) if workspace.default_artifact_root else ()
    for root in (*own, *workspace.reach.roots):
        tx.run("INSERT INTO former_roots (root) VALUES (:root) ON CONFLICT DO NOTHING", root=root)


def adopt(tx: Tx, workspace: Workspace) -> None:
    """Allow the default workspace to open the files of a workspace that is merged into it; the files are not moved."""
    tx.one("SELECT 1 FROM workspaces WHERE workspace_id = :id FOR UPDATE", id=DEFAULT_WORKSPACE_ID)
    own = (workspace.default_artifact_root,) if workspace.default_artifact_root else ()
    _extend(
        tx,
        get(tx, DEFAULT),
        Reach(folders=(workspace.folder, *workspace.reach.folders), roots=(*own, *workspace.reach.roots)),
    )


def _extend(tx: Tx, workspace: Workspace, more: Reach) -> None:
    before = workspace.reach
    reach = Reach(
        folders=tuple(dict.fromkeys((*before.folders, *more.folders))),
        roots=tuple(dict.fromkeys((*before.roots, *more.roots))),
    )
    tx.run(
        "UPDATE workspaces SET reach = :reach WHERE workspace_id = :id",
        reach=msgspec.json.encode(reach).decode(),
        id=workspace.workspace_id,
    )


def _is_same(wanted: str | None, found: str) -> bool:
    return not wanted or wanted.lower() == found.lower()


def _workspace(row: Row) -> Workspace:
    values = list(row)
    values[8] = json.loads(values[8])
    values[-1] = msgspec.json.decode(values[-1], type=Reach)
    return Workspace(*values)
