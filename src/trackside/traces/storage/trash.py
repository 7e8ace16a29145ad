"""Traces in the trash: moved there, restored, and purged.  Knows the tables of traces, and where files of spans lie.

A trace in the trash is filed under `-1 - experiment_seq`, which no experiment has, so the calls of MLflow do not find it.
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
_FILED = ("trace_spans", "trace_assessments")  # tables whose rows name the experiment
_PARTS = ("trace_offloads", "trace_bodies", "trace_files", "trace_spans", "trace_links", "trace_assessments",
          "review_queue_items")  # fmt: skip


class Purged(NamedTuple):
    """Traces that were deleted permanently, their bytes in the database, and what is to be deleted after the transaction: the
    files of spans, and the attachments of the ids in `gone`, of which no trace is left."""

    traces: int = 0
    row_bytes: int = 0
    files: int = 0
    file_bytes: int = 0
    uris: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def plus(self, other: "Purged") -> "Purged":
        """Add the counts; what is to be deleted is that of the other one."""
        return Purged(
            self.traces + other.traces,
            self.row_bytes + other.row_bytes,
            self.files + other.files,
            self.file_bytes + other.file_bytes,
            other.uris,
            other.gone,
        )


class Kept(NamedTuple):
    """A trace that is there or in the trash."""

    seq: int
    experiment_id: str
    artifact_uri: str
    deleted_at: int | None


def trashed(experiment_seq: int) -> int:
    """Return the key under which traces of an experiment are filed in the trash; and the other way round."""
    return -1 - experiment_seq


def find(tx: Tx, trace_id: str) -> Kept | None:
    """Return the trace of an id, or else the last one of it that was deleted."""
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
    """Return the experiment of a trace that is there or in the trash, for access control."""
    found = find(tx, trace_id)
    return None if found is None else Object("experiment", found.experiment_id)


def move(tx: Tx, trace_seqs: Sequence[int], experiment_id: str) -> int:
    """Move traces of an experiment to the trash.  Return how many were not there yet."""
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
    """Take a trace out of the trash; harmless if it is not in it.

    Raise BadState where its experiment is deleted, and AlreadyExists for a trace that came again after it was deleted."""
    found = get(tx, trace_id)
    if found.deleted_at is None:
        if tx.one("SELECT 1 FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq <> 0", id=trace_id):
            raise AlreadyExists(
                f"Trace {trace_id} came again after it was deleted. Delete the new one to restore the trace of the trash."
            )
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
        )
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
    """Return all traces of an id: the one that is there, and those in the trash."""
    return [
        seq
        for (seq,) in tx.all("SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_id = :id", id=trace_id)
    ]


def due(tx: Tx, latest_ms: int) -> dict[str, int]:
    """Return the experiments that have traces in the trash which were deleted by a time, by id; with their keys."""
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
    """Delete permanently what was moved to the trash by a time: at most so many traces of an experiment."""
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
    """Delete permanently at most so many traces of an experiment, those in the trash too."""
    rows = tx.all(
        """
        SELECT trace_seq FROM traces WHERE workspace_id = :ws AND experiment_seq IN :seqs ORDER BY trace_seq LIMIT :most
        """,
        seqs=[experiment_seq, trashed(experiment_seq)],
        most=most,
    )
    return purge(tx, [row[0] for row in rows], is_announced=False)


def purge(tx: Tx, trace_seqs: Sequence[int], *, is_announced: bool = True) -> Purged:
    """Delete traces permanently, but for their files.  `is_announced`: links delete on the other side those that were not in the
    trash.  Raise Unavailable while a backup is made, which may copy their files."""
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
    """Return the traces of an experiment, those in the trash too, and their bytes in the database, files, and bytes of files."""
    seqs = [experiment_seq, trashed(experiment_seq)]
    ((count, size),) = tx.all(
        "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM traces WHERE workspace_id = :ws AND experiment_seq IN :seqs",
        seqs=seqs,
    )
    ((files, file_bytes),) = tx.all(
        """
        SELECT COUNT(*), COALESCE(SUM(f.size_bytes), 0) FROM trace_files f JOIN traces t ON t.trace_seq = f.trace_seq
        WHERE f.workspace_id = :ws AND t.workspace_id = :ws AND +t.experiment_seq IN :seqs
        """,  # the plus: files are fewer than traces
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
    """File spans and assessments in the trash, or those that are in the trash in their experiment."""
    span_names.remove(tx, trace_seqs)
    for table in _FILED:
        tx.run(
            f"UPDATE {table} SET experiment_seq = -1 - experiment_seq WHERE workspace_id = :ws AND trace_seq IN :seqs",
            seqs=list(trace_seqs),
        )
    span_names.add(tx, trace_seqs)
