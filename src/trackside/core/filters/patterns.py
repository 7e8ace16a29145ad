"""What a LIKE pattern and a text of CONTAINS may hold, and what a pattern matches.  Knows no field and no database."""

import re

from trackside.core.errors import Invalid

MAX_LIKE_CHARS = 8_000  # SQLite refuses patterns of more than 50,000 bytes
MAX_LIKE_COST = 4_000

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def check_like(pattern: str) -> int:
    """Return what the pattern costs: its length for each wildcard %, at which a match may begin anywhere in the text.

    Raises Invalid for a pattern that costs more than MAX_LIKE_COST."""
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
    """Return what it costs to look for a text anywhere in others: as much as a pattern with a wildcard on either side."""
    cost = 2 * len(text)
    if cost > MAX_LIKE_COST:
        raise Invalid(f"The text of CONTAINS has {len(text)} characters; at most {MAX_LIKE_COST // 2} are allowed")
    return cost


def like(text: str, pattern: str) -> bool:
    """`%` stands for any text, `_` for one character, and nothing escapes them.  Time is at most length by length."""
    at, mark = 0, 0
    resume: tuple[int, int] | None = None  # after the last %: where in the pattern, and where to try next in the text
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
    """Case as ILIKE ignores it: that of ASCII letters only, as on stock MLflow's SQLite."""
    return text.translate(_ASCII_LOWER)
