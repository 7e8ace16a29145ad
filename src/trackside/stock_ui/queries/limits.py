"""The limits of a GraphQL document.

MLflow has the same limits and messages; its operator can change the first two.
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
MAX_TOKENS = 10_000  # a query of MLflow's pages has some hundreds

_Fragments = dict[str, FragmentDefinitionNode]


def check(document: DocumentNode) -> None:
    """Raise GraphQLError for a document that exceeds the limits."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    roots = selections = aliases = 0
    waiting = [(each.selection_set, 1) for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    while waiting:
        chosen, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise GraphQLError(f"Query exceeds maximum depth of {MAX_DEPTH}")
        fields = list(_fields(chosen, fragments))
        selections += len(fields)
        if selections > MAX_SELECTIONS:
            raise GraphQLError(f"Query exceeds maximum total selections of {MAX_SELECTIONS}")
        roots += len(fields) if depth == 1 else 0
        aliases = max(aliases, sum(1 for each in fields if each.alias))
        waiting += [(each.selection_set, depth + 1) for each in fields if each.selection_set]
    _check(roots, MAX_ROOT_FIELDS, "root fields")
    _check(aliases, MAX_ALIASES, "aliases")


def _check(found: int, most: int, what: str) -> None:
    if found > most:
        raise GraphQLError(
            f"GraphQL queries should have at most {most} {what}, got {found} {what}. Ask for the rest in another request."
        )


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
