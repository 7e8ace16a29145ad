"""The fields of each search, their aliases, and the operators that each allows, with MLflow's terms and messages."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.nodes import Aggregate, Comparison, Entity, Field, Operator, Scalar
from trackside.core.filters.patterns import check_like, check_part


class Literal(Struct, frozen=True):
    """A literal as written, and its value; `value` is None for a bare word, which is not a valid value."""

    text: str
    value: Scalar | None


class Clause(Struct, frozen=True):
    """A comparison as written."""

    name: str
    function: str | None
    operator: str
    values: tuple[Literal, ...]


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    ID = "id"  # a whole number that is written in quotes


class Attribute(Struct, frozen=True):
    name: str
    kind: Kind = Kind.TEXT
    aliases: tuple[str, ...] = ()
    is_nullable: bool = False
    is_filterable: bool = True
    is_orderable: bool = True


class Fields(Struct, frozen=True):
    """The fields of one search.  The messages are MLflow's, which differ from search to search."""

    entities: Mapping[str, Entity]  # the word before the first dot
    attributes: tuple[Attribute, ...]
    bad_entity: str
    bad_operator: str = "Invalid comparator '{operator}' not one of '{allowed}'{hint}"
    bad_order: str = "Invalid attribute key '{key}' specified. Valid keys are '{valid}'"
    null_tests: str = "IS NULL / IS NOT NULL is only supported for {testable}, not for '{entity}' '{key}'"
    dataset_keys: tuple[str, ...] = ()
    orderable: frozenset[Entity] = frozenset({Entity.ATTRIBUTE})
    no_functions: str | None = None  # why a metric is not an aggregate here, so that min or mean would be meaningless


_NUMERIC = (
    *(Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE),
    *(Operator.IN, Operator.NOT_IN, Operator.BETWEEN, Operator.NOT_BETWEEN),
)
_TEXTUAL = (
    *(Operator.EQ, Operator.NE, Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE),
    *(Operator.IN, Operator.NOT_IN, Operator.BETWEEN, Operator.NOT_BETWEEN),
)
_NOMINAL = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN)
_NULL_TESTS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
LIKES = (Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE)
CONTAINS = (
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
)  # MLflow does not have them, and its messages list its own operators

_FUNCTIONS = {str(aggregate): aggregate for aggregate in Aggregate} | {
    "latest": Aggregate.LAST,
    "avg": Aggregate.MEAN,
}

NUMBER_FUNCTION = "number"

_ALL = {
    **dict.fromkeys(("metric", "metrics"), Entity.METRIC),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), Entity.PARAM),
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), Entity.ATTRIBUTE),
    **dict.fromkeys(("dataset", "datasets"), Entity.DATASET),
}
_TAGGED = {
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("attribute", "attributes"), Entity.ATTRIBUTE),
}
_BAD_TAGGED = "Invalid entity type '{entity}'. Valid entity types are ('attribute', 'tag', 'tags')"

RUNS = Fields(
    entities=_ALL,
    attributes=(
        Attribute("run_id"),
        Attribute("run_name", aliases=("run name", "Run name", "Run Name")),
        Attribute("user_id"),
        Attribute("status"),
        Attribute("start_time", Kind.NUMBER, aliases=("created", "Created")),
        Attribute("end_time", Kind.NUMBER, is_nullable=True),
        Attribute("duration", Kind.NUMBER, is_nullable=True),
        Attribute("artifact_uri"),
    ),
    bad_entity="Invalid entity type '{entity}'. "
    "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    dataset_keys=("name", "digest", "context"),
    orderable=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.ATTRIBUTE}),
)

EXPERIMENTS = Fields(
    entities=_TAGGED,
    attributes=(
        Attribute("name"),
        Attribute("experiment_id", Kind.ID),
        Attribute("creation_time", Kind.WHOLE),
        Attribute("last_update_time", Kind.WHOLE),
        Attribute("run_count", Kind.WHOLE, is_filterable=False),
        Attribute("last_run_time", Kind.WHOLE, is_filterable=False),
    ),
    bad_entity=_BAD_TAGGED,
    null_tests="IS NULL / IS NOT NULL is only supported for tags, not for {entity} '{key}'",
)

REGISTERED_MODELS = Fields(
    entities=_TAGGED,
    attributes=(
        Attribute("name"),
        Attribute("last_updated_timestamp", Kind.WHOLE, aliases=("timestamp",), is_filterable=False),
    ),
    bad_entity=_BAD_TAGGED,
    bad_order="Invalid order by key '{key}' specified. Valid keys are '{valid}'",
)

MODEL_VERSIONS = Fields(
    entities=_TAGGED,
    attributes=(
        Attribute("name"),
        Attribute("run_id", is_nullable=True, is_orderable=False),
        Attribute("source_path", is_nullable=True, is_orderable=False),
        Attribute("version_number", Kind.WHOLE),
        Attribute("creation_timestamp", Kind.WHOLE, is_filterable=False),
        Attribute("last_updated_timestamp", Kind.WHOLE, is_filterable=False),
    ),
    bad_entity=_BAD_TAGGED,
)

LOGGED_MODELS = Fields(
    entities={
        "metrics": Entity.METRIC,
        "params": Entity.PARAM,
        "tags": Entity.TAG,
        "attributes": Entity.ATTRIBUTE,
    },
    attributes=(
        Attribute("name"),
        Attribute("model_id"),
        Attribute("model_type", is_nullable=True),
        Attribute("status"),
        Attribute("source_run_id", is_nullable=True),
        Attribute("experiment_id", Kind.ID),
        Attribute("artifact_uri", aliases=("artifact_location",)),
        Attribute("creation_timestamp_ms", Kind.NUMBER, aliases=("creation_timestamp", "creation_time")),
        Attribute("last_updated_timestamp_ms", Kind.NUMBER, aliases=("last_updated_timestamp",)),
    ),
    bad_entity="Invalid entity type: '{entity}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
    bad_operator="Invalid comparison operator for {name}: '{operator}'. Expected one of {allowed}{hint}.",
    bad_order="Invalid order by field name: {key}",
    orderable=frozenset({Entity.METRIC, Entity.ATTRIBUTE}),
    no_functions="a comparison holds if any point of a model's metric meets it",
)

EVALUATION_DATASETS = Fields(
    entities={"tags": Entity.TAG},
    attributes=(
        Attribute("name"),
        Attribute("created_time", Kind.WHOLE),
        Attribute("last_update_time", Kind.WHOLE),
        Attribute("created_by", is_nullable=True, is_orderable=False),
        Attribute("last_updated_by", is_nullable=True, is_orderable=False),
    ),
    bad_entity="Invalid identifier token '{entity}' specified",
)

ISSUES = Fields(
    entities={},
    attributes=(Attribute("status"), Attribute("source_run_id", is_nullable=True)),
    bad_entity="Invalid filter field of '{entity}'. Supported fields: {{'source_run_id', 'status'}}",
)


def resolve(name: str, function: str | None, fields: Fields, *, ordering: bool = False) -> Field:
    """Return the field that a name denotes: with its prefix and quotes, and perhaps inside a function."""
    prefix, dot, key = name.partition(".")
    if not dot:
        prefix, key = "attribute", name
        entity = Entity.ATTRIBUTE
    else:
        found = fields.entities.get(_unquote(prefix, "`"))
        if found is None:
            unknown = _unquote(prefix, "`")
            raise Invalid(fields.bad_entity.format(entity=unknown)).because("filter-field", field=unknown)
        entity = found
    key = _unquote(_unquote(key, "'\""), "`")
    if ordering and entity not in fields.orderable:
        raise Invalid(f"Invalid order_by entity: {entity}")
    if entity is Entity.ATTRIBUTE:
        key = _attribute(key, fields, ordering=ordering).name
    elif entity is Entity.DATASET and key not in fields.dataset_keys:
        message = f"Invalid dataset key '{key}' specified. Valid keys are '{set_of(fields.dataset_keys)}'"
        raise Invalid(message).because("filter-field", field=key, valid=", ".join(fields.dataset_keys))
    if function is None:
        return Field(entity, key)
    if fields.no_functions is not None:
        message = f"{function}() is not supported here: {fields.no_functions}"
        raise Invalid(message).because("filter-function", function=function, of="")
    if function.lower() == NUMBER_FUNCTION:
        if not ordering:
            raise Invalid(
                "number() orders params and tags; to compare a param as a number, write the number without quotes"
            ).because("filter-function", function=function, of="order")
        if entity not in (Entity.PARAM, Entity.TAG):
            message = f"number() is only supported for params and tags, not for '{entity}' '{key}'"
            raise Invalid(message).because("filter-function", function=function, of="texts")
        return Field(entity, key, is_number=True)
    aggregate = _FUNCTIONS.get(function.lower())
    if aggregate is None:
        message = f"Invalid function '{function}'. Valid functions are {sorted([*_FUNCTIONS, NUMBER_FUNCTION])}"
        raise Invalid(message).because("filter-function", function=function, of="")
    if entity is not Entity.METRIC:
        message = f"{function}() is only supported for metrics, not for '{entity}' '{key}'"
        raise Invalid(message).because("filter-function", function=function, of="metrics")
    return Field(entity, key, aggregate)


def comparison(clause: Clause, fields: Fields) -> Comparison:
    """Return the comparison of a clause: names resolved, values checked against the field, the operator against both."""
    field = resolve(clause.name, clause.function, fields)
    attribute = _attribute(field.key, fields) if field.entity is Entity.ATTRIBUTE else None
    kind = attribute.kind if attribute else Kind.NUMBER if field.entity is Entity.METRIC else Kind.TEXT
    if clause.operator in _NULL_TESTS:
        if field.entity is Entity.DATASET or (attribute and not attribute.is_nullable):
            testable = "tags, params, metrics and attributes that may be missing"
            message = fields.null_tests.format(testable=testable, entity=field.entity, key=field.key)
            raise Invalid(message).because("filter-null-test", field=clause.name)
        return Comparison(field, Operator(clause.operator))
    values = _values(clause, field, kind)
    if kind is Kind.ID:
        allowed: tuple[Operator, ...] = _NOMINAL
    else:
        allowed = _TEXTUAL if isinstance(values[0], str) else _NUMERIC
    if clause.operator not in allowed and (clause.operator not in CONTAINS or allowed is not _TEXTUAL):
        hint = ""
        if field.entity is Entity.PARAM and clause.operator in _NUMERIC:
            hint = ". To compare a param as a number, write the number without quotes"
        raise Invalid(
            fields.bad_operator.format(name=clause.name, operator=clause.operator, allowed=set_of(allowed), hint=hint)
        ).because("filter-operator", field=clause.name, operator=clause.operator, valid=", ".join(allowed))
    operator = Operator(clause.operator)
    if operator in LIKES:
        check_like(str(values[0]))
    elif operator in CONTAINS:
        check_part(str(values[0]))
    return Comparison(field, operator, values)


def set_of(words: tuple[str, ...] | tuple[Operator, ...]) -> str:
    """Return words in the form of a Python set, as in MLflow's messages, but in a fixed order."""
    return "{" + ", ".join(f"'{word}'" for word in words) + "}"


def _attribute(key: str, fields: Fields, *, ordering: bool = False) -> Attribute:
    valid = []
    for attribute in fields.attributes:
        if attribute.is_orderable if ordering else attribute.is_filterable:
            if key == attribute.name or key in attribute.aliases:
                return attribute
            valid += [attribute.name, *attribute.aliases]
    message = fields.bad_order if ordering else "Invalid attribute key '{key}' specified. Valid keys are '{valid}'"
    fault = Invalid(message.format(key=key, valid=set_of(tuple(valid))))
    raise fault.because("filter-field", field=key, valid=", ".join(valid))


def _values(clause: Clause, field: Field, kind: Kind) -> tuple[Scalar, ...]:
    values = tuple(_value(literal, clause, field, kind) for literal in clause.values)
    if len({isinstance(value, str) for value in values}) > 1:
        raise Invalid(
            "While parsing a list in the query, expected string value, punctuation, or whitespace, "
            f"but got different type in list: {values}"
        ).because("filter-list")
    return values


def _value(literal: Literal, clause: Clause, field: Field, kind: Kind) -> Scalar:
    value = literal.value
    match kind:
        case Kind.NUMBER | Kind.WHOLE:
            if value is None or isinstance(value, str):
                what = "metric" if field.entity is Entity.METRIC else f"numeric attribute: {field.key}"
                message = f"Expected numeric value type for {what}. Found {literal.text}"
                raise Invalid(message).because("filter-not-number", field=clause.name, value=literal.text)
            if kind is Kind.WHOLE and not isinstance(value, int):
                message = f"Invalid value for numeric attribute '{field.key}': '{literal.text}'"
                raise Invalid(message).because("filter-not-number", field=clause.name, value=literal.text)
            return float(value) if field.entity is Entity.METRIC else value
        case Kind.ID:
            return _id(_text(literal, clause, field))
        case Kind.TEXT:
            if field.entity is Entity.PARAM and not isinstance(value, str) and value is not None:
                return float(value)
            return _text(literal, clause, field)


def _text(literal: Literal, clause: Clause, field: Field) -> str:
    value = literal.value
    if isinstance(value, str):
        return value
    if value is None:
        raise Invalid(
            "Parameter value is either not quoted or unidentified quote types used for string value "
            f"{literal.text}. Use either single or double quotes."
        ).because("filter-not-quoted", field=clause.name, value=literal.text)
    if len(clause.values) > 1 or clause.operator in (Operator.IN, Operator.NOT_IN):
        raise Invalid(
            "While parsing a list in the query, expected string value, punctuation, or whitespace, "
            f"but got different type in list: {literal.text}"
        ).because("filter-list")
    match field.entity:
        case Entity.ATTRIBUTE:
            what = "attributes"
        case Entity.DATASET:
            what = "dataset attributes"
        case _:
            what = f"{field.entity} (e.g. 'my-value')"
    fault = Invalid(f"Expected a quoted string value for {what}. Got value {literal.text}")
    raise fault.because("filter-not-quoted", field=clause.name, value=literal.text)


def _id(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19):
        raise Invalid(f"Invalid experiment ID '{text}'. Experiment ID must be a valid integer.")
    return int(text)


def _unquote(text: str, quotes: str) -> str:
    if len(text) >= 2 and text[0] in quotes and text[0] == text[-1]:
        return text[1:-1]
    return text
