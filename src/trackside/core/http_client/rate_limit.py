"""Limits the calls per second to a remote, over all links together.

A Databricks workspace counts all calls of a token: those of a link's worker, of its check, and of other links to the workspace.
They therefore share one `Limits` while any of them is connected.
"""

import threading
import time
from collections.abc import Callable, Mapping
from weakref import WeakValueDictionary

from trackside.core.http_client.errors import Cancelled

Wait = Callable[[float], bool]  # sleeps for the given seconds; returns True if the caller must stop


class TokenBucket:
    """A token bucket: at most `rate` calls a second on average, `burst` at once.  Thread-safe."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._left = burst
        self._at = now()
        self._lock = threading.Lock()

    def take(self, wait: Wait) -> None:
        while True:
            seconds = self._short_of()
            if seconds <= 0:
                return
            if wait(seconds):
                raise Cancelled

    def slow_down(self, rate: float) -> None:
        """Lower the rate, if it is higher."""
        with self._lock:
            self._rate = min(self._rate, rate)

    def _short_of(self) -> float:
        """Take a token and return 0, or return the seconds until one is available."""
        with self._lock:
            now = self._now()
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
            self._at = now
            if self._left >= 1 - 1e-9:  # sums of fractions are inexact
                self._left -= 1
                return 0.0
            return (1 - self._left) / self._rate


class Limits:
    """Limits of one host and credential.  `slow` maps the endings of paths to the lower rates that the remote allows for
    them."""

    def __init__(
        self, rate: float, slow: Mapping[tuple[str, ...], float], now: Callable[[], float] = time.monotonic
    ) -> None:
        # A burst of 1: a caller that waits for each answer loses nothing, and no second exceeds the rate.
        self._all = TokenBucket(rate, 1.0, now)
        self._slow = [(ends, TokenBucket(each, 1.0, now)) for ends, each in slow.items()]

    def take(self, path: str, wait: Wait) -> None:
        """Wait for a token; to be called before each call."""
        plain = path.partition("?")[0]
        for ends, bucket in self._slow:
            if plain.endswith(ends):
                bucket.take(wait)
        self._all.take(wait)

    def slow_down(self, rate: float) -> None:
        self._all.slow_down(rate)


_lock = threading.Lock()
# One for the process: the remote counts the calls of links, checks and routes together.
_shared: "WeakValueDictionary[tuple[str, ...], Limits]" = WeakValueDictionary()


def shared(who: tuple[str, ...], rate: float, slow: Mapping[tuple[str, ...], float]) -> Limits:
    """Return the limits for one host and credential.  If callers request different rates, the lowest applies."""
    with _lock:
        found = _shared.get(who)
        if found is None:
            found = _shared[who] = Limits(rate, slow)
        found.slow_down(rate)
        return found
