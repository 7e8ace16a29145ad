"""Events of the gate, kept in memory until a periodic step writes them to the store.

Refusals and failed sign-ins become entries of the audit log.  For tokens and sessions the last use is stored.
"""

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from trackside.access.caller import SignedIn
from trackside.audit import log as audit
from trackside.audit.log import Event
from trackside.identity import credentials

if TYPE_CHECKING:
    from trackside.access.gate import Store

WRITE_EVERY_S = 1.0
EXPIRED_MS = 30 * 86_400_000  # how long an expired token is still listed
MINUTE_MS = 60_000
MOST_REMEMBERED = 10_000

Taken = tuple[list[tuple[Event, int]], list[tuple[int, int, str]], list[int]]


class EventBuffer:
    """Events that are not stored yet.  May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[tuple[Any, ...], tuple[Event, int]] = {}
        self._uses: dict[int, tuple[int, str]] = {}  # of tokens: minute, address
        self._seen: set[int] = set()  # sessions
        self._last: dict[tuple[str, int], tuple[int, str]] = {}  # of tokens and sessions: the last use that was noted

    def add(self, event: Event) -> None:
        """Add an event, or count it if an equal one is buffered.  Beyond MOST_REMEMBERED events it is dropped."""
        key = _key(event)
        with self._lock:
            found = self._events.get(key)
            if found is None and len(self._events) >= MOST_REMEMBERED:
                return
            self._events[key] = (event, 1 if found is None else found[1] + 1)

    def add_use(self, caller: SignedIn, now: int, address: str) -> None:
        """Record a use of a token or a session, once a minute and for each new address."""
        if not caller.token_id and not caller.session_id:
            return
        key = ("token", caller.token_id) if caller.token_id else ("session", caller.session_id)
        minute = now - now % MINUTE_MS
        known = self._last.get(key)
        if known is not None and known[0] == minute and (not address or known[1] == address):
            return
        with self._lock:
            if len(self._last) >= MOST_REMEMBERED:
                self._last.clear()
            use = self._last[key] = (minute, address or (known[1] if known else ""))
            if caller.token_id:
                self._uses[caller.token_id] = use
            else:
                self._seen.add(caller.session_id)

    def take(self) -> Taken:
        """Remove and return events with their counts, uses of tokens (id, minute, address), and sessions that were used."""
        with self._lock:
            events, self._events = list(self._events.values()), {}
            uses, self._uses = self._uses, {}
            seen, self._seen = self._seen, set()
        return events, [(token_id, minute, address) for token_id, (minute, address) in uses.items()], sorted(seen)

    def put_back(self, taken: Taken) -> None:
        """Put back events that `take` returned and that could not be written, before newer ones."""
        events, uses, seen = taken
        with self._lock:
            since, self._events = self._events, {_key(event): (event, count) for event, count in events}
            for key, (event, count) in since.items():
                found = self._events.get(key)
                if found is not None or len(self._events) < MOST_REMEMBERED:
                    self._events[key] = (event, count if found is None else found[1] + count)
            self._uses = {token_id: (minute, address) for token_id, minute, address in uses} | self._uses
            self._seen.update(seen)


def _key(event: Event) -> tuple[Any, ...]:
    return (
        event.action,
        event.actor,
        event.object_type,
        event.object_id,
        event.workspace,
        event.reason,
        event.source,
    )


def step(db: "Store", noted: EventBuffer) -> bool:
    """Write the buffered events.  If the store fails, a later step writes them."""
    taken = events, uses, seen = noted.take()
    if not (events or uses or seen):
        return False
    try:
        with db.write(0) as tx:
            for event, count in events:
                counted = (
                    event if count == 1 else msgspec.structs.replace(event, detail={**event.detail, "count": count})
                )
                audit.append(tx, counted)
            credentials.note_uses(tx, uses)
            credentials.note_seen(tx, seen)
    except BaseException:
        noted.put_back(taken)
        raise
    return False


def prune(db: "Store", *, idle_ms: int, longest_ms: int, audit_days: int) -> bool:
    """Remove sessions and tokens that ended, and audit entries beyond their retention."""
    with db.write(0) as tx:
        credentials.drop_old(tx, idle_ms=idle_ms, longest_ms=longest_ms, expired_ms=EXPIRED_MS)
        if audit_days:
            audit.drop_before(tx, tx.now - audit_days * 86_400_000)
    return False
