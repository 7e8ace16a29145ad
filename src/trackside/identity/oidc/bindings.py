"""The calls that bind a user to a subject of a provider, and a service principal to JWTs of programs."""

from dataclasses import dataclass
from typing import Any

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.routes import Route, command, query
from trackside.identity import service
from trackside.identity import store as identity
from trackside.identity.model import Kind, Principal
from trackside.identity.oidc import calls as c
from trackside.identity.oidc import model, store
from trackside.identity.oidc.routes import Registry
from trackside.identity.routes import PREFIX


@dataclass(frozen=True)
class Bindings:
    registry: Registry

    def add_identity(self, tx: Tx, call: c.NewIdentity) -> c.GotIdentity:
        """Allow a user to sign in as a subject of a provider."""
        owner = _user(tx, call.name)
        provider = self.registry.signing_in(call.provider or "").provider
        subject = call.subject or ""
        if not 0 < len(subject) <= 255 or not subject.isprintable():
            raise Invalid(f"subject is {subject[:100]!r}; it must be 1 to 255 printable characters")
        made = store.link(tx, owner.principal_id, provider.issuer, subject)
        service.record(tx, "user.link", "user", owner.name, issuer=provider.issuer, subject=subject)
        return c.GotIdentity(identity=c.shown_identity(made, provider.name))

    def list_identities(self, tx: Tx, call: c.OfIdentity) -> c.ListedIdentities:
        found = store.identities_of(tx, _named(tx, call.name).principal_id)
        return c.ListedIdentities(identities=[c.shown_identity(each, self._name(each.issuer)) for each in found])

    def remove_identity(self, tx: Tx, call: c.OfIdentity) -> None:
        owner = _user(tx, call.name)
        gone = store.drop_identity(tx, owner.principal_id, call.identity_id or 0)
        service.record(tx, "user.unlink", "user", owner.name, issuer=gone.issuer, subject=gone.subject)

    def add_trust(self, tx: Tx, call: c.NewTrust) -> c.GotTrust:
        """Allow programs with a JWT of the provider that has these claims to act as a service principal."""
        owner = _user(tx, call.name)
        if owner.kind is not Kind.SERVICE:
            raise Invalid(f"'{owner.name}' is a user; JWTs of programs are trusted for service principals.")
        provider = next((each for each in self.registry.providers() if each.name == call.provider), None)
        if provider is None or not provider.audience:
            known = ", ".join(each.name for each in self.registry.providers() if each.audience) or "none"
            raise Invalid(f"provider is {(call.provider or '')[:100]!r}; those with an audience are: {known}")
        made = store.create_trust(tx, owner.principal_id, provider.issuer, model.check_claims(call.claims or {}))
        service.record(tx, "user.trust", "user", owner.name, issuer=provider.issuer, claims=made.claims)
        return c.GotTrust(trust=c.shown_trust(made, provider.name))

    def list_trusts(self, tx: Tx, call: c.OfTrust) -> c.ListedTrusts:
        found = store.trusts_of(tx, _named(tx, call.name).principal_id)
        return c.ListedTrusts(trusts=[c.shown_trust(each, self._name(each.issuer)) for each in found])

    def remove_trust(self, tx: Tx, call: c.OfTrust) -> None:
        owner = _user(tx, call.name)
        gone = store.delete_trust(tx, owner.principal_id, call.trust_id or 0)
        service.record(tx, "user.distrust", "user", owner.name, issuer=gone.issuer, claims=gone.claims)

    def _name(self, issuer: str) -> str:
        found = self.registry.find_issuer(issuer)
        return "" if found is None else found.provider.name


def routes(registry: Registry) -> list[Route]:
    calls = Bindings(registry)
    user = f"{PREFIX}/users/{{name}}"
    read: dict[str, Any] = {"needs": Action.USERS_READ, "has_workspace": False}
    write: dict[str, Any] = {"needs": Action.USERS_WRITE, "has_workspace": False}
    return [
        query(f"GET {user}/identities", c.OfIdentity, calls.list_identities, answer=c.ListedIdentities, **read),
        command(
            f"POST {user}/identities", c.NewIdentity, calls.add_identity, status=201, answer=c.GotIdentity, **write
        ),
        command(f"DELETE {user}/identities/{{identity_id}}", c.OfIdentity, calls.remove_identity, **write),
        query(f"GET {user}/trusts", c.OfTrust, calls.list_trusts, answer=c.ListedTrusts, **read),
        command(f"POST {user}/trusts", c.NewTrust, calls.add_trust, status=201, answer=c.GotTrust, **write),
        command(f"DELETE {user}/trusts/{{trust_id}}", c.OfTrust, calls.remove_trust, **write),
    ]


def _named(tx: Tx, name: str | None) -> Principal:
    return identity.named(tx, name or "", Kind.USER, Kind.SERVICE)


def _user(tx: Tx, name: str | None) -> Principal:
    """Return a user or service principal that the caller may change."""
    found = _named(tx, name)
    service.check_may_act_on(tx, found)
    return found
