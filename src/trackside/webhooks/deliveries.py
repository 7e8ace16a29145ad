"""Deliveries of webhooks in SQL: a queue for each webhook, and the outcomes."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from trackside.core.db.tx import Row, Tx
from trackside.core.errors import NotFound
from trackside.events import store
from trackside.webhooks import mutes
from trackside.webhooks.envelopes import Format
from trackside.webhooks.model import Delivery, GotDelivery, State
from trackside.webhooks.mutes import Mute

DELIVERED_KEPT_MS = 7 * 86_400_000
DEAD_KEPT_MS = 90 * 86_400_000
_COLUMNS = """d.delivery_id, d.delivery_seq, d.change_seq, d.event, d.state, d.attempts, d.created_at, d.next_attempt_at,
    d.ended_at, d.last_status, d.last_error"""


class Queued(Struct, frozen=True):
    """A delivery to queue."""

    ws: int
    webhook_seq: int
    change_seq: int
    event: str
    body: str
    form: Format = Format.MLFLOW


class Due(Struct, frozen=True):
    """A due delivery, with its receiver."""

    delivery_seq: int
    ws: int
    webhook_seq: int
    webhook_id: str
    url: str
    sealed_secret: bytes | None
    sealed_authorization: bytes | None
    delivery_id: str
    body: str
    format: str
    attempts: int
    event: str
    principal_id: int | None  # the user as whom the webhook acts
    is_collected: bool  # queued events are sent as one message


def add(tx: Tx, page: store.Page, queued: Iterable[Queued]) -> bool:
    """Queue the deliveries of a page of changes and move the cursor past it, in one transaction.  Return False if another server
    has done so."""
    if not store.commit_cursor(tx, page):
        return False
    by_workspace: dict[int, list[dict[str, Any]]] = {}
    for each in queued:
        row = {
            "webhook": each.webhook_seq,
            "id": str(uuid.uuid4()),
            "change": each.change_seq,
            "event": each.event,
            "body": each.body,
            "form": each.form,
        }
        by_workspace.setdefault(each.ws, []).append(row)
    for ws, rows in by_workspace.items():
        # A webhook that was deleted meanwhile gets no deliveries.
        tx.within(ws).many(
            """
            INSERT INTO webhook_deliveries (workspace_id, webhook_seq, delivery_id, change_seq, event, body, format, state,
                attempts, created_at, next_attempt_at)
            SELECT :ws, w.webhook_seq, d.id, d.change, d.event, d.body, d.form, 'PENDING', 0, :now, :now + w.digest_s * 1000
            FROM webhooks w,
                (SELECT CAST(:webhook AS BIGINT) AS webhook, CAST(:id AS TEXT) AS id, CAST(:change AS BIGINT) AS change,
                    CAST(:event AS TEXT) AS event, CAST(:body AS TEXT) AS body,
                    CAST(:form AS TEXT) AS form) d
            WHERE w.workspace_id = :ws AND w.webhook_seq = d.webhook
            ON CONFLICT DO NOTHING
            """,
            rows,
        )
    return True


def next_of(tx: Tx, webhook_seq: int) -> Due | None:
    """Return the first queued delivery of an active webhook, if it is due."""
    row = tx.one(
        """
        SELECT d.delivery_seq, d.workspace_id, w.webhook_seq, w.webhook_id, w.url, w.secret, w.authorization_header,
            d.delivery_id, d.body, d.format, d.attempts, d.event, w.principal_id, w.digest_s > 0 OR w.mute <> '{}',
            d.next_attempt_at
        FROM webhook_deliveries d JOIN webhooks w ON w.webhook_seq = d.webhook_seq AND w.workspace_id = d.workspace_id
        WHERE d.workspace_id = :ws AND d.webhook_seq = :webhook AND d.state = 'PENDING' AND w.status = 'ACTIVE'
        ORDER BY d.delivery_seq LIMIT 1
        """,
        webhook=webhook_seq,
    )
    if row is None or row[-1] > tx.now:
        return None
    seq, ws, webhook, webhook_id, url, secret, authorization, delivery_id, body, form, attempts, event, principal = row[
        :13
    ]
    return Due(
        seq,
        ws,
        webhook,
        webhook_id,
        url,
        None if secret is None else bytes(secret),
        None if authorization is None else bytes(authorization),
        delivery_id,
        body,
        form,
        attempts,
        event,
        principal,
        bool(row[13]),
    )


class Waiting(Struct, frozen=True):
    """A delivery that is sent in one message with others."""

    delivery_seq: int
    attempts: int
    body: str


def of_same_batch(tx: Tx, due: Due, most: int) -> list[Waiting]:
    """Return the queued deliveries of the same webhook and format, the due one first."""
    rows = tx.all(
        """
        SELECT delivery_seq, attempts, body FROM webhook_deliveries
        WHERE workspace_id = :ws AND webhook_seq = :webhook AND state = 'PENDING' AND format = :form
        ORDER BY delivery_seq LIMIT :most
        """,
        webhook=due.webhook_seq,
        form=due.format,
        most=most,
    )
    return [Waiting(*row) for row in rows]


def webhooks_due(tx: Tx) -> list[tuple[int, int, str, Mute]]:
    """Return (workspace, webhook_seq, url, mute) of the active webhooks whose first queued delivery is due, the longest due
    first."""
    rows = tx.all(
        """
        SELECT d.workspace_id, d.webhook_seq, u.url, u.mute FROM webhook_deliveries d
        JOIN webhooks u ON u.webhook_seq = d.webhook_seq
        WHERE d.next_attempt_at <= :now
            AND d.delivery_seq IN (
                SELECT (SELECT MIN(q.delivery_seq) FROM webhook_deliveries q
                    WHERE q.webhook_seq = w.webhook_seq AND q.state = 'PENDING')
                FROM webhooks w WHERE w.status = 'ACTIVE')
        ORDER BY d.next_attempt_at, d.delivery_seq
        """
    )
    return [(ws, webhook_seq, url, mutes.decoded(mute)) for ws, webhook_seq, url, mute in rows]


def succeeded(tx: Tx, seqs: Sequence[int], status: int, note: str = "") -> None:
    _end(tx, seqs, State.DELIVERED, status, note or None)


def died(tx: Tx, seqs: Sequence[int], status: int | None, error: str) -> None:
    _end(tx, seqs, State.DEAD, status, error)


def failed(tx: Tx, seqs: Sequence[int], status: int | None, error: str, pause_s: float) -> None:
    """Record a failed attempt; the deliveries are retried after the pause."""
    tx.run(
        """
        UPDATE webhook_deliveries SET attempts = attempts + 1, next_attempt_at = :at, last_status = :status,
            last_error = :error
        WHERE workspace_id = :ws AND delivery_seq IN :seqs AND state = 'PENDING'
        """,
        seqs=list(seqs),
        at=tx.now + int(pause_s * 1000),
        status=status,
        error=error,
    )


def send_again(tx: Tx, webhook_seq: int, delivery_id: str | None) -> int:
    """Queue an ended delivery again; without an id all that were given up.  Return their number."""
    return tx.run(
        """
        UPDATE webhook_deliveries SET state = 'PENDING', attempts = 0, next_attempt_at = :now, ended_at = NULL
        WHERE workspace_id = :ws AND webhook_seq = :webhook AND (:id = '' OR delivery_id = :id)
            AND (state = 'DEAD' OR (:id <> '' AND state = 'DELIVERED'))
        """,
        webhook=webhook_seq,
        id=delivery_id or "",
    )


def page(tx: Tx, webhook_seq: int, *, states: Sequence[str], before: int | None, limit: int) -> list[Delivery]:
    """Return deliveries, the newest first."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM webhook_deliveries d
        WHERE d.workspace_id = :ws AND d.webhook_seq = :webhook AND d.state IN :states
            AND (:before = 0 OR d.delivery_seq < :before)
        ORDER BY d.delivery_seq DESC LIMIT :limit
        """,
        webhook=webhook_seq,
        states=list(states),
        before=before or 0,
        limit=limit,
    )
    return [_delivery(row) for row in rows]


def get(tx: Tx, webhook_seq: int, delivery_id: str) -> GotDelivery:
    row = tx.one(
        f"""
        SELECT {_COLUMNS}, d.body FROM webhook_deliveries d
        WHERE d.workspace_id = :ws AND d.webhook_seq = :webhook AND d.delivery_id = :id
        """,
        webhook=webhook_seq,
        id=delivery_id,
    )
    if row is None:
        raise NotFound(f"Delivery with ID {delivery_id} not found.")
    return GotDelivery(delivery=_delivery(row[:-1]), payload=msgspec.Raw(row[-1].encode()))


def counts(tx: Tx, webhook_seqs: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return the numbers of queued and given-up deliveries, by webhook and state."""
    found: dict[int, dict[str, int]] = {}
    for webhook_seq, state, count in tx.all(
        """
        SELECT webhook_seq, state, COUNT(*) FROM webhook_deliveries
        WHERE workspace_id = :ws AND webhook_seq IN :webhooks AND state IN ('PENDING', 'DEAD')
        GROUP BY webhook_seq, state
        """,
        webhooks=list(webhook_seqs),
    ):
        found.setdefault(webhook_seq, {})[state] = count
    return found


def prune(tx: Tx) -> int:
    """Delete some deliveries that ended long ago, or whose webhook was deleted.  Return their number."""
    return tx.run(
        """
        DELETE FROM webhook_deliveries WHERE delivery_seq IN (
            SELECT delivery_seq FROM webhook_deliveries
            WHERE (state = 'DELIVERED' AND ended_at < :delivered) OR (state = 'DEAD' AND ended_at < :dead)
                OR (state = 'PENDING' AND NOT EXISTS (
                    SELECT 1 FROM webhooks w WHERE w.webhook_seq = webhook_deliveries.webhook_seq))
            LIMIT 1000)
        """,
        delivered=tx.now - DELIVERED_KEPT_MS,
        dead=tx.now - DEAD_KEPT_MS,
    )


def _end(tx: Tx, seqs: Sequence[int], state: State, status: int | None, error: str | None) -> None:
    tx.run(
        """
        UPDATE webhook_deliveries SET state = :state, attempts = attempts + 1, ended_at = :now, last_status = :status,
            last_error = :error
        WHERE workspace_id = :ws AND delivery_seq IN :seqs AND state = 'PENDING'
        """,
        seqs=list(seqs),
        state=state,
        status=status,
        error=error,
    )


def _delivery(row: Row) -> Delivery:
    delivery_id, number, change, event, state, attempts, created, next_at, ended, status, error = row
    return Delivery(
        delivery_id=delivery_id,
        number=number,
        change=change,
        event=event,
        state=state,
        attempts=attempts,
        created_at=created,
        next_attempt_at=next_at if state == State.PENDING else UNSET,
        ended_at=UNSET if ended is None else ended,
        last_status=UNSET if status is None else status,
        last_error=UNSET if error is None else error,
    )
