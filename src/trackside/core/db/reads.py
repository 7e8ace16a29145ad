"""Counts the read transactions of a store: how many are under way, and the duration of each."""

import threading
import time
from collections.abc import Callable

from msgspec import Struct

READ = ("read",)  # the key of `Reads.note`


class Connections(Struct, frozen=True):
    """Open connections of the read pool: with and without a transaction."""

    used: int
    idle: int


class Closed(Exception):
    """The store was closed before this read."""

    def __init__(self) -> None:
        super().__init__("the store is closed")


class Reads:
    """`note` gets `READ` and the duration of each transaction in seconds; it must be thread-safe."""

    def __init__(self) -> None:
        self.note: Callable[[tuple[str], float], None] = lambda _key, _seconds: None
        self.under_way = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def begin(self) -> float:
        """Return the value for `end`.  Raise Closed after the store was closed."""
        with self._changed:
            if self._has_ended:
                raise Closed
            self.under_way += 1
        return time.perf_counter()

    def end(self, begun: float) -> None:
        with self._changed:
            self.under_way -= 1
            self._changed.notify_all()
        self.note(READ, time.perf_counter() - begun)

    def finish(self, wait_s: float) -> bool:
        """Refuse new reads and wait for those under way; return whether all ended in time."""
        with self._changed:
            self._has_ended = True
            return self._changed.wait_for(lambda: not self.under_way, wait_s)
