"""Aggregates points into buckets on a grid, with numpy.  Pure: packed points in, columns out.

A bucket has the last value, minimum, maximum, mean and number of points.  NaN and infinities (stored as the largest doubles) are
counted separately and do not affect minimum, maximum and mean.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from trackside.metrics.columns import Columns, Odd
from trackside.metrics.series import DOUBLE_MAX

POINTS = np.dtype([("step", "<i8"), ("time", "<i8"), ("value", "<f8")])

Array = np.ndarray[Any, Any]


class Grid(Struct, frozen=True):
    """`count` buckets; bucket i has `start + i * width <= x < start + (i + 1) * width`."""

    start: int | float
    width: int | float
    count: int


def unpacked(packed: bytes) -> Array:
    """Return a view of the points, without copying them."""
    points: Array = np.frombuffer(packed, dtype=POINTS)
    return points


def whole_grid(low: int, high: int, most: int) -> Grid:
    """Return a grid of at most `most` buckets with an integer width over the integers from `low` to `high`."""
    span = high - low + 1
    width = max(1, -(-span // most))
    return Grid(low, width, -(-span // width))


def real_grid(low: float, high: float, most: int) -> Grid:
    width = (high / most - low / most) or 1.0
    return Grid(low, width, most)


def ordered(points: Array, by: str) -> Array:
    """Return the points by step or time, then by the other, then by value with a NaN as 0 after a true 0."""
    first = points[by]
    if len(points) < 2 or bool((first[1:] > first[:-1]).all()):
        return points
    values = points["value"]
    is_nan = np.isnan(values)
    second = points["time" if by == "step" else "step"]
    places: Array = np.lexsort((is_nan, np.where(is_nan, 0.0, values), second, first))
    in_order: Array = points[places]
    return in_order


def last_of_steps(points: Array) -> tuple[Array, Array]:
    """Return the distinct steps in order, and the last value of each."""
    points = ordered(points, "step")
    steps = points["step"]
    is_last: Array = np.append(steps[1:] != steps[:-1], True) if len(steps) else np.zeros(0, bool)
    return steps[is_last], points["value"][is_last]


def matched(points: Array, steps: Array, values: Array) -> tuple[Array, Array]:
    """Return the points whose step is among `steps` with a finite value there, and those values."""
    if not len(steps) or not len(points):
        return points[:0], values[:0]
    asked = np.ascontiguousarray(points["step"])
    first = int(np.searchsorted(steps, asked[0]))
    same = slice(first, first + len(asked))
    if np.array_equal(steps[same], asked):  # both metrics were logged at the same steps, which is usual: no search
        found = values[same]
        fits = _finite(found)
        return (points, found) if bool(fits.all()) else (points[fits], found[fits])
    at = np.minimum(np.searchsorted(steps, asked), len(steps) - 1)
    found = values[at]
    fits = (steps[at] == asked) & _finite(found)
    return points[fits], found[fits]


def between(x: Array, low: int, high: int) -> slice:
    """Return the slice of ordered values in the range."""
    return slice(int(np.searchsorted(x, low, "left")), int(np.searchsorted(x, high, "right")))


def inside(x: Array, low: float | None, high: float | None) -> Array:
    """Return the mask of values in the range."""
    fits: Array = np.ones(len(x), bool)
    if low is not None:
        fits &= x >= low
    if high is not None:
        fits &= x <= high
    return fits


class Buckets:
    """The buckets of one series; points are added in blocks of any order."""

    def __init__(self, grid: Grid) -> None:
        n = grid.count
        self._grid = grid
        self._is_whole = isinstance(grid.width, int)
        self._x: Array = np.zeros(n, np.int64 if self._is_whole else np.float64)
        self._first: Array = np.zeros(n, np.int64)
        self._second: Array = np.zeros(n, np.int64)
        self._last: Array = np.zeros(n)
        self._min: Array = np.full(n, np.inf)
        self._max: Array = np.full(n, -np.inf)
        self._sum: Array = np.zeros(n)
        self._finite: Array = np.zeros(n, np.int64)
        self._count: Array = np.zeros(n, np.int64)
        self._nan: Array = np.zeros(n, np.int64)
        self._inf: Array = np.zeros(n, np.int64)
        self._minus_inf: Array = np.zeros(n, np.int64)

    def add(self, points: Array, x: Array, first: Array, second: Array) -> None:
        """Add points at positions `x` on the grid, sorted by (first, second, value), which determines the last point of a
        bucket."""
        if not len(points):
            return
        values = np.ascontiguousarray(points["value"])
        at = self._places(x)
        order: Array | None = None
        if not bool((at[1:] >= at[:-1]).all()):
            order = np.argsort(at.astype(np.uint16), kind="stable")  # a radix sort
            at, values = at[order], values[order]
        starts = np.flatnonzero(np.append(True, at[1:] != at[:-1]))
        ends: Array = np.append(starts[1:], len(at))
        into = at[starts]
        last: Array = ends - 1
        given = last if order is None else order[last]  # the input indexes of the last points
        self._take_last(into, x[given], first[given], second[given], values[last])
        self._count[into] += ends - starts
        finite = _finite(values)
        if finite.all():
            low = high = kept = values
            self._finite[into] += ends - starts
        else:
            low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
            kept = np.where(finite, values, 0.0)
            self._finite[into] += np.add.reduceat(finite.astype(np.int64), starts)
            self._nan[into] += np.add.reduceat(np.isnan(values).astype(np.int64), starts)
            self._inf[into] += np.add.reduceat((values >= DOUBLE_MAX).astype(np.int64), starts)
            self._minus_inf[into] += np.add.reduceat((values <= -DOUBLE_MAX).astype(np.int64), starts)
        self._min[into] = np.minimum(self._min[into], np.minimum.reduceat(low, starts))
        self._max[into] = np.maximum(self._max[into], np.maximum.reduceat(high, starts))
        with np.errstate(over="ignore"):
            self._sum[into] += np.add.reduceat(kept, starts)

    def columns(self) -> Columns:
        at = np.flatnonzero(self._count)
        has_value = self._finite[at] > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.clip(self._sum[at] / self._finite[at], -DOUBLE_MAX, DOUBLE_MAX)
        last = self._last[at]
        return Columns(
            bucket=at.tolist(),
            x=self._x[at].tolist(),
            last=_or_none(last, _finite(last)),
            min=_or_none(self._min[at], has_value),
            max=_or_none(self._max[at], has_value),
            mean=_or_none(mean, has_value),
            count=self._count[at].tolist(),
            odd=self._odd(at),
        )

    def _places(self, x: Array) -> Array:
        grid = self._grid
        if self._is_whole and grid.width >= 2**64:
            return np.zeros(len(x), np.int64)
        if self._is_whole:
            # The difference of two int64 may need a 64th bit: compute it unsigned.
            offset = x.astype(np.uint64) - np.uint64(int(grid.start) % 2**64)
            places: Array = (offset // np.uint64(grid.width)).astype(np.int64)
        else:
            places = np.clip(np.floor((x - grid.start) / grid.width), 0, grid.count - 1).astype(np.int64)
        return places

    def _take_last(self, into: Array, x: Array, first: Array, second: Array, values: Array) -> None:
        old_first, old_second, old = self._first[into], self._second[into], self._last[into]
        rank, old_rank = np.nan_to_num(values, nan=0.0), np.nan_to_num(old, nan=0.0)
        is_greater = (rank > old_rank) | ((rank == old_rank) & np.isnan(values))
        is_newer = (first > old_first) | (
            (first == old_first) & ((second > old_second) | ((second == old_second) & is_greater))
        )
        is_newer |= self._count[into] == 0
        taken = into[is_newer]
        self._x[taken], self._last[taken] = x[is_newer], values[is_newer]
        self._first[taken], self._second[taken] = first[is_newer], second[is_newer]

    def _odd(self, at: Array) -> Odd:
        is_odd = self._finite[at] < self._count[at]
        odd = at[is_odd]
        return Odd(
            bucket=odd.tolist(),
            last=[_word(value) for value in self._last[odd].tolist()],
            nan=self._nan[odd].tolist(),
            inf=self._inf[odd].tolist(),
            minus_inf=self._minus_inf[odd].tolist(),
        )


def real_column(values: Array) -> tuple[list[float | None], Odd]:
    """Return the finite values with None for others, and the others by index."""
    finite = _finite(values)
    odd = np.flatnonzero(~finite)
    words = [_word(value) for value in values[odd].tolist()]
    return _or_none(values, finite), Odd(
        bucket=odd.tolist(),
        last=words,
        nan=[int(word == "NaN") for word in words],
        inf=[int(word == "Infinity") for word in words],
        minus_inf=[int(word == "-Infinity") for word in words],
    )


def joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, POINTS)


def _finite(values: Array) -> Array:
    found: Array = np.abs(values) < DOUBLE_MAX  # false for NaN
    return found


def _or_none(values: Array, fits: Array) -> list[float | None]:
    found: list[float | None] = values.tolist()
    for place in np.flatnonzero(~fits).tolist():
        found[place] = None
    return found


def _word(value: float) -> str | None:
    if value != value:
        return "NaN"
    if value >= DOUBLE_MAX:
        return "Infinity"
    return "-Infinity" if value <= -DOUBLE_MAX else None
