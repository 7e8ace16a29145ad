"""MLflow's page `/signup` and the form that it sends: an administrator makes a user in a browser.

The form holds a token that follows from a cookie of the same browser, which no page of another origin can read or set.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol
from urllib.parse import parse_qs

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, BadRequest, Invalid
from trackside.core.http.browser import page_headers
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.identity import service, store
from trackside.identity.routes import cookie_of, named_cookie

COOKIE, SECURE_COOKIE = "trackside_form", "__Host-trackside_form"
FORM_S = 3600  # within which the form is sent
MAX_BODY_BYTES = 1 << 16
_HEADERS = page_headers("default-src 'none'", "style-src 'unsafe-inline'", "form-action 'self'")
_STYLE = "body{font:16px/1.5 system-ui;margin:15vh auto;max-width:22em;padding:0 1em}input{display:block;width:100%}"
_FORM = """<h1>New user</h1><form action="api/2.0/mlflow/users/create-ui" method="post">
<input type="hidden" name="csrf_token" value="{token}"/>
<p><label>Username <input name="username" autocomplete="off" required></label></p>
<p><label>Password <input type="password" name="password" autocomplete="new-password" minlength="12" required></label></p>
<p><input type="submit" value="Sign up"></p></form>"""


class Gate(Protocol):
    def is_secure(self, scope: Any) -> bool: ...


@dataclass(frozen=True)
class Calls:
    gate: Gate

    async def page(self, request: Request) -> Response:
        """The form, and the cookie that it belongs to."""
        is_secure = self.gate.is_secure(request.scope)
        secret = secrets.token_urlsafe(32)
        kept = named_cookie(COOKIE, SECURE_COOKIE, secret, is_secure=is_secure, max_age_s=FORM_S)
        return Response(200, [*_HEADERS, kept], _page(_FORM.format(token=_token(secret))))

    async def create(self, request: Request) -> Response:
        """Make the user that the form names."""
        body = await request.whole_body(MAX_BODY_BYTES)
        kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/x-www-form-urlencoded":
            raise BadRequest("Invalid content type. Must be application/x-www-form-urlencoded")
        fields = _fields(body)
        secret = cookie_of(request, COOKIE, SECURE_COOKIE, is_secure=self.gate.is_secure(request.scope))
        if not fields.get("csrf_token"):
            raise Invalid("The CSRF token is missing: open /signup and send its form.")
        if not secret or not secrets.compare_digest(fields["csrf_token"].encode(), _token(secret).encode()):
            raise Invalid("The CSRF token is not this browser's, or has expired: open /signup and send its form again.")
        name, password = fields.get("username", ""), fields.get("password", "")
        if not name or not password:
            raise Invalid("Username and password cannot be empty.")
        hashed = await request.in_thread(store.make_hash, password, name)

        def write(tx: Tx) -> None:
            service.create_user(tx, name, password_hash=hashed)

        try:
            await request.write(write)
        except AlreadyExists:
            return Response(400, list(_HEADERS), _page(f"<p>Username has already been taken: {escape(name)}</p>"))
        return Response(200, list(_HEADERS), _page(f"<p>Successfully signed up user: {escape(name)}</p>"))


def routes(gate: Gate) -> list[Route]:
    calls = Calls(gate)
    return [
        stream("GET /signup", calls.page, needs=Action.USERS_WRITE, has_workspace=False, media="text/html"),
        stream("POST users/create-ui", calls.create, needs=Action.USERS_WRITE, has_workspace=False, media="text/html"),
    ]


def _token(secret: str) -> str:
    return hashlib.sha256(f"form {secret}".encode()).hexdigest()


def _fields(body: bytes) -> Mapping[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=20).items()}
    except ValueError:
        return {}


def _page(content: str) -> bytes:
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Sign up</title><style>{_STYLE}</style>{content}</html>"
    ).encode()
