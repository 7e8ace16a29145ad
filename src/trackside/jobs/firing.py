"""Queues the jobs of due schedules.  A lock on the schedule's row ensures that one server fires it."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.access import Action, WhyNot, never
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


def fire_due(db: Database, kinds: Kinds, why_not: WhyNot = never) -> None:
    """Queue the jobs of due schedules.  If the user of a schedule has lost the rights for its job, the schedule is paused with
    the reason that `why_not` returns."""
    with db.read(0) as tx:
        found = schedule_store.workspaces_due(tx)
    for ws in found:
        with db.read(ws) as tx:
            known = [each for each in schedule_store.all_of_workspace(tx) if not each.is_paused]
        reasons = {each.schedule_seq: why_not(each.principal_id, ws, _acts_of(kinds, each)) for each in known}
        db.writer.submit(ws, lambda tx, reasons=reasons: _fire(tx, kinds, reasons)).result()  # type: ignore[misc]


def _acts_of(kinds: Kinds, schedule: Schedule) -> tuple[Action, ...]:
    """Return the actions that the user of a schedule needs in the workspace.  If the kind checks the rights on the objects in its
    parameters, its `needs` are left out: each job checks them for the user."""
    kind = kinds.find(schedule.kind)
    return (Action.JOBS_WRITE, *(kind.needs if kind is not None and not kind.checks_objects else ()))


def _fire(tx: Tx, kinds: Kinds, reasons: Mapping[int, str]) -> None:
    for schedule in schedule_store.due(tx):
        next_at = schedules.next_after(schedule, tx.now)
        why = reasons.get(schedule.schedule_seq, "")
        if why:
            _pause(tx, schedule, why)
        is_due = schedule.next_at <= tx.now and not why
        job_id = _submit_or_pause(tx, kinds, schedule) if is_due else ""
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
    """Queue a job of the schedule; pause the schedule, with the reason, if its job cannot be queued any more."""
    try:
        return submit(tx, kinds, schedule)
    except Fault as fault:
        _pause(tx, schedule, fault.message)
        return ""


def _pause(tx: Tx, schedule: Schedule, why: str) -> None:
    log.error("job schedule %s is paused, since its job cannot be queued: %s", schedule.name, why)
    schedule_store.pause(tx, schedule, why)
