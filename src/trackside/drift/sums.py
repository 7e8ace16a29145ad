"""Mergeable sums of a column, from which distances and rules are computed without its rows.  Pure.

Numbers are kept as points: sorted values with counts.  Up to MOST_POINTS distinct values the points are exact.  More are
compressed to equal weights, so that the distribution function is off by at most 1 / KEPT_POINTS of the rows; the TAIL smallest
and greatest values stay exact.  Categories are kept as counts of the most frequent ones and a rest.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

Kind = Literal["numeric", "category", "other"]
Floats: TypeAlias = Any  # an array of float64
MOST_POINTS, KEPT_POINTS, TAIL = 2048, 1024, 32
MOST_LABELS = 1000
MOST_LABEL_CHARS = 200
OTHER = "(other values)"  # the rest, as a category


class Points(Struct, frozen=True):
    """A sample of numbers: distinct values in order, and how often each occurs."""

    values: Floats
    counts: Floats

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.counts))

    def moment(self, order: int) -> float:
        """Return a central moment of the population."""
        return float(np.average((self.values - self.mean) ** order, weights=self.counts))

    @property
    def cumulated(self) -> Floats:
        return np.cumsum(self.counts)

    def rows(self) -> Floats:
        return np.repeat(self.values, self.counts.astype(np.int64))

    def quantiles(self, shares: Floats) -> Floats:
        """Return linearly interpolated quantiles, as `numpy.quantile` of the rows."""
        places = (self.size - 1) * np.asarray(shares)
        low = np.floor(places)
        ends = self.cumulated
        first = self.values[np.searchsorted(ends, low, side="right")]
        second = self.values[np.searchsorted(ends, np.minimum(low + 1, self.size - 1), side="right")]
        part = places - low
        step = second - first
        return np.where(part >= 0.5, second - step * (1 - part), first + step * part)


NO_POINTS = Points(np.array([], dtype=np.float64), np.array([], dtype=np.float64))


class ColumnSums(Struct, frozen=True, kw_only=True):
    """`misfits` counts values of another type than the column's, `nulls` missing ones and NaN, `infinite` the infinities.

    `points` are of a numeric column, `labels` with their counts and `rest` of categories.  `chunks` are the sums of ten equal
    parts of a reference, in the order of its rows, for rules that need them."""

    name: str
    kind: Kind
    type: str  # an Arrow type name
    rows: int
    nulls: int = 0
    infinite: int = 0
    misfits: int = 0
    is_integer: bool = False
    points: Points = NO_POINTS
    labels: dict[str, int] = {}
    rest: int = 0
    chunks: tuple["ColumnSums", ...] = ()

    @property
    def size(self) -> int:
        """Return the number of rows with a finite value."""
        return self.points.size if self.kind == "numeric" else sum(self.labels.values()) + self.rest

    @property
    def counts(self) -> dict[str, int]:
        return {**self.labels, OTHER: self.rest} if self.rest else self.labels


class TableSums(Struct, frozen=True):
    rows: int
    columns: dict[str, ColumnSums]


def of_numbers(values: Floats) -> Points:
    """Return the exact points of finite numbers."""
    found, counts = np.unique(values, return_counts=True)
    return Points(found, counts.astype(np.float64))


def compressed(points: Points) -> Points:
    """Return the points themselves if they are few; otherwise at most KEPT_POINTS of equal weight, with exact tails."""
    if len(points.values) <= MOST_POINTS:
        return points
    middle = points.counts[TAIL:-TAIL]
    ends = np.cumsum(middle)
    group = np.minimum((ends - middle) * KEPT_POINTS // ends[-1], KEPT_POINTS - 1).astype(np.int64)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    lasts: Floats = np.append(starts[1:], len(group)) - 1  # the value of a group is its greatest one
    values = np.concatenate([points.values[:TAIL], points.values[TAIL:-TAIL][lasts], points.values[-TAIL:]])
    counts = np.concatenate([points.counts[:TAIL], np.add.reduceat(middle, starts), points.counts[-TAIL:]])
    return Points(values, counts)


def merged_points(parts: Sequence[Points]) -> Points:
    """Return the points of all parts together, not compressed."""
    full = [each for each in parts if len(each.values)]
    if len(full) <= 1:
        return full[0] if full else NO_POINTS
    values, places = np.unique(np.concatenate([each.values for each in full]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([each.counts for each in full]), minlength=len(values))
    return Points(values, counts)


def merged(parts: Sequence[ColumnSums]) -> ColumnSums:
    """Return the sums of a column from those of its parts.  A part without a value takes the kind of the others; parts of several
    kinds give a column of kind `other`."""
    kinds = {each.kind for each in parts if each.size}
    first = next((each for each in parts if each.size), parts[0])
    found = replace(
        first,
        kind=first.kind if len(kinds) <= 1 else "other",
        rows=sum(each.rows for each in parts),
        nulls=sum(each.nulls for each in parts),
        infinite=sum(each.infinite for each in parts),
        misfits=sum(each.misfits for each in parts),
        is_integer=all(each.is_integer for each in parts if each.size),
        points=NO_POINTS,
        labels={},
        rest=0,
        chunks=(),
    )
    if found.kind == "numeric":
        return replace(found, points=compressed(merged_points([each.points for each in parts])))
    if found.kind == "category":
        return with_labels(found, [(label, count) for each in parts for label, count in each.counts.items()])
    return found


def with_labels(column: ColumnSums, counted: Iterable[tuple[str, int]]) -> ColumnSums:
    """Return the column with the most frequent labels, and a rest."""
    totals: dict[str, int] = {}
    for label, count in counted:
        label = label if len(label) <= MOST_LABEL_CHARS else f"{label[:MOST_LABEL_CHARS]}…"
        totals[label] = totals.get(label, 0) + count
    rest = totals.pop(OTHER, 0)
    ordered = sorted(totals.items(), key=lambda each: (-each[1], each[0]))
    rest += sum(count for _, count in ordered[MOST_LABELS:])
    return replace(column, labels=dict(ordered[:MOST_LABELS]), rest=rest)


def merged_tables(parts: Sequence[TableSums]) -> TableSums:
    """Return the sums of several tables together.  A column that a part lacks counts only the rows of the other parts."""
    names = dict.fromkeys(name for each in parts for name in each.columns)
    columns = {name: merged([each.columns[name] for each in parts if name in each.columns]) for name in names}
    return TableSums(sum(each.rows for each in parts), columns)


class _Stored(Struct, frozen=True, array_like=True, omit_defaults=True):
    name: str
    kind: str
    type: str
    rows: int
    nulls: int
    infinite: int
    misfits: int
    is_integer: bool
    values: bytes
    counts: bytes
    labels: dict[str, int]
    rest: int
    chunks: list["_Stored"] = []


class _StoredTable(Struct, frozen=True, array_like=True):
    version: int
    rows: int
    columns: list[_Stored]


VERSION = 1


def encode(table: TableSums) -> bytes:
    stored = _StoredTable(VERSION, table.rows, [_stored(each) for each in table.columns.values()])
    return zlib.compress(msgspec.msgpack.encode(stored), 6)


def decode(data: bytes) -> TableSums:
    found = msgspec.msgpack.decode(zlib.decompress(data), type=_StoredTable)
    return TableSums(found.rows, {each.name: _loaded(each) for each in found.columns})


def _stored(column: ColumnSums) -> _Stored:
    return _Stored(
        column.name,
        column.kind,
        column.type,
        column.rows,
        column.nulls,
        column.infinite,
        column.misfits,
        column.is_integer,
        np.ascontiguousarray(column.points.values, dtype="<f8").tobytes(),
        np.ascontiguousarray(column.points.counts, dtype="<i8").tobytes(),
        column.labels,
        column.rest,
        [_stored(each) for each in column.chunks],
    )


def _loaded(stored: _Stored) -> ColumnSums:
    values = np.frombuffer(stored.values, dtype="<f8").astype(np.float64)
    counts = np.frombuffer(stored.counts, dtype="<i8").astype(np.float64)
    return ColumnSums(
        name=stored.name,
        kind=stored.kind,  # type: ignore[arg-type]  # what `_stored` wrote
        type=stored.type,
        rows=stored.rows,
        nulls=stored.nulls,
        infinite=stored.infinite,
        misfits=stored.misfits,
        is_integer=stored.is_integer,
        points=Points(values, counts),
        labels=stored.labels,
        rest=stored.rest,
        chunks=tuple(_loaded(each) for each in stored.chunks),
    )
