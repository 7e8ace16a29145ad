"""Maps a provider's claims to a user and groups, with an audit entry for each change."""

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from trackside.audit import log as audit
from trackside.audit.log import Event, Source
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.core.providers import Provider
from trackside.identity import store as identity
from trackside.identity.model import Kind, Principal, SessionOrigin, check_name
from trackside.identity.oidc import model, store

HOUR_MS = 3_600_000


def sign_in(tx: Tx, provider: Provider, claims: Mapping[str, Any], source: Source) -> Principal:
    """Return the user of the claims; create or link it if the provider may.  Raise Denied, Invalid."""
    subject = str(claims["sub"])
    known = store.principal_of(tx, provider.issuer, subject)
    principal = _new_user(tx, provider, claims, source) if known is None else identity.get(tx, known)
    if principal.is_disabled:
        raise Denied(f"The user '{principal.name}' is disabled; an administrator can enable it.")
    names = model.group_names(provider, claims)
    if names is not None:
        _sync_groups(tx, provider, principal, names, source)
    return principal


def origin_of(provider: Provider, claims: Mapping[str, Any]) -> SessionOrigin:
    session = claims.get("sid")
    return SessionOrigin(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        provider_session=session[:255] if isinstance(session, str) else "",
        longest_ms=provider.session_hours * HOUR_MS,
    )


def end_sessions(tx: Tx, provider: Provider, subject: str, provider_session: str, source: Source) -> None:
    """End the sessions of a user who signed out at the provider."""
    for session_id, principal_id in store.end_sessions(tx, provider.issuer, subject, provider_session):
        owner = identity.find(tx, principal_id)
        record(
            tx, provider, "session.end", "session", str(session_id), source, owner="" if owner is None else owner.name
        )


def _new_user(tx: Tx, provider: Provider, claims: Mapping[str, Any], source: Source) -> Principal:
    name = check_name(model.username(provider, claims))
    found = identity.find_named(tx, name)
    if found is None:
        if not provider.create_users:
            raise Denied(
                f"There is no user '{name}', and users of the provider '{provider.name}' are not created at the first "
                f"sign-in. An administrator can create one:"
                f" trackside user create {shlex.join([name])}, and then: {_link(provider, name, claims)}"
            )
        found = identity.create(tx, name, Kind.USER, display_name=model.display_name(claims))
        record(tx, provider, "user.create", "user", name, source)
    elif not _may_link(tx, provider, found):
        raise Denied(
            f"Another account has the name '{name}'. If both belong to one person, an administrator can link them:"
            f" {_link(provider, name, claims)}"
        )
    store.link(tx, found.principal_id, provider.issuer, str(claims["sub"]))
    record(tx, provider, "user.link", "user", name, source, issuer=provider.issuer, subject=str(claims["sub"]))
    return found


def _link(provider: Provider, name: str, claims: Mapping[str, Any]) -> str:
    """Return the command that links the user, quoted for a shell.  A subject may begin with a dash."""
    words = (name, "--provider", provider.name, f"--subject={claims['sub']}")
    return f"trackside user link {shlex.join(words)}"


def _may_link(tx: Tx, provider: Provider, found: Principal) -> bool:
    """Return whether the provider may link to the user: a user who cannot sign in yet and is not an administrator, because the
    provider confirms only the name."""
    is_free = found.kind is Kind.USER and not found.has_password and not found.is_admin
    return provider.link_users and is_free and not store.identities_of(tx, found.principal_id)


def _sync_groups(tx: Tx, provider: Provider, principal: Principal, names: list[str], source: Source) -> None:
    groups = {group.name: group for group in identity.page(tx, [Kind.GROUP])}
    for name in names if provider.create_groups else ():
        if name not in groups and identity.find_named(tx, name) is None:
            groups[name] = identity.create(tx, check_name(name, "group"), Kind.GROUP)
            record(tx, provider, "group.create", "group", name, source)
    wanted = [groups[name].principal_id for name in names if name in groups]
    new, gone = store.set_members(tx, principal, wanted, model.origin(provider))
    by_id = {group.principal_id: group.name for group in groups.values()}
    for action, changed in (("group.add", new), ("group.remove", gone)):
        for group_id in changed:
            record(tx, provider, action, "group", by_id.get(group_id, ""), source, member=principal.name)


def record(
    tx: Tx, provider: Provider, action: str, object_type: str, object_id: str, source: Source, **detail: Any
) -> None:
    audit.append(
        tx,
        Event(
            action=action,
            actor=model.origin(provider),
            credential=f"provider {provider.name}",
            object_type=object_type,
            object_id=object_id,
            reason="the provider's claims",
            detail=msgspec.to_builtins(detail),
            source=source,
        ),
    )
