"""Reads the points of a series in order, or an evenly spaced sample of them.

Chunks mostly follow each other in time.  Where they overlap, points are held back until all points that may precede them are
read.  Chunks before a page, or between the points of a sample, are not read.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from operator import ge

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.metrics.series import POINT, POINT_BYTES, Point, by_time, places, rank, unpack

READ_POINTS = 5000  # points per read, or somewhat more
_EARLIEST, _LATEST = -(2**63), 2**63 - 1


class _Piece(Struct):
    """A chunk (or the tail, with chunk_id None) that has not been read, with its number of points and its range."""

    chunk_id: int | None
    count: int
    low: int
    high: int
    packed: bytes | None = None
    is_cut: bool = False  # only some of its points are needed


class _Cluster(Struct):
    pieces: list[_Piece]
    count: int
    low: int
    high: int


class _Merged(Exception):
    """Raised if a chunk was merged into a larger one."""


class InTime:
    """Reads the points by (timestamp, step, value), some thousands at each `read`.

    Each read may have its own transaction: each point that existed at the first read is returned once, even if points are
    logged or chunks merged meanwhile.

    A chunk never changes, so a look-up stays valid until a chunk is missing because it was merged.  Then the points after the
    last returned timestamp are looked up again.  That may include points logged meanwhile, but none later than the last point at
    the first read, so a slow reader ends."""

    def __init__(
        self, run_seq: int, key: str, offset: int = 0, limit: int | None = None, *, at_once: int = READ_POINTS
    ) -> None:
        self._run_seq = run_seq
        self._key = key
        self._at_once = at_once
        self._offset = offset
        self._rest = limit
        self._unread: deque[_Piece] | None = None  # None: before the first look-up
        self._ahead: list[Point] = []  # read, but an unread point may precede them
        self._begin, self._end = _EARLIEST, _LATEST  # timestamps: earlier points were returned, later ones are ignored

    def read(self, tx: Tx) -> list[Point]:
        """Return the next points; empty at the end.  Raise NotFound if the rest was deleted."""
        if self._unread is None:
            self._look_up(tx)
        while self._rest != 0 and (self._unread or self._ahead):
            try:
                points = self._next(tx)
            except _Merged:
                self._look_up_again(tx)
                continue
            skipped = min(self._offset, len(points))
            self._offset -= skipped
            points = points[skipped : None if self._rest is None else skipped + self._rest]
            if self._rest is not None:
                self._rest -= len(points)
            if points:
                return points
        return []

    def _look_up(self, tx: Tx) -> None:
        pieces, _ = _pieces(tx, self._run_seq, self._key, "timestamp")
        self._end = max((piece.high for piece in pieces), default=_EARLIEST)
        self._unread = deque()
        for cluster in _clusters(pieces):
            if not self._unread and cluster.count <= self._offset:
                self._offset -= cluster.count
            else:
                self._unread.extend(cluster.pieces)

    def _look_up_again(self, tx: Tx) -> None:
        pieces, has_tail = _pieces(tx, self._run_seq, self._key, "timestamp")
        if not has_tail:  # every series has a tail
            raise NotFound(f"The metric {self._key!r} was deleted while its history was read")
        wanted = [piece for piece in pieces if piece.high >= self._begin and piece.low <= self._end]
        for piece in wanted:
            piece.is_cut = piece.low < self._begin or piece.high > self._end
            piece.low, piece.high = max(piece.low, self._begin), min(piece.high, self._end)
        self._unread = deque(sorted(wanted, key=_by_place))
        self._ahead = []

    def _next(self, tx: Tx) -> list[Point]:
        """Read until some thousands of points cannot be preceded by any unread point, and return these in order."""
        unread = self._unread
        assert unread is not None
        taken = list(islice(unread, self._count()))
        packed = _packed(tx, taken)
        points = self._ahead
        for piece, part in zip(taken, packed, strict=True):
            unread.popleft()
            if piece.is_cut:
                points.extend(point for point in unpack(part) if self._begin <= point[1] <= self._end)
            else:
                points.extend(unpack(part))
        self._ahead = []
        if unread:
            self._begin = begin = unread[0].low
            self._ahead = [point for point in points if point[1] >= begin]
            if self._ahead:
                points = [point for point in points if point[1] < begin]
        times = [timestamp for _, timestamp, _ in points]
        if any(map(ge, times, times[1:])):  # the check is fast, and the points are usually sorted
            points.sort(key=by_time)
        return points

    def _count(self) -> int:
        """Return the number of pieces to read now."""
        assert self._unread is not None
        # As many as are held back; otherwise the held points would be merged again at each read.
        wanted = max(self._at_once, len(self._ahead))
        if self._rest is not None:
            wanted = min(wanted, self._offset + self._rest)
        settled, open_ends = 0, list[tuple[int, int]]()
        for number, piece in enumerate(self._unread):
            while open_ends and open_ends[0][0] < piece.low:
                settled += heappop(open_ends)[1]
            if settled >= wanted:
                return number
            heappush(open_ends, (piece.high, piece.count))
        return len(self._unread)


def in_time(tx: Tx, run_seq: int, key: str, offset: int = 0, limit: int | None = None) -> Iterator[list[Point]]:
    """Yield points by (timestamp, step, value) in one transaction."""
    series = InTime(run_seq, key, offset, limit)
    while points := series.read(tx):
        yield points


def all_in_time(tx: Tx, run_seq: int, key: str, limit: int) -> Sequence[Point]:
    """Return the first `limit` points by (timestamp, step, value)."""
    return [point for part in in_time(tx, run_seq, key, 0, limit) for point in part]


def sample(
    tx: Tx, run_seq: int, key: str, most: int, start_step: int | None = None, end_step: int | None = None
) -> list[Point]:
    """Return at most `most` points of the steps from `start_step` to `end_step`, evenly spaced by (step, timestamp, value)."""
    low = -(2**63) if start_step is None else start_step
    high = 2**63 - 1 if end_step is None else end_step
    parts: list[tuple[int, _Cluster, list[Point] | None]] = []
    for cluster in _clusters(_pieces(tx, run_seq, key, "step")[0]):
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
            (packed,) = _packed(tx, cluster.pieces)
            taken.extend(POINT.unpack_from(packed, place * POINT_BYTES) for place in wanted)
    return taken


def _pieces(tx: Tx, run_seq: int, key: str, by: str) -> tuple[list[_Piece], bool]:
    """Return the pieces ordered by step or timestamp, and whether there is a tail, even an empty one."""
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
    pieces.sort(key=_by_place)
    return pieces, tail is not None


def _by_place(piece: _Piece) -> tuple[int, int]:
    return piece.low, piece.high


def _clusters(pieces: Sequence[_Piece]) -> list[_Cluster]:
    """Group the pieces that overlap."""
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
    for packed in _packed(tx, cluster.pieces):
        points.extend(unpack(packed))
    return points


def _packed(tx: Tx, pieces: Sequence[_Piece]) -> list[bytes]:
    """Return the packed points of each piece.  Raise _Merged."""
    chunks = [piece.chunk_id for piece in pieces if piece.packed is None]
    found: dict[int | None, bytes] = {}
    if chunks:
        found = dict(
            tx.all(
                "SELECT chunk_id, points FROM metric_chunks WHERE workspace_id = :ws AND chunk_id IN :chunks",
                chunks=chunks,
            )
        )
    if len(found) < len(chunks):
        raise _Merged
    return [found[piece.chunk_id] if piece.packed is None else piece.packed for piece in pieces]
