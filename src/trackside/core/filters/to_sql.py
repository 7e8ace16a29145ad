"""Translates filters to SQL for SQLite and PostgreSQL.  A search passes the `Place` of each field.

Requirements: on SQLite `PRAGMA case_sensitive_like = ON` and, for params compared as numbers, the JSON functions
(`core/db/sqlite` checks them); on PostgreSQL text that compares by its bytes (`COLLATE "C"`).  ILIKE ignores the case of ASCII
letters only, like `lower` in both databases.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct

from trackside.core.filters.nodes import NEGATIVE, And, Comparison, Field, Filter, Not, Operator, Or
from trackside.core.filters.patterns import fold

Dialect = Literal["sqlite", "postgresql"]


class Query(Struct, frozen=True):
    """A statement and its values for `Tx.all`, which adds `:ws` and `:now`."""

    sql: str
    params: dict[str, Any]


class Place(Struct, frozen=True):
    """The place of a field's value.  `rows` is the `FROM ...  WHERE ...` that finds it in another table; without it the searched
    row has the value itself.

    With `link`, a column of the searched row and the column of `rows` that equals it, `rows` are read once for all searched rows.
    `number` is the value of a text as a number, NULL if it is none; `nan` is true where the value stands for NaN."""

    value: str
    rows: str | None = None
    number: str | None = None
    nan: str | None = None
    is_nullable: bool = False
    link: tuple[str, str] | None = None

    def has_row(self, condition: str = "") -> str:
        """Return the condition that `rows` has a row which satisfies `condition`."""
        if self.link is None:
            return f"EXISTS (SELECT 1 {self.rows}{condition})"
        column, its = self.link
        return f"{column} IN (SELECT {its} {self.rows}{condition})"


class Binder:
    """Names of parameters in a fixed order, so that equal queries have equal texts."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def __call__(self, value: Any) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"


def where(tree: Filter, places: Callable[[Field], Place], bind: Binder, dialect: Dialect) -> str:
    """Return a condition that is true or false for each row, never NULL, so that NOT can negate it."""
    match tree:
        case And(parts):
            return " AND ".join(_grouped(part, places, bind, dialect) for part in parts)
        case Or(parts):
            return " OR ".join(_grouped(part, places, bind, dialect) for part in parts)
        case Not(part):
            return f"NOT ({where(part, places, bind, dialect)})"
        case Comparison(field, operator):
            place = places(field)
    if place.rows is not None:
        if operator is Operator.IS_NULL:
            return f"NOT ({place.has_row()})"
        if operator is Operator.IS_NOT_NULL:
            return place.has_row()
        return place.has_row(f" AND {holds(tree, place, bind, dialect)}")
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return f"{place.value} {operator}"
    condition = holds(tree, place, bind, dialect)
    return f"({place.value} IS NOT NULL AND {condition})" if place.is_nullable else condition


def holds(comparison: Comparison, place: Place, bind: Binder, dialect: Dialect) -> str:
    """Return the condition on a value; it is false or NULL where the value is missing."""
    value = place.number if comparison.is_numeric and place.number is not None else place.value
    condition = _condition(value, comparison, bind, dialect)
    if place.nan is None:
        return condition
    if comparison.operator in NEGATIVE:
        return f"({condition} OR {place.nan})"
    return f"({condition} AND NOT {place.nan})"


def among(column: str, values: Sequence[int] | Sequence[str], bind: Binder) -> str:
    """Return the condition that a column has one of the values."""
    return f"{column} = {bind(values[0])}" if len(values) == 1 else f"{column} IN {bind(list(values))}"


def number(text: str, dialect: Dialect) -> str:
    """Return the expression for the number in a text, NULL if it has none.  A number is a JSON number; PostgreSQL, where a cast
    out of range fails, accepts those up to about 1e300."""
    if dialect == "sqlite":
        kind = f"json_type({text}) IN ('integer', 'real')"
        return f"CASE WHEN json_valid({text}) THEN CASE WHEN {kind} THEN CAST({text} AS REAL) END END"
    return f"CASE WHEN {text} ~ '{_NUMBER}' THEN CAST({text} AS DOUBLE PRECISION) END"


_NUMBER = (
    r"^[ \t\n\r]*-?"
    r"((0|[1-9]\d{0,99})(\.\d{1,100})?|(0|[1-9]\d{0,7})(\.\d{1,20})?[eE][+-]?0{0,3}[12]?\d{1,2})"
    r"[ \t\n\r]*$"
)


def _condition(value: str, comparison: Comparison, bind: Binder, dialect: Dialect) -> str:
    operator = comparison.operator
    match operator:
        case Operator.IN | Operator.NOT_IN:
            # Long lists become JSON, which has no infinity; no stored value is infinite.
            listed = [one for one in comparison.values if one not in (math.inf, -math.inf)]
            if listed:
                return f"{value} {operator} {bind(listed)}"
            return f"{value} {'=' if operator is Operator.IN else '<>'} {bind(math.inf)}"
        case Operator.BETWEEN | Operator.NOT_BETWEEN:
            low, high = map(bind, comparison.values)
            return f"{value} {operator} {low} AND {high}"
    if operator in (Operator.CONTAINS, Operator.NOT_CONTAINS):
        place = "strpos" if dialect == "postgresql" else "instr"
        part = bind(fold(str(comparison.values[0])))
        return f"{place}(lower({value}), {part}) {'>' if operator is Operator.CONTAINS else '='} 0"
    wanted = bind(comparison.values[0])
    if operator in (Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE):
        if dialect == "postgresql":
            return f"{value} {operator} {wanted} ESCAPE ''"
        if operator in (Operator.ILIKE, Operator.NOT_ILIKE):
            return f"lower({value}) {operator.replace('ILIKE', 'LIKE')} lower({wanted})"
    return f"{value} {operator} {wanted}"


def _grouped(part: Filter, places: Callable[[Field], Place], bind: Binder, dialect: Dialect) -> str:
    sql = where(part, places, bind, dialect)
    return f"({sql})" if isinstance(part, And | Or) else sql
