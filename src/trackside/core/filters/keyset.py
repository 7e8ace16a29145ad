"""Keyset pagination of an ordered search: ORDER BY, the condition that continues after a row, and the page token.

A token holds the order values of the last row of its page, so that each page costs the same, and no row is skipped or repeated
when others are added or removed.  It also holds a fingerprint of the search, because it is invalid for another search.
"""

import base64
import binascii
import json
import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Literal

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.to_sql import Binder
from trackside.core.filters.tokens import check_text

MAX_OFFSET = 2**62
NAN, MISSING = 1, 2  # ranks after 0, which is the rank of a value

Kind = Literal["text", "number", "whole number"]
Row = Sequence[Any]
Pairs = tuple[tuple[int, str | float | None], ...]  # rank and value of each term


class Term(Struct, frozen=True):
    """A value to order by.  If it may be missing, `rank` is 0 for a value, and NAN or MISSING sorts after all values; a row of
    such a rank has no value to compare."""

    value: str
    ascending: bool = True
    rank: str | None = None
    kind: Kind = "text"
    is_constant: bool = False  # not an order, but a column of the token


class Start(Struct, frozen=True):
    """The start of a page: after the row with these values, or after a number of rows, as in MLflow's tokens."""

    after: Pairs = ()
    offset: int = 0


def columns(terms: Sequence[Term]) -> str:
    """Return the columns that a statement selects for `token`, two for each term."""
    return ", ".join(f"{term.rank or 0} AS k{i}, {term.value} AS v{i}" for i, term in enumerate(terms))


def order_by_values(terms: Sequence[Term]) -> str:
    """Return the same ORDER BY for a statement that does not select `columns`."""
    parts = []
    for term in terms:
        if term.rank is not None:
            parts.append(term.rank)
        parts.append(term.value if term.ascending else f"{term.value} DESC")
    return ", ".join(parts)


def order_by(terms: Sequence[Term]) -> str:
    """Return the ORDER BY that uses the names of `columns`."""
    parts = []
    for i, term in enumerate(terms):
        if term.is_constant:
            continue
        if term.rank is not None:
            parts.append(f"k{i}")
        parts.append(f"v{i}" if term.ascending else f"v{i} DESC")
    return ", ".join(parts)


def beyond(terms: Sequence[Term], after: Pairs, bind: Binder) -> str | None:
    """Return the condition on rows after `after`; None if all rows are.  It is flat and long rather than nested, because SQLite's
    parser stack is shallow."""
    if not after:
        return None
    same: list[str] = []
    choices: list[str] = []
    hint = ""
    for term, (rank, value) in zip(terms, after, strict=True):
        if term.rank is not None:
            choices.append(" AND ".join([*same, f"{term.rank} > {rank}"]))
            same.append(f"{term.rank} = {rank}")
        elif rank != 0:
            break  # no row of this search has that rank
        if rank == 0:
            mark = bind(value)
            sign = ">" if term.ascending else "<"
            choices.append(" AND ".join([*same, f"{term.value} {sign} {mark}"]))
            if not same:
                # Redundant, but it lets the database start at a position of the index.
                hint = f"{term.value} {sign}= {mark} AND "
            same.append(f"{term.value} = {mark}")
    return f"{hint}({' OR '.join(f'({choice})' for choice in choices)})" if choices else "1 = 0"


def fingerprint(*search: Any) -> str:
    return blake2b(json.dumps(search).encode(), digest_size=9).hexdigest()


def token(search: str, row: Sequence[Any]) -> str:
    """Return the token of the page that ends with `row`, which has only the columns of `columns`."""
    pairs = [(row[i], _to_json(row[i + 1])) for i in range(0, len(row), 2)]
    return base64.urlsafe_b64encode(msgspec.json.encode({"search": search, "after": pairs})).decode()


def cut(rows: Sequence[Sequence[Any]], limit: int, search: str) -> tuple[list[int], str | None]:
    """Return the first column of at most `limit` rows, and the token of the next page if there are more."""
    found, further = cut_rows(rows, limit, search, 1)
    return [row[0] for row in found], further


def cut_rows(rows: Sequence[Row], limit: int, search: str, before: int) -> tuple[Sequence[Row], str | None]:
    """Return at most `limit` whole rows, and the token of the next page if there are more; `before` columns precede those of
    `columns`."""
    return rows[:limit], token(search, rows[limit - 1][before:]) if len(rows) > limit else None


def start(page_token: str | None, search: str, kinds: Sequence[Kind]) -> Start:
    """Return the start of the page of a token.  The messages are MLflow's."""
    if not page_token:
        return Start()
    try:
        decoded = base64.b64decode(page_token.translate(_FROM_URL), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode") from None
    try:
        parsed = msgspec.json.decode(decoded)
    except (ValueError, RecursionError):
        raise Invalid(f"Invalid page token, decoded value={decoded[:200]!r}") from None
    match parsed:
        case {"search": str(of), "after": [*pairs]}:
            if of != search:
                raise Invalid(
                    "Invalid page token, it belongs to another search. A page token is valid only with the filter, "
                    "order and experiments of its page"
                )
            if len(pairs) == len(kinds):
                return Start(after=tuple(_pair(pair, kind) for pair, kind in zip(pairs, kinds, strict=True)))
        case {"offset": int(offset)} if offset is not True and 0 < offset <= MAX_OFFSET:
            return Start(offset=offset)
        case {"offset": offset} if offset:
            raise Invalid(f"Invalid page token, not stringable {offset}")
    raise Invalid(f"Invalid page token, parsed value={str(parsed)[:200]}")


_FROM_URL = str.maketrans("-_", "+/")


def _to_json(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _pair(pair: Any, kind: Kind) -> tuple[int, str | float | None]:
    """Return rank and value of a term from a token.  Tokens are not signed, so a value must be a valid order value before it
    reaches the database."""
    match pair:
        case [0, str(text)] if kind == "text":
            return 0, check_text(text)
        case [0, ("Infinity" | "-Infinity") as text] if kind == "number":
            return 0, float(text)
        case [0, bool()]:
            pass
        case [0, float(number)] if kind == "number":
            return 0, number
        case [0, int(number)] if kind != "text" and abs(number) < 2**63:
            return 0, number
        case [(1 | 2) as rank, _]:
            return int(rank), None
    raise Invalid(f"Invalid page token, parsed value={str(pair)[:200]}")
