"""Changes for open pages: one reader of the change log for each process, however many pages wait.

A page waits on the event loop, so it holds no thread.  While a page waits, the reader polls the store twice a second;
`LEFT_AFTER_S` after the last page has left, it stops.

A cursor is a number up to which the log was read.  Logging to a run is announced again only after a reader has read the
announcement (`runs.batch`), so pages are woken only after the writer was told that it was read.  What a page then reads of a
run holds everything that was logged before, and later logging comes after its cursor.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.events import facts, store
from trackside.events.entries import Entry

EVERY_S = 0.5
KEPT = 20_000  # changes in memory
LOOKED_UP = 2_000  # changes that are read from the store for a page that was away
AT_ONCE = 5_000
LEFT_AFTER_S = 90.0  # without a waiting page, the reader stops polling


class Changed(Struct, frozen=True):
    """A change with the experiment that it belongs to, if there is one."""

    entry: Entry
    experiment_id: str | None


class Wanted(Struct, frozen=True):
    """The changes that a page wants; without any id all of the workspace."""

    experiment_ids: frozenset[str] = frozenset()
    run_ids: frozenset[str] = frozenset()

    def has(self, change: Changed) -> bool:
        if not self.experiment_ids and not self.run_ids:
            return True
        entry = change.entry
        return (
            entry.entity == "run" and entry.entity_id in self.run_ids
        ) or change.experiment_id in self.experiment_ids


class Found(Struct, frozen=True):
    cursor: int
    changes: Sequence[Changed] = ()
    is_reset: bool = False  # the cursor is of another log, or too old


class Hub:
    """`step` reads the log in a separate thread; the other methods may be called from any thread."""

    def __init__(self, db: store.Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._kept: deque[Changed] = deque()
        self._floor = 0  # every change after this one, up to `_position`, is kept
        self._position: int | None = None  # None: there is no reader
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._asked_at = 0.0
        self.is_ending = False

    def begin(self) -> int:
        """Return a cursor for a page that reads after this.  Reads the store only if that was not done recently."""
        self._asked_at = time.monotonic()
        with self._reading:
            if self._position is None:
                position = store.begin(self._db)
                with self._lock:
                    self._kept.clear()
                    self._floor = self._position = position
            return self._position

    def step(self) -> bool:
        """Read new entries and wake waiting calls.  Return whether there may be more."""
        with self._reading:
            if self._position is None:
                return False
            if not self._waiting and time.monotonic() - self._asked_at > LEFT_AFTER_S:
                self._position = None
                return False
            found, position, more = store.read_on(self._db, self._position, AT_ONCE)
            changed = self._with_experiments(found)
            with self._lock:
                self._kept.extend(changed)
                while len(self._kept) > KEPT:
                    self._floor = self._kept.popleft().entry.seq
                self._position = position
            if found:
                self._wake()
            return more

    def since(self, ws: int, after: int, wanted: Wanted) -> Found | None:
        """Return the changes of a workspace after a cursor, from memory; None if the store must be read."""
        with self._lock:
            position, floor = self._position, self._floor
            if position is None or after < floor:
                return None
            if after > position:
                return Found(position, is_reset=True)
            kept = list(self._kept) if self._kept and self._kept[-1].entry.seq > after else []
        return Found(
            position,
            [each for each in kept if each.entry.seq > after and each.entry.ws == ws and wanted.has(each)],
        )

    def look_up(self, tx: Tx, after: int, wanted: Wanted) -> Found:
        """Return the changes from the store, for a page that was away longer than changes are cached."""
        position = self._position or 0
        lowest, highest = store.bounds(tx)
        if after > highest or after < lowest - 1:
            return Found(position, is_reset=True)
        entries = store.between(tx, after, position, LOOKED_UP + 1)
        if len(entries) > LOOKED_UP:
            return Found(position, is_reset=True)
        changed = _with_experiments(tx, entries)
        return Found(position, [each for each in changed if wanted.has(each)])

    def subscribe(self, loop: asyncio.AbstractEventLoop) -> asyncio.Event:
        event = asyncio.Event()
        with self._lock:
            self._waiting.add((loop, event))
        return event

    def leave(self, loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
        self._asked_at = time.monotonic()
        with self._lock:
            self._waiting.discard((loop, event))

    def end(self) -> None:
        """Answer all waiting calls, because the server stops."""
        self.is_ending = True
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def _with_experiments(self, entries: Iterable[Entry]) -> list[Changed]:
        entries = list(entries)
        by_seq: dict[int, Changed] = {}
        for ws in sorted({entry.ws for entry in entries}):
            with self._db.read(ws) as tx:
                own = [entry for entry in entries if entry.ws == ws]
                by_seq.update((each.entry.seq, each) for each in _with_experiments(tx, own))
        return [by_seq[entry.seq] for entry in entries]


def _with_experiments(tx: Tx, entries: Iterable[Entry]) -> list[Changed]:
    entries = list(entries)
    of_runs = facts.experiments_of_runs(tx, [entry.entity_id for entry in entries if entry.entity == "run"])
    return [
        Changed(entry, entry.entity_id if entry.entity == "experiment" else of_runs.get(entry.entity_id))
        for entry in entries
    ]
