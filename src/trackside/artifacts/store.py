"""Where a run's artifacts lie, as SQL remembers it."""

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.quotas import usage
from trackside.quotas.budget import check, quotas_of
from trackside.quotas.model import Measure

REMOVED = "remove files"  # an action of the change log
MOST_AGAIN = 100  # files that may come again to where a folder was removed, until that counts no more


class Root(Struct, frozen=True):
    uri: str
    workspace_root: str | None  # where this workspace keeps artifacts, if not where the server does


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
        raise NotFound(f"Run with id={run_id} not found")
    return Root(uri=row[0], workspace_root=row[1])


class Removal(Struct, frozen=True):
    """What somebody had the server remove: a file or a folder; an empty path: all that the item had.  `but`: what came there
    again since."""

    path: str = ""
    but: list[str] = []

    def covers(self, path: str) -> bool:
        return (self.path in ("", path) or path.startswith(f"{self.path}/")) and path not in self.but


def check_room(tx: Tx, owner: tuple[str, str, str] | None, size: int) -> bool:
    """Raise QuotaExceeded if a file of `size` bytes does not fit.  Return whether the workspace is counted.

    `owner`: whose file it is, as `keys.owner` says."""
    if not quotas_of(tx):
        return False
    experiment_seq, user = (0, "") if owner is None else usage.owner_of(tx, owner[0], owner[1])
    row = tx.one(
        "SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_seq = :seq", seq=experiment_seq
    )
    return check(tx, Measure.BYTES, size, owner=user, experiment_id="" if row is None else str(row[0]))


def record_files(tx: Tx, entity: str, item_id: str, *paths: str, more: int | None = None) -> None:
    """Tells the change log that the files of a run or a model are others now; the last time is enough.  `paths`: of those
    that came, which are removed no more.  `more`: bytes to count, of a workspace that is counted."""
    if more is not None:
        usage.add(tx, {usage.owner_of(tx, entity, item_id): (0, 0, more)})
    elif paths:
        usage.request_recount(tx, usage.COPIED_MS)
    tx.run(
        "DELETE FROM changes WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = 'files'",
        entity=entity,
        id=item_id,
    )
    for seq, removal in _removals(tx, entity, item_id) if paths else []:
        came = [path for path in paths if removal.covers(path)]
        if not came:
            continue
        but = [*removal.but, *came]
        if (
            removal.path in came or len(but) > MOST_AGAIN
        ):  # then nothing of it counts as removed, and nothing is removed with it
            tx.run("DELETE FROM changes WHERE workspace_id = :ws AND seq = :seq", seq=seq)
            continue
        detail = _detail(Removal(removal.path, but))
        tx.run("UPDATE changes SET detail = :detail WHERE workspace_id = :ws AND seq = :seq", seq=seq, detail=detail)
    tx.record(Change(entity, item_id, "files"))


def record_removal(tx: Tx, entity: str, item_id: str, path: str) -> None:
    """Tells the change log that somebody removed a file or a folder; an empty path: all that the item had.  Files that are
    missing with nobody having said so may lie on a disk that is not mounted."""
    usage.request_recount(tx)
    tx.record(Change(entity, item_id, REMOVED, _detail(Removal(path))))


def removals(tx: Tx, entity: str, item_id: str, after: int = 0) -> list[Removal]:
    """What was removed of an item, as far back as the change log goes; `after`: since that entry of it."""
    return [removal for seq, removal in _removals(tx, entity, item_id) if seq > after]


def removal_of(detail: str | None) -> Removal:
    return msgspec.json.decode(detail or "{}", type=Removal)


def _removals(tx: Tx, entity: str, item_id: str) -> list[tuple[int, Removal]]:
    rows = tx.all(
        """
        SELECT seq, detail FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = :removed ORDER BY seq
        """,
        entity=entity,
        id=item_id,
        removed=REMOVED,
    )
    return [(seq, removal_of(detail)) for seq, detail in rows]


def _detail(removal: Removal) -> str:
    return msgspec.json.encode(removal).decode()
