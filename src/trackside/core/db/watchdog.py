"""Interrupts reads of SQLite whose limit is over.

SQLite's progress handler would have to be called every few virtual-machine steps, since one step may be a LIKE of 20 ms, and each
call waits for Python's global lock.  `sqlite3_interrupt` ends a read at its next step.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from trackside.core.db.limits import Limit
from trackside.core.errors import Unavailable

LOOK_S = 0.1
IDLE_LOOKS = 20  # checks without a read before the thread sleeps: waking it takes longer than a read by key


class Watchdog:
    """A thread that checks all reads under way; it starts with the first read that has a limit."""

    def __init__(self) -> None:
        self._reads: dict[int, tuple[Limit, sqlite3.Connection]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_asleep = False
        self._is_closed = False

    @contextmanager
    def watch(self, limit: Limit, connection: sqlite3.Connection) -> Iterator[None]:
        """Interrupt the connection's statement when the limit is over."""
        key = id(connection)
        with self._changed:
            self._reads[key] = (limit, connection)
            self._begin()
            if self._is_asleep:
                self._is_asleep = False
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:  # after this, no interrupt can reach the next statement
                del self._reads[key]

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _begin(self) -> None:
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name="trackside-limits", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._reads.clear()
            raise Unavailable("The server cannot start the thread that limits reads; try again.") from error
        self._thread = thread

    def _run(self) -> None:
        idle = 0
        with self._changed:
            while not self._is_closed:
                idle = 0 if self._reads else idle + 1
                if idle < IDLE_LOOKS:
                    self._changed.wait(LOOK_S)
                else:
                    self._is_asleep = True
                    self._changed.wait_for(lambda: self._is_closed or not self._is_asleep)
                    idle = 0
                for limit, connection in self._reads.values():
                    if limit.is_over():
                        connection.interrupt()
