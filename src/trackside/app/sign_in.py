"""Puts together the gate that every call passes.  `app.users` has the calls of users."""

from collections.abc import Callable
from functools import partial
from typing import Any

from trackside.access import builtin, event_buffer
from trackside.access.gate import Gate, Policy
from trackside.core.http.forwarded import Forwarded
from trackside.core.outgoing.guard import Guard
from trackside.core.settings import Settings
from trackside.core.work.loop import Loop
from trackside.identity.exchange import Exchange

PRUNE_EVERY_S = 3600.0
DAY_MS = 86_400_000


def issuers(settings: Settings) -> Any:
    """Return the identity providers; None if none is configured, and then their library is not imported."""
    if not settings.oidc:
        return None
    from trackside.identity.oidc.registry import Registry  # noqa: PLC0415  # needs an extra

    return Registry(settings.oidc, Guard())  # the operator named the hosts


def gate(settings: Settings, db: Any, known: Any, exchange: Exchange, closers: list[Callable[[], object]]) -> Gate:
    """Return the gate, which authenticates callers and writes audit entries."""
    longest_ms = settings.session_days * DAY_MS
    policy = Policy(
        default_roles=tuple(builtin.DEFAULT_ROLES[name] for name in settings.default_role),
        anonymous_read=settings.anonymous_read,
        session_idle_ms=longest_ms // 4,
        session_longest_ms=longest_ms,
    )
    gate = Gate(db, policy, Forwarded(settings.trusted_proxies), known, exchange)
    closers.append(Loop("access", lambda: event_buffer.step(db, gate.buffer), event_buffer.WRITE_EVERY_S).close)
    prune = partial(
        event_buffer.prune, db, idle_ms=policy.session_idle_ms, longest_ms=longest_ms, audit_days=settings.audit_days
    )
    closers.append(Loop("access-prune", prune, PRUNE_EVERY_S).close)
    return gate
