"""Where a run's artifacts lie, as SQL remembers it."""

from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound


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


def record_files(tx: Tx, entity: str, item_id: str) -> None:
    """Tells the change log that the files of a run or a model are others now; the last time is enough."""
    tx.run(
        "DELETE FROM changes WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id AND action = 'files'",
        entity=entity,
        id=item_id,
    )
    tx.record(Change(entity, item_id, "files"))
