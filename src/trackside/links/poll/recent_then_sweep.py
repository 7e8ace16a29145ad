"""Schedules reads of items on a server without a change log.  Makes no call.

Recently changed items are read at each poll, by one search. Other changes (tags, aliases, deletions, changes under
wrong clocks) are found by sweeps over all items, whose frequency depends on their duration.
"""

import time
from collections.abc import Callable

from trackside.links.reconcile.dispatch import Reconcilers
from trackside.sync.document import pack
from trackside.sync.entities import Entity
from trackside.sync.fields import Field
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.entries import ListEntry
from trackside.sync.remote.port import Listing, Seen

OVERLAP_MS = 120_000
SWEEP_LEAST_S = 30.0
SWEEP_SHARE = 20  # the part of the time that a sweep may take


class RecentThenSweep:
    """The polling state of one link, in memory.  After a restart it begins with a sweep.  Unchanged items are not
    reported."""

    def __init__(self, changed_at: Field, now: Callable[[], float] = time.monotonic) -> None:
        """`changed_at`: the field with the time of the last change, in ms of the remote's clock."""
        self._changed_at = changed_at
        self._now = now
        self._since = 0
        self._swept: float | None = None
        self._took = 0.0
        self._found: dict[tuple[Entity, str], int] = {}

    def look(self, listing: Listing, here: Reconcilers, on_seen: Callable[[Seen], None]) -> None:
        """Call `on_seen` for each item that may have changed or been deleted."""
        began = self._now()
        if self._swept is not None and began - self._swept < max(SWEEP_LEAST_S, SWEEP_SHARE * self._took):
            for each in listing.items.recent(self._since - OVERLAP_MS):
                self._pass_on(listing, each, on_seen)
            return
        listed = {self._pass_on(listing, each, on_seen) for each in listing.items.everything()}
        for entity, remote_id in here.missing(listing.entities, listed):
            on_seen(Seen(entity, remote_id))
        self._found = {which: what for which, what in self._found.items() if which in listed}
        self._swept = self._now()
        self._took = self._swept - began

    def _pass_on(self, listing: Listing, entry: ListEntry, on_seen: Callable[[Seen], None]) -> tuple[Entity, str]:
        which = listing.entity_of(entry), entry.item_id
        if isinstance(entry, Snapshot):
            self._since = max(self._since, int(entry.doc.get(self._changed_at, "0")))
            what = hash((pack(entry.doc), entry.failed))
        else:
            what = hash(entry.why)
        if self._found.get(which) != what:
            on_seen(Seen.of(which[0], entry))
            self._found[which] = what
        return which
