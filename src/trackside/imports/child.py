"""The child process of an import that a server runs: it reads its parameters from standard input and writes its state to a file.

It exits when standard input is closed, because the server is gone, and when the import is cancelled.  It may exit at any moment:
a repeated import sends only missing data.
"""

import os
import select
import sys
import threading
import time
from pathlib import Path

import msgspec
from msgspec import structs

from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.core.outgoing.guard import Guard
from trackside.imports import jobs
from trackside.imports.jobs import Job, Order, State
from trackside.imports.opening import Options, open_source
from trackside.imports.patience import PatientHttp
from trackside.imports.report import Report
from trackside.imports.source import SourceError
from trackside.imports.target import Target
from trackside.imports.work import Import

LOOK_S = 0.25
ENDING_S = 2.0
WRITE_EVERY_S = 0.5
RESUME = "What has come stays; start the import once more to bring the rest."


class _Progress:
    """The state file.  The final state is written once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._job = msgspec.json.decode(file.read_bytes(), type=Job)
        self._lock = threading.Lock()
        self._has_ended = False
        self._written_at = 0.0

    def count(self, total_runs: int | None) -> None:
        self._job = structs.replace(self._job, total_runs=total_runs)

    def watch(self, report: Report) -> None:
        now = time.monotonic()
        if now - self._written_at < WRITE_EVERY_S:
            return
        self._written_at = now
        with self._lock:
            if not self._has_ended:
                self._job = structs.replace(self._job, report=report)
                jobs.write(self._file, self._job)

    def end(self, state: State, report: Report | None = None, error: str = "") -> None:
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = True
            now_ms = time.time_ns() // 1_000_000
            ended = structs.replace(self._job, state=state, error=error, ended_at=now_ms)
            jobs.write(self._file, structs.replace(ended, report=report) if report is not None else ended)

    def is_cancelled(self) -> bool:
        return jobs.is_cancelled(self._file)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    progress = _Progress(Path(order.file))
    threading.Thread(target=_end_on_request, args=(progress,), daemon=True).start()
    try:
        report = _bring(order, progress)
    except (SourceError, RemoteUnavailable, RequestRejected) as error:
        # A stopping server refuses calls before it closes the pipe.
        if isinstance(error, RemoteUnavailable) and _is_orphan(ENDING_S):
            progress.end(State.INTERRUPTED, error=f"The server ended. {RESUME}")
        progress.end(State.FAILED, error=f"{error}. {RESUME}")
    except Exception as error:
        progress.end(State.FAILED, error=f"The import ended by a fault of the server: {type(error).__name__}. {RESUME}")
        raise
    else:
        progress.end(State.DONE, report)


def _bring(order: Order, progress: _Progress) -> Report:
    target = Target(PatientHttp(order.target, Secret(), headers=order.headers))
    try:
        target.about()
        options = Options(workspace=order.source_workspace or None, secret=order.secret, guard=Guard(order.rules))
        source = open_source(order.source, options)
        try:
            progress.count(source.count())
            work = Import(source, target, verify=order.verify, dry_run=order.dry_run, watch=progress.watch)
            return work.run()
        finally:
            source.close()
    finally:
        target.close()


def _end_on_request(progress: _Progress) -> None:
    """Exit when the server is gone, or the import is cancelled."""
    while True:
        if _is_orphan(LOOK_S):
            progress.end(State.INTERRUPTED, error=f"The server ended. {RESUME}")
            os._exit(0)
        if progress.is_cancelled():
            progress.end(State.CANCELLED)
            os._exit(0)


def _is_orphan(wait_s: float) -> bool:
    """Return whether the server has ended, or ends within `wait_s`."""
    return bool(select.select([sys.stdin], [], [], wait_s)[0])


if __name__ == "__main__":
    main()
