"""Incidents in SQL, and their entries in the change log."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.db.tx import Change, Row, Tx
from trackside.drift.monitors import store, windows
from trackside.drift.monitors.incidents import lifecycle as incidents
from trackside.drift.monitors.incidents.lifecycle import Incident
from trackside.drift.monitors.model import Monitor, ShownIncident

DETECTED, CONTINUES, ENDED = "drift-detected", "drift-continues", "drift-ended"
_INCIDENT = "i.incident_seq, m.name, i.slice, i.opened_at, i.closed_at, i.detail"


def synchronize(tx: Tx, monitor: Monitor, slice_: str, changed_from: int) -> None:
    """Replay the scores of windows from the first changed one, and store the resulting incidents.

    An incident that was open then is replayed from its beginning.  Later incidents without a cause are deleted.  Incidents that
    open, continue for another week, or close are recorded in the change log."""
    row = tx.one(
        """
        SELECT MIN(opened_at) FROM drift_incidents
        WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = :slice AND (closed_at IS NULL OR closed_at >= :start)
        """,
        seq=monitor.monitor_seq,
        slice=slice_,
        start=changed_from,
    )
    begin = changed_from if row is None or row[0] is None else min(changed_from, row[0])
    before = {(each.column, each.subject, each.opened_at): each for each in _stored(tx, monitor, slice_, begin)}
    rows = store.windows(tx, monitor, slice_, begin, 1 << 62, 1 << 31)
    after = incidents.replay(incidents.Row(each.start, each.scores) for each in rows)
    for incident in after:
        known = before.pop((incident.column, incident.subject, incident.opened_at), None)
        _put(tx, monitor, slice_, incident)
        _announce(tx, monitor, slice_, known, incident)
    for column, subject, opened_at in before:
        tx.run(
            """
            DELETE FROM drift_incidents WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = :slice
                AND column_name = :column AND subject = :subject AND opened_at = :opened_at
            """,
            seq=monitor.monitor_seq,
            slice=slice_,
            column=column,
            subject=subject,
            opened_at=opened_at,
        )


def listed(tx: Tx, monitor_seq: int | None, *, only_open: bool, limit: int) -> list[ShownIncident]:
    """Return incidents, open ones first, then the newest."""
    narrow, bound = "", dict[str, Any]()
    if monitor_seq is not None:
        narrow, bound = " AND i.monitor_seq = :seq", {"seq": monitor_seq}
    if only_open:
        narrow += " AND i.closed_at IS NULL"
    rows = tx.all(
        f"""
        SELECT {_INCIDENT} FROM drift_incidents i JOIN drift_monitors m ON m.monitor_seq = i.monitor_seq
        WHERE i.workspace_id = :ws{narrow}
        ORDER BY CASE WHEN i.closed_at IS NULL THEN 0 ELSE 1 END, i.opened_at DESC, i.incident_seq LIMIT :limit
        """,
        limit=limit,
        **bound,
    )
    return [_shown(row) for row in rows]


def _stored(tx: Tx, monitor: Monitor, slice_: str, begin: int) -> Sequence[Incident]:
    rows = tx.all(
        """
        SELECT detail FROM drift_incidents
        WHERE workspace_id = :ws AND monitor_seq = :seq AND slice = :slice AND opened_at >= :begin
        """,
        seq=monitor.monitor_seq,
        slice=slice_,
        begin=begin,
    )
    return [msgspec.json.decode(detail, type=Incident) for (detail,) in rows]


def _put(tx: Tx, monitor: Monitor, slice_: str, incident: Incident) -> None:
    tx.run(
        """
        INSERT INTO drift_incidents (workspace_id, monitor_seq, slice, column_name, subject, opened_at, closed_at, detail,
            notified_at, notices)
        VALUES (:ws, :seq, :slice, :column, :subject, :opened_at, :closed_at, :detail, :notified_at, :notices)
        ON CONFLICT (monitor_seq, slice, column_name, subject, opened_at) DO UPDATE SET closed_at = excluded.closed_at,
            detail = excluded.detail, notified_at = excluded.notified_at, notices = excluded.notices
        """,
        seq=monitor.monitor_seq,
        slice=slice_,
        column=incident.column,
        subject=incident.subject,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        detail=msgspec.json.encode(incident).decode(),
        notified_at=incident.notified_at,
        notices=incident.notices,
    )


def _announce(tx: Tx, monitor: Monitor, slice_: str, before: Incident | None, after: Incident) -> None:
    """Record a change of an incident in the change log, except an incident of a backfill that is already closed."""
    action = ""
    if before is None:
        action = DETECTED if after.closed_at is None else ""
    elif before.closed_at is None and after.closed_at is not None:
        action = ENDED
    elif after.notices > before.notices and after.closed_at is None:
        action = CONTINUES
    if not action:
        return
    config = monitor.config
    start = after.notified_at if after.closed_at is None else after.closed_at
    detail = {
        "name": monitor.name,
        "slice": slice_,
        "column": after.column,
        "subject": after.subject,
        "signal": after.signal,
        "value": after.value,
        "threshold": after.threshold,
        "rules": config.rules,
        "window_start": start,
        "window_end": windows.at(start, config.window, windows.zone(config.timezone)).end,
        "endpoint": config.target.endpoint,
    }
    tx.record(Change(store.ENTITY, monitor.name, action, msgspec.json.encode(detail).decode()))


def _shown(row: Row) -> ShownIncident:
    seq, name, slice_, opened_at, closed_at, detail = row
    found = msgspec.json.decode(detail, type=Incident)
    return ShownIncident(
        incident=seq,
        monitor=name,
        slice=slice_,
        column=found.column,
        subject=found.subject,
        opened_at=opened_at,
        signal=found.signal,
        value=found.value,
        worst=found.worst,
        threshold=found.threshold,
        notices=found.notices,
        notified_at=found.notified_at,
        closed_at=msgspec.UNSET if closed_at is None else closed_at,
    )
