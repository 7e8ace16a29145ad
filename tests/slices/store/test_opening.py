"""A store that opens while the modules of the server load."""

import sqlite3
from contextlib import closing

import pytest

from trackside.core.db import migrate
from trackside.core.settings import Settings, SqliteStore
from trackside.opening import Opening


def test_an_opened_store_has_its_schema_and_its_first_experiment(chosen: Settings) -> None:
    with closing(Opening(chosen).take()) as db:
        assert migrate.status(db).pending == []
        with db.read(1) as tx:
            assert tx.one("SELECT name FROM experiments WHERE workspace_id = :ws") == ("Default",)


def test_what_the_opening_raised_is_raised_where_the_store_is_taken(sqlite_settings: Settings) -> None:
    assert isinstance(sqlite_settings.store, SqliteStore)
    sqlite_settings.store.path.write_bytes(b"no database, but long enough to be read as one" * 100)

    opening = Opening(sqlite_settings)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        opening.take()
    opening.abandon()


def test_a_store_that_nobody_took_is_closed(sqlite_settings: Settings) -> None:
    opening = Opening(sqlite_settings)

    opening.abandon()

    with pytest.raises(Exception, match="closed"), opening.take().write(1) as tx:
        tx.all("SELECT 1")


def test_a_store_that_was_taken_stays_open(sqlite_settings: Settings) -> None:
    opening = Opening(sqlite_settings)

    with closing(opening.take()) as db:
        opening.abandon()
        with db.read(1) as tx:
            assert tx.one("SELECT 1") == (1,)
