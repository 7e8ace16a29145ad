"""A series: the packed points of one metric of one run, and their summary.  Pure.

A point is 24 bytes, little-endian: step (int64), timestamp in ms (int64), value (double).  Points are a set: a point that is
logged twice is stored once.  A NaN compares as 0, as in MLflow.
"""

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import ne

from msgspec import Struct

POINT = struct.Struct("<qqd")
POINT_BYTES = POINT.size
TAIL_POINTS = 64  # points of the tail, which is rewritten at each write
CHUNK_POINTS = 1024  # small chunks with this many points in all are merged into one
DOUBLE_MAX = 1.7976931348623157e308

Point = tuple[int, int, float]  # step, timestamp (ms), value
_NAN = float("nan")


def canonical(value: float) -> float:
    """Return the stored form of a value: one NaN, one zero, and the largest double instead of infinity, as in MLflow."""
    if value != value:
        return _NAN
    if value in (math.inf, -math.inf):
        return math.copysign(DOUBLE_MAX, value)
    return value + 0.0


def pack(points: Sequence[Point]) -> bytes:
    return struct.pack("<" + "qqd" * len(points), *chain.from_iterable(points))


def unpack(packed: bytes) -> Iterator[Point]:
    return POINT.iter_unpack(packed)


def columns(packed: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the steps and the timestamps of packed points, without a tuple for each point."""
    words = struct.unpack(f"<{len(packed) // 8}q", packed)
    return words[::3], words[1::3]


def contains(packed: bytes | bytearray, point: bytes) -> bool:
    at = packed.find(point)
    while at >= 0 and at % POINT_BYTES:
        at = packed.find(point, at + 1)
    return at >= 0


class Series(Struct, gc=False):  # a server caches tens of thousands, without references to each other
    """The summary and the tail of a series, in the form that the writer uses to add points.

    `stored` returns whether a packed point with a step is in a stored chunk.  It is called only if the summary cannot decide
    whether a point is new."""

    key: str
    dirty: bool = False
    tail: bytearray = bytearray()
    tail_is_stored: bool = False  # unchanged; also an empty one
    chunks: tuple[bytes, ...] = ()  # full chunks that are not stored yet
    last_value: float = 0.0
    last_is_nan: int = 0
    last_step: int = 0
    last_timestamp: int = 0
    first_value: float = 0.0
    first_is_nan: int = 0
    first_step: int = 0
    first_timestamp: int = 0
    min_value: float | None = None
    max_value: float | None = None
    sum_value: float = 0.0
    value_count: int = 0
    point_count: int = 0
    nan_count: int = 0
    max_step: int = 0
    max_timestamp: int = 0
    small_points: int = 0  # points in stored chunks that are to be merged

    def add(self, points: Sequence[Point], stored: Callable[[int, bytes], bool]) -> None:
        """Add canonical points; existing ones change nothing."""
        if len(points) > 1 and self._add_block(points):
            return
        for point in points:
            self._add_one(point, stored)

    def _add_one(self, point: Point, stored: Callable[[int, bytes], bool]) -> None:
        step, timestamp, value = point
        packed = POINT.pack(step, timestamp, value)
        if self.point_count and step <= self.max_step and timestamp <= self.max_timestamp:
            if contains(self.tail, packed) or any(contains(chunk, packed) for chunk in self.chunks):
                return
            if self.point_count * POINT_BYTES > len(self.tail) and stored(step, packed):
                return
        is_nan = value != value
        rank = 0.0 if is_nan else value
        if not self.point_count:
            self._set_last(step, timestamp, rank, is_nan)
            self._set_first(step, timestamp, rank, is_nan)
            self.max_step, self.max_timestamp = step, timestamp
        else:
            if step > self.last_step or (step, timestamp, rank) > (
                self.last_step,
                self.last_timestamp,
                self.last_value,
            ):
                self._set_last(step, timestamp, rank, is_nan)
            if (step, timestamp, rank) < (self.first_step, self.first_timestamp, self.first_value):
                self._set_first(step, timestamp, rank, is_nan)
            if step > self.max_step:
                self.max_step = step
            if timestamp > self.max_timestamp:
                self.max_timestamp = timestamp
        if is_nan:
            self.nan_count += 1
        else:
            self.value_count += 1
            self.sum_value = _finite(self.sum_value + value)
            if self.min_value is None or value < self.min_value:
                self.min_value = value
            if self.max_value is None or value > self.max_value:
                self.max_value = value
        self.point_count += 1
        self.dirty = True
        self.tail += packed
        self.tail_is_stored = False
        if len(self.tail) >= TAIL_POINTS * POINT_BYTES:
            self.chunks += (bytes(self.tail),)
            self.tail = bytearray()

    def _add_block(self, points: Sequence[Point]) -> bool:
        """Add many points at once if all are known to be new and none is NaN.  Return whether they were added."""
        steps, timestamps, values = zip(*points, strict=True)
        total = sum(values)
        low_step, high_step = min(steps), max(steps)
        low_time, high_time = min(timestamps), max(timestamps)
        if total != total or len(set(steps)) != len(steps):
            return False
        if self.point_count and low_step <= self.max_step and low_time <= self.max_timestamp:
            return False
        at = steps.index(high_step)
        last = (high_step, timestamps[at], values[at])
        at = steps.index(low_step)
        first = (low_step, timestamps[at], values[at])
        low, high = min(values), max(values)
        if not self.point_count:
            self._set_last(*last, False)
            self._set_first(*first, False)
            self.max_step, self.max_timestamp = high_step, high_time
            self.min_value, self.max_value = low, high
        else:
            if last > (self.last_step, self.last_timestamp, self.last_value):
                self._set_last(*last, False)
            if first < (self.first_step, self.first_timestamp, self.first_value):
                self._set_first(*first, False)
            self.max_step = max(self.max_step, high_step)
            self.max_timestamp = max(self.max_timestamp, high_time)
            self.min_value = low if self.min_value is None else min(self.min_value, low)
            self.max_value = high if self.max_value is None else max(self.max_value, high)
        self.value_count += len(points)
        self.point_count += len(points)
        self.sum_value = _finite(self.sum_value + total)
        self.dirty = True
        packed = pack(points)
        if len(packed) >= TAIL_POINTS * POINT_BYTES:
            self.chunks += (packed,)
        else:
            self.tail += packed
            self.tail_is_stored = False
            if len(self.tail) >= TAIL_POINTS * POINT_BYTES:
                self.chunks += (bytes(self.tail),)
                self.tail = bytearray()
        return True

    def _set_last(self, step: int, timestamp: int, rank: float, is_nan: bool) -> None:
        self.last_step, self.last_timestamp, self.last_value, self.last_is_nan = step, timestamp, rank, int(is_nan)

    def _set_first(self, step: int, timestamp: int, rank: float, is_nan: bool) -> None:
        self.first_step, self.first_timestamp, self.first_value, self.first_is_nan = step, timestamp, rank, int(is_nan)


def rank(point: Point) -> tuple[int, int, float, bool]:
    """Return the sort key of MLflow's samples: step, timestamp, value, with a NaN as 0 after a true 0."""
    step, timestamp, value = point
    return (step, timestamp, 0.0, True) if value != value else (step, timestamp, value, False)


def sort_by_rank(points: list[Point]) -> None:
    """Sort by `rank`.  Without a NaN this is the order of tuples, which needs no call per point."""
    values = [point[2] for point in points]
    points.sort(key=rank if any(map(ne, values, values)) else None)


def by_time(point: Point) -> tuple[int, int, float]:
    """Return the sort key of a history: timestamp, step, value."""
    step, timestamp, value = point
    return (timestamp, step, 0.0 if value != value else value)


def places(count: int, most: int) -> list[int]:
    """Return the indexes of a sample of at most `most` of `count` ordered points, as MLflow computes it by SQL's NTILE: the first
    of each bucket, and the last of all."""
    if count <= most:
        return list(range(count))
    size, rest = divmod(count, most)
    chosen = [bucket * size + min(bucket, rest) for bucket in range(most)]
    chosen[-1] = count - 1
    return chosen


def _finite(total: float) -> float:
    """Return a sum limited to the largest double, so that a mean stays finite."""
    return math.copysign(DOUBLE_MAX, total) if total in (math.inf, -math.inf) else total
