"""Sign-in by identity providers, for browsers (code and PKCE) and terminals (device code), and sign-out.

The JOSE library is imported only where a provider is configured.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import parse_qs

from trackside.audit.log import Event, Source
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid, NotFound, Unauthenticated
from trackside.core.http.browser import page_headers
from trackside.core.http.codec import Call, decode_query, encode
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.core.providers import Provider
from trackside.core.work.keyed_pool import KeyedPool
from trackside.identity import credentials, service
from trackside.identity.calls import shown_token
from trackside.identity.model import TokenScope, check_token_name, expiry
from trackside.identity.oidc import calls as c
from trackside.identity.oidc import model, store
from trackside.identity.oidc import service as sign_on
from trackside.identity.oidc.model import Refused
from trackside.identity.routes import PREFIX, cookie, cookie_of, decoded, named_cookie

if TYPE_CHECKING:
    from trackside.identity.oidc.issuer import Device, Issuer

T = TypeVar("T")
MINUTE_MS = 60_000
BROWSER_MS = 10 * MINUTE_MS  # the lifetime of a sign-in by browser
FLOW_COOKIE, SECURE_FLOW_COOKIE = "trackside_sign_in", "__Host-trackside_sign_in"
LIMIT_S = 25.0  # timeout of a call to a provider; the provider client's own timeout is shorter
MAX_LOGOUT_BYTES = 1 << 16
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_PAGE = page_headers("default-src 'none'", "style-src 'unsafe-inline'", "form-action 'none'")


class Gate(Protocol):
    def source(self, route: str, scope: Any) -> Source: ...

    def is_secure(self, scope: Any) -> bool: ...

    def note(self, event: Event) -> None: ...

    def forget(self) -> None: ...


class Registry(Protocol):
    url: str

    def providers(self) -> list[Provider]: ...

    def signing_in(self, name: str) -> Issuer: ...

    def find_issuer(self, issuer: str) -> Issuer | None: ...


class NoProviders:
    """The registry of a server that was started without --oidc."""

    url = ""

    def providers(self) -> list[Provider]:
        return []

    def signing_in(self, name: str) -> Issuer:
        raise NotFound(f"No provider '{name[:100]}' signs users in to this server: it was started without --oidc.")

    def find_issuer(self, issuer: str) -> Issuer | None:
        del issuer
        return None


@dataclass(frozen=True)
class Calls:
    gate: Gate
    registry: Registry
    callers: KeyedPool | None  # threads for calls to providers; None without providers
    static_prefix: str
    max_token_days: int

    def ways(self, tx: Tx, call: Call) -> c.Ways:
        """Return the ways in which users sign in."""
        found = [each for each in self.registry.providers() if each.client_id]
        return c.Ways(providers=[c.ShownProvider(name=each.name, title=each.title) for each in found])

    async def begin(self, request: Request) -> Response:
        """Begin a sign-in by browser: the answer has the provider's page, and a cookie that binds the sign-in to the browser."""
        call = await decoded(request, c.Begin)
        issuer = self.registry.signing_in(call.provider or "")
        page = model.check_next(call.next or f"{self.static_prefix}/")
        browser = self._flow_cookie(request) or secrets.token_urlsafe(32)
        flow = model.flow(browser, secrets.token_urlsafe(32))
        redirect_uri = self._callback(request, issuer.provider)
        url = await self._ask(
            request,
            lambda: issuer.authorization_url(
                redirect_uri=redirect_uri, state=flow.state, nonce=flow.nonce, challenge=flow.challenge
            ),
        )

        def write(tx: Tx) -> None:
            store.begin(tx, flow.state, browser=browser, provider=issuer.provider.name, next_page=page, next_at=0,
                        expires_at=tx.now + BROWSER_MS)  # fmt: skip

        await request.write(write)
        kept = named_cookie(FLOW_COOKIE, SECURE_FLOW_COOKIE, browser, is_secure=self.gate.is_secure(request.scope),
                            max_age_s=BROWSER_MS // 1000)  # fmt: skip
        return Response(200, [*_JSON, kept], encode(c.Begun(url=url)))

    async def callback(self, request: Request) -> Response:
        """Complete a sign-in when the provider redirects the browser: begin a session and redirect to the previous page."""
        call: c.Callback = decode_query(c.Callback, request.query, request.params)
        source = self.gate.source("GET sign-in/callback", request.scope)
        try:
            issuer = self.registry.signing_in(call.provider or "")
            secret, page = await self._finish(request, issuer, call, source)
        except Fault as fault:
            return self._page(fault)
        is_secure = self.gate.is_secure(request.scope)
        age_s = issuer.provider.session_hours * 3600
        headers = [(b"location", page.encode()), (b"cache-control", b"no-store"),
                   cookie(secret, is_secure=is_secure, max_age_s=age_s)]  # fmt: skip
        return Response(303, headers, b"")

    async def begin_device(self, request: Request) -> Response:
        """Begin a sign-in of a terminal or notebook (RFC 8628)."""
        await request.whole_body(1 << 16)
        issuer = self.registry.signing_in(request.params["provider"])
        device = await self._ask(request, issuer.begin_device)
        handle = f"{secrets.token_urlsafe(24)}.{device.device_code}"
        interval = _interval(device)

        def write(tx: Tx) -> None:
            store.begin(tx, handle, browser="", provider=issuer.provider.name, next_page="", next_at=tx.now,
                        expires_at=tx.now + min(device.expires_in, 1800) * 1000)  # fmt: skip

        await request.write(write)
        begun = c.BegunDevice(
            handle=handle,
            user_code=device.user_code,
            verification_uri=device.verification_uri,
            verification_uri_complete=device.verification_uri_complete,
            expires_in=device.expires_in,
            interval=interval,
        )
        return Response(200, _JSON, encode(begun))

    async def poll_device(self, request: Request) -> Response:
        """Return whether the user has approved; then also a token for the terminal."""
        call = await decoded(request, c.Poll)
        issuer, handle = self.registry.signing_in(call.provider or ""), call.handle or ""
        name = issuer.provider.name
        source = self.gate.source("POST sign-in/device/token", request.scope)
        interval = 5
        may_poll = await request.write(lambda tx: store.wait(tx, handle, name, (interval - 1) * 1000))
        if may_poll is None:
            raise Invalid("This sign-in has expired or does not exist; start a new one.")
        if not may_poll:
            return Response(200, _JSON, encode(c.Polled(is_pending=True, interval=interval)))
        claims = await self._verified_by_provider(
            request, issuer, source, lambda: issuer.poll_device(handle.partition(".")[2])
        )
        if isinstance(claims, str):
            longer = 10 if claims == "slow down" else interval
            return Response(200, _JSON, encode(c.Polled(is_pending=True, interval=longer)))

        def write(tx: Tx) -> c.Polled:
            if store.finish(tx, handle, browser="", provider=name) is None:
                raise Invalid("This sign-in is already complete.")
            principal = sign_on.sign_in(tx, issuer.provider, claims, source)
            title = check_token_name(call.token_name or f"sign-in {tx.now}")
            made, secret = credentials.create_token(
                tx, principal, title, TokenScope.ADMIN, "", expiry(tx.now, None, self.max_token_days)
            )
            sign_on.record(tx, issuer.provider, "token.create", "token", made.shown, source, owner=principal.name,
                           name=title, scope=made.scope, expires_at=made.expires_at)  # fmt: skip
            return c.Polled(is_pending=False, username=principal.name, token=shown_token(made), secret=secret)

        return Response(200, _JSON, encode(await request.write(write)))

    async def provider_page(self, request: Request, issuer: str) -> str:
        """Return the page by which a browser also ends its session at the provider; empty if there is none."""
        found = self.registry.find_issuer(issuer)
        return "" if found is None else await self._ask(request, lambda: found.sign_out_url(f"{self.base(request)}/"))

    async def sign_out(self, request: Request) -> Response:
        """End sessions when the provider reports a sign-out (OpenID Connect Back-Channel Logout)."""
        issuer = self.registry.signing_in(request.params["provider"])
        source = self.gate.source("POST sign-in/sign-out", request.scope)
        body = await request.whole_body(MAX_LOGOUT_BYTES)
        try:
            token = parse_qs(body.decode(), max_num_fields=20).get("logout_token", [""])[0]
        except ValueError:
            token = ""
        subject, session = await self._verified_by_provider(
            request, issuer, source, lambda: issuer.verify_logout(token)
        )
        await request.write(lambda tx: sign_on.end_sessions(tx, issuer.provider, subject, session, source))
        self.gate.forget()
        return Response(200, _JSON, b"{}")

    async def _finish(self, request: Request, issuer: Issuer, call: c.Callback, source: Source) -> tuple[str, str]:
        """Return the new session's secret, and the next page."""
        provider, browser, state = issuer.provider, self._flow_cookie(request), call.state or ""
        page = await request.write(lambda tx: store.finish(tx, state, browser=browser, provider=provider.name))
        if not browser or page is None:
            self._note_failure(
                provider, "the sign-in was not started by this browser, was already used, or has expired", source
            )
            raise Denied("This sign-in was not started by this browser, or has expired. Go back and sign in again.")
        flow = model.flow(browser, state)

        def redeem() -> dict[str, Any]:
            issuer.check_sender(call.iss)
            if call.error is not None or not call.code:
                raise Refused(f"the provider '{provider.name}' refused the sign-in")
            return issuer.redeem(
                call.code, redirect_uri=self._callback(request, provider), verifier=flow.verifier, nonce=flow.nonce
            )

        claims = await self._verified_by_provider(request, issuer, source, redeem)
        is_secure = self.gate.is_secure(request.scope)

        def write(tx: Tx) -> str:
            principal = sign_on.sign_in(tx, provider, claims, source)
            origin = sign_on.origin_of(provider, claims)
            _, secret = service.begin_session(
                tx,
                principal,
                source,
                is_secure=is_secure,
                credential=f"provider {provider.name}",
                origin=origin,
            )
            return secret

        secret = await request.write(write)
        self.gate.forget()  # the user's groups may have changed
        return secret, page

    async def _verified_by_provider(self, request: Request, issuer: Issuer, source: Source, ask: Callable[[], T]) -> T:
        """Call the provider; an invalid token is written to the audit log and refused with its reason."""
        try:
            return await self._ask(request, ask)
        except Refused as why:
            self._note_failure(issuer.provider, str(why), source)
            raise Unauthenticated(f"You are not authenticated: {why}.") from None

    async def _ask(self, request: Request, ask: Callable[[], T]) -> T:
        assert self.callers is not None  # without providers, the registry has raised NotFound before
        address = self.gate.source("", request.scope).address
        return await self.callers.run(address, LIMIT_S, ask)

    def _note_failure(self, provider: Provider, why: str, source: Source) -> None:
        self.gate.note(
            Event(
                action="login.provider",
                actor="",
                credential=f"provider {provider.name}",
                outcome="failed",
                reason=why,
                source=source,
            )
        )

    def _callback(self, request: Request, provider: Provider) -> str:
        return f"{self.base(request)}{PREFIX}/sign-in/{provider.name}/callback"

    def base(self, request: Request) -> str:
        """Return the address of this server for browsers."""
        if self.registry.url:
            return self.registry.url
        scheme = "https" if self.gate.is_secure(request.scope) else "http"
        return f"{scheme}://{request.headers.get(b'host', b'').decode('latin-1')}{self.static_prefix}"

    def _flow_cookie(self, request: Request) -> str:
        is_secure = self.gate.is_secure(request.scope)
        return cookie_of(request, FLOW_COOKIE, SECURE_FLOW_COOKIE, is_secure=is_secure)

    def _page(self, fault: Fault) -> Response:
        text = escape(fault.message)
        home = escape(f"{self.static_prefix}/")
        body = (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Sign-in failed</title>"
            "<style>body{font:16px/1.5 system-ui;margin:15vh auto;max-width:40em;padding:0 1em}</style>"
            f'<h1>You are not signed in</h1><p>{text}</p><p><a href="{home}">Back to the start</a></p></html>'
        )
        return Response(fault.status, [*_PAGE, *fault.headers], body.encode())


def routes(calls: Calls) -> list[Route]:
    one = f"{PREFIX}/sign-in/{{provider}}"
    open_to_all: dict[str, Any] = {"needs": Action.ANYONE, "has_workspace": False}
    return [
        query(f"GET {PREFIX}/sign-in", Call, calls.ways, answer=c.Ways, **open_to_all),
        stream(f"POST {one}", calls.begin, call=c.Begin, answer=c.Begun, **open_to_all),
        stream(f"GET {one}/callback", calls.callback, arguments=c.Callback, media="", status=303, **open_to_all),
        stream(f"POST {one}/device", calls.begin_device, answer=c.BegunDevice, **open_to_all),
        stream(f"POST {one}/device/token", calls.poll_device, call=c.Poll, answer=c.Polled, **open_to_all),
        stream(f"POST {one}/sign-out", calls.sign_out, **open_to_all),
    ]


def _interval(device: Device) -> int:
    return min(max(device.interval, 1), 60)
