"""The values of a provider's claims: names, groups, and the matching service principal.  Pure."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.providers import Provider

MAX_CLAIMS = 20
MAX_GROUPS = 1000
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


class Refused(Exception):
    """A token or an answer of a provider is not valid; the message says why, without quoting the token."""


class Identity(Struct, frozen=True):
    """A user's identity at a provider."""

    identity_id: int
    issuer: str
    subject: str
    created_at: int  # ms


class Trust(Struct, frozen=True):
    """A JWT of the issuer with all these claims acts as the principal."""

    trust_id: int
    principal_id: int
    issuer: str
    claims: dict[str, str]
    created_at: int  # ms
    created_by: str


class Flow(Struct, frozen=True):
    """The secrets of a sign-in by browser, all derived from the browser's cookie and `state`: none is stored."""

    state: str
    nonce: str
    verifier: str
    challenge: str


def flow(browser: str, state: str) -> Flow:
    nonce, verifier = (_derived(browser, f"{purpose} {state}") for purpose in ("nonce", "verifier"))
    return Flow(state, nonce, verifier, _text(hashlib.sha256(verifier.encode()).digest()))


def check_next(page: str) -> str:
    """Return the page after a sign-in.  Raise Invalid for a page of another server."""
    if not re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", page) or len(page) > 2000:
        raise Invalid(f"next is {page[:200]!r}; it must be a path of this server, such as /")
    return page


def check_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the claims.  Raise Invalid if they only identify the issuer."""
    if not claims or len(claims) > MAX_CLAIMS:
        raise Invalid(f"claims has {len(claims)} entries; it must have 1 to {MAX_CLAIMS}")
    for name, value in claims.items():
        if not _CLAIM.fullmatch(name) or name in ("iss", "aud", "exp", "nbf", "iat", "jti"):
            raise Invalid(f"claims has {name[:100]!r}; it must be a claim that names a program, such as sub")
        if not isinstance(value, str) or not value or len(value) > 500 or not value.isprintable():
            raise Invalid(f"claims has {name}={str(value)[:100]!r}; a value must be a text of 1 to 500 characters")
    return dict(claims)


def matching(trusts: Sequence[Trust], claims: Mapping[str, Any]) -> list[Trust]:
    """Return the trusts whose claims are all in the token.  Numbers and booleans are compared as JSON text."""
    return [
        trust for trust in trusts if all(_text_of(claims.get(name)) == value for name, value in trust.claims.items())
    ]


def username(provider: Provider, claims: Mapping[str, Any]) -> str:
    """Return the name of a new user.  Raise Invalid if the token has no valid name.

    An email address is a name only if the provider verified it."""
    found = claims.get(provider.username_claim)
    if provider.username_claim == "email" and claims.get("email_verified") is not True:
        found = None
    if not isinstance(found, str) or not found.strip():
        raise Invalid(
            f"The provider '{provider.name}' sends no {provider.username_claim} for this user. Set username_claim to "
            f"another claim, or request more claims by scopes."
        )
    return found.strip()


def display_name(claims: Mapping[str, Any]) -> str:
    found = claims.get("name")
    return found[:200] if isinstance(found, str) and found.isprintable() else ""


def group_names(provider: Provider, claims: Mapping[str, Any]) -> list[str] | None:
    """Return the names of the user's groups in Trackside; None if the provider sends no groups."""
    if not provider.groups_claim:
        return None
    elsewhere = claims.get("_claim_names")
    if isinstance(elsewhere, Mapping) and provider.groups_claim in elsewhere:
        raise Invalid(
            f"The provider '{provider.name}' sends no groups because the user has too many for a token. Configure it "
            f"to send only the groups that are assigned to this client."
        )
    found = claims.get(provider.groups_claim, [])
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    names = [provider.groups.get(value, value) for value in values[:MAX_GROUPS] if isinstance(value, str)]
    return sorted(set(names))


def origin(provider: Provider) -> str:
    """Return the origin that marks the memberships of this provider."""
    return f"oidc {provider.name}"


def _text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _derived(secret: str, purpose: str) -> str:
    return _text(hmac.digest(secret.encode(), purpose.encode(), "sha256"))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
