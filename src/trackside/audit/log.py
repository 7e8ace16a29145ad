"""Appends to the audit log and reads it.

An entry is written in the transaction of the event.  Its hash covers the entry and the previous hash, and the head has the last
hash, so that `verify` detects a changed, removed or inserted entry.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Row, Tx

GENESIS = "0" * 64
PAGE = 1000
_COLUMNS = """seq, at, actor, credential, action, object_type, object_id, workspace, outcome, reason, detail, route, address,
    agent, previous_hash, hash"""
_MOST_CHARS = 2000


class Source(Struct, frozen=True):
    """The origin of a call.  Only the address is verified; the rest is what the caller sent."""

    route: str = ""
    address: str = ""
    agent: str = ""


UNKNOWN = Source()


class Entry(Struct, frozen=True, kw_only=True):
    seq: int
    at: int  # ms since 1970
    actor: str
    credential: str
    action: str
    object_type: str
    object_id: str
    workspace: str
    outcome: str  # allowed, denied, failed
    reason: str
    detail: str  # JSON
    route: str
    address: str
    agent: str
    previous_hash: str
    hash: str


class Event(Struct, frozen=True, kw_only=True):
    """An event.  `detail` never contains a secret."""

    action: str
    actor: str = ""
    credential: str = ""
    object_type: str = ""
    object_id: str = ""
    workspace: str = ""
    outcome: str = "allowed"
    reason: str = ""
    detail: Mapping[str, Any] = {}
    source: Source = Source()


def append(tx: Tx, event: Event) -> None:
    """Append an entry; the lock on the head serializes several servers."""
    tx.run(
        "INSERT INTO audit_head (head_id, seq, hash) VALUES (1, 0, :genesis) ON CONFLICT DO NOTHING", genesis=GENESIS
    )
    head = tx.one("SELECT seq, hash FROM audit_head WHERE head_id = 1 FOR UPDATE")
    assert head is not None
    seq, previous = head[0] + 1, head[1]
    values = {
        "seq": seq,
        "at": tx.now,
        "actor": _clean(event.actor),
        "credential": _clean(event.credential),
        "action": event.action,
        "object_type": event.object_type,
        "object_id": _clean(event.object_id),
        "workspace": _clean(event.workspace),
        "outcome": event.outcome,
        "reason": _clean(event.reason),
        "detail": json.dumps(event.detail, sort_keys=True, separators=(",", ":")),
        "route": _clean(event.source.route),
        "address": _clean(event.source.address),
        "agent": _clean(event.source.agent),
        "previous_hash": previous,
    }
    own = hash_of(list(values.values()))
    tx.run(
        f"""
        INSERT INTO audit_log ({_COLUMNS}) VALUES (:seq, :at, :actor, :credential, :action, :object_type, :object_id,
            :workspace, :outcome, :reason, :detail, :route, :address, :agent, :previous_hash, :hash)
        """,
        **values,
        hash=own,
    )
    tx.run("UPDATE audit_head SET seq = :seq, hash = :hash WHERE head_id = 1", seq=seq, hash=own)


def hash_of(values: list[Any]) -> str:
    """Return the SHA-256 of the values of an entry, with the previous hash last, as one JSON array."""
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()


class Question(Struct, frozen=True, kw_only=True):
    """A filter of entries: empty fields match everything."""

    actor: str = ""
    action: str = ""  # the whole action, or its beginning where it ends in `.`
    object_type: str = ""
    object_id: str = ""
    workspace: str = ""
    outcome: str = ""
    since: int = 0  # ms
    until: int = 2**62  # ms


def find(tx: Tx, question: Question, *, before: int = 2**62, most: int = PAGE) -> list[Entry]:
    """The newest first."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM audit_log
        WHERE seq < :before AND at >= :since AND at < :until AND (:actor = '' OR actor = :actor)
            AND (:action = '' OR action = :action OR substr(action, 1, CAST(:prefix_chars AS INTEGER)) = :action)
            AND (:type = '' OR object_type = :type) AND (:id = '' OR object_id = :id)
            AND (:workspace = '' OR workspace = :workspace) AND (:outcome = '' OR outcome = :outcome)
        ORDER BY seq DESC LIMIT :most
        """,
        before=before,
        since=question.since,
        until=question.until,
        actor=question.actor,
        action=question.action,
        prefix_chars=len(question.action) if question.action.endswith(".") else 0,
        type=question.object_type,
        id=question.object_id,
        workspace=question.workspace,
        outcome=question.outcome,
        most=most,
    )
    return [_entry(row) for row in rows]


def after(tx: Tx, seq: int, most: int = PAGE) -> list[Entry]:
    """The oldest first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM audit_log WHERE seq > :seq ORDER BY seq LIMIT :most", seq=seq, most=most)
    return [_entry(row) for row in rows]


class Fault(Struct, frozen=True):
    """The position of a fault in the chain."""

    seq: int
    what: str


def verify(tx: Tx) -> tuple[int, Fault | None]:
    """The number of entries that are as they were written, and the first that is not."""
    expected: str | None = None
    last, count = 0, 0
    while page := after(tx, last):
        for entry in page:
            if expected is None:
                expected = GENESIS if entry.seq == 1 else entry.previous_hash  # retention removes the oldest
            elif entry.seq != last + 1:
                return count, Fault(last + 1, "is missing")
            if entry.previous_hash != expected:
                return count, Fault(entry.seq, "does not follow the entry before it")
            own = hash_of(list(msgspec.structs.astuple(entry))[:-1])
            if entry.hash != own:
                return count, Fault(entry.seq, "was changed after it was written")
            expected, last = entry.hash, entry.seq
            count += 1
    head = tx.one("SELECT seq, hash FROM audit_head WHERE head_id = 1")
    if head is not None and (head[0] != last or head[1] != (expected or GENESIS)) and (count or head[0]):
        return count, Fault(last + 1, "is missing: the log ends before its head")
    return count, None


def drop_before(tx: Tx, at: int) -> int:
    """Remove entries older than `at`, except the last one, from which the chain continues."""
    return tx.run(
        "DELETE FROM audit_log WHERE at < :at AND seq < (SELECT seq FROM audit_head WHERE head_id = 1)", at=at
    )


def utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _entry(row: Row) -> Entry:
    return Entry(**dict(zip(Entry.__struct_fields__, row, strict=True)))


def _clean(text: str) -> str:
    """Return the text without characters that begin another line, or are invisible."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:_MOST_CHARS]
