"""Workers that are killed in the middle of a job, on both databases."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs import worker_process
from jobs.conftest import CHILD, LIMITS, Code, Office
from support.links import until
from support.processes.servers import environment
from trackside.core.settings import PostgresStore, Settings
from trackside.jobs.executors.process import ProcessExecutor
from trackside.jobs.kinds import Kinds
from trackside.jobs.model import State
from trackside.jobs.worker import Worker

pytestmark = [pytest.mark.both, pytest.mark.timeout(180)]

# Counts its runs; the first one says who it is and stays, the second one ends.
COUNTS = """
import fcntl, os, time
runs, held, pid = {runs!r}, {held!r}, {pid!r}
first = not os.path.exists(runs)
lock = open(held, "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
open(runs, "a").write("run\\n")
if first:
    open(pid + ".new", "w").write(str(os.getpid()))
    os.rename(pid + ".new", pid)
    time.sleep(600)
"""


@pytest.fixture
def process(chosen: Settings, tmp_path: Path, postgres_url_of: str) -> Iterator[Any]:
    begun = subprocess.Popen(
        [sys.executable, worker_process.__file__, chosen.data, postgres_url_of, tmp_path / "jobs" / "first"],
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
    )
    yield begun
    begun.kill()
    begun.wait()


@pytest.fixture
def postgres_url_of(request: pytest.FixtureRequest, chosen: Settings) -> str:
    return str(request.getfixturevalue("postgres_store")) if isinstance(chosen.store, PostgresStore) else ""


def test_a_killed_server_ends_its_child_and_another_one_finishes_the_job(
    chosen: Settings, db: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    runs, held, pid = (str(tmp_path / name) for name in ("runs", "held", "pid"))
    office = Office(db, tmp_path / "jobs")
    job_id = office.submit(CHILD, Code(COUNTS.format(runs=runs, held=held, pid=pid)))
    process = request.getfixturevalue("process")
    until(lambda: Path(pid).exists(), "the child to run")

    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: _is_free(held), "the child to end with its server")
    office.write(lambda tx: tx.run("UPDATE jobs SET leased_until = 1 WHERE workspace_id = :ws"))  # 30 s later
    worker = Worker(db, Kinds([CHILD]), LIMITS, tmp_path / "jobs" / "second", ProcessExecutor({}), clock=office.clock)
    job = office.finish(worker, job_id)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert Path(runs).read_text() == "run\n" * 2


def test_a_killed_child_runs_again(db: Any, tmp_path: Path) -> None:
    runs, held, pid = (str(tmp_path / name) for name in ("runs", "held", "pid"))
    office = Office(db, tmp_path / "jobs")
    job_id, worker = office.submit(CHILD, Code(COUNTS.format(runs=runs, held=held, pid=pid))), office.worker()
    office.drive(worker, lambda: Path(pid).exists())

    os.kill(int(Path(pid).read_text()), signal.SIGKILL)
    job = office.finish(worker, job_id)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def _is_free(path: str) -> bool:
    with Path(path).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
