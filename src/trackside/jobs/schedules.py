"""Computes the next times of a schedule.  Pure: the time is an argument."""

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from trackside.core.errors import Invalid
from trackside.jobs.model import Schedule

MIN_INTERVAL_S = 60
MAX_INTERVAL_S = 366 * 86_400
CLOCK_SLACK_MS = 60_000  # tolerated difference between the clocks of servers
MAX_CRON = 200
_FORM = "it must have five fields, such as '30 6 * * 1-5' for 6:30 on working days: minute, hour, day, month, weekday"


def check(cron: str, timezone: str, interval_s: int) -> None:
    """Raise Invalid for a malformed schedule, and for one that never fires."""
    if bool(cron) == bool(interval_s):
        both = ", and not both" if cron else ""
        raise Invalid(f"a schedule needs either cron or interval_s (1 or more){both}")
    if interval_s and not MIN_INTERVAL_S <= interval_s <= MAX_INTERVAL_S:
        raise Invalid(f"interval_s is {interval_s}; it must be between {MIN_INTERVAL_S} and {MAX_INTERVAL_S} seconds")
    zone = _zone(timezone)
    if cron:
        if len(cron) > MAX_CRON:
            raise Invalid(f"cron is {cron[:50]!r}…; it must have at most {MAX_CRON} characters")
        try:
            fields = CronSim(cron, datetime(2026, 1, 1, tzinfo=zone))
        except CronSimError as fault:
            if _is_fine_in_some_month(cron):
                message = f"cron is {cron!r}, which never fires: none of its months has such a day"
                raise Invalid(message).because("cron-never", cron=cron) from None
            raise Invalid(f"cron is {cron!r} ({str(fault).lower()}); {_FORM}").because("cron", cron=cron) from None
        if next(fields, None) is None:
            raise Invalid(f"cron is {cron!r}, which never fires").because("cron-never", cron=cron)


def next_after(schedule: Schedule, now_ms: int) -> int:
    """Return the next time (ms) after now.  Missed times are skipped.

    An interval keeps its phase, unless more than one time was missed."""
    if schedule.interval_s:
        length = schedule.interval_s * 1000
        planned = schedule.next_at + length if schedule.next_at else 0
        return planned if now_ms < planned <= now_ms + length else now_ms + length
    return _cron_after(schedule.cron, schedule.timezone, now_ms, 1)[0]


def upcoming(schedule: Schedule, count: int = 5) -> list[int]:
    """Return the next times (ms) of a schedule; none while it is paused."""
    if schedule.is_paused:
        return []
    later = times_after(schedule.next_at, schedule.cron, schedule.timezone, schedule.interval_s, count - 1)
    return [schedule.next_at, *later]


def times_after(now_ms: int, cron: str, timezone: str, interval_s: int, count: int = 5) -> list[int]:
    """Return the next times (ms) of a cron expression or an interval that `check` accepts."""
    if interval_s:
        return [now_ms + number * interval_s * 1000 for number in range(1, count + 1)]
    return _cron_after(cron, timezone, now_ms, count)


def _is_fine_in_some_month(cron: str) -> bool:
    fields = cron.split()
    try:
        CronSim(" ".join([*fields[:3], "*", *fields[4:]]), datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return len(fields) > 3  # the month is the fourth field


def _cron_after(cron: str, timezone: str, now_ms: int, count: int) -> list[int]:
    moment = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(_zone(timezone))
    return [int(each.timestamp() * 1000) for each in islice(CronSim(cron, moment), count)]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"timezone is {name[:100]!r}; it must be a name such as UTC or Europe/Madrid"
        raise Invalid(message).because("timezone", name=name[:100]) from None
