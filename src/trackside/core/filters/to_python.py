"""Evaluates filters and orders on plain data: the reference for tests of the SQL, and for searches of few objects."""

import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from msgspec import Struct

from trackside.core.filters.nodes import (
    NEGATIVE,
    Aggregate,
    And,
    Comparison,
    Entity,
    Field,
    Filter,
    Not,
    Operator,
    Or,
    Order,
    Scalar,
)
from trackside.core.filters.patterns import fold, like


class Record(Struct, frozen=True):
    """The values of one object.  A metric has the values of its aggregates."""

    attributes: Mapping[str, Scalar | None]
    params: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}
    metrics: Mapping[str, Mapping[Aggregate, float]] = {}
    datasets: Sequence[Mapping[str, str]] = ()


def matches(tree: Filter | None, record: Record) -> bool:
    match tree:
        case None:
            return True
        case And(parts):
            return all(matches(part, record) for part in parts)
        case Or(parts):
            return any(matches(part, record) for part in parts)
        case Not(part):
            return not matches(part, record)
        case Comparison():
            return _compare(tree, record)


def ordered(records: Iterable[Record], orders: Sequence[Order]) -> list[Record]:
    """Return the records sorted by the orders; the sort is stable."""

    def compare(a: Record, b: Record) -> int:
        for order in orders:
            (rank_a, value_a), (rank_b, value_b) = _ranked(order.field, a), _ranked(order.field, b)
            if rank_a != rank_b:
                return rank_a - rank_b
            if rank_a == 0 and value_a != value_b:
                return 1 if (value_a > value_b) == order.ascending else -1
        return 0

    return sorted(records, key=cmp_to_key(compare))


def number(text: str) -> float | None:
    """Return the number in a text: a JSON number, with optional surrounding spaces."""
    return float(text) if _NUMBER.fullmatch(text) else None


_NUMBER = re.compile(r"[ \t\n\r]*-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?[ \t\n\r]*")

_SIGNS = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def _compare(comparison: Comparison, record: Record) -> bool:
    if comparison.field.entity is Entity.DATASET:
        values: Iterable[Scalar | None] = [dataset.get(comparison.field.key) for dataset in record.datasets]
        return any(value is not None and _holds(comparison, value) for value in values)
    value = _value(comparison.field, record)
    if comparison.operator is Operator.IS_NULL:
        return value is None
    if comparison.operator is Operator.IS_NOT_NULL:
        return value is not None
    if comparison.is_numeric and isinstance(value, str):
        value = number(value)
    return value is not None and _holds(comparison, value)


def _holds(comparison: Comparison, value: Any) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return comparison.operator in NEGATIVE
    wanted: Any = comparison.values
    match comparison.operator:
        case Operator.IN:
            return value in wanted
        case Operator.NOT_IN:
            return value not in wanted
        case Operator.BETWEEN:
            return bool(wanted[0] <= value <= wanted[1])
        case Operator.NOT_BETWEEN:
            return not wanted[0] <= value <= wanted[1]
        case Operator.LIKE:
            return like(value, wanted[0])
        case Operator.NOT_LIKE:
            return not like(value, wanted[0])
        case Operator.ILIKE:
            return like(fold(value), fold(wanted[0]))
        case Operator.NOT_ILIKE:
            return not like(fold(value), fold(wanted[0]))
        case Operator.CONTAINS:
            return fold(wanted[0]) in fold(value)
        case Operator.NOT_CONTAINS:
            return fold(wanted[0]) not in fold(value)
        case sign:
            return bool(_SIGNS[sign](value, wanted[0]))


def _value(field: Field, record: Record) -> Any:
    match field.entity:
        case Entity.METRIC:
            return record.metrics.get(field.key, {}).get(field.aggregate)
        case Entity.PARAM:
            return record.params.get(field.key)
        case Entity.TAG:
            return record.tags.get(field.key)
        case _:
            return record.attributes.get(field.key)


def _ranked(field: Field, record: Record) -> tuple[int, Any]:
    value = _value(field, record)
    if value is None:
        return 2, None
    if field.is_number:
        value = number(value)
        if value is None:
            return 1, None
    if isinstance(value, float) and math.isnan(value):
        return 1, None
    return 0, value
