"""When to look at items of a server that keeps no log of them.  Makes no call.

What the server says was changed lately is asked for at each look, by one search.  What escapes that (tags, aliases, deletions,
clocks that are wrong) is found by a sweep over everything, which is made as often as it costs little.
"""

import time
from collections.abc import Callable, Sequence

from trackside.links.reconcile.dispatch import Mirrors
from trackside.sync.document import pack
from trackside.sync.entities import Entity
from trackside.sync.fields import Field
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import Listed

OVERLAP_MS = 120_000
SWEEP_LEAST_S = 30.0
SWEEP_SHARE = 20  # a sweep may take this part of the time


class RecentThenSweep:
    """Of one link; a server that starts begins with a sweep.  An item that is as it was found before is not passed on again."""

    def __init__(
        self, entities: Sequence[Entity], changed_at: Field, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`changed_at` is the field that says when an item was changed last, in ms of the remote.  The last of the
        entities stands above the others, whose ids have a slash."""
        self._entities = entities
        self._changed_at = changed_at
        self._now = now
        self._since = 0
        self._swept: float | None = None
        self._took = 0.0
        self._found: dict[tuple[Entity, str], int] = {}

    def look(self, listing: Listed, here: Mirrors, hear: Callable[[Entity, str, Part | None], None]) -> None:
        """Call `hear` for what may have changed or gone."""
        began = self._now()
        if self._swept is not None and began - self._swept < max(SWEEP_LEAST_S, SWEEP_SHARE * self._took):
            for part in listing.recent(self._since - OVERLAP_MS):
                self._pass_on(part, hear)
            return
        listed = {self._pass_on(part, hear) for part in listing.everything()}
        for entity, remote_id in here.missing(self._entities, listed):
            hear(entity, remote_id, None)
        self._found = {which: what for which, what in self._found.items() if which in listed}
        self._swept = self._now()
        self._took = self._swept - began

    def _pass_on(self, part: Part, hear: Callable[[Entity, str, Part | None], None]) -> tuple[Entity, str]:
        which = self._entities[0 if "/" in part.item_id else -1], part.item_id
        self._since = max(self._since, int(part.doc.get(self._changed_at, "0")))
        what = hash((pack(part.doc), part.failed))
        if self._found.get(which) != what:
            hear(*which, part)
            self._found[which] = what
        return which
