"""Tokens and sessions in SQL."""

from collections.abc import Iterable

from trackside.core.db.tx import Row, Tx
from trackside.core.errors import AlreadyExists, NotFound
from trackside.identity import keys
from trackside.identity.model import BY_PASSWORD, Kind, Principal, Session, SessionOrigin, Token, TokenScope
from trackside.identity.store import touch

_TOKEN = "token_id, principal_id, name, shown, scope, place, created_at, expires_at, last_used_at, last_address"  # noqa: S105
_SESSION = (
    """session_id, principal_id, created_at, seen_at, address, agent, issuer, subject, provider_session, ends_at"""
)


def create_token(
    tx: Tx, owner: Principal, name: str, scope: TokenScope, place: str, expires_at: int | None
) -> tuple[Token, str]:
    """Create a token; return its stored data, and the token itself, which is shown only once."""
    secret = keys.new_token(keys.OF_SERVICE if owner.kind is Kind.SERVICE else keys.OF_USER)
    made = tx.one(
        """
        INSERT INTO tokens (principal_id, name, shown, digest, scope, place, created_at, expires_at)
        VALUES (:owner, :name, :shown, :digest, :scope, :place, :now, :expires) ON CONFLICT DO NOTHING RETURNING token_id
        """,
        owner=owner.principal_id,
        name=name,
        shown=keys.shown(secret),
        digest=keys.digest(secret),
        scope=scope,
        place=place,
        expires=expires_at,
    )
    if made is None:
        raise AlreadyExists(f"'{owner.name}' has a token named '{name}'; revoke it, or choose another name.").because(
            "taken", kind="token", name=name
        )
    touch(tx)
    return get_token(tx, made[0]), secret


def get_token(tx: Tx, token_id: int) -> Token:
    found = find(tx, token_id)
    if found is None:
        raise NotFound(f"Token with id={token_id} not found")
    return found


def find(tx: Tx, token_id: int) -> Token | None:
    row = tx.one(f"SELECT {_TOKEN} FROM tokens WHERE token_id = :id", id=token_id)
    return None if row is None else _token(row)


def find_token(tx: Tx, digest: bytes) -> Token | None:
    row = tx.one(f"SELECT {_TOKEN} FROM tokens WHERE digest = :digest", digest=digest)
    return None if row is None else _token(row)


def tokens_of(tx: Tx, principal_id: int) -> list[Token]:
    rows = tx.all(f"SELECT {_TOKEN} FROM tokens WHERE principal_id = :id ORDER BY token_id", id=principal_id)
    return list(map(_token, rows))


def revoke_token(tx: Tx, token_id: int) -> None:
    tx.run("DELETE FROM tokens WHERE token_id = :id", id=token_id)
    touch(tx)


def note_uses(tx: Tx, uses: Iterable[tuple[int, int, str]]) -> None:
    """Record uses of tokens: (token, minute, address)."""
    for token_id, minute, address in uses:
        tx.run(
            "UPDATE tokens SET last_used_at = :minute, last_address = :address WHERE token_id = :id",
            minute=minute,
            address=address,
            id=token_id,
        )


def begin_session(
    tx: Tx,
    principal: Principal,
    address: str,
    agent: str,
    origin: SessionOrigin = BY_PASSWORD,
    *,
    is_secure: bool = False,
) -> tuple[Session, str]:
    """Return the session and its key.  `is_secure`: the browser used HTTPS."""
    secret = keys.new_session_key(is_secure=is_secure)
    made = tx.one(
        """
        INSERT INTO sessions (principal_id, digest, created_at, seen_at, address, agent, issuer, subject, provider_session,
            ends_at)
        VALUES (:owner, :digest, :now, :now, :address, :agent, :issuer, :subject, :session, :ends) RETURNING session_id
        """,
        owner=principal.principal_id,
        digest=keys.digest(secret),
        address=address[:200],
        agent=agent[:500],
        issuer=origin.issuer,
        subject=origin.subject,
        session=origin.provider_session,
        ends=None if origin.longest_ms is None else tx.now + origin.longest_ms,
    )
    assert made is not None
    return get_session(tx, made[0]), secret


def get_session(tx: Tx, session_id: int) -> Session:
    row = tx.one(f"SELECT {_SESSION} FROM sessions WHERE session_id = :id", id=session_id)
    if row is None:
        raise NotFound(f"Session with id={session_id} not found")
    return Session(*row)


def find_session(tx: Tx, digest: bytes) -> Session | None:
    row = tx.one(f"SELECT {_SESSION} FROM sessions WHERE digest = :digest", digest=digest)
    return None if row is None else Session(*row)


def sessions_of(tx: Tx, principal_id: int) -> list[Session]:
    rows = tx.all(f"SELECT {_SESSION} FROM sessions WHERE principal_id = :id ORDER BY session_id", id=principal_id)
    return [Session(*row) for row in rows]


def note_seen(tx: Tx, session_ids: Iterable[int]) -> None:
    for session_id in session_ids:
        tx.run("UPDATE sessions SET seen_at = :now WHERE session_id = :id", id=session_id)


def end_session(tx: Tx, session_id: int) -> None:
    tx.run("DELETE FROM sessions WHERE session_id = :id", id=session_id)
    touch(tx)


def end_sessions(tx: Tx, principal_id: int, *, but: int = 0) -> int:
    gone = tx.run("DELETE FROM sessions WHERE principal_id = :id AND session_id <> :but", id=principal_id, but=but)
    touch(tx)
    return gone


def drop_old(tx: Tx, *, idle_ms: int, longest_ms: int, expired_ms: int) -> None:
    """Delete sessions beyond their limits, and tokens that expired long ago."""
    tx.run(
        "DELETE FROM sessions WHERE seen_at < :idle OR created_at < :old OR ends_at < :now",
        idle=tx.now - idle_ms,
        old=tx.now - longest_ms,
    )
    tx.run("DELETE FROM tokens WHERE expires_at < :gone", gone=tx.now - expired_ms)


def _token(row: Row) -> Token:
    values = list(row)
    values[4] = TokenScope(values[4])
    return Token(*values)
