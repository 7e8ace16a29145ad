"""Creates the first administrator from the operator's variables."""

from pathlib import Path

from trackside import opening
from trackside.cli.output import Stop
from trackside.cli.stores import open_database, status
from trackside.core.access import ALL_RIGHTS
from trackside.core.errors import AlreadyExists, Fault
from trackside.core.settings import Settings, SqliteStore
from trackside.identity import service, store
from trackside.identity.service import OPERATOR

FIRST_WITH_USERS = 30  # the migration


def password(settings: Settings) -> str | None:
    """Return the operator's password for an administrator; None if there is none.  Raise Stop for a file that cannot be read."""
    if settings.admin_password is not None:
        return settings.admin_password.text
    if not settings.admin_password_file:
        return None
    try:
        lines = Path(settings.admin_password_file).read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as fault:
        raise Stop(
            f"--admin-password-file is {settings.admin_password_file!r}, which cannot be read ({fault})"
        ) from None
    if not lines or not lines[0]:
        raise Stop(f"--admin-password-file is {settings.admin_password_file!r}, whose first line is empty")
    return lines[0]


def has_users(settings: Settings) -> bool:
    """Return whether the store has a user.  A new store, or one of an older version, has none."""
    if isinstance(settings.store, SqliteStore) and not settings.store.path.exists():
        return False
    if status(settings).version < FIRST_WITH_USERS:
        return False
    db = open_database(settings)
    try:
        with db.read(0) as tx:
            return store.generation(tx)[1]
    finally:
        db.close()


def ensure(settings: Settings, chosen: str) -> None:
    """Create the administrator if there is no user."""
    db = opening.open_database(settings)
    try:
        with db.read(0) as tx:
            if store.generation(tx)[1]:
                return
        try:
            new_hash = store.make_hash(chosen, settings.admin_username)
            with db.write(0) as tx:
                by_operator = tx.by(OPERATOR.name).for_caller(OPERATOR, ALL_RIGHTS)
                service.create_user(by_operator, settings.admin_username, password_hash=new_hash, is_admin=True)
        except AlreadyExists:  # another server of the store was faster
            return
        except Fault as fault:
            raise Stop(f"the first administrator cannot be created: {fault.message}") from None
    finally:
        db.close()
