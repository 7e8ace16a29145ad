"""The series of a chart in SQL: summaries, and points in blocks.

One statement looks up the chunks of all series of a key; chunks outside of the range are not read.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.metrics.buckets import Array, joined, unpacked
from trackside.metrics.series import POINT_BYTES

BLOCK_POINTS = 256 << 10  # points in memory at once, 24 bytes each


class Wanted(Struct, frozen=True):
    """A requested series, by internal keys."""

    experiment_seq: int
    run_seq: int
    key: str


class Summary(Struct, frozen=True):
    points: int
    first_step: int
    max_step: int
    first_timestamp: int
    max_timestamp: int
    min_value: float | None
    max_value: float | None


class Piece(Struct, frozen=True):
    """A chunk, or the tail with its points."""

    chunk_id: int | None
    count: int
    low: int
    high: int
    packed: bytes | None = None


def summaries(tx: Tx, series: Sequence[Wanted]) -> dict[tuple[int, str], Summary]:
    """Return the summaries of the existing series, by run and key."""
    found: dict[tuple[int, str], Summary] = {}
    own_key = "+" if tx.dialect == "sqlite" else ""  # keeps SQLite from reading all metrics of the runs
    for experiment_seq, (runs, keys) in _by_experiment(series).items():
        for seq, key, *summary in tx.all(
            f"""
            SELECT run_seq, key, point_count, first_step, max_step, first_timestamp, max_timestamp, min_value, max_value
            FROM metric_series
            WHERE {own_key}workspace_id = :ws AND experiment_seq = :experiment AND key IN :keys AND run_seq IN :runs
            """,
            experiment=experiment_seq,
            keys=keys,
            runs=runs,
        ):
            found[seq, key] = Summary(*summary)
    return found


def pieces(tx: Tx, series: Sequence[Wanted], by: str) -> dict[tuple[int, str], list[Piece]]:
    """Return the chunks and the tail of each series, ordered by their range of steps or timestamps."""
    found: dict[tuple[int, str], list[Piece]] = {(each.run_seq, each.key): [] for each in series}
    runs_of: dict[str, list[int]] = {}
    for each in series:
        runs_of.setdefault(each.key, []).append(each.run_seq)
    column = "step" if by == "step" else "timestamp"
    for key, runs in runs_of.items():
        for run_seq, chunk_id, count, low, high in tx.all(
            f"""
            SELECT run_seq, chunk_id, point_count, min_{column}, max_{column} FROM metric_chunks
            WHERE workspace_id = :ws AND run_seq IN :runs AND key = :key
            """,
            runs=runs,
            key=key,
        ):
            found[run_seq, key].append(Piece(chunk_id, count, low, high))
        for run_seq, tail in tx.all(
            "SELECT run_seq, points FROM metric_tails WHERE workspace_id = :ws AND run_seq IN :runs AND key = :key",
            runs=runs,
            key=key,
        ):
            if len(tail):
                packed = bytes(tail)
                values = unpacked(packed)[by]
                found[run_seq, key].append(
                    Piece(None, len(packed) // POINT_BYTES, int(values.min()), int(values.max()), packed)
                )
    for each_series in found.values():
        each_series.sort(key=_place)
    return found


def blocks(tx: Tx, series: Sequence[tuple[int, Sequence[Piece]]]) -> Iterator[tuple[int, Array]]:
    """Yield the points of series in blocks, with the index of the series; blocks of one series are consecutive."""
    waiting: list[tuple[int, Piece]] = []
    size = 0
    for number, own in series:
        for piece in own:
            if waiting and size + piece.count > BLOCK_POINTS:
                yield from _read(tx, waiting)
                waiting, size = [], 0
            waiting.append((number, piece))
            size += piece.count
    if waiting:
        yield from _read(tx, waiting)


def _read(tx: Tx, wanted: Sequence[tuple[int, Piece]]) -> Iterator[tuple[int, Array]]:
    chunks = [piece.chunk_id for _, piece in wanted if piece.packed is None]
    points: dict[int | None, bytes] = {}
    if chunks:
        rows = tx.all(
            "SELECT chunk_id, points FROM metric_chunks WHERE workspace_id = :ws AND chunk_id IN :chunks", chunks=chunks
        )
        points = {chunk_id: bytes(packed) for chunk_id, packed in rows}
    parts: dict[int, list[Array]] = {}
    for number, piece in wanted:
        packed = points[piece.chunk_id] if piece.packed is None else piece.packed
        parts.setdefault(number, []).append(unpacked(packed))
    for number, own in parts.items():
        yield number, joined(own)


def _by_experiment(series: Sequence[Wanted]) -> dict[int, tuple[list[int], list[str]]]:
    runs: dict[int, dict[int, None]] = {}
    keys: dict[int, dict[str, None]] = {}
    for each in series:
        runs.setdefault(each.experiment_seq, {})[each.run_seq] = None
        keys.setdefault(each.experiment_seq, {})[each.key] = None
    return {experiment: (list(runs[experiment]), list(keys[experiment])) for experiment in runs}


def _place(piece: Piece) -> tuple[int, int]:
    return piece.low, piece.high
