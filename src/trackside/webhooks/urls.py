"""Checks the form of webhooks' URLs and their credentials.  Pure; addresses are checked at each call."""

import base64
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from trackside.core import locations
from trackside.core.errors import Invalid

MAX_URL = 2_000
MAX_SECRET = 1_000
PORTS = {"http": 80, "https": 443}


def check_url(url: str, schemes: Sequence[str]) -> str:
    """Return a URL of a valid form, or raise Invalid."""
    if not url.strip():
        raise Invalid(f"Webhook URL cannot be empty or just whitespace: {url!r}")
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # as a name resolution does
        port = parts.port
    except ValueError as fault:
        raise Invalid(f"Invalid webhook URL {locations.redact(url[:200])!r}") from fault
    if parts.scheme not in schemes:
        raise Invalid(
            f"Invalid webhook URL scheme: {parts.scheme[:20]!r}. Allowed schemes are: {', '.join(schemes)}. "
            "The server's setting --webhook-schemes determines them."
        )
    if not parts.hostname:
        raise Invalid(f"Webhook URL must include a hostname: {locations.redact(url[:200])!r}")
    if len(url) > MAX_URL:
        raise Invalid(f"The webhook's URL has {len(url)} characters; at most {MAX_URL} are allowed")
    if port == 0 or not url.isprintable() or " " in url:
        raise Invalid(
            f"Invalid webhook URL {locations.redact(url[:200])!r}: it has a space, a control character or port 0"
        )
    return url


def check_new_url(url: str, schemes: Sequence[str]) -> str:
    """Raise Invalid for a URL that is not called, or that contains a password, since URLs are stored and shown in clear."""
    if "@" in urlsplit(check_url(url, schemes)).netloc:
        raise Invalid(
            "The webhook's URL has a user or a password, which every reader of webhooks would see. Remove them; POST "
            "/api/trackside/v1/webhooks accepts username and password, or authorization, and stores them encrypted."
        )
    return url


def shown_url(url: str) -> str:
    """Return the URL without user and password, which earlier releases allowed."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return url if host == parts.netloc else parts._replace(netloc=f"***@{host}").geturl()


def check_secret(secret: str) -> str:
    if len(secret) > MAX_SECRET:
        raise Invalid(f"The secret has {len(secret)} characters; at most {MAX_SECRET} are allowed")
    return secret


def authorization(username: str | None, password: str | None, header: str | None) -> str | None:
    """Return the Authorization header to send: the value of the call, or that of basic authentication.  None if the call has
    neither; empty to remove it."""
    if username or password:
        if header:
            raise Invalid("Send either username and password, or authorization (the whole value of the header).")
        if not username or ":" in username:
            raise Invalid("The user name must not be empty or contain a colon.")
        header = _basic(username, password or "")
    if header is None:
        return "" if username == "" else None
    if not (header.isascii() and (not header or header.isprintable())) or header != header.strip():
        raise Invalid("authorization must be printable ASCII without a space at either end")
    if len(header) > MAX_SECRET:
        raise Invalid(f"The header Authorization has {len(header)} characters; at most {MAX_SECRET} are allowed")
    return header


def sign_in_of(url: str) -> tuple[str, str | None]:
    """Return the URL without user and password, and their Authorization header; None if it has none."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if host == parts.netloc:
        return url, None
    return parts._replace(netloc=host).geturl(), _basic(unquote(parts.username or ""), unquote(parts.password or ""))


def is_same_origin(one: str, other: str) -> bool:
    """Return whether both URLs have the same scheme, host and port."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.hostname, first.port or PORTS.get(first.scheme)) == (
        second.scheme,
        second.hostname,
        second.port or PORTS.get(second.scheme),
    )


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"
