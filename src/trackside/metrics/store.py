"""Series and points in SQL."""

import math
from collections.abc import Iterable, Sequence
from operator import attrgetter, ge

from trackside.core.db.tx import Query, Row, Tx
from trackside.metrics.series import (
    CHUNK_POINTS,
    POINT_BYTES,
    Point,
    Series,
    columns,
    contains,
    pack,
    sort_by_rank,
    unpack,
)

_SMALL_BYTES = CHUNK_POINTS * POINT_BYTES // 2  # smaller chunks are merged
_SUMMARY = """last_value, last_is_nan, last_step, last_timestamp, first_value, first_is_nan, first_step, first_timestamp,
    min_value, max_value, sum_value, value_count, point_count, nan_count, max_step, max_timestamp, small_points"""
_SUMMED = tuple(name.strip() for name in _SUMMARY.split(","))
_summary = attrgetter(*_SUMMED)
# The last digits of the sum depend on the order of additions.
_COUNTED = tuple(name for name in _SUMMED if name not in ("sum_value", "small_points"))


_STORED = f"""
    SELECT s.run_seq, s.key, t.points, {_SUMMARY} FROM metric_series s
    LEFT JOIN metric_tails t ON t.workspace_id = :ws AND t.run_seq = s.run_seq AND t.key = s.key
    WHERE s.workspace_id = :ws AND s.run_seq IN :runs AND s.key IN :keys
"""
_STORED_OF = f"""
    SELECT s.run_seq, s.key, t.points, {_SUMMARY} FROM runs r
    JOIN metric_series s ON s.workspace_id = :ws AND s.experiment_seq = r.experiment_seq AND s.run_seq = r.run_seq
    LEFT JOIN metric_tails t ON t.workspace_id = :ws AND t.run_seq = s.run_seq AND t.key = s.key
    WHERE r.workspace_id = :ws AND r.run_id IN :ids AND s.key IN :keys
"""

_SAVE_SUMMARY = f"""
    INSERT INTO metric_series (workspace_id, experiment_seq, key, run_seq, {_SUMMARY})
    VALUES (:ws, :experiment, :key, :run, {", ".join(f":{name}" for name in _SUMMED)})
    ON CONFLICT (experiment_seq, key, run_seq) DO UPDATE SET
        last_value = excluded.last_value, last_is_nan = excluded.last_is_nan, last_step = excluded.last_step,
        last_timestamp = excluded.last_timestamp, first_value = excluded.first_value,
        first_is_nan = excluded.first_is_nan, first_step = excluded.first_step,
        first_timestamp = excluded.first_timestamp, min_value = excluded.min_value, max_value = excluded.max_value,
        sum_value = excluded.sum_value, value_count = excluded.value_count, point_count = excluded.point_count,
        nan_count = excluded.nan_count, max_step = excluded.max_step, max_timestamp = excluded.max_timestamp,
        small_points = excluded.small_points
"""
_SAVE_TAIL = """
    INSERT INTO metric_tails (workspace_id, run_seq, key, points) VALUES (:ws, :run, :key, :points)
    ON CONFLICT (run_seq, key) DO UPDATE SET points = excluded.points
"""


def load(tx: Tx, run_seqs: Sequence[int], keys: Sequence[str]) -> dict[tuple[int, str], Series]:
    """Return the stored series of these runs and keys, to which points can be added."""
    return loaded(tx.all(_STORED, runs=run_seqs, keys=keys))


def loading(run_ids: Sequence[str], keys: Sequence[str]) -> Query:
    """Return the query of `load` for run ids, whose rows `loaded` reads."""
    return Query(_STORED_OF, {"ids": run_ids, "keys": keys})


def loaded(rows: Iterable[Row]) -> dict[tuple[int, str], Series]:
    found: dict[tuple[int, str], Series] = {}
    for run_seq, key, tail, *summary in rows:
        series = found[run_seq, key] = Series(key)
        series.tail = bytearray(tail or b"")
        series.tail_is_stored = tail is not None
        (
            series.last_value, series.last_is_nan, series.last_step, series.last_timestamp,
            series.first_value, series.first_is_nan, series.first_step, series.first_timestamp,
            series.min_value, series.max_value, series.sum_value, series.value_count, series.point_count, series.nan_count,
            series.max_step, series.max_timestamp, series.small_points,
        ) = summary  # fmt: skip
    return found


class Chunks:
    """Looks up whether packed points are in stored chunks of a series, for the points of one call.  The first look-up reads the
    candidate chunks."""

    def __init__(self, tx: Tx, run_seq: int, key: str, points: Sequence[Point]) -> None:
        self._tx = tx
        self._run_seq = run_seq
        self._key = key
        self._points = points
        self._found: list[Row] | None = None

    def __call__(self, step: int, point: bytes) -> bool:
        if self._found is None:
            steps = [each[0] for each in self._points]
            self._found = self._tx.all(
                """
                SELECT min_step, max_step, points FROM metric_chunks
                WHERE workspace_id = :ws AND run_seq = :run AND key = :key AND min_step <= :high AND max_step >= :low
                """,
                run=self._run_seq,
                key=self._key,
                low=min(steps),
                high=max(steps),
            )
        return any(low <= step <= high and contains(packed, point) for low, high, packed in self._found)


def save(tx: Tx, changed: Iterable[tuple[int, int, Series]]) -> None:
    """Store series: (experiment_seq, run_seq, series)."""
    changed = list(changed)
    chunks: list[tuple[int, str, bytes]] = []
    full: list[tuple[int, Series, list[bytes]]] = []
    for _, run_seq, series in changed:
        small = [chunk for chunk in series.chunks if len(chunk) < _SMALL_BYTES]
        series.small_points += sum(map(len, small)) // POINT_BYTES
        if small and series.small_points >= CHUNK_POINTS:
            full.append((run_seq, series, small))
        else:
            chunks += [(run_seq, series.key, chunk) for chunk in small]
        chunks += [(run_seq, series.key, chunk) for chunk in series.chunks if len(chunk) >= _SMALL_BYTES]
        series.chunks = ()
    if full:
        chunks += _merged(tx, full)
    if chunks:
        insert_chunks(tx, chunks)
    tailed = [each for each in changed if not each[2].tail_is_stored]
    if tx.dialect == "postgresql":  # one statement is faster than two
        both = [(run, one.key, bytes(one.tail), experiment, *_summary(one)) for experiment, run, one in tailed]
        tx.many_in_order(f"WITH tail AS ({_SAVE_TAIL}) {_SAVE_SUMMARY}", both)
        summarized = [each for each in changed if each[2].tail_is_stored]
    else:
        tx.many_in_order(_SAVE_TAIL, [(run, one.key, bytes(one.tail)) for _, run, one in tailed])
        summarized = changed
    tx.many_in_order(_SAVE_SUMMARY, [(experiment, one.key, run, *_summary(one)) for experiment, run, one in summarized])
    for _, _, series in changed:
        series.tail_is_stored = True
        series.dirty = False


def insert_chunks(tx: Tx, chunks: Iterable[tuple[int, str, bytes]]) -> None:
    """Insert chunks: (run_seq, key, packed points).  The points of a chunk are sorted by step, so that a sample can read them by
    position."""
    rows = []
    for run_seq, key, packed in chunks:
        steps, timestamps = columns(packed)
        if any(map(ge, steps, steps[1:])):
            points = list(unpack(packed))
            sort_by_rank(points)
            packed = pack(points)
        rows.append(
            {
                "run": run_seq,
                "key": key,
                "count": len(steps),
                "min_step": min(steps),
                "max_step": max(steps),
                "min_time": min(timestamps),
                "max_time": max(timestamps),
                "points": packed,
            }
        )
    tx.many(
        """
        INSERT INTO metric_chunks
            (workspace_id, run_seq, key, point_count, min_step, max_step, min_timestamp, max_timestamp, points)
        VALUES (:ws, :run, :key, :count, :min_step, :max_step, :min_time, :max_time, :points)
        """,
        rows,
    )


def recount(tx: Tx, run_seq: int, key: str, pieces: Iterable[bytes]) -> bool:
    """Recompute the summary of a series from all of its packed points.  Return whether it changed."""
    stored = load(tx, [run_seq], [key])[run_seq, key]
    counted = Series(key)
    for packed in pieces:
        counted.add(list(unpack(packed)), lambda *_: False)
        counted.tail, counted.chunks = bytearray(), ()
    is_same_sum = math.isclose(counted.sum_value, stored.sum_value, rel_tol=1e-9, abs_tol=1e-9)
    if is_same_sum and all(getattr(counted, name) == getattr(stored, name) for name in _COUNTED):
        return False
    row = tx.one("SELECT experiment_seq FROM runs WHERE workspace_id = :ws AND run_seq = :run", run=run_seq)
    assert row is not None
    counted.tail, counted.small_points = stored.tail, stored.small_points
    save(tx, [(row[0], run_seq, counted)])
    return True


def _merged(tx: Tx, full: Iterable[tuple[int, Series, list[bytes]]]) -> list[tuple[int, str, bytes]]:
    """Delete the small chunks of series from the store and return them, merged with the new ones, as one chunk for each series:
    (run_seq, series, new small chunks).  Fewer chunks make reading a history faster."""
    parts: dict[tuple[int, str], list[bytes]] = {(run_seq, series.key): [] for run_seq, series, _ in full}
    taken = []
    for chunk_id, run_seq, key, packed in tx.all(
        """
        SELECT chunk_id, run_seq, key, points FROM metric_chunks
        WHERE workspace_id = :ws AND run_seq IN :runs AND key IN :keys AND point_count < :small ORDER BY chunk_id
        """,
        runs=sorted({run_seq for run_seq, _ in parts}),
        keys=sorted({key for _, key in parts}),
        small=CHUNK_POINTS // 2,
    ):
        if (run_seq, key) in parts:
            parts[run_seq, key].append(packed)
            taken.append(chunk_id)
    if taken:
        tx.post("DELETE FROM metric_chunks WHERE workspace_id = :ws AND chunk_id IN :chunks", chunks=taken)
    merged = []
    for run_seq, series, small in full:
        merged.append((run_seq, series.key, b"".join([*parts[run_seq, series.key], *small])))
        series.small_points = 0
    return merged
