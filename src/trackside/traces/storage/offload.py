"""Moves the spans of large traces from the database to the artifact store in the background.

Ingest writes to the database alone, so that traces are stored while the artifact store is down.  A file is complete before the
rows that it replaces are deleted; a crash in between leaves a file that the search for orphans finds.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.quotas import usage
from trackside.traces.storage import bodies, trash
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.writer import SMALL_BYTES
from trackside.workspaces import store as workspaces

EVERY_S = 30.0
AT_ONCE = 100  # traces in a step
PORTION_BYTES = 64 << 20  # of uncompressed spans in one file; a request has at most this much

log = logging.getLogger("trackside.traces")


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class _Portion(NamedTuple):
    """The oldest rows of a large trace, and the trace's experiment."""

    experiment_id: str
    rows: list[tuple[int, bytes]]


class Offload:
    """`most_bytes` is the size of a trace's compressed spans that stay in the database."""

    def __init__(self, db: Database, files: BodyFiles, most_bytes: int) -> None:
        self._db = db
        self._files = files
        self._most_bytes = most_bytes
        self._after = 0  # the last trace of the last step, so that traces that cannot be moved do not block others

    def step(self) -> bool:
        """Process some traces.  Return whether there are more."""
        with self._db.read(0) as tx:
            found = _candidates(tx, self._after)
        self._after = found[-1][1] if len(found) == AT_ONCE else 0
        failed = set[int]()
        for ws, trace_seq in found:
            if ws in failed:
                continue
            try:
                while not self._settle(ws, trace_seq) and self._move(ws, trace_seq):
                    """The next part of a trace that is too large for one file."""
            except Fault as fault:  # the artifact store of one workspace failed; those of others may work
                failed.add(ws)
                log.warning("spans of large traces of workspace %d stay in the database: %s", ws, fault.message)
        return self._after > 0

    def _settle(self, ws: int, trace_seq: int) -> bool:
        """Unschedule a trace whose spans in the database are few enough, or that was deleted.  Return False if it must be
        moved."""

        def work(tx: Tx) -> bool:
            if _lock(tx, trace_seq) is not None and _inline_bytes(tx, trace_seq) > self._most_bytes:
                return False
            tx.run("DELETE FROM trace_offloads WHERE workspace_id = :ws AND trace_seq = :seq", seq=trace_seq)
            return True

        done: bool = self._db.writer.submit(ws, work).result()
        return done

    def _move(self, ws: int, trace_seq: int) -> bool:
        """Move the oldest spans to a file.  Return False for a deleted trace."""
        with self._db.read(ws) as tx:
            workspace = workspaces.current(tx)
            portion = _portion(tx, trace_seq)
        if portion is None:
            return False
        body = bodies.repack([body for _, body in portion.rows])
        uri = self._files.put(workspace, portion.experiment_id, body)
        seqs = [seq for seq, _ in portion.rows]
        size_bytes = sum(len(body) for _, body in portion.rows)
        done = self._db.writer.submit(
            ws, lambda tx: _replace(tx, trace_seq, seqs, uri, len(body), len(body) - size_bytes)
        ).result()
        if not done:  # the trace was deleted, or another server moved the rows first
            self._files.remove(workspace, [uri])
        return True


def schedule_all(tx: Tx) -> None:
    """Schedule all large traces of a workspace whose rows an import wrote."""
    tx.run(
        """
        INSERT INTO trace_offloads (workspace_id, trace_seq)
        SELECT workspace_id, trace_seq FROM traces WHERE workspace_id = :ws AND size_bytes > :small ON CONFLICT DO NOTHING
        """,
        small=SMALL_BYTES,
    )


def _candidates(tx: Tx, after: int) -> list[tuple[int, int]]:
    """Return traces of all workspaces, each with its workspace."""
    rows = tx.all(
        "SELECT workspace_id, trace_seq FROM trace_offloads WHERE trace_seq > :after ORDER BY trace_seq LIMIT :most",
        after=after,
        most=AT_ONCE,
    )
    return [(ws, seq) for ws, seq in rows]


def _lock(tx: Tx, trace_seq: int) -> int | None:
    """Lock a trace, so that no spans are added meanwhile, and return the key of its experiment; None if it was deleted."""
    row = tx.one(
        "SELECT experiment_seq FROM traces WHERE workspace_id = :ws AND trace_seq = :seq FOR UPDATE", seq=trace_seq
    )
    return None if row is None else int(row[0])


def _inline_bytes(tx: Tx, trace_seq: int) -> int:
    row = tx.one(
        "SELECT COALESCE(SUM(LENGTH(body)), 0) FROM trace_bodies WHERE workspace_id = :ws AND trace_seq = :seq",
        seq=trace_seq,
    )
    return 0 if row is None else int(row[0])


def _portion(tx: Tx, trace_seq: int) -> _Portion | None:
    """Return the oldest rows, enough for one file; None if the trace was deleted."""
    row = tx.one(
        """
        SELECT e.experiment_id FROM traces t
        JOIN experiments e ON e.experiment_seq = CASE WHEN t.trash_seq = 0 THEN t.experiment_seq ELSE -1 - t.experiment_seq END
        WHERE t.workspace_id = :ws AND t.trace_seq = :seq
        """,
        seq=trace_seq,
    )
    return None if row is None else _Portion(str(row[0]), list(_first(_rows(tx, trace_seq))))


def _rows(tx: Tx, trace_seq: int) -> Iterator[tuple[int, bytes]]:
    after = 0
    while True:
        row = tx.one(
            """
            SELECT body_seq, body FROM trace_bodies WHERE workspace_id = :ws AND trace_seq = :seq AND body_seq > :after
            ORDER BY body_seq LIMIT 1
            """,
            seq=trace_seq,
            after=after,
        )
        if row is None:
            return
        after = row[0]
        yield after, bytes(row[1])


def _first(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    total = 0
    for seq, body in rows:
        total += bodies.unpacked_bytes(body)
        if total > PORTION_BYTES and total > bodies.unpacked_bytes(body):
            return
        yield seq, body


def _replace(tx: Tx, trace_seq: int, seqs: Sequence[int], uri: str, size_bytes: int, more: int) -> bool:
    """Replace rows by a file.  Return False, and change nothing, unless all of them exist."""
    experiment_seq = _lock(tx, trace_seq)
    there = tx.all(
        "SELECT body_seq FROM trace_bodies WHERE workspace_id = :ws AND trace_seq = :seq AND body_seq <= :last",
        seq=trace_seq,
        last=seqs[-1],
    )
    if experiment_seq is None or sorted(seq for (seq,) in there) != list(seqs):
        return False
    tx.run(
        "DELETE FROM trace_bodies WHERE workspace_id = :ws AND trace_seq = :seq AND body_seq <= :last",
        seq=trace_seq,
        last=seqs[-1],
    )
    tx.run(
        """
        INSERT INTO trace_files (workspace_id, trace_seq, body_seq, uri, size_bytes)
        VALUES (:ws, :seq, :last, :uri, :size)
        """,
        seq=trace_seq,
        last=seqs[-1],
        uri=uri,
        size=size_bytes,
    )
    tx.run(
        "UPDATE traces SET size_bytes = size_bytes + :more WHERE workspace_id = :ws AND trace_seq = :seq",
        more=more,
        seq=trace_seq,
    )
    if usage.is_counted(tx):
        owner = experiment_seq if experiment_seq >= 0 else trash.trashed(experiment_seq)
        usage.add(tx, {(owner, ""): (0, 0, more)})
    return True
