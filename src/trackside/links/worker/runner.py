"""Runs one link.

A step reads the change log, polls the remote, and reconciles some items. A failure of the remote delays the link, a failure of
an item delays that item, both with exponential backoff and jitter.
"""

import logging
import random
import re
import time
from collections.abc import Callable
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
from trackside.links.model import Kind, Link, State
from trackside.links.reconcile.attempt import check_answers
from trackside.links.reconcile.context import Database, LinkContext, in_link
from trackside.links.reconcile.deletions import StoreIdentityCheck
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.secrets import secret_of
from trackside.links.state import backfill, item_store, work_queue
from trackside.links.state.point_retries import PointRetries
from trackside.links.worker import deletions
from trackside.links.worker.listener import Listener
from trackside.links.worker.queued_items import QueuedItems
from trackside.links.worker.remote_changes import RemoteChanges
from trackside.sync.remote import faults
from trackside.sync.remote.port import Remote
from trackside.workspaces import store as workspaces

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger("trackside.links")

CHANGES_AT_ONCE = 1000
BACKOFF_S = (1.0, 60.0)  # the first delay of a link, and the longest
LONGEST_RETRY_AFTER_S = 3600.0  # that a remote may request
SLICE_S = 5.0  # the time slice of an item that can be continued
STEP_S = 10.0  # of items, until the logs of both sides are read again
RENEW_S = 10.0  # renewal of a lease, which lasts store.LEASE_MS
SUCCESS_EVERY_MS = 5000
_NO_WORKSPACE = re.compile(r"Workspace '[^']*' not found")  # the message of a Trackside
FIRST_REST_S = 0.5  # after a step that failed
LEASE_REST_S = 5.0  # of a link that another server runs
IDLE_S = 15.0  # between two steps of a link without a wake-up


class Runner:
    """The worker of a link.  `step` may be called at any time; tests call it directly."""

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
        """`clock`: of the polls.  `interval_factor` multiplies the poll intervals and the delays of the link and of items,
        unless the remote requests them."""
        self._db = db
        self._ws = ws
        self._link_id = link_id
        self._roots = roots
        self._server_root = server_root
        self._sealer = sealer
        self._owner = owner
        self._why_not = why_not
        self._cancel_token = CancelToken()
        self._guard = guard
        self._interval_factor = interval_factor
        slow_clock = clock if interval_factor == 1.0 else lambda: clock() / interval_factor
        self._remote_changes = RemoteChanges(slow_clock, slice_s, step_s)
        self._queued_items = QueuedItems(self._cancel_token, slice_s, step_s, interval_factor)
        self._remote: Remote | None = None
        self._watch = StoreIdentityCheck()
        self._refusals = PointRetries(slow_clock)
        self._failures = 0
        self._wait_until = float("-inf")
        self._owned_at = float("-inf")
        self._is_registered = False
        self._wake: Callable[[], None] | None = None
        self._listener: Listener | None = None
        self._rest_s = FIRST_REST_S

    def listen(self, wake: Callable[[], None]) -> None:
        """Wake the link when its remote signals a change, if the remote supports it."""
        self._wake = wake

    def rest_s(self) -> float:
        """Return how long the link's thread may wait after the last step."""
        return self._rest_s * self._interval_factor

    @property
    def has_ended(self) -> bool:
        return self._cancel_token.is_cancelled

    def stop(self) -> None:
        """Cancel calls and transfers."""
        self._cancel_token.cancel()

    def close(self) -> None:
        if self._remote is not None:
            self._remote.close()
        if self._listener is not None and self._cancel_token.is_cancelled:
            self._listener.close(0.5)

    def step(self, *, ask: bool = False) -> bool:
        """Process some items.  Return whether there is more to do at once.  `ask`: poll the remote even if no poll is due."""
        try:
            return self._step(ask=ask)
        except Cancelled:  # also if the result could not be saved because the link was removed
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
            more = link.state is not State.REMOVING and self._enqueue_local(link)  # also while the remote fails
            # Monotonic, because the wall clock may be set. Without a retry time, a user requested the work now.
            if not ask and link.retry_at is not None and time.monotonic() < self._wait_until:
                self._rest_s = min((self._wait_until - time.monotonic()) / self._interval_factor, IDLE_S)
                return more
            more |= self._work(link, ask=ask)
        except RemoteUnavailable as down:
            self._fail(link, str(down), down.retry_after_s)
            return False
        except Unavailable:
            raise
        except (RequestRejected, Fault) as refused:  # about the link as a whole: its secret, its address
            self._fail(link, _explained(link, refused), BACKOFF_S[1])
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
        """Return when there is work without a wake-up: a postponed item, or a poll."""
        with self._db.read(self._ws) as tx:
            due_at, now = work_queue.next_due_at(tx, self._link_id), tx.now
        waits = [IDLE_S]
        if due_at is not None:
            waits.append((due_at - now) / 1000 / self._interval_factor)
        if link.mode.takes:
            waits.append(self._remote_changes.due_in_s(link, is_listening=self._is_listening))
        return max(0.0, min(waits))

    @property
    def _is_listening(self) -> bool:
        return self._listener is not None and self._listener.is_listening

    def renew(self) -> None:
        """Renews the lease, also during a long step."""
        if self._owned_at > float("-inf"):
            self._holds()

    def _holds(self) -> bool:
        """Return whether this server holds the link's lease.  A SQLite store has one server."""
        asked = time.monotonic()
        if self._db.dialect == "sqlite" or asked - self._owned_at < RENEW_S:
            return True
        holds_lease = self._write(store.renew_lease, self._link_id, self._owner)
        self._owned_at = asked if holds_lease else float("-inf")
        return bool(holds_lease)

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
            ends_when_paused=link.state is State.ACTIVE,
        )
        remover = CopyRemover(context, self._check_stop)
        is_removing = link.state is State.REMOVING
        if is_removing and link.mode.takes and remover.here():
            return True
        if link.last_error is not None and (link.mode.sends or not is_removing):
            check_answers(context.remote)  # so that an unavailable remote is detected before the first item
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
        if self._listener is not None and self._listener.take_change_signal():
            self._remote_changes.note_change_signal()
        if link.mode.takes and (ask or self._remote_changes.is_due(link, is_listening=self._is_listening)):
            more = self._remote_changes.poll(here, self._watch)
        more |= self._queued_items.run(here)
        return deletions.decide(self._db, self._ws, link, is_idle=not more) or more

    def _enqueue_local(self, link: Link) -> bool:
        """Queue the items to compare, without calls to the remote.  Return whether there is more."""
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
                if not store.is_active(tx, self._link_id):  # paused since: some of the changes may be later
                    raise Cancelled
                if link.mode.sends:
                    item_store.take_page(tx, self._link_id, page, registry=link.options.registry)
                else:
                    item_store.take_page(tx, self._link_id, msgspec.structs.replace(page, changes=[]), registry=False)
                name = store.consumer(self._link_id)
                seen = events.Page(name, events.cursor(tx, name), page.after, [], more=False)
                events.commit_cursor(tx, seen)

            self._write(take)
        return page.more

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
            return  # not an error
        if self._remote is not None and self._remote.answered:
            self._failures = 0  # it had answered in between
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


def _explained(link: Link, refused: Exception) -> str:
    """Return the message of a refusal, with what to do if the remote workspace no longer exists."""
    is_gone = isinstance(refused, RequestRejected) and refused.is_missing and _NO_WORKSPACE.search(str(refused))
    if not is_gone:
        return str(refused)
    return f"{refused}. If it was deleted, end the link: trackside link remove {link.name} --copies keep"
