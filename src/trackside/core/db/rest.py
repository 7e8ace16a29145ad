"""Entities that change, until they have come to rest.  Knows when; knows no SQL and no meaning.

What changes after a long silence is likely done with that: it rests soon.  What changes again and again, or has just
changed, rests when it has been left alone for long.
"""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

SOON_S = 0.1
LONG_S = 2.0
MOST = 50_000  # that are waited for; of more than that the oldest are forgotten

K = TypeVar("K", bound=Hashable)


class Restless(Generic[K]):
    """Keys that changed; `now` is in seconds and never goes back.  Any thread may call it."""

    def __init__(self) -> None:
        self._changed: dict[K, float] = {}  # when last, the longest ago first; nothing from before the last LONG_S
        self._soon: dict[K, float] = {}  # the same, of those that rest soon
        self._late: dict[K, float] = {}
        self._lock = threading.Lock()

    def stir(self, key: K, now: float, *, ends: bool = False) -> None:
        """The key changed; `ends`: it is not expected to change again."""
        with self._lock:
            before = self._changed.pop(key, None)
            self._changed[key] = now
            self._soon.pop(key, None)
            self._late.pop(key, None)
            again = before is not None and now - before < LONG_S and not ends
            (self._late if again else self._soon)[key] = now
            for waiting in (self._changed, self._soon, self._late):
                if len(waiting) > MOST:
                    del waiting[next(iter(waiting))]

    def take(self, now: float, most: int) -> list[K]:
        """Return the entities that have come to rest, the last changed first, since these are searched for.

        Each is returned once until it changes again."""
        with self._lock:
            return self._take(now, most)

    def _take(self, now: float, most: int) -> list[K]:
        taken: list[K] = []
        for waiting, rest_s in ((self._soon, SOON_S), (self._late, LONG_S)):
            some: list[K] = []
            for key in reversed(waiting):
                if len(taken) + len(some) == most:
                    break
                if waiting[key] <= now - rest_s:
                    some.append(key)
            for key in some:
                del waiting[key]
            taken += some
        while self._changed and self._changed[oldest := next(iter(self._changed))] <= now - LONG_S:
            del self._changed[oldest]
        return taken


class Stirred(Generic[K]):
    """Keys that the open transaction of a connection changed.  `Restless` gets them after the commit: a reader that took one
    before would look at the state before the change, and nothing would tell it to look again."""

    def __init__(self, restless: Restless[K]) -> None:
        self._restless = restless
        self._keys: dict[K, bool] = {}

    def stir(self, key: K, *, ends: bool = False) -> None:
        self._keys.pop(key, None)
        self._keys[key] = ends

    def commit(self, now: float) -> None:
        for key, ends in self._keys.items():
            self._restless.stir(key, now, ends=ends)
        self._keys.clear()

    def undo(self) -> None:
        self._keys.clear()
