"""Identities at providers, trusts of programs, and pending sign-ins, in SQL."""

import json
from collections.abc import Sequence

from trackside.core.db.tx import Row, Tx
from trackside.core.errors import AlreadyExists, NotFound
from trackside.identity import keys
from trackside.identity.model import Principal
from trackside.identity.oidc.model import Identity, Trust
from trackside.identity.store import touch

_IDENTITY = "identity_id, issuer, subject, created_at"
_TRUST = "trust_id, principal_id, issuer, claims, created_at, created_by"


def principal_of(tx: Tx, issuer: str, subject: str) -> int | None:
    row = tx.one(
        "SELECT principal_id FROM identities WHERE issuer = :issuer AND subject = :subject",
        issuer=issuer,
        subject=subject,
    )
    return None if row is None else int(row[0])


def link(tx: Tx, principal_id: int, issuer: str, subject: str) -> Identity:
    made = tx.one(
        f"""
        INSERT INTO identities (principal_id, issuer, subject, created_at) VALUES (:id, :issuer, :subject, :now)
        ON CONFLICT DO NOTHING RETURNING {_IDENTITY}
        """,
        id=principal_id,
        issuer=issuer,
        subject=subject,
    )
    if made is None:
        raise AlreadyExists(f"The subject {subject[:100]!r} of this provider already belongs to a user.")
    return Identity(*made)


def identities_of(tx: Tx, principal_id: int) -> list[Identity]:
    rows = tx.all(f"SELECT {_IDENTITY} FROM identities WHERE principal_id = :id ORDER BY identity_id", id=principal_id)
    return [Identity(*row) for row in rows]


def drop_identity(tx: Tx, principal_id: int, identity_id: int) -> Identity:
    """Delete an identity, and end the sessions that began with it."""
    row = tx.one(
        f"DELETE FROM identities WHERE identity_id = :id AND principal_id = :owner RETURNING {_IDENTITY}",
        id=identity_id,
        owner=principal_id,
    )
    if row is None:
        raise NotFound(f"Identity with id={identity_id} not found")
    gone = Identity(*row)
    tx.run(
        "DELETE FROM sessions WHERE issuer = :issuer AND subject = :subject", issuer=gone.issuer, subject=gone.subject
    )
    touch(tx)
    return gone


def create_trust(tx: Tx, principal_id: int, issuer: str, claims: dict[str, str]) -> Trust:
    made = tx.one(
        f"""
        INSERT INTO trusts (principal_id, issuer, claims, created_at, created_by)
        VALUES (:id, :issuer, :claims, :now, :by) RETURNING {_TRUST}
        """,
        id=principal_id,
        issuer=issuer,
        claims=json.dumps(claims, sort_keys=True),
        by=tx.caller.name,
    )
    assert made is not None
    touch(tx)
    return _trust(made)


def trusts_of(tx: Tx, principal_id: int) -> list[Trust]:
    rows = tx.all(f"SELECT {_TRUST} FROM trusts WHERE principal_id = :id ORDER BY trust_id", id=principal_id)
    return list(map(_trust, rows))


def trusts_in(tx: Tx, issuer: str) -> list[Trust]:
    rows = tx.all(f"SELECT {_TRUST} FROM trusts WHERE issuer = :issuer ORDER BY trust_id", issuer=issuer)
    return list(map(_trust, rows))


def delete_trust(tx: Tx, principal_id: int, trust_id: int) -> Trust:
    row = tx.one(
        f"DELETE FROM trusts WHERE trust_id = :id AND principal_id = :owner RETURNING {_TRUST}",
        id=trust_id,
        owner=principal_id,
    )
    if row is None:
        raise NotFound(f"Trust with id={trust_id} not found")
    touch(tx)
    return _trust(row)


def begin(tx: Tx, secret: str, *, browser: str, provider: str, next_page: str, next_at: int, expires_at: int) -> None:
    tx.run("DELETE FROM sign_ins WHERE expires_at < :now")
    tx.run(
        """
        INSERT INTO sign_ins (digest, browser, provider, next_page, next_at, expires_at)
        VALUES (:digest, :browser, :provider, :page, :next_at, :expires)
        """,
        digest=keys.digest(secret),
        browser=keys.digest(browser),
        provider=provider,
        page=next_page,
        next_at=next_at,
        expires=expires_at,
    )


def finish(tx: Tx, secret: str, *, browser: str, provider: str) -> str | None:
    """Consume a pending sign-in and return its page; None if this browser has none, or it was used."""
    row = tx.one(
        """
        DELETE FROM sign_ins
        WHERE digest = :digest AND browser = :browser AND provider = :provider AND expires_at >= :now RETURNING next_page
        """,
        digest=keys.digest(secret),
        browser=keys.digest(browser),
        provider=provider,
    )
    return None if row is None else str(row[0])


def wait(tx: Tx, secret: str, provider: str, interval_ms: int) -> bool | None:
    """Return whether a terminal may poll now, and set its next time to `interval_ms` later; None if there is no such sign-in."""
    found = tx.one(
        """
        SELECT next_at FROM sign_ins WHERE digest = :digest AND provider = :provider AND expires_at >= :now FOR UPDATE
        """,
        digest=keys.digest(secret),
        provider=provider,
    )
    if found is None:
        return None
    if found[0] > tx.now:
        return False
    tx.run(
        "UPDATE sign_ins SET next_at = :next WHERE digest = :digest",
        next=tx.now + interval_ms,
        digest=keys.digest(secret),
    )
    return True


def set_members(tx: Tx, principal: Principal, group_ids: Sequence[int], origin: str) -> tuple[list[int], list[int]]:
    """Replace the memberships of this origin; others stay.  Return the groups that were added and removed."""
    rows = tx.all(
        "SELECT group_id, origin FROM group_members WHERE member_id = :id ORDER BY group_id FOR UPDATE",
        id=principal.principal_id,
    )
    gone = [group for group, of in rows if of == origin and group not in group_ids]
    new = sorted(set(group_ids) - {group for group, _ in rows})
    for group in gone:
        tx.run(
            "DELETE FROM group_members WHERE group_id = :group AND member_id = :id",
            group=group,
            id=principal.principal_id,
        )
    for group in new:
        tx.run(
            """
            INSERT INTO group_members (group_id, member_id, origin) VALUES (:group, :id, :origin) ON CONFLICT DO NOTHING
            """,
            group=group,
            id=principal.principal_id,
            origin=origin,
        )
    if gone or new:
        touch(tx)
    return new, gone


def end_sessions(tx: Tx, issuer: str, subject: str, provider_session: str) -> list[tuple[int, int]]:
    """End the sessions of a subject, or of one session at the provider.  Return each with its principal."""
    rows = tx.all(
        """
        DELETE FROM sessions
        WHERE issuer = :issuer AND (:subject = '' OR subject = :subject) AND (:session = '' OR provider_session = :session)
        RETURNING session_id, principal_id
        """,
        issuer=issuer,
        subject=subject,
        session=provider_session,
    )
    if rows:
        touch(tx)
    return [(row[0], row[1]) for row in rows]


def _trust(row: Row) -> Trust:
    return Trust(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])
