"""Schedules of jobs in SQL."""

from msgspec.structs import replace

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, NotFound
from trackside.jobs import schedules
from trackside.jobs.model import Schedule

_SCHEDULE = """schedule_seq, name, kind, params, cron, timezone, interval_s, priority, is_paused, next_at, computed_at, last_at,
    last_job_id, user_name, principal_id, created_at, updated_at, pause_reason"""


def no_schedule(name: str) -> NotFound:
    """Return the error for a schedule that does not exist."""
    return NotFound(f"Job schedule with name={name[:100]} not found").because("missing", kind="job_schedule", name=name)


def create(tx: Tx, schedule: Schedule) -> Schedule:
    schedule = replace(schedule, next_at=schedules.next_after(schedule, tx.now))
    row = tx.one(
        f"""
        INSERT INTO job_schedules (workspace_id, name, kind, params, cron, timezone, interval_s, priority, is_paused, next_at,
            computed_at, last_job_id, user_name, principal_id, created_at, updated_at)
        VALUES (:ws, :name, :kind, :params, :cron, :timezone, :interval_s, :priority, 0, :next_at, :now, '', :user,
            :principal_id, :now, :now)
        ON CONFLICT DO NOTHING RETURNING {_SCHEDULE}
        """,
        name=schedule.name,
        kind=schedule.kind,
        params=schedule.params,
        cron=schedule.cron,
        timezone=schedule.timezone,
        interval_s=schedule.interval_s,
        priority=schedule.priority,
        next_at=schedule.next_at,
        user=tx.user,
        principal_id=schedule.principal_id,
    )
    if row is None:
        raise AlreadyExists(f"A job schedule with name={schedule.name} already exists.").because(
            "taken", kind="job_schedule", name=schedule.name
        )
    tx.record(Change("job_schedule", schedule.name, "create"))
    return _schedule(row)


def get(tx: Tx, name: str) -> Schedule:
    row = tx.one(f"SELECT {_SCHEDULE} FROM job_schedules WHERE workspace_id = :ws AND name = :name", name=name)
    if row is None:
        raise no_schedule(name)
    return _schedule(row)


def lock(tx: Tx, name: str) -> Schedule:
    """Return the schedule and lock it until the transaction ends."""
    row = tx.one(
        f"SELECT {_SCHEDULE} FROM job_schedules WHERE workspace_id = :ws AND name = :name FOR UPDATE", name=name
    )
    if row is None:
        raise no_schedule(name)
    return _schedule(row)


def all_of_workspace(tx: Tx) -> list[Schedule]:
    rows = tx.all(f"SELECT {_SCHEDULE} FROM job_schedules WHERE workspace_id = :ws ORDER BY name")
    return list(map(_schedule, rows))


def update(tx: Tx, schedule: Schedule) -> Schedule:
    """Write the values of a locked schedule and compute its next time from now."""
    schedule = replace(schedule, next_at=0)
    schedule = replace(schedule, next_at=schedules.next_after(schedule, tx.now), computed_at=tx.now, updated_at=tx.now)
    tx.run(
        """
        UPDATE job_schedules SET params = :params, cron = :cron, timezone = :timezone, interval_s = :interval_s,
            priority = :priority, is_paused = :is_paused, pause_reason = :pause_reason, next_at = :next_at, user_name = :user,
            principal_id = :principal_id, computed_at = :now, updated_at = :now
        WHERE workspace_id = :ws AND schedule_seq = :seq
        """,
        params=schedule.params,
        cron=schedule.cron,
        timezone=schedule.timezone,
        interval_s=schedule.interval_s,
        priority=schedule.priority,
        is_paused=int(schedule.is_paused),
        pause_reason=schedule.pause_reason,
        next_at=schedule.next_at,
        user=schedule.user,
        principal_id=schedule.principal_id,
        seq=schedule.schedule_seq,
    )
    tx.record(Change("job_schedule", schedule.name, "update"))
    return schedule


def delete(tx: Tx, name: str) -> None:
    if not tx.run("DELETE FROM job_schedules WHERE workspace_id = :ws AND name = :name", name=name):
        raise no_schedule(name)
    tx.record(Change("job_schedule", name, "delete"))


def workspaces_due(tx: Tx) -> list[int]:
    """Return the workspaces with schedules that are due, or that need a new next time because the clock was set back."""
    rows = tx.all(
        """
        SELECT DISTINCT workspace_id FROM job_schedules
        WHERE is_paused = 0 AND (next_at <= :now OR computed_at > :far)
        """,
        far=tx.now + schedules.CLOCK_SLACK_MS,
    )
    return [ws for (ws,) in rows]


def due(tx: Tx) -> list[Schedule]:
    """Return the due schedules of the workspace and lock them; schedules that another server has locked are skipped."""
    rows = tx.all(
        f"""
        SELECT {_SCHEDULE} FROM job_schedules
        WHERE workspace_id = :ws AND is_paused = 0 AND (next_at <= :now OR computed_at > :far)
        ORDER BY schedule_seq FOR UPDATE SKIP LOCKED
        """,
        far=tx.now + schedules.CLOCK_SLACK_MS,
    )
    return list(map(_schedule, rows))


def note_next(tx: Tx, schedule: Schedule, next_at: int, job_id: str) -> None:
    """Write the next time of a schedule; `job_id` is the job that was just queued, or empty."""
    tx.run(
        """
        UPDATE job_schedules SET next_at = :next_at, computed_at = :now,
            last_at = CASE WHEN :job_id <> '' THEN :now ELSE last_at END,
            last_job_id = CASE WHEN :job_id <> '' THEN :job_id ELSE last_job_id END
        WHERE workspace_id = :ws AND schedule_seq = :seq
        """,
        next_at=next_at,
        job_id=job_id,
        seq=schedule.schedule_seq,
    )


def pause(tx: Tx, schedule: Schedule, reason: str) -> None:
    """Pause the schedule and store the reason."""
    tx.run(
        """
        UPDATE job_schedules SET is_paused = 1, pause_reason = :reason WHERE workspace_id = :ws AND schedule_seq = :seq
        """,
        reason=reason,
        seq=schedule.schedule_seq,
    )
    tx.record(Change("job_schedule", schedule.name, "update"))


def _schedule(row: Row) -> Schedule:
    names = Schedule.__struct_fields__
    values = dict(zip(names, row, strict=True))
    return Schedule(**{**values, "is_paused": bool(values["is_paused"])})
