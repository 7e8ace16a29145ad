"""Deletes points of a series and updates its summary."""

from collections.abc import Iterator

from trackside.core.db.tx import Tx
from trackside.metrics import store
from trackside.metrics.series import CHUNK_POINTS, POINT_BYTES, pack, unpack

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def count(tx: Tx, run_seq: int, key: str, from_step: int | None = None, to_step: int | None = None) -> int | None:
    """Return the number of points between two steps, both included; None if the series does not exist."""
    row = tx.one(
        "SELECT point_count FROM metric_series WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
        run=run_seq,
        key=key,
    )
    if row is None:
        return None
    if from_step is None and to_step is None:
        return int(row[0])
    low, high = _bounds(from_step, to_step)
    return sum(
        low <= step <= high for _, packed in _overlapping(tx, run_seq, key, low, high) for step, _, _ in unpack(packed)
    )


def remove(tx: Tx, run_seq: int, key: str, from_step: int | None = None, to_step: int | None = None) -> int:
    """Delete the points between two steps, both included, or, without steps, the whole series.  Return the number of deleted
    points."""
    gone = count(tx, run_seq, key, from_step, to_step)
    if not gone:
        return 0
    if from_step is None and to_step is None:
        _remove_all(tx, run_seq, key)
        return gone
    low, high = _bounds(from_step, to_step)
    for chunk_id, packed in list(_overlapping(tx, run_seq, key, low, high)):
        _cut(tx, run_seq, key, chunk_id, packed, low, high)
    left = [packed for _, packed in _overlapping(tx, run_seq, key, _LOWEST, _HIGHEST)]
    if not any(left):
        _remove_all(tx, run_seq, key)
        return gone
    tx.run(
        """
        UPDATE metric_series SET small_points = COALESCE((
            SELECT SUM(point_count) FROM metric_chunks
            WHERE workspace_id = :ws AND run_seq = :run AND key = :key AND point_count < :small), 0)
        WHERE workspace_id = :ws AND run_seq = :run AND key = :key
        """,
        run=run_seq,
        key=key,
        small=CHUNK_POINTS // 2,
    )
    store.recount(tx, run_seq, key, left)
    return gone


def _cut(tx: Tx, run_seq: int, key: str, chunk_id: int | None, packed: bytes, low: int, high: int) -> None:
    """Remove the points between two steps from a chunk or, without a chunk id, from the tail."""
    kept = pack([point for point in unpack(packed) if not low <= point[0] <= high])
    if chunk_id is None:
        tx.run(
            "UPDATE metric_tails SET points = :points WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
            points=kept,
            run=run_seq,
            key=key,
        )
        return
    tx.run("DELETE FROM metric_chunks WHERE workspace_id = :ws AND chunk_id = :chunk", chunk=chunk_id)
    if kept:
        store.insert_chunks(tx, [(run_seq, key, kept)])


def _overlapping(tx: Tx, run_seq: int, key: str, low: int, high: int) -> Iterator[tuple[int | None, bytes]]:
    """Yield the chunks that may have points between two steps, and the tail, which has no chunk id."""
    yield from tx.all(
        """
        SELECT chunk_id, points FROM metric_chunks
        WHERE workspace_id = :ws AND run_seq = :run AND key = :key AND min_step <= :high AND max_step >= :low
        ORDER BY chunk_id
        """,
        run=run_seq,
        key=key,
        low=low,
        high=high,
    )
    row = tx.one(
        "SELECT points FROM metric_tails WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
        run=run_seq,
        key=key,
    )
    if row is not None and len(row[0]) >= POINT_BYTES:
        yield None, bytes(row[0])


def _remove_all(tx: Tx, run_seq: int, key: str) -> None:
    for table in ("metric_chunks", "metric_tails", "metric_series"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=run_seq, key=key)


def _bounds(from_step: int | None, to_step: int | None) -> tuple[int, int]:
    return (_LOWEST if from_step is None else from_step), (_HIGHEST if to_step is None else to_step)
