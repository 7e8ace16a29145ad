"""Calls functions after a delay, all from one thread."""

import math
import os
import threading
import time
from collections.abc import Callable


class Timers:
    """Calls each function once after a `set`, unless `clear` comes first.  A function must not block or raise: it would delay the
    others.

    The thread starts with the first `set`.  After a fork the child has none of the parent's timers."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._due: dict[Callable[[], None], float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next = math.inf  # when the thread wakes by itself

    def set(self, call: Callable[[], None], wait_s: float) -> None:
        """Call the function in `wait_s` seconds, instead of the time of an earlier `set`."""
        with self._changed:
            due = self._due[call] = time.monotonic() + wait_s
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="timers", daemon=True)
                thread.start()
                self._thread = thread
            if due < self._next:
                self._changed.notify()

    def clear(self, call: Callable[[], None]) -> None:
        """Cancel the call of the function, if it is set.  A call under way continues."""
        with self._changed:
            self._due.pop(call, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                while (now := time.monotonic()) < (due := min(self._due.values(), default=math.inf)):
                    self._next = due
                    self._changed.wait(None if due == math.inf else due - now)
                calls = sorted((call for call, due in self._due.items() if due <= now), key=self._due.__getitem__)
                for call in calls:
                    del self._due[call]
            for call in calls:
                call()
