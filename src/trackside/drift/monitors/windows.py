"""The bounds of windows.  Pure.

Windows are hours, days, weeks from Monday or months, in the monitor's time zone; a day has 23 or 25 hours when the clock changes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from trackside.core.errors import Invalid

Size = Literal["hour", "day", "week", "month"]
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MOST_MS = 7_258_118_400_000  # the year 2200


class Window(Struct, frozen=True, order=True):
    """The times from `start` up to but not including `end` (ms)."""

    start: int
    end: int


def zone(name: str) -> ZoneInfo:
    """Return the time zone.  Raise Invalid for an unknown name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"timezone is {name[:100]!r}; it must be a name such as UTC or Europe/Madrid") from None


def at(time: int, size: Size, timezone: ZoneInfo) -> Window:
    """Return the window of a time (ms)."""
    if size == "hour":  # in UTC: a local hour may occur twice
        start = time // HOUR_MS * HOUR_MS
        return Window(start, start + HOUR_MS)
    day = datetime.fromtimestamp(time / 1000, UTC).astimezone(timezone).date()
    first = _first(day, size)
    return Window(_ms(first, timezone), _ms(_next(first, size), timezone))


def after(window: Window, size: Size, timezone: ZoneInfo) -> Window:
    return at(window.end, size, timezone)


def before(window: Window, size: Size, timezone: ZoneInfo) -> Window:
    return at(window.start - 1, size, timezone)


def within(start: int, end: int, size: Size, timezone: ZoneInfo) -> Iterator[Window]:
    """Yield the windows that overlap the range from `start` to `end`."""
    window = at(start, size, timezone)
    while window.start < end:
        yield window
        window = after(window, size, timezone)


def last_complete(now: int, latency_ms: int, size: Size, timezone: ZoneInfo) -> Window:
    """Return the newest window that ended `latency_ms` ago or earlier."""
    return before(at(now - latency_ms, size, timezone), size, timezone)


def weekdays(window: Window, timezone: ZoneInfo) -> frozenset[int]:
    """Return the weekdays (0 is Monday) that a window overlaps."""
    first = datetime.fromtimestamp(window.start / 1000, UTC).astimezone(timezone).date()
    last = datetime.fromtimestamp((window.end - 1) / 1000, UTC).astimezone(timezone).date()
    return frozenset((first + timedelta(days=each)).weekday() for each in range(min(7, (last - first).days + 1)))


def time_of(name: str, given: str | int | None) -> int | None:
    """Return the time in ms; `given` is ISO 8601, or ms since 1970.  Raise Invalid."""
    if given is None or given == "":
        return None
    text = str(given)
    if text.isascii() and text.isdecimal() and len(text) <= 15 and int(text) <= MOST_MS:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        found = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        found = -1
    if not 0 <= found <= MOST_MS:
        raise Invalid(
            f"{name} is {text[:50]!r}; it must be a time such as 2026-01-31T09:00:00Z, or milliseconds since 1970"
        )
    return found


def _first(day: date, size: Size) -> date:
    if size == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if size == "month" else day


def _next(first: date, size: Size) -> date:
    if size == "month":
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if size == "week" else 1)


def _ms(day: date, timezone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone).timestamp() * 1000)
