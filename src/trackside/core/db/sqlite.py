"""A store in one SQLite file.  Knows pragmas, connections and durability; knows no table.

WAL with one writer: readers never wait.  `full` syncs the log at each commit; `relaxed` syncs it in the background each
second, so that a power cut may take the last second, and a killed process nothing.  The log is copied into the database
(a checkpoint) beside the writer, who would else stand still for it.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import SqliteSession, Tx

Durability = Literal["full", "relaxed"]
SYNC_INTERVAL_S = 1.0
CHECKPOINT_COMMITS = 200  # a commit writes some ten pages: the log stays at a few MiB
RESTART_BYTES = 64 << 20  # a log of this size has not been empty for long: the writer pauses, so that it starts anew
BUSY_TIMEOUT_S = 10.0
MINIMUM = (3, 35, 0)  # RETURNING

_COMMON = """
PRAGMA foreign_keys = OFF;
PRAGMA case_sensitive_like = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16000;
PRAGMA mmap_size = 268435456;
"""


class SqliteWriter(SqliteSession):
    """The write connection: `BEGIN IMMEDIATE` to `COMMIT`, with one level of savepoint."""

    def begin(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def savepoint(self) -> None:
        self.connection.execute("SAVEPOINT command")

    def release(self) -> None:
        self.connection.execute("RELEASE command")

    def rollback_to_savepoint(self) -> None:
        self.connection.execute("ROLLBACK TO command")
        self.connection.execute("RELEASE command")

    def is_worth_retry(self, error: Exception) -> bool:
        del error
        return False  # SQLite itself has waited for locks

    def is_fault_of_store(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError
        )

    def close(self) -> None:
        self.connection.close()


class SqliteDatabase:
    """A store in the file `path`.  Threads read side by side, each by a connection of its own."""

    dialect: Literal["sqlite"] = "sqlite"
    reads_inline = True  # a read by key costs less than a hop to a thread

    def __init__(self, path: Path, durability: Durability = "full") -> None:
        if sqlite3.sqlite_version_info < MINIMUM:
            needed = ".".join(map(str, MINIMUM))
            raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old; Trackside needs {needed} or newer")
        self.path = path
        self.durability = durability
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closing = threading.Event()
        self._dirty = threading.Event()
        self._commits = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = GroupWriter(
            self._connect_writer, remembers=True, waits_for_disk=durability == "full", after_commit=self._count_commit
        )
        self._keeper = threading.Thread(target=self._keep_log, name="trackside-log", daemon=True)
        self._keeper.start()

    @contextmanager
    def read(self, ws: int) -> Iterator[Tx]:
        """A snapshot: every statement of the transaction sees the same state."""
        session = self._reader()
        epoch = self.writer.epoch  # before the snapshot, so that it has all of this epoch
        session.connection.execute("BEGIN")
        try:
            yield Tx(session, ws, time.time_ns() // 1_000_000, epoch=epoch)
        finally:
            session.connection.execute("COMMIT")

    @contextmanager
    def write(self, ws: int) -> Iterator[Tx]:
        with self.writer.transaction(ws) as tx:
            yield tx

    def backup(self, target: Path) -> None:
        """A consistent copy, also while others write."""
        with sqlite3.connect(target) as copy:
            self._reader().connection.backup(copy)
        copy.close()

    def close(self) -> None:
        self._closing.set()
        self._dirty.set()
        self._keeper.join()
        for connection in self._readers:
            with suppress(sqlite3.Error):
                connection.close()
        self._readers.clear()
        self.writer.close()

    def _reader(self) -> SqliteSession:
        session: SqliteSession | None = getattr(self._local, "session", None)
        if session is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            self._readers.append(connection)
            session = self._local.session = SqliteSession(connection)
        return session

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in filter(None, map(str.strip, _COMMON.splitlines())):
            connection.execute(pragma)
        return connection

    def _connect_writer(self) -> SqliteWriter:
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self.durability == 'full' else 'NORMAL'}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return SqliteWriter(connection)

    def _count_commit(self) -> None:
        self._commits += 1
        if self._commits == 1 or self._commits == CHECKPOINT_COMMITS:
            self._dirty.set()

    def _keep_log(self) -> None:
        """Syncs the log (if nobody else does) and checkpoints it, after so many commits and a second after the first one."""
        log_file = self.path.with_name(self.path.name + "-wal")
        connection = self._connect()
        connection.execute("PRAGMA synchronous = FULL")
        try:
            while True:
                self._dirty.wait()
                if self._commits < CHECKPOINT_COMMITS and not self._closing.is_set():
                    self._dirty.clear()
                    if self._commits < CHECKPOINT_COMMITS:
                        self._dirty.wait(SYNC_INTERVAL_S)
                self._dirty.clear()
                self._commits = 0
                if self._closing.is_set():
                    return
                with suppress(OSError, sqlite3.Error):  # the writer meets the same trouble, and tells its callers
                    if self.durability == "relaxed":
                        _sync(log_file)
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    if log_file.stat().st_size > RESTART_BYTES:
                        with self.writer.pause():
                            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(handle)
    finally:
        os.close(handle)
