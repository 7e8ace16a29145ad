"""Prices of language models in US dollars per million tokens: a built-in table, and a file that extends it.

The built-in prices are list prices; each group names its source and date.  The prices of the file take precedence.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

MAX_FILE_BYTES = 8 << 20
_DATED = re.compile(r"(?:[-@](?:\d{4}-?\d\d-?\d\d|\d{4}|latest)|-v\d+(?::\d+)?|:\d+)$")


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """Cached tokens are a part of the input tokens; without a separate price they cost as much as input."""

    input: float
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None


Prices = Mapping[str, Price]


def _of(input_: float, output: float, read: float | None = None, write: float | None = None) -> Price:
    return Price(input=input_, output=output, cache_read=read, cache_write=write)


# https://platform.claude.com/docs/en/about-claude/pricing, a copy of 2026 that was read on 2026-11-29.  `cache_write` is for five
# minutes.
_ANTHROPIC: Prices = {
    "claude-3-haiku": _of(0.25, 1.25, 0.03, 0.3),
    "claude-3-5-haiku": _of(0.8, 4, 0.08, 1),
    "claude-3-7-sonnet": _of(3, 15, 0.3, 3.75),
    "claude-sonnet-4": _of(3, 15, 0.3, 3.75),
    "claude-sonnet-4-5": _of(3, 15, 0.3, 3.75),
    "claude-sonnet-4-6": _of(3, 15, 0.3, 3.75),
    "claude-sonnet-5": _of(2, 10, 0.2, 2.5),
    "claude-opus-4": _of(15, 75, 1.5, 18.75),
    "claude-opus-4-1": _of(15, 75, 1.5, 18.75),
    "claude-opus-4-5": _of(5, 25, 0.5, 6.25),
    "claude-opus-4-6": _of(5, 25, 0.5, 6.25),
    "claude-opus-4-7": _of(5, 25, 0.5, 6.25),
    "claude-opus-4-8": _of(5, 25, 0.5, 6.25),
    "claude-opus-5": _of(5, 25, 0.5, 6.25),
    "claude-haiku-4-5": _of(1, 5, 0.1, 1.25),
}

# https://developers.openai.com/api/docs/pricing, as others quoted it from March to May 2026; read on 2026-11-29.  The page itself
# no longer lists all of these models.  Quotes of the cache prices of o3 and o4-mini differ, so these are left out.
_OPENAI: Prices = {
    "gpt-4o": _of(2.5, 10, 1.25),
    "gpt-4o-mini": _of(0.15, 0.6, 0.075),
    "gpt-4.1": _of(2, 8, 0.5),
    "gpt-4.1-mini": _of(0.4, 1.6, 0.1),
    "gpt-4.1-nano": _of(0.1, 0.4, 0.025),
    "gpt-5": _of(1.25, 10, 0.125),
    "gpt-5-mini": _of(0.25, 2, 0.025),
    "gpt-5-nano": _of(0.05, 0.4, 0.005),
    "o3": _of(2, 8),
    "o4-mini": _of(1.1, 4.4),
    "text-embedding-3-small": _of(0.02, 0),
    "text-embedding-3-large": _of(0.13, 0),
}

# https://ai.google.dev/gemini-api/docs/pricing, as others quoted it: input on 2026-10-07, output in March 2026; read on
# 2026-11-29.  Quotes of the cache price differ, so it is left out.
_GOOGLE: Prices = {
    "gemini-2.5-flash": _of(0.3, 2.5),
}

BUILT_IN: Prices = {**_ANTHROPIC, **_OPENAI, **_GOOGLE}


def read(path: Path) -> Prices:
    """Return the built-in prices merged with those of a file.  Raise ValueError with what is wrong in the file."""
    data = path.read_bytes()
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"the file has {len(data)} bytes; at most {MAX_FILE_BYTES} are allowed")
    try:
        found = msgspec.json.decode(data, type=dict[str, Price])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
        raise ValueError(f"the file is not a JSON object of prices by model ({fault})") from None
    for model, price in found.items():
        for kind in price.__struct_fields__:
            value = getattr(price, kind)
            if value is not None and not 0 <= value < 1e9:
                raise ValueError(
                    f"{model!r} has the price {kind} {value}; it must be 0 or more, and less than a billion"
                )
    return {**BUILT_IN, **{model.lower(): price for model, price in found.items()}}


def find(prices: Prices, model: str, provider: str) -> Price | None:
    """Return the price of a model, preferably of the provider.  A date at the end of the model's name is ignored if the table
    lacks it."""
    wanted = model.lower()
    for name in (wanted, wanted.rpartition("/")[2], wanted.rpartition("/")[2].rpartition(".")[2]):
        while name:
            found = prices.get(f"{provider.lower()}/{name}") or prices.get(name)
            if found is not None:
                return found
            shorter = _DATED.sub("", name)
            name = shorter if shorter != name else ""
    return None


def cost(price: Price, usage: Mapping[str, int]) -> dict[str, float] | None:
    """Return the cost of a call by kind of tokens; None if it used none.  `usage` has MLflow's names."""
    taken, made = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    if taken <= 0 and made <= 0:
        return None
    cached, written = usage.get("cache_read_input_tokens", 0), usage.get("cache_creation_input_tokens", 0)
    of_input = max(taken - cached - written, 0) * price.input
    of_input += cached * (price.input if price.cache_read is None else price.cache_read)
    of_input += written * (price.input if price.cache_write is None else price.cache_write)
    of_output = made * price.output
    return {
        "input_cost": round(of_input / 1e6, 12),
        "output_cost": round(of_output / 1e6, 12),
        "total_cost": round((of_input + of_output) / 1e6, 12),
    }
