"""Monitors, their baselines and windows in SQL."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.drift.monitors.exchange import Judged, Known, KnownBaseline
from trackside.drift.monitors.model import MAX_MONITORS, Config, Monitor, Score

ENTITY = "drift_monitor"
CLOCK_SLACK_MS = 60_000
_MONITOR = """monitor_seq, name, config, is_scheduled, next_at, computed_at, baseline_key, note, user_name, principal_id,
    created_at, updated_at, pause_reason"""
_WINDOW = "slice, start_at, end_at, row_count, is_complete, computed_at, job_id, scores"


class Stored(Struct, frozen=True):
    """A window without its sums and result."""

    slice: str
    start: int
    end: int
    rows: int
    is_complete: bool
    computed_at: int
    job_id: str
    scores: list[Score]


class Overview(Struct, frozen=True):
    windows: int
    last: int | None
    open_incidents: int


NOTHING_YET = Overview(0, None, 0)


def create(tx: Tx, name: str, config: Config, *, is_scheduled: bool, next_at: int) -> Monitor:
    counted = tx.one("SELECT COUNT(*) FROM drift_monitors WHERE workspace_id = :ws")
    if counted is not None and counted[0] >= MAX_MONITORS:
        raise Invalid(f"The workspace has {counted[0]} monitors; at most {MAX_MONITORS} are allowed")
    made = tx.run(
        """
        INSERT INTO drift_monitors (workspace_id, name, config, is_scheduled, next_at, computed_at, baseline_key, note, user_name,
            principal_id, created_at, updated_at)
        VALUES (:ws, :name, :config, :is_scheduled, :next_at, :now, '', '', :user, :principal, :now, :now)
        ON CONFLICT DO NOTHING
        """,
        name=name,
        config=msgspec.json.encode(config).decode(),
        is_scheduled=int(is_scheduled),
        next_at=next_at,
        user=tx.user,
        principal=tx.caller.principal_id,
    )
    if not made:
        raise AlreadyExists(f"Monitor with name={name} already exists").because(
            "taken", kind="drift_monitor", name=name
        )
    tx.record(Change(ENTITY, name, "create"))
    return get(tx, name)


def get(tx: Tx, name: str) -> Monitor:
    row = tx.one(f"SELECT {_MONITOR} FROM drift_monitors WHERE workspace_id = :ws AND name = :name", name=name)
    if row is None:
        raise NotFound(f"Monitor with name={name[:100]} not found").because("missing", kind="drift_monitor", name=name)
    return _monitor(row)


def lock(tx: Tx, name: str) -> Monitor:
    """Return the monitor and lock it until the transaction ends."""
    row = tx.one(
        f"SELECT {_MONITOR} FROM drift_monitors WHERE workspace_id = :ws AND name = :name FOR UPDATE", name=name
    )
    if row is None:
        raise NotFound(f"Monitor with name={name[:100]} not found").because("missing", kind="drift_monitor", name=name)
    return _monitor(row)


def all_of_workspace(tx: Tx) -> list[Monitor]:
    rows = tx.all(f"SELECT {_MONITOR} FROM drift_monitors WHERE workspace_id = :ws ORDER BY name")
    return list(map(_monitor, rows))


def overviews(tx: Tx) -> dict[int, Overview]:
    """Return the values for the list of monitors."""
    windows = tx.all(
        """
        SELECT monitor_seq, COUNT(*), MAX(start_at) FROM drift_windows WHERE workspace_id = :ws AND slice = ''
        GROUP BY monitor_seq
        """
    )
    incidents: dict[int, int] = dict(
        tx.all(
            """
            SELECT monitor_seq, COUNT(*) FROM drift_incidents WHERE workspace_id = :ws AND closed_at IS NULL
            GROUP BY monitor_seq
            """
        )
    )
    return {seq: Overview(count, last, incidents.get(seq, 0)) for seq, count, last in windows}


def update(tx: Tx, monitor: Monitor, config: Config, *, is_scheduled: bool, next_at: int) -> None:
    tx.run(
        """
        UPDATE drift_monitors SET config = :config, is_scheduled = :is_scheduled, next_at = :next_at, computed_at = :now,
            user_name = :user, principal_id = :principal, updated_at = :now,
            pause_reason = CASE WHEN :is_scheduled = 1 THEN '' ELSE pause_reason END
        WHERE workspace_id = :ws AND monitor_seq = :seq
        """,
        seq=monitor.monitor_seq,
        config=msgspec.json.encode(config).decode(),
        is_scheduled=int(is_scheduled),
        next_at=next_at,
        user=tx.user,
        principal=tx.caller.principal_id,
    )
    tx.record(Change(ENTITY, monitor.name, "update"))


def note_next(tx: Tx, monitor: Monitor, next_at: int) -> None:
    tx.run(
        "UPDATE drift_monitors SET next_at = :next_at, computed_at = :now WHERE workspace_id = :ws AND monitor_seq = :seq",
        next_at=next_at,
        seq=monitor.monitor_seq,
    )


def pause(tx: Tx, monitor: Monitor, reason: str) -> None:
    """Stop the schedule, and store the reason."""
    tx.run(
        """
        UPDATE drift_monitors SET is_scheduled = 0, pause_reason = :reason WHERE workspace_id = :ws AND monitor_seq = :seq
        """,
        reason=reason,
        seq=monitor.monitor_seq,
    )
    tx.record(Change(ENTITY, monitor.name, "update"))


def delete(tx: Tx, monitor: Monitor) -> None:
    seq = monitor.monitor_seq
    tx.run("DELETE FROM drift_windows WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    tx.run("DELETE FROM drift_baselines WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    tx.run("DELETE FROM drift_incidents WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    tx.run("DELETE FROM drift_monitors WHERE workspace_id = :ws AND monitor_seq = :seq", seq=seq)
    tx.record(Change(ENTITY, monitor.name, "delete"))


def workspaces_due(tx: Tx) -> list[int]:
    """Return the workspaces with due monitors, or whose next time must be computed again because the clock went back."""
    rows = tx.all(
        """
        SELECT DISTINCT workspace_id FROM drift_monitors
        WHERE is_scheduled = 1 AND (next_at <= :now OR computed_at > :far)
        """,
        far=tx.now + CLOCK_SLACK_MS,
    )
    return [ws for (ws,) in rows]


def due(tx: Tx) -> list[Monitor]:
    """Return the due monitors of the workspace and lock them; monitors that another server has locked are skipped."""
    rows = tx.all(
        f"""
        SELECT {_MONITOR} FROM drift_monitors
        WHERE workspace_id = :ws AND is_scheduled = 1 AND (next_at <= :now OR computed_at > :far)
        ORDER BY monitor_seq FOR UPDATE SKIP LOCKED
        """,
        far=tx.now + CLOCK_SLACK_MS,
    )
    return list(map(_monitor, rows))


def baselines(tx: Tx, monitor: Monitor) -> list[KnownBaseline]:
    rows = tx.all(
        "SELECT slice, sums, extra FROM drift_baselines WHERE workspace_id = :ws AND monitor_seq = :seq ORDER BY slice",
        seq=monitor.monitor_seq,
    )
    return [KnownBaseline(slice_, bytes(sums), bytes(extra or b"")) for slice_, sums, extra in rows]


def put_baselines(tx: Tx, monitor: Monitor, key: str, found: Sequence[KnownBaseline]) -> None:
    tx.run("DELETE FROM drift_baselines WHERE workspace_id = :ws AND monitor_seq = :seq", seq=monitor.monitor_seq)
    tx.many(
        """
        INSERT INTO drift_baselines (workspace_id, monitor_seq, slice, sums, extra) VALUES (:ws, :seq, :slice, :sums, :extra)
        """,
        [{"slice": each.slice, "sums": each.sums, "extra": each.extra} for each in found],
        seq=monitor.monitor_seq,
    )
    tx.run(
        "UPDATE drift_monitors SET baseline_key = :key WHERE workspace_id = :ws AND monitor_seq = :seq",
        key=key,
        seq=monitor.monitor_seq,
    )


def put_note(tx: Tx, monitor: Monitor, note: str) -> None:
    tx.run(
        "UPDATE drift_monitors SET note = :note WHERE workspace_id = :ws AND monitor_seq = :seq",
        note=note,
        seq=monitor.monitor_seq,
    )


def put_windows(tx: Tx, monitor: Monitor, found: Iterable[Judged], job_id: str, complete_until: int) -> None:
    """Store windows; each replaces its stored result.  Windows that end after `complete_until` are incomplete."""
    for each in found:
        tx.run(
            """
            INSERT INTO drift_windows (workspace_id, monitor_seq, slice, start_at, end_at, row_count, is_complete, is_stale,
                computed_at, job_id, sums, scores, result)
            VALUES (:ws, :seq, :slice, :start, :end, :rows, :is_complete, 0, :now, :job_id, :sums, :scores, :result)
            ON CONFLICT (monitor_seq, slice, start_at) DO UPDATE SET end_at = excluded.end_at, row_count = excluded.row_count,
                is_complete = excluded.is_complete, is_stale = 0, computed_at = excluded.computed_at, job_id = excluded.job_id,
                sums = excluded.sums, scores = excluded.scores, result = excluded.result
            """,
            seq=monitor.monitor_seq,
            slice=each.slice,
            start=each.start,
            end=each.end,
            rows=each.rows,
            is_complete=int(each.end <= complete_until),
            job_id=job_id,
            sums=each.sums,
            scores=msgspec.json.encode(each.scores).decode(),
            result=each.result.decode(),
        )


def drop_slices(tx: Tx, monitor: Monitor, start: int, kept: Sequence[str]) -> None:
    """Delete slices of a window without rows."""
    tx.run(
        """
        DELETE FROM drift_windows WHERE workspace_id = :ws AND monitor_seq = :seq AND start_at = :start AND slice NOT IN :kept
        """,
        seq=monitor.monitor_seq,
        start=start,
        kept=list(kept),
    )


def drop_future(tx: Tx, monitor: Monitor) -> None:
    """Delete windows that begin in the future: the clock was ahead when they were computed."""
    tx.run(
        "DELETE FROM drift_windows WHERE workspace_id = :ws AND monitor_seq = :seq AND start_at > :far",
        seq=monitor.monitor_seq,
        far=tx.now + CLOCK_SLACK_MS,
    )


def windows(tx: Tx, monitor: Monitor, slice_: str, since: int, until: int, limit: int) -> list[Stored]:
    """Return the newest windows that begin in a range, in the order of time."""
    rows = tx.all(
        f"""
        SELECT {_WINDOW} FROM drift_windows
        WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = :slice AND start_at >= :since AND start_at < :until
        ORDER BY start_at DESC LIMIT :limit
        """,
        seq=monitor.monitor_seq,
        slice=slice_,
        since=since,
        until=until,
        limit=limit,
    )
    return [_window(row) for row in reversed(rows)]


def slices(tx: Tx, monitor: Monitor) -> list[str]:
    rows = tx.all(
        """
        SELECT DISTINCT slice FROM drift_windows WHERE workspace_id = :ws AND monitor_seq = :seq AND slice <> '' ORDER BY slice
        """,
        seq=monitor.monitor_seq,
    )
    return [slice_ for (slice_,) in rows]


def result(tx: Tx, monitor: Monitor, slice_: str, start: int) -> tuple[Stored, str]:
    row = tx.one(
        f"""
        SELECT {_WINDOW}, result FROM drift_windows
        WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = :slice AND start_at = :start
        """,
        seq=monitor.monitor_seq,
        slice=slice_,
        start=start,
    )
    if row is None:
        raise NotFound(f"Monitor {monitor.name} has no window that begins at {start}")
    return _window(row[:-1]), row[-1]


def known(tx: Tx, monitor: Monitor, starts: Sequence[int]) -> list[Known]:
    """Return windows of all slices with their sums."""
    rows = tx.all(
        """
        SELECT slice, start_at, end_at, sums, result FROM drift_windows
        WHERE workspace_id = :ws AND monitor_seq = :seq AND start_at IN :starts ORDER BY slice, start_at
        """,
        seq=monitor.monitor_seq,
        starts=list(starts),
    )
    return [Known(slice_, start, end, bytes(sums), result) for slice_, start, end, sums, result in rows]


def mark_stale(tx: Tx, monitor: Monitor, start: int, end: int, since: int) -> int:
    """Schedule the complete windows that overlap a range again, except those that begin before `since`."""
    return tx.run(
        """
        UPDATE drift_windows SET is_stale = 1
        WHERE workspace_id = :ws AND monitor_seq = :seq AND start_at < :end AND end_at > :start AND start_at >= :since
        """,
        seq=monitor.monitor_seq,
        start=start,
        end=end,
        since=since,
    )


def again(tx: Tx, monitor: Monitor) -> list[int]:
    """Return the windows to compute again: stale ones, incomplete ones, and those from before the clock went back."""
    rows = tx.all(
        """
        SELECT start_at FROM drift_windows
        WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = ''
            AND (is_stale = 1 OR is_complete = 0 OR computed_at > :far)
        ORDER BY start_at
        """,
        seq=monitor.monitor_seq,
        far=tx.now + CLOCK_SLACK_MS,
    )
    return [start for (start,) in rows]


def _monitor(row: Row) -> Monitor:
    values = dict(zip(Monitor.__struct_fields__, row, strict=True))
    config = msgspec.json.decode(values["config"], type=Config)
    return Monitor(**{**values, "config": config, "is_scheduled": bool(values["is_scheduled"])})


def _window(row: Row) -> Stored:
    slice_, start, end, rows, is_complete, computed_at, job_id, scores = row
    decoded = msgspec.json.decode(scores, type=list[Score])
    return Stored(slice_, start, end, rows, bool(is_complete), computed_at, job_id, decoded)
