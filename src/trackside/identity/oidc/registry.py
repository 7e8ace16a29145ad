"""The configured providers by name and by issuer, and verification of programs' JWTs."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.core.outgoing.guard import Guard
from trackside.core.providers import Provider, Providers
from trackside.identity import store as identity
from trackside.identity.model import Principal
from trackside.identity.oidc import jose, model, store
from trackside.identity.oidc.issuer import Issuer
from trackside.identity.oidc.model import Refused


class Shown(Struct, frozen=True):
    """A verified JWT and its issuer."""

    provider: Provider
    claims: Mapping[str, Any]

    @property
    def until(self) -> int:
        """Return the expiry in ms."""
        return int(self.claims["exp"]) * 1000

    @property
    def words(self) -> str:
        """Return the description for the audit log."""
        return f"JWT of {self.provider.name} ({str(self.claims.get('sub', ''))[:200]})"


class Registry:
    def __init__(self, chosen: Providers, guard: Guard) -> None:
        self.url = chosen.url
        self._issuers = {each.name: Issuer(each, guard) for each in chosen.all}
        self._by_issuer = {each.issuer: self._issuers[each.name] for each in chosen.all}

    def providers(self) -> list[Provider]:
        return [each.provider for each in self._issuers.values()]

    def signing_in(self, name: str) -> Issuer:
        """Return the provider of this name, if users sign in by it.  Raise NotFound."""
        found = self._issuers.get(name)
        if found is None or not found.provider.client_id:
            raise NotFound(f"No provider '{name[:100]}' signs users in to this server.")
        return found

    def find_issuer(self, issuer: str) -> Issuer | None:
        return self._by_issuer.get(issuer)

    def verify(self, token: str) -> Shown:
        """Return the verified JWT.  Raise Refused, or Unavailable if the issuer's keys cannot be fetched."""
        found = self._by_issuer.get(jose.peek(token).issuer)
        if found is None or not found.provider.audience:
            raise Refused("the JWT's issuer is not configured for programs")
        return Shown(found.provider, found.verify_program(token))

    def principal(self, tx: Tx, shown: Shown) -> Principal:
        """Return the service principal of the claims.  Raise Refused if there is none, or more than one."""
        found = {each.principal_id for each in model.matching(store.trusts_in(tx, shown.provider.issuer), shown.claims)}
        if len(found) != 1:
            many = "several service principals trust" if found else "no service principal trusts"
            raise Refused(f"{many} a JWT with these claims")
        return identity.get(tx, found.pop())
