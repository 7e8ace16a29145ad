"""SQLite's log stays short under a writer that never rests, whatever a reader holds meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackside.core.db.sqlite import Durability, SqliteDatabase
from trackside.core.db.wal import LEAST_LOG_BYTES, MOST_LOG_BYTES

ROW_BYTES = 40_000


@pytest.fixture(params=["full", "relaxed"])
def db(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SqliteDatabase]:
    durability: Durability = request.param
    database = SqliteDatabase(tmp_path / "store.db", durability)
    with database.write(1) as tx:
        tx.run("CREATE TABLE rows (row INTEGER PRIMARY KEY, value BLOB)")
    yield database
    database.close()


def log_bytes(db: SqliteDatabase) -> int:
    return db.path.with_name(db.path.name + "-wal").stat().st_size


def fill(db: SqliteDatabase, commits: int) -> int:
    """The largest that the log was."""
    largest = 0
    for _ in range(commits):
        with db.write(1) as tx:
            tx.run("INSERT INTO rows (value) VALUES (randomblob(:size))", size=ROW_BYTES)
        largest = max(largest, log_bytes(db))
    return largest


def test_the_log_of_a_busy_writer_stays_in_proportion(db: SqliteDatabase) -> None:
    largest = fill(db, 1000)

    if db.durability == "full":  # else a thousand commits take no longer than a few checkpoints
        assert largest <= 900 * ROW_BYTES // 2
    settle(db)


def test_a_small_store_has_a_small_log(db: SqliteDatabase) -> None:
    largest = fill(db, 100)

    if db.durability == "full":
        assert largest <= 3 * LEAST_LOG_BYTES
    settle(db)


def test_a_reader_holds_up_no_writer_and_the_log_shrinks_when_it_ends(db: SqliteDatabase) -> None:
    with db.read(1) as tx:
        before = tx.one("SELECT count(*) FROM rows")
        held = fill(db, 600)
        assert tx.one("SELECT count(*) FROM rows") == before

    assert held > MOST_LOG_BYTES  # it could not begin anew
    settle(db)


def settle(db: SqliteDatabase) -> None:
    """The log comes back to what it may have while somebody writes a little."""
    give_up = time.monotonic() + 30
    while log_bytes(db) > MOST_LOG_BYTES:
        assert time.monotonic() < give_up, f"the log has {log_bytes(db)} bytes"
        fill(db, 1)
