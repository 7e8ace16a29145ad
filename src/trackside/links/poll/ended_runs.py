"""Schedules re-reads of ended runs, on servers that do not report points or files added to an ended run.

All runs are read in turn, in at most a twentieth of the time. Each costs one call, one call per metric and one call per
folder of its files. The caller makes the calls.
"""

import time
from collections.abc import Callable, Iterator

from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.sync.entities import Entity

SHARE = 20
LEAST_ROUND_S = 30.0
MOST_SAVED_S = 5.0  # of unused time that may be spent at once


class EndedRuns:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._after: str | None = None  # None: none was read yet
        self._at = self._began = clock()
        self._left_s = 0.0

    def due(self, context: LinkContext) -> Iterator[str]:
        """Yield the remote's ids of the runs to read now.  The time until the caller asks for the next one counts as its cost."""
        now = self._clock()
        self._left_s = min(self._left_s + (now - self._at) / SHARE, MOST_SAVED_S)
        self._at = now
        link_id = context.link_id
        if self._after is None:  # at random, so that all runs are reached even if the server restarts often
            self._after = context.read(item_store.random_place, link_id, Entity.RUN)
        while self._left_s > 0:
            found = context.read(item_store.items, link_id, Entity.RUN, self._after or "", 1)
            if not found:
                if self._clock() - self._began < LEAST_ROUND_S:
                    return
                self._after, self._began = "", self._clock()
                continue
            self._after = found[0].local_id
            began = self._clock()
            yield found[0].remote_id
            self._left_s -= max(self._clock() - began, 1e-3)
