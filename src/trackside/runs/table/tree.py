"""Nested runs as a tree of rows.  Pure: rows and their parents in, lists of rows out."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

TOP = 0  # the parent of top rows; no run has this run_seq


class Tree(Struct, frozen=True):
    """The child rows of each row, in order, and the rows that match the filter themselves."""

    under: dict[int, list[int]]
    matching: frozenset[int]


def grow(matching: Sequence[int], parents: Mapping[int, int]) -> Tree:
    """Return the tree of the matching rows and their ancestors.

    A row takes the position of its first matching descendant, or its own.  A row with a cycle among its ancestors is a top
    row."""
    under: dict[int, list[int]] = {TOP: []}
    placed: set[int] = set()
    for start in matching:
        row = start
        climbed: set[int] = set()
        while row not in placed:
            placed.add(row)
            climbed.add(row)
            parent = parents.get(row, TOP)
            if parent in climbed or parent == row:
                parent = TOP
            under.setdefault(parent, []).append(row)
            if parent == TOP:
                break
            row = parent
    return Tree(under, frozenset(matching))


def count_below(parents: Mapping[int, int]) -> int:
    """Return the number of rows below top rows, in a tree of all rows."""
    top = grow(list(parents), parents).under[TOP]
    return len(parents) - sum(row in parents for row in top)
