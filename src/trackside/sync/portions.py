"""Divides changes of an item into portions, so that no transaction holds the writer for long.  Pure.

Portions are applied in order, each in its own transaction.  They are idempotent, so a caller sends everything again after an
error.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

from trackside.metrics.series import POINT_BYTES
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import LATE, Entity
from trackside.sync.fields import Field, FieldKind

T = TypeVar("T")
MOST_FIELDS = 5000  # in one transaction, of runs and logged models
MOST_SINGLE_FIELDS = 500  # of other items, whose tags are written one by one
FIELDS_OF_SERIES = 1  # a series costs as much as this number of fields
POINTS_PER_FIELD = 10  # and this many of its points as one more field
_LAST = LATE | {FieldKind.CREATION_TIME, FieldKind.LAST_UPDATE_TIME, FieldKind.UPDATED, FieldKind.LAST_VERSION}


def batched(
    items: Iterable[T], cost: Callable[[T], int], most: int, most_items: int | None = None
) -> Iterator[list[T]]:
    """Yield batches of at most `most_items` items with a total cost of at most `most`.  A more expensive item is a batch
    alone."""
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
    """Return the portions of a patch, at least one.  Fields of the creation come first; fields of the completion, and times, come
    last."""
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
    # Fields without a key are few: those of all kinds stay together.
    bounds = [0, *range(max(most, len(first)), len(every) - len(last), most), len(every) - len(last), len(every)]
    return [_patch(every[start:end]) for start, end in pairwise(bounds) if end > start]


def of_item(entity: Entity, patch: Patch) -> list[Patch]:
    return of_patch(patch, MOST_FIELDS if entity in (Entity.RUN, Entity.LOGGED_MODEL) else MOST_SINGLE_FIELDS)


def of_series(series: dict[str, bytes], most: int = MOST_FIELDS) -> Iterator[dict[str, bytes]]:
    """Yield packed points by series, each portion with the cost of at most `most` fields; nothing for no series."""
    at_once = max(1, (most - FIELDS_OF_SERIES) * POINTS_PER_FIELD) * POINT_BYTES
    pieces = (
        (key, packed[start : start + at_once])
        for key, packed in series.items()
        for start in range(0, max(1, len(packed)), at_once)
    )
    # No portion has two pieces of a series: each piece except the last fills a portion.
    return map(dict, batched(pieces, lambda piece: cost_of_series(dict([piece])), most))


def cost_of_patch(patch: Patch) -> int:
    return len(patch.put) + len(patch.drop)


def cost_of_series(series: dict[str, bytes]) -> int:
    """Return the cost in fields."""
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
