"""Series whose points the remote rejected, and the times of their retries.

They are kept in memory: after a restart each series is retried.
"""

import time
from collections.abc import Callable

FIRST_S, LONGEST_S = 5.0, 3600.0
MOST = 10_000


class PointRetries:
    """The rejected series of one link."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[tuple[str, str], tuple[float, float, str]] = {}  # retry time, delay, and reason

    def waiting(self, run_id: str, keys: list[str]) -> dict[str, str]:
        """Return the series that are not due yet, with the reasons."""
        known = {key: self._known[run_id, key] for key in keys if (run_id, key) in self._known}
        return {key: reason for key, (until, _, reason) in known.items() if self._now() < until}

    def note(self, run_id: str, key: str, reason: str) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        _, before, _ = self._known.pop((run_id, key), (0.0, 0.0, ""))
        wait = min(LONGEST_S, max(FIRST_S, 2 * before))
        self._known[run_id, key] = (self._now() + wait, wait, reason)

    def forget(self, run_id: str, key: str) -> None:
        self._known.pop((run_id, key), None)
