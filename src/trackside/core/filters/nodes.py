"""What a filter and an order are, as data.  Knows neither the text they come from nor the tables they are asked of."""

from enum import StrEnum
from typing import Union

from msgspec import Struct

Scalar = str | int | float


class Entity(StrEnum):
    """What a field belongs to.  The values are MLflow's words, for messages."""

    METRIC = "metric"
    PARAM = "parameter"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    DATASET = "dataset"
    METADATA = "request_metadata"  # of a trace, as what follows
    SPAN = "span"
    FEEDBACK = "feedback"
    EXPECTATION = "expectation"
    ISSUE = "issue"


class Aggregate(StrEnum):
    """Which value stands for a metric's points.  COUNT counts all of them, NaN too; MIN, MAX and MEAN pass over NaN."""

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
    CONTAINS = "CONTAINS"  # a text is found as it is, without wildcards, in any case as of ILIKE
    NOT_CONTAINS = "NOT CONTAINS"
    RLIKE = "RLIKE"  # a regular expression is found; only searches of traces have it
    IN = "IN"
    NOT_IN = "NOT IN"
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT BETWEEN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


# These hold for every value that the operator without its NOT refuses: for NaN too, and never where there is no value.
NEGATIVE = frozenset(operator for operator in Operator if operator.startswith("NOT ")) | {Operator.NE}


class Field(Struct, frozen=True):
    """One value of the thing that is searched: an attribute, or what is logged under a key."""

    entity: Entity
    key: str
    aggregate: Aggregate = Aggregate.LAST
    is_number: bool = False  # of a param or tag: the number that its text says


class Comparison(Struct, frozen=True):
    """A test of one field.  Without a value it is false, but for IS NULL.  `values` are all text or all numbers."""

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
    """True where the part is false: two values, not SQL's three."""

    part: "Filter"


Filter = Union[Comparison, And, Or, Not]  # noqa: UP007 `|` does not take the names in quotes that the recursion needs


class Order(Struct, frozen=True):
    """Values first, then NaN, then what has no value: in both directions."""

    field: Field
    ascending: bool = True
