"""Counts answers, their durations by a key, and requests in progress.  Depends on neither routes nor monitoring systems."""

import threading
from bisect import bisect_left
from collections.abc import Hashable

# The histogram buckets that OpenTelemetry's semantic conventions advise for http.server.request.duration, in seconds.
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Timing:
    """A histogram: `counts[i]` is the number of durations up to `BOUNDS_S[i]` and above the previous bound; the last count is for
    durations above all bounds.  `seconds` and `size` (bytes) are sums."""

    __slots__ = ("counts", "seconds", "size")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.seconds = 0.0
        self.size = 0

    def add(self, other: "Timing") -> None:
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds
        self.size += other.size

    def copy(self) -> "Timing":
        made = Timing()
        made.counts, made.seconds, made.size = list(self.counts), self.seconds, self.size
        return made


class Meter:
    """A meter that one event loop writes without a lock, so that a call costs less than a microsecond.  Any thread may read
    it."""

    def __init__(self) -> None:
        self._timings: dict[Hashable, Timing] = {}
        self._under_way: dict[tuple[str, str], int] = {}  # requests that have begun, by method and route

    def begin(self, where: tuple[str, str]) -> None:
        """Count a request of this method and route, until `end`."""
        self._under_way[where] = self._under_way.get(where, 0) + 1

    def end(self, where: tuple[str, str]) -> None:
        self._under_way[where] -= 1

    def under_way(self) -> dict[tuple[str, str], int]:
        """Return the number of requests in progress, by method and route; 0 where there were some before."""
        return dict(self._under_way)

    def note(self, key: Hashable, seconds: float, size: int = 0) -> None:
        """Count one answer of `size` bytes that took `seconds`."""
        timing = self._timings.get(key)
        if timing is None:
            timing = self._timings[key] = Timing()
        timing.counts[bisect_left(BOUNDS_S, seconds)] += 1
        timing.seconds += seconds
        timing.size += size

    def read(self) -> dict[Hashable, Timing]:
        """Return a copy of all counts."""
        return {key: timing.copy() for key, timing in list(self._timings.items())}


class SharedMeter(Meter):
    """A meter that any thread may write."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def note(self, key: Hashable, seconds: float, size: int = 0) -> None:
        with self._lock:
            super().note(key, seconds, size)

    def count(self, key: Hashable, size: int) -> None:
        """Count `size` events whose duration is not measured."""
        self.note(key, 0.0, size)
