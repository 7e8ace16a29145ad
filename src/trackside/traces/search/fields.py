"""The fields of searches of traces, with MLflow's names and messages."""

from trackside.core.errors import Invalid
from trackside.core.filters.fields import CONTAINS, LIKES, Clause, Literal, set_of
from trackside.core.filters.nodes import Comparison, Entity, Field, Operator, Order, Scalar
from trackside.core.filters.parse import parse_name_and_direction
from trackside.core.filters.patterns import check_like, check_part
from trackside.traces import model as m
from trackside.traces.search.patterns import check_expression

CONTENT = "content"  # of a span: its whole JSON
ATTRIBUTES = "attributes."
PROMPT = "prompt"
COLUMNS = ("name", "type", "status")  # of a span

_ENTITIES = {
    **dict.fromkeys(("tag", "tags"), Entity.TAG),
    **dict.fromkeys(("attribute", "attributes", "trace"), Entity.ATTRIBUTE),
    **dict.fromkeys(("metadata", "request_metadata"), Entity.METADATA),
    "span": Entity.SPAN,
    "feedback": Entity.FEEDBACK,
    "expectation": Entity.EXPECTATION,
    "issue": Entity.ISSUE,
}
NUMBERS = {
    "timestamp": "timestamp_ms",
    "timestamp_ms": "timestamp_ms",
    "execution_time": "execution_time_ms",
    "execution_time_ms": "execution_time_ms",
    "end_time": "end_time_ms",
    "end_time_ms": "end_time_ms",
}
_TEXTS = ("request_id", "status", "client_request_id", "name", "run_id", PROMPT, "text")
_VALID = (*_TEXTS, *NUMBERS)
_VALID_ORDERS = ("experiment_id", *NUMBERS, "status", "request_id", "name", "run_id")

_NULL_TESTS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
_NUMERIC = (Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE)
_RANGES = (Operator.BETWEEN, Operator.NOT_BETWEEN)
_LIKE = (*LIKES, Operator.RLIKE)
_TEXTUAL = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN, *_LIKE)
_KEYED = (Operator.EQ, Operator.NE, *_LIKE, *_NULL_TESTS)
_ASSESSED = (*_NUMERIC, *_LIKE, *_NULL_TESTS)
_CONTENT = LIKES

_QUOTES = "`\"'"


def read(clause: Clause) -> Comparison:
    """Return the comparison of a clause: name resolved, operator and values checked."""
    if clause.function is not None:
        raise Invalid(f"{clause.function}() is not supported here: a trace has one value of each field")
    field = field_of(clause.name)
    operator = _operator(clause, field)
    if operator in _NULL_TESTS:
        return Comparison(field, operator)
    values = tuple(_value(literal, operator, field) for literal in clause.values)
    if operator in LIKES:
        check_like(str(values[0]))
    elif operator in CONTAINS:
        check_part(str(values[0]))
    elif operator is Operator.RLIKE:
        check_expression(str(values[0]))
    if field.key == PROMPT and field.entity is Entity.ATTRIBUTE:
        _check_prompt(operator, str(values[0]))
    return Comparison(field, operator, values)


def field_of(name: str, valid: tuple[str, ...] = _VALID) -> Field:
    """Return the field of a name, with its prefix and quotes."""
    prefix, dot, key = name.partition(".")
    entity = Entity.ATTRIBUTE
    if dot:
        found = _ENTITIES.get(_unquoted(prefix))
        if found is None:
            raise Invalid(f"Invalid entity type '{_unquoted(prefix)}'. Valid values are {set_of(tuple(_ENTITIES))}")
        entity = found
    else:
        key = name
    if entity is Entity.SPAN and key.startswith(ATTRIBUTES):
        return Field(entity, ATTRIBUTES + _unquoted(key.removeprefix(ATTRIBUTES)))
    key = _unquoted(key)
    if entity is Entity.SPAN and key not in (*COLUMNS, CONTENT):
        raise Invalid(
            f"Invalid span attribute '{key}'. Supported attributes: name, status, type, attributes.<attribute_name>."
        )
    if entity is Entity.ISSUE and key != "id":
        raise Invalid(f"Invalid issue attribute '{key}'. Supported attributes: id")
    if entity is not Entity.ATTRIBUTE:
        return Field(entity, key)
    if key not in valid:
        raise Invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{set_of(valid)}'")
    match key:
        case "name":
            return Field(Entity.TAG, m.NAME)
        case "run_id":
            return Field(Entity.METADATA, m.SOURCE_RUN)
        case "text":
            return Field(Entity.SPAN, CONTENT)
    return Field(Entity.ATTRIBUTE, NUMBERS.get(key, key))


def order_of(text: str) -> Order:
    """Return the order of a clause of `order_by`."""
    name, ascending = parse_name_and_direction(text)
    field = field_of(name, _VALID_ORDERS)
    if field.entity not in (Entity.ATTRIBUTE, Entity.TAG, Entity.METADATA):
        raise Invalid(f"Invalid order_by entity `{field.entity}` with key `{field.key}`")
    return Order(field, ascending)


def is_number(field: Field) -> bool:
    return field.entity is Entity.ATTRIBUTE and field.key in NUMBERS


def _operator(clause: Clause, field: Field) -> Operator:
    allowed = _allowed(field)
    operator = Operator(clause.operator) if clause.operator in frozenset(Operator) else None
    if operator in _RANGES and is_number(field):
        return Operator(clause.operator)
    if operator in CONTAINS and Operator.LIKE in allowed:
        return Operator(clause.operator)
    if operator is None or operator not in allowed:
        given = clause.operator
        match field.entity:
            case Entity.SPAN:
                raise Invalid(f"span.{field.key} comparator '{given}' not one of '{set_of(allowed)}'")
            case Entity.FEEDBACK | Entity.EXPECTATION:
                raise Invalid(f"assessment.{field.key} comparator '{given}' not one of '{set_of(allowed)}'")
            case _:
                raise Invalid(f"Invalid comparator '{given}' not one of '{set_of(allowed)}'")
    return operator


def _allowed(field: Field) -> tuple[Operator, ...]:
    match field.entity:
        case Entity.ATTRIBUTE if field.key == PROMPT:
            return _TEXTUAL  # such a comparison is refused with a specific message
        case Entity.ATTRIBUTE:
            return _NUMERIC if is_number(field) else _TEXTUAL
        case Entity.TAG if field.key == m.NAME:
            return (*_KEYED, Operator.IN, Operator.NOT_IN)
        case Entity.METADATA if field.key == m.SOURCE_RUN:
            return (*_KEYED, Operator.IN, Operator.NOT_IN)
        case Entity.TAG | Entity.METADATA:
            return _KEYED
        case Entity.SPAN:
            return _CONTENT if field.key == CONTENT else _TEXTUAL
        case Entity.FEEDBACK | Entity.EXPECTATION:
            return _ASSESSED
        case _:
            return (Operator.EQ,)


def _value(literal: Literal, operator: Operator, field: Field) -> Scalar:
    value = literal.value
    match field.entity:
        case Entity.FEEDBACK | Entity.EXPECTATION:
            wants_number = operator in (Operator.LT, Operator.LE, Operator.GT, Operator.GE)
            if wants_number and (value is None or isinstance(value, str)):
                raise Invalid(
                    f"Expected a numeric value for {field.entity} when using comparator '{operator}'. Got value {literal.text}"
                )
            if not wants_number and not isinstance(value, str):
                raise _unquoted_value(field, literal)
            return value if value is not None else ""
        case Entity.ATTRIBUTE if is_number(field):
            if value is None or isinstance(value, str):
                raise Invalid(f"Expected numeric value type for numeric attribute: {field.key}. Found {literal.text}")
            return value
        case Entity.ATTRIBUTE if value is not None and not isinstance(value, str):
            raise Invalid(f"Only the '{set_of(tuple(NUMBERS))}' attributes support comparison with numeric values.")
        case Entity.ATTRIBUTE if value is None:
            raise Invalid(
                f"Expected a quoted string value or a list of quoted string values for attributes. Got value {literal.text}"
            )
    if not isinstance(value, str):
        raise _unquoted_value(field, literal)
    return value


def _unquoted_value(field: Field, literal: Literal) -> Invalid:
    return Invalid(f"Expected a quoted string value for {field.entity} (e.g. 'my-value'). Got value {literal.text}")


def _check_prompt(operator: Operator, value: str) -> None:
    if operator is not Operator.EQ:
        raise Invalid(
            f"Invalid comparator '{operator}' for prompts filter. "
            "Only '=' is supported with format: prompt = \"name/version\""
        )
    if value.count("/") != 1:
        raise Invalid(f"Invalid prompts filter value '{value}'. Expected format: prompt = \"name/version\"")


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] in _QUOTES and text[0] == text[-1]:
        return text[1:-1]
    return text
