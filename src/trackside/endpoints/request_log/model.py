"""The settings of request logs, and the requests and answers of their calls."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call

MAX_MB = 1 << 20
MAX_DAYS = 3650
MAX_ROWS = 10_000
DEFAULT_ROWS = 100
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class LogSettings(Struct, frozen=True, kw_only=True):
    """`sampling` is the share of requests that are logged, above 0 and up to 1.  The oldest files are deleted when the log has
    more than `max_mb`, or after `keep_days`."""

    sampling: float = 1.0
    max_mb: int = 1024
    keep_days: int = 30


class PutRequestLog(Call, frozen=True):
    """Switches the request log on, or changes the given settings."""

    name: str | None = None
    sampling: float | None = None
    max_mb: int | None = None
    keep_days: int | None = None


class RequestLogCall(Call, frozen=True):
    name: str | None = None


class DeleteRequestLog(Call, frozen=True):
    """`files`: also delete the logged requests."""

    name: str | None = None
    files: bool | None = None


class RowsCall(Call, frozen=True):
    """`since` and `until` are times: ISO 8601, or ms since 1970."""

    required: ClassVar[tuple[str, ...]] = ()
    name: str | None = None
    deployment: str | None = None
    since: str | None = None
    until: str | None = None
    limit: int | None = None


class TableFormat(StrEnum):
    """The formats of `GET /table`: one file, or with `daily` a zip of CSV files for each day, in the folders of Azure's
    collection of model data."""

    PARQUET = "parquet"
    CSV = "csv"
    DAILY = "daily"


class TableCall(Call, frozen=True):
    """`since` and `until` are times: ISO 8601, or ms since 1970.  `format` is `parquet` (the default), `csv`, or `daily`: a zip
    of CSV files by model, inputs or predictions, and day."""

    required: ClassVar[tuple[str, ...]] = ()
    name: str | None = None
    deployment: str | None = None
    since: str | None = None
    until: str | None = None
    format: str | None = None


class Counters(Answer, frozen=True):
    """Counters of the answering server process since its start: requests that it logged, left out by sampling, dropped because
    the queue or the disk was full, and could not read as rows."""

    logged: int = 0
    sampled_out: int = 0
    dropped: int = 0
    unreadable: int = 0


class LoggedDay(Struct, frozen=True):
    """The files of one day (UTC), such as 2026-01-31, on the answering server."""

    day: str
    files: int
    size_bytes: int


class ShownRequestLog(Answer, frozen=True):
    """`days` are the days that have files, the newest first."""

    is_on: bool
    files: int
    size_bytes: int
    counters: Counters
    sampling: float | UnsetType = UNSET
    max_mb: int | UnsetType = UNSET
    keep_days: int | UnsetType = UNSET
    oldest: int | UnsetType = UNSET  # ms: the hours of the oldest and the newest file
    newest: int | UnsetType = UNSET
    days: list[LoggedDay] = []


class GotRequestLog(Answer, frozen=True):
    request_log: ShownRequestLog


class Rows(Answer, frozen=True):
    rows: list[dict[str, Any]]


class Range(Struct, frozen=True):
    """The rows from `since` up to but not including `until` (ms)."""

    since: int
    until: int
    deployment: str = ""


def check_settings(call: PutRequestLog, base: LogSettings) -> LogSettings:
    """Return `base` with the given fields.  Raise Invalid."""
    sampling = base.sampling if call.sampling is None else call.sampling
    max_mb = base.max_mb if call.max_mb is None else call.max_mb
    keep_days = base.keep_days if call.keep_days is None else call.keep_days
    if not 0 < sampling <= 1:
        raise Invalid(f"sampling is {sampling!r}; it must be a number above 0 and up to 1, such as 0.1 for a tenth.")
    if not 1 <= max_mb <= MAX_MB:
        raise Invalid(f"max_mb is {max_mb}; it must be a number from 1 to {MAX_MB}.")
    if not 1 <= keep_days <= MAX_DAYS:
        raise Invalid(f"keep_days is {keep_days}; it must be a number from 1 to {MAX_DAYS}.")
    return LogSettings(sampling=sampling, max_mb=max_mb, keep_days=keep_days)


def check_format(given: str) -> TableFormat:
    """Return the format.  Raise Invalid."""
    if given not in list(TableFormat):
        raise Invalid(f"format is {given[:20]!r}; it must be one of {', '.join(TableFormat)}.")
    return TableFormat(given)


def check_range(since: str, until: str, deployment: str, now: int) -> Range:
    """Return the range of two times, by default all up to now.  Raise Invalid."""
    found = Range(_time("since", since, 0), _time("until", until, now + 1), deployment)
    if found.since >= found.until:
        raise Invalid(f"since is {since!r} and until {until or 'now'!r}; since must be the earlier one.")
    return found


def _time(name: str, given: str, default: int) -> int:
    if not given:
        return default
    if given.isdecimal() and given.isascii() and len(given) <= 15:
        return int(given)
    try:
        moment = datetime.fromisoformat(given)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid(
            f"{name} is {given[:50]!r}; it must be a time such as 2026-01-31T09:00:00Z, or milliseconds since 1970."
        ) from None
