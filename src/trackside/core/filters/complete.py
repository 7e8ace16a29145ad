"""Completion of filters: which kind of token is valid at a position.  Pure; it uses the grammar and not the logged keys."""

import re
from typing import Literal

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.fields import Fields, resolve
from trackside.core.filters.nodes import Entity, Field
from trackside.core.filters.parse import check_filter
from trackside.core.filters.tokens import Kind, Malformed, Token, tokenize

Expects = Literal["field", "operator", "value", "connector", "direction", "nothing"]

TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE", "CONTAINS", "IN", "BETWEEN")
NUMBER_OPERATORS = ("<", "<=", ">", ">=", "=", "!=", "BETWEEN", "IN")
NULL_OPERATORS = ("IS NULL", "IS NOT NULL")
CONNECTORS = ("AND", "OR")
DIRECTIONS = ("ASC", "DESC")

_WORD_END = re.compile(r"[\w./:`\"'-]*")


class Place(Struct, frozen=True):
    """The completion at a caret; it replaces the text from `start` to `end`.

    `typed` is the part before the caret; `field` is the field whose operator or value is expected."""

    expects: Expects
    start: int
    end: int
    typed: str
    field: Field | None = None


def place(text: str, caret: int, fields: Fields, *, is_order: bool = False) -> Place:
    before = text[:caret]
    start = _start_of_word(before)
    word_end = _WORD_END.match(text, caret)
    end = caret if word_end is None or start == caret else word_end.end()
    lead = before[:start]
    if is_order:
        return Place("direction" if lead.strip() else "field", start, end, before[start:])
    checked = check_filter(lead, fields)
    field = _resolved(checked.field, fields)
    last = _last(_tokens(lead))
    if last is None or last.word == "AND" or checked.expected == "a field":  # MLflow accepts an AND at the end
        return Place("field", start, end, before[start:], field)
    if checked.fault is None or checked.expected == "')'":
        return Place("connector", start, end, before[start:], field)
    if checked.expected == "a value" or (checked.expected == "a list in parentheses" and lead.rstrip()[-1] in "(,"):
        return Place("value", start, end, before[start:], field)
    if checked.expected == "a comparison":
        return Place("operator", start, end, before[start:], field)
    return Place("nothing", start, end, before[start:], field)


def operators(field: Field | None) -> tuple[str, ...]:
    if field is None:
        return (*TEXT_OPERATORS, *NULL_OPERATORS)
    match field.entity:
        case Entity.METRIC:
            return (*NUMBER_OPERATORS, *NULL_OPERATORS)
        case Entity.PARAM:
            return (*TEXT_OPERATORS, "<", "<=", ">", ">=", *NULL_OPERATORS)
        case Entity.TAG:
            return (*TEXT_OPERATORS, *NULL_OPERATORS)
        case Entity.DATASET:
            return TEXT_OPERATORS
        case _:
            return (*TEXT_OPERATORS, "<", "<=", ">", ">=")


def _start_of_word(before: str) -> int:
    """Return the start of the word at or before the caret; an open quote belongs to it."""
    try:
        tokens = tokenize(before)
    except Malformed as fault:
        previous = _last(_tokens(before[: fault.start]))
        is_joined = previous is not None and previous.kind is Kind.NAME and _end(previous) == fault.start
        return previous.start if is_joined and previous is not None else fault.start
    except Invalid:
        return len(before)
    last = _last(tokens)
    is_word = last is not None and last.kind in (Kind.NAME, Kind.STRING, Kind.NUMBER) and _end(last) == len(before)
    return last.start if is_word and last is not None else len(before)


def _tokens(text: str) -> list[Token]:
    try:
        return tokenize(text)
    except Invalid:
        return []


def _last(tokens: list[Token]) -> Token | None:
    """Return the last token before END."""
    return tokens[-2] if len(tokens) > 1 else None


def _end(token: Token) -> int:
    return token.start + len(token.text)


def _resolved(name: tuple[str, str | None] | None, fields: Fields) -> Field | None:
    if name is None:
        return None
    try:
        return resolve(*name, fields)
    except Invalid:
        return None
