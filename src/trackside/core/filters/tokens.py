"""Splits filters into tokens: words, numbers and quoted strings in MLflow's syntax.

A quote is not escaped by doubling or a backslash: `'it''s'` is the text `it''s`, as in MLflow.  Only strings in lists have
Python's escapes, because MLflow parses lists with Python.
"""

import re
from enum import StrEnum

from msgspec import Struct

from trackside.core.errors import Invalid

MAX_CHARS = 65_536


class Kind(StrEnum):
    NAME = "name"  # a word, or words and quoted parts joined by dots
    STRING = "string"  # in single quotes
    NUMBER = "number"
    OPERATOR = "operator"
    MARK = "mark"  # one of ( ) , ;
    END = "end"


class Token(Struct, frozen=True):
    kind: Kind
    text: str
    start: int

    @property
    def word(self) -> str:
        """Return the upper-case word of an unquoted name; a quoted name is never a keyword."""
        return self.text.upper() if self.kind is Kind.NAME else ""

    @property
    def is_quoted(self) -> bool:
        return self.text[0] in "'\""


_QUOTES = "'\"`"
_QUOTED = r"`(?:``|[^`])*`|\"(?:\"\"|\\\"|[^\"])*\""
_STRING = r"'(?:''|\\'|[^'])*'"
# After the first dot a key may have any character that MLflow allows in keys except a space: `metrics.train/loss` needs no
# quotes.
_KEY = rf"\w+(?:[/:-]+\w+)*|{_QUOTED}|{_STRING}|"
_TOKENS = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>(?:[^\W\d]\w*|{_QUOTED})(?:\.(?:{_KEY}))*)
    | (?P<string>{_STRING})
    | (?P<operator>[<>=!~]+)
    | (?P<mark>[(),;])
    """,
    re.VERBOSE,
)

_ESCAPES = re.compile(
    r"""\\(?: (?P<plain>[\\'"abfnrtv\n]) | x(?P<x>[0-9a-fA-F]{2}) | u(?P<u>[0-9a-fA-F]{4}) | U(?P<U>[0-9a-fA-F]{8})
        | (?P<octal>[0-7]{1,3}) ) | (?P<joined>''|"")""",
    re.VERBOSE,
)
_PLAIN = dict(zip("\\'\"abfnrtv\n", "\\'\"\a\b\f\n\r\t\v", strict=False)) | {"\n": ""}


def tokenize(text: str) -> list[Token]:
    """Return the tokens, with END at the end.  Raise Malformed, with MLflow's message, for text that cannot be split."""
    if len(text) > MAX_CHARS:
        raise Invalid(f"The filter is {len(text)} characters long; at most {MAX_CHARS} are allowed")
    check_text(text)
    tokens = []
    start = 0
    while start < len(text):
        match = _TOKENS.match(text, start)
        if match is None:
            reason = "an unclosed quote, or an unexpected character"
            length = len(text) - start if text[start] in _QUOTES else 1
            raise invalid_clause(text[start : start + 40], reason, start=start, length=length)
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(Kind(kind), match.group(), start))
        start = match.end()
    tokens.append(Token(Kind.END, "", len(text)))
    return tokens


class Malformed(Invalid):
    """The text violates the grammar.  The fault has the position and what was expected there."""

    def __init__(self, message: str, *, start: int = 0, length: int = 0, expected: str = "") -> None:
        super().__init__(message)
        self.start = start
        self.length = length
        self.expected = expected


def invalid_clause(text: str, reason: str, *, start: int = 0, length: int = 0, expected: str = "") -> Malformed:
    message = f"Invalid clause(s) in filter string: '{text}' ({reason})"
    fault = Malformed(message, start=start, length=length, expected=expected)
    return fault.because("filter-syntax", text=text, expected=expected, at=str(start + 1) if length else "")


def check_text(text: str) -> str:
    """Raise Invalid for text that no database can search for: a lone surrogate or NUL."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("The text is not valid Unicode: it has a lone surrogate") from None
    if "\0" in text:
        raise Invalid("The text has a NUL character, which no value has")
    return text


def string_of_list(token: Token) -> str:
    """Return the value of a string in a list, with Python's escapes."""
    body = token.text[1:-1]
    joined = token.text[0] * 2

    def replace(match: re.Match[str]) -> str:
        if (pair := match["joined"]) is not None:
            return "" if pair == joined else pair
        if (plain := match["plain"]) is not None:
            return _PLAIN[plain]
        if (octal := match["octal"]) is not None:
            return chr(int(octal, 8))
        return chr(int(match["x"] or match["u"] or match["U"], 16))

    try:
        return check_text(_ESCAPES.sub(replace, body))
    except (ValueError, OverflowError):
        raise ill_formed_list() from None


def ill_formed_list() -> Invalid:
    return Invalid(
        "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list."
    ).because("filter-list")
