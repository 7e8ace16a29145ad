"""A moment as callers write it.  Pure."""

import re
from datetime import UTC, datetime

from trackside.core.errors import Invalid

DAY_MS = 86_400_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PLUS = re.compile(r"(T[\d:.,]*) (?=\d\d:?\d\d$)")  # the `+` of a time zone, which a query string reads as a space


def parse(text: str) -> int:
    """Milliseconds since 1970, from such a number or from ISO 8601; without a time zone it is UTC.  A date alone is the last
    millisecond of that day: who asks what was in production on a day means also what came in its morning."""
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    try:
        moment = datetime.fromisoformat(_PLUS.sub(r"\1+", text.strip()))
    except ValueError:
        raise Invalid(
            f"time is '{text[:100]}'; it must be milliseconds since 1970 or ISO 8601, such as 2026-03-01T09:30:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    millis = int(moment.timestamp() * 1000)
    return millis + DAY_MS - 1 if _DATE.fullmatch(text.strip()) else millis
