"""Verifies JWTs by the keys of their issuer.  It is the only module that imports the JOSE library, and is loaded only if a
provider is configured.

Only asymmetric signatures are accepted: `none` and HMAC, whose key would be a public one, are refused.
"""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from trackside.identity.oidc.model import Refused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY_S = 60  # tolerated difference of clocks
MAX_CHARS = 16_384
LOGOUT = "logout+jwt"
ACCESS = "at+jwt"

_registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_registry.max_header_length = 4096


class Head(msgspec.Struct, frozen=True):
    """The header and issuer of an unverified token; they only select the keys to try."""

    issuer: str
    key_id: str | None
    kind: str  # `typ`, in lower case, without "application/"


def peek(token: str) -> Head:
    """Return the header and issuer.  Raise Refused for text that is not a signed JWT."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_CHARS:
        raise Refused("this is not a signed JWT")
    head, body = (_object(part) for part in parts[:2])
    issuer, key_id, kind = body.get("iss"), head.get("kid"), head.get("typ", "")
    if not isinstance(issuer, str) or not isinstance(key_id, str | None) or not isinstance(kind, str):
        raise Refused("the JWT names no issuer")
    if head.get("alg") not in ALGORITHMS:
        raise Refused("the JWT is not signed, or by an algorithm that is not accepted")
    return Head(issuer, key_id, kind.lower().removeprefix("application/"))


def verify(token: str, keys: KeySet, *, issuer: str, audience: str, now: Callable[[], int]) -> dict[str, Any]:
    """Return the claims of a token that the issuer signed for the audience and that is valid now.  Raise Refused."""
    checks = jwt.JWTClaimsRegistry(
        now,
        LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
    )
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS, registry=_registry)
        checks.validate(found.claims)
    except JoseError as fault:
        raise Refused(_words(fault)) from None
    except (ValueError, TypeError, KeyError):  # malformed keys or text
        raise Refused("the JWT or the key that it names is malformed") from None
    claims: dict[str, Any] = found.claims
    return claims


def verify_id_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str | None, now: Callable[[], int]
) -> dict[str, Any]:
    """Return the claims of an ID token by OpenID Connect Core 3.1.3.7.  `nonce`: None if the flow has none (RFC 8628)."""
    if peek(token).kind in (ACCESS, LOGOUT):
        raise Refused("this is not an ID token")
    claims = verify(token, keys, issuer=issuer, audience=client_id, now=now)
    party = claims.get("azp")
    if party is None and isinstance(claims["aud"], list) and len(claims["aud"]) > 1:
        raise Refused("the ID token is for several clients and does not name the client that requested it")
    if party is not None and party != client_id:
        raise Refused("the ID token was issued to another client")
    if nonce is not None and claims.get("nonce") != nonce:
        raise Refused("the ID token belongs to another sign-in (its nonce differs)")
    _subject(claims)
    return claims


def verify_access_token(
    token: str, keys: KeySet, *, issuer: str, audience: str, now: Callable[[], int]
) -> dict[str, Any]:
    """Return the claims of a JWT that a program sends as its own."""
    if peek(token).kind not in ("", "jwt", ACCESS):
        raise Refused("this is not an access token")
    return verify(token, keys, issuer=issuer, audience=audience, now=now)


def verify_logout_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, now: Callable[[], int]
) -> tuple[str, str]:
    """Return subject and session of OpenID Connect Back-Channel Logout 2.6; one of them may be empty."""
    if peek(token).kind not in ("", "jwt", LOGOUT):
        raise Refused("this is not a logout token")
    claims = verify(token, keys, issuer=issuer, audience=client_id, now=now)
    events = claims.get("events")
    if not isinstance(events, dict) or "http://schemas.openid.net/event/backchannel-logout" not in events:
        raise Refused("this is not a logout token")
    if "nonce" in claims:
        raise Refused("a logout token must not have a nonce")
    subject, session = claims.get("sub", ""), claims.get("sid", "")
    if not isinstance(subject, str) or not isinstance(session, str) or not (subject or session):
        raise Refused("the logout token names neither a user nor a session")
    return subject, session


def keys_of(document: dict[str, Any]) -> KeySet:
    """Return the signature keys of a JWK set.  Raise Refused if there are none."""
    listed = document.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError):
        raise Refused("the provider publishes no key that verifies signatures") from None


def has_key(keys: KeySet, key_id: str | None) -> bool:
    return key_id is None or any(key.kid == key_id for key in keys)


def _subject(claims: dict[str, Any]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise Refused("the ID token names no subject")


def _object(part: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("this is not a signed JWT")
    return found


def _words(fault: JoseError) -> str:
    match type(fault).__name__:
        case "ExpiredTokenError":
            return "the JWT has expired"
        case "BadSignatureError":
            return "the JWT's signature is wrong"
        case "InvalidKeyIdError":
            return "the JWT is signed by a key that its issuer does not publish"
        case "MissingClaimError" | "InvalidClaimError" | "InvalidTokenError" | "InsecureClaimError":
            claim = getattr(fault, "claim", "")
            words = {"iss": "issuer", "aud": "audience", "exp": "expiry", "nbf": "beginning", "iat": "time of issue"}
            return f"the JWT's {words.get(claim, 'claims')} is not accepted"
    return "the JWT cannot be verified"
