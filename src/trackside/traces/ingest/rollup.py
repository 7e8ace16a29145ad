"""Tokens and costs of a whole trace from those of its spans.  Pure.

A span that carries a sum stands for all spans below it: a framework that sums up at the agent, and the model calls below, are not
counted twice.  Tokens and costs are summed separately.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from trackside.traces.model import CACHE_KEYS, COST_KEYS, TOKEN_KEYS, finite, whole


class Node(Struct, frozen=True):
    """A span of the tree, with what it says of itself; empty for nothing."""

    span_id: int
    parent_id: int | None
    usage: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None


def usage_of(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the tokens of a trace; empty if no span has any.  The total leaves tokens of caches out."""
    found: dict[str, int] = {}
    for node in _topmost(nodes, lambda node: node.usage):
        usage = node.usage or {}
        for key in TOKEN_KEYS:
            found[key] = found.get(key, 0) + (whole(usage.get(key)) or 0)
        for key in CACHE_KEYS:
            if (count := whole(usage.get(key))) is not None:
                found[key] = found.get(key, 0) + count
    return found


def cost_of(nodes: Sequence[Node]) -> dict[str, float]:
    """Return the costs of a trace in US dollars; empty if no span has any."""
    found: dict[str, float] = {}
    for node in _topmost(nodes, lambda node: node.cost):
        cost = node.cost or {}
        for key in COST_KEYS:
            found[key] = found.get(key, 0.0) + (finite(cost.get(key)) or 0.0)
    return found


def _topmost(nodes: Sequence[Node], value: Callable[[Node], Any]) -> Iterable[Node]:
    """Yield the nodes with a value that have none above them.  A node on a cycle has no root: it counts by itself."""
    if not any(value(node) is not None for node in nodes):
        return
    children: dict[int, list[Node]] = {}
    ids = {node.span_id for node in nodes}
    stack: list[Node] = []
    for node in nodes:
        if node.parent_id is not None and node.parent_id in ids and node.parent_id != node.span_id:
            children.setdefault(node.parent_id, []).append(node)
        else:
            stack.append(node)
    seen: set[int] = set()
    waiting = [node for node in nodes if value(node) is not None]
    while stack or waiting:
        if not stack:  # what is left has only itself above it
            node = waiting.pop()
            if node.span_id in seen:
                continue
            stack.append(node)
        node = stack.pop()
        if node.span_id in seen:
            continue
        seen.add(node.span_id)
        if value(node) is None:
            stack.extend(children.get(node.span_id, ()))
            continue
        yield node
        below = list(children.get(node.span_id, ()))
        while below:  # all of them are covered
            child = below.pop()
            if child.span_id not in seen:
                seen.add(child.span_id)
                below.extend(children.get(child.span_id, ()))
