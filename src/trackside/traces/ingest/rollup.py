"""Sums tokens and costs of a trace from those of its spans.  Pure.

The sum of a span replaces those of all spans below it: an agent's sum includes the model calls below it.
Tokens and costs are summed separately.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from trackside.traces.model import CACHE_KEYS, COST_KEYS, TOKEN_KEYS, finite, json_object, whole

Counts = list[int | None]  # of tokens, in the order of `_KEYS`, without trailing Nones


class Node(Struct, frozen=True):
    """A span of the tree, with its tokens and cost; None if it has none."""

    span_id: int
    parent_id: int | None
    usage: Counts | None = None
    cost: dict[str, Any] | None = None


def counts_in(text: str | None) -> Counts | None:
    """Return the tokens in an attribute's JSON text; None if it is not an object, or an empty one."""
    if text is None:
        return None
    try:
        usage = _usage_in(text)
    except (ValueError, RecursionError):  # it has other values, such as numbers in texts
        return _counts_of(json_object(text))
    counts = _without_end(list(msgspec.structs.astuple(usage)))
    return counts or _counts_of(json_object(text))  # an object without known tokens differs from an empty one


def _counts_of(usage: dict[str, Any] | None) -> Counts | None:
    return _without_end([whole(usage.get(key)) for key in _KEYS]) if usage else None


def _without_end(counts: Counts) -> Counts:
    while counts and counts[-1] is None:
        counts.pop()
    return counts


def text_of(counts: Counts | None) -> str | None:
    """Return the tokens of a span in the stored form, a JSON array."""
    return None if counts is None else msgspec.json.encode(counts).decode()


def counts_from(text: str | None) -> Counts | None:
    """Return the tokens of a stored text: a JSON array, or an object in older rows."""
    return _counts(text) if text is not None and text.startswith("[") else counts_in(text)


_KEYS = (*TOKEN_KEYS, *CACHE_KEYS)
_Count = Annotated[int, msgspec.Meta(ge=1 - 2**63, le=2**63 - 1)]
_usage_in = msgspec.json.Decoder(
    msgspec.defstruct(
        "Usage", [(key, _Count | None, None) for key in _KEYS], frozen=True
    )  # the form of nearly all spans
).decode
_counts = msgspec.json.Decoder(Counts).decode


def usage_of(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the tokens of a trace; empty if no span has any.  The total excludes cache tokens."""
    said = [node.usage for node in _topmost(nodes, _usage) if node.usage is not None]
    found: dict[str, int] = {}
    for key, counts in zip(_KEYS, zip_longest(*said), strict=False):
        known = [count for count in counts if count is not None]
        if known or key in TOKEN_KEYS:
            found[key] = sum(known)
    return {**dict.fromkeys(TOKEN_KEYS, 0), **found} if said else {}


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
    """Yield the nodes with a value and without one above them.  A node on a cycle has no root and counts by itself."""
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
        if not stack:  # the rest is on cycles
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
