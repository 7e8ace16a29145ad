"""Calls for schedules of jobs."""

import msgspec
from msgspec.structs import replace

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, command, query
from trackside.jobs import firing, ownership, queue, readable, schedule_store, schedules, store
from trackside.jobs import model as m
from trackside.jobs.kinds import Kinds

PATH = "/api/trackside/v1/job-schedules"
TIMES = "/api/trackside/v1/job-schedule-times"


class Calls:
    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds

    def create(self, tx: Tx, call: m.CreateSchedule) -> m.GotSchedule:
        """Create a schedule, which queues jobs by a cron expression or an interval, as the caller."""
        schedule = m.Schedule(
            schedule_seq=0,
            name=m.check_schedule_name(call.name or ""),
            kind=call.kind or "",
            params=self._params(tx, call.kind or "", call.params or {}),
            cron=" ".join((call.cron or "").split()),
            timezone=call.timezone or "UTC",
            interval_s=call.interval_s or 0,
            priority=m.check_priority(call.priority),
            is_paused=False,
            next_at=0,
            computed_at=tx.now,
            last_at=None,
            last_job_id="",
            user=tx.user,
            principal_id=tx.caller.principal_id,
            created_at=tx.now,
            updated_at=tx.now,
        )
        schedules.check(schedule.cron, schedule.timezone, schedule.interval_s)
        return m.GotSchedule(_shown(tx, schedule_store.create(tx, schedule)))

    def list(self, tx: Tx, call: m.NoFields) -> m.Schedules:
        """Return the schedules of the workspace."""
        found = schedule_store.all_of_workspace(tx)
        return m.Schedules([_shown(tx, each) for each in found if readable.is_readable(tx, each)])

    def times(self, tx: Tx, call: m.WhenSchedule) -> m.ScheduleTimes:
        """Return the next times at which a schedule would fire.  An invalid cron expression, timezone or interval is an error."""
        cron, timezone = " ".join((call.cron or "").split()), call.timezone or "UTC"
        schedules.check(cron, timezone, call.interval_s or 0)
        return m.ScheduleTimes(schedules.times_after(tx.now, cron, timezone, call.interval_s or 0))

    def get(self, tx: Tx, call: m.OfSchedule) -> m.GotSchedule:
        """Return a schedule."""
        return m.GotSchedule(_shown(tx, readable.check_schedule(tx, schedule_store.get(tx, call.name or ""))))

    def update(self, tx: Tx, call: m.UpdateSchedule) -> m.GotSchedule:
        """Change or pause a schedule.  With new `params`, its jobs act as the caller from then on."""
        found = _own(tx, call.name or "")
        if call.cron is not None or call.interval_s is not None:
            found = replace(found, cron=" ".join((call.cron or "").split()), interval_s=call.interval_s or 0)
        if call.timezone is not None:
            found = replace(found, timezone=call.timezone or "UTC")
        if call.priority is not None:
            found = replace(found, priority=m.check_priority(call.priority))
        if call.is_paused is not None:
            found = replace(found, is_paused=call.is_paused, pause_reason=found.pause_reason if call.is_paused else "")
        if call.params is not None:
            params = self._params(tx, found.kind, call.params)
            found = replace(found, params=params, user=tx.user, principal_id=tx.caller.principal_id)
        schedules.check(found.cron, found.timezone, found.interval_s)
        return m.GotSchedule(_shown(tx, schedule_store.update(tx, found)))

    def delete(self, tx: Tx, call: m.OfSchedule) -> None:
        """Delete a schedule.  Its jobs are kept."""
        schedule_store.delete(tx, _own(tx, call.name or "").name)

    def run(self, tx: Tx, call: m.OfSchedule) -> m.GotJob:
        """Queue the job of a schedule now, as its user.  If an earlier job of the schedule is queued or running, return that
        job."""
        schedule = _own(tx, call.name or "")
        queue.check_needs(tx, self._kinds.get_open(schedule.kind))
        user = tx.user
        job_id = firing.submit(tx, self._kinds, schedule)
        schedule_store.note_next(tx.by(user), schedule, schedule.next_at, job_id)
        return m.GotJob(m.shown(store.get(tx, job_id)))

    def _params(self, tx: Tx, kind_name: str, given: dict[str, object]) -> str:
        kind = self._kinds.get_open(kind_name)
        queue.check_needs(tx, kind)
        return msgspec.json.encode(kind.checked(tx, kind.of_caller(given))).decode()


def _own(tx: Tx, name: str) -> m.Schedule:
    found = readable.check_schedule(tx, schedule_store.lock(tx, name))
    ownership.check_schedule(tx, found)
    return found


def _shown(tx: Tx, schedule: m.Schedule) -> m.ShownSchedule:
    may_steer = ownership.may_steer(tx, schedule.principal_id)
    return m.shown_schedule(schedule, schedules.upcoming(schedule), may_steer=may_steer)


def routes(kinds: Kinds) -> list[Route]:
    calls = Calls(kinds)
    one = f"{PATH}/{{name}}"
    read, write, delete = Action.JOBS_READ, Action.JOBS_WRITE, Action.JOBS_DELETE
    return [
        command(f"POST {PATH}", m.CreateSchedule, calls.create, needs=write, answer=m.GotSchedule, status=201),
        query(f"GET {PATH}", m.NoFields, calls.list, needs=read, answer=m.Schedules),
        query(f"GET {TIMES}", m.WhenSchedule, calls.times, needs=read, answer=m.ScheduleTimes),
        query(f"GET {one}", m.OfSchedule, calls.get, needs=read, answer=m.GotSchedule),
        command(f"PATCH {one}", m.UpdateSchedule, calls.update, needs=write, answer=m.GotSchedule),
        command(f"DELETE {one}", m.OfSchedule, calls.delete, needs=delete),
        command(f"POST {one}/run", m.OfSchedule, calls.run, needs=write, answer=m.GotJob),
    ]
