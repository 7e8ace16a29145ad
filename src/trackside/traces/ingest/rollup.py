"""Tokens and costs of a whole trace from those of its spans.  Pure.

A span that carries a sum stands for all spans below it: a framework that sums up at the agent, and the model calls below, are not
counted twice.  Tokens and costs are summed separately.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from trackside.traces.model import CACHE_KEYS, COST_KEYS, TOKEN_KEYS, finite, json_object, whole


class Node(Struct, frozen=True):
    """A span of the tree, with what it says of itself; empty for nothing."""

    span_id: int
    parent_id: int | None
    usage: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None


def usage_text(usage: dict[str, Any] | None) -> str | None:
    """Return the tokens of a span as they are stored: a JSON array of counts in the order of the keys."""
    if not usage:
        return None
    counts = [whole(usage.get(key)) for key in _KEYS]
    while counts and counts[-1] is None:
        counts.pop()
    return msgspec.json.encode(counts).decode()


def usage_from(text: str | None) -> dict[str, Any] | None:
    """Read what `usage_text` made, and the JSON objects that were stored before."""
    if text is None or not text.startswith("["):
        return json_object(text) or None
    return {key: count for key, count in zip(_KEYS, _counts(text), strict=False) if count is not None}


_KEYS = (*TOKEN_KEYS, *CACHE_KEYS)
_counts = msgspec.json.Decoder(list[int | None]).decode


def usage_of(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the tokens of a trace; empty if no span has any.  The total leaves tokens of caches out."""
    found: dict[str, int] = {}
    for node in _topmost(nodes, _usage):
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
    for node in _topmost(nodes, _cost):
        cost = node.cost or {}
        for key in COST_KEYS:
            found[key] = found.get(key, 0.0) + (finite(cost.get(key)) or 0.0)
    return found


_usage = attrgetter("usage")
_cost = attrgetter("cost")


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
