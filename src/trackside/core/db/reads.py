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


class Reads:
    """`note` gets `READ` and the seconds of each transaction; threads call it side by side."""

    def __init__(self) -> None:
        self.note: Callable[[tuple[str], float], None] = lambda _key, _seconds: None
        self.under_way = 0
        self._lock = threading.Lock()

    def begin(self) -> float:
        """Return what `end` needs."""
        with self._lock:
            self.under_way += 1
        return time.perf_counter()

    def end(self, begun: float) -> None:
        with self._lock:
            self.under_way -= 1
        self.note(READ, time.perf_counter() - begun)
