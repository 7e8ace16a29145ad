"""Polls the listings of kinds of items for which a remote has no change log, and handles its refusals."""

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
    """The sweeps of one link since the start of the server."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._sweeps = {entity: RecentThenSweep(field, now) for entity, field in CHANGED_AT.items()}

    def look(self, context: LinkContext, here: Reconcilers, on_seen: Callable[[Seen], None]) -> None:
        """Call `on_seen` for each item that may have changed or been deleted.

        A remote that refuses a listing does not support it, or not for this link: the other listings are read.
        """
        for listing in listings(context.remote, registry=context.link.options.registry):
            entity = listing.entities[-1]
            try:
                self._sweeps[entity].look(listing, here, on_seen)
            except RequestRejected as refused:
                context.note_once(
                    LogKind.REFUSED, entity, "", f"{listing.label} of the remote cannot be read: {refused}"
                )
