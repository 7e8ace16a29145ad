"""The requests and answers about users, groups, tokens and sessions."""

from typing import ClassVar

from trackside.core.http.codec import Answer, Call
from trackside.identity.model import Principal, Session, Token


class Login(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("username", "password")
    username: str | None = None
    password: str | None = None


class LoggedOut(Answer, frozen=True):
    """`url` is the page that also ends the session at the identity provider; a browser opens it."""

    url: str | None = None


class ChangePassword(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("current_password", "password")
    current_password: str | None = None
    password: str | None = None


class NewUser(Call, frozen=True):
    """A service principal has no password, only tokens.  `one_time_password`: the answer has a password that only allows choosing
    another."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    kind: str | None = None
    password: str | None = None
    one_time_password: bool | None = None
    is_admin: bool | None = None
    display_name: str | None = None


class OfName(Call, frozen=True):
    name: str | None = None


class FindUsers(Call, frozen=True):
    """`search` is a substring of the name, case-insensitive; `kind` is user or service.  Without `max_results`, all are
    returned."""

    search: str | None = None
    kind: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class FindGroups(Call, frozen=True):
    search: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class ChangeUser(Call, frozen=True):
    name: str | None = None
    password: str | None = None
    one_time_password: bool | None = None
    is_admin: bool | None = None
    is_disabled: bool | None = None
    display_name: str | None = None


class NewGroup(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    display_name: str | None = None


class OfMember(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("member",)
    name: str | None = None
    member: str | None = None


class NewToken(Call, frozen=True):
    """`place` is a workspace, or `workspace/experiment-id`; without it the token has no limit of place."""

    required: ClassVar[tuple[str, ...]] = ("token_name",)
    name: str | None = None  # of the owner, in the path
    token_name: str | None = None
    scope: str | None = None
    place: str | None = None
    expires_in_days: int | None = None


class OfToken(Call, frozen=True):
    name: str | None = None
    token_id: int | None = None


class OfSession(Call, frozen=True):
    name: str | None = None
    session_id: int | None = None


class ShownUser(Answer, frozen=True):
    name: str
    kind: str
    display_name: str
    is_admin: bool
    is_disabled: bool
    has_password: bool
    created_at: int
    last_login_at: int | None = None
    groups: list[str] = []
    password_ends_at: int | None = None  # of a one-time password


class GotUser(Answer, frozen=True):
    """`password` is the requested one-time password, which is shown only once."""

    user: ShownUser
    password: str | None = None


class ListedUsers(Answer, frozen=True):
    users: list[ShownUser] = []
    next_page_token: str | None = None


class ShownGroup(Answer, frozen=True):
    name: str
    display_name: str
    created_at: int
    members: list[str] = []


class GotGroup(Answer, frozen=True):
    group: ShownGroup


class ListedGroups(Answer, frozen=True):
    groups: list[ShownGroup] = []
    next_page_token: str | None = None


class ShownToken(Answer, frozen=True):
    token_id: int
    name: str
    shown: str
    scope: str
    place: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    last_address: str | None = None
    is_this: bool = False  # the token or session that authenticated the call


class MadeToken(Answer, frozen=True):
    """`secret` is the token itself, which is shown only once."""

    token: ShownToken
    secret: str


class ListedTokens(Answer, frozen=True):
    tokens: list[ShownToken] = []


class ShownSession(Answer, frozen=True):
    session_id: int
    created_at: int
    seen_at: int
    address: str
    agent: str
    is_this: bool
    issuer: str = ""  # of the provider by which the user signed in; empty: by a password


class ListedSessions(Answer, frozen=True):
    sessions: list[ShownSession] = []


class Me(Answer, frozen=True):
    """The caller.  `is_open`: the server has no users, and everybody may do everything."""

    is_open: bool
    is_signed_in: bool
    name: str
    display_name: str
    is_admin: bool
    has_password: bool
    credential: str
    groups: list[str] = []
    must_change_password: bool = False  # no other call is allowed before


def shown_user(principal: Principal, groups: list[str]) -> ShownUser:
    return ShownUser(
        name=principal.name,
        kind=principal.kind,
        display_name=principal.display_name,
        is_admin=principal.is_admin,
        is_disabled=principal.is_disabled,
        has_password=principal.has_password,
        created_at=principal.created_at,
        last_login_at=principal.last_login_at,
        groups=groups,
        password_ends_at=principal.password_ends_at,
    )


def shown_token(token: Token, this: int = 0) -> ShownToken:
    return ShownToken(
        token_id=token.token_id,
        name=token.name,
        shown=token.shown,
        scope=token.scope,
        place=token.place,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        last_address=token.last_address or None,
        is_this=token.token_id == this,
    )


def shown_session(session: Session, this: int) -> ShownSession:
    return ShownSession(
        session_id=session.session_id,
        created_at=session.created_at,
        seen_at=session.seen_at,
        address=session.address,
        agent=session.agent,
        issuer=session.issuer,
        is_this=session.session_id == this,
    )
