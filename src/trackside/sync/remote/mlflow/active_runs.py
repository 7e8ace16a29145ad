"""Decides which of a remote's running runs to read.  Pure.

The values that a search returns of a run (last points, tags and params) change when the run makes progress.  Other changes
(files, a point older than the last one) are found by reads at growing intervals while the run makes no progress.  Many runs stay
`RUNNING` forever because their process was killed; these take next to no time.
"""

import time
from collections.abc import Callable

import msgspec

LEAST_S = 10.0  # between two reads of a run without progress
MOST_S = 3600.0
MOST_RUNS = 100_000  # in memory: some 20 MB


class ActiveRuns:
    """The running runs of one link, in memory: after a start each is read once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        # the search result, the time of its last change, and of the last read
        self._known: dict[str, tuple[int, float, float]] = {}

    def is_due(self, run_id: str, said: object) -> bool:
        """Return whether the run is due, and count it as read.  `said` is the search result of the run."""
        now, print_ = self._now(), hash(msgspec.json.encode(said))
        before, since, looked = self._known.get(run_id, (None, now, now))
        if before == print_:
            if now - looked < min(MOST_S, max(LEAST_S, looked - since)):
                return False
        else:
            since = now
        if len(self._known) >= MOST_RUNS:
            self._known.clear()
        self._known[run_id] = (print_, since, now)
        return True

    def forget(self, run_id: str) -> None:
        """Forget a run that has ended."""
        self._known.pop(run_id, None)

    def forget_all(self) -> None:
        self._known.clear()
