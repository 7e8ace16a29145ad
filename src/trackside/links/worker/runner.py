"""Runs one link.

A step reads the change log, asks the remote what is new there, and brings some items to the same state.  Trouble of the
remote makes the link wait, longer each time and at random; trouble of one item makes that item wait.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from trackside.artifacts.roots import Roots
from trackside.core.access import WhyNot, never
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Unavailable
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.errors import Cancelled, RemoteUnavailable, RequestRejected
from trackside.core.outgoing.guard import ANYWHERE, Guard
from trackside.core.seal import Sealer
from trackside.events import store as events
from trackside.links import store
from trackside.links.cleanup import CopyRemover
from trackside.links.connect import connect, connect_trackside
from trackside.links.model import LISTENED_POLL_S, Kind, Link, LogKind, State
from trackside.links.poll.ended_runs import EndedRuns
from trackside.links.poll.sweeps import Sweeps
from trackside.links.reconcile.attempt import attempt_with, check_answers
from trackside.links.reconcile.context import Database, LinkContext, Task, in_link
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.reconcile.deletions import StoreIdentityCheck
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.item_type import RetryLater
from trackside.links.secrets import secret_of
from trackside.links.state import backfill, held_deletions, item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.point_retries import PointRetries
from trackside.links.state.work_queue import QueuedItem
from trackside.links.worker import deletions
from trackside.links.worker.listener import Listener
from trackside.links.worker.throttle import Throttle
from trackside.sync.entities import Entity
from trackside.sync.remote import faults
from trackside.sync.remote.port import Remote, Seen
from trackside.sync.time_slice import TimeSlice, TimeSliceExpired
from trackside.workspaces import store as workspaces

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("trackside.links")

CHANGES_AT_ONCE = 1000
ITEMS_AT_ONCE = 100
BACKOFF_S = (1.0, 60.0)  # the first wait of a link, and the longest
LONGEST_RETRY_AFTER_S = 3600.0  # that a remote may ask for
ITEM_BACKOFF_S = 5.0
LONGEST_TROUBLE_S = 30.0  # that an item waits at which a remote failed as a whole
SLICE_S = 5.0  # that an item may take until others are processed, where it can be continued
STEP_S = 10.0  # of items, until the logs of both sides are looked at again
TROUBLES = 3  # so often an item may be at fault until others go first
RENEW_S = 10.0  # a lease, of store.LEASE_MS
SUCCESS_EVERY_MS = 5000
FIRST_REST_S = 0.5  # of a link whose last step ended by a fault
LEASE_REST_S = 5.0  # of a link on which another server works
IDLE_S = 15.0  # between two steps of a link that nothing wakes


class Runner:
    """One link.  `step` may be called at any time; tests call it in place of the thread."""

    def __init__(
        self,
        db: Database,
        ws: int,
        link_id: int,
        roots: Roots,
        server_root: str,
        sealer: Sealer,
        owner: str,
        *,
        why_not: WhyNot = never,
        guard: Guard = ANYWHERE,
        slice_s: float = SLICE_S,
        step_s: float = STEP_S,
        clock: Callable[[], float] = time.monotonic,
        interval_factor: float = 1.0,
    ) -> None:
        """`clock`: of the looks at the other side.  `interval_factor` multiplies the intervals between these, and the waits of
        the link and of items, unless the remote asks for them."""
        self._db = db
        self._ws = ws
        self._link_id = link_id
        self._roots = roots
        self._server_root = server_root
        self._sealer = sealer
        self._owner = owner
        self._why_not = why_not
        self._slice_s = slice_s
        self._step_s = step_s
        self._cancel_token = CancelToken()
        self._guard = guard
        self._interval_factor = interval_factor
        self._clock = clock if interval_factor == 1.0 else lambda: clock() / interval_factor
        self._sweeps = Sweeps(self._clock)
        self._rounds = EndedRuns(self._clock)
        self._remote: Remote | None = None
        self._polled = float("-inf")
        self._heard = self._clock()  # something of the other side, last
        self._watch = StoreIdentityCheck()
        self._refusals = PointRetries(self._clock)
        self._failures = 0
        self._wait_until = float("-inf")
        self._owned_at = float("-inf")
        self._troubles: Counter[str] = Counter()  # of theirs: how often the remote failed at it
        self._is_registered = False
        self._wake: Callable[[], None] | None = None
        self._listener: Listener | None = None
        self._has_news = False  # the remote said that something changed, and was not polled since
        self._rest_s = FIRST_REST_S

    def listen(self, wake: Callable[[], None]) -> None:
        """Wake the link by `wake` when its remote says that something changed there, if the remote can."""
        self._wake = wake

    def rest_s(self) -> float:
        """Return how long the link's thread may rest after the last step, if nothing wakes it."""
        return self._rest_s * self._interval_factor

    @property
    def has_ended(self) -> bool:
        return self._cancel_token.is_cancelled

    def stop(self) -> None:
        """Cuts short what is under way."""
        self._cancel_token.cancel()

    def close(self) -> None:
        if self._remote is not None:
            self._remote.close()
        if self._listener is not None and self._cancel_token.is_cancelled:
            self._listener.close(0.5)

    def step(self, *, ask: bool = False) -> bool:
        """True if there is more to do right away.  `ask`: look at the remote whether it is time or not."""
        try:
            return self._step(ask=ask)
        except Cancelled:  # also when what came of it was to be written: the link was removed meanwhile
            return False

    def _step(self, *, ask: bool) -> bool:
        self._rest_s = FIRST_REST_S
        link = self._load()
        if link is None or link.state is State.PAUSED:
            return False
        if not self._holds():
            self._rest_s = LEASE_REST_S
            return False
        why = self._why_not(link.principal_id, self._ws, link.acts) if link.state is State.ACTIVE else ""
        if why:
            self._write(store.pause, link, f"{store.PAUSED}{why}. A user who may do this resumes the link.")
            return False
        try:
            more = link.state is not State.REMOVING and self._look_here(link)  # also while the remote is away
            # Not by the clock on the wall, which may be moved.  No time to wait for: somebody wants it now.
            if not ask and link.retry_at is not None and time.monotonic() < self._wait_until:
                self._rest_s = min((self._wait_until - time.monotonic()) / self._interval_factor, IDLE_S)
                return more
            more |= self._work(link, ask=ask)
        except RemoteUnavailable as down:
            self._fail(link, str(down), down.retry_after_s)
            return False
        except Unavailable:
            raise
        except (RequestRejected, Fault) as refused:  # of the link as a whole: its secret, its address
            self._fail(link, str(refused), BACKOFF_S[1])
            return False
        except faults.OF_VALUES as error:
            log.exception("link %s: a step failed", link.name)
            self._fail(link, faults.bug(error), BACKOFF_S[1])
            return False
        self._failures = 0
        if link.last_error is not None or abs(_now() - (link.last_success_at or 0)) > SUCCESS_EVERY_MS:
            self._write(store.succeeded, link)
        self._rest_s = self._until_next_s(link)
        return more

    def _until_next_s(self, link: Link) -> float:
        """Return when there is something to do without a wake: an item that was postponed, or a look at the remote."""
        with self._db.read(self._ws) as tx:
            due_at, now = work_queue.next_due_at(tx, self._link_id), tx.now
        waits = [IDLE_S]
        if due_at is not None:
            waits.append((due_at - now) / 1000 / self._interval_factor)
        if link.mode.takes:
            waits.append(self._polled + self._poll_after_s(link) - self._clock())
        return max(0.0, min(waits))

    def _poll_after_s(self, link: Link) -> float:
        """Return the time between two looks at the remote, which is longer while the remote says when something changes."""
        if self._listener is not None and self._listener.is_listening:
            return LISTENED_POLL_S
        return link.poll_after_s(self._polled - self._heard)

    def renew(self) -> None:
        """Keeps what it holds, also while a step takes long."""
        if self._owned_at > float("-inf"):
            self._holds()

    def _holds(self) -> bool:
        """Whether this server works on the link, and no other one does.  A store in a file has one server."""
        asked = time.monotonic()
        if self._db.dialect == "sqlite" or asked - self._owned_at < RENEW_S:
            return True
        is_ours = self._write(store.own, self._link_id, self._owner)
        self._owned_at = asked if is_ours else float("-inf")
        return bool(is_ours)

    def _work(self, link: Link, *, ask: bool) -> bool:
        context = LinkContext(
            self._db,
            self._ws,
            link,
            self._connected(link),
            self._roots,
            self._server_root,
            beat=self._check_stop,
            refusals=self._refusals,
        )
        remover = CopyRemover(context, self._check_stop)
        is_removing = link.state is State.REMOVING
        if is_removing and link.mode.takes and remover.here():
            return True
        if link.last_error is not None and (link.mode.sends or not is_removing):
            check_answers(context.remote)  # so that no item has to find out that nobody is there
        if is_removing:
            if link.mode.sends and (self._watch.is_another(context) or remover.there()):
                return True
            remover.tell()
            self._write(store.remove, link)
            return False
        if self._watch.is_another(context):
            return True
        here = Reconcilers(context)
        more = False
        self._has_news |= self._listener is not None and self._listener.take_news()
        # Without a cursor everything is to be looked at: a new link, or one that somebody wants to be compared.
        is_due = self._clock() - self._polled >= self._poll_after_s(link)
        if link.mode.takes and (ask or self._has_news or not link.has_seen_all or is_due):
            more = self._poll(context, here)
        more |= self._items(here)
        return deletions.decide(self._db, self._ws, link, is_idle=not more) or more

    def _hold(self, entity: Entity, entity_id: str, held: DeletionHeld, *, is_remote: bool) -> None:
        deletion = held.deletion
        self._write(held_deletions.hold, self._link_id, entity, entity_id, is_remote=is_remote, deletion=deletion)

    def _look_here(self, link: Link) -> bool:
        """Finds what is to be compared, without asking anybody.  True if there is more."""
        more = self._read_changes(link)
        if not link.backfill_cursor:
            return more
        with self._db.read(self._ws) as tx:
            found, following = backfill.piece(tx, link)
        self._write(backfill.enqueue, link, found, following)
        return True

    def _read_changes(self, link: Link) -> bool:
        if not self._is_registered:
            events.register(self._db, store.consumer(self._link_id))
            self._is_registered = True
        with self._db.read(self._ws) as tx:
            page = events.feed(tx, self._db, link.seen_seq, events.Wanted(limit=CHANGES_AT_ONCE))
        if page.changes or page.after - link.seen_seq > CHANGES_AT_ONCE:

            def take(tx: Tx) -> None:
                if link.mode.sends:
                    item_store.take_page(tx, self._link_id, page, registry=link.options.registry)
                else:
                    item_store.take_page(tx, self._link_id, msgspec.structs.replace(page, changes=[]), registry=False)
                name = store.consumer(self._link_id)
                seen = events.Page(name, events.cursor(tx, name), page.after, [], more=False)
                events.commit_cursor(tx, seen)

            self._write(take)
        return page.more

    def _poll(self, context: LinkContext, here: Reconcilers) -> bool:
        link = context.link
        if not link.remote_cursor:
            self._sweeps = Sweeps(self._clock)  # everything is to be looked at
        page = context.remote.changes(link.remote_cursor)
        more = page.more
        if self._watch.is_another(context, page):
            return True
        if page.seen or more:
            self._heard = self._clock()
        until = time.monotonic() + self._step_s
        for each in sorted(page.seen, key=lambda one: list(Entity).index(one.entity)):
            self._hear(context, here, each, until=until)
        if not more and not context.remote.preserves_ids and link.has_seen_all:
            for remote_id in self._rounds.due(context):
                self._hear(context, here, Seen(Entity.RUN, remote_id), verify=True)
        if not more:
            self._sweeps.look(context, here, partial(self._hear, context, here))
        is_late = not more and abs(_now() - (link.heard_at or 0)) > SUCCESS_EVERY_MS
        if page.cursor != link.remote_cursor or page.unread != link.unread_changes or is_late:
            self._write(store.heard, link, page.cursor, page.unread, is_all=not more)
        if not more:
            self._polled = self._clock()
            self._has_news = False
        return more

    def _hear(
        self, context: LinkContext, here: Reconcilers, seen: Seen, *, verify: bool = False, until: float = float("inf")
    ) -> None:
        """Reconcile an item that the remote names.  An item that cannot be reconciled now, or not `until` then, is queued."""
        self._check_stop()
        if seen.entity.is_of_registry and not context.link.options.registry:
            return
        if seen.unread:  # it is looked at when the list shows it otherwise
            context.note_once(
                LogKind.REFUSED, seen.entity, seen.remote_id, f"left out, until it can be read: {seen.unread}"
            )
            return
        if time.monotonic() >= until:
            self._enqueue_theirs(seen)
            return
        key = f"{seen.entity}/{seen.remote_id}"
        context.start(Task(self._turn(verify=verify)))
        try:
            reason = attempt_with(
                context.remote,
                lambda: here.theirs(seen.entity, seen.remote_id, seen.snapshot, verify=verify),
                lambda words: context.note_once(LogKind.SKIPPED, seen.entity, seen.remote_id, words),
            )
        except (RetryLater, TimeSliceExpired):
            self._enqueue_theirs(seen)
            return
        except DeletionHeld as held:
            self._hold(seen.entity, seen.remote_id, held, is_remote=True)
            return
        except RemoteUnavailable as down:
            self._troubles[key] += 1
            if self._troubles[key] < TROUBLES:
                raise
            reason = str(down)
        self._troubles.pop(key, None)
        if reason is not None:
            context.note(LogKind.REFUSED, seen.entity, seen.remote_id, reason)
            self._enqueue_theirs(seen)

    def _enqueue_theirs(self, seen: Seen) -> None:
        self._write(work_queue.enqueue, self._link_id, [(seen.entity, seen.remote_id)], is_remote=True)

    def _items(self, here: Reconcilers) -> bool:
        with self._db.read(self._ws) as tx:
            due = work_queue.next_items(tx, self._link_id, ITEMS_AT_ONCE)
        more = len(due) == ITEMS_AT_ONCE
        end = time.monotonic() + self._step_s
        here.prepare((each.entity, each.entity_id) for each in due if not each.is_remote and not each.attempts)
        for number, queued in enumerate(due, start=1):
            self._check_stop()
            pace = Throttle(self._cancel_token.wait)
            try:
                self._item(here, queued)
            except TimeSliceExpired:
                self._write(work_queue.requeue, self._link_id, queued)
                more = True
            except RemoteUnavailable as down:
                if not self._cancel_token.is_cancelled:  # else the end of this server cut the call
                    self._put_off(queued, str(down))
                raise
            pace.rest()
            if time.monotonic() >= end:
                return more or number < len(due)
        return more

    def _item(self, here: Reconcilers, queued: QueuedItem) -> None:
        def left_out(words: str) -> None:
            here.context.note_once(LogKind.SKIPPED, queued.entity, queued.entity_id, words)

        verify = queued.depth >= Depth.COMPARE
        here.context.start(Task(self._turn(verify=verify), queued.depth >= Depth.COMPARE_BYTES, queued.may_delete))

        def work() -> str:
            if queued.is_remote:
                here.theirs(queued.entity, queued.entity_id, None, verify=verify)
                return ""
            if queued.depth >= Depth.COMPARE_BYTES:
                self._write(item_store.doubt_files, self._link_id, queued.entity, queued.entity_id)
            return here.ours(queued.entity, queued.entity_id, verify=verify)

        try:
            reason = attempt_with(here.context.remote, work, left_out)
        except DeletionHeld as held:
            self._hold(queued.entity, queued.entity_id, held, is_remote=queued.is_remote)
            return
        except RetryLater as early:
            wait_ms = int(early.wait_s * 1000)
            self._write(work_queue.defer, self._link_id, queued, wait_ms)
            return
        if reason is None:
            self._write(work_queue.complete, self._link_id, queued)
            return
        wait_ms = self._wait_ms(ITEM_BACKOFF_S * 2 ** min(queued.attempts, 10) * random.uniform(0.75, 1.25))  # noqa: S311  # no secret

        def later(tx: Tx) -> None:
            work_queue.defer(tx, self._link_id, queued, wait_ms)
            say = store.note_once if queued.attempts else store.note
            say(tx, self._link_id, LogKind.REFUSED, queued.entity, queued.entity_id, reason)

        self._write(later)

    def _turn(self, *, verify: bool) -> TimeSlice:
        """Comparing all of an item would start again."""
        return TimeSlice() if verify else TimeSlice(self._slice_s)

    def _put_off(self, queued: QueuedItem, reason: str) -> None:
        """Defer the item at which the remote failed: it may be the cause, so others go first when the remote is asked again."""
        wait_ms = self._wait_ms(min(LONGEST_TROUBLE_S, queued.attempts + 1))

        def later(tx: Tx) -> None:
            work_queue.defer(tx, self._link_id, queued, wait_ms)
            if queued.attempts == TROUBLES - 1:
                since = tx.now - work_queue.MAX_WAIT_MS  # a poll that met the same trouble may have noted it
                store.note_once(
                    tx, self._link_id, LogKind.REFUSED, queued.entity, queued.entity_id, reason, since=since
                )

        self._write(later)

    def _connected(self, link: Link) -> Remote:
        if self._remote is None:
            with self._db.read(self._ws) as tx:
                source = workspaces.current(tx).uid
            self._remote = connect(
                link.kind,
                link.url,
                link.options,
                secret_of(self._ws, link, self._sealer),
                source,
                self._cancel_token,
                user=f"link {link.name}",
                guard=self._guard,
            )
            self._watch = StoreIdentityCheck()
        if self._listener is None and self._wake is not None and link.mode.takes and link.kind is Kind.TRACKSIDE:
            secret = secret_of(self._ws, link, self._sealer)
            remote = connect_trackside(link.url, link.options, secret, self._cancel_token, guard=self._guard)
            self._listener = Listener(f"link-{self._link_id}", remote, self._wake, self._cancel_token)
        return self._remote

    def _fail(self, link: Link, message: str, retry_after_s: float | None) -> None:
        if self._cancel_token.is_cancelled:
            return  # nobody's fault
        if self._remote is not None and self._remote.answered:
            self._failures = 0  # it had been there in between
        self._failures += 1
        first, longest = BACKOFF_S
        wait = min(longest, first * 2 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        wait *= self._interval_factor
        if retry_after_s is not None:
            wait = max(wait, min(retry_after_s, LONGEST_RETRY_AFTER_S))
        self._wait_until = time.monotonic() + wait
        self._rest_s = min(wait / self._interval_factor, IDLE_S)
        self.close()
        self._remote = None
        self._write(lambda tx: store.failed(tx, link, message, tx.now + int(wait * 1000)))

    def _wait_ms(self, wait_s: float) -> int:
        return int(1000 * wait_s * self._interval_factor)

    def _check_stop(self) -> None:
        if self._cancel_token.is_cancelled or not self._holds():
            raise Cancelled

    def _load(self) -> Link | None:
        with self._db.read(self._ws) as tx:
            return store.find(tx, self._link_id)

    def _write(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return in_link(self._db, self._ws, self._link_id, lambda tx: fn(tx, *args, **kwargs))


def _now() -> int:
    return time.time_ns() // 1_000_000
