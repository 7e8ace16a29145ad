"""When to look at the registry of a server that keeps no log of it.  Knows no call.

What says that it was changed lately is asked for at each look.  What escapes that (tags, aliases, deletions, clocks that
are wrong) is found by a sweep over everything, which is made as often as it costs little.
"""

import time
from collections.abc import Callable

from trackside.links.reconcile.dispatch import Mirrors
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part
from trackside.sync.remote.registry_port import RegistryPeer

OVERLAP_MS = 120_000
SWEEP_LEAST_S = 30.0
SWEEP_SHARE = 20  # a sweep may take this part of the time


class RegistryPoll:
    """Of one link; a server that starts begins with a sweep."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = 0  # ms: the latest change that was seen, by the remote's clock
        self._swept: float | None = None
        self._took = 0.0

    def look(self, peer: RegistryPeer, here: Mirrors, hear: Callable[[Entity, str, Part | None], None]) -> None:
        """`hear` takes what may have changed or gone."""
        began = self._now()
        if self._swept is not None and began - self._swept < max(SWEEP_LEAST_S, SWEEP_SHARE * self._took):
            for part in peer.recent(self._since - OVERLAP_MS):
                self._hear(part, hear)
            return
        listed = set()
        for part in peer.everything():
            listed.add(self._hear(part, hear))
        for entity, remote_id in here.gone(listed):
            hear(entity, remote_id, None)
        self._swept = self._now()
        self._took = self._swept - began

    def _hear(self, part: Part, hear: Callable[[Entity, str, Part | None], None]) -> tuple[Entity, str]:
        entity = Entity.VERSION if "/" in part.item_id else Entity.REGISTERED
        self._since = max(self._since, int(part.doc.get(("seen", ""), "0")))
        hear(entity, part.item_id, part)
        return entity, part.item_id
