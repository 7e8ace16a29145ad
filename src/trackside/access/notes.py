"""Writes down what the gate noted: refusals, failed sign-ins, when tokens and sessions were last used.  A step."""

import msgspec

from trackside.access.gate import Gate, Store
from trackside.audit import log as audit
from trackside.identity import credentials

NOTES_EVERY_S = 1.0
EXPIRED_MS = 30 * 86_400_000  # how long an expired token is still listed


def step(db: Store, gate: Gate) -> bool:
    events, uses, seen = gate.take_notes()
    if not (events or uses or seen):
        return False
    with db.write(0) as tx:
        for event, count in events:
            counted = event if count == 1 else msgspec.structs.replace(event, detail={**event.detail, "count": count})
            audit.append(tx, counted)
        credentials.note_uses(tx, uses)
        credentials.note_seen(tx, seen)
    return False


def prune(db: Store, *, idle_ms: int, longest_ms: int, audit_days: int) -> bool:
    """Remove sessions and tokens that ended, and audit entries beyond their retention."""
    with db.write(0) as tx:
        credentials.drop_old(tx, idle_ms=idle_ms, longest_ms=longest_ms, expired_ms=EXPIRED_MS)
        if audit_days:
            audit.drop_before(tx, tx.now - audit_days * 86_400_000)
    return False
