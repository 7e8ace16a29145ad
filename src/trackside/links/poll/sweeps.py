"""The listings of a remote that keeps no log of some kinds of items: which are looked at, and what becomes of a refusal."""

import time
from collections.abc import Callable

from trackside.core.http_client.client import Refused
from trackside.links.model import LogKind
from trackside.links.poll.recent_then_sweep import RecentThenSweep
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.dispatch import Mirrors
from trackside.sync import fields
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import Listed

Hear = Callable[[Entity, str, Part | None], None]


class Sweeps:
    """Of one link, from the beginning on."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._registry = RecentThenSweep((Entity.VERSION, Entity.REGISTERED), fields.SEEN, now)
        self._datasets = RecentThenSweep((Entity.DATASET,), fields.LAST_UPDATE_TIME, now)
        self._traces = RecentThenSweep((Entity.TRACE,), fields.REQUEST_TIME, now)

    def look(self, side: Side, here: Mirrors, hear: Hear) -> None:
        """Call `hear` for what may have changed or gone.  A remote that refuses a listing keeps none, or none for this link:
        the rest goes on."""
        peer = side.peer
        if side.link.options.registry and not peer.registry.log_tells:
            self._list(side, here, hear, peer.registry, self._registry, Entity.REGISTERED, "the registry")
        if not peer.datasets.log_tells and peer.datasets.is_known:
            self._list(side, here, hear, peer.datasets, self._datasets, Entity.DATASET, "evaluation datasets")
        if not peer.traces.log_tells and peer.traces.is_known:
            self._list(side, here, hear, peer.traces, self._traces, Entity.TRACE, "traces")

    def _list(
        self,
        side: Side,
        here: Mirrors,
        hear: Hear,
        listing: Listed,
        sweep: RecentThenSweep,
        entity: Entity,
        name: str,
    ) -> None:
        try:
            sweep.look(listing, here, hear)
        except Refused as refused:
            side.note_once(LogKind.REFUSED, entity, "", f"{name} there cannot be read: {refused}")
