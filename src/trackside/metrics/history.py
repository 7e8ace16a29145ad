"""Reads the points of a series in order, or a sample of them.  Knows chunks and tails; knows no run but its key.

Chunks mostly follow each other in time.  Those that overlap are read and sorted together; the others one by one, and what
lies before a page or between the points of a sample is not read at all.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.metrics.series import POINT, POINT_BYTES, Point, by_time, places, rank, unpack


class _Piece(Struct):
    """A chunk (or the tail, chunk_id None) that has not been read: how many points, from where to where."""

    chunk_id: int | None
    count: int
    low: int
    high: int
    packed: bytes | None = None


class _Cluster(Struct):
    pieces: list[_Piece]
    count: int
    low: int
    high: int


def in_time(tx: Tx, run_seq: int, key: str, offset: int = 0, limit: int | None = None) -> Iterator[list[Point]]:
    """The points by (timestamp, step, value), in lists of a few thousand."""
    rest = limit
    for cluster in _clusters(tx, run_seq, key, "timestamp"):
        if rest is not None and rest <= 0:
            return
        if offset >= cluster.count:
            offset -= cluster.count
            continue
        points = _points(tx, cluster)
        points.sort(key=by_time)
        points = points[offset:] if rest is None else points[offset : offset + rest]
        offset = 0
        if rest is not None:
            rest -= len(points)
        yield points


def sample(
    tx: Tx, run_seq: int, key: str, most: int, start_step: int | None = None, end_step: int | None = None
) -> list[Point]:
    """At most `most` points of the steps from `start_step` to `end_step`, evenly by (step, timestamp, value)."""
    low = -(2**63) if start_step is None else start_step
    high = 2**63 - 1 if end_step is None else end_step
    parts: list[tuple[int, _Cluster, list[Point] | None]] = []
    for cluster in _clusters(tx, run_seq, key, "step"):
        if cluster.high < low or cluster.low > high:
            continue
        if (
            low <= cluster.low
            and cluster.high <= high
            and len(cluster.pieces) == 1
            and cluster.pieces[0].chunk_id is not None
        ):
            parts.append((cluster.count, cluster, None))
        else:
            points = sorted((p for p in _points(tx, cluster) if low <= p[0] <= high), key=rank)
            parts.append((len(points), cluster, points))
    chosen = places(sum(count for count, _, _ in parts), most)
    taken: list[Point] = []
    at, before = 0, 0
    for count, cluster, known in parts:
        wanted = []
        while at < len(chosen) and chosen[at] < before + count:
            wanted.append(chosen[at] - before)
            at += 1
        before += count
        if not wanted:
            continue
        if known is not None:
            taken.extend(known[place] for place in wanted)
        else:
            packed = _packed(tx, cluster.pieces[0])
            taken.extend(POINT.unpack_from(packed, place * POINT_BYTES) for place in wanted)
    return taken


def _clusters(tx: Tx, run_seq: int, key: str, by: str) -> list[_Cluster]:
    pieces = [
        _Piece(chunk_id, count, low, high)
        for chunk_id, count, low, high in tx.all(
            f"""
            SELECT chunk_id, point_count, min_{by}, max_{by} FROM metric_chunks
            WHERE workspace_id = :ws AND run_seq = :run AND key = :key
            """,
            run=run_seq,
            key=key,
        )
    ]
    tail = tx.one(
        "SELECT points FROM metric_tails WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
        run=run_seq,
        key=key,
    )
    if tail is not None and len(tail[0]):
        values = [step if by == "step" else timestamp for step, timestamp, _ in unpack(bytes(tail[0]))]
        pieces.append(_Piece(None, len(values), min(values), max(values), bytes(tail[0])))
    pieces.sort(key=lambda piece: (piece.low, piece.high))
    clusters: list[_Cluster] = []
    for piece in pieces:
        last = clusters[-1] if clusters else None
        if last is not None and piece.low <= last.high:
            last.pieces.append(piece)
            last.count += piece.count
            last.high = max(last.high, piece.high)
        else:
            clusters.append(_Cluster([piece], piece.count, piece.low, piece.high))
    return clusters


def _points(tx: Tx, cluster: _Cluster) -> list[Point]:
    points: list[Point] = []
    for piece in cluster.pieces:
        points.extend(unpack(_packed(tx, piece)))
    return points


def _packed(tx: Tx, piece: _Piece) -> bytes:
    if piece.packed is not None:
        return piece.packed
    row = tx.one(
        "SELECT points FROM metric_chunks WHERE workspace_id = :ws AND chunk_id = :chunk", chunk=piece.chunk_id
    )
    return bytes(row[0]) if row is not None else b""


def all_in_time(tx: Tx, run_seq: int, key: str, limit: int) -> Sequence[Point]:
    """The first `limit` points in one list."""
    return [point for part in in_time(tx, run_seq, key, 0, limit) for point in part]
