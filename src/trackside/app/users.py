"""Puts together users, and how they sign in."""

from trackside.app.base import Base, callers_for
from trackside.core.http.routes import Route
from trackside.identity import routes as identity
from trackside.identity.oidc import bindings
from trackside.identity.oidc import routes as oidc
from trackside.identity.scim import routes as scim

DAY_S = 86_400


def routes(base: Base) -> list[Route]:
    settings, gate = base.settings, base.gate
    callers = None
    if base.providers is not None:
        callers = callers_for("sign-in", base.closers)
        base.leavers.append(callers.leave)
    found = base.providers or oidc.NoProviders()
    calls = oidc.Calls(gate, found, callers, settings.static_prefix, settings.max_token_days)
    return [
        *identity.routes(
            gate,
            max_token_days=settings.max_token_days,
            session_s=settings.session_days * DAY_S,
            provider_page=calls.provider_page,
        ),
        *oidc.routes(calls),
        *bindings.routes(found),
        *scim.routes(),
    ]
