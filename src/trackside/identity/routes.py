"""The calls about users, groups, tokens and sessions, and the sign-in of browsers.

Calls with a password are streams, so that it is hashed in a thread instead of in the writer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from trackside.audit.log import Source
from trackside.core.access import MUST_CHANGE, Action, Caller
from trackside.core.db.tx import Tx
from trackside.core.errors import Busy, Denied, Invalid, NotFound, Unauthenticated
from trackside.core.http import codec
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.identity import calls as c
from trackside.identity import credentials, passwords, service, store
from trackside.identity.model import Kind, Principal, check_page

T = TypeVar("T", bound=Call)
PREFIX = "/api/trackside/v1"
COOKIE, SECURE_COOKIE = "trackside_session", "__Host-trackside_session"
_PEOPLE = (Kind.USER, Kind.SERVICE)
_JSON: Headers = [(b"content-type", b"application/json")]


class Gate(Protocol):
    """The functions of the gate that a sign-in uses."""

    def check_password(self, name: str, password: str, source: Source) -> Principal: ...

    def source(self, route: str, scope: Any) -> Source: ...

    def is_secure(self, scope: Any) -> bool: ...


@dataclass(frozen=True)
class Calls:
    gate: Gate
    max_token_days: int
    session_s: int
    provider_page: Callable[[Request, str], Awaitable[str]]

    async def login(self, request: Request) -> Response:
        """Begin a session: the answer sets its cookie. 429 while guessing is throttled, with the seconds to wait."""
        call = await decoded(request, c.Login)
        source = self.gate.source("POST login", request.scope)
        try:
            principal = await request.in_thread(
                self.gate.check_password, call.username or "", call.password or "", source
            )
        except Unauthenticated as fault:
            if fault.retry_after_s:
                seconds = int(fault.retry_after_s) + 1
                raise Busy(
                    f"There were too many attempts. Try again in {seconds} seconds.",
                    [(b"retry-after", str(seconds).encode())],
                ).because("throttled", seconds=str(seconds)) from None
            raise
        is_secure = self.gate.is_secure(request.scope)
        _, secret = await request.write(lambda tx: service.begin_session(tx, principal, source, is_secure=is_secure))
        return Response(200, [*_JSON, cookie(secret, is_secure=is_secure, max_age_s=self.session_s)], b"{}")

    async def logout(self, request: Request) -> Response:
        """End the session that sent the call, and delete its cookie.  `url` is the page that also ends it at the provider."""
        caller: Any = request.visit.caller
        session_id = getattr(caller, "session_id", 0)
        url = ""
        if session_id:
            issuer = await request.read(lambda tx: credentials.get_session(tx, session_id).issuer)
            await request.write(lambda tx: service.end_session(tx, caller.principal, session_id))
            url = await self.provider_page(request, issuer) if issuer else ""
        is_secure = self.gate.is_secure(request.scope)
        gone = cookie("", is_secure=is_secure, max_age_s=0)
        return Response(200, [*_JSON, gone], codec.encode(c.LoggedOut(url=url or None)))

    async def change_password(self, request: Request) -> Response:
        """Change the caller's own password; it needs the current one, and ends other sessions."""
        call = await decoded(request, c.ChangePassword)
        name = own(request.visit.caller)
        source = self.gate.source("POST me/password", request.scope)
        try:
            await request.in_thread(self.gate.check_password, name, call.current_password or "", source)
        except Unauthenticated:
            raise Invalid("Current password does not match") from None
        check_other(call.password, call.current_password)
        new = await request.in_thread(store.make_hash, call.password, name)
        await request.write(lambda tx: service.set_password(tx, store.named(tx, name, Kind.USER), new or ""))
        return Response(200, _JSON, b"{}")

    def create_own_token(self, tx: Tx, call: c.NewToken) -> c.MadeToken:
        """Create a token for the caller.  It is shown only once."""
        owner = store.named(tx, own(tx.caller), *_PEOPLE)
        return self._create_token(tx, owner, call)

    def create_token(self, tx: Tx, call: c.NewToken) -> c.MadeToken:
        """Create a token for another user or a service principal."""
        return self._create_token(tx, store.named(tx, call.name or "", *_PEOPLE), call)

    def _create_token(self, tx: Tx, owner: Principal, call: c.NewToken) -> c.MadeToken:
        check_unbounded(tx.caller)
        made, secret = service.create_token(
            tx,
            owner,
            call.token_name or "",
            call.scope or "write",
            call.place or "",
            call.expires_in_days,
            self.max_token_days,
        )
        return c.MadeToken(token=c.shown_token(made), secret=secret)


@dataclass(frozen=True)
class Hashed:
    """A call with the hash of its password."""

    call: Any
    password_hash: str | None
    one_time: str | None = None  # the password itself, which the answer shows once


def hashed(call: Any) -> Hashed:
    if getattr(call, "one_time_password", None):
        if call.password is not None:
            raise Invalid("The call has both password and one_time_password; send only one of them.")
        made = passwords.one_time()
        return Hashed(call, store.make_hash(made, call.name or ""), made)
    return Hashed(call, store.make_hash(call.password, call.name or ""))


def check_other(new: str | None, current: str | None) -> None:
    """Raise Invalid if the new password is the current one."""
    if new == current:
        raise Invalid("The new password is the current one; choose another.")


def create_user(tx: Tx, given: Hashed) -> c.GotUser:
    call: c.NewUser = given.call
    kind = _kind(call.kind or Kind.USER)
    if given.password_hash is not None and kind is Kind.SERVICE:
        raise Invalid("A service principal has no password; create a token for it.")
    made = service.create_user(
        tx,
        call.name or "",
        kind=kind,
        password_hash=given.password_hash,
        is_admin=bool(call.is_admin),
        display_name=call.display_name or "",
        is_one_time=given.one_time is not None,
    )
    return c.GotUser(user=c.shown_user(made, []), password=given.one_time)


def change_user(tx: Tx, given: Hashed) -> c.GotUser:
    """Change the given values of a user: password, administrator, state, display name."""
    call: c.ChangeUser = given.call
    principal = store.named(tx, call.name or "", *_PEOPLE)
    service.check_may_act_on(tx, principal)
    if given.password_hash is not None:
        service.set_password(tx, principal, given.password_hash, is_one_time=given.one_time is not None)
    if call.is_admin is not None:
        service.set_admin(tx, principal, is_admin=call.is_admin)
    if call.is_disabled is not None:
        service.set_disabled(tx, principal, is_disabled=call.is_disabled)
    if call.display_name is not None:
        store.rename(tx, principal, principal.name, call.display_name[:200])
    return c.GotUser(user=_shown(tx, store.get(tx, principal.principal_id)), password=given.one_time)


def me(tx: Tx, call: Call) -> c.Me:
    """Return the caller, with the kind of authentication."""
    caller = tx.caller
    if caller.principal_id is None:
        is_open = caller.is_admin
        return c.Me(is_open=is_open, is_signed_in=False, name="", display_name="", is_admin=is_open, has_password=False,
                    credential="")  # fmt: skip
    principal = store.get(tx, caller.principal_id)
    return c.Me(
        is_open=False,
        is_signed_in=True,
        name=principal.name,
        display_name=principal.display_name,
        is_admin=caller.is_admin,
        has_password=principal.has_password,
        credential=caller.credential,
        groups=_groups(tx, principal),
        must_change_password=caller.must_change_password,
    )


def list_own_tokens(tx: Tx, call: Call) -> c.ListedTokens:
    return _tokens(tx, store.named(tx, own(tx.caller)))


def list_tokens(tx: Tx, call: c.OfName) -> c.ListedTokens:
    return _tokens(tx, store.named(tx, call.name or "", *_PEOPLE))


def revoke_own_token(tx: Tx, call: c.OfToken) -> None:
    _revoke(tx, store.named(tx, own(tx.caller)), call.token_id or 0)


def revoke_token(tx: Tx, call: c.OfToken) -> None:
    owner = store.named(tx, call.name or "", *_PEOPLE)
    service.check_may_act_on(tx, owner)
    _revoke(tx, owner, call.token_id or 0)


def list_own_sessions(tx: Tx, call: Call) -> c.ListedSessions:
    return _sessions(tx, store.named(tx, own(tx.caller)))


def list_sessions(tx: Tx, call: c.OfName) -> c.ListedSessions:
    return _sessions(tx, store.named(tx, call.name or "", *_PEOPLE))


def end_own_session(tx: Tx, call: c.OfSession) -> None:
    check_unbounded(tx.caller)
    _end(tx, store.named(tx, own(tx.caller)), call.session_id or 0)


def end_session(tx: Tx, call: c.OfSession) -> None:
    owner = store.named(tx, call.name or "", *_PEOPLE)
    service.check_may_act_on(tx, owner)
    _end(tx, owner, call.session_id or 0)


def list_users(tx: Tx, call: c.FindUsers) -> c.ListedUsers:
    """Return users and service principals, by name."""
    kinds = _PEOPLE if not call.kind else (_kind(call.kind),)
    found, token = _page(tx, kinds, call)
    return c.ListedUsers(users=[_shown(tx, each) for each in found], next_page_token=token)


def get_user(tx: Tx, call: c.OfName) -> c.GotUser:
    return c.GotUser(user=_shown(tx, store.named(tx, call.name or "", *_PEOPLE)))


def delete_user(tx: Tx, call: c.OfName) -> None:
    principal = store.named(tx, call.name or "", *_PEOPLE)
    if principal.principal_id == tx.caller.principal_id:
        raise Invalid("A user cannot delete themselves; another administrator must.")
    service.delete_user(tx, principal)


def create_group(tx: Tx, call: c.NewGroup) -> c.GotGroup:
    made = service.create_group(tx, call.name or "", call.display_name or "")
    return c.GotGroup(group=_shown_group(tx, made))


def list_groups(tx: Tx, call: c.FindGroups) -> c.ListedGroups:
    found, token = _page(tx, [Kind.GROUP], call)
    return c.ListedGroups(groups=[_shown_group(tx, each) for each in found], next_page_token=token)


def get_group(tx: Tx, call: c.OfName) -> c.GotGroup:
    return c.GotGroup(group=_shown_group(tx, store.named(tx, call.name or "", Kind.GROUP)))


def delete_group(tx: Tx, call: c.OfName) -> None:
    service.delete_user(tx, store.named(tx, call.name or "", Kind.GROUP))


def add_member(tx: Tx, call: c.OfMember) -> c.GotGroup:
    group = store.named(tx, call.name or "", Kind.GROUP)
    service.add_member(tx, group, store.named(tx, call.member or ""))
    return c.GotGroup(group=_shown_group(tx, group))


def remove_member(tx: Tx, call: c.OfMember) -> c.GotGroup:
    group = store.named(tx, call.name or "", Kind.GROUP)
    service.remove_member(tx, group, store.named(tx, call.member or ""))
    return c.GotGroup(group=_shown_group(tx, group))


async def no_page(request: Request, issuer: str) -> str:
    """Return no page, for a server without providers."""
    del request, issuer
    return ""


def routes(
    gate: Gate,
    *,
    max_token_days: int,
    session_s: int,
    provider_page: Callable[[Request, str], Awaitable[str]] = no_page,
) -> list[Route]:
    """Return the routes; `provider_page` returns the page that ends a session at the provider of an issuer."""
    calls = Calls(gate, max_token_days, session_s, provider_page)
    mine, read, write, gone = Action.SIGNED_IN, Action.USERS_READ, Action.USERS_WRITE, Action.USERS_DELETE
    user, group, whole = f"{PREFIX}/users/{{name}}", f"{PREFIX}/groups/{{name}}", False
    return [
        stream(f"POST {PREFIX}/login", calls.login, call=c.Login, needs=Action.ANYONE, has_workspace=whole),
        stream(f"POST {PREFIX}/logout", calls.logout, needs=mine, has_workspace=whole, answer=c.LoggedOut),
        query(f"GET {PREFIX}/me", Call, me, needs=mine, has_workspace=whole, answer=c.Me),
        stream(f"POST {PREFIX}/me/password", calls.change_password, call=c.ChangePassword, needs=mine, has_workspace=whole),
        query(f"GET {PREFIX}/me/tokens", Call, list_own_tokens, needs=mine, has_workspace=whole, answer=c.ListedTokens),
        command(f"POST {PREFIX}/me/tokens", c.NewToken, calls.create_own_token, needs=mine, has_workspace=whole, status=201,
                answer=c.MadeToken),
        command(f"DELETE {PREFIX}/me/tokens/{{token_id}}", c.OfToken, revoke_own_token, needs=mine, has_workspace=whole),
        query(f"GET {PREFIX}/me/sessions", Call, list_own_sessions, needs=mine, has_workspace=whole, answer=c.ListedSessions),
        command(f"DELETE {PREFIX}/me/sessions/{{session_id}}", c.OfSession, end_own_session, needs=mine, has_workspace=whole),
        query(f"GET {PREFIX}/users", c.FindUsers, list_users, needs=read, has_workspace=whole, answer=c.ListedUsers),
        command(f"POST {PREFIX}/users", c.NewUser, create_user, prepare=hashed, needs=write, has_workspace=whole, status=201,
               answer=c.GotUser),
        query(f"GET {user}", c.OfName, get_user, needs=read, has_workspace=whole, answer=c.GotUser),
        command(f"PATCH {user}", c.ChangeUser, change_user, prepare=hashed, needs=write, has_workspace=whole, answer=c.GotUser),
        command(f"DELETE {user}", c.OfName, delete_user, needs=gone, has_workspace=whole),
        query(f"GET {user}/tokens", c.OfName, list_tokens, needs=read, has_workspace=whole, answer=c.ListedTokens),
        command(f"POST {user}/tokens", c.NewToken, calls.create_token, needs=write, has_workspace=whole, status=201,
                answer=c.MadeToken),
        command(f"DELETE {user}/tokens/{{token_id}}", c.OfToken, revoke_token, needs=gone, has_workspace=whole),
        query(f"GET {user}/sessions", c.OfName, list_sessions, needs=read, has_workspace=whole, answer=c.ListedSessions),
        command(f"DELETE {user}/sessions/{{session_id}}", c.OfSession, end_session, needs=gone, has_workspace=whole),
        query(f"GET {PREFIX}/groups", c.FindGroups, list_groups, needs=read, has_workspace=whole, answer=c.ListedGroups),
        command(f"POST {PREFIX}/groups", c.NewGroup, create_group, needs=write, has_workspace=whole, status=201,
                answer=c.GotGroup),
        query(f"GET {group}", c.OfName, get_group, needs=read, has_workspace=whole, answer=c.GotGroup),
        command(f"DELETE {group}", c.OfName, delete_group, needs=gone, has_workspace=whole),
        command(f"POST {group}/members", c.OfMember, add_member, needs=write, has_workspace=whole, answer=c.GotGroup),
        command(f"DELETE {group}/members/{{member}}", c.OfMember, remove_member, needs=write, has_workspace=whole,
                answer=c.GotGroup),
    ]  # fmt: skip


def own(caller: Caller) -> str:
    """Return the name of the signed-in user.  Raise if there is none."""
    if not caller.is_signed_in:
        raise Invalid("Nobody is signed in: the server has no users.")
    return caller.name


def check_unbounded(caller: Caller) -> None:
    """Raise Denied for a limited token: it cannot create a token with more rights."""
    if caller.must_change_password:
        raise Denied(MUST_CHANGE)
    bounds = getattr(caller, "bounds", None)
    if bounds is not None and not bounds.is_all:
        raise Denied("Permission denied: this token may not create or revoke tokens, or end sessions.")


def cookie(secret: str, *, is_secure: bool, max_age_s: int) -> tuple[bytes, bytes]:
    return named_cookie(COOKIE, SECURE_COOKIE, secret, is_secure=is_secure, max_age_s=max_age_s)


def named_cookie(
    plain_name: str, secure_name: str, secret: str, *, is_secure: bool, max_age_s: int
) -> tuple[bytes, bytes]:
    """Return a Set-Cookie header.  `__Host-` binds the cookie to this host and needs HTTPS; without HTTPS, only loopback serves
    users."""
    name = secure_name if is_secure else plain_name
    flags = "; Secure" if is_secure else ""
    return (b"set-cookie", f"{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{flags}".encode())


def cookie_of(request: Request, plain_name: str, secure_name: str, *, is_secure: bool) -> str:
    """Return the value of a cookie that `named_cookie` set; empty if the browser does not send it."""
    wanted = secure_name if is_secure else plain_name
    for part in request.headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


async def decoded(request: Request, call: type[T]) -> T:
    kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Invalid("Bad Request. Content-Type must be one of ['application/json'].")
    made: T = codec.decode_body(call, await request.whole_body(1 << 16), request.params)
    return made


def _kind(text: str) -> Kind:
    if text not in _PEOPLE:
        raise Invalid(f"kind is {text[:50]!r}; it must be user or service")
    return Kind(text)


def _page(tx: Tx, kinds: Sequence[Kind], call: c.FindUsers | c.FindGroups) -> tuple[list[Principal], str | None]:
    """Return a page by name, and the token of the next page."""
    most = check_page(call.max_results)
    found = store.page(tx, kinds, search=call.search or "", after=call.page_token or "", most=most + 1)
    return found[:most], found[most - 1].name if len(found) > most else None


def _shown(tx: Tx, principal: Principal) -> c.ShownUser:
    return c.shown_user(principal, _groups(tx, principal))


def _groups(tx: Tx, principal: Principal) -> list[str]:
    return [group.name for group in store.groups_of(tx, principal.principal_id) if group.kind is Kind.GROUP]


def _shown_group(tx: Tx, group: Principal) -> c.ShownGroup:
    return c.ShownGroup(
        name=group.name,
        display_name=group.display_name,
        created_at=group.created_at,
        members=[member.name for _, member in store.members(tx, group.principal_id)],
    )


def _tokens(tx: Tx, owner: Principal) -> c.ListedTokens:
    this: int = getattr(tx.caller, "token_id", 0)
    return c.ListedTokens(tokens=[c.shown_token(each, this) for each in credentials.tokens_of(tx, owner.principal_id)])


def _sessions(tx: Tx, owner: Principal) -> c.ListedSessions:
    this: int = getattr(tx.caller, "session_id", 0)
    return c.ListedSessions(
        sessions=[c.shown_session(each, this) for each in credentials.sessions_of(tx, owner.principal_id)]
    )


def _revoke(tx: Tx, owner: Principal, token_id: int) -> None:
    check_unbounded(tx.caller)
    token = credentials.get_token(tx, token_id)
    if token.principal_id != owner.principal_id:
        raise NotFound(f"Token with id={token_id} not found")
    service.revoke_token(tx, owner, token)


def _end(tx: Tx, owner: Principal, session_id: int) -> None:
    session = credentials.get_session(tx, session_id)
    if session.principal_id != owner.principal_id:
        raise NotFound(f"Session with id={session_id} not found")
    service.end_session(tx, owner, session_id)
