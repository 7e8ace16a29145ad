"""Imports that a server runs: a state file for each, and a child process that does the work.

The processes of a server share the folder of state files, so that each can list and cancel the imports of the others.  A child
holds a lock while it runs: a state "running" without a lock belongs to a child that was killed.
"""

import fcntl
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from trackside.core import disk
from trackside.core.errors import BadState, NotFound
from trackside.core.http_client.credentials import Secret
from trackside.core.outgoing.addresses import Rules
from trackside.imports.report import Report

MAX_RUNNING = 2  # concurrent imports of one workspace
MAX_KEPT = 50  # states of ended imports of one workspace
MAX_LINES = 1_000  # of differences, and of left-out items, in a state
_ID = re.compile(r"[0-9a-f]{32}")
_GRACE_S = 5.0


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the server ended, or the child was killed


class Job(Struct, frozen=True):
    """An import as the API shows it.  It has no secret."""

    import_id: str
    source: str
    dry_run: bool
    verify: bool
    user: str
    started_at: int  # ms
    state: State = State.RUNNING
    ended_at: int | None = None  # ms
    error: str = ""
    total_runs: int | None = None
    report: Report | None = None


class Order(Struct, frozen=True):
    """The parameters of a child, sent over its standard input because they may contain secrets."""

    file: str
    source: str
    source_workspace: str
    secret: Secret
    target: str
    headers: dict[str, str]
    verify: bool
    dry_run: bool
    rules: Rules  # of the hosts that it may call


class Jobs:
    """The imports of all workspaces, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, owner: str, job: Job, order: Order) -> Job:
        """Start a child for the import.  `owner` is the uid of a workspace."""
        folder = self._folder / owner
        disk.make_folder(folder)
        self._reap()
        with _locked(folder / ".lock"):
            held = self.list(owner)
            running = [each for each in held if each.state is State.RUNNING]
            if len(running) >= MAX_RUNNING:
                raise BadState(
                    f"{len(running)} imports are running in this workspace; at most {MAX_RUNNING} may. Wait for one of them "
                    "to end, or cancel it."
                ).because("imports-running", most=str(MAX_RUNNING))
            for old in [each for each in held if each.state is not State.RUNNING][MAX_KEPT - 1 :]:
                self._remove(folder, old.import_id)
            file = folder / f"{job.import_id}.json"
            lock = os.open(_lock_of(file), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                write(file, job)
                self._spawn(structs.replace(order, file=str(file)), lock)
            except OSError:
                self._remove(folder, job.import_id)
                raise
            finally:
                os.close(lock)  # the child has inherited it
        return job

    def list(self, owner: str) -> list[Job]:
        """Return the imports of a workspace, the newest first."""
        found = []
        for file in (self._folder / owner).glob("*.json"):
            with suppress(FileNotFoundError):  # it was removed meanwhile
                found.append(_read(file))
        return sorted(found, key=lambda job: (job.started_at, job.import_id), reverse=True)

    def get(self, owner: str, import_id: str) -> Job:
        file = self._file(owner, import_id)
        try:
            return _read(file)
        except FileNotFoundError:
            raise NotFound(f"No import with id {import_id} exists in this workspace") from None

    def cancel(self, owner: str, import_id: str) -> Job:
        """End the child.  The imported data stays."""
        job = self.get(owner, import_id)
        if job.state is not State.RUNNING:
            raise BadState(f"Import {import_id} is {job.state}; only a running import can be cancelled").because(
                "import-ended"
            )
        _cancel_of(self._file(owner, import_id)).touch()
        return job

    def close(self) -> None:
        """End the children that this process started."""
        for child in self._children:
            if child.stdin is not None:
                child.stdin.close()  # a child exits when its standard input is closed
        deadline = time.monotonic() + _GRACE_S
        for child in self._children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()

    def _spawn(self, order: Order, lock: int) -> None:
        child = subprocess.Popen(
            [sys.executable, "-m", "trackside.imports.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C at the server's terminal must not reach the child
        )
        assert child.stdin is not None
        self._children.append(child)
        child.stdin.write(msgspec.json.encode(order) + b"\n")
        child.stdin.flush()

    def _reap(self) -> None:
        for child in [each for each in self._children if each.poll() is not None]:
            if child.stdin is not None:
                child.stdin.close()
            self._children.remove(child)

    def _file(self, owner: str, import_id: str) -> Path:
        if not _ID.fullmatch(import_id):
            raise NotFound(f"'{import_id[:100]}' is not the id of an import")
        return self._folder / owner / f"{import_id}.json"

    def _remove(self, folder: Path, import_id: str) -> None:
        file = folder / f"{import_id}.json"
        for each in (file, _lock_of(file), _cancel_of(file)):
            each.unlink(missing_ok=True)


def new_id() -> str:
    return uuid.uuid4().hex


def write(file: Path, job: Job) -> None:
    """Replace the state file atomically."""
    report = job.report
    if report is not None:
        report = structs.replace(
            report, differences=report.differences[:MAX_LINES], left_out=report.left_out[:MAX_LINES]
        )
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(disk.create(new), "wb") as made:
            made.write(msgspec.json.encode(structs.replace(job, report=report)))
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def is_cancelled(file: Path) -> bool:
    return _cancel_of(file).exists()


def _read(file: Path) -> Job:
    job = msgspec.json.decode(file.read_bytes(), type=Job)
    if job.state is not State.RUNNING or _is_held(_lock_of(file)):
        return job
    job = msgspec.json.decode(file.read_bytes(), type=Job)  # again: it may have ended meanwhile
    if job.state is not State.RUNNING:
        return job
    return structs.replace(job, state=State.INTERRUPTED)


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock_of(file: Path) -> Path:
    return file.with_suffix(".lock")


def _cancel_of(file: Path) -> Path:
    return file.with_suffix(".cancel")
