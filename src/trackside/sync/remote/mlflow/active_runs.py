"""Which of the runs that go on elsewhere are worth a look.  Knows what searches said of them; asks nobody.

What a search tells of a run (its last points, its tags and params) is another thing whenever the run gets on.  What it does not
tell (files, a point that is older than the last one) is looked for all the same: the less often, the longer a run has stood
still.  Many a run says without end that it is running, since its process was killed; it costs next to nothing.
"""

import time
from collections.abc import Callable

import msgspec

LEAST_S = 10.0  # between two looks at a run that stands still
MOST_S = 3600.0
MOST_RUNS = 100_000  # that are remembered: some 20 MB


class ActiveRuns:
    """The running runs of one link, in memory: after a start each is looked at once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[int, float, float]] = {}  # what was said, since when, and when it was looked at

    def is_due(self, run_id: str, said: object) -> bool:
        """Whether it is to be looked at, which it then is.  `said`: all that a search tells of it."""
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
        """One that has ended."""
        self._known.pop(run_id, None)

    def forget_all(self) -> None:
        self._known.clear()
