"""The requests and answers about sign-in by providers."""

from typing import ClassVar

from trackside.core.http.codec import Answer, Call
from trackside.identity.calls import ShownToken
from trackside.identity.oidc.model import Identity, Trust


class Begin(Call, frozen=True):
    """`next` is the page of this server to which the browser returns."""

    provider: str | None = None
    next: str | None = None


class Begun(Answer, frozen=True):
    """`url` is the provider's page, which the browser opens."""

    url: str


class Callback(Call, frozen=True):
    provider: str | None = None
    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None


class Poll(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("handle",)
    provider: str | None = None
    handle: str | None = None
    token_name: str | None = None


class ShownProvider(Answer, frozen=True):
    name: str
    title: str


class Ways(Answer, frozen=True):
    """The ways in which users sign in."""

    password: bool = True
    providers: list[ShownProvider] = []


class BegunDevice(Answer, frozen=True):
    """The user opens `verification_uri` and enters `user_code`; the terminal polls with `handle`."""

    handle: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Polled(Answer, frozen=True):
    """`is_pending`: poll again after `interval` seconds.  Otherwise the token, which is shown only once."""

    is_pending: bool
    interval: int = 0
    username: str = ""
    token: ShownToken | None = None
    secret: str = ""


class NewIdentity(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("provider", "subject")
    name: str | None = None
    provider: str | None = None
    subject: str | None = None


class OfIdentity(Call, frozen=True):
    name: str | None = None
    identity_id: int | None = None


class ShownIdentity(Answer, frozen=True):
    identity_id: int
    provider: str
    issuer: str
    subject: str
    created_at: int


class GotIdentity(Answer, frozen=True):
    identity: ShownIdentity


class ListedIdentities(Answer, frozen=True):
    identities: list[ShownIdentity] = []


class NewTrust(Call, frozen=True):
    """`claims` are those that a JWT must have, besides issuer and audience, to act as the service principal."""

    required: ClassVar[tuple[str, ...]] = ("provider", "claims")
    name: str | None = None
    provider: str | None = None
    claims: dict[str, str] | None = None


class OfTrust(Call, frozen=True):
    name: str | None = None
    trust_id: int | None = None


class ShownTrust(Answer, frozen=True):
    trust_id: int
    provider: str
    issuer: str
    claims: dict[str, str]
    created_at: int
    created_by: str


class GotTrust(Answer, frozen=True):
    trust: ShownTrust


class ListedTrusts(Answer, frozen=True):
    trusts: list[ShownTrust] = []


def shown_identity(found: Identity, provider: str) -> ShownIdentity:
    """Return the identity; `provider` is empty for an issuer that is not configured any more."""
    return ShownIdentity(
        identity_id=found.identity_id,
        provider=provider,
        issuer=found.issuer,
        subject=found.subject,
        created_at=found.created_at,
    )


def shown_trust(found: Trust, provider: str) -> ShownTrust:
    return ShownTrust(
        trust_id=found.trust_id,
        provider=provider,
        issuer=found.issuer,
        claims=found.claims,
        created_at=found.created_at,
        created_by=found.created_by,
    )
