"""Muted times of webhooks: deliveries in a muted time are sent after it, as one message.  Pure.

Nothing is dropped.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http.codec import Part

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_WINDOWS = 20
MAX_DIGEST_S = 86_400
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class WindowPart(Part, frozen=True):
    """`days` such as mon, tue (default all); `start` and `end` such as 22:00; an end before the start is on the next day."""

    days: list[str] | None = None
    start: str | None = None
    end: str | None = None


class MutePart(Part, frozen=True):
    """`until` is a time in ms; `windows` repeat each week, in `timezone` (default UTC)."""

    until: int | None = None
    timezone: str | None = None
    windows: list[WindowPart] | None = None


class Window(Struct, frozen=True):
    """Minutes since midnight; `days` are numbers from Monday, 0."""

    days: tuple[int, ...]
    start: int
    end: int


class Mute(Struct, frozen=True, omit_defaults=True):
    until: int = 0  # ms
    timezone: str = "UTC"
    windows: tuple[Window, ...] = ()


NEVER = Mute()


def check(part: MutePart) -> Mute:
    """Return the muted times.  Raise Invalid for a malformed time."""
    name = part.timezone or "UTC"
    _zone_of(name)
    windows = part.windows or []
    if len(windows) > MAX_WINDOWS:
        raise Invalid(f"mute has {len(windows)} windows; at most {MAX_WINDOWS} are allowed")
    until = part.until or 0
    if not 0 <= until < 2**53:
        raise Invalid(f"mute.until is {until}; it must be a time in ms since 1970")
    return Mute(until, name, tuple(_window(each) for each in windows))


def check_digest(seconds: int | None) -> int | None:
    if seconds is not None and not 0 <= seconds <= MAX_DIGEST_S:
        raise Invalid(f"digest_s is {seconds}; it must be between 0 (one message per event) and {MAX_DIGEST_S}")
    return seconds


def encoded(mute: Mute) -> str:
    return msgspec.json.encode(mute).decode()


@lru_cache(maxsize=1024)
def decoded(text: str) -> Mute:
    return msgspec.json.decode(text or "{}", type=Mute)


def shown(mute: Mute) -> MutePart:
    return MutePart(
        until=mute.until,
        timezone=mute.timezone,
        windows=[
            WindowPart(days=[DAYS[day] for day in each.days], start=_clock(each.start), end=_clock(each.end))
            for each in mute.windows
        ],
    )


def is_muted(mute: Mute, now_ms: int) -> bool:
    """Return whether the time is muted."""
    if now_ms < mute.until:
        return True
    if not mute.windows:
        return False
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(_zone_of(mute.timezone))
    minute, today = now.hour * 60 + now.minute, now.weekday()
    yesterday = (now - timedelta(days=1)).weekday()
    return any(_holds(each, minute, today, yesterday) for each in mute.windows)


def _holds(window: Window, minute: int, today: int, yesterday: int) -> bool:
    if window.start <= window.end:
        return today in window.days and window.start <= minute < window.end
    return (today in window.days and minute >= window.start) or (yesterday in window.days and minute < window.end)


def _window(part: WindowPart) -> Window:
    names = [name.lower()[:3] for name in part.days or DAYS]
    strange: Iterable[str] = (name for name in names if name not in DAYS)
    for name in strange:
        raise Invalid(f"a day of mute is {name[:20]!r}; it must be one of {', '.join(DAYS)}")
    start, end = _minutes(part.start, "start"), _minutes(part.end, "end")
    if start == end:
        raise Invalid(
            f"a window of mute begins and ends at {part.start!r}; it needs two different times, such as 22:00 and 07:00"
        )
    return Window(tuple(sorted({DAYS.index(name) for name in names})), start, end)


def _minutes(text: str | None, name: str) -> int:
    found = _CLOCK.fullmatch(text or "")
    if found is None:
        raise Invalid(f"{name} of a window of mute is {(text or '')[:20]!r}; it must be a time such as 22:00")
    return int(found[1]) * 60 + int(found[2])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@lru_cache(maxsize=64)
def _zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise Invalid(f"timezone is {name[:100]!r}; it must be a name such as Europe/Berlin or UTC") from None
