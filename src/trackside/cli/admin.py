"""`trackside db` and `trackside version`: commands for the operator on the server's machine."""

import platform
import sqlite3

import trackside
from trackside.cli.lock import of_server
from trackside.cli.output import BROKEN, OK, print_error, say, table
from trackside.cli.stores import explained, open_database, refuse_foreign_file, status
from trackside.core.db import migrate
from trackside.core.settings import Settings, SqliteStore


def check(chosen: Settings) -> int:
    """Report whether this version can serve the store unchanged.  Changes nothing."""
    store = chosen.store
    if isinstance(store, SqliteStore) and not store.path.exists():
        say(f"{store}: does not exist; the server creates it at its start")
        return OK
    state = status(chosen)
    if state.pending:
        say(f"{store}: schema version {state.version} of {state.latest}; to apply: {', '.join(state.pending)}")
        print_error("the store needs `trackside db upgrade` (the server does the same at its start)")
        return BROKEN
    say(f"{store}: schema version {state.version}, up to date")
    return OK


def upgrade(chosen: Settings, *, with_backup: bool) -> int:
    """Apply pending migrations, after a backup unless `with_backup` is false."""
    refuse_foreign_file(chosen)
    lock = of_server(chosen)
    try:
        with explained(chosen):
            db = open_database(chosen)
            try:
                done = migrate.upgrade(db, chosen.backups if with_backup else None)
                version = migrate.status(db).version
            finally:
                db.close()
    finally:
        lock.release()
    if done.backup is not None:
        say(f"{chosen.store}: the backup before the upgrade is {done.backup}")
    applied = f"applied {', '.join(done.applied)}" if done.applied else "was up to date"
    say(f"{chosen.store}: schema version {version}, {applied}")
    return OK


def version() -> int:
    rows = [
        ("trackside", trackside.__version__),
        ("python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("sqlite", sqlite3.sqlite_version),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]
    say(table(rows))
    return OK
