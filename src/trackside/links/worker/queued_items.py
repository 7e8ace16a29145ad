"""Reconciles the items in the queue of a link.

A failing item is retried alone with exponential backoff and jitter. If the remote fails as a whole during an item, the item is
deferred, so that others come first when the remote answers again.
"""

import random
import time

from trackside.core.db.tx import Tx
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.errors import RemoteUnavailable
from trackside.links import store
from trackside.links.model import LogKind
from trackside.links.reconcile.attempt import attempt_with
from trackside.links.reconcile.context import LinkContext, Task
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.item_type import RetryLater
from trackside.links.state import item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.work_queue import QueuedItem
from trackside.links.worker import deletions
from trackside.links.worker.throttle import Throttle
from trackside.sync.time_slice import TimeSlice, TimeSliceExpired

ITEMS_AT_ONCE = 100
ITEM_BACKOFF_S = 5.0
LONGEST_TROUBLE_S = 30.0  # delay of an item during which the remote failed as a whole
TROUBLES = 3  # failures of an item after which others come first


class QueuedItems:
    """The queue of one link."""

    def __init__(self, cancel_token: CancelToken, slice_s: float, step_s: float, interval_factor: float) -> None:
        """`slice_s`: the time slice of an item.  `step_s`: the time for a run.  `interval_factor` multiplies the delays of
        items, unless the remote requests them."""
        self._cancel_token = cancel_token
        self._slice_s = slice_s
        self._step_s = step_s
        self._interval_factor = interval_factor

    def run(self, here: Reconcilers) -> bool:
        """Reconcile some due items.  Return True if there may be more right now."""
        context = here.context
        if not context.read(store.is_active, context.link_id):
            return False  # paused since the step started
        due = context.read(work_queue.next_items, context.link_id, ITEMS_AT_ONCE)
        more = len(due) == ITEMS_AT_ONCE
        end = time.monotonic() + self._step_s
        here.prepare((each.entity, each.entity_id) for each in due if not each.is_remote and not each.attempts)
        for number, queued in enumerate(due, start=1):
            context.beat()
            pace = Throttle(self._cancel_token.wait)
            try:
                self._item(here, queued)
            except TimeSliceExpired:
                context.write(work_queue.requeue, context.link_id, queued)
                more = True
            except RemoteUnavailable as down:
                if not self._cancel_token.is_cancelled:  # otherwise the end of this server interrupted the call
                    self._put_off(context, queued, str(down))
                raise
            pace.rest()
            if time.monotonic() >= end:
                return more or number < len(due)
        return more

    def _item(self, here: Reconcilers, queued: QueuedItem) -> None:
        context, link_id = here.context, here.context.link_id
        verify = queued.depth >= Depth.COMPARE
        context.start(
            Task(time_slice(self._slice_s, verify=verify), queued.depth >= Depth.COMPARE_BYTES, queued.may_delete)
        )

        def left_out(reason: str) -> None:
            context.note_once(LogKind.SKIPPED, queued.entity, queued.entity_id, reason)

        def work() -> str:
            if queued.is_remote:
                here.reconcile_remote(queued.entity, queued.entity_id, None, verify=verify)
                return ""
            if queued.depth >= Depth.COMPARE_BYTES:
                context.write(item_store.mark_files_unverified, link_id, queued.entity, queued.entity_id)
            return here.reconcile_local(queued.entity, queued.entity_id, verify=verify)

        try:
            reason = attempt_with(context.remote, work, left_out)
        except DeletionHeld as held:
            deletions.hold(context, queued.entity, queued.entity_id, held, is_remote=queued.is_remote)
            return
        except RetryLater as early:
            wait_ms = int(early.wait_s * 1000)
            context.write(work_queue.defer, link_id, queued, wait_ms)
            return
        if reason is None:
            context.write(work_queue.complete, link_id, queued)
            return
        wait_ms = self._wait_ms(ITEM_BACKOFF_S * 2 ** min(queued.attempts, 10) * random.uniform(0.75, 1.25))  # noqa: S311  # no secret

        def later(tx: Tx) -> None:
            work_queue.defer(tx, link_id, queued, wait_ms)
            say = store.note_once if queued.attempts else store.note
            say(tx, link_id, LogKind.REFUSED, queued.entity, queued.entity_id, reason)

        context.write(later)

    def _put_off(self, context: LinkContext, queued: QueuedItem, reason: str) -> None:
        """Defer the item during which the remote failed: it may be the cause, so others come first when the remote answers
        again."""
        wait_ms = self._wait_ms(min(LONGEST_TROUBLE_S, queued.attempts + 1))

        def later(tx: Tx) -> None:
            work_queue.defer(tx, context.link_id, queued, wait_ms)
            if queued.attempts == TROUBLES - 1:
                since = tx.now - work_queue.MAX_WAIT_MS  # a poll may have recorded the same failure
                store.note_once(
                    tx, context.link_id, LogKind.REFUSED, queued.entity, queued.entity_id, reason, since=since
                )

        context.write(later)

    def _wait_ms(self, wait_s: float) -> int:
        return int(1000 * wait_s * self._interval_factor)


def time_slice(seconds: float, *, verify: bool) -> TimeSlice:
    """Return the time slice of an item; unlimited for a full comparison, which could not be continued."""
    return TimeSlice() if verify else TimeSlice(seconds)
