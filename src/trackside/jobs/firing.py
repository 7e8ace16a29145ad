"""Queues the jobs of due schedules.  A lock on the schedule's row ensures that one server fires it."""

import logging
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.jobs import queue, schedule_store, schedules
from trackside.jobs.kinds import Kinds
from trackside.jobs.model import Schedule

log = logging.getLogger("trackside.jobs")


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def fire_due(db: Database, kinds: Kinds) -> None:
    with db.read(0) as tx:
        found = schedule_store.workspaces_due(tx)
    for ws in found:
        db.writer.submit(ws, lambda tx: _fire(tx, kinds)).result()


def _fire(tx: Tx, kinds: Kinds) -> None:
    for schedule in schedule_store.due(tx):
        next_at = schedules.next_after(schedule, tx.now)
        job_id = _submit_or_pause(tx, kinds, schedule) if schedule.next_at <= tx.now else ""
        schedule_store.note_next(tx, schedule, next_at, job_id)


def submit(tx: Tx, kinds: Kinds, schedule: Schedule) -> str:
    """Queue a job of the schedule and return its id.  If an earlier one is queued or running, return that id."""
    kind = kinds.get_open(schedule.kind)
    job = queue.submit(
        tx.by(schedule.user),
        kind,
        kind.decode(schedule.params),
        title=f"{schedule.name}: {kind.title}",
        priority=schedule.priority,
        key=f"schedule {schedule.name}",
        schedule=schedule.name,
        principal_id=schedule.principal_id,
    )
    return job.job_id


def _submit_or_pause(tx: Tx, kinds: Kinds, schedule: Schedule) -> str:
    """Queue a job of the schedule; pause the schedule, with a log line, if its job cannot be queued any more."""
    try:
        return submit(tx, kinds, schedule)
    except Fault as fault:
        log.error("job schedule %s is paused, since its job cannot be queued: %s", schedule.name, fault.message)
        schedule_store.pause(tx, schedule)
        return ""
