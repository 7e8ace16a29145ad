"""The store that the settings name, opened for a look.  Knows which error means what; knows no table."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trackside.cli.output import Stop
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.settings import Settings, SqliteStore


@contextmanager
def opened(settings: Settings) -> Iterator[Any]:
    store = settings.store
    assert isinstance(store, SqliteStore)
    try:
        db = SqliteDatabase(store.path, settings.durability)
    except (sqlite3.Error, OSError, RuntimeError) as fault:
        raise Stop(f"the store {store} cannot be opened ({fault})") from None
    try:
        yield db
    except sqlite3.Error as fault:
        raise Stop(f"the store {store} cannot be read ({fault})") from None
    finally:
        db.close()
