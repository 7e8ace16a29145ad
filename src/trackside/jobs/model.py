"""Jobs, queues and schedules, and their forms in the API.  Pure."""

import re
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call

MAX_PRIORITY = 100
MAX_TITLE = 500
MAX_TIMEOUT_S = 30 * 86_400
MAX_RUNNING = 1000
MAX_LISTED = 1000
MAX_LOG_LINES = 5000
_SCHEDULE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}")


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (State.QUEUED, State.RUNNING)


class Cause(Struct, frozen=True, omit_defaults=True):
    """The reason of a job's state as data, so that the web UI can translate it.

    `error_code` and `key` are those of the fault, if a fault ended the job.  `attempts` is set if no attempt is left."""

    error_code: str = ""
    key: str = ""
    values: dict[str, str] = {}
    attempts: int = 0


class Progress(Struct, frozen=True, omit_defaults=True):
    """The progress of a job.  `message_key` and `message_values` are the message as data.

    `since_ms` and `since_done` are the time and the count of this attempt's first report; 0 before that report."""

    done: int = 0
    total: int | None = None
    unit: str = ""
    message: str = ""
    message_key: str = ""
    message_values: dict[str, str] = {}
    at_ms: int = 0
    since_ms: int = 0
    since_done: int = 0

    @property
    def per_s(self) -> float | None:
        """Return the rate of this attempt; None if it is not known yet."""
        elapsed_s = (self.at_ms - self.since_ms) / 1000
        done = self.done - self.since_done
        return done / elapsed_s if self.since_ms and elapsed_s > 0 and done > 0 else None

    @property
    def left_s(self) -> float | None:
        rate = self.per_s
        return None if rate is None or self.total is None else max(0, self.total - self.done) / rate


class Job(Struct, frozen=True, kw_only=True):
    job_seq: int
    workspace_id: int
    job_id: str
    kind: str
    title: str
    params: str  # JSON
    state: State
    reason: str
    cause: Cause = Cause()
    priority: int
    attempt: int
    max_attempts: int
    timeout_s: int
    due_at: int
    schedule: str
    user: str
    principal_id: int | None
    is_cancelling: bool
    holder: str
    token_id: int | None
    progress: Progress
    result: str | None  # JSON
    created_at: int
    started_at: int | None
    ended_at: int | None


class Queue(Struct, frozen=True):
    """The numbers of jobs of a workspace.  `max_running` is the workspace's own limit, or None."""

    workspace_id: int
    max_running: int | None
    is_paused: bool
    running: int
    queued: int


class Schedule(Struct, frozen=True, kw_only=True):
    schedule_seq: int
    name: str
    kind: str
    params: str  # JSON
    cron: str
    timezone: str
    interval_s: int
    priority: int
    is_paused: bool
    next_at: int
    computed_at: int
    last_at: int | None
    last_job_id: str
    user: str
    principal_id: int | None
    created_at: int
    updated_at: int
    pause_reason: str = ""  # set by the server; empty if a user paused the schedule


# The requests.


class CreateJob(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("kind",)
    kind: str | None = None
    params: dict[str, Any] | None = None
    title: str | None = None
    priority: int | None = None
    timeout_s: int | None = None


class ListJobs(Call, frozen=True):
    """`kind`, `state` and `schedule` filter the list; `page_token` comes from the previous page."""

    kind: str | None = None
    state: str | None = None
    schedule: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class OfJob(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("job_id",)
    job_id: str | None = None


class ReadLog(OfJob, frozen=True):
    """`cursor` comes from the previous answer; without it the log is read from its beginning."""

    cursor: int | None = None
    lines: int | None = None


class NoFields(Call, frozen=True):
    pass


class UpdateQueue(Call, frozen=True):
    """`max_running` of 0 removes the workspace's own limit."""

    max_running: int | None = None
    is_paused: bool | None = None


class CreateSchedule(Call, frozen=True):
    """`cron` has five fields, evaluated in `timezone` (default UTC); `interval_s` is a fixed interval instead."""

    required: ClassVar[tuple[str, ...]] = ("name", "kind")
    name: str | None = None
    kind: str | None = None
    params: dict[str, Any] | None = None
    cron: str | None = None
    timezone: str | None = None
    interval_s: int | None = None
    priority: int | None = None


class WhenSchedule(Call, frozen=True):
    """`cron` in `timezone` (default UTC), or `interval_s`, of a schedule to be created."""

    cron: str | None = None
    timezone: str | None = None
    interval_s: int | None = None


class OfSchedule(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None


class UpdateSchedule(OfSchedule, frozen=True):
    params: dict[str, Any] | None = None
    cron: str | None = None
    timezone: str | None = None
    interval_s: int | None = None
    priority: int | None = None
    is_paused: bool | None = None


# The answers.


class ShownProgress(Answer, frozen=True):
    """`message_key` and `message_values`: the message as data, if it is one of the server's own."""

    done: int
    total: int | UnsetType = UNSET
    unit: str = ""
    message: str = ""
    message_key: str = ""
    message_values: dict[str, str] = {}
    per_s: float | UnsetType = UNSET
    left_s: float | UnsetType = UNSET


class ShownCause(Answer, frozen=True):
    """The reason as data.  `error_code` is that of a fault, `key` names the reason, and `values` are quoted by it.  `attempts`:
    the number of attempts after which the job failed."""

    error_code: str = ""
    key: str = ""
    values: dict[str, str] = {}
    attempts: int = 0


class ShownJob(Answer, frozen=True):
    job_id: str
    kind: str
    title: str
    state: str
    reason: str
    is_cancelling: bool
    priority: int
    attempt: int
    max_attempts: int
    timeout_s: int
    user: str
    progress: ShownProgress
    params: msgspec.Raw
    created_at: int  # ms
    schedule: str = ""
    cause: ShownCause | UnsetType = UNSET
    started_at: int | UnsetType = UNSET  # ms, of the last attempt
    ended_at: int | UnsetType = UNSET  # ms
    result: msgspec.Raw | UnsetType = UNSET


class GotJob(Answer, frozen=True):
    """`may_retry`: the caller may queue the job again, if the caller has the right to write jobs."""

    job: ShownJob
    may_retry: bool = True


class Jobs(Answer, frozen=True):
    jobs: list[ShownJob] = field(default_factory=list)
    next_page_token: str | UnsetType = UNSET


class Log(Answer, frozen=True):
    """`is_complete`: the job has ended, and there are no lines after `cursor`."""

    cursor: int
    is_complete: bool
    lines: list[str] = field(default_factory=list)


class ShownKind(Answer, frozen=True):
    name: str
    title: str
    params: dict[str, Any]  # JSON schema


class JobKinds(Answer, frozen=True):
    kinds: list[ShownKind] = field(default_factory=list)


class ShownQueue(Answer, frozen=True):
    """`max_running` is the effective limit, the workspace's own or the server's."""

    running: int
    queued: int
    max_running: int
    is_paused: bool


class GotQueue(Answer, frozen=True):
    queue: ShownQueue


class ShownSchedule(Answer, frozen=True):
    """`may_steer`: the caller, if allowed to write or delete jobs, may run, change, pause and delete the schedule. `pause_reason`
    is the reason why the server paused the schedule."""

    name: str
    kind: str
    params: msgspec.Raw
    priority: int
    is_paused: bool
    user: str
    may_steer: bool
    created_at: int
    updated_at: int
    pause_reason: str = ""
    cron: str = ""
    timezone: str = ""
    interval_s: int = 0
    next_at: int | UnsetType = UNSET
    last_at: int | UnsetType = UNSET
    last_job_id: str = ""
    times: list[int] = field(default_factory=list)  # ms, of the next runs


class ScheduleTimes(Answer, frozen=True):
    times: list[int] = field(default_factory=list)  # ms, of the next runs


class GotSchedule(Answer, frozen=True):
    schedule: ShownSchedule


class Schedules(Answer, frozen=True):
    schedules: list[ShownSchedule] = field(default_factory=list)


def one_of(*choices: str) -> msgspec.Meta:
    """Return the annotation of a text parameter of a kind: forms offer the choices.  The kind's own check refuses others, since
    its message names the parameter."""
    return msgspec.Meta(extra_json_schema={"enum": list(choices)})


def check_priority(given: int | None) -> int:
    value = 0 if given is None else given
    if not -MAX_PRIORITY <= value <= MAX_PRIORITY:
        raise Invalid(f"priority is {value}; it must be between {-MAX_PRIORITY} and {MAX_PRIORITY}, and 0 is usual")
    return value


def check_timeout(given: int | None, usual: int) -> int:
    value = usual if given is None else given
    if not 1 <= value <= MAX_TIMEOUT_S:
        raise Invalid(f"timeout_s is {value}; it must be between 1 and {MAX_TIMEOUT_S} seconds")
    return value


def check_title(given: str | None, usual: str) -> str:
    value = given or usual
    if len(value) > MAX_TITLE or not value.isprintable():
        raise Invalid(f"title is {value[:100]!r}; it must be at most {MAX_TITLE} printable characters")
    return value


def check_state(given: str | None) -> State | None:
    if not given:
        return None
    if given not in State.__members__.values():
        raise Invalid(f"state is {given[:100]!r}; it must be one of {', '.join(State)}")
    return State(given)


def check_number(name: str, given: int | None, usual: int, most: int) -> int:
    value = usual if given is None else given
    if not 1 <= value <= most:
        raise Invalid(f"{name} is {value}; it must be between 1 and {most}")
    return value


def check_schedule_name(given: str) -> str:
    if not _SCHEDULE_NAME.fullmatch(given):
        raise Invalid(
            f"name is {given[:100]!r}; the name of a schedule has 1 to 100 letters, digits, dots, dashes and underscores"
        )
    return given


def check_cursor(given: str | None) -> int | None:
    """Return the number in a page token."""
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise Invalid(f"page_token is {given[:100]!r}; it must be what the page before said in next_page_token")
    return int(given)


def shown(job: Job) -> ShownJob:
    progress = job.progress
    is_running = job.state is State.RUNNING
    rate, left = progress.per_s, progress.left_s
    return ShownJob(
        job_id=job.job_id,
        kind=job.kind,
        title=job.title,
        state=job.state,
        reason=job.reason,
        is_cancelling=job.is_cancelling,
        priority=job.priority,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        timeout_s=job.timeout_s,
        user=job.user,
        progress=ShownProgress(
            done=progress.done,
            total=UNSET if progress.total is None else progress.total,
            unit=progress.unit,
            message=progress.message,
            message_key=progress.message_key,
            message_values=progress.message_values,
            per_s=UNSET if rate is None else round(rate, 3),
            left_s=UNSET if left is None or not is_running else round(left, 1),
        ),
        params=msgspec.Raw(job.params.encode()),
        created_at=job.created_at,
        schedule=job.schedule,
        cause=shown_cause(job),
        started_at=UNSET if job.started_at is None else job.started_at,
        ended_at=UNSET if job.ended_at is None else job.ended_at,
        result=UNSET if job.result is None else msgspec.Raw(job.result.encode()),
    )


def shown_cause(job: Job) -> ShownCause | UnsetType:
    cause = job.cause
    return UNSET if cause == Cause() else ShownCause(cause.error_code, cause.key, cause.values, cause.attempts)


def shown_schedule(schedule: Schedule, times: list[int], *, may_steer: bool) -> ShownSchedule:
    """Return a schedule in the form of the API.  `times` are its next times."""
    return ShownSchedule(
        name=schedule.name,
        kind=schedule.kind,
        params=msgspec.Raw(schedule.params.encode()),
        priority=schedule.priority,
        is_paused=schedule.is_paused,
        pause_reason=schedule.pause_reason,
        user=schedule.user,
        may_steer=may_steer,
        created_at=schedule.created_at,
        updated_at=schedule.updated_at,
        cron=schedule.cron,
        timezone=schedule.timezone if schedule.cron else "",
        interval_s=schedule.interval_s,
        next_at=UNSET if schedule.is_paused else schedule.next_at,
        last_at=UNSET if schedule.last_at is None else schedule.last_at,
        last_job_id=schedule.last_job_id,
        times=times,
    )
