"""The listings of a remote that keeps no log of some kinds of items: which are looked at, and what becomes of a refusal."""

import time
from collections.abc import Callable

from trackside.core.http_client.errors import RequestRejected
from trackside.links.model import LogKind
from trackside.links.poll.recent_then_sweep import RecentThenSweep
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.sync import fields
from trackside.sync.entities import Entity
from trackside.sync.remote.port import Seen, listings

CHANGED_AT = {
    Entity.REGISTERED_MODEL: fields.SEEN,
    Entity.EVALUATION_DATASET: fields.LAST_UPDATE_TIME,
    Entity.TRACE: fields.REQUEST_TIME,
}


class Sweeps:
    """The sweeps of one link, from the beginning on."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._sweeps = {entity: RecentThenSweep(field, now) for entity, field in CHANGED_AT.items()}

    def look(self, context: LinkContext, here: Reconcilers, hear: Callable[[Seen], None]) -> None:
        """Call `hear` for what may have changed or gone.  A remote that refuses a listing keeps none, or none for this link:
        the rest goes on."""
        for listing in listings(context.remote, registry=context.link.options.registry):
            entity = listing.entities[-1]
            try:
                self._sweeps[entity].look(listing, here, hear)
            except RequestRejected as refused:
                context.note_once(LogKind.REFUSED, entity, "", f"{listing.words} there cannot be read: {refused}")
