"""The credential in the headers of a request.  Parses it; verifies nothing."""

import base64
from collections.abc import Mapping

from trackside.core.errors import Unauthenticated
from trackside.identity import keys

COOKIE = b"trackside_session"
SECURE_COOKIE = b"__Host-trackside_session"
OF_HTTPS = keys.OF_HTTPS.encode()

Headers = Mapping[bytes, bytes]

_UNAUTHENTICATED = (
    "You are not authenticated. The call has no credential, or one that is wrong, expired or revoked. Set"
    " MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, or run `trackside login`."
)


def is_browser(headers: Headers) -> bool:
    """Return whether a browser sends the request.

    Browsers send `sec-fetch-mode` over HTTPS and to loopback only; over plain HTTP the page's own calls have
    `x-trackside-csrf`, and its images ask for `image/`.
    """
    return (
        b"sec-fetch-mode" in headers
        or b"x-trackside-csrf" in headers
        or b"text/html" in headers.get(b"accept", b"")
        or headers.get(b"accept", b"").startswith(b"image/")
    )


def shown_in(headers: Headers) -> bytes | None:
    """Return the credential as sent, with the prefix "cookie " for a session; None if there is none."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        return authorization
    cookie = headers.get(b"cookie")
    if cookie is None or COOKIE not in cookie:
        return None
    found = {}
    for part in cookie.split(b";"):
        name, _, value = part.strip().partition(b"=")
        found[name] = value
    secret = found.get(SECURE_COOKIE)
    if not secret:
        secret = found.get(COOKIE)
        # Another host of the domain can set the plain name, but has no key of a session that began over plain HTTP.
        if secret is not None and secret.startswith(OF_HTTPS):
            return None
    return b"cookie " + secret if secret else None


def secret_of(shown: bytes) -> tuple[str, str | None]:
    """Return the secret and, for Basic, the user name; an empty secret unless it is Bearer, Basic or a cookie."""
    scheme, _, rest = shown.partition(b" ")
    rest = rest.strip()
    match scheme.lower():
        case b"bearer" | b"cookie":
            return rest.decode("latin-1"), None
        case b"basic":
            try:
                name, colon, secret = base64.b64decode(rest, validate=True).decode().partition(":")
            except ValueError:
                return "", None
            return (secret, name) if colon else ("", None)
    return "", None


def is_own_page(headers: Headers) -> bool:
    """Return whether the request is from a page of this server, or from a program that declares to be no browser form."""
    origin = headers.get(b"origin")
    if origin is not None:
        return origin.partition(b"://")[2].lower() == headers.get(b"host", b"").lower()
    return headers.get(b"sec-fetch-site") == b"same-origin" or b"x-trackside-csrf" in headers


def looks_like_jwt(secret: str) -> bool:
    return secret.startswith("eyJ") and secret.count(".") == 2


def unauthenticated(headers: Headers, late_s: float = 0.0, why: str = "") -> Unauthenticated:
    """Return the error for a missing or wrong credential.  Browsers get no challenge: their own prompt would cover the sign-in
    page."""
    challenge = [] if is_browser(headers) else [(b"www-authenticate", b'Basic realm="mlflow"')]
    words = f"{_UNAUTHENTICATED} Refused: {why}." if why else _UNAUTHENTICATED
    return Unauthenticated(words, challenge, late_s=late_s)
