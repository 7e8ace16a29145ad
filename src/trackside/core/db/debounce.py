"""Debouncing of changed entities: each is returned once, after a quiet period without further changes.

The quiet period is short for an entity that had not changed lately, and long for one that changes repeatedly.
"""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

SHORT_QUIET_S = 0.1
LONG_QUIET_S = 2.0
MOST = 50_000  # entities that are kept; beyond that the oldest are dropped

K = TypeVar("K", bound=Hashable)


class Debouncer(Generic[K]):
    """Keys that changed and have not been taken yet.  Thread-safe.  `now` is in seconds and must not decrease."""

    def __init__(self) -> None:
        self._changed: dict[K, float] = {}  # time of the last change, oldest first; pruned after LONG_QUIET_S
        self._short: dict[K, float] = {}  # the same, of keys with the short quiet period
        self._long: dict[K, float] = {}
        self._lock = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Return whether no key waits for the end of its quiet period."""
        return not self._short and not self._long

    def touch(self, key: K, now: float, *, ends: bool = False) -> None:
        """Record a change of the key; `ends`: no further change is expected, so the short quiet period applies."""
        with self._lock:
            before = self._changed.pop(key, None)
            self._changed[key] = now
            self._short.pop(key, None)
            self._long.pop(key, None)
            again = before is not None and now - before < LONG_QUIET_S and not ends
            (self._long if again else self._short)[key] = now
            for waiting in (self._changed, self._short, self._long):
                if len(waiting) > MOST:
                    del waiting[next(iter(waiting))]

    def take(self, now: float, most: int) -> list[K]:
        """Return at most `most` keys whose quiet period is over, the most recently changed first.

        A key is returned once, until it changes again."""
        with self._lock:
            return self._take(now, most)

    def _take(self, now: float, most: int) -> list[K]:
        taken: list[K] = []
        for waiting, quiet_s in ((self._short, SHORT_QUIET_S), (self._long, LONG_QUIET_S)):
            some: list[K] = []
            for key in reversed(waiting):
                if len(taken) + len(some) == most:
                    break
                if waiting[key] <= now - quiet_s:
                    some.append(key)
            for key in some:
                del waiting[key]
            taken += some
        while self._changed and self._changed[oldest := next(iter(self._changed))] <= now - LONG_QUIET_S:
            del self._changed[oldest]
        return taken


class UncommittedChanges(Generic[K]):
    """Keys that the open transaction of a connection changed.

    They reach the `Debouncer` after the commit.  A reader that took a key before the commit would read the old state, and the
    key would not be returned again."""

    def __init__(self, debouncer: Debouncer[K]) -> None:
        self._debouncer = debouncer
        self._keys: dict[K, bool] = {}

    def touch(self, key: K, *, ends: bool = False) -> None:
        self._keys.pop(key, None)
        self._keys[key] = ends

    def commit(self, now: float) -> None:
        for key, ends in self._keys.items():
            self._debouncer.touch(key, now, ends=ends)
        self._keys.clear()

    def undo(self) -> None:
        self._keys.clear()
