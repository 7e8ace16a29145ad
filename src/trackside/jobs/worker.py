"""Leases and runs jobs.  `step` may run at any time, twice, or after a crash: the store records which server runs a job, and a
job returns to the queue if its lease is not renewed.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from trackside.core import disk
from trackside.core.access import WhyNot, never
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault
from trackside.core.work import leases
from trackside.jobs import firing, plan, store, tokens
from trackside.jobs.executors.port import Executor
from trackside.jobs.kinds import Kind, Kinds
from trackside.jobs.model import Job, Progress, State
from trackside.jobs.plan import Ending
from trackside.jobs.running import Running, ending_of
from trackside.workspaces import store as workspaces

log = logging.getLogger("trackside.jobs")

T = TypeVar("T")

LEASE_S = 30.0
BEAT_S = 1.0
RECOVER_S = 5.0
SCHEDULES_S = 1.0
CLOSE_S = 3.5
PRUNE_AT_ONCE = 500
DAY_MS = 86_400_000
CHUNK_BYTES = 32 << 10
TRIM_BYTES = 512 << 10


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Limits(Struct, frozen=True):
    """`slots` is the number of jobs that this server runs at once; `each` is the limit of a workspace over all servers."""

    slots: int
    each: int
    days: int  # ended jobs are kept this long; 0: without a limit


class JobStore:
    """The store for one job: in its workspace, with its user."""

    def __init__(self, db: Database, job: Job) -> None:
        self._db = db
        self._job = job

    def read(self, work: Callable[[Tx], T]) -> T:
        with self._db.read(self._job.workspace_id) as tx:
            return work(tx)

    def write(self, work: Callable[[Tx], T]) -> T:
        user = self._job.user
        found: T = self._db.writer.submit(self._job.workspace_id, lambda tx: work(tx.by(user))).result()
        return found


class _Attempt:
    """A job that this server runs, and the thread that runs it."""

    def __init__(self, job: Job, running: Running, began: float, deadline: float) -> None:
        self.job = job
        self.running = running
        self.began = began
        self.deadline = deadline
        self.ending: Ending | None = None
        self.thread: threading.Thread | None = None
        self.logged_bytes = 0
        self.written = job.progress
        self.beat_at = float("-inf")

    def work(self, kind: Kind[Any]) -> None:
        try:
            found = kind.run(self.running, kind.decode(self.job.params))
            self.ending = plan.Succeeded(None if found is None else msgspec.json.encode(found).decode())
        except BaseException as error:  # any error ends the job
            self.ending = ending_of(error)
            if isinstance(self.ending, plan.Failed) and not isinstance(error, Fault):
                log.exception("job %s of kind %s failed", self.job.job_id, self.job.kind)


class Worker:
    """`folder` contains a folder for each job; `url` is the address of the server's API for child processes on this machine."""

    def __init__(
        self,
        db: Database,
        kinds: Kinds,
        limits: Limits,
        folder: Path,
        executor: Executor,
        *,
        url: str = "",
        clock: Callable[[], float] = time.monotonic,
        why_not: WhyNot = never,
        start: str = "",
    ) -> None:
        self._db = db
        self._kinds = kinds
        self._limits = limits
        self._folder = folder
        self._executor = executor
        self._url = url
        self._clock = clock
        self._why_not = why_not
        self._holder = leases.new_holder(start)
        self.note: Callable[[int, str, str, float], None] = lambda _ws, _kind, _state, _seconds: None
        self.wake: Callable[[], None] = lambda: None  # wakes the loop that repeats `step`
        self._attempts: list[_Attempt] = []
        self._recovered_at = self._fired_at = float("-inf")
        self._is_closed = False

    def step(self) -> bool:
        """Renew leases, record finished attempts and start due jobs.  Return whether the next step should follow soon."""
        now = self._clock()
        has_ended = self._end_finished()
        self._beat(now)
        if self._is_closed:
            return False
        if now - self._recovered_at >= RECOVER_S:
            self._recovered_at = now
            self._recover()
        if now - self._fired_at >= SCHEDULES_S:
            self._fired_at = now
            firing.fire_due(self._db, self._kinds, self._why_not)
        return self._take(now) or has_ended

    def prune(self) -> bool:
        """Delete jobs after their retention period, and folders of deleted jobs.  Return whether more remain."""
        found: list[tuple[int, str]] = []
        if self._limits.days:
            with self._db.read(0) as tx:
                found = store.old(tx, tx.now - self._limits.days * DAY_MS, PRUNE_AT_ONCE)
            for ws, job_id in found:
                self._db.writer.submit(ws, partial(_delete, job_id=job_id)).result()
        if self._folder.exists():
            there = [each.name for each in self._folder.iterdir()]
            with self._db.read(0) as tx:
                known = store.known(tx, there)
            for name in set(there) - known:
                shutil.rmtree(self._folder / name, ignore_errors=True)
        return len(found) == PRUNE_AT_ONCE

    def close(self) -> None:
        """Stop the jobs of this server.  They return to the queue and start again on another server or after the restart."""
        self._is_closed = True
        for attempt in self._attempts:
            attempt.running.stop(plan.Released())
        deadline = time.monotonic() + CLOSE_S
        for attempt in self._attempts:
            if attempt.thread is not None:
                attempt.thread.join(max(0.0, deadline - time.monotonic()))
        for attempt in self._attempts:
            self._end(attempt, attempt.ending or plan.Released())
        self._attempts = []

    def _end_finished(self) -> bool:
        done = [attempt for attempt in self._attempts if attempt.ending is not None]
        for attempt in done:
            assert attempt.ending is not None
            self._end(attempt, attempt.ending)
            self._attempts.remove(attempt)
        return bool(done)

    def _end(self, attempt: _Attempt, ending: Ending) -> None:
        lines, progress = attempt.running.take()

        def write(tx: Tx) -> State | None:
            job = store.lock(tx, attempt.job.job_id)
            self._write_log(tx, attempt, lines)
            if store.beat(tx, attempt.job, progress, LEASE_S) is None:
                return None
            next_ = plan.after(job, ending, tx.now)
            tokens.end(tx, job)
            self._kinds.end(tx, job, next_)
            return next_.state

        try:
            state = self._db.writer.submit(attempt.job.workspace_id, write).result()
        except Fault as fault:  # the job was deleted with its workspace
            log.info("job %s cannot be ended: %s", attempt.job.job_id, fault.message)
            state = None
        log.info("job %s of kind %s: %s", attempt.job.job_id, attempt.job.kind, state)
        if state is not None:
            took_s = max(0.0, self._clock() - attempt.began)
            self.note(attempt.job.workspace_id, attempt.job.kind, str(state), took_s)
        if state is State.SUCCEEDED:
            shutil.rmtree(self._folder / attempt.job.job_id, ignore_errors=True)

    def _beat(self, now: float) -> None:
        for attempt in self._attempts:
            if now >= attempt.deadline:
                attempt.running.stop(plan.TimedOut())
            if now - attempt.beat_at < BEAT_S:
                continue
            attempt.beat_at = now
            lines, progress = attempt.running.take()
            try:
                write = partial(self._write_beat, attempt=attempt, lines=lines, progress=progress)
                ending = self._db.writer.submit(attempt.job.workspace_id, write).result()
            except Fault as fault:  # of the store; a lease outlasts several failed renewals
                log.warning("the lease of job %s is not renewed: %s", attempt.job.job_id, fault.message)
                continue
            if ending is not None:
                attempt.running.stop(ending)

    def _write_beat(self, tx: Tx, attempt: _Attempt, lines: list[str], progress: Progress) -> Ending | None:
        """Write log and progress of an attempt and renew its lease.  Return the reason why the attempt must end; None if it
        continues."""
        is_cancelling = store.beat(tx, attempt.job, progress, LEASE_S)
        if is_cancelling is None:
            reason = "Another server took the job over, or the job was deleted."
            return plan.Lost(reason, plan.cause("job-taken-over"))
        self._write_log(tx, attempt, lines)
        if is_cancelling:
            return plan.Cancelled()
        try:
            tokens.check(tx, attempt.job)
        except Denied as fault:
            return plan.failed(fault)
        return None

    def _write_log(self, tx: Tx, attempt: _Attempt, lines: list[str]) -> None:
        for text in chunks(lines):
            store.append_log(tx, attempt.job, text)
            attempt.logged_bytes += len(text)
        if attempt.logged_bytes > TRIM_BYTES:
            attempt.logged_bytes = 0
            store.trim_log(tx, attempt.job)

    def _recover(self) -> None:
        """Take over jobs whose lease expired, or whose server has certainly ended."""
        own = {attempt.job.job_id for attempt in self._attempts}
        with self._db.read(0) as tx:
            found = [(ws, job_id) for ws, job_id in store.lost(tx, self._holder) if job_id not in own]
        for ws, job_id in found:
            self._db.writer.submit(ws, partial(self._recover_one, job_id=job_id)).result()

    def _recover_one(self, tx: Tx, job_id: str) -> None:
        job = store.lock(tx, job_id)
        if job.state is not State.RUNNING or not store.is_expired(tx, job, self._holder):
            return
        tokens.end(tx, job)
        lost = plan.Lost("The server that ran the job ended.", plan.cause("job-server-ended"))
        next_ = plan.after(job, lost, tx.now)
        self._kinds.end(tx, job, next_)
        log.warning("job %s of kind %s lost its server: %s", job_id, job.kind, next_.state)

    def _take(self, now: float) -> bool:
        """Start due jobs while slots are free."""
        free = self._limits.slots - len(self._attempts)
        if free <= 0:
            return False
        with self._db.read(0) as tx:
            shares = plan.shares(store.queues(tx), self._limits.each, free)
        started = 0
        for ws, most in shares.items():
            leased = self._db.writer.submit(ws, partial(self._lease, most=most)).result()
            for job, token, workspace in leased:
                self._start(job, token, workspace, now)
                started += 1
        return started > 0

    def _lease(self, tx: Tx, most: int) -> list[tuple[Job, str, str]]:
        jobs = store.lease(tx, self._holder, most, self._limits.each, LEASE_S)
        taken = []
        for job in jobs:
            kind = self._kinds.find(job.kind)
            try:
                token = tokens.begin(tx, job) if kind is not None and kind.has_token else ""
            except Denied as fault:
                self._kinds.end(tx, job, plan.after(job, plan.failed(fault), tx.now))
                continue
            taken.append((store.get(tx, job.job_id), token, workspaces.current(tx).name))
        return taken

    def _start(self, job: Job, token: str, workspace: str, now: float) -> None:
        kind = self._kinds.find(job.kind)
        folder = self._folder / job.job_id
        running = Running(
            job,
            JobStore(self._db, job),
            self._executor,
            folder,
            url=self._url,
            token=token,
            workspace=workspace,
        )
        attempt = _Attempt(job, running, now, now + job.timeout_s)
        self._attempts.append(attempt)
        if kind is None:
            unknown = plan.cause("job-kind-unknown", kind=job.kind)
            attempt.ending = plan.Failed(f"This server knows no jobs of kind {job.kind!r}.", cause=unknown)
            self._attempts.remove(attempt)
            self._end(attempt, attempt.ending)
            return
        disk.make_folder(folder)
        attempt.thread = threading.Thread(
            target=self._work, args=(attempt, kind), name=f"trackside-job-{job.job_id[:8]}", daemon=True
        )
        attempt.thread.start()

    def _work(self, attempt: _Attempt, kind: Kind[Any]) -> None:
        attempt.work(kind)
        self.wake()


def _delete(tx: Tx, job_id: str) -> None:
    store.delete(tx, store.lock(tx, job_id))


def chunks(lines: list[str]) -> list[str]:
    """Join lines to texts of bounded size, one for each row."""
    found: list[str] = []
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > CHUNK_BYTES:
            found.append("\n".join(part))
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        found.append("\n".join(part))
    return found
