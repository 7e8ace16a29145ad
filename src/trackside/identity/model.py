"""Users, groups, tokens and sessions, and checks of their values.  Pure."""

import re
from enum import StrEnum

from msgspec import Struct

from trackside.core.errors import Invalid, NotFound

MAX_NAME = 256
DAY_MS = 86_400_000
EVERYBODY = 0  # the principal of assignments to all signed-in users
MAX_PAGE = 1000
ONE_TIME_MS = 3 * DAY_MS  # the lifetime of a one-time password


class Kind(StrEnum):
    USER = "user"
    GROUP = "group"
    SERVICE = "service"
    ROLE = "role"  # a role of MLflow's auth API: a group with rights in one workspace


class TokenScope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    SCIM = "scim"  # for a directory: only the calls of SCIM


class Principal(Struct, frozen=True):
    principal_id: int
    kind: Kind
    name: str
    home: str  # of a role: its workspace; else empty
    display_name: str
    is_admin: bool
    is_disabled: bool
    created_at: int  # ms
    last_login_at: int | None  # ms
    has_password: bool
    password_ends_at: int | None = None  # ms, of a one-time password, which only allows choosing another


class Token(Struct, frozen=True):
    """The stored data of a token, without the token itself."""

    token_id: int
    principal_id: int
    name: str
    shown: str  # its first characters
    scope: TokenScope
    place: str  # the workspace, or workspace/experiment, to which it is limited; empty: no limit
    created_at: int  # ms
    expires_at: int | None  # ms
    last_used_at: int | None  # ms, to the minute
    last_address: str | None


class Session(Struct, frozen=True):
    session_id: int
    principal_id: int
    created_at: int  # ms
    seen_at: int  # ms
    address: str
    agent: str
    issuer: str = ""  # of the provider by which the user signed in; empty: by a password
    subject: str = ""
    provider_session: str = ""
    ends_at: int | None = None  # ms


class SessionOrigin(Struct, frozen=True):
    """The provider by which a session began, the provider's ids of user and session, and the end of the session at the latest."""

    issuer: str = ""
    subject: str = ""
    provider_session: str = ""
    longest_ms: int | None = None


BY_PASSWORD = SessionOrigin()


def check_name(name: str, what: str = "username") -> str:
    """Return the name.  Raise Invalid for a name that cannot be in a header or a log line."""
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip() or ":" in name:
        raise Invalid(
            f"{what} is {name[:100]!r}; it must be 1 to {MAX_NAME} printable characters, without ':' and without blanks at"
            " its ends"
        ).because("bad-name", kind="user", name=name)
    return name


def check_token_name(name: str) -> str:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"name is {name[:100]!r}; a token's name must be 1 to {MAX_NAME} printable characters").because(
            "bad-name", kind="token", name=name
        )
    return name


def check_token_scope(scope: str) -> TokenScope:
    if scope not in TokenScope.__members__.values():
        raise Invalid(f"scope is {scope[:100]!r}; it must be read, write, admin or scim")
    return TokenScope(scope)


def check_place(place: str) -> str:
    if place and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{1,62}(/[0-9]{1,19})?", place):
        raise Invalid(f"place is {place[:100]!r}; it must be a workspace, or a workspace, '/' and an experiment's id")
    return place


def check_page(max_results: int | None) -> int:
    """Return the number of rows of a page of a list; without a number, all rows are one page."""
    if max_results is not None and not 1 <= max_results <= MAX_PAGE:
        raise Invalid(f"max_results is {max_results}; it must be between 1 and {MAX_PAGE}")
    return 2**31 if max_results is None else max_results


def expiry(now: int, days: int | None, max_days: int) -> int:
    """Return the expiry of a new token.  Raise Invalid above the server's maximum."""
    wanted = min(90, max_days) if days is None else days
    if not 1 <= wanted <= max_days:
        raise Invalid(f"expires_in_days is {wanted}; it must be between 1 and {max_days}, the server's maximum")
    return now + wanted * DAY_MS


def no_such(what: str, name: str) -> NotFound:
    """Return the fault with MLflow's message, which its clients and tests check."""
    return NotFound(f"{what} with {'username' if what == 'User' else 'name'}={name[:200]} not found").because(
        "missing", kind=what.lower().replace(" ", "_"), name=name
    )
