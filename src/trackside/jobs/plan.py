"""Decides the next state of a job whose attempt ended, and how many jobs of each workspace start next.  Pure."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.errors import Because, Fault
from trackside.jobs.model import Cause, Job, Queue, State

FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 300_000
MAX_REASON = 4_000


class Succeeded(Struct, frozen=True):
    result: str | None = None  # JSON


class Failed(Struct, frozen=True):
    """The function of the kind failed.  `may_retry`: a retry may succeed."""

    reason: str
    may_retry: bool = False
    cause: Cause = Cause()


class Lost(Struct, frozen=True):
    """The server or the child process of the attempt was killed."""

    reason: str
    cause: Cause = Cause()


class Released(Struct, frozen=True):
    """The server is stopping."""


class Cancelled(Struct, frozen=True):
    pass


class TimedOut(Struct, frozen=True):
    pass


Ending = Succeeded | Failed | Lost | Released | Cancelled | TimedOut


class Next(Struct, frozen=True):
    """The next state of a job whose attempt ended."""

    state: State
    reason: str
    due_at: int = 0  # 0: at once
    max_attempts: int = 0
    result: str | None = None
    cause: Cause = Cause()


def cause(key: Because, **values: str) -> Cause:
    """Return a reason as data."""
    return Cause(key=key, values={name: _cut(value) for name, value in values.items()})


def failed(fault: Fault, *, may_retry: bool = False) -> Failed:
    """Return the ending of an attempt that a fault ended."""
    found = cause(fault.reason.key, **fault.reason.values) if fault.reason is not None else Cause()
    return Failed(fault.message, may_retry, replace(found, error_code=fault.code))


def after(job: Job, ending: Ending, now: int) -> Next:
    """Return the next state of the job.  A cancelled job stays cancelled, however its attempt ended."""
    if job.is_cancelling and not isinstance(ending, Succeeded):
        ending = Cancelled()
    match ending:
        case Succeeded(result):
            return Next(State.SUCCEEDED, "", 0, job.max_attempts, result)
        case Cancelled():
            return Next(State.CANCELLED, "The job was cancelled.", 0, job.max_attempts, cause=cause("job-cancelled"))
        case TimedOut():
            reason = f"The job was ended after its time limit of {job.timeout_s} s."
            why = cause("job-timed-out", seconds=str(job.timeout_s))
            return Next(State.FAILED, reason, 0, job.max_attempts, cause=why)
        case Released():
            # The attempt does not count: the job did not fail.
            why = cause("job-server-stopped")
            return Next(State.QUEUED, "The server that ran the job stopped.", 0, job.max_attempts + 1, cause=why)
        case Failed(reason, may_retry, why):
            return _again(job, reason, why, now + pause_ms(job.attempt)) if may_retry else _failed(job, reason, why)
        case Lost(reason, why):
            return _again(job, reason, why, 0)


def cancelled_before(job: Job) -> Next:
    """Return the next state of a job that is cancelled while it is queued."""
    reason, why = "The job was cancelled before it began.", cause("job-cancelled-queued")
    return Next(State.CANCELLED, reason, 0, job.max_attempts, cause=why)


def pause_ms(attempt: int) -> int:
    """Return the delay before the next attempt: 5 s, doubled each time, at most 300 s."""
    return min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << min(attempt - 1, 10))


def shares(queues: Sequence[Queue], usual_limit: int, free: int) -> dict[int, int]:
    """Return the number of jobs of each workspace that start now, `free` in all.

    The workspace with the fewest running jobs is served first, so that a long queue cannot starve the others."""
    open_ = [queue for queue in queues if not queue.is_paused and queue.queued]
    running = {queue.workspace_id: queue.running for queue in open_}
    room = {queue.workspace_id: min(limit_of(queue, usual_limit) - queue.running, queue.queued) for queue in open_}
    given: dict[int, int] = {}
    for _ in range(free):
        waiting = [ws for ws, left in room.items() if left > 0]
        if not waiting:
            break
        ws = min(waiting, key=lambda each: (running[each], each))
        given[ws] = given.get(ws, 0) + 1
        running[ws] += 1
        room[ws] -= 1
    return given


def limit_of(queue: Queue, usual_limit: int) -> int:
    return usual_limit if queue.max_running is None else queue.max_running


def _again(job: Job, reason: str, why: Cause, due_at: int) -> Next:
    if job.attempt >= job.max_attempts:
        times = "once" if job.attempt == 1 else f"{job.attempt} times"
        return _failed(job, f"{reason} The job was tried {times}.", replace(why, attempts=job.attempt))
    return Next(State.QUEUED, _cut(reason), due_at, job.max_attempts, cause=why)


def _failed(job: Job, reason: str, why: Cause) -> Next:
    return Next(State.FAILED, _cut(reason), 0, job.max_attempts, cause=why)


def _cut(reason: str) -> str:
    """Return a reason that every database can store: the output of a child may have any bytes."""
    reason = storable(reason)
    return reason if len(reason) <= MAX_REASON else reason[:MAX_REASON] + "…"


def storable(text: str) -> str:
    """Replace characters that PostgreSQL cannot store: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
