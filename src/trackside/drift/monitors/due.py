"""Queues the jobs of monitors whose next window is due.  A lock on the monitor's row ensures that one server queues it."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.access import Action, WhyNot, never
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.drift.monitors import service, store, windows
from trackside.drift.monitors.model import Config
from trackside.drift.monitors.service import Check
from trackside.jobs.kinds import Kind

log = logging.getLogger("trackside.drift")


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def next_at(config: Config, now: int) -> int:
    """Return when the current window can be computed, with the latency."""
    latency_ms = config.latency_s * 1000
    return windows.at(now - latency_ms, config.window, windows.zone(config.timezone)).end + latency_ms


def step(db: Database, kind: Kind[Check], why_not: WhyNot = never) -> bool:
    """Queue the due jobs.  Return False: the next step can wait.

    A monitor whose user may not start it any more is paused, for the reason that `why_not` returns."""
    with db.read(0) as tx:
        found = store.workspaces_due(tx)
    for ws in found:
        with db.read(ws) as tx:
            known = [each for each in store.all_of_workspace(tx) if each.is_scheduled]
        reasons = {each.monitor_seq: why_not(each.principal_id, ws, (Action.MONITORS_WRITE,)) for each in known}
        db.writer.submit(ws, lambda tx, reasons=reasons: _queue(tx, kind, reasons)).result()  # type: ignore[misc]
    return False


def _queue(tx: Tx, kind: Kind[Check], reasons: Mapping[int, str]) -> None:
    for monitor in store.due(tx):
        why = reasons.get(monitor.monitor_seq, "")
        if why:
            store.pause(tx, monitor, why)
        elif monitor.next_at <= tx.now:
            check = Check(monitor=monitor.name)
            service.submit(tx.by(monitor.user), kind, check, principal_id=monitor.principal_id)
        store.note_next(tx, monitor, next_at(monitor.config, tx.now))
