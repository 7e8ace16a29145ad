"""The content of a workspace in SQL, and the record of its deletion."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.cleanup.model import PROTECTED, is_protecting
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.holds import store as holds
from trackside.holds.model import Hold
from trackside.holds.model import Kind as Held
from trackside.workspaces.model import Workspace

BATCH = 500
_COUNTED = {
    "experiments": "SELECT COUNT(*) FROM experiments WHERE workspace_id = :ws AND experiment_id <> 0",
    "runs": "SELECT COUNT(*) FROM runs WHERE workspace_id = :ws",
    "points": "SELECT COALESCE(SUM(point_count), 0) FROM metric_series WHERE workspace_id = :ws",
    "logged_models": "SELECT COUNT(*) FROM logged_models WHERE workspace_id = :ws",
    "models": "SELECT COUNT(*) FROM registered_models WHERE workspace_id = :ws",
    "versions": "SELECT COUNT(*) FROM model_versions WHERE workspace_id = :ws",
    "traces": "SELECT COUNT(*) FROM traces WHERE workspace_id = :ws",
    "datasets": "SELECT COUNT(*) FROM evaluation_datasets WHERE workspace_id = :ws",
    "endpoints": "SELECT COUNT(*) FROM endpoints WHERE workspace_id = :ws",
    "monitors": "SELECT COUNT(*) FROM drift_monitors WHERE workspace_id = :ws",
    "links": "SELECT COUNT(*) FROM links WHERE workspace_id = :ws",
    "schedules": "SELECT COUNT(*) FROM job_schedules WHERE workspace_id = :ws",
}
_PROTECTED = """
    SELECT value FROM tags WHERE workspace_id = :ws AND key = :key
    UNION ALL SELECT value FROM experiment_tags WHERE workspace_id = :ws AND key = :key
    UNION ALL SELECT value FROM logged_model_tags WHERE workspace_id = :ws AND key = :key
    UNION ALL SELECT value FROM registered_model_tags WHERE workspace_id = :ws AND key = :key"""
_RECORD = """workspace_id, uid, name, subscription_id, resource_group, folder, job_id, principal_id, requested_at, finished_at,
    file_count, file_bytes, row_count"""


class Record(Struct, frozen=True):
    """A deleted workspace, and the counts so far."""

    workspace_id: int
    uid: str
    name: str
    subscription_id: str
    resource_group: str
    folder: str
    job_id: str
    principal_id: int | None  # the user who requested it
    requested_at: int  # ms
    finished_at: int | None
    file_count: int
    file_bytes: int
    row_count: int


def counts(tx: Tx) -> dict[str, int]:
    return {noun: int((tx.one(sql) or (0,))[0]) for noun, sql in _COUNTED.items()}


def held(tx: Tx) -> list[Hold]:
    return holds.covering(tx, Held.WORKSPACE, "")


def protected(tx: Tx) -> int:
    return sum(is_protecting(value) for (value,) in tx.all(_PROTECTED, key=PROTECTED))


def running(tx: Tx) -> list[str]:
    rows = tx.all("SELECT job_id FROM jobs WHERE workspace_id = :ws AND state = 'running' ORDER BY job_id LIMIT 10")
    return [job_id for (job_id,) in rows]


def uses(tx: Tx) -> list[str]:
    rows = tx.all(
        """
        SELECT m.name, u.version, u.kind, u.user_name FROM model_uses u
        JOIN registered_models m ON m.model_seq = u.model_seq
        WHERE u.workspace_id = :ws AND m.workspace_id = :ws ORDER BY m.name, u.version, u.kind, u.user_name LIMIT 10
        """
    )
    return [f"{name}/{version} by {kind} '{user}'" for name, version, kind, user in rows]


def links(tx: Tx) -> list[str]:
    return [name for (name,) in tx.all("SELECT name FROM links WHERE workspace_id = :ws ORDER BY name LIMIT 20")]


def runs_elsewhere(tx: Tx, after: int) -> list[tuple[int, str]]:
    """Return the next batch of runs with files outside of the artifact store, after a key, as (key, root)."""
    rows = tx.all(
        """
        SELECT run_seq, artifact_uri FROM runs
        WHERE workspace_id = :ws AND run_seq > :after AND artifact_uri NOT LIKE 'mlflow-artifacts:%'
        ORDER BY run_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    return [(seq, uri) for seq, uri in rows]


def models_elsewhere(tx: Tx, after: int) -> list[tuple[int, str]]:
    """Return the next batch of logged models with files outside of the artifact store, after a key, as (key, root)."""
    rows = tx.all(
        """
        SELECT model_seq, artifact_uri FROM logged_models
        WHERE workspace_id = :ws AND model_seq > :after AND artifact_uri NOT LIKE 'mlflow-artifacts:%'
        ORDER BY model_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    return [(seq, uri) for seq, uri in rows]


def spans_elsewhere(tx: Tx, after: int) -> list[tuple[int, str]]:
    """Return the next batch of span files outside of the artifact store, each in a separate folder, as (key, root)."""
    rows = tx.all(
        """
        SELECT body_seq, uri FROM trace_files
        WHERE workspace_id = :ws AND body_seq > :after AND uri NOT LIKE 'mlflow-artifacts:%'
        ORDER BY body_seq LIMIT :most
        """,
        after=after,
        most=BATCH,
    )
    return [(seq, uri.rpartition("/")[0]) for seq, uri in rows]


def begin(tx: Tx, workspace: Workspace, job_id: str) -> None:
    tx.run(
        """
        INSERT INTO workspace_deletions (workspace_id, uid, name, subscription_id, resource_group, folder, job_id,
            requested_by, principal_id, requested_at, file_count, file_bytes, row_count)
        VALUES (:id, :uid, :name, :subscription, :group, :folder, :job,
            :by, :principal, :now, 0, 0, 0)
        """,
        id=workspace.workspace_id,
        uid=workspace.uid,
        name=workspace.name,
        subscription=workspace.subscription_id,
        group=workspace.resource_group,
        folder=workspace.folder,
        job=job_id,
        by=tx.user,
        principal=tx.caller.principal_id,
    )


def of_job(tx: Tx, job_id: str) -> list[Record]:
    """Return the record of a deletion.  Raise NotFound if the job deletes no workspace."""
    rows = tx.all(f"SELECT {_RECORD} FROM workspace_deletions WHERE job_id = :job ORDER BY name", job=job_id)
    if not rows:
        raise NotFound(f"No deletion of workspaces has the job {job_id[:100]!r}")
    return [Record(*row) for row in rows]


def unfinished(tx: Tx, ids: Sequence[int]) -> list[Record]:
    rows = tx.all(
        f"""
        SELECT {_RECORD} FROM workspace_deletions WHERE workspace_id IN :ids AND finished_at IS NULL ORDER BY workspace_id
        """,
        ids=list(ids),
    )
    return [Record(*row) for row in rows]


def add(tx: Tx, workspace_id: int, *, files: int = 0, file_bytes: int = 0, rows: int = 0) -> None:
    tx.run(
        """
        UPDATE workspace_deletions SET file_count = file_count + :files, file_bytes = file_bytes + :bytes,
            row_count = row_count + :rows
        WHERE workspace_id = :id
        """,
        id=workspace_id,
        files=files,
        bytes=file_bytes,
        rows=rows,
    )


def finish(tx: Tx, workspace_id: int) -> None:
    tx.run(
        "UPDATE workspace_deletions SET finished_at = :now WHERE workspace_id = :id AND finished_at IS NULL",
        id=workspace_id,
    )
