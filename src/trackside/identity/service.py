"""Changes of users, groups and tokens, each with its audit entry, and the checks of who may make them.

The command line on the server's machine calls the same functions as `OPERATOR`.
"""

from typing import Any

from trackside.audit import log as audit
from trackside.audit.log import UNKNOWN, Event, Source
from trackside.core.access import OPEN, Caller
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid
from trackside.identity import credentials, store
from trackside.identity.model import (
    BY_PASSWORD,
    ONE_TIME_MS,
    Kind,
    Principal,
    Session,
    SessionOrigin,
    Token,
    check_name,
    check_place,
    check_token_name,
    check_token_scope,
    expiry,
)

ADMINS_ONLY = "Permission denied: only an administrator may do this."


class Operator(Caller):
    """The operator, who has access to the store's file or the database's password: break-glass."""

    __slots__ = ()
    name = "operator"
    credential = "command line"


OPERATOR = Operator()


def record(
    tx: Tx,
    action: str,
    object_type: str,
    object_id: str,
    *,
    workspace: str = "",
    **detail: Any,
) -> None:
    """Write an audit entry for a change of this transaction, in the name of its caller."""
    audit.append(
        tx,
        Event(
            action=action,
            actor=tx.caller.name or tx.user,
            credential=tx.caller.credential if tx.caller is not OPEN else "none: the server has no users",
            object_type=object_type,
            object_id=object_id,
            workspace=workspace,
            reason="administrator" if tx.caller.is_admin else "role",
            detail=detail,
            source=UNKNOWN if tx.source is None else tx.source(),
        ),
    )


def create_user(
    tx: Tx,
    name: str,
    *,
    kind: Kind = Kind.USER,
    password_hash: str | None = None,
    is_admin: bool = False,
    display_name: str = "",
    is_one_time: bool = False,
) -> Principal:
    if is_admin and not tx.caller.is_admin:
        raise Denied(ADMINS_ONLY).because("admins-only")
    if kind not in (Kind.USER, Kind.SERVICE):
        raise Invalid(f"kind is {str(kind)!r}; it must be user or service")
    made = store.create(
        tx, name, kind, password_hash=password_hash, is_admin=is_admin, display_name=display_name[:200],
        password_ends_at=tx.now + ONE_TIME_MS if is_one_time else None,
    )  # fmt: skip
    record(tx, "user.create", "user", name, kind=kind, is_admin=is_admin, has_one_time_password=is_one_time)
    return made


def set_password(tx: Tx, principal: Principal, password_hash: str, *, is_one_time: bool = False) -> None:
    """Set a password and end the user's sessions; tokens stay.  A one-time password only allows choosing another."""
    if principal.kind is not Kind.USER:
        raise Invalid(f"'{principal.name}' is a service principal: it has tokens and no password.")
    store.set_password(tx, principal, password_hash, tx.now + ONE_TIME_MS if is_one_time else None)
    record(tx, "user.password", "user", principal.name, is_one_time=is_one_time)


def set_admin(tx: Tx, principal: Principal, *, is_admin: bool) -> None:
    if not tx.caller.is_admin:
        raise Denied(ADMINS_ONLY).because("admins-only")
    store.set_admin(tx, principal, is_admin=is_admin)
    record(tx, "user.admin", "user", principal.name, before=principal.is_admin, after=is_admin)


def set_disabled(tx: Tx, principal: Principal, *, is_disabled: bool) -> None:
    check_may_act_on(tx, principal)
    store.set_disabled(tx, principal, is_disabled=is_disabled)
    record(tx, "user.disable" if is_disabled else "user.enable", "user", principal.name)


def delete_user(tx: Tx, principal: Principal) -> None:
    check_may_act_on(tx, principal)
    store.delete(tx, principal)
    record(tx, f"{principal.kind}.delete", principal.kind, principal.name)


def create_group(tx: Tx, name: str, display_name: str = "") -> Principal:
    made = store.create(tx, check_name(name, "name"), Kind.GROUP, display_name=display_name[:200])
    record(tx, "group.create", "group", name)
    return made


def add_member(tx: Tx, group: Principal, member: Principal) -> None:
    check_may_act_on(tx, group)
    store.add_member(tx, group, member)
    record(tx, "group.add", "group", group.name, member=member.name)


def remove_member(tx: Tx, group: Principal, member: Principal) -> None:
    check_may_act_on(tx, group)
    if store.remove_member(tx, group, member):
        record(tx, "group.remove", "group", group.name, member=member.name)


def create_token(
    tx: Tx, owner: Principal, name: str, scope: str, place: str, days: int | None, max_days: int
) -> tuple[Token, str]:
    if owner.kind not in (Kind.USER, Kind.SERVICE):
        raise Invalid(f"'{owner.name}' is a {owner.kind}; tokens are for users and service principals")
    check_may_act_on(tx, owner)
    made, secret = credentials.create_token(
        tx, owner, check_token_name(name), check_token_scope(scope), check_place(place), expiry(tx.now, days, max_days)
    )
    record(tx, "token.create", "token", made.shown, owner=owner.name, name=name, scope=scope, place=place,
           expires_at=made.expires_at)  # fmt: skip
    return made, secret


def revoke_token(tx: Tx, owner: Principal, token: Token) -> None:
    credentials.revoke_token(tx, token.token_id)
    record(tx, "token.revoke", "token", token.shown, owner=owner.name, name=token.name)


def begin_session(
    tx: Tx,
    principal: Principal,
    source: Source,
    *,
    is_secure: bool,
    credential: str = "password",
    origin: SessionOrigin = BY_PASSWORD,
) -> tuple[Session, str]:
    session, secret = credentials.begin_session(
        tx, principal, source.address, source.agent, origin, is_secure=is_secure
    )
    store.note_login(tx, principal.principal_id)
    audit.append(
        tx,
        Event(
            action="login.session",
            actor=principal.name,
            credential=credential,
            object_type="session",
            object_id=str(session.session_id),
            source=source,
        ),
    )
    return session, secret


def end_session(tx: Tx, owner: Principal, session_id: int) -> None:
    credentials.end_session(tx, session_id)
    record(tx, "session.end", "session", str(session_id), owner=owner.name)


def check_may_act_on(tx: Tx, principal: Principal) -> None:
    """Raise Denied if the principal has rights that the caller could not grant: the caller may not act on it or as it."""
    if tx.caller.principal_id == principal.principal_id or tx.caller.may_act_for(tx, principal):
        return
    if principal.is_admin:
        raise Denied(ADMINS_ONLY).because("admins-only")
    raise Denied(
        f"Permission denied: '{principal.name}' has roles or denials that you may not assign, at scopes where you have no right"
        " to write role assignments."
    )
