"""SQLite's WAL stays short under a busy writer, also with long reads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from support.links import until
from trackside.core.db.sqlite import Durability, SqliteDatabase
from trackside.core.db.wal import FIRST_LOOK, LEAST_LOG_BYTES, MOST_LOG_BYTES, LogKeeper, sync_log

ROW_BYTES = 40_000
MOST_COMMITS = 20_000


@pytest.fixture(params=["full", pytest.param("relaxed", marks=pytest.mark.slow)])
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


def test_the_wal_of_a_busy_writer_is_reset_during_writes(db: SqliteDatabase) -> None:
    before = 0
    for _ in range(MOST_COMMITS):
        fill(db, 1)
        now = log_bytes(db)
        if now < before:
            break
        before = now
    else:
        pytest.fail(f"the log grew to {before} bytes in {MOST_COMMITS} commits")
    settle(db)


def test_a_small_store_has_a_small_wal(db: SqliteDatabase) -> None:
    fill(db, 1)
    largest = 0
    for _ in range(10 * LEAST_LOG_BYTES // ROW_BYTES):
        with db.write(1) as tx:
            tx.run("UPDATE rows SET value = randomblob(:size)", size=ROW_BYTES)
        largest = max(largest, log_bytes(db))
        until(lambda: db._keeper.is_content, "the keeper of the log to look at it:")

    assert largest <= 3 * LEAST_LOG_BYTES
    settle(db)


def test_a_reader_delays_no_writer_and_the_wal_shrinks_after_it(db: SqliteDatabase) -> None:
    with db.read(1) as tx:
        before = tx.one("SELECT count(*) FROM rows")
        held = fill(db, 600)
        assert tx.one("SELECT count(*) FROM rows") == before

    assert held > MOST_LOG_BYTES  # it could not start again
    settle(db)


def settle(db: SqliteDatabase) -> None:
    """The log comes back to what it may have while somebody writes a little."""

    def is_short() -> bool:
        fill(db, 1)
        return log_bytes(db) <= MOST_LOG_BYTES

    until(is_short, "the log to start again:", said=lambda: log_bytes(db))


def test_commits_are_synced_while_a_checkpoint_takes_its_time(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    held, go, synced = threading.Event(), threading.Event(), threading.Semaphore(0)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    @contextmanager
    def pause() -> Iterator[None]:
        held.set()
        assert go.wait(120)
        yield

    def sync() -> None:
        sync_log(path)
        synced.release()

    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE rows (value BLOB)")
        writer.execute("INSERT INTO rows VALUES (zeroblob(?))", (2 * LEAST_LOG_BYTES,))
        with closing(LogKeeper(path, connect, pause, sync=sync)) as keeper:
            keeper.count_commit()
            assert held.wait(120)  # the log has more than it may have
            assert synced.acquire(timeout=120)

            for _ in range(2):
                writer.execute("INSERT INTO rows VALUES (x'00')")
                keeper.count_commit()
                assert synced.acquire(timeout=120)

            go.set()


def test_a_log_keeper_that_cannot_connect_tries_again_after_further_commits(tmp_path: Path) -> None:
    attempts = threading.Semaphore(0)

    def connect() -> sqlite3.Connection:
        attempts.release()
        return sqlite3.connect(tmp_path / "none" / "x")

    with closing(LogKeeper(tmp_path / "x", connect, nullcontext, sync=None)) as keeper:
        for _ in range(2):
            for _ in range(FIRST_LOOK):
                keeper.count_commit()
            assert attempts.acquire(timeout=120)
