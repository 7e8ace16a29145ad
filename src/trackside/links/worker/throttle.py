"""Throttles a link, so that it leaves CPU time for requests."""

import time
from collections.abc import Callable

BUSY_SHARE = 0.1  # of a CPU, used by other threads: above it the link is throttled
REST_FACTOR = 20  # then it waits this multiple of its working time,
LONGEST_REST_S = 5.0  # and at most this


def times() -> tuple[float, float, float]:
    """Wall-clock time, CPU time of the process, and CPU time of this thread; in seconds."""
    return time.monotonic(), time.process_time(), time.thread_time()


class Throttle:
    """Throttles a link: it catches up at once on an idle server, and slowly on a busy one.

    If the remote is a workspace of the same server, the process works for the link while the link waits for an answer. So the
    load is measured again while the link waits.
    """

    def __init__(self, wait: Callable[[float], bool], now: Callable[[], tuple[float, float, float]] = times) -> None:
        self._wait = wait
        self._now = now
        self._began = now()

    def rest(self) -> None:
        """`wait` sleeps the given seconds, and returns whether the server stops."""
        took = self._now()[0] - self._began[0]
        if not self._is_busy():
            return
        rest = min(LONGEST_REST_S, REST_FACTOR * took)
        first = min(rest, took)
        while_resting = Throttle(self._wait, self._now)
        if not self._wait(first) and while_resting._is_busy():
            self._wait(rest - first)

    def _is_busy(self) -> bool:
        passed, used, own = (now - began for now, began in zip(self._now(), self._began, strict=True))
        return used - own > BUSY_SHARE * passed
