"""Repeats a step in a thread until it is told to stop.  Knows no step."""

import logging
import threading
from collections.abc import Callable

from trackside.core.errors import Fault

log = logging.getLogger("trackside.work")

REST_S = 0.005  # between two steps that had work: requests go first


class Loop:
    """`step` may run at any time, twice, or after a crash; it says whether there is more to do right away.

    `every_s` is the time from a step without more work to the next one, or a function that is asked for it after each step.
    A step that fails is logged and tried again after that time, so that trouble of a moment ends by itself."""

    def __init__(self, name: str, step: Callable[[], bool], every_s: float | Callable[[], float]) -> None:
        self._name = name
        self._step = step
        self._every_s = every_s if callable(every_s) else lambda: every_s
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=f"trackside-{name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Run the next step now.  Harmless while a step runs: another one follows it."""
        self._wake.set()

    def close(self, wait_s: float | None = None) -> bool:
        """Waits for the step under way, without end or at most so long; False if it is still under way then.  It will be the
        last one."""
        self._is_closed = True
        self._wake.set()
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        rest = self._every_s()
        while True:
            self._wake.wait(rest)
            self._wake.clear()
            if self._is_closed:
                return
            has_more = False
            try:
                has_more = self._step()
            except Fault as fault:  # of the store or another host: it says what is wrong
                log.error("a step of %s failed: %s", self._name, fault.message)
            except Exception:  # whatever it is, the next step may do better
                log.exception("a step of %s failed", self._name)
            rest = REST_S if has_more else self._every_s()
