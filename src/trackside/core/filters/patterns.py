"""LIKE patterns and texts of CONTAINS: their limits, and matching in Python."""

import re

from trackside.core.errors import Invalid

MAX_LIKE_CHARS = 8_000  # SQLite rejects patterns of more than 50,000 bytes
MAX_LIKE_COST = 4_000

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def check_like(pattern: str) -> int:
    """Return the cost of a pattern: its length for each wildcard %, where a match may begin at any position of the text.

    Raise Invalid for a pattern that costs more than MAX_LIKE_COST."""
    if len(pattern) > MAX_LIKE_CHARS:
        raise Invalid(f"A LIKE pattern has {len(pattern)} characters; at most {MAX_LIKE_CHARS} are allowed")
    wildcards = len(re.findall("%+", pattern))
    cost = len(pattern) * wildcards
    if cost > MAX_LIKE_COST:
        raise Invalid(
            f"A LIKE pattern has {len(pattern)} characters and {wildcards} wildcards %; the product of both is {cost}, and may"
            f" be {MAX_LIKE_COST} at most. Use a shorter pattern or fewer wildcards."
        )
    return cost


def check_part(text: str) -> int:
    """Return the cost of a substring search: that of a pattern with a wildcard on either side."""
    cost = 2 * len(text)
    if cost > MAX_LIKE_COST:
        raise Invalid(f"The text of CONTAINS has {len(text)} characters; at most {MAX_LIKE_COST // 2} are allowed")
    return cost


def like(text: str, pattern: str) -> bool:
    """Return whether a text matches: `%` matches any text, `_` one character, and there is no escape.  Time is at most the
    product of both lengths."""
    at, mark = 0, 0
    resume: tuple[int, int] | None = (
        None  # after the last %: the position in the pattern, and the next one to try in the text
    )
    while at < len(text):
        if mark < len(pattern) and pattern[mark] == "%":
            mark += 1
            resume = (mark, at)
        elif mark < len(pattern) and pattern[mark] in ("_", text[at]):
            at, mark = at + 1, mark + 1
        elif resume is not None:
            resume = (resume[0], resume[1] + 1)
            mark, at = resume
        else:
            return False
    return all(char == "%" for char in pattern[mark:])


def fold(text: str) -> str:
    """Fold case as ILIKE does: ASCII letters only, as on stock MLflow's SQLite."""
    return text.translate(_ASCII_LOWER)
