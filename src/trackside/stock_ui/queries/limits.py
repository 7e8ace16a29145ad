"""The limits of a GraphQL document.

MLflow has the first four, with the same messages; its operator can change the first two.
"""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

MAX_ROOT_FIELDS = 10
MAX_ALIASES = 10
MAX_DEPTH = 10
MAX_SELECTIONS = 1000
MAX_TOKENS = 4_000  # a query of MLflow's pages has some hundreds
MAX_INTROSPECTION = 50  # selections in `__schema` and `__type`, each of which stands for many types
_INTROSPECTION = ("__schema", "__type")

_Fragments = dict[str, FragmentDefinitionNode]


def check(document: DocumentNode) -> None:
    """Raise GraphQLError for a document that exceeds the limits."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    if sum(_written(each.selection_set) for each in fragments.values()) > MAX_SELECTIONS:
        raise GraphQLError(_TOO_MANY)
    roots = selections = aliases = introspection = 0
    waiting = [
        (each.selection_set, 1, False) for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    while waiting:
        chosen, depth, is_inside = waiting.pop()
        if depth > MAX_DEPTH:
            raise GraphQLError(f"Query exceeds maximum depth of {MAX_DEPTH}")
        fields = list(_fields(chosen, fragments))
        selections += len(fields)
        if selections > MAX_SELECTIONS:
            raise GraphQLError(_TOO_MANY)
        roots += len(fields) if depth == 1 else 0
        introspection += len(fields) if is_inside else 0
        aliases = max(aliases, sum(1 for each in fields if each.alias))
        waiting += [
            (each.selection_set, depth + 1, is_inside or each.name.value in _INTROSPECTION)
            for each in fields
            if each.selection_set
        ]
    _check(roots, MAX_ROOT_FIELDS, "root fields")
    _check(aliases, MAX_ALIASES, "aliases")
    _check(introspection, MAX_INTROSPECTION, "fields of introspection")


_TOO_MANY = f"Query exceeds maximum total selections of {MAX_SELECTIONS}"


def _check(found: int, most: int, what: str) -> None:
    if found > most:
        raise GraphQLError(
            f"GraphQL queries should have at most {most} {what}, got {found} {what}. Ask for the rest in another request."
        )


def _written(chosen: SelectionSetNode) -> int:
    """Return the number of selections in the text.  Those of a fragment count also if no operation spreads it: the validation
    compares them with each other."""
    count = 0
    waiting = [chosen]
    while waiting:
        for each in waiting.pop().selections:
            count += 1
            if isinstance(each, FieldNode | InlineFragmentNode) and each.selection_set:
                waiting.append(each.selection_set)
    return count


def _fields(chosen: SelectionSetNode, fragments: _Fragments) -> Iterator[FieldNode]:
    """The fields of a level, with those of fragments; a fragment counts once, so that a cycle ends."""
    waiting, seen = [chosen], set()
    while waiting:
        for each in waiting.pop().selections:
            if isinstance(each, FieldNode):
                yield each
            elif isinstance(each, InlineFragmentNode):
                waiting.append(each.selection_set)
            elif isinstance(each, FragmentSpreadNode) and each.name.value not in seen:
                seen.add(each.name.value)
                found = fragments.get(each.name.value)
                if found is not None:
                    waiting.append(found.selection_set)
