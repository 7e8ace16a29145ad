"""Opens the store that the settings name, checks its schema, and explains why a store cannot be opened."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from trackside.cli.output import Stop
from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.sqlite_file import missing_part
from trackside.core.db.tx import SqliteSession, Tx
from trackside.core.errors import Fault
from trackside.core.locations import LocationError
from trackside.core.settings import Settings, SqliteStore

_EXTRAS = {"psycopg": "postgres", "obstore": "cloud", "joserfc": "oidc"}


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turn failures that an operator can repair into one-line messages.  Other failures pass unchanged."""
    try:
        yield
    except migrate.SchemaError as fault:
        raise Stop(f"the store {settings.store} cannot be served: {fault}") from fault
    except ModuleNotFoundError as fault:
        extra = _EXTRAS.get((fault.name or "").partition(".")[0])
        if extra is None:
            raise
        raise Stop(f"this needs the package {fault.name}; run: pip install 'trackside[{extra}]'") from fault
    except LocationError as fault:
        raise Stop(f"--artifacts is {str(settings.artifacts)!r}; {fault}") from fault
    except PermissionError as fault:
        raise Stop(
            f"this user may not write to {fault.filename}; change the permissions, or choose another location"
        ) from fault
    except (sqlite3.Error, OSError, RuntimeError) as fault:
        store = settings.store
        if isinstance(store, SqliteStore) and store.path.exists() and not os.access(store.path.parent, os.W_OK):
            # SQLite also creates files beside the database to read it; its message is only "unable to open database
            # file".
            raise Stop(f"the store {store} cannot be opened (this user cannot write to {store.path.parent})") from fault
        hint = "; restore a backup by `trackside db restore`" if "malformed" in str(fault) else ""
        raise Stop(f"the store {store} cannot be opened ({_reason(fault)}){hint}") from fault
    except Fault as fault:
        raise Stop(f"the store {settings.store} cannot be opened ({fault.message})") from fault
    except Exception as fault:
        if not _is_postgresqls(fault):
            raise
        raise Stop(f"the store {settings.store} cannot be opened ({_reason(fault)})") from fault


def status(settings: Settings) -> migrate.Status:
    """Return the schema of an existing store.  Changes nothing.  Raise Stop if this version must not open the store."""
    with _read_alone(settings) as db:
        found = migrate.status(db)
        migrate.check(found)
    return found


def foreign_tables(settings: Settings) -> list[str]:
    """Return tables of other programs in an existing store.  Changes nothing."""
    with _read_alone(settings) as db:
        return migrate.foreign_tables(db)


@contextmanager
def _read_alone(settings: Settings) -> Iterator[Any]:
    """Open the store for commands that only read."""
    with explained(settings):
        if isinstance(settings.store, SqliteStore):
            yield _FileToRead(settings.store.path)  # a database without `write`
            return
        db = open_database(settings)
        try:
            yield db
        finally:
            db.close()


def refuse_foreign_file(settings: Settings) -> None:
    """Check a SQLite file before anything is written to it or beside it.  Raise Stop if this version must not open it."""
    if isinstance(settings.store, SqliteStore):
        fault = missing_part(settings.store.path)
        if fault is not None:
            raise Stop(f"the store {settings.store} cannot be opened: {fault}")
        if settings.store.path.exists():
            status(settings)


def open_database(settings: Settings) -> Any:
    """Open the database without an upgrade."""
    if isinstance(settings.store, SqliteStore):
        return SqliteDatabase(settings.store.path, settings.durability)
    postgres = import_module("trackside.core.db.postgres")  # its driver is an optional dependency
    return postgres.PostgresDatabase(settings.store, settings.durability)


class _FileToRead:
    """Open a SQLite file read-only: `open_database` would turn any file into a store of Trackside."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.as_uri()}?mode=ro"

    @contextmanager
    def read(self, ws: int) -> Iterator[Tx]:
        connection = sqlite3.connect(self._uri, uri=True, isolation_level=None)
        try:
            yield Tx(SqliteSession(connection), ws, time.time_ns() // 1_000_000)
        finally:
            connection.close()


def _is_postgresqls(fault: Exception) -> bool:
    wire = sys.modules.get("trackside.core.db.pg.wire")  # imported only for such a store: an optional dependency
    return wire is not None and isinstance(fault, wire.ServerError)


def _reason(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
