"""`trackside db restore`: restores a store from a backup of either database; it overwrites nothing."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from trackside.cli.lock import of_server
from trackside.cli.output import OK, Stop, say
from trackside.cli.stores import explained, open_database
from trackside.core import disk
from trackside.core.db import migrate
from trackside.core.settings import Settings, SqliteStore

SQLITE, GZIP = b"SQLite format 3\0", b"\x1f\x8b"
BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite would use leftover files of another database


def run(chosen: Settings, file: str) -> int:
    """Restore into a new file or an empty database."""
    source = Path(file)
    is_sqlite = _is_sqlite(source)
    if is_sqlite != isinstance(chosen.store, SqliteStore):
        kind = "SQLite" if is_sqlite else "PostgreSQL"
        url = "sqlite:///FILE" if is_sqlite else "postgresql://USER:PASSWORD@HOST/DATABASE"
        raise Stop(f"{source} is a backup of a store on {kind}, but the store is {chosen.store}; use --store {url}")
    lock = of_server(chosen)
    try:
        version = _copy(source, chosen.store.path) if isinstance(chosen.store, SqliteStore) else _fill(chosen, source)
    finally:
        lock.release()
    latest = migrate.migrations()[-1].number
    say(
        f"{chosen.store}: schema version {version}, as in {source}"
        + (f" (this release upgrades it to {latest} at its start)" * (version < latest))
    )
    return OK


def _is_sqlite(source: Path) -> bool:
    try:
        with source.open("rb") as file:
            head = file.read(len(SQLITE))
    except OSError as fault:
        raise Stop(f"cannot read {source} ({fault.strerror})") from None
    if head != SQLITE and not head.startswith(GZIP):
        raise Stop(f"{source} is not a backup of Trackside; backups end in .db (SQLite) or .sql.gz (PostgreSQL)")
    return head == SQLITE


def _copy(source: Path, target: Path) -> int:
    for name in (target.name + more for more in BESIDE):
        if target.with_name(name).exists():
            raise Stop(f"{target.with_name(name)} exists; move it first, or choose another file with --store")
    unfinished = target.with_name(target.name + ".part")
    try:
        disk.make_folder(target.parent)
        with source.open("rb") as saved, os.fdopen(disk.create(unfinished), "wb") as copy:
            shutil.copyfileobj(saved, copy)
        version = _version(unfinished, source)
        disk.settle(unfinished, target)
    except OSError as fault:
        raise Stop(f"cannot write to {target} ({fault.strerror})") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return version


def _fill(chosen: Settings, source: Path) -> int:
    with explained(chosen):
        db = open_database(chosen)
        try:
            state = migrate.status(db)
            if state.version or state.is_mlflows:
                raise Stop(f"{chosen.store} is not an empty database; create one, and set it with --store")
            try:
                return int(db.restore(source))
            except ValueError as fault:
                raise Stop(str(fault)) from None
        finally:
            db.close()


def _version(copy: Path, source: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
            ((health,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
            version = connection.execute("SELECT MAX(number) FROM schema_migrations").fetchone()[0]
    except sqlite3.Error as fault:
        health, version = str(fault), None
    if health != "ok" or not version:
        raise Stop(f"{source} is not a complete backup of Trackside ({health})")
    return int(version)
