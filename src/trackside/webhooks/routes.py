"""The calls about webhooks, MLflow's and Trackside's own.

URLs are resolved and test deliveries are sent in threads, so that neither the writer nor the event loop waits for other hosts.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from msgspec import UNSET

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.seal import Sealer
from trackside.core.work.keyed_pool import KeyedPool
from trackside.events import store
from trackside.events.model import check_limit
from trackside.webhooks import deliveries, envelopes, examples, mutes, subscriptions, tokens, urls
from trackside.webhooks import model as m
from trackside.webhooks.delivery import Post
from trackside.webhooks.envelopes import Event, Format
from trackside.webhooks.mail import SCHEME as MAIL
from trackside.webhooks.model import MLFLOW_EVENTS, Webhook
from trackside.webhooks.mutes import Mute
from trackside.webhooks.worker import Courier

T = TypeVar("T")
_JSON = [(b"content-type", b"application/json")]


@dataclass(frozen=True)
class Calls:
    db: store.Database
    sealer: Sealer
    post: Post
    courier: Courier
    callers: KeyedPool

    async def create_mlflow(self, request: Request) -> Response:
        """Create a webhook for events of the model registry."""
        call: m.CreateWebhook = await _decoded(request, m.CreateWebhook)
        made = await self._create(request, call, m.mlflow_events(call.events or []))
        return _answer(m.GotMlflow(webhook=_mlflow(made)))

    async def create_ours(self, request: Request) -> Response:
        """Create a webhook for events of the registry, of runs and of experiments."""
        call: m.CreateOurs = await _decoded(request, m.CreateOurs)
        made = await self._create(request, call, m.our_events(call.events or []))
        return _answer(m.GotOurs(webhook=_ours(made, {})))

    async def update_mlflow(self, request: Request) -> Response:
        """Update the values that the call has; an empty secret or description removes it."""
        call: m.UpdateWebhook = await _decoded(request, m.UpdateWebhook)
        events = m.mlflow_events(call.events) if call.events else None
        return _answer(m.GotMlflow(webhook=_mlflow(await self._update(request, call, events, mlflows_only=True))))

    async def update_ours(self, request: Request) -> Response:
        """Update the values that the call has; an empty secret, authorization or description removes it."""
        call: m.UpdateOurs = await _decoded(request, m.UpdateOurs)
        events = m.our_events(call.events) if call.events is not None else None
        made = await self._update(request, call, events, mlflows_only=False)
        return _answer(m.GotOurs(webhook=await request.read(lambda tx: _with_counts(tx, [made])[0])))

    async def test_mlflow(self, request: Request) -> Response:
        """Send an example of an event once, and return the receiver's answer."""
        call: m.TestWebhook = await _decoded(request, m.TestWebhook)
        event = None if call.event is None else m.mlflow_event(call.event)
        return await self._test(request, call.webhook_id or "", event, mlflows_only=True)

    async def test_ours(self, request: Request) -> Response:
        """Send an example of an event once, and return the receiver's answer."""
        call: m.TestOurs = await _decoded(request, m.TestOurs)
        event = None if not call.event else m.our_event(call.event)
        return await self._test(request, call.webhook_id or "", event, mlflows_only=False)

    async def _create(self, request: Request, call: m.CreateWebhook | m.CreateOurs, events: list[str]) -> Webhook:
        name = m.check_name(call.name or "")
        description = m.check_description(call.description or "")
        secret = urls.check_secret(call.secret or "")
        authorization = _authorization(call) or ""
        form = _form(call) or Format.MLFLOW
        _check_form(form, call.url or "", _digest_s(call) or 0)
        status = m.check_status(call.status or m.Status.ACTIVE)
        await self._prepare(request, call.url, secret or authorization)
        made: Webhook = await request.write(
            lambda tx: subscriptions.create(
                tx,
                self.sealer,
                name=name,
                url=call.url or "",
                events=events,
                description=description,
                secret=secret,
                authorization=authorization,
                form=form,
                digest_s=_digest_s(call) or 0,
                mute=_mute(call) or mutes.NEVER,
                status=status,
            )
        )
        return made

    async def _update(
        self,
        request: Request,
        call: m.UpdateWebhook | m.UpdateOurs,
        events: list[str] | None,
        *,
        mlflows_only: bool,
    ) -> Webhook:
        name = m.check_name(call.name) if call.name else None
        description = None if call.description is None else m.check_description(call.description)
        secret = None if call.secret is None else urls.check_secret(call.secret)
        authorization = _authorization(call)
        form = _form(call)
        status = m.check_status(call.status) if call.status else None
        digest_s = _digest_s(call)
        if call.url or form or digest_s is not None:
            before = await request.read(
                lambda tx: subscriptions.get(tx, call.webhook_id or "", mlflows_only=mlflows_only)
            )
            _check_form(
                form or Format(before.format), call.url or before.url, before.digest_s if digest_s is None else digest_s
            )
        await self._prepare(request, call.url, secret or authorization)
        patch = subscriptions.Patch(
            name=name,
            url=call.url or None,
            events=events,
            description=description,
            secret=secret,
            authorization=authorization,
            form=form,
            digest_s=digest_s,
            mute=_mute(call),
            status=status,
        )
        made: Webhook = await request.write(
            lambda tx: subscriptions.update(tx, self.sealer, call.webhook_id or "", patch, mlflows_only=mlflows_only)
        )
        return made

    async def _prepare(self, request: Request, url: str | None, secret: str | None) -> None:
        """Raise Invalid for a URL or secret with which every delivery would fail."""
        if url:
            await self._call(request, self.post.check, url)
        if secret:
            await self._call(request, self.sealer.prepare)

    async def _test(self, request: Request, webhook_id: str, event: str | None, *, mlflows_only: bool) -> Response:
        webhook: Webhook = await request.read(lambda tx: subscriptions.get(tx, webhook_id, mlflows_only=mlflows_only))
        tested = event or next(each for each in webhook.events if each in MLFLOW_EVENTS or not mlflows_only)
        workspace = request.workspace
        now = time.time_ns() // 1_000_000
        example = Event(tested, examples.DATA[tested], 0, now, workspace.name, workspace.scope)
        form = Format(webhook.format)
        kept = envelopes.body(form, example)
        answer = await self._call(request, self.courier.send, webhook, str(uuid.uuid4()), form, kept, tested)
        if answer.status is None:
            return _answer(m.Tested(result=m.TestResult(success=False, error_message=answer.error)))
        success = 200 <= answer.status < 300
        result = m.TestResult(success=success, response_status=answer.status, response_body=answer.body)
        return _answer(m.Tested(result=result))

    async def _call(self, request: Request, fn: Callable[..., T], *args: object) -> T:
        return await self.callers.run(request.workspace.workspace_id, None, partial(fn, *args))


def _authorization(call: m.CreateWebhook | m.UpdateWebhook | m.CreateOurs | m.UpdateOurs) -> str | None:
    """Return the authorization of a call of Trackside's own; MLflow's calls have none."""
    if isinstance(call, m.CreateWebhook | m.UpdateWebhook):
        return None
    return urls.authorization(call.username, call.password, call.authorization)


def _form(call: m.CreateWebhook | m.UpdateWebhook | m.CreateOurs | m.UpdateOurs) -> Format | None:
    """Return the format of a call of Trackside's own; None for MLflow's.  Raise Invalid."""
    if isinstance(call, m.CreateWebhook | m.UpdateWebhook) or not call.format:
        return None
    if call.format not in set(Format):
        raise Invalid(f"format is {call.format[:50]!r}; it must be one of {', '.join(Format)}.")
    return Format(call.format)


def _digest_s(call: m.CreateWebhook | m.UpdateWebhook | m.CreateOurs | m.UpdateOurs) -> int | None:
    return mutes.check_digest(call.digest_s) if isinstance(call, m.CreateOurs | m.UpdateOurs) else None


def _mute(call: m.CreateWebhook | m.UpdateWebhook | m.CreateOurs | m.UpdateOurs) -> Mute | None:
    if not isinstance(call, m.CreateOurs | m.UpdateOurs) or call.mute is None:
        return None
    return mutes.check(call.mute)


def _check_form(form: Format, url: str, digest_s: int) -> None:
    """Raise Invalid for a format that does not fit the URL or digests."""
    if (form is Format.MAIL) != url.startswith(MAIL):
        raise Invalid(
            f"format is {form!s} and url is {url[:100]!r}; the format mail needs a url such as mailto:ann@example.org"
        )
    if digest_s and form not in envelopes.FOR_PEOPLE:
        raise Invalid(
            f"digest_s is {digest_s} and format is {form!s}; digests are available for {', '.join(envelopes.FOR_PEOPLE)}"
        )


def list_mlflow(tx: Tx, call: m.ListWebhooks) -> m.ListedMlflow:
    """Return webhooks, the newest first."""
    limit = check_limit(call.max_results, m.MAX_WEBHOOKS, m.DEFAULT_WEBHOOKS, "max_results")
    found = subscriptions.page(tx, before=tokens.start(call.page_token), limit=limit + 1, mlflows_only=True)
    return m.ListedMlflow(webhooks=[_mlflow(each) for each in found[:limit]], next_page_token=_token(found, limit))


def list_ours(tx: Tx, call: m.ListWebhooks) -> m.ListedOurs:
    """Return webhooks, the newest first, with the numbers of queued and given-up deliveries."""
    limit = check_limit(call.max_results, m.MAX_WEBHOOKS, m.DEFAULT_WEBHOOKS, "max_results")
    found = subscriptions.page(tx, before=tokens.start(call.page_token), limit=limit + 1)
    return m.ListedOurs(webhooks=_with_counts(tx, found[:limit]), next_page_token=_token(found, limit))


def get_mlflow(tx: Tx, call: m.OfWebhook) -> m.GotMlflow:
    return m.GotMlflow(webhook=_mlflow(subscriptions.get(tx, call.webhook_id or "", mlflows_only=True)))


def get_ours(tx: Tx, call: m.OfWebhook) -> m.GotOurs:
    return m.GotOurs(webhook=_with_counts(tx, [subscriptions.get(tx, call.webhook_id or "")])[0])


def delete_mlflow(tx: Tx, call: m.OfWebhook) -> None:
    subscriptions.delete(tx, call.webhook_id or "", mlflows_only=True)


def delete_ours(tx: Tx, call: m.OfWebhook) -> None:
    subscriptions.delete(tx, call.webhook_id or "")


def list_deliveries(tx: Tx, call: m.ListDeliveries) -> m.ListedDeliveries:
    """Return deliveries with their outcomes, the newest first."""
    webhook = subscriptions.get(tx, call.webhook_id or "")
    limit = check_limit(call.limit)
    found = deliveries.page(
        tx, webhook.webhook_seq, states=m.check_state(call.state), before=call.before, limit=limit + 1
    )
    return m.ListedDeliveries(deliveries=found[:limit], more=len(found) > limit)


def get_delivery(tx: Tx, call: m.OfDelivery) -> m.GotDelivery:
    """Return a delivery with the body that is sent."""
    return deliveries.get(tx, subscriptions.get(tx, call.webhook_id or "").webhook_seq, call.delivery_id or "")


def send_again(tx: Tx, call: m.OfDelivery) -> m.Again:
    """Queue an ended delivery again."""
    webhook = subscriptions.get(tx, call.webhook_id or "")
    count = deliveries.send_again(tx, webhook.webhook_seq, call.delivery_id)
    if call.delivery_id and not count:
        deliveries.get(tx, webhook.webhook_seq, call.delivery_id)  # it is queued already, or it does not exist
    return m.Again(deliveries=count)


def send_all_again(tx: Tx, call: m.OfWebhook) -> m.Again:
    """Queue the deliveries that were given up again, in their old order."""
    webhook = subscriptions.get(tx, call.webhook_id or "")
    return m.Again(deliveries=deliveries.send_again(tx, webhook.webhook_seq, None))


def routes(db: store.Database, sealer: Sealer, post: Post, courier: Courier, callers: KeyedPool) -> list[Route]:
    calls = Calls(db, sealer, post, courier, callers)
    one = "webhooks/{webhook_id}"
    ours = "/api/trackside/v1/webhooks"
    our_one = f"{ours}/{{webhook_id}}"
    sent = f"{our_one}/deliveries"
    got, got_ours = m.GotMlflow, m.GotOurs
    return [
        stream("POST webhooks", calls.create_mlflow, call=m.CreateWebhook, needs=Action.WEBHOOKS_WRITE, answer=got),
        query("GET webhooks", m.ListWebhooks, list_mlflow, needs=Action.WEBHOOKS_READ, answer=m.ListedMlflow),
        query(f"GET {one}", m.OfWebhook, get_mlflow, needs=Action.WEBHOOKS_READ, quick=True, answer=got),
        stream(f"PATCH {one}", calls.update_mlflow, call=m.UpdateWebhook, needs=Action.WEBHOOKS_WRITE, answer=got),
        command(f"DELETE {one}", m.OfWebhook, delete_mlflow, needs=Action.WEBHOOKS_DELETE),
        stream(f"POST {one}/test", calls.test_mlflow, call=m.TestWebhook, needs=Action.WEBHOOKS_WRITE, answer=m.Tested),
        stream(f"POST {ours}", calls.create_ours, call=m.CreateOurs, needs=Action.WEBHOOKS_WRITE, answer=got_ours),
        query(f"GET {ours}", m.ListWebhooks, list_ours, needs=Action.WEBHOOKS_READ, answer=m.ListedOurs),
        query(f"GET {our_one}", m.OfWebhook, get_ours, needs=Action.WEBHOOKS_READ, answer=got_ours),
        stream(f"PATCH {our_one}", calls.update_ours, call=m.UpdateOurs, needs=Action.WEBHOOKS_WRITE, answer=got_ours),
        command(f"DELETE {our_one}", m.OfWebhook, delete_ours, needs=Action.WEBHOOKS_DELETE),
        stream(f"POST {our_one}/test", calls.test_ours, call=m.TestOurs, needs=Action.WEBHOOKS_WRITE, answer=m.Tested),
        query(f"GET {sent}", m.ListDeliveries, list_deliveries, needs=Action.WEBHOOKS_READ, answer=m.ListedDeliveries),
        query(
            f"GET {sent}/{{delivery_id}}", m.OfDelivery, get_delivery, needs=Action.WEBHOOKS_READ, answer=m.GotDelivery
        ),
        command(
            f"POST {sent}/{{delivery_id}}/redeliver",
            m.OfDelivery,
            send_again,
            needs=Action.WEBHOOKS_WRITE,
            answer=m.Again,
        ),
        command(f"POST {our_one}/redeliver", m.OfWebhook, send_all_again, needs=Action.WEBHOOKS_WRITE, answer=m.Again),
    ]


def _mlflow(webhook: Webhook) -> m.MlflowWebhook:
    return m.MlflowWebhook(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        url=urls.shown_url(webhook.url),
        events=[m.wire_event(event) for event in webhook.events if event in MLFLOW_EVENTS],
        status=webhook.status,
        creation_timestamp=webhook.creation_timestamp,
        last_updated_timestamp=webhook.last_updated_timestamp,
        description=webhook.description or UNSET,
    )


def _ours(webhook: Webhook, counts: dict[str, int]) -> m.OurWebhook:
    return m.OurWebhook(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        description=webhook.description,
        url=urls.shown_url(webhook.url),
        events=list(webhook.events),
        status=webhook.status,
        has_secret=webhook.sealed_secret is not None,
        has_authorization=webhook.sealed_authorization is not None,
        format=webhook.format,
        digest_s=webhook.digest_s,
        mute=mutes.shown(webhook.mute),
        is_muted=mutes.is_muted(webhook.mute, time.time_ns() // 1_000_000),
        creation_timestamp=webhook.creation_timestamp,
        last_updated_timestamp=webhook.last_updated_timestamp,
        pending=counts.get(m.State.PENDING, 0),
        dead=counts.get(m.State.DEAD, 0),
    )


def _with_counts(tx: Tx, found: list[Webhook]) -> list[m.OurWebhook]:
    counts = deliveries.counts(tx, [webhook.webhook_seq for webhook in found])
    return [_ours(webhook, counts.get(webhook.webhook_seq, {})) for webhook in found]


def _token(found: list[Webhook], limit: int) -> Any:
    return tokens.token(found[limit - 1].webhook_seq) if len(found) > limit else UNSET


async def _decoded(request: Request, call: type[Call]) -> Any:
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if request.method == "POST" and kind != b"application/json":
        raise Invalid("Bad Request. Content-Type must be one of ['application/json'].")
    return codec.decode_body(call, await request.whole_body(), request.params)


def _answer(answer: Any) -> Response:
    return Response(headers=_JSON, body=codec.encode(answer))
