"""Authentication: from the headers of a request to a `Caller` with rights.  Caches callers; depends on no route.

`recall` answers from the cache, for the hot path.  `admit` may read the store and check a password, and is called in a thread.
The cache is dropped when the generation in the store has grown, which is checked every `LOOK_EVERY_S`: a change of rights on
one server is in force on all of them within a quarter of a second.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from trackside.access import builtin, store
from trackside.access.caller import Anonymous, SignedIn, bounds_of, granted, new_password_only, place_of
from trackside.access.credential_headers import (
    Headers,
    is_own_page,
    looks_like_jwt,
    secret_of,
    shown_in,
    unauthenticated,
)
from trackside.access.evaluation import Grant
from trackside.access.event_buffer import MINUTE_MS, MOST_REMEMBERED, EventBuffer
from trackside.access.model import ROOT, Role
from trackside.audit.log import Event, Source
from trackside.core.access import OPEN, Action, Caller
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Unauthenticated
from trackside.core.http.forwarded import Forwarded
from trackside.identity import credentials, keys, passwords
from trackside.identity import store as identity
from trackside.identity.exchange import Exchange, Exchanged
from trackside.identity.model import EVERYBODY, Principal
from trackside.identity.oidc.model import Refused
from trackside.identity.throttle import Throttle
from trackside.workspaces import store as workspaces

DIRECT = Forwarded()  # no proxy is believed
LOOK_EVERY_S = 0.2
REMEMBER_PASSWORD_S = 300.0
LATE_S = 1.0  # a refusal while guessing is slowed
# Actions that a default role never has: to read the users and their rights.
_PRIVATE = frozenset(action for action in Action if action.startswith("Microsoft.Authorization/"))
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Store(Protocol):
    reads_inline: bool

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...

    def write(self, ws: int) -> AbstractContextManager[Tx]: ...


class Programs(Protocol):
    """Verifies programs that send a JWT of a configured issuer."""

    def verify(self, token: str) -> Any: ...

    def principal(self, tx: Tx, shown: Any) -> Principal: ...


class Policy(Struct, frozen=True, kw_only=True):
    """The options of access control."""

    default_roles: tuple[Role, ...] = ()
    anonymous_read: bool = False
    session_idle_ms: int = 7 * 86_400_000
    session_longest_ms: int = 30 * 86_400_000


class _Verified(Struct, frozen=True):
    """A verified password; valid while the stored hash is the same."""

    name: str
    stored: str
    until: float


class Gate:
    def __init__(
        self,
        db: Store,
        policy: Policy,
        forwarded: Forwarded = DIRECT,
        programs: Programs | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        """`programs`: None if no issuer of JWTs is configured.  `exchange` reads JWTs that the server signed."""
        self._exchange = exchange
        self._programs = programs
        self._forwarded = forwarded
        self._db = db
        self._policy = policy
        self._key = os.urandom(32)  # credentials are remembered by a keyed hash alone
        self._everybody = tuple(
            Grant(ROOT, role.allowed - _PRIVATE, reason=f"--default-role {role.name}") for role in policy.default_roles
        )
        self._anonymous: Caller | None = Anonymous() if policy.anonymous_read else None
        self._throttle = Throttle()
        self._lock = threading.Lock()
        self._generation = -1
        self.age = 0  # grows when the callers that are remembered are dropped
        self._has_users = False
        self._good_until = 0.0
        self._callers: dict[bytes, SignedIn] = {}
        self._acting: dict[int, SignedIn] = {}  # principals that something acts for
        self._verified: dict[bytes, _Verified] = {}
        self.buffer = EventBuffer()

    def recall(self, headers: Headers, method: str) -> Caller | None:
        """Return the caller from the cache; None if `admit` must be called."""
        if not self._is_current():
            return None
        if not self._has_users:
            return OPEN
        shown = shown_in(headers)
        if shown is None:
            return self._anonymous
        caller = self._callers.get(self._digest(shown))
        if caller is None:
            return None
        now = time.time_ns() // 1_000_000
        if caller.until < now or (caller.session_id and method in _UNSAFE and not is_own_page(headers)):
            return None
        self.buffer.add_use(caller, now, "")
        return caller

    def still_knows(self, caller: Caller, age: int) -> bool:
        """Return whether `recall` would return the same caller again, for the headers for which it returned this one at that
        age."""
        if not self._is_current():
            return False
        if age != self.age:
            return False
        if type(caller) is SignedIn:
            now = time.time_ns() // 1_000_000
            if caller.until < now:
                return False
            self.buffer.add_use(caller, now, "")
        return True

    def admit(self, headers: Headers, method: str, source: Source) -> Caller:
        """Return the caller.  Raise Unauthenticated, with MLflow's message, for a missing, wrong or expired credential."""
        if time.monotonic() >= self._good_until:
            self._look()
        if not self._has_users:
            return OPEN
        shown = shown_in(headers)
        if shown is None:
            if self._anonymous is not None:
                return self._anonymous
            raise unauthenticated(headers)
        known = self._digest(shown)
        caller = self._callers.get(known)
        if caller is None or caller.until < time.time_ns() // 1_000_000:
            caller = self._load(shown, known, headers, source)
        if caller.session_id and method in _UNSAFE and not is_own_page(headers):
            raise Denied(
                "Permission denied: a page of another origin, or none, sent this request with a session's cookie."
            )
        self.buffer.add_use(caller, time.time_ns() // 1_000_000, source.address)
        return caller

    def check_password(self, name: str, password: str, source: Source) -> Principal:
        """Return the user.  Raise Unauthenticated: unknown users, users without a password and wrong passwords take the same
        time."""
        now = time.monotonic()
        wait_s = self._throttle.wait_s(name, source.address, now)
        if wait_s > 0:
            raise Unauthenticated(REFUSED, late_s=min(wait_s, LATE_S), retry_after_s=wait_s)
        with self._db.read(0) as tx:
            principal = identity.find_named(tx, name)
            stored = None if principal is None else identity.password_hash(tx, principal.principal_id)
        is_correct = passwords.is_correct(password, stored or passwords.NOBODYS_HASH) and stored is not None
        has_ended = principal is not None and _ends(principal) < time.time_ns() // 1_000_000
        if principal is None or not is_correct or principal.is_disabled or stored is None or has_ended:
            self._throttle.fail(name, source.address, now)
            self.note(
                Event(
                    action="login.password",
                    actor=name,
                    credential="password",
                    outcome="failed",
                    reason=_why_failed(principal, is_correct=is_correct),
                    source=source,
                )
            )
            raise Unauthenticated(REFUSED)
        self._throttle.succeed(name, source.address)
        if passwords.is_outdated(stored):
            renewed = passwords.hash_of(password)
            with self._db.write(0) as tx:
                identity.rehash(tx, principal.principal_id, stored, renewed)
        return principal

    def caller_of(self, tx: Tx, principal: Principal, credential: str) -> SignedIn:
        """Return a caller with all rights of the principal, for what runs in its name and for explanations."""
        return SignedIn(principal, self._grants(tx, principal), credential)

    def why_not(self, principal_id: int | None, ws: int, actions: Iterable[Action]) -> str:
        """Return why something that a principal made may not act in a workspace now; empty if it may.

        Rights on single objects do not count, and a denial at one does: a link or a webhook concerns the whole workspace."""
        if time.monotonic() >= self._good_until:
            self._look()
        if principal_id is None or not self._has_users:
            return ""
        with self._db.read(ws) as tx:
            caller = self._acting.get(principal_id)
            if caller is None:
                principal = identity.find(tx, principal_id)
                if principal is None:
                    return "the user who created it was deleted"
                caller = self._acting[principal_id] = self.caller_of(tx, principal, "")
            workspace = workspaces.current(tx)
        if caller.principal.is_disabled:
            return f"{caller.name}, who created it, is disabled"
        missing = caller.rights_at(place_of(workspace)).missing(actions)
        return f"{caller.name}, who created it, does not have {missing[0]} in the whole workspace" if missing else ""

    def source(self, route: str, scope: Any) -> Source:
        """Return the source address of a call, from its ASGI scope."""
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        return Source(route, self._forwarded.address(scope), agent.decode("latin-1")[:500])

    def source_of(self, method: str, path: str) -> Source:
        """Return the source of a call on the short path, without its address."""
        return Source(f"{method} {path}")

    def is_secure(self, scope: Any) -> bool:
        """Return whether the browser used HTTPS."""
        return self._forwarded.is_secure(scope)

    def refused(self, caller: Caller, route: Any, workspace: Any, source: Source) -> None:
        self.note(
            Event(
                action="access.refused",
                actor=caller.name,
                credential=caller.credential,
                object_type="action",
                object_id=str(route.needs),
                workspace="" if workspace is None else workspace.name,
                outcome="denied",
                reason="no role allows it, or a denial forbids it",
                source=source,
            )
        )

    def forget(self) -> None:
        """Check the generation before the next call: this server has changed something."""
        self._good_until = 0.0

    def note(self, event: Event) -> None:
        """Buffer an event for the audit log; an equal event is counted."""
        self.buffer.add(event)

    def _is_current(self) -> bool:
        """Return whether the cache may be used.  Check the generation if that needs no thread; `admit` reports a store that
        fails."""
        if time.monotonic() < self._good_until:
            return True
        try:
            return self._db.reads_inline and self._look()
        except Fault:
            return False

    def _look(self) -> bool:
        """Compare the generation with the store's, and return True."""
        now = time.monotonic()
        with self._db.read(0) as tx:
            generation, has_users = identity.generation(tx)
        with self._lock:
            if generation != self._generation or has_users != self._has_users:
                self.age += 1
                self._callers.clear()
                self._acting.clear()
                self._generation = generation
                self._has_users = has_users
            self._good_until = now + LOOK_EVERY_S
        return True

    def _load(self, shown: bytes, known: bytes, headers: Headers, source: Source) -> SignedIn:
        secret, name = secret_of(shown)
        exchanged = None
        if self._exchange is not None and looks_like_jwt(secret):  # as Bearer, or as the password of Basic
            exchanged = self._exchange.read(secret, time.time_ns() // 1_000_000)
        is_password = name is not None and exchanged is None and not keys.looks_like_token(secret)
        password_of = name if is_password else None
        if password_of is not None:
            verified = self._verified.get(known)
            if verified is None or verified.until < time.monotonic():
                try:
                    self.check_password(password_of, secret, source)
                except Unauthenticated as fault:
                    raise unauthenticated(headers, late_s=fault.late_s) from None
                verified = None
        program = None
        if exchanged is None and self._programs is not None and name is None and looks_like_jwt(secret):
            program = self._verified_jwt(secret, headers, source)
        with self._db.read(0) as tx:
            generation, _ = identity.generation(tx)
            caller: SignedIn | None
            if program is not None:
                caller = self._of_program(tx, program, headers, source)
            elif password_of is not None:
                caller = self._of_password(tx, password_of, known, verified)
            elif shown.startswith(b"cookie "):
                caller = self._of_session(tx, secret)
            elif exchanged is not None:
                caller = self._of_exchanged(tx, exchanged)
            else:
                caller = self._of_token(tx, secret)
        if caller is None:
            if password_of is not None and verified is not None:  # the hash has changed: is it another password?
                self._verified.pop(known, None)
                return self._load(shown, known, headers, source)
            if not shown.startswith(b"cookie "):
                self.note(_refused_token(secret, source))
            raise unauthenticated(headers)
        with self._lock:
            if len(self._callers) >= MOST_REMEMBERED:
                self._callers.clear()
            if generation == self._generation:
                self._callers[known] = caller
        return caller

    def _verified_jwt(self, token: str, headers: Headers, source: Source) -> Any:
        assert self._programs is not None
        try:
            return self._programs.verify(token)
        except Refused as why:
            self.note(Event(action="login.token", credential="JWT", outcome="failed", reason=str(why), source=source))
            raise unauthenticated(headers, why=str(why)) from None

    def _of_program(self, tx: Tx, shown: Any, headers: Headers, source: Source) -> SignedIn:
        assert self._programs is not None
        try:
            principal = self._programs.principal(tx, shown)
            if principal.is_disabled:
                raise Refused("the service principal is disabled")
        except Refused as why:
            event = Event(
                action="login.token", credential=shown.words, outcome="failed", reason=str(why), source=source
            )
            self.note(event)
            raise unauthenticated(headers, why=str(why)) from None
        return SignedIn(principal, self._grants(tx, principal), shown.words, until=shown.until)

    def _of_password(self, tx: Tx, name: str, known: bytes, verified: _Verified | None) -> SignedIn | None:
        principal = identity.find_named(tx, name)
        stored = None if principal is None else identity.password_hash(tx, principal.principal_id)
        if principal is None or stored is None or principal.is_disabled or _ends(principal) < tx.now:
            return None
        if verified is not None and verified.stored != stored:
            return None
        if len(self._verified) >= MOST_REMEMBERED:
            self._verified.clear()
        now = time.monotonic()
        until = now + REMEMBER_PASSWORD_S if verified is None else verified.until
        self._verified[known] = _Verified(name, stored, until)
        until_ms = min(tx.now + int((until - now) * 1000), _ends(principal))
        if principal.password_ends_at is not None:
            return new_password_only(principal, "one-time password", until_ms)
        return SignedIn(principal, self._grants(tx, principal), "password", until=until_ms)

    def _of_exchanged(self, tx: Tx, shown: Exchanged) -> SignedIn | None:
        caller = self._of_digest(tx, shown.digest)
        if caller is not None:
            caller.until = min(caller.until, shown.until_ms)
        return caller

    def _of_token(self, tx: Tx, secret: str) -> SignedIn | None:
        return self._of_digest(tx, keys.digest(secret)) if keys.is_token(secret) else None

    def _of_digest(self, tx: Tx, digest: bytes) -> SignedIn | None:
        token = credentials.find_token(tx, digest)
        if token is None or (token.expires_at is not None and token.expires_at < tx.now):
            return None
        principal = identity.find(tx, token.principal_id)
        if principal is None or principal.is_disabled:
            return None
        return SignedIn(
            principal,
            self._grants(tx, principal),
            f"token {token.name} ({token.shown}…)",
            bounds=bounds_of(token),
            until=2**62 if token.expires_at is None else token.expires_at,
            token_id=token.token_id,
        )

    def _of_session(self, tx: Tx, secret: str) -> SignedIn | None:
        session = credentials.find_session(tx, keys.digest(secret))
        if session is None:
            return None
        until = min(
            session.seen_at + self._policy.session_idle_ms,
            session.created_at + self._policy.session_longest_ms,
            2**62 if session.ends_at is None else session.ends_at,
        )
        principal = identity.find(tx, session.principal_id)
        if until < tx.now or principal is None or principal.is_disabled:
            return None
        if principal.password_ends_at is not None and not session.issuer:
            until = min(until, principal.password_ends_at)
            return new_password_only(principal, f"session {session.session_id}", until, session.session_id)
        return SignedIn(
            principal,
            self._grants(tx, principal),
            f"session {session.session_id}",
            until=min(until, tx.now + MINUTE_MS),  # then it is read again, with the time of its last use
            session_id=session.session_id,
        )

    def _grants(self, tx: Tx, principal: Principal) -> Sequence[Grant]:
        """Return the grants of a principal: its roles and denials, and those of its groups and of everybody.

        None are read for an administrator, who needs none and may have thousands, one for each created experiment.
        """
        if principal.is_admin:
            return ()
        groups = identity.groups_of(tx, principal.principal_id)
        names = {principal.principal_id: principal.name, EVERYBODY: "everybody"}
        names |= {group.principal_id: f"{group.kind} {group.name}" for group in groups}
        roles = builtin.BY_ID | {role.role_id: role for role in store.custom_roles(tx)}
        return [
            *self._everybody,
            *(
                granted(
                    each,
                    roles[each.role_id],
                    f"{roles[each.role_id].name} {'denied to' if each.is_denial else 'for'} {names[each.principal_id]}"
                    f" at {each.scope} (assignment {each.assignment_id})",
                )
                for each in store.of_principals(tx, list(names))
                if each.role_id in roles
            ),
        ]

    def _digest(self, shown: bytes) -> bytes:
        return hashlib.blake2b(shown, key=self._key, digest_size=16).digest()


REFUSED = "The username or the password is not right."


def _ends(principal: Principal) -> int:
    """Return when the user's password ends (ms)."""
    return 2**62 if principal.password_ends_at is None else principal.password_ends_at


def _why_failed(principal: Principal | None, *, is_correct: bool) -> str:
    """Return why a sign-in failed, for the audit log only."""
    if principal is None or not is_correct:
        return "unknown user or wrong password"
    return "the user is disabled" if principal.is_disabled else "the one-time password has expired"


def _refused_token(secret: str, source: Source) -> Event:
    return Event(
        action="login.token",
        credential=f"token {keys.shown(secret)}…" if keys.is_token(secret) else "",
        outcome="failed",
        reason="the token is unknown, revoked or expired" if keys.is_token(secret) else "this is not a token",
        source=source,
    )
