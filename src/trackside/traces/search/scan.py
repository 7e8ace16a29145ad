"""Searches by the contents of spans: SQL finds candidates, whose bodies are read until a page is full."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from trackside.core.db.tx import Condition, Tx
from trackside.core.errors import TooSlow
from trackside.core.filters import keyset
from trackside.core.filters.nodes import NEGATIVE, Comparison, Operator
from trackside.core.filters.patterns import fold
from trackside.traces.search import patterns, sql
from trackside.traces.search import tree as t
from trackside.traces.search.fields import ATTRIBUTES, CONTENT
from trackside.traces.search.sql import Search
from trackside.traces.spans import Span, decode, encode, value_of
from trackside.traces.storage import reader
from trackside.traces.storage.body_files import BodyFiles

BUDGET_S = 10.0
FIRST, MOST = 50, 500  # candidates that are read together

Found = tuple[list[int], str | None]


def find(tx: Tx, search: Search, limit: int, token: str | None, readable: Condition, files: BodyFiles) -> Found:
    """Return the keys of at most `limit` traces in order, and the token of the next page."""
    rare = _rare(tx, search)
    if search.node is None or t.is_exact(search.node):
        page = sql.page(search, limit + 1, token, tx.dialect, readable, rare=rare)
        return keyset.cut(tx.all(page.query.sql, **page.query.params), limit, search.fingerprint)
    found: list[int] = []
    last: Sequence[Any] = ()
    for seq, row in _matching(tx, search, token, readable, rare, files):
        if len(found) == limit:
            return found, keyset.token(search.fingerprint, last)
        found.append(seq)
        last = row
    return found, None


def count(tx: Tx, search: Search, readable: Condition, files: BodyFiles) -> set[int]:
    """Return the keys of all traces that match a filter."""
    return {seq for seq, _ in _matching(tx, search, None, readable, _rare(tx, search), files)}


def _rare(tx: Tx, search: Search) -> frozenset[str]:
    """Return the span names of the filter that few spans have."""
    return frozenset(name for name in set(sql.names(search.node)) if _count(tx, search, name) <= sql.FEW)


_NAMED = {  # few traces are not indexed yet
    "sqlite": """
        SELECT 1 FROM trace_span_names WHERE workspace_id = :ws AND experiment_seq IN :seqs AND name = :name LIMIT :most
        """,
    "postgresql": """
        SELECT 1 FROM trace_spans WHERE workspace_id = :ws AND experiment_seq IN :seqs AND name = :name LIMIT :most
        """,
}


def _count(tx: Tx, search: Search, name: str) -> int:
    """Count the spans with a name, up to the limit for rare names."""
    return len(tx.all(_NAMED[tx.dialect], seqs=list(search.experiment_seqs), name=name, most=sql.FEW + 1))


def _matching(
    tx: Tx, search: Search, token: str | None, readable: Condition, rare: frozenset[str], files: BodyFiles
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the keys of matching traces, each with the columns of its token."""
    node = None if search.node is None or t.is_exact(search.node) else search.node  # the part that SQL cannot decide
    begun = time.monotonic()
    size = FIRST
    groups = [] if node is None else list(dict.fromkeys(t.groups(node)))
    tests = {group: _test(group) for group in groups}
    while True:
        page = sql.page(search, size, token, tx.dialect, readable, rare=rare)
        rows = tx.all(page.query.sql, **page.query.params)
        before = 1 + len(page.parts)
        left_s = max(1.0, begun + BUDGET_S - time.monotonic())
        contents = reader.stored(tx, [row[0] for row in rows], files, left_s) if groups else None
        for row in rows:
            if time.monotonic() - begun > BUDGET_S:
                raise TooSlow(
                    f"The search read spans for {BUDGET_S:.0f} s without filling a page. Narrow it by a time, such as "
                    "timestamp_ms > 1700000000000, or by a column: span.name, tag.key, status."
                )
            texts = [] if contents is None else list(contents.texts(row[0]))
            if node is None or _holds(node, page.parts, row, tests, texts):
                yield row[0], row[before:]
        if len(rows) < size:
            return
        token = keyset.token(search.fingerprint, rows[-1][before:])
        size = min(MOST, size * 2)


BodyTest = Callable[[Sequence[bytes]], bool]


def _holds(
    node: t.Node,
    parts: Sequence[t.Node],
    row: Sequence[Any],
    tests: Mapping[t.SpanGroup, BodyTest],
    contents: Sequence[bytes],
) -> bool:
    known: dict[t.Node, bool] = {}
    for part, answer in zip(parts, row[1:], strict=False):
        if isinstance(part, t.Expression):
            known[part] = answer is not None and patterns.expression(str(part.comparison.values[0]))(str(answer))
        else:
            known[part] = bool(answer)
    for group, test in tests.items():
        known[group] = test(contents)
    return t.holds(node, known)


def _test(group: t.SpanGroup) -> BodyTest:
    """Return the test whether one span of a trace satisfies all clauses.  Most bodies are rejected without parsing."""
    needed = [found for each in group.contents if (found := _needles(each)) is not None]
    others = [each for each in (*group.columns, *group.contents) if not _is_needle(each)]

    def test(contents: Sequence[bytes]) -> bool:
        for text in contents:
            folded: bytes | None = None
            is_there = True
            for is_folded, texts in needed:
                if is_folded and folded is None:
                    folded = text.lower()
                where = folded if is_folded and folded is not None else text
                if not any(each in where for each in texts):
                    is_there = False
                    break
            if not is_there:
                continue
            if not others and len(needed) == 1:
                return True
            if any(_line_holds(line, needed, others) for line in text.split(b"\n")):
                return True
        return False

    return test


Needles = tuple[bool, tuple[bytes, ...]]


def _is_needle(comparison: Comparison) -> bool:
    return comparison.field.key == CONTENT and _needles(comparison) is not None


def _needles(comparison: Comparison) -> Needles | None:
    """Return texts, one of which must be in the JSON of a matching span, and whether case is ignored; None if unknown."""
    is_of_body = comparison.field.key == CONTENT or comparison.field.key.startswith(ATTRIBUTES)
    return None if comparison.operator in NEGATIVE or not is_of_body else _parts(comparison)


def _parts(comparison: Comparison) -> Needles | None:
    """Return the forms of a comparison's text in the JSON of a span; None for a pattern of another form.

    The forms are the text itself, its JSON encoding, and that encoded again (JSON in JSON)."""
    given = str(comparison.values[0])
    text: str | None
    match comparison.operator:
        case Operator.CONTAINS | Operator.NOT_CONTAINS:
            text, is_folded = fold(given), True
        case Operator.LIKE | Operator.NOT_LIKE:
            text, is_folded = patterns.needle(given), False
        case Operator.ILIKE | Operator.NOT_ILIKE:
            text, is_folded = patterns.needle(fold(given)), True
        case _:
            return None
    if text is None:
        return None
    once = encode(text)[1:-1].decode()
    twice = encode(once)[1:-1].decode()
    return is_folded, tuple(dict.fromkeys(each.encode() for each in (text, once, twice)))


def _has(line: bytes, parts: Needles) -> bool:
    is_folded, texts = parts
    where = line.lower() if is_folded else line
    return any(each in where for each in texts)


def _line_holds(line: bytes, needed: Sequence[Needles], others: Sequence[Comparison]) -> bool:
    if not all(_has(line, parts) for parts in needed):
        return False
    if not others:
        return True
    span = decode(line)
    return all(_span_holds(span, line, each) for each in others)


def _span_holds(span: Span, line: bytes, comparison: Comparison) -> bool:
    key = comparison.field.key
    if key == CONTENT:
        parts = _parts(comparison)
        return _compare(comparison, line.decode()) if parts is None else not _has(line, parts)
    if key.startswith(ATTRIBUTES):
        text = span.attributes.get(key.removeprefix(ATTRIBUTES))
        if text is None:
            return False
        value = value_of(text)
        return _compare(comparison, value if isinstance(value, str) else text)
    if key == "name":
        return _compare(comparison, span.name)
    if key == "status":
        return _compare(comparison, span.word)
    kind = value_of(span.attributes.get("mlflow.spanType"))
    return _compare(comparison, kind if isinstance(kind, str) else "UNKNOWN")


def _compare(comparison: Comparison, text: str) -> bool:
    values = [str(value) for value in comparison.values]
    match comparison.operator:
        case Operator.EQ:
            return text == values[0]
        case Operator.NE:
            return text != values[0]
        case Operator.IN:
            return text in values
        case Operator.NOT_IN:
            return text not in values
        case Operator.LIKE:
            return patterns.like(values[0])(text)
        case Operator.NOT_LIKE:
            return not patterns.like(values[0])(text)
        case Operator.ILIKE:
            return patterns.like(values[0], ignores_case=True)(text)
        case Operator.NOT_ILIKE:
            return not patterns.like(values[0], ignores_case=True)(text)
        case Operator.CONTAINS:
            return fold(values[0]) in fold(text)
        case Operator.NOT_CONTAINS:
            return fold(values[0]) not in fold(text)
        case _:
            return patterns.expression(values[0])(text)
