"""Kinds of jobs for tests, and workers that are stepped by hand."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from trackside.core.errors import Invalid, Unavailable
from trackside.jobs import queue, store
from trackside.jobs.executors.port import Command
from trackside.jobs.executors.process import ProcessExecutor
from trackside.jobs.kinds import Kind, Kinds
from trackside.jobs.model import Job, State
from trackside.jobs.running import Running
from trackside.jobs.worker import Limits, Worker

JOBS = "/api/trackside/v1/jobs"
SCHEDULES = "/api/trackside/v1/job-schedules"
LIMITS = Limits(slots=10, each=10, days=30)


class Add(Struct, frozen=True):
    left: int = 0
    right: int = 0


class Sum(Struct, frozen=True):
    sum: int


class Code(Struct, frozen=True):
    """Python that a child process runs."""

    code: str


class Text(Struct, frozen=True):
    text: str = ""


def add(running: Running, params: Add) -> Sum:
    if params.left < 0:
        raise Invalid(f"left is {params.left}; it must not be negative")
    running.log(f"{params.left} + {params.right}")
    running.progress(1, 2, unit="terms", message="adding")
    return Sum(params.left + params.right)


def run_child(running: Running, params: Code) -> None:
    running.run(
        Command(argv=[sys.executable, "-c", params.code], folder=str(running.folder), is_isolated=False),
    )


def wait(running: Running, params: Text) -> None:
    """Until it is told to stop."""
    running.log("waiting")
    looked = threading.Event()
    while True:
        running.check()
        looked.wait(0.005)


def fail(running: Running, params: Text) -> None:
    raise Unavailable(params.text)


def refuse(tx: Any, params: Add) -> Add:
    if params.right < 0:
        raise Invalid(f"right is {params.right}; it must not be negative")
    return params


ADD = Kind(name="add", title="Add", params=Add, run=add, check=refuse)
CHILD = Kind(name="child", title="Run Python", params=Code, run=run_child)
WAIT = Kind(name="wait", title="Wait", params=Text, run=wait, has_token=True)
FAIL = Kind(name="fail", title="Fail", params=Text, run=fail, max_attempts=2, is_open=False)
KINDS = (ADD, CHILD, WAIT, FAIL)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Office:
    """A store with workers."""

    def __init__(self, db: Any, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.clock = Clock()
        self._workers: list[Worker] = []

    def worker(
        self, limits: Limits = LIMITS, kinds: tuple[Kind[Any], ...] = KINDS, name: str = "a", start: str = ""
    ) -> Worker:
        made = Worker(
            self.db,
            Kinds(kinds),
            limits,
            self.folder / name,
            ProcessExecutor({}),
            clock=self.clock,
            url="http://x",
            start=start,
        )
        self._workers.append(made)
        return made

    def submit(self, kind: Kind[Any], params: Struct, ws: int = 1, **more: Any) -> str:
        job: Job = self.db.writer.submit(ws, lambda tx: queue.submit(tx.by("ann"), kind, params, **more)).result()
        return job.job_id

    def job(self, job_id: str, ws: int = 1) -> Job:
        with self.db.read(ws) as tx:
            return store.get(tx, job_id)

    def log(self, job_id: str, ws: int = 1) -> list[str]:
        with self.db.read(ws) as tx:
            return store.log_after(tx, store.get(tx, job_id), 0, 100_000)[0]

    def write(self, work: Callable[[Any], Any], ws: int = 1) -> Any:
        return self.db.writer.submit(ws, work).result()

    def drive(self, worker: Worker, condition: Callable[[], Any]) -> None:
        """Step the worker, a second apart by its clock, until the condition holds."""
        while not condition():
            worker.step()
            self.clock.now += 1.0
            time.sleep(0.002)  # its jobs need the processor, too

    def finish(self, worker: Worker, job_id: str, ws: int = 1) -> Job:
        self.drive(worker, lambda: self.job(job_id, ws).state not in (State.QUEUED, State.RUNNING))
        return self.job(job_id, ws)

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


@pytest.fixture
def office(db: Any, tmp_path: Path) -> Iterator[Office]:
    made = Office(db, tmp_path / "jobs")
    yield made
    made.close()
