"""Patterns for the contents of spans.  Pure; matching takes time in proportion to the text."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from trackside.core.errors import Invalid
from trackside.core.filters.patterns import fold

MAX_EXPRESSION = 1_000
MOST_SEARCHED = 100_000  # a regular expression reads at most this many characters of a value
MOST_REPEATS = 3  # unbounded repeats: each one multiplies the time by the length of the text

Test = Callable[[str], bool]


def check_expression(pattern: str) -> None:
    """Raise Invalid for a regular expression that is malformed or may take exponential time."""
    _compiled(pattern)


@lru_cache(maxsize=256)
def expression(pattern: str) -> Test:
    search = _compiled(pattern).search
    most = MOST_SEARCHED if _repeats(pattern) <= 1 else 2_000
    return lambda text: search(text[:most]) is not None


@lru_cache(maxsize=256)
def like(pattern: str, *, ignores_case: bool = False) -> Test:
    """Return a test of a LIKE pattern: `%` matches any text, `_` one character.  The pieces between `%` are searched in order."""
    if ignores_case:
        test = like(fold(pattern))
        return lambda text: test(fold(text))
    head, *rest = pattern.split("%")
    if not rest:
        whole = _piece(head)
        return lambda text: (found := whole.match(text)) is not None and found.end() == len(text)
    *middle, tail = rest
    first, last = _piece(head), re.compile(f"(?:{_source(tail)})\\Z", re.DOTALL)
    pieces = [_piece(each) for each in middle if each]
    tail_length = len(tail)

    def test_pieces(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        at = found.end()
        for piece in pieces:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        begin = len(text) - tail_length
        return begin >= at and last.match(text, begin) is not None

    return test_pieces


def needle(pattern: str) -> str | None:
    """Return the text of a pattern `%text%`; None for a pattern of another form."""
    inner = pattern[1:-1]
    if len(pattern) > 2 and pattern[0] == pattern[-1] == "%" and "%" not in inner and "_" not in inner:
        return inner
    return None


def _piece(text: str) -> re.Pattern[str]:
    return re.compile(_source(text), re.DOTALL)


def _source(text: str) -> str:
    return "".join("." if char == "_" else re.escape(char) for char in text)


def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > MAX_EXPRESSION:
        raise Invalid(f"The RLIKE pattern has {len(pattern)} characters; at most {MAX_EXPRESSION} are allowed")
    try:
        compiled = re.compile(pattern)
        repeats = _repeats(pattern)
    except (re.error, RecursionError, OverflowError) as fault:
        raise Invalid(f"The RLIKE pattern {pattern[:200]!r} is not a regular expression: {fault}") from None
    if repeats > MOST_REPEATS:
        raise Invalid(
            f"The RLIKE pattern {pattern[:200]!r} repeats within a repeat, refers back or has more than {MOST_REPEATS} repeats "
            "without a bound, which could take time without bound. Use LIKE, or a simpler expression."
        )
    return compiled


def _repeats(pattern: str) -> int:
    """Return the number of repeats without a small bound; more than allowed for a nested one, and for back-references."""
    import re._parser as parser  # type: ignore[import-not-found]  # noqa: PLC0415  # has no stubs

    return _count(list(parser.parse(pattern)))


def _count(nodes: Any, *, inside: bool = False) -> int:
    total = 0
    for kind, value in nodes:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = value
            is_open = int(most) > 1
            if is_open and inside:
                return MOST_REPEATS + 1
            total += (1 if int(most) > 20 else 0) + _count(body, inside=inside or is_open)
        elif name == "BRANCH":
            total += sum(_count(each, inside=inside) for each in value[1])
        elif name == "SUBPATTERN":
            total += _count(value[-1], inside=inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            total += _count(value[1], inside=inside)
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"):
            return MOST_REPEATS + 1
    return total
