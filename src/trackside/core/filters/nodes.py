"""Filters and orders as data, independent of their text and of tables."""

from enum import StrEnum
from typing import Union

from msgspec import Struct

Scalar = str | int | float


class Entity(StrEnum):
    """The kind of object that a field belongs to.  The values are MLflow's terms, for messages."""

    METRIC = "metric"
    PARAM = "parameter"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    DATASET = "dataset"
    METADATA = "request_metadata"  # of a trace, like the following
    SPAN = "span"
    FEEDBACK = "feedback"
    EXPECTATION = "expectation"
    ISSUE = "issue"


class Aggregate(StrEnum):
    """The value of a metric's points that a filter uses.  COUNT counts all points, also NaN; MIN, MAX and MEAN ignore NaN."""

    LAST = "last"
    FIRST = "first"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    COUNT = "count"


class Operator(StrEnum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    NOT_LIKE = "NOT LIKE"
    ILIKE = "ILIKE"
    NOT_ILIKE = "NOT ILIKE"
    CONTAINS = "CONTAINS"  # a substring, without wildcards; case as in ILIKE
    NOT_CONTAINS = "NOT CONTAINS"
    RLIKE = "RLIKE"  # a regular expression; only searches of traces have it
    IN = "IN"
    NOT_IN = "NOT IN"
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT BETWEEN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


# True for each value for which the operator without NOT is false, including NaN, and false for a missing value.
NEGATIVE = frozenset(operator for operator in Operator if operator.startswith("NOT ")) | {Operator.NE}


class Field(Struct, frozen=True):
    """A value of the searched object: an attribute, or a value logged under a key."""

    entity: Entity
    key: str
    aggregate: Aggregate = Aggregate.LAST
    is_number: bool = False  # of a param or tag: the number in its text


class Comparison(Struct, frozen=True):
    """A test of one field.  Without a value it is false, except for IS NULL.  `values` are all text or all numbers."""

    field: Field
    operator: Operator
    values: tuple[Scalar, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return bool(self.values) and not isinstance(self.values[0], str)


class And(Struct, frozen=True):
    parts: tuple["Filter", ...]


class Or(Struct, frozen=True):
    parts: tuple["Filter", ...]


class Not(Struct, frozen=True):
    """True where the part is false, in two-valued logic instead of SQL's three-valued."""

    part: "Filter"


Filter = Union[Comparison, And, Or, Not]  # noqa: UP007 `|` does not take the names in quotes that the recursion needs


class Order(Struct, frozen=True):
    """An order by one field: values first, then NaN, then missing values, in both directions."""

    field: Field
    ascending: bool = True
