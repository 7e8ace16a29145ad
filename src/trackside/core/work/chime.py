"""Wakes what waits for changes of this server, soon after a commit, and less often while commits never cease."""

import threading
from collections.abc import Callable, Set

FIRST_REST_S = 0.02  # after a wake
LONGEST_REST_S = 0.5  # while every rest ends with another commit: as often as the waiting loops look by themselves


class Chime:
    """Calls `heard` in its own thread after `ring`: at once after a quiet while, else when the rest is over.

    `heard` gets all the workspaces that `ring` named since the last call.  The rest doubles as long as somebody rings during
    it, so a busy server spends no more on waking than on polling."""

    def __init__(self, heard: Callable[[frozenset[int]], None]) -> None:
        self._heard = heard
        self._lock = threading.Lock()
        self._workspaces: set[int] = set()
        self._rung = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trackside-chime", daemon=True)
        self._thread.start()

    def ring(self, workspaces: Set[int]) -> None:
        """Cheap, for any thread; a second call of the same workspaces before `heard` changes nothing."""
        with self._lock:
            self._workspaces |= workspaces
        if not self._rung.is_set():
            self._rung.set()

    def close(self) -> None:
        self._closing.set()
        self._rung.set()
        self._thread.join()

    def _run(self) -> None:
        rest_s = FIRST_REST_S
        while True:
            self._rung.wait()
            self._rung.clear()
            if self._closing.is_set():  # after `clear`, which may have undone the wake of `close`
                return
            with self._lock:
                workspaces, self._workspaces = frozenset(self._workspaces), set()
            self._heard(workspaces)
            self._closing.wait(rest_s)
            rest_s = next_rest_s(rest_s, was_rung=self._rung.is_set())


def next_rest_s(rest_s: float, *, was_rung: bool) -> float:
    """Return the rest after the next wake, when this one was `rest_s` long."""
    return min(2 * rest_s, LONGEST_REST_S) if was_rung else FIRST_REST_S
