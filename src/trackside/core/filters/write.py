"""Writes fields and conditions as text that the parser reads back unchanged."""

from trackside.core.errors import Invalid
from trackside.core.filters.fields import Fields
from trackside.core.filters.nodes import Comparison, Entity, Field, Filter, Operator
from trackside.core.filters.parse import parse_field, parse_filter

_PREFIXES = {Entity.METRIC: "metrics.", Entity.PARAM: "params.", Entity.TAG: "tags.", Entity.ATTRIBUTE: ""}


def field_text(field: Field, fields: Fields) -> str | None:
    """Return the shortest text that denotes the field; None for a key with every kind of quote."""
    prefix = _PREFIXES[field.entity]
    for key in (field.key, f"`{field.key}`", f'"{field.key}"', f"'{field.key}'"):
        text = f"{prefix}{key}"
        try:
            if parse_field(text, fields) == field:
                return text
        except Invalid:
            continue
    return None


def equals(field: Field, value: str | None, fields: Fields) -> str | None:
    """Return the condition that the field has this text, or is missing; None if no filter can express it."""
    name = field_text(field, fields)
    if name is None:
        return None
    if value is None:
        return f"{name} IS NULL"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    candidates = [f"{name} = '{value}'", f'{name} = "{value}"', f"{name} IN ('{escaped}')"]
    wanted = [Comparison(field, Operator.EQ, (value,)), Comparison(field, Operator.IN, (value,))]
    for text in candidates:
        if _read(text, fields) in wanted:
            return text
    return None


def quoted(value: str) -> str | None:
    """Return a text in suitable quotes; None if it has both kinds, or ends in a backslash."""
    for quote in "'\"":
        if quote not in value and not value.endswith("\\"):
            return f"{quote}{value}{quote}"
    return None


def _read(text: str, fields: Fields) -> Filter | None:
    try:
        return parse_filter(text, fields)
    except Invalid:
        return None
