"""The context of a running job for the function of its kind: progress, log, cancellation, a folder, child processes."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from trackside.core.counts import counted
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.jobs.executors.port import Command, Executor
from trackside.jobs.model import Job, Progress
from trackside.jobs.plan import Ending, Failed, Lost, cause, failed, storable

T = TypeVar("T")

MARK = "\x1etrackside "  # prefix of a line of a child's output that is a JSON report
MAX_LINE = 8_000
MAX_WAITING = 20_000  # lines between two writes; further lines are dropped and counted
MAX_DONE = 2**60


class Stopped(Exception):
    """The attempt was stopped from outside.  The function of a kind must not catch this exception."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(type(ending).__name__)
        self.ending = ending


class ChildFailed(Fault):
    """A child process ended with an exit code other than 0."""


class Report(msgspec.Struct, frozen=True):
    """A report of a child process, in a line that begins with MARK."""

    done: int | None = None
    total: int | None = None
    unit: str | None = None
    message: str | None = None
    key: str = ""  # of the message
    values: dict[str, str] = {}
    error: str | None = None  # the error of the job if the process fails, instead of the last line of the log
    result: dict[str, Any] | None = None


class Store(Protocol):
    """Read and write transactions of a job in its workspace."""

    def read(self, work: Callable[[Tx], T]) -> T: ...

    def write(self, work: Callable[[Tx], T]) -> T: ...


class Running:
    """One attempt of a job.  The function of its kind runs in a thread; the worker reads log and progress in another thread."""

    def __init__(
        self,
        job: Job,
        store: Store,
        executor: Executor,
        folder: Path,
        *,
        url: str = "",
        token: str = "",
        workspace: str = "",
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """`url` and `token` are for a child process that calls the server's API; `clock` returns ms."""
        self.job = job
        self.store = store
        self.folder = folder
        self.url = url
        self.token = token
        self.workspace = workspace
        self._executor = executor
        self._clock = clock
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ending: Ending | None = None
        self._lines: list[str] = []
        self._dropped = 0
        self._listener: Callable[[str], None] = lambda _: None
        self._progress = replace(job.progress, since_ms=0, since_done=0, message="")

    def listen(self, listener: Callable[[str], None]) -> None:
        """Also pass each line of the log to `listener`, which any thread may call."""
        self._listener = listener

    def log(self, text: str) -> None:
        """Add lines to the job's log."""
        lines = [line[:MAX_LINE] for line in storable(text).split("\n")]
        for line in lines:
            self._listener(line)
        with self._lock:
            room = MAX_WAITING - len(self._lines)
            self._lines += lines[:room]
            self._dropped += len(lines[room:])

    def progress(
        self,
        done: int | None = None,
        total: int | None = None,
        *,
        unit: str | None = None,
        message: str | None = None,
        key: str = "",
        values: Mapping[str, str] | None = None,
    ) -> None:
        """Update the progress; omitted values stay unchanged.

        `key` and `values` are the message as data, for which the web UI has texts."""
        with self._lock:
            before = self._progress
            changed: dict[str, Any] = {"at_ms": self._clock()}
            if done is not None:
                changed["done"] = max(0, min(done, MAX_DONE))
                if not before.since_ms or done < before.since_done:
                    changed |= {"since_ms": changed["at_ms"], "since_done": changed["done"]}
            if total is not None:
                changed["total"] = max(0, min(total, MAX_DONE))
            if unit is not None:
                changed["unit"] = storable(unit)[:40]
            if message is not None:
                changed["message"] = storable(message)[:500]
                changed["message_key"] = storable(key)[:40]
                changed["message_values"] = {
                    storable(name)[:40]: storable(value)[:200] for name, value in list((values or {}).items())[:10]
                }
            self._progress = replace(before, **changed)

    def check(self) -> None:
        """Raise Stopped if the job was cancelled, has exceeded its time limit, or the server is stopping."""
        if self._stop.is_set():
            assert self._ending is not None
            raise Stopped(self._ending)

    def run(self, command: Command) -> dict[str, Any]:
        """Run a child process to its end, and return the result that it reports.

        Its output goes to the log, except reports.  Raise ChildFailed for an exit code other than 0, Stopped if the job is
        stopped or the process was killed."""
        self.check()
        reports: list[Report] = []
        code = self._executor.run(command, lambda line: self._on_line(line, reports), self._stop)
        self.check()
        result: dict[str, Any] = next((each.result for each in reversed(reports) if each.result is not None), {})
        if code == 0:
            return result
        said = next((each.error for each in reversed(reports) if each.error), "")
        if code > 128 and not said:
            signal = str(code - 128)
            raise Stopped(
                Lost(f"The process of the job was killed by signal {signal}.", cause("job-killed", signal=signal))
            )
        if said:
            raise ChildFailed(said).because("job-process", message=said)
        last = self._last_line
        raise ChildFailed(f"The process ended with exit code {code}: {last}").because(
            "job-exit-code", code=str(code), line=last
        )

    def stop(self, ending: Ending) -> None:
        """Request the end of the attempt; `check` then raises Stopped.  Only the first reason is stored."""
        with self._lock:
            if self._ending is None:
                self._ending = ending
        self._stop.set()

    def take(self) -> tuple[list[str], Progress]:
        """Return the log lines since the last call, and the progress."""
        with self._lock:
            lines, self._lines = self._lines, []
            if self._dropped:
                lines.append(f"(dropped {counted(self._dropped, 'lines')}: output came faster than it could be stored)")
                self._dropped = 0
            return lines, self._progress

    def _on_line(self, line: str, reports: list[Report]) -> None:
        if not line.startswith(MARK):
            if line.strip():
                self._last_line = line.strip()[:500]
            self.log(line)
            return
        try:
            report = msgspec.json.decode(line[len(MARK) :], type=Report)
        except msgspec.MsgspecError:
            self.log(line.replace(MARK, ""))
            return
        if report.error or report.result is not None:
            reports.append(report)
        if (report.done, report.total, report.unit, report.message) != (None, None, None, None):
            self.progress(
                report.done,
                report.total,
                unit=report.unit,
                message=report.message,
                key=report.key,
                values=report.values,
            )

    _last_line = "no message"


def ending_of(error: BaseException) -> Ending:
    """Return the ending of an attempt whose function raised `error`."""
    match error:
        case Stopped(ending=ending):
            return ending
        case Fault():
            return failed(error, may_retry=error.status in (429, 503))
    text = f"{type(error).__name__}: {error}"
    return Failed(f"The job ended by a fault of the server: {text}", cause=cause("job-server-fault", error=text))
