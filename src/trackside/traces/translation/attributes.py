"""Adds MLflow's attributes to spans of other conventions, and the cost of model calls.  Pure.

Attributes are added and never replaced, so the sent ones stay unchanged.  The names of each convention are in `dialects`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from trackside.core import prices as price_table
from trackside.core.prices import Price, Prices
from trackside.traces.spans import INPUTS, OUTPUTS, TYPE, Event, value_of
from trackside.traces.translation.dialects import CLAUDE_CODE, DIALECTS, MARKS, Dialect

VERSION = "2"
VERSION_KEY = "trackside.translation"  # on spans to which attributes were added
USAGE = "mlflow.chat.tokenUsage"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"
COST = "mlflow.llm.cost"
FORMAT = "mlflow.message.format"

_GATHERED_AT_MOST = 1_000  # attributes of one prefix
_MOST_MODELS = 1_000  # in the cache of prices
_MAX_MODEL = 500  # characters of a model and its provider; a longer name has no price
_TEXTS = {
    "gen_ai.content.prompt": "gen_ai.prompt",
    "gen_ai.content.completion": "gen_ai.completion",
}  # of events of Spring AI
_TOKENS = ("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def translator(prices: Prices) -> Callable[[dict[str, str], list[Event]], None]:
    """Return a function that adds MLflow's attributes to those of a span (JSON texts by name), with costs by the prices."""

    @lru_cache(maxsize=_MOST_MODELS)
    def price_of(model: str, provider: str) -> Price | None:
        """Return the price; `model` and `provider` are JSON texts, as in attributes."""
        name, maker = value_of(model), value_of(provider)
        return (
            price_table.find(prices, name, maker if isinstance(maker, str) else "") if isinstance(name, str) else None
        )

    def translate(attributes: dict[str, str], events: list[Event]) -> None:
        added = _said(attributes, events)
        if COST not in attributes:
            cost = _cost({**attributes, **added} if added else attributes, price_of)
            if cost is not None:
                added[COST] = cost
        if added:
            attributes.update(added)
            attributes[VERSION_KEY] = json.dumps(VERSION)

    return translate


def _said(attributes: Mapping[str, str], events: Sequence[Event]) -> dict[str, str]:
    """Return the values of other conventions for MLflow's attributes that are not set."""
    spoken = _spoken(attributes)
    if not spoken:
        return {}
    found = {
        TYPE: _type(attributes, spoken) if value_of(attributes.get(TYPE)) in (None, "UNKNOWN") else None,
        INPUTS: _first(attributes, (name for each in spoken for name in each.inputs))
        or _gathered(attributes, spoken, 0)
        or _messages(events, tuple(name for each in spoken for name in each.input_events)),
        OUTPUTS: _first(attributes, (name for each in spoken for name in each.outputs))
        or _gathered(attributes, spoken, 1)
        or _messages(events, tuple(name for each in spoken for name in each.output_events)),
        USAGE: _usage(attributes, spoken),
        MODEL: _first(attributes, (name for each in spoken for name in each.models)),
        PROVIDER: _first(attributes, (name for each in spoken for name in each.providers)),
        FORMAT: next((json.dumps(each.format) for each in spoken if each.format), None),
    }
    return {key: text for key, text in found.items() if text is not None and (key == TYPE or key not in attributes)}


def _spoken(attributes: Mapping[str, str]) -> list[Dialect]:
    marked = [name for name in attributes if not name.startswith("mlflow.") and name.startswith(MARKS)]
    found = [each for each in DIALECTS if any(name.startswith(each.marks) for name in marked)] if marked else []
    kind = value_of(attributes.get("span.type"))
    if isinstance(kind, str) and kind.startswith("claude_code."):
        found.append(CLAUDE_CODE)
    return found


def _first(attributes: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Return the first existing attribute; a text that contains JSON is replaced by its value."""
    for name in names:
        text = attributes.get(name)
        if text is not None and text != "null":
            value = value_of(text)
            return value if isinstance(value, str) and value[:1] in ("{", "[") and _is_json(value) else text
    return None


def _is_json(text: str) -> bool:
    return not isinstance(value_of(text), str)


def _type(attributes: Mapping[str, str], spoken: Sequence[Dialect]) -> str | None:
    for dialect in spoken:
        for name in dialect.kind:
            kind = value_of(attributes.get(name))
            if isinstance(kind, str) and (found := dialect.types.get(kind.lower())) is not None:
                return json.dumps(found)
    if any("lk." in dialect.marks for dialect in spoken):
        return _type_of_livekit(attributes)
    return None


def _type_of_livekit(attributes: Mapping[str, str]) -> str | None:
    """Return the type of a LiveKit span, which has no attribute for it, by its other attributes."""
    if any(name.startswith("lk.function_tool") for name in attributes):
        return '"TOOL"'
    if "gen_ai.request.model" in attributes:
        return '"LLM"'
    return '"AGENT"' if {"lk.agent_name", "lk.instructions"} & attributes.keys() else None


def _gathered(attributes: Mapping[str, str], spoken: Sequence[Dialect], side: int) -> str | None:
    """Return the attributes with a prefix as one object, by the rest of their names."""
    for dialect in spoken:
        if dialect.gathered is None:
            continue
        prefix = dialect.gathered[side]
        found: dict[str, Any] = {}
        for name in attributes:
            if name.startswith(prefix) and len(found) < _GATHERED_AT_MOST:
                found[name.removeprefix(prefix)] = value_of(_first(attributes, (name,)))
        if found:
            return json.dumps(found, ensure_ascii=False)
    return None


def _usage(attributes: Mapping[str, str], spoken: Sequence[Dialect]) -> str | None:
    counts: dict[str, int] = {}
    for key in _TOKENS:
        for name in (name for each in spoken for name in each.counts.get(key, ())):
            if (count := _count(value_of(attributes.get(name)))) is not None:
                counts[key] = count
                break
    if "input_tokens" not in counts and "output_tokens" not in counts:
        return None
    counts.setdefault("input_tokens", 0)
    counts.setdefault("output_tokens", 0)
    counts.setdefault("total_tokens", counts["input_tokens"] + counts["output_tokens"])
    return json.dumps(counts)


def _count(value: Any) -> int | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
        return int(value)
    return None


def _messages(events: Sequence[Event], names: tuple[str, ...]) -> str | None:
    for event in events:
        if event.name in names and (text := event.attributes.get(_TEXTS.get(event.name, ""))) is not None:
            return text if isinstance(text, str) and _is_json(text) else json.dumps(text, ensure_ascii=False)
    said = [{"role": event.name.split(".")[1], **event.attributes} for event in events if event.name in names]
    return json.dumps(said, ensure_ascii=False) if said else None


def _cost(attributes: Mapping[str, str], price_of: Callable[[str, str], Price | None]) -> str | None:
    """Return the cost of a model call; None if model, tokens or price are unknown."""
    usage, model, provider = attributes.get(USAGE), attributes.get(MODEL), attributes.get(PROVIDER, "")
    if usage is None or model is None or len(model) + len(provider) > _MAX_MODEL:
        return None
    price = price_of(model, provider)
    used = None if price is None else value_of(usage)
    if price is None or not isinstance(used, dict):
        return None
    counts = {key: count for key in _TOKENS if (count := _count(used.get(key))) is not None}
    cost = price_table.cost(price, counts)
    return None if cost is None else json.dumps(cost)
