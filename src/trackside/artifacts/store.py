"""Where a run's artifacts lie, as SQL remembers it."""

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound

REMOVED = "remove files"  # an action of the change log


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


def record_files(tx: Tx, entity: str, item_id: str, path: str | None = None) -> None:
    """Tells the change log that the files of a run or a model are others now; the last time is enough.  `path`: of the one
    that came, which is removed no more."""
    tx.run(
        """
        DELETE FROM changes WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id
            AND (action = 'files' OR (action = :removed AND detail = :path))
        """,
        entity=entity,
        id=item_id,
        removed=REMOVED,
        path="" if path is None else _detail(path),
    )
    tx.record(Change(entity, item_id, "files"))


def record_removal(tx: Tx, entity: str, item_id: str, path: str) -> None:
    """Tells the change log that somebody removed a file or a folder; an empty path: all that the item had.  Files that are
    missing with nobody having said so may lie on a disk that is out of reach."""
    tx.record(Change(entity, item_id, REMOVED, _detail(path)))


def removals(tx: Tx, entity: str, item_id: str) -> list[str]:
    """What was removed of an item, as far back as the change log goes."""
    rows = tx.all(
        """
        SELECT detail FROM changes
        WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = :removed ORDER BY seq
        """,
        entity=entity,
        id=item_id,
        removed=REMOVED,
    )
    return list(dict.fromkeys(removed_path(detail) for (detail,) in rows))


def removed_path(detail: str | None) -> str:
    return str(msgspec.json.decode(detail or "{}").get("path", ""))


def _detail(path: str) -> str:
    return msgspec.json.encode({"path": path}).decode()
