"""When to look at the evaluation datasets of a server that keeps no log of them.  Knows no call.

What says that it was changed lately is asked for at each look, by one search.  What escapes that (tags, deletions, clocks that
are wrong) is found by a sweep over everything, which is made as often as it costs little.
"""

import time
from collections.abc import Callable

from trackside.links.poll.registry import OVERLAP_MS, SWEEP_LEAST_S, SWEEP_SHARE
from trackside.links.reconcile.dispatch import Mirrors
from trackside.sync.document import pack
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part
from trackside.sync.remote.datasets_port import DatasetsPeer


class DatasetsPoll:
    """Of one link; a server that starts begins with a sweep.  Remembers what it told of, so that this is not asked again."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = 0  # ms: the latest change that was seen, by the remote's clock
        self._swept: float | None = None
        self._took = 0.0
        self._told: dict[str, int] = {}  # by the remote's id, of what it was like

    def look(self, peer: DatasetsPeer, here: Mirrors, hear: Callable[[Entity, str, Part | None], None]) -> None:
        """`hear` takes what may have changed or gone."""
        if not peer.is_known:
            return
        began = self._now()
        if self._swept is not None and began - self._swept < max(SWEEP_LEAST_S, SWEEP_SHARE * self._took):
            for part in peer.recent(self._since - OVERLAP_MS):
                self._hear(part, hear)
            return
        listed = set()
        for part in peer.everything():
            self._hear(part, hear)
            listed.add(part.item_id)
        for remote_id in here.gone_datasets(listed):
            hear(Entity.DATASET, remote_id, None)
        self._told = {remote_id: told for remote_id, told in self._told.items() if remote_id in listed}
        self._swept = self._now()
        self._took = self._swept - began

    def _hear(self, part: Part, hear: Callable[[Entity, str, Part | None], None]) -> None:
        self._since = max(self._since, int(part.doc.get(("last_update_time", ""), "0")))
        what = hash(pack(part.doc))
        if self._told.get(part.item_id) != what:
            hear(Entity.DATASET, part.item_id, part)
            self._told[part.item_id] = what
