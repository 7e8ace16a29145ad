"""Moves traces to the trash, restores and purges them.

A trace in the trash has the experiment key `-1 - experiment_seq`, which no experiment has, so that MLflow's calls do not find it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trackside.core.access import Object
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import AlreadyExists, BadState
from trackside.core.work import backup_lease
from trackside.quotas import usage
from trackside.traces.model import missing
from trackside.traces.storage import announce, span_names

MOST_AT_ONCE = 1_000  # traces that one statement changes
_FILED = ("trace_spans", "trace_assessments")  # tables whose rows have the experiment's key
_PARTS = ("trace_offloads", "trace_bodies", "trace_files", "trace_spans", "trace_links", "trace_assessments",
          "review_queue_items")  # fmt: skip


class Purged(NamedTuple):
    """Purged traces: their bytes in the database, and the files to delete after the transaction.  These are files of spans, and
    the attachments of the ids in `gone`, which have no trace left."""

    traces: int = 0
    row_bytes: int = 0
    files: int = 0
    file_bytes: int = 0
    uris: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def plus(self, other: "Purged") -> "Purged":
        """Return the sum of the counts, with the files of `other`."""
        return Purged(
            self.traces + other.traces,
            self.row_bytes + other.row_bytes,
            self.files + other.files,
            self.file_bytes + other.file_bytes,
            other.uris,
            other.gone,
        )


class Kept(NamedTuple):
    """A trace that is active or in the trash."""

    seq: int
    experiment_id: str
    artifact_uri: str
    deleted_at: int | None


def trashed(experiment_seq: int) -> int:
    """Return the key of the experiment's traces in the trash, and for that key the experiment's."""
    return -1 - experiment_seq


def find(tx: Tx, trace_id: str) -> Kept | None:
    """Return the active trace with an id, or else the one that was deleted last."""
    row = tx.one(
        """
        SELECT t.trace_seq, e.experiment_id, e.artifact_location, t.deleted_at FROM traces t
        JOIN experiments e ON e.experiment_seq = CASE WHEN t.trash_seq = 0 THEN t.experiment_seq ELSE -1 - t.experiment_seq END
        WHERE t.workspace_id = :ws AND t.trace_id = :id
        ORDER BY CASE WHEN t.trash_seq = 0 THEN 0 ELSE 1 END, t.deleted_at DESC, t.trace_seq DESC LIMIT 1
        """,
        id=trace_id,
    )
    if row is None:
        return None
    return Kept(row[0], str(row[1]), f"{row[2].rstrip('/')}/traces/{trace_id}/artifacts", row[3])


def get(tx: Tx, trace_id: str) -> Kept:
    found = find(tx, trace_id)
    if found is None:
        raise missing(trace_id)
    return found


def locate(tx: Tx, trace_id: str) -> Object | None:
    """Return the experiment of a trace that is active or in the trash, for access control."""
    found = find(tx, trace_id)
    return None if found is None else Object("experiment", found.experiment_id)


def move(tx: Tx, trace_seqs: Sequence[int], experiment_id: str) -> int:
    """Move traces of an experiment to the trash.  Return the number of those that were not in it."""
    count = 0
    for start in range(0, len(trace_seqs), MOST_AT_ONCE):
        seqs = [
            seq
            for (seq,) in tx.all(
                """
                SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_seq IN :seqs AND trash_seq = 0
                ORDER BY trace_id FOR UPDATE
                """,
                seqs=list(trace_seqs[start : start + MOST_AT_ONCE]),
            )
        ]
        if not seqs:
            continue
        announce.changed_seqs(tx, seqs, "delete")
        _file(tx, seqs)
        tx.run(
            """
            UPDATE traces SET experiment_seq = -1 - experiment_seq, deleted_at = :now, trash_seq = trace_seq
            WHERE workspace_id = :ws AND trace_seq IN :seqs
            """,
            seqs=seqs,
        )
        count += len(seqs)
    if count:
        usage.request_recount(tx)
        tx.record(Change("traces", experiment_id, "delete"))
    return count


def restore(tx: Tx, trace_id: str) -> None:
    """Restore a trace from the trash; do nothing if it is not in it.

    Raise BadState if its experiment is deleted, and AlreadyExists if the trace was created again after its deletion."""
    found = get(tx, trace_id)
    if found.deleted_at is None:
        if tx.one("SELECT 1 FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq <> 0", id=trace_id):
            raise AlreadyExists(
                f"Trace {trace_id} was created again after its deletion. Delete the new one to restore the one in the trash."
            ).because("trace-came-again")
        return
    row = tx.one(
        """
        SELECT e.lifecycle_stage FROM traces t JOIN experiments e ON e.experiment_seq = -1 - t.experiment_seq
        WHERE t.workspace_id = :ws AND t.trace_seq = :seq AND t.trash_seq <> 0 FOR UPDATE OF t
        """,
        seq=found.seq,
    )
    if row is None:
        return
    if row[0] != "active":
        raise BadState(
            f"Trace {trace_id} is of experiment {found.experiment_id}, which is deleted. Restore the experiment first."
        ).because("experiment-deleted", experiment=str(found.experiment_id))
    _file(tx, [found.seq])
    tx.run(
        """
        UPDATE traces SET experiment_seq = -1 - experiment_seq, deleted_at = NULL, trash_seq = 0
        WHERE workspace_id = :ws AND trace_seq = :seq
        """,
        seq=found.seq,
    )
    usage.request_recount(tx)
    tx.record(Change("traces", found.experiment_id, "restore"))
    announce.changed_seqs(tx, [found.seq], "restore")


def seqs_of(tx: Tx, trace_id: str) -> list[int]:
    """Return all traces of an id: the active one, and those in the trash."""
    return [
        seq
        for (seq,) in tx.all("SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_id = :id", id=trace_id)
    ]


def due(tx: Tx, latest_ms: int) -> dict[str, int]:
    """Return the experiments (id to key) with traces in the trash that were deleted up to a time."""
    return {
        str(experiment_id): seq
        for experiment_id, seq in tx.all(
            """
            SELECT DISTINCT e.experiment_id, e.experiment_seq FROM traces t
            JOIN experiments e ON e.experiment_seq = -1 - t.experiment_seq
            WHERE t.workspace_id = :ws AND t.deleted_at <= :latest
            """,
            latest=latest_ms,
        )
    }


def purge_due(tx: Tx, experiment_seq: int, latest_ms: int, most: int) -> Purged:
    """Purge at most `most` traces of an experiment that were moved to the trash up to a time."""
    rows = tx.all(
        """
        SELECT trace_seq FROM traces WHERE workspace_id = :ws AND experiment_seq = :trashed AND deleted_at <= :latest
        ORDER BY trace_seq LIMIT :most
        """,
        trashed=trashed(experiment_seq),
        latest=latest_ms,
        most=most,
    )
    return purge(tx, [row[0] for row in rows])


def purge_of_experiment(tx: Tx, experiment_seq: int, most: int) -> Purged:
    """Purge at most `most` traces of an experiment, including the trash."""
    rows = tx.all(
        """
        SELECT trace_seq FROM traces WHERE workspace_id = :ws AND experiment_seq IN :seqs ORDER BY trace_seq LIMIT :most
        """,
        seqs=[experiment_seq, trashed(experiment_seq)],
        most=most,
    )
    return purge(tx, [row[0] for row in rows], is_announced=False)


def purge(tx: Tx, trace_seqs: Sequence[int], *, is_announced: bool = True) -> Purged:
    """Delete traces permanently, except their files.  `is_announced`: links delete the copies of traces that were not in the
    trash.  Raise Unavailable during a backup, which may copy their files."""
    if not trace_seqs:
        return Purged()
    backup_lease.check_none(tx)
    usage.request_recount(tx)
    count = size = 0
    uris: list[str] = []
    gone: list[str] = []
    file_bytes = 0
    for start in range(0, len(trace_seqs), MOST_AT_ONCE):
        seqs = list(trace_seqs[start : start + MOST_AT_ONCE])
        there = tx.all(
            """
            SELECT trace_seq, trash_seq, size_bytes, trace_id FROM traces WHERE workspace_id = :ws AND trace_seq IN :seqs
            ORDER BY trace_id FOR UPDATE
            """,
            seqs=seqs,
        )
        if is_announced:
            announce.changed_seqs(tx, [seq for seq, trash_seq, *_ in there if not trash_seq], "delete")
        files = tx.all(
            "SELECT uri, size_bytes FROM trace_files WHERE workspace_id = :ws AND trace_seq IN :seqs", seqs=seqs
        )
        uris += [uri for uri, _ in files]
        file_bytes += sum(each for _, each in files)
        count, size = count + len(there), size + sum(each for _, _, each, _ in there)
        span_names.remove(tx, seqs)
        for table in (*_PARTS, "traces"):
            tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND trace_seq IN :seqs", seqs=seqs)
        ids = {trace_id for *_, trace_id in there}
        left = tx.all("SELECT trace_id FROM traces WHERE workspace_id = :ws AND trace_id IN :ids", ids=sorted(ids))
        gone += sorted(ids - {trace_id for (trace_id,) in left})
    return Purged(count, size - file_bytes, len(uris), file_bytes, tuple(uris), tuple(gone))


def sizes_of(tx: Tx, experiment_seq: int) -> tuple[int, int, int, int]:
    """Return the number of an experiment's traces, including the trash, their bytes in the database, the number of files, and the
    bytes of files."""
    seqs = [experiment_seq, trashed(experiment_seq)]
    ((count, size),) = tx.all(
        "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM traces WHERE workspace_id = :ws AND experiment_seq IN :seqs",
        seqs=seqs,
    )
    ((files, file_bytes),) = tx.all(
        """
        SELECT COUNT(*), COALESCE(SUM(f.size_bytes), 0) FROM trace_files f JOIN traces t ON t.trace_seq = f.trace_seq
        WHERE f.workspace_id = :ws AND t.workspace_id = :ws AND +t.experiment_seq IN :seqs
        """,  # `+` disables the index: files are fewer than traces
        seqs=seqs,
    )
    return int(count), int(size) - int(file_bytes), int(files), int(file_bytes)


def files_of(tx: Tx, trace_seqs: Sequence[int]) -> tuple[int, int]:
    """Return the number of files of spans, and their bytes."""
    ((count, size),) = tx.all(
        "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM trace_files WHERE workspace_id = :ws AND trace_seq IN :seqs",
        seqs=list(trace_seqs),
    )
    return int(count), int(size)


def _file(tx: Tx, trace_seqs: Sequence[int]) -> None:
    """Move spans and assessments between their experiment and the trash."""
    span_names.remove(tx, trace_seqs)
    for table in _FILED:
        tx.run(
            f"UPDATE {table} SET experiment_seq = -1 - experiment_seq WHERE workspace_id = :ws AND trace_seq IN :seqs",
            seqs=list(trace_seqs),
        )
    span_names.add(tx, trace_seqs)
