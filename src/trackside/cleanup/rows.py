"""SQL that deletes the rows of a target and records the progress of a deletion."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from trackside.access import store as access
from trackside.cleanup.model import Target
from trackside.core.access import Object
from trackside.core.db import tombstones
from trackside.core.db.tx import Change, Tx
from trackside.experiments import store as experiments
from trackside.experiments.model import check_id
from trackside.quotas import usage
from trackside.runs import store as runs
from trackside.traces.storage import trash
from trackside.traces.storage.trash import Purged
from trackside.workspaces import store as workspaces

CHUNKS_AT_ONCE = 5000
TRACES_AT_ONCE = 500
_OF_RUN = ("metric_tails", "metric_series", "params", "tags", "input_tags", "inputs", "run_models", "run_docs")
_OF_MODEL = ("logged_model_params", "logged_model_tags", "logged_model_points", "logged_model_latest")
_OF_EXPERIMENT = (
    "experiment_tags",
    "datasets",
    "logged_model_datasets",
    "saved_views",
    "evaluation_dataset_experiments",
    "scorer_versions",
    "scorers",
    "label_schemas",
    "review_queue_items",
    "review_queue_users",
    "review_queues",
    "trace_issues",
)


class Record(Struct, frozen=True):
    """A started deletion, and the counts so far."""

    deletion_seq: int
    file_count: int
    file_bytes: int
    row_count: int
    row_bytes: int


def begun(tx: Tx, target: Target) -> Record | None:
    """Return the unfinished deletion of the target."""
    row = tx.one(
        """
        SELECT deletion_seq, file_count, file_bytes, row_count, row_bytes FROM deletions
        WHERE workspace_id = :ws AND target = :target AND finished_at IS NULL
        """,
        target=target.text,
    )
    return None if row is None else Record(*row)


def begin(tx: Tx, target: Target) -> None:
    """Record the start of a deletion, unless it is recorded already."""
    tx.run(
        """
        INSERT INTO deletions (workspace_id, kind, target, requested_by, requested_at, file_count, file_bytes, row_count,
            row_bytes)
        VALUES (:ws, :kind, :target, :by, :now, 0, 0, 0, 0) ON CONFLICT DO NOTHING
        """,
        kind=target.kind,
        target=target.text,
        by=tx.user,
    )


def add(tx: Tx, target: Target, *, files: int = 0, file_bytes: int = 0, rows: int = 0, row_bytes: int = 0) -> None:
    tx.run(
        """
        UPDATE deletions SET file_count = file_count + :files, file_bytes = file_bytes + :file_bytes,
            row_count = row_count + :rows, row_bytes = row_bytes + :row_bytes
        WHERE workspace_id = :ws AND target = :target AND finished_at IS NULL
        """,
        target=target.text,
        files=files,
        file_bytes=file_bytes,
        rows=rows,
        row_bytes=row_bytes,
    )


def finish(tx: Tx, target: Target) -> Record | None:
    """Complete a deletion and return its record; None if another call has completed it."""
    usage.request_recount(tx)
    row = tx.one(
        """
        UPDATE deletions SET finished_at = :now WHERE workspace_id = :ws AND target = :target AND finished_at IS NULL
        RETURNING deletion_seq, file_count, file_bytes, row_count, row_bytes
        """,
        target=target.text,
    )
    return None if row is None else Record(*row)


def remove_chunks(tx: Tx, run_ids: Sequence[str]) -> tuple[int, int]:
    """Delete at most CHUNKS_AT_ONCE chunks of the metrics of runs.  Return the number of chunks and their bytes."""
    gone = tx.all(
        """
        DELETE FROM metric_chunks WHERE workspace_id = :ws AND chunk_id IN (
            SELECT c.chunk_id FROM metric_chunks c JOIN runs r ON r.run_seq = c.run_seq
            WHERE c.workspace_id = :ws AND r.workspace_id = :ws AND r.run_id IN :ids LIMIT :most)
        RETURNING LENGTH(points)
        """,
        ids=list(run_ids),
        most=CHUNKS_AT_ONCE,
    )
    return len(gone), sum(size for (size,) in gone)


def remove_runs(tx: Tx, run_ids: Sequence[str]) -> tuple[int, int]:
    """Delete runs whose chunks are deleted.  Return the number of rows and the bytes of their last points."""
    found = tx.all(
        """
        SELECT run_id, run_seq FROM runs WHERE workspace_id = :ws AND run_id IN :ids ORDER BY run_seq FOR UPDATE
        """,
        ids=list(run_ids),
    )
    if not found:
        return 0, 0
    seqs = [seq for _, seq in found]
    size = tx.one(
        "SELECT COALESCE(SUM(LENGTH(points)), 0) FROM metric_tails WHERE workspace_id = :ws AND run_seq IN :runs",
        runs=seqs,
    )
    count = 0
    for table in (*_OF_RUN, "runs"):
        count += tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND run_seq IN :runs", runs=seqs)
    tombstones.add(tx, "run", *(run_id for run_id, _ in found))
    tx.record_all([Change("run", run_id, "purge") for run_id, _ in found])
    return count, 0 if size is None else int(size[0])


def remove_model(tx: Tx, model_id: str) -> int:
    """Delete a logged model and the inputs and outputs of runs that refer to it.  Return the number of rows."""
    row = tx.one("SELECT model_seq FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id)
    if row is None:
        return 0
    count = 0
    for table in _OF_MODEL:
        count += tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND model_seq = :model", model=row[0])
    users = tx.all(
        """
        SELECT r.run_id, r.run_seq FROM run_models e JOIN runs r ON r.run_seq = e.run_seq
        WHERE e.workspace_id = :ws AND r.workspace_id = :ws AND e.model_id = :id
        """,
        id=model_id,
    )
    count += tx.run("DELETE FROM run_models WHERE workspace_id = :ws AND model_id = :id", id=model_id)
    for run_id, run_seq in users:
        runs.changed(tx, run_id, run_seq, "delete-model")
    count += tx.run("DELETE FROM logged_models WHERE workspace_id = :ws AND model_seq = :model", model=row[0])
    tombstones.add(tx, "logged_model", model_id)
    tx.record(Change("logged_model", model_id, "purge"))
    return count


def remove_traces(tx: Tx, experiment_id: str) -> Purged:
    """Delete the rows of at most TRACES_AT_ONCE traces of an experiment, including traces in the trash.  Their files are kept."""
    row = tx.one(
        "SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id = :id",
        id=check_id(experiment_id),
    )
    return Purged() if row is None else trash.purge_of_experiment(tx, row[0], TRACES_AT_ONCE)


def remove_experiment(tx: Tx, experiment_id: str) -> int:
    """Delete an experiment whose runs, logged models and traces are deleted.  Return the number of rows; 0 if such items were
    added meanwhile."""
    row = tx.one(
        """
        SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id = :id
            AND NOT EXISTS (SELECT 1 FROM runs r
                WHERE r.workspace_id = :ws AND r.experiment_seq = experiments.experiment_seq)
            AND NOT EXISTS (SELECT 1 FROM logged_models m
                WHERE m.workspace_id = :ws AND m.experiment_seq = experiments.experiment_seq)
            AND NOT EXISTS (SELECT 1 FROM traces t
                WHERE t.workspace_id = :ws
                    AND t.experiment_seq IN (experiments.experiment_seq, -1 - experiments.experiment_seq))
        FOR UPDATE
        """,
        id=check_id(experiment_id),
    )
    if row is None:
        return 0
    count = 0
    for table in _OF_EXPERIMENT:
        count += tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND experiment_seq = :seq", seq=row[0])
    count += tx.run("DELETE FROM experiments WHERE workspace_id = :ws AND experiment_seq = :seq", seq=row[0])
    experiments.forget_active(tx, experiment_id)
    access.forget_object(tx, workspaces.name(tx), Object("experiment", experiment_id))
    tx.record(Change("experiment", experiment_id, "purge"))
    return count


def remove_value(tx: Tx, table: str, run_id: str, key: str) -> tuple[int, int]:
    """Delete a param or a tag of a run.  Return the number of rows and their bytes."""
    seq = runs.seq_of(tx, run_id)
    tx.one("SELECT 1 FROM runs WHERE workspace_id = :ws AND run_seq = :run FOR UPDATE", run=seq)
    gone = tx.all(
        f"DELETE FROM {table} WHERE workspace_id = :ws AND run_seq = :run AND key = :key RETURNING value",
        run=seq,
        key=key,
    )
    if gone:
        detail = msgspec.json.encode({"key": key, "before": gone[0][0], "value": None}).decode()
        runs.changed(tx, run_id, seq, "delete-tag" if table == "tags" else "delete-param", detail)
    return len(gone), sum(len(key.encode()) + len(value.encode()) for (value,) in gone)
