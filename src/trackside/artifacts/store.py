"""The artifact roots of runs, and changes of files, in SQL."""

import msgspec
from msgspec import Struct

from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.tx import Change, Tx
from trackside.quotas import usage
from trackside.quotas.budget import check, quotas_of
from trackside.quotas.model import Measure
from trackside.runs.model import not_found

REMOVED = "remove files"  # an action of the change log
REMOVING = "removing files"  # recorded before the files are deleted, and replaced by REMOVED
REMOVING_MS = 3_600_000  # a deletion counts as in progress for this time, since a killed server does not record its end
MOST_AGAIN = 100  # number of files that may be added to a removed folder before the record of the removal is dropped


class Root(Struct, frozen=True):
    uri: str
    workspace_root: str | None  # the artifact root of this workspace, if it has one


def root_of_run(tx: Tx, run_id: str) -> Root:
    row = tx.one(
        """
        SELECT r.artifact_uri, w.default_artifact_root
        FROM runs r JOIN workspaces w ON w.workspace_id = r.workspace_id
        WHERE r.workspace_id = :ws AND r.run_id = :run_id
        """,
        run_id=run_id,
    )
    if row is None:
        raise not_found(run_id)
    return Root(uri=row[0], workspace_root=row[1])


class Removal(Struct, frozen=True):
    """A requested removal of a file or folder; an empty path: all files of the item.  `but` are paths that were written
    afterwards."""

    path: str = ""
    but: list[str] = []

    def covers(self, path: str) -> bool:
        return (self.path in ("", path) or path.startswith(f"{self.path}/")) and path not in self.but


def check_bytes(tx: Tx, owner: tuple[str, str, str] | None, size: int) -> bool:
    """Raise QuotaExceeded if a file of `size` bytes does not fit.  Return whether the workspace is counted.

    `owner` is the owner of the file in the form of `keys.owner`."""
    if not quotas_of(tx):
        return False
    experiment_seq, user = (0, "") if owner is None else usage.owner_of(tx, owner[0], owner[1])
    row = tx.one(
        "SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_seq = :seq", seq=experiment_seq
    )
    return check(tx, Measure.BYTES, size, owner=user, experiment_id="" if row is None else str(row[0]))


def record_files(tx: Tx, entity: str, item_id: str, *paths: str, more: int | None = None) -> None:
    """Record in the change log that the files of a run or a model changed; only the latest entry is kept.

    `paths` are added files, which no longer count as removed. `more` is the number of bytes to add to a counted workspace.
    """
    if more is not None:
        usage.add(tx, {usage.owner_of(tx, entity, item_id): (0, 0, more)})
    elif paths:
        usage.request_recount(tx, usage.COPIED_MS)
    tx.run(
        f"""
        DELETE FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = 'files' AND {LOOKED_UP}
        """,
        entity=entity,
        id=item_id,
    )
    for seq, removal in _removals(tx, entity, item_id) if paths else []:
        came = [path for path in paths if removal.covers(path)]
        if not came:
            continue
        but = [*removal.but, *came]
        if removal.path in came or len(but) > MOST_AGAIN:  # then no file of the folder counts as removed
            tx.run("DELETE FROM changes WHERE workspace_id = :ws AND seq = :seq", seq=seq)
            continue
        detail = _detail(Removal(removal.path, but))
        tx.run("UPDATE changes SET detail = :detail WHERE workspace_id = :ws AND seq = :seq", seq=seq, detail=detail)
    tx.record(Change(entity, item_id, "files"))


def begin_removal(tx: Tx, entity: str, item_id: str, path: str) -> None:
    """Record that a file or a folder is about to be deleted; an empty path: all files of the item.

    To be called before the deletion, and `record_removal` after it.  Otherwise a link that finds the file missing in between
    would treat it as lost, and copy it back from the other side."""
    tx.record(Change(entity, item_id, REMOVING, _detail(Removal(path))))


def record_removal(tx: Tx, entity: str, item_id: str, path: str) -> None:
    """Record that a file or a folder was deleted by a caller; an empty path: all files of the item.  A file that is missing
    without such a record may be on a disk that is not mounted."""
    detail = _detail(Removal(path))
    usage.request_recount(tx)
    tx.run(
        f"""
        DELETE FROM changes WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = :removing
            AND detail = :detail AND {LOOKED_UP}
        """,
        entity=entity,
        id=item_id,
        removing=REMOVING,
        detail=detail,
    )
    tx.record(Change(entity, item_id, REMOVED, detail))


def removals(tx: Tx, entity: str, item_id: str, after: int = 0) -> list[Removal]:
    """Return the removals of an item, as far back as the change log reaches, and those in progress.

    `after`: only removals recorded after this change-log entry, and those in progress.
    """
    rows = tx.all(
        f"""
        SELECT detail FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND {LOOKED_UP}
            AND ((action = :removed AND seq > :after) OR (action = :removing AND changed_at > :since)) ORDER BY seq
        """,
        entity=entity,
        id=item_id,
        removed=REMOVED,
        removing=REMOVING,
        after=after,
        since=tx.now - REMOVING_MS,
    )
    return [removal_of(detail) for (detail,) in rows]


def removal_of(detail: str | None) -> Removal:
    return msgspec.json.decode(detail or "{}", type=Removal)


def _removals(tx: Tx, entity: str, item_id: str) -> list[tuple[int, Removal]]:
    rows = tx.all(
        f"""
        SELECT seq, detail FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action IN :actions AND {LOOKED_UP} ORDER BY seq
        """,
        entity=entity,
        id=item_id,
        actions=[REMOVED, REMOVING],
    )
    return [(seq, removal_of(detail)) for seq, detail in rows]


def _detail(removal: Removal) -> str:
    return msgspec.json.encode(removal).decode()
