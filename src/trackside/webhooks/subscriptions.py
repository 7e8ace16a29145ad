"""Webhooks in SQL."""

import uuid
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import Denied, NotFound
from trackside.core.seal import Sealer
from trackside.events import store
from trackside.webhooks import mutes
from trackside.webhooks.envelopes import Format
from trackside.webhooks.model import MLFLOW_EVENTS, Status, Webhook, acts_of
from trackside.webhooks.mutes import Mute
from trackside.webhooks.urls import is_same_origin, sign_in_of

_COLUMNS = """webhook_seq, webhook_id, name, description, url, events, status, secret, authorization_header,
    format, digest_s, mute, creation_timestamp, last_updated_timestamp"""


class Patch(Struct, frozen=True, kw_only=True):
    """Values that are None stay unchanged; an empty secret or authorization is removed."""

    name: str | None = None
    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    secret: str | None = None
    authorization: str | None = None
    form: Format | None = None
    digest_s: int | None = None
    mute: Mute | None = None
    status: Status | None = None


def create(
    tx: Tx,
    sealer: Sealer,
    *,
    name: str,
    url: str,
    events: Iterable[str],
    description: str = "",
    secret: str = "",
    authorization: str = "",
    form: Format = Format.MLFLOW,
    digest_s: int = 0,
    mute: Mute = mutes.NEVER,
    status: Status = Status.ACTIVE,
) -> Webhook:
    """Create a webhook; it gets events from now on."""
    webhook_id = str(uuid.uuid4())
    now = store.newest(tx)
    wanted = dict.fromkeys(events, now)
    check_rights(tx, wanted)
    tx.run(
        """
        INSERT INTO webhooks (workspace_id, webhook_id, name, description, url, events, is_mlflows, status, secret,
            authorization_header, format, digest_s, mute, creation_timestamp, last_updated_timestamp, principal_id)
        VALUES (:ws, :id, :name, :description, :url, :events, :is_mlflows, :status, :secret, :authorization, :form,
            :digest_s, :mute, :now, :now, :principal)
        """,
        id=webhook_id,
        name=name,
        description=description,
        url=url,
        events=_json(wanted),
        is_mlflows=_is_mlflows(wanted),
        status=status,
        secret=sealer.seal(tx, secret, webhook_id) if secret else None,
        authorization=_sealed_authorization(tx, sealer, webhook_id, authorization),
        form=form,
        digest_s=digest_s,
        mute=mutes.encoded(mute),
        principal=tx.caller.principal_id,
    )
    tx.record(Change("webhook", webhook_id, "create"))
    return get(tx, webhook_id)


def update(tx: Tx, sealer: Sealer, webhook_id: str, patch: Patch, *, mlflows_only: bool = False) -> Webhook:
    """Update a webhook.

    A URL of another origin also removes the authorization: a user who may change a webhook must not learn it.  `mlflows_only`:
    `events` contains only MLflow's events and leaves Trackside's own unchanged.

    An added event, or all events of a webhook that was disabled, are sent from now on."""
    before = _find(tx, webhook_id, "FOR UPDATE", mlflows_only=mlflows_only)
    wanted = _events_after(before, patch, store.newest(tx), mlflows_only=mlflows_only)
    check_rights(tx, wanted)
    sealed = before.sealed_secret
    if patch.secret is not None:
        sealed = sealer.seal(tx, patch.secret, webhook_id) if patch.secret else None
    sealed_authorization = before.sealed_authorization
    if patch.authorization is not None or (patch.url is not None and not is_same_origin(patch.url, before.url)):
        sealed_authorization = _sealed_authorization(tx, sealer, webhook_id, patch.authorization or "")
    tx.run(
        """
        UPDATE webhooks SET name = COALESCE(:name, name), url = COALESCE(:url, url), events = :events,
            is_mlflows = :is_mlflows, description = COALESCE(:description, description),
            status = COALESCE(:status, status), secret = :secret,
            authorization_header = :authorization, format = COALESCE(:form, format),
            digest_s = COALESCE(:digest_s, digest_s), mute = COALESCE(:mute, mute), principal_id = :principal,
            last_updated_timestamp = CASE WHEN last_updated_timestamp < :now THEN :now ELSE last_updated_timestamp + 1 END
        WHERE workspace_id = :ws AND webhook_seq = :webhook
        """,
        webhook=before.webhook_seq,
        name=patch.name,
        url=patch.url,
        events=_json(wanted),
        is_mlflows=_is_mlflows(wanted),
        description=patch.description,
        status=patch.status,
        secret=sealed,
        authorization=sealed_authorization,
        form=patch.form,
        digest_s=patch.digest_s,
        mute=None if patch.mute is None else mutes.encoded(patch.mute),
        principal=tx.caller.principal_id,
    )
    tx.record(Change("webhook", webhook_id, "update"))
    return get(tx, webhook_id)


def _events_after(before: Webhook, patch: Patch, now: int, *, mlflows_only: bool) -> dict[str, int]:
    """Return the events of a webhook after an update, each with the position in the change log from which it is sent."""
    wanted = dict(before.events)
    if patch.events is not None:
        kept = [event for event in before.events if event not in MLFLOW_EVENTS] if mlflows_only else []
        wanted = {event: before.events.get(event, now) for event in [*patch.events, *kept]}
    if patch.status is Status.ACTIVE and before.status is Status.DISABLED:
        wanted = dict.fromkeys(wanted, now)
    return wanted


def delete(tx: Tx, webhook_id: str, *, mlflows_only: bool = False) -> None:
    """Delete a webhook with its deliveries."""
    webhook = get(tx, webhook_id, mlflows_only=mlflows_only)
    for table in ("webhook_deliveries", "webhooks"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND webhook_seq = :webhook", webhook=webhook.webhook_seq)
    tx.record(Change("webhook", webhook_id, "delete"))


def get(tx: Tx, webhook_id: str, *, mlflows_only: bool = False) -> Webhook:
    return _find(tx, webhook_id, "", mlflows_only=mlflows_only)


def page(tx: Tx, *, before: int | None, limit: int, mlflows_only: bool = False) -> list[Webhook]:
    """Return webhooks, the newest first; `before` is the `webhook_seq` of the last one on the page before."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM webhooks
        WHERE workspace_id = :ws AND (:before = 0 OR webhook_seq < :before) AND (:mlflows = 0 OR is_mlflows = 1)
        ORDER BY webhook_seq DESC LIMIT :limit
        """,
        before=before or 0,
        limit=limit,
        mlflows=int(mlflows_only),
    )
    return [_webhook(row) for row in rows]


class Subscriber(NamedTuple):
    """A webhook and its events, each with the number of the change from which on it is sent."""

    webhook_seq: int
    events: dict[str, int]
    form: Format


def active(tx: Tx) -> dict[int, list[Subscriber]]:
    """Return the active webhooks of every workspace, by workspace."""
    found: dict[int, list[Subscriber]] = {}
    for ws, webhook_seq, events, form in tx.all(
        "SELECT workspace_id, webhook_seq, events, format FROM webhooks WHERE status = 'ACTIVE' ORDER BY webhook_seq"
    ):
        found.setdefault(ws, []).append(Subscriber(webhook_seq, msgspec.json.decode(events), Format(form)))
    return found


def disable(tx: Tx, webhook_seq: int) -> None:
    """Disable a webhook whose receiver answered that it is permanently gone: no further events are queued."""
    row = tx.one(
        """
        UPDATE webhooks SET status = 'DISABLED' WHERE workspace_id = :ws AND webhook_seq = :webhook AND status = 'ACTIVE'
        RETURNING webhook_id
        """,
        webhook=webhook_seq,
    )
    if row is not None:
        tx.record(Change("webhook", row[0], "disable"))


def with_sign_ins(tx: Tx) -> list[tuple[int, int]]:
    """Return (workspace, webhook_seq) of the webhooks whose URL has a user or a password, which earlier releases allowed."""
    rows = tx.all("SELECT workspace_id, webhook_seq, url FROM webhooks WHERE url LIKE '%@%' ORDER BY webhook_seq")
    return [(ws, webhook_seq) for ws, webhook_seq, url in rows if sign_in_of(url)[1] is not None]


def seal_sign_in(tx: Tx, sealer: Sealer, webhook_seq: int) -> None:
    """Move user and password from the URL to the encrypted authorization; they are sent as before."""
    row = tx.one(
        "SELECT webhook_id, url FROM webhooks WHERE workspace_id = :ws AND webhook_seq = :webhook FOR UPDATE",
        webhook=webhook_seq,
    )
    if row is None:
        return
    webhook_id, before = row
    url, header = sign_in_of(before)
    if header is None:  # another server did it first
        return
    tx.run(
        """
        UPDATE webhooks SET url = :url, authorization_header = :authorization
        WHERE workspace_id = :ws AND webhook_seq = :webhook
        """,
        webhook=webhook_seq,
        url=url,
        authorization=_sealed_authorization(tx, sealer, webhook_id, header),
    )


def authorization_context(webhook_id: str) -> str:
    """Return the context of the encrypted authorization, which differs from that of the webhook's secret."""
    return f"{webhook_id} authorization"


def check_rights(tx: Tx, events: Iterable[str]) -> None:
    """Raise Denied unless the caller may read the data of the events, which the webhook sends to its receiver."""
    missing = tx.rights.missing(acts_of(events))
    if missing:
        raise Denied(
            f"Permission denied: a webhook acts with your rights, and you do not have {missing[0]} in the whole workspace."
        )


def _sealed_authorization(tx: Tx, sealer: Sealer, webhook_id: str, header: str) -> bytes | None:
    return sealer.seal(tx, header, authorization_context(webhook_id)) if header else None


def _find(tx: Tx, webhook_id: str, lock: str, *, mlflows_only: bool) -> Webhook:
    row = tx.one(
        f"""
        SELECT {_COLUMNS} FROM webhooks
        WHERE workspace_id = :ws AND webhook_id = :id AND (:mlflows = 0 OR is_mlflows = 1) {lock}
        """,
        id=webhook_id,
        mlflows=int(mlflows_only),
    )
    if row is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found.").because("missing", kind="webhook", name=webhook_id)
    return _webhook(row)


def _webhook(row: Row) -> Webhook:
    (
        seq,
        webhook_id,
        name,
        description,
        url,
        events,
        status,
        secret,
        authorization,
        form,
        digest_s,
        mute,
        created,
        updated,
    ) = row
    return Webhook(
        webhook_seq=seq,
        webhook_id=webhook_id,
        name=name,
        description=description,
        url=url,
        events=msgspec.json.decode(events, type=dict[str, int]),
        status=Status(status),
        sealed_secret=None if secret is None else bytes(secret),
        sealed_authorization=None if authorization is None else bytes(authorization),
        format=form,
        digest_s=digest_s,
        mute=mutes.decoded(mute),
        creation_timestamp=created,
        last_updated_timestamp=updated,
    )


def _json(events: dict[str, int]) -> str:
    return msgspec.json.encode(events).decode()


def _is_mlflows(events: Iterable[str]) -> int:
    return int(any(event in MLFLOW_EVENTS for event in events))
