"""Throttles a link, so that it leaves CPU time for the server's callers."""

import time
from collections.abc import Callable

BUSY_SHARE = 0.1  # of a processor, used by others in this process: from there on the link makes room for them
REST_FACTOR = 20  # then it rests so many times as long as it worked,
LONGEST_REST_S = 5.0  # and at most so long


def times() -> tuple[float, float, float]:
    """The time, the processor's time that this process had, and that this thread had; in seconds."""
    return time.monotonic(), time.process_time(), time.thread_time()


class Throttle:
    """Lets others have the processor: a link catches up at once on an idle server, and slowly on a busy one.

    Where the other side is a workspace of this very server, the process works for the link while the link waits for its answer:
    so whether others are busy is asked again while the link rests."""

    def __init__(self, wait: Callable[[float], bool], now: Callable[[], tuple[float, float, float]] = times) -> None:
        self._wait = wait
        self._now = now
        self._began = now()

    def rest(self) -> None:
        """`wait` sleeps so many seconds, and says whether all ends."""
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
