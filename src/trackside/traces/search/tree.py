"""Splits a filter into parts for SQL columns and parts for the bodies of spans.  Pure.

All span clauses of one AND must hold for the same span.
"""

from collections.abc import Mapping
from typing import Union

from msgspec import Struct

from trackside.core.filters.nodes import And, Comparison, Entity, Filter, Not, Operator, Or
from trackside.traces.search.fields import COLUMNS


class Clause(Struct, frozen=True):
    """A clause that SQL evaluates on columns of the trace or of related rows."""

    comparison: Comparison


class Expression(Struct, frozen=True):
    """A regular expression on one value of a trace; Python evaluates it, with the same result on both databases."""

    comparison: Comparison


class SpanGroup(Struct, frozen=True):
    """The condition that some span satisfies all clauses: `columns` by its row, `contents` by its body."""

    columns: tuple[Comparison, ...]
    contents: tuple[Comparison, ...]


class AllOf(Struct, frozen=True):
    parts: tuple["Node", ...]


class AnyOf(Struct, frozen=True):
    parts: tuple["Node", ...]


class Negated(Struct, frozen=True):
    part: "Node"


Node = Union[Clause, Expression, SpanGroup, AllOf, AnyOf, Negated]  # noqa: UP007  # names in quotes, as in core/filters/nodes


def cut(tree: Filter) -> Node:
    match tree:
        case And(parts):
            return _every(parts)
        case Or(parts):
            return AnyOf(tuple(cut(part) for part in parts))
        case Not(part):
            return Negated(cut(part))
        case Comparison():
            return _every((tree,))


def is_exact(node: Node) -> bool:
    """Return whether SQL alone can evaluate the filter."""
    match node:
        case Clause():
            return True
        case Expression():
            return False
        case SpanGroup():
            return not node.contents
        case AllOf(parts) | AnyOf(parts):
            return all(is_exact(part) for part in parts)
        case Negated(part):
            return is_exact(part)


def asked(node: Node) -> list[Node]:
    """Return the parts for which a found row has a column: conditions of SQL, and the values for regular expressions."""
    if is_exact(node) or isinstance(node, Expression):
        return [node]
    match node:
        case AllOf(parts) | AnyOf(parts):
            return [each for part in parts for each in asked(part)]
        case Negated(part):
            return asked(part)
        case _:
            return []


def groups(node: Node) -> list[SpanGroup]:
    """Return the parts that need the bodies of spans."""
    match node:
        case SpanGroup():
            return [node] if node.contents else []
        case AllOf(parts) | AnyOf(parts):
            return [each for part in parts for each in groups(part)]
        case Negated(part):
            return groups(part)
        case _:
            return []


def holds(node: Node, known: Mapping[Node, bool]) -> bool:
    """Evaluate the filter from the results of its parts."""
    if node in known:
        return known[node]
    match node:
        case AllOf(parts):
            return all(holds(part, known) for part in parts)
        case AnyOf(parts):
            return any(holds(part, known) for part in parts)
        case Negated(part):
            return not holds(part, known)
        case _:
            raise KeyError(node)


def _every(parts: tuple[Filter, ...]) -> Node:
    columns: list[Comparison] = []
    contents: list[Comparison] = []
    others: list[Node] = []
    for part in parts:
        if isinstance(part, Comparison) and part.field.entity is Entity.SPAN:
            is_column = part.field.key in COLUMNS and part.operator is not Operator.RLIKE
            (columns if is_column else contents).append(part)
        elif isinstance(part, Comparison):
            is_expression = part.operator is Operator.RLIKE and part.field.entity in _OF_ONE_VALUE
            others.append(Expression(part) if is_expression else Clause(part))
        else:
            others.append(cut(part))
    if columns or contents:
        others.append(SpanGroup(tuple(columns), tuple(contents)))
    return others[0] if len(others) == 1 else AllOf(tuple(others))


_OF_ONE_VALUE = (Entity.ATTRIBUTE, Entity.TAG, Entity.METADATA)
