"""Users, groups and service principals in SQL.

Each change increments the generation, so that every server of the store drops its cache.
"""

import re
from collections.abc import Sequence

from trackside.core.db.tx import Row, Tx
from trackside.core.errors import AlreadyExists, BadState, Invalid
from trackside.identity import passwords
from trackside.identity.model import Kind, Principal, check_name, no_such

_COLUMNS = """principal_id, kind, name, home, display_name, is_admin, is_disabled, created_at, last_login_at,
    CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, password_ends_at"""
_PEOPLE = [Kind.USER, Kind.SERVICE]


def touch(tx: Tx) -> None:
    """Increment the generation: every server drops its cache of users and rights."""
    tx.run(
        """
        INSERT INTO access_state (state_id, generation) VALUES (1, 1)
        ON CONFLICT (state_id) DO UPDATE SET generation = access_state.generation + 1
        """
    )


def generation(tx: Tx) -> tuple[int, bool]:
    """Return the generation, and whether there are users."""
    row = tx.one(
        """
        SELECT COALESCE((SELECT generation FROM access_state WHERE state_id = 1), 0),
            EXISTS (SELECT 1 FROM principals WHERE kind IN ('user', 'service'))
        """
    )
    assert row is not None
    return row[0], bool(row[1])


def create(
    tx: Tx,
    name: str,
    kind: Kind = Kind.USER,
    *,
    password_hash: str | None = None,
    is_admin: bool = False,
    display_name: str = "",
    home: str = "",
    password_ends_at: int | None = None,
) -> Principal:
    """Create a principal.  The first user must be an administrator, since only an administrator can create a second one."""
    if kind in _PEOPLE and not is_admin and not generation(tx)[1]:
        raise Invalid("The first user must be an administrator: without users, the server is open to everyone.")
    made = tx.one(
        """
        INSERT INTO principals (kind, name, home, display_name, is_admin, is_disabled, password_hash, password_changed_at,
            password_ends_at, created_at)
        VALUES (:kind, :name, :home, :display, :admin, 0, :hash, :changed, :ends, :now) ON CONFLICT DO NOTHING
        RETURNING principal_id
        """,
        kind=kind,
        name=check_name(name),
        home=home,
        display=display_name,
        admin=int(is_admin),
        hash=password_hash,
        changed=None if password_hash is None else tx.now,
        ends=password_ends_at,
    )
    if made is None:
        what = f"A user or group named {name!r}" if kind is Kind.GROUP else f"User (username={name})"
        raise AlreadyExists(f"{what} already exists.").because("taken", kind="user", name=name)
    touch(tx)
    return get(tx, made[0])


def get(tx: Tx, principal_id: int) -> Principal:
    found = find(tx, principal_id)
    if found is None:
        raise no_such("Principal", str(principal_id))
    return found


def find(tx: Tx, principal_id: int) -> Principal | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM principals WHERE principal_id = :id", id=principal_id)
    return None if row is None else _principal(row)


def find_named(tx: Tx, name: str) -> Principal | None:
    """Return a user, a service principal or a group; None if there is none."""
    row = tx.one(f"SELECT {_COLUMNS} FROM principals WHERE home = '' AND name = :name", name=name)
    return None if row is None else _principal(row)


def named(tx: Tx, name: str, *kinds: Kind) -> Principal:
    found = find_named(tx, name)
    if found is None or (kinds and found.kind not in kinds):
        raise no_such("Group" if kinds == (Kind.GROUP,) else "User", name)
    return found


def page(tx: Tx, kinds: Sequence[Kind], *, search: str = "", after: str = "", most: int = 2**31) -> list[Principal]:
    """Return principals in the order of their names.  `search` is a substring of the name or the display name,
    case-insensitive."""
    pattern = re.sub(r"([!%_])", r"!\1", search.lower())
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM principals
        WHERE kind IN :kinds AND name > :after
            AND (LOWER(name) LIKE :pattern ESCAPE '!' OR LOWER(display_name) LIKE :pattern ESCAPE '!')
        ORDER BY name LIMIT :most
        """,
        kinds=list(kinds),
        after=after,
        pattern=f"%{pattern}%",
        most=most,
    )
    return list(map(_principal, rows))


def password_hash(tx: Tx, principal_id: int) -> str | None:
    row = tx.one("SELECT password_hash FROM principals WHERE principal_id = :id", id=principal_id)
    return None if row is None else row[0]


def set_password(tx: Tx, principal: Principal, new_hash: str, ends_at: int | None = None) -> None:
    """Set a password, and end the sessions that began with the old one."""
    tx.run(
        """
        UPDATE principals SET password_hash = :hash, password_changed_at = :now, password_ends_at = :ends
        WHERE principal_id = :id
        """,
        hash=new_hash,
        ends=ends_at,
        id=principal.principal_id,
    )
    tx.run("DELETE FROM sessions WHERE principal_id = :id", id=principal.principal_id)
    touch(tx)


def rehash(tx: Tx, principal_id: int, old_hash: str, new_hash: str) -> None:
    """Replace the hash of the same password by one with the current parameters."""
    tx.run(
        "UPDATE principals SET password_hash = :new WHERE principal_id = :id AND password_hash = :old",
        new=new_hash,
        old=old_hash,
        id=principal_id,
    )


def set_admin(tx: Tx, principal: Principal, *, is_admin: bool) -> None:
    if not is_admin:
        _keep_an_administrator(tx, principal)
    tx.run(
        "UPDATE principals SET is_admin = :admin WHERE principal_id = :id",
        admin=int(is_admin),
        id=principal.principal_id,
    )
    touch(tx)


def set_disabled(tx: Tx, principal: Principal, *, is_disabled: bool) -> None:
    """Enable or disable a principal.  Disabling ends sessions; tokens are refused until it is enabled again."""
    if is_disabled:
        _keep_an_administrator(tx, principal)
        tx.run("DELETE FROM sessions WHERE principal_id = :id", id=principal.principal_id)
    tx.run(
        "UPDATE principals SET is_disabled = :disabled WHERE principal_id = :id",
        disabled=int(is_disabled),
        id=principal.principal_id,
    )
    touch(tx)


def note_login(tx: Tx, principal_id: int) -> None:
    tx.run("UPDATE principals SET last_login_at = :now WHERE principal_id = :id", id=principal_id)


def rename(tx: Tx, principal: Principal, name: str, display_name: str) -> None:
    taken = find_named(tx, name) if principal.home == "" else None
    if taken is not None and taken.principal_id != principal.principal_id:
        raise AlreadyExists(f"The name '{name}' is taken.").because("taken", kind="user", name=name)
    tx.run(
        "UPDATE principals SET name = :name, display_name = :display WHERE principal_id = :id",
        name=check_name(name),
        display=display_name,
        id=principal.principal_id,
    )
    touch(tx)


def delete(tx: Tx, principal: Principal) -> None:
    """Delete a principal with its tokens, sessions, identities, memberships and assignments."""
    _keep_an_administrator(tx, principal)
    tx.run("DELETE FROM tokens WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM sessions WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM identities WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM scim_resources WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM trusts WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM assignments WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM principals WHERE principal_id = :id", id=principal.principal_id)
    tx.run("DELETE FROM group_members WHERE group_id = :id OR member_id = :id", id=principal.principal_id)
    touch(tx)


def add_member(tx: Tx, group: Principal, member: Principal) -> int | None:
    """Add a member and return the membership's id; None if it exists."""
    if member.kind not in _PEOPLE:
        raise Invalid(f"'{member.name}' is a {member.kind}; members of a group are users and service principals.")
    made = tx.one(
        """
        INSERT INTO group_members (group_id, member_id) VALUES (:group, :member) ON CONFLICT DO NOTHING
        RETURNING membership_id
        """,
        group=group.principal_id,
        member=member.principal_id,
    )
    touch(tx)
    return None if made is None else int(made[0])


def remove_member(tx: Tx, group: Principal, member: Principal) -> bool:
    gone = tx.run(
        "DELETE FROM group_members WHERE group_id = :group AND member_id = :member",
        group=group.principal_id,
        member=member.principal_id,
    )
    touch(tx)
    return gone > 0


def members(tx: Tx, group_id: int) -> list[tuple[int, Principal]]:
    """Return the members by name, each with its membership's id."""
    rows = tx.all(
        f"""
        SELECT membership_id, {_COLUMNS} FROM group_members JOIN principals ON principal_id = member_id
        WHERE group_id = :group ORDER BY name
        """,
        group=group_id,
    )
    return [(row[0], _principal(row[1:])) for row in rows]


def groups_of(tx: Tx, member_id: int) -> list[Principal]:
    """Return the groups and roles of a member."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM group_members JOIN principals ON principal_id = group_id
        WHERE member_id = :member ORDER BY name
        """,
        member=member_id,
    )
    return list(map(_principal, rows))


def make_hash(password: str | None, username: str) -> str | None:
    return None if password is None else passwords.hash_of(passwords.check(password, username))


def _keep_an_administrator(tx: Tx, principal: Principal) -> None:
    """Raise BadState if no administrator would be left.  The lock makes two servers wait for each other."""
    if not principal.is_admin:
        return
    tx.all("SELECT principal_id FROM principals WHERE is_admin = 1 ORDER BY principal_id FOR UPDATE")
    others = tx.one(
        """
        SELECT COUNT(*) FROM principals
        WHERE is_admin = 1 AND is_disabled = 0 AND kind IN ('user', 'service') AND principal_id <> :id
        """,
        id=principal.principal_id,
    )
    if others == (0,):
        raise BadState(f"'{principal.name}' is the last administrator; create another one first.").because(
            "last-admin", name=principal.name
        )


def _principal(row: Row) -> Principal:
    return Principal(
        principal_id=row[0],
        kind=Kind(row[1]),
        name=row[2],
        home=row[3],
        display_name=row[4],
        is_admin=bool(row[5]),
        is_disabled=bool(row[6]),
        created_at=row[7],
        last_login_at=row[8],
        has_password=bool(row[9]),
        password_ends_at=row[10],
    )
