"""Divides what is said of an item, so that no transaction holds the writer for long.  Pure: writes nothing.

Portions are applied in order, each in its own transaction.  Whatever is applied twice is one, so a caller who got an error
half-way sends the whole again.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

from trackside.metrics.series import POINT_BYTES
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import LATE, Entity
from trackside.sync.fields import Field, FieldKind

T = TypeVar("T")
MOST_FIELDS = 5000  # of one transaction, of runs and logged models
MOST_SINGLE_FIELDS = 500  # of others, whose tags are written one by one
FIELDS_OF_SERIES = 1  # a series costs as much as a field
POINTS_PER_FIELD = 10  # and so many of its points as another one
_LAST = LATE | {FieldKind.CREATION_TIME, FieldKind.LAST_UPDATE_TIME, FieldKind.UPDATED, FieldKind.LAST_VERSION}


def batched(
    items: Iterable[T], cost: Callable[[T], int], most: int, most_items: int | None = None
) -> Iterator[list[T]]:
    """Yield batches of at most `most_items` that cost at most `most` together.  An item that costs more is a batch alone."""
    batch: list[T] = []
    taken = 0
    for item in items:
        more = cost(item)
        if batch and (taken + more > most or len(batch) == most_items):
            yield batch
            batch, taken = [], 0
        batch.append(item)
        taken += more
    if batch:
        yield batch


def of_patch(patch: Patch, most: int = MOST_FIELDS) -> list[Patch]:
    """At least one.  What an item is made with comes first; what ends it, and its times, come last."""
    if len(patch.put) + len(patch.drop) <= most:
        return [patch]
    first: list[tuple[Field, str | None]] = []
    middle: list[tuple[Field, str | None]] = []
    last: list[tuple[Field, str | None]] = []
    for field, value in patch.put.items():
        kind, key = field
        (last if kind in _LAST else middle if key else first).append((field, value))
    for field in patch.drop:
        (last if field.kind in _LAST else middle).append((field, None))
    every = [*first, *middle, *last]
    # Fields without a key are few, of all kinds together: they are not parted from one another.
    bounds = [0, *range(max(most, len(first)), len(every) - len(last), most), len(every) - len(last), len(every)]
    return [_patch(every[start:end]) for start, end in pairwise(bounds) if end > start]


def of_item(entity: Entity, patch: Patch) -> list[Patch]:
    return of_patch(patch, MOST_FIELDS if entity in (Entity.RUN, Entity.LOGGED_MODEL) else MOST_SINGLE_FIELDS)


def of_series(series: dict[str, bytes], most: int = MOST_FIELDS) -> Iterator[dict[str, bytes]]:
    """Packed points by series, as many as cost what `most` fields do; none for no series."""
    at_once = max(1, (most - FIELDS_OF_SERIES) * POINTS_PER_FIELD) * POINT_BYTES
    pieces = (
        (key, packed[start : start + at_once])
        for key, packed in series.items()
        for start in range(0, max(1, len(packed)), at_once)
    )
    # No two pieces of a series are in one portion: all but the last of a series fill one.
    return map(dict, batched(pieces, lambda piece: cost_of_series(dict([piece])), most))


def cost_of_patch(patch: Patch) -> int:
    return len(patch.put) + len(patch.drop)


def cost_of_series(series: dict[str, bytes]) -> int:
    """In fields."""
    points = sum(map(len, series.values())) // POINT_BYTES
    return len(series) * FIELDS_OF_SERIES + -(-points // POINTS_PER_FIELD)


def _patch(said: Iterable[tuple[Field, str | None]]) -> Patch:
    put: Doc = {}
    drop: list[Field] = []
    for field, value in said:
        if value is None:
            drop.append(field)
        else:
            put[field] = value
    return Patch(put, drop)
