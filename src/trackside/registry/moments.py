"""Parsing of times that callers write.  Pure."""

import re
from datetime import UTC, datetime

from trackside.core.errors import Invalid

DAY_MS = 86_400_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PLUS = re.compile(r"(T[\d:.,]*) (?=\d\d:?\d\d$)")  # the `+` of a time zone, which query strings decode as a space


def parse(text: str) -> int:
    """Return milliseconds since 1970 from a number of milliseconds or an ISO 8601 text, in UTC if it has no time zone.

    A date alone means its last millisecond, so that a question about a day includes changes during that day."""
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
