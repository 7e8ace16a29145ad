"""Calls a function soon after each commit of this server, throttled while commits keep coming."""

import threading
from collections.abc import Callable, Set

FIRST_PAUSE_S = 0.02  # after a call
LONGEST_PAUSE_S = 0.5  # while commits keep coming: the polling interval of the loops that wait for changes


class CommitNotifier:
    """Calls `on_commit` in a thread of its own with the workspaces that `notify` named since the last call.

    The call comes at once after a quiet period, else after a pause.  The pause doubles while further commits come during it,
    so that a busy server does not spend more on notifications than on polling."""

    def __init__(self, on_commit: Callable[[frozenset[int]], None]) -> None:
        self._on_commit = on_commit
        self._lock = threading.Lock()
        self._workspaces: set[int] = set()
        self._is_pending = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trackside-commit-notifier", daemon=True)
        self._thread.start()

    def notify(self, workspaces: Set[int]) -> None:
        """Schedule a call of `on_commit`.  Thread-safe; does not block."""
        with self._lock:
            self._workspaces |= workspaces
        if not self._is_pending.is_set():
            self._is_pending.set()

    def close(self) -> None:
        self._closing.set()
        self._is_pending.set()
        self._thread.join()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._is_pending.wait()
            self._is_pending.clear()
            if self._closing.is_set():  # after `clear`, which may have reset the event that `close` set
                return
            with self._lock:
                workspaces, self._workspaces = frozenset(self._workspaces), set()
            self._on_commit(workspaces)
            self._closing.wait(pause_s)
            pause_s = next_pause_s(pause_s, is_busy=self._is_pending.is_set())


def next_pause_s(pause_s: float, *, is_busy: bool) -> float:
    """Return the pause after the next call, given the pause after this one; `is_busy`: a notification came during it."""
    return min(2 * pause_s, LONGEST_PAUSE_S) if is_busy else FIRST_PAUSE_S
