"""JSON Web Tokens that represent one of Trackside's tokens for an hour.  Pure.

Clients of Azure read the claims `exp` and `tid` of their token, which Trackside's tokens do not have.  The JWT (RFC 7519) is
signed with HS256 (RFC 7518, 3.2) by a key of the server, and contains the SHA-256 under which the token is stored: it has the
token's rights at the time of use, and expires with the token.
"""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

ISSUER = "trackside"
TENANT = "00000000-0000-0000-0000-000000000000"
LIFE_S = 3600
MOST_CHARS = 4096
_HEAD = {"typ": "JWT", "alg": "HS256", "kid": ISSUER}


class Exchanged(Struct, frozen=True):
    digest: bytes  # of the token; empty on a server without users
    until_ms: int


class Exchange:
    """`key` returns the signing secret, the same on every server of the store."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def issue(self, digest: bytes, now_ms: int, audience: str, until_ms: int | None = None) -> tuple[str, int]:
        """Return a JWT and its expiry in seconds since 1970: after LIFE_S, or with the token at `until_ms`."""
        now = now_ms // 1000
        ends = min(now + LIFE_S, now + LIFE_S if until_ms is None else until_ms // 1000)
        claims = {
            "iss": ISSUER,
            "aud": audience[:200],
            "iat": now,
            "nbf": now - 60,
            "exp": ends,
            "tid": TENANT,
            "oid": TENANT,
            "digest": _text(digest),
        }
        signed = f"{_text(json.dumps(_HEAD).encode())}.{_text(json.dumps(claims).encode())}"
        return f"{signed}.{_text(self._signature(signed))}", ends

    def read(self, jwt: str, now_ms: int) -> Exchanged | None:
        """Return the content of a JWT; None for one that this server did not sign, or that has expired."""
        signed, _, signature = jwt.rpartition(".")
        if len(jwt) > MOST_CHARS or not jwt.isascii():
            return None
        if not hmac.compare_digest(_text(self._signature(signed)), signature):
            return None
        head, claims = (json.loads(_bytes(part)) for part in signed.split("."))  # written by this server
        if head.get("kid") != ISSUER:
            return None
        ends: Any = claims.get("exp")
        if not isinstance(ends, int) or ends * 1000 < now_ms:
            return None
        return Exchanged(_bytes(str(claims.get("digest", ""))), ends * 1000)

    def _signature(self, signed: str) -> bytes:
        return hmac.digest(self._key(), signed.encode("ascii"), "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
