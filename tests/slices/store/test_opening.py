"""A store that opens while the modules of the server load."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from trackside.core.db import migrate
from trackside.core.settings import Settings, SqliteStore
from trackside.opening import Opening, open_database

OPEN_FILES = Path("/proc/self/fd")


def test_an_opened_store_has_its_schema_and_its_first_experiment(chosen: Settings) -> None:
    with closing(Opening(chosen).take()) as db:
        assert migrate.status(db).pending == []
        with db.read(1) as tx:
            assert tx.one("SELECT name FROM experiments WHERE workspace_id = :ws") == ("Default",)


def test_an_error_of_the_opening_is_raised_when_the_store_is_taken(sqlite_settings: Settings) -> None:
    assert isinstance(sqlite_settings.store, SqliteStore)
    sqlite_settings.store.path.write_bytes(b"no database, but long enough to be read as one" * 100)

    opening = Opening(sqlite_settings)

    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        opening.take()
    opening.abandon()


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="the open files are read in /proc")
def test_a_file_that_is_not_a_store_is_closed(sqlite_settings: Settings) -> None:
    assert isinstance(sqlite_settings.store, SqliteStore)
    path = sqlite_settings.store.path
    path.write_bytes(b"no database, but long enough to be read as one" * 100)

    with pytest.raises(sqlite3.DatabaseError, match="not a database") as raised:
        open_database(sqlite_settings)

    still_open = [each.readlink() for each in OPEN_FILES.iterdir() if each.is_symlink()]
    assert path not in still_open, raised.value


def test_an_opened_store_that_is_not_taken_is_closed(sqlite_settings: Settings) -> None:
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
