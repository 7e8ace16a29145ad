"""Reconciles changes of a link's remote: from its change feed, searches and sweeps.

Items that cannot be reconciled at once are queued.
"""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from trackside.core.http_client.errors import RemoteUnavailable
from trackside.links import store
from trackside.links.model import LISTENED_POLL_S, Link, LogKind
from trackside.links.poll.ended_runs import EndedRuns
from trackside.links.poll.sweeps import Sweeps
from trackside.links.reconcile.attempt import attempt_with
from trackside.links.reconcile.context import LinkContext, Task
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.reconcile.deletions import StoreIdentityCheck
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.item_type import RetryLater
from trackside.links.worker import deletions
from trackside.links.worker.queued_items import TROUBLES, time_slice
from trackside.sync.entities import Entity
from trackside.sync.remote.port import Seen
from trackside.sync.time_slice import TimeSliceExpired

HEARD_EVERY_MS = 5000  # how often the link records that it has read all changes


class RemoteChanges:
    """The state of reading one remote's changes, in memory."""

    def __init__(self, clock: Callable[[], float], slice_s: float, step_s: float) -> None:
        """`clock`: of the polls.  `slice_s`: the time slice of an item.  `step_s`: the time for the items of a page until the
        rest is queued."""
        self._clock = clock
        self._slice_s = slice_s
        self._step_s = step_s
        self._sweeps = Sweeps(clock)
        self._rounds = EndedRuns(clock)
        self._polled = float("-inf")
        self._heard = clock()  # from the remote, last
        self._has_news = False
        self._troubles: Counter[str] = Counter()  # how often the remote failed during an item

    def note_change_signal(self) -> None:
        """Poll the remote now, because it signalled a change."""
        self._has_news = True

    def is_due(self, link: Link, *, is_listening: bool) -> bool:
        """Return whether the remote is to be polled.  A link without a cursor compares everything: it is new, or a user
        requested it."""
        return self._has_news or not link.has_seen_all or self.due_in_s(link, is_listening=is_listening) <= 0

    def due_in_s(self, link: Link, *, is_listening: bool) -> float:
        """Return the time until the next poll, which is longer while the remote signals changes."""
        between = LISTENED_POLL_S if is_listening else link.poll_after_s(self._polled - self._heard)
        return self._polled + between - self._clock()

    def poll(self, here: Reconcilers, store_check: StoreIdentityCheck) -> bool:
        """Reconcile what changed at the remote since the last poll.  Return True if there may be more right away."""
        context, link = here.context, here.context.link
        if not link.remote_cursor:
            self._sweeps = Sweeps(self._clock)  # everything is to be compared
        page = context.remote.changes(link.remote_cursor)
        if not context.read(store.is_active, link.link_id):
            return False  # paused since: some of the changes may be later
        more = page.more
        if store_check.is_another(context, page):
            return True
        if page.seen or more:
            self._heard = self._clock()
        until = time.monotonic() + self._step_s
        for each in sorted(page.seen, key=lambda one: list(Entity).index(one.entity)):
            self._reconcile(here, each, until=until)
        if not more and not context.remote.preserves_ids and link.has_seen_all:
            for remote_id in self._rounds.due(context):
                self._reconcile(here, Seen(Entity.RUN, remote_id), verify=True)
        if not more:
            self._sweeps.look(context, here, partial(self._reconcile, here))
        is_late = not more and abs(time.time_ns() // 1_000_000 - (link.heard_at or 0)) > HEARD_EVERY_MS
        if page.cursor != link.remote_cursor or page.unread != link.unread_changes or is_late:
            context.write(store.heard, link, page.cursor, page.unread, is_all=not more)
        if not more:
            self._polled = self._clock()
            self._has_news = False
        return more

    def _reconcile(self, here: Reconcilers, seen: Seen, *, verify: bool = False, until: float = float("inf")) -> None:
        """Reconcile an item that the remote reported.  An item that cannot be reconciled now, or not before `until`, is
        queued."""
        context = here.context
        context.beat()
        if seen.entity.is_of_registry and not context.link.options.registry:
            return
        if seen.unread:  # it is read again when the list shows a change
            context.note_once(
                LogKind.REFUSED, seen.entity, seen.remote_id, f"left out, until it can be read: {seen.unread}"
            )
            return
        if time.monotonic() >= until:
            _enqueue(context, seen)
            return
        key = f"{seen.entity}/{seen.remote_id}"
        context.start(Task(time_slice(self._slice_s, verify=verify)))
        try:
            reason = attempt_with(
                context.remote,
                lambda: here.reconcile_remote(seen.entity, seen.remote_id, seen.snapshot, verify=verify),
                lambda reason: context.note_once(LogKind.SKIPPED, seen.entity, seen.remote_id, reason),
            )
        except (RetryLater, TimeSliceExpired):
            _enqueue(context, seen)
            return
        except DeletionHeld as held:
            deletions.hold(context, seen.entity, seen.remote_id, held, is_remote=True)
            return
        except RemoteUnavailable as down:
            self._troubles[key] += 1
            if self._troubles[key] < TROUBLES:
                raise
            reason = str(down)
        self._troubles.pop(key, None)
        if reason is not None:
            context.note(LogKind.REFUSED, seen.entity, seen.remote_id, reason)
            _enqueue(context, seen)


def _enqueue(context: LinkContext, seen: Seen) -> None:
    context.enqueue(seen.entity, seen.remote_id, is_remote=True)
