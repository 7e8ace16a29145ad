"""Counts the read transactions of a store: how many are under way, and how long each took.  Knows no database."""

import threading
import time
from collections.abc import Callable

from msgspec import Struct

READ = ("read",)  # the key of `Reads.note`


class Connections(Struct, frozen=True):
    """Connections of the pool of readers: those with a transaction, and open ones without."""

    used: int
    idle: int


class Closed(Exception):
    """The store was closed, and something that runs beside the server wants to read."""

    def __init__(self) -> None:
        super().__init__("the store is closed")


class Reads:
    """`note` gets `READ` and the seconds of each transaction; threads call it side by side."""

    def __init__(self) -> None:
        self.note: Callable[[tuple[str], float], None] = lambda _key, _seconds: None
        self.under_way = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def begin(self) -> float:
        """Return what `end` needs.  Raise Closed once the store is being closed."""
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
        """Let none begin any more, and wait for those under way.  Return whether all have ended in time."""
        with self._changed:
            self._has_ended = True
            return self._changed.wait_for(lambda: not self.under_way, wait_s)
