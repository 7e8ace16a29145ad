"""Repeats a step in a background thread."""

import logging
import threading
import time
from collections.abc import Callable

from trackside.core.errors import Fault
from trackside.core.work.timers import Timers

log = logging.getLogger("trackside.work")

REST_S = 0.005  # pause between two steps that had work, so that requests run first
LINGER_S = 1.0  # a thread waits this long for the next step before it ends

_timers = Timers()


class Loop:
    """Runs `step` repeatedly.  `step` may run at any time, twice, or after a crash; it returns whether more work is ready.

    `every_s` is the time from a step without more work to the next one, or a function that returns it after each step.  A step
    that fails is logged and retried after that time.

    Steps of one loop never overlap, and a slow one does not delay other loops: each loop has a thread of its own while a step
    runs and for `LINGER_S` after it.  A server has some twenty loops, and most are idle for minutes."""

    def __init__(self, name: str, step: Callable[[], bool], every_s: float | Callable[[], float]) -> None:
        self._name = name
        self._step = step
        self._every_s = every_s if callable(every_s) else lambda: every_s
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        _timers.set(self._run_soon, self._every_s())

    def wake(self) -> None:
        """Run the next step now; if a step is running, run another one after it."""
        self._wake.set()
        self._run_soon()

    def close(self, wait_s: float | None = None) -> bool:
        """Stop after the step under way.  Wait for it, at most `wait_s`; return False if it still runs then."""
        with self._lock:
            self._is_closed = True
            self._wake.set()
            thread = self._thread
            _timers.clear(self._run_soon)
        if thread is None:
            return True
        thread.join(wait_s)
        return not thread.is_alive()

    def _run_soon(self) -> None:
        """Run the next step in the existing thread or in a new one."""
        with self._lock:
            if self._thread is not None or self._is_closed:
                return
            _timers.clear(self._run_soon)
            thread = threading.Thread(target=self._run, name=f"trackside-{self._name}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the system has no thread left now
                log.error("%s cannot start: %s", thread.name, error)
                _timers.set(self._run_soon, max(LINGER_S, self._every_s()))
            else:
                self._thread = thread

    def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._is_closed:
                return
            has_more = False
            try:
                has_more = self._step()
            except Fault as fault:  # of the store or another host: its message is enough
                log.error("a step of %s failed: %s", self._name, fault.message)
            except Exception:  # the next step may succeed
                log.exception("a step of %s failed", self._name)
            rest = REST_S if has_more else self._every_s()
            due = time.monotonic() + rest
            if self._wake.wait(min(rest, LINGER_S)) or rest <= LINGER_S:
                continue
            with self._lock:
                if not self._wake.is_set():
                    self._thread = None
                    _timers.set(self._run_soon, due - time.monotonic())
                    return
