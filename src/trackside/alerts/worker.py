"""Evaluates the alert rules of all workspaces.  Several servers of a store may run a step: each event is recorded once."""

import logging
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.alerts import measures, store
from trackside.alerts.model import Next, Rule, next_of
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx

log = logging.getLogger("trackside.alerts")

EVERY_S = 20.0

Found = list[tuple[Rule, float | None, Next]]


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def step(db: Database) -> bool:
    """Evaluate all rules.  Return False: the next step runs at the next interval."""
    with db.read(0) as tx:
        workspaces = store.workspaces(tx)
    for ws in workspaces:
        with db.read(ws) as tx:
            found = _look(tx)
        db.writer.submit(ws, lambda tx, found=found: _note(tx, found)).result()  # type: ignore[misc]
    return False


def _look(tx: Tx) -> Found:
    found: Found = []
    for rule in store.all_of(tx):
        if rule.is_enabled:
            value = measures.value(tx, rule)
            found.append((rule, value, next_of(rule, value, tx.now)))
    return found


def _note(tx: Tx, found: Found) -> None:
    for rule, value, new in found:
        store.note(tx, rule, value, new)
