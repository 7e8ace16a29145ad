"""One identity provider as a remote server: its metadata, its keys, its token and device endpoints.

Metadata and keys are cached.  A token with an unknown key id fetches the keys once more, at most every `RETRY_S`, so that a
rotation of keys needs no restart and forged key ids cause no flood of requests.
"""

import base64
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

import msgspec
from msgspec import Struct

from trackside.core.errors import Unavailable
from trackside.core.outgoing.exchange import Exchange, Failed, Reply, check_url
from trackside.core.outgoing.guard import Guard
from trackside.core.providers import Provider
from trackside.identity.oidc import jose
from trackside.identity.oidc.model import Refused

TIMEOUT_S = 10.0
FRESH_S = 900.0  # after which keys and metadata are fetched again
STALE_S = 4 * 3600.0  # for which they are used while the provider does not answer
RETRY_S = 10.0
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Metadata(Struct, frozen=True):
    """The used part of the discovery document (OpenID Connect Discovery 3)."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    device_authorization_endpoint: str = ""
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Device(Struct, frozen=True):
    """The answer of a device authorization endpoint (RFC 8628, 3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    verification_uri_complete: str = ""
    interval: int = 5


Pending = Literal["pending", "slow down"]


class _Known(Struct, frozen=True):
    metadata: Metadata | None
    keys: Any
    at: float


class Issuer:
    """An identity provider.  Thread-safe: one thread fetches, the others wait for it."""

    def __init__(
        self,
        provider: Provider,
        guard: Guard,
        *,
        now: Callable[[], int] = lambda: int(time.time()),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider = provider
        self._exchange = Exchange(guard, TIMEOUT_S, Path(provider.ca_file) if provider.ca_file else None)
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._tried_at = -RETRY_S
        self._fault = ""

    def metadata(self) -> Metadata:
        found = self._current(None).metadata
        if found is None:
            raise Refused(f"the provider '{self.provider.name}' has keys_file and cannot sign users in")
        return found

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        endpoint = self.metadata().authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.provider.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def check_sender(self, issuer: str | None) -> None:
        """Raise Refused for an authorization response of another issuer (RFC 9207), a mix-up attack."""
        if issuer is None and not self.metadata().authorization_response_iss_parameter_supported:
            return
        if issuer != self.provider.issuer:
            raise Refused("the answer is from an identity provider other than the requested one")

    def redeem(self, code: str, *, redirect_uri: str, verifier: str, nonce: str) -> dict[str, Any]:
        """Exchange an authorization code for the verified claims of its ID token.  Raise Refused, Unavailable."""
        reply = self._ask_token({
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier
        })  # fmt: skip
        return self._id_token(reply, nonce)

    def begin_device(self) -> Device:
        """Request a code that a user enters at the provider.  Raise Refused, Unavailable."""
        endpoint = self.metadata().device_authorization_endpoint
        if not endpoint:
            raise Refused(f"the provider '{self.provider.name}' has no sign-in for terminals (RFC 8628)")
        reply = self._post(endpoint, {"scope": self.provider.scopes})
        if reply.status != 200:
            raise Refused(self._said(reply))
        try:
            device = msgspec.convert(reply.fields(), Device)
            check_url(device.verification_uri)
            check_url(device.verification_uri_complete or device.verification_uri)
        except (msgspec.ValidationError, ValueError, Failed):
            raise Unavailable(f"The identity provider '{self.provider.name}' returned no usable code.") from None
        return device

    def poll_device(self, device_code: str) -> dict[str, Any] | Pending:
        """Return the verified claims after the user approved; Pending before.  Raise Refused if the user declined or the code
        expired."""
        reply = self._ask_token({"grant_type": DEVICE_GRANT, "device_code": device_code})
        if reply.status != 200:
            match self._fields(reply).get("error"):
                case "authorization_pending":
                    return "pending"
                case "slow_down":
                    return "slow down"
        return self._id_token(reply, None)

    def verify_program(self, token: str) -> dict[str, Any]:
        """Return the claims of a program's JWT.  Raise Refused, Unavailable."""
        keys = self._keys(jose.peek(token).key_id)
        return jose.verify_access_token(
            token, keys, issuer=self.provider.issuer, audience=self.provider.audience, now=self._now
        )

    def verify_logout(self, token: str) -> tuple[str, str]:
        keys = self._keys(jose.peek(token).key_id)
        return jose.verify_logout_token(
            token, keys, issuer=self.provider.issuer, client_id=self.provider.client_id, now=self._now
        )

    def sign_out_url(self, back_to: str) -> str:
        """Return the URL by which a browser ends its session at the provider; empty if the provider has none."""
        try:
            endpoint = self.metadata().end_session_endpoint
        except (Refused, Unavailable):
            return ""
        if not endpoint:
            return ""
        asked = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back_to}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def _id_token(self, reply: Reply, nonce: str | None) -> dict[str, Any]:
        if reply.status != 200:
            raise Refused(self._said(reply))
        token = self._fields(reply).get("id_token")
        if not isinstance(token, str):
            raise Refused("the provider returned no ID token")
        head = jose.peek(token)
        return jose.verify_id_token(
            token, self._keys(head.key_id), issuer=self.provider.issuer, client_id=self.provider.client_id, nonce=nonce,
            now=self._now,
        )  # fmt: skip

    def _ask_token(self, fields: dict[str, str]) -> Reply:
        return self._post(self.metadata().token_endpoint, fields)

    def _post(self, url: str, fields: dict[str, str]) -> Reply:
        """Send a POST authenticated as this client: with its secret in the provider's preferred way, or with its id alone."""
        client, secret = self.provider.client_id, self.provider.secret
        headers: dict[str, str] = {}
        fields = {**fields, "client_id": client}
        if secret is not None:
            if "client_secret_basic" in self.metadata().token_endpoint_auth_methods_supported:
                both = f"{quote_plus(client)}:{quote_plus(secret.text)}"
                headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
            else:
                fields["client_secret"] = secret.text
        try:
            return self._exchange.post_form(url, fields, headers)
        except Failed as fault:
            raise self._unavailable(str(fault)) from None

    def _fields(self, reply: Reply) -> dict[str, Any]:
        try:
            return reply.fields()
        except Failed as fault:
            raise self._unavailable(str(fault)) from None

    def _said(self, reply: Reply) -> str:
        error = self._fields(reply).get("error")
        code = error if isinstance(error, str) and error.isascii() and error.isprintable() else f"status {reply.status}"
        return f"the provider '{self.provider.name}' refused the sign-in ({code[:100]})"

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(f"The identity provider '{self.provider.name}' cannot be reached: {why}")

    def _keys(self, key_id: str | None) -> Any:
        return self._current(key_id).keys

    def _current(self, key_id: str | None) -> _Known:
        with self._lock:
            known, now = self._known, self._monotonic()
            is_fresh = known is not None and now - known.at < FRESH_S
            if known is not None and is_fresh and jose.has_key(known.keys, key_id):
                return known
            if now - self._tried_at >= RETRY_S:
                self._tried_at = now
                try:
                    self._known = known = self._fetched(now)
                except (Failed, Refused, msgspec.ValidationError, OSError, ValueError) as fault:
                    self._fault = str(fault)
            if known is None or now - known.at > STALE_S:
                raise self._unavailable(self._fault)
            return known

    def _fetched(self, now: float) -> _Known:
        if self.provider.keys_file:
            raw = Path(self.provider.keys_file).read_bytes()
            return _Known(None, jose.keys_of(Reply(200, raw).fields()), now)
        base = self.provider.issuer.rstrip("/")
        reply = self._exchange.get(f"{base}/.well-known/openid-configuration")
        if reply.status != 200:
            raise Failed(f"its discovery document was answered with status {reply.status}")
        metadata = msgspec.convert(reply.fields(), Metadata)
        if metadata.issuer != self.provider.issuer:
            raise Failed("its discovery document names another issuer")
        for url in (metadata.jwks_uri, metadata.authorization_endpoint, metadata.token_endpoint,
                    metadata.device_authorization_endpoint, metadata.end_session_endpoint):  # fmt: skip
            if url:
                check_url(url)
        reply = self._exchange.get(metadata.jwks_uri)
        if reply.status != 200:
            raise Failed(f"its keys were answered with status {reply.status}")
        return _Known(metadata, jose.keys_of(reply.fields()), now)
