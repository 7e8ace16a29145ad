"""Opens the store of the settings: its schema, and messages on why it cannot be opened."""

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
    """Turn failures that an operator can repair into one-line messages; other failures pass unchanged."""
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
            f"this user may not write to {fault.filename}; give it the right, or choose another place"
        ) from fault
    except (sqlite3.Error, OSError, RuntimeError) as fault:
        store = settings.store
        if isinstance(store, SqliteStore) and store.path.exists() and not os.access(store.path.parent, os.W_OK):
            # SQLite needs files beside its own, also to read; it says only that it is "unable to open database file".
            raise Stop(f"the store {store} cannot be opened (this user cannot write to {store.path.parent})") from fault
        hint = "; `trackside db restore` makes a store from a backup" if "malformed" in str(fault) else ""
        raise Stop(f"the store {store} cannot be opened ({_words(fault)}){hint}") from fault
    except Fault as fault:
        raise Stop(f"the store {settings.store} cannot be opened ({fault.message})") from fault
    except Exception as fault:
        if not _is_postgresqls(fault):
            raise
        raise Stop(f"the store {settings.store} cannot be opened ({_words(fault)})") from fault


def status(settings: Settings) -> migrate.Status:
    """The schema of a store that exists; raises Stop for one that this version must not touch.  Changes nothing."""
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
    """The store for questions that change nothing."""
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
    """Raises Stop for a SQLite file that this version must not touch, before anything is written to or beside it."""
    if isinstance(settings.store, SqliteStore):
        fault = missing_part(settings.store.path)
        if fault is not None:
            raise Stop(f"the store {settings.store} cannot be opened: {fault}")
        if settings.store.path.exists():
            status(settings)


def open_database(settings: Settings) -> Any:
    """The database as it is: nothing is upgraded."""
    if isinstance(settings.store, SqliteStore):
        return SqliteDatabase(settings.store.path, settings.durability)
    postgres = import_module("trackside.core.db.postgres")  # its driver is an extra
    return postgres.PostgresDatabase(settings.store, settings.durability)


class _FileToRead:
    """A SQLite file that is only looked at: the usual way to open one makes it a file of Trackside's."""

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
    wire = sys.modules.get("trackside.core.db.pg.wire")  # not imported where there is no such store: an extra
    return wire is not None and isinstance(fault, wire.ServerError)


def _words(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
