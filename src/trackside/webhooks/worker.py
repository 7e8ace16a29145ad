"""Delivers webhooks: from the change log to queues, and from the queues to receivers.

A step queues deliveries for new changes, in the transaction that moves the cursor, and starts threads for webhooks with due
deliveries.  A webhook is served by one thread at a time, so its events arrive in order.  A failed delivery is retried before the
next one is sent; a delivery that is given up is skipped.  The outcome is stored after the delivery: if the process is killed in
between, the event is delivered again.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from trackside.core.access import WhyNot, never
from trackside.core.db import changes
from trackside.core.errors import Fault
from trackside.core.seal import Sealer
from trackside.core.work import leases
from trackside.core.work.threads import Threads
from trackside.events import facts, store
from trackside.events.entries import Entry
from trackside.events.store import Database
from trackside.webhooks import deliveries, envelopes, mutes, payloads, shares, subscriptions
from trackside.webhooks.answers import Answer
from trackside.webhooks.deliveries import Due, Queued
from trackside.webhooks.delivery import Post
from trackside.webhooks.envelopes import Event, Format
from trackside.webhooks.model import MLFLOW_EVENTS, Webhook, acts_of
from trackside.webhooks.subscriptions import Subscriber

log = logging.getLogger("trackside.webhooks")

CONSUMER = store.WEBHOOKS
STEP_S = 0.25  # the longest time between an event and its delivery, with an empty queue
AT_ONCE = 500  # changes in a step
THREADS = 8
EACH_WORKSPACE = 4  # threads of one workspace: a receiver that does not answer holds one for the whole timeout
EACH_HOST = 2
IN_A_ROW = 100  # deliveries of a webhook before others are served
LEASE_S = 6.0
RENEW_S = 2.0
MARK_S = 60.0  # interval of writes of the cursor while there is nothing to deliver
PRUNE_S = 600.0

Subscribers = dict[int, list[Subscriber]]
GONE = 410  # HTTP status: the receiver is permanently gone


class Courier:
    """The deliveries of one server.  Of several servers of a store, one delivers."""

    def __init__(
        self,
        db: Database,
        sealer: Sealer,
        post: Post,
        *,
        retries: int,
        why_not: WhyNot = never,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        start: str = "",
    ) -> None:
        """`clock` returns ms since 1970, for muted times."""
        self._clock = clock
        self._db = db
        self._sealer = sealer
        self._post = post
        self._retries = retries
        self._why_not = why_not
        self._holder = leases.new_holder(start)
        self.count: Callable[[int, str, int], None] = lambda _ws, _result, _deliveries: None
        self._held_until = 0.0
        self._asked_at = float("-inf")
        self._passed = 0  # no webhook wants changes up to here
        self._marked_at = time.monotonic()
        self._pruned_at = float("-inf")
        self._busy: dict[int, shares.Share] = {}  # by webhook_seq
        self._due: list[tuple[int, shares.Share]] = []  # due, but without a free thread at the last step
        self._lock = threading.Lock()
        self._is_closed = threading.Event()
        store.register(db, CONSUMER)  # before a webhook can be created
        self._seal_sign_ins()
        self._threads = Threads(THREADS, "trackside-webhook")

    def step(self) -> bool:
        """Queue and start deliveries.  Return whether there is more to do at once."""
        if not self._is_mine():
            return False
        more = self._queue()
        with self._db.read(0) as tx:
            due = deliveries.webhooks_due(tx)
        with self._lock:
            self._due = [
                (webhook_seq, shares.share_of(ws, url))
                for ws, webhook_seq, url, mute in due
                if not mutes.is_muted(mute, self._clock())
            ]
            self._begin()
        if time.monotonic() - self._pruned_at > PRUNE_S:
            self._pruned_at = time.monotonic()
            self._db.writer.submit(0, deliveries.prune).result()
        return more

    def wait(self) -> None:
        """Wait until no delivery is under way."""
        while self._busy:
            time.sleep(0.005)

    def close(self) -> None:
        """Abort the deliveries under way: the next server repeats them."""
        self._is_closed.set()
        self._post.close()
        self._threads.shutdown(cancel_futures=True)
        if self._db.dialect == "postgresql" and time.monotonic() < self._held_until:
            with suppress(Fault, OSError, RuntimeError):  # the lease expires by itself
                self._db.writer.submit(0, lambda tx: leases.release(tx, CONSUMER, self._holder)).result()

    def _begin(self) -> None:
        """Start threads for due webhooks within the limits.  The caller must hold the lock."""
        found = shares.chosen(self._due, self._busy, most=THREADS, each_workspace=EACH_WORKSPACE, each_host=EACH_HOST)
        self._busy.update(found)
        self._due = [each for each in self._due if each[0] not in self._busy]
        for webhook_seq, share in found:
            try:
                self._threads.submit(self._serve, share.ws, webhook_seq)
            except Fault:  # no thread, or the server ends: the next step or server serves the webhook
                del self._busy[webhook_seq]

    def _is_mine(self) -> bool:
        """Return whether this server delivers; it renews the lease every few seconds."""
        now = time.monotonic()
        if now - self._asked_at < RENEW_S:
            return now < self._held_until
        self._asked_at = now
        held = self._db.writer.submit(0, lambda tx: leases.hold(tx, CONSUMER, self._holder, LEASE_S)).result()
        if held and now >= self._held_until:
            self._passed = 0  # another server delivered meanwhile
        self._held_until = now + LEASE_S if held else 0.0
        return bool(held)

    def _queue(self) -> bool:
        """Queue deliveries for new changes."""
        head = changes.head(self._db)
        if head is None or head <= self._passed:
            return False
        # After the head is read: a webhook created later gets no earlier changes.
        with self._db.read(0) as tx:
            subscribers = subscriptions.active(tx)
        if not subscribers:
            self._passed = head
            self._mark(head)
            return False
        page = store.read_changes(
            self._db, CONSUMER, AT_ONCE, entities=payloads.ENTITIES, with_logging=False, after=self._passed
        )
        queued: list[Queued] = []
        for ws, entries in _by_workspace(page.changes).items():
            queued += self._deliveries_of(ws, entries, subscribers)
        if queued:
            self._db.writer.submit(0, lambda tx: deliveries.add(tx, page, queued)).result()
        elif not page.more:
            self._mark(page.after)
        self._passed = page.after
        return page.more

    def _deliveries_of(self, ws: int, entries: Sequence[Entry], subscribers: Subscribers) -> list[Queued]:
        happened = [(entry, what) for entry in entries if (what := payloads.event_of_change(entry)) is not None]
        wanted = [
            (each, entry, what)
            for entry, what in happened
            for each in subscribers.get(ws, [])
            if what.event in each.events and entry.seq > each.events[what.event]
        ]
        if not wanted:
            return []
        ended = [
            entry.entity_id for each, entry, _ in wanted if each.form is Format.EVENTGRID and entry.entity == "run"
        ]
        with self._db.read(ws) as tx:
            known = facts.of(tx, [entry for _, entry, _ in wanted])
            where = facts.where(tx)
            tags = facts.tags_of_runs(tx, ended)
        if where is None:
            return []
        return [
            Queued(
                ws,
                each.webhook_seq,
                entry.seq,
                what.event,
                envelopes.body(
                    each.form, _event_of(entry, what, known, where, tags if each.form is Format.EVENTGRID else {})
                ),
                each.form,
            )
            for each, entry, what in wanted
        ]

    def _mark(self, seq: int) -> None:
        """Write the cursor from time to time, so that changes that no webhook wants can be pruned."""
        if time.monotonic() - self._marked_at < MARK_S:
            return
        self._marked_at = time.monotonic()
        with self._db.read(0) as tx:
            before = store.cursor(tx, CONSUMER)
        page = store.Page(CONSUMER, before, max(before, seq), [], more=False)
        self._db.writer.submit(0, lambda tx: store.commit_cursor(tx, page)).result()

    def _serve(self, ws: int, webhook_seq: int) -> None:
        """Send the queued deliveries of a webhook until one fails."""
        try:
            for _ in range(IN_A_ROW):
                if self._is_closed.is_set() or time.monotonic() >= self._held_until:
                    return
                with self._db.read(ws) as tx:
                    due = deliveries.next_of(tx, webhook_seq)
                if due is None or not self._deliver(due):
                    return
        except Exception:  # the next step may succeed
            log.exception("a webhook's deliveries stopped")
        finally:
            with self._lock:
                del self._busy[webhook_seq]
                self._begin()  # a webhook that waits for this thread need not wait for the next step

    def _deliver(self, due: Due) -> bool:
        """Send a delivery and store the outcome.  Return False if the webhook must wait."""
        why = self._why_not(due.principal_id, due.ws, acts_of([due.event]))
        if why:
            words = f"not sent: {why}. The webhook was disabled; a user with this right can enable it."
            self._note(due.ws, lambda tx: deliveries.died(tx, [due.delivery_seq], None, words))
            self._note(due.ws, lambda tx: subscriptions.disable(tx, due.webhook_seq))
            return False
        form, body = Format(due.format), due.body
        sent = [deliveries.Waiting(due.delivery_seq, due.attempts, due.body)]
        if due.is_collected and form in envelopes.FOR_PEOPLE:
            with self._db.read(due.ws) as tx:
                sent = deliveries.of_same_batch(tx, due, IN_A_ROW)
            if len(sent) > 1:
                body = envelopes.digest(form, [each.body for each in sent])
        answer = self.send(due, due.delivery_id, form, body, due.event)
        if self._is_closed.is_set() and answer.status is None:
            return False
        seqs, status = [each.delivery_seq for each in sent], answer.status
        if status is not None and 200 <= status < 300:
            self._note(due.ws, lambda tx: deliveries.succeeded(tx, seqs, status, answer.error))
            self.count(due.ws, "delivered", len(seqs))
            return True
        is_final = answer.is_refused or (status is not None and not payloads.may_pass(status))
        if is_final or due.attempts >= self._retries:
            dead = [each.delivery_seq for each in sent if is_final or each.attempts >= self._retries]
            log.warning("webhook %s: delivery %s was given up: %s", due.webhook_id, due.delivery_id, answer.error)
            self._note(due.ws, lambda tx: deliveries.died(tx, dead, status, answer.error))
            self.count(due.ws, "dead", len(dead))
            if status == GONE:
                log.warning("webhook %s is disabled: its receiver answered that it is permanently gone", due.webhook_id)
                self._note(due.ws, lambda tx: subscriptions.disable(tx, due.webhook_seq))
            return True
        chance = random.random()  # noqa: S311  # spreads load, keeps no secret
        pause = payloads.pause_s(due.attempts + 1, chance, answer.retry_after_s)
        self._note(due.ws, lambda tx: deliveries.failed(tx, seqs, status, answer.error, pause))
        self.count(due.ws, "failed", len(seqs))
        return False

    def send(self, to: Due | Webhook, delivery_id: str, form: Format, kept: str, event: str) -> Answer:
        """Send a delivery, or a test of a webhook.  `kept` is the stored body of `envelopes.body`."""
        if form is Format.MAIL:
            return self._post.mailer.send(to.url, kept, delivery_id, event)
        context = subscriptions.authorization_context(to.webhook_id)
        try:
            secret = self._opened(to.sealed_secret, to.webhook_id)
            authorization = self._opened(to.sealed_authorization, context)
        except Fault as fault:  # it is not sent without its signature; the operator may restore the key
            return Answer(error=fault.message)
        more, body = envelopes.sent(form, kept)
        headers = {**more, **payloads.headers(secret, delivery_id, int(time.time()), body)}
        if authorization is not None:
            headers["Authorization"] = authorization
        return self._post.send(to.url, headers, body)

    def _opened(self, sealed: bytes | None, context: str) -> str | None:
        return None if sealed is None else self._sealer.open(sealed, context)

    def _seal_sign_ins(self) -> None:
        """Encrypt credentials that an earlier release stored in clear; runs once."""
        with self._db.read(0) as tx:
            found = subscriptions.with_sign_ins(tx)
        try:
            for ws, webhook_seq in found:
                self._sealer.prepare()
                self._note(ws, partial(subscriptions.seal_sign_in, sealer=self._sealer, webhook_seq=webhook_seq))
        except Fault as fault:
            log.warning(
                "the URLs of %d webhooks have a password that cannot be encrypted: %s", len(found), fault.message
            )

    def _note(self, ws: int, work: Any) -> None:
        self._db.writer.submit(ws, work).result()


def _by_workspace(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.ws, []).append(entry)
    return found


def _event_of(
    entry: Entry,
    what: payloads.ChangeEvent,
    known: facts.Facts,
    where: facts.Where,
    tags: Mapping[str, Mapping[str, str]],
) -> Event:
    data: dict[str, Any] = {**what.data, **known.get((entry.entity, entry.entity_id), {}), **_status(what.data)}
    if entry.entity_id in tags and entry.entity == "run":
        data["tags"] = tags[entry.entity_id]
    user = "" if what.event in MLFLOW_EVENTS else entry.user
    return Event(what.event, data, entry.seq, entry.at, where.workspace, where.scope, user)


def _status(data: dict[str, Any]) -> dict[str, Any]:
    """Return the run's status at the event, which may have changed since."""
    return {"status": data["status"]} if "status" in data else {}
