"""A store in one SQLite file: connections, pragmas, durability.

In WAL mode readers never wait for the writer.  `full` syncs the WAL at each commit.  `relaxed` syncs it in the background each
second: a power cut may lose the last second, a killed process loses nothing.  The module `wal` keeps the WAL short.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Set
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from trackside.core import disk
from trackside.core.db import sqlite_file
from trackside.core.db.commit import Busy
from trackside.core.db.group import ALWAYS, GroupWriter
from trackside.core.db.limits import Limit
from trackside.core.db.reads import Connections, Reads
from trackside.core.db.sqlite_file import Watch
from trackside.core.db.tx import OnChange, OnCommit, SqliteSession, Tx
from trackside.core.db.wal import MOST_LOG_BYTES, LogKeeper, sync_log
from trackside.core.db.watchdog import Watchdog
from trackside.core.errors import Unavailable

Durability = Literal["full", "relaxed"]
BUSY_TIMEOUT_S = 10.0
READERS_END_S = 2.0  # `close` waits this long for reads under way, and again after it interrupted them
QUICK_COMMIT_S = 0.001  # with the sync to the disk; a shorter commit may run on the event loop
MINIMUM = (3, 35, 0)  # RETURNING

# The file is in the kernel's page cache.  Mapped pages and larger caches of each connection count as memory of the server (471
# MiB instead of 162 with 100,000 runs) and save a fifth of the time of paging through all runs (docs/measurements/start.md).
_COMMON = """
PRAGMA foreign_keys = OFF;
PRAGMA case_sensitive_like = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -4000;
PRAGMA mmap_size = 0;
"""
# `busy_timeout` is 0: `begin` waits for other processes itself, where its caller may wait.
_OF_WRITER = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = {synchronous};
PRAGMA wal_autocheckpoint = 0;
PRAGMA busy_timeout = 0;
PRAGMA journal_size_limit = {most_log_bytes};
"""


def unfit() -> str | None:
    """Return why the SQLite of this Python cannot be used; None if it can."""
    if sqlite3.sqlite_version_info < MINIMUM:
        return f"Trackside needs {'.'.join(map(str, MINIMUM))} or newer"
    if sqlite3.threadsafety == 0:
        return "it was built without threads; use another Python"
    with closing(sqlite3.connect(":memory:")) as connection:
        try:  # built in since 3.38, optional before
            connection.execute("SELECT json_type(value) FROM json_each('[1]') WHERE json_valid(value)")
        except sqlite3.Error as fault:
            return f"it was built without the JSON functions ({fault}); use another Python, or SQLite 3.38 or newer"
    return None


class SqliteWriter(SqliteSession):
    """The write connection: `BEGIN IMMEDIATE` to `COMMIT`, with one level of savepoint.

    Its busy timeout is 0: only `begin` can meet the lock of another process."""

    def __init__(self, connection: sqlite3.Connection, watch: Watch, on_commit: OnCommit) -> None:
        """`on_commit` gets the workspaces whose change log grew, after the commit."""
        super().__init__(connection)
        self._watch = watch
        self._on_commit = on_commit

    def begin(self, *, waits: bool = True) -> None:
        self.news = set()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY:
                raise
            if not waits:
                raise Busy from None
            self._wait_and_begin()

    def _wait_and_begin(self) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        finally:
            self.connection.execute("PRAGMA busy_timeout = 0")

    def commit(self) -> None:
        self.connection.execute("COMMIT")
        self._watch.check()  # a write to a file that was removed is not acknowledged
        if self.news:
            self._on_commit(self.news)

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
        return False  # `begin` has waited for the lock

    def is_fault_of_store(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError
        )

    def close(self) -> None:
        self.connection.close()


def _ignore(workspaces: Set[int]) -> None:
    """Ignore a commit before `when_changed` was called."""


class SqliteDatabase:
    """A store in the file `path`.  Threads read concurrently; each read has a connection of its own."""

    dialect: Literal["sqlite"] = "sqlite"
    shared = False  # it has one server
    reads_inline = True  # a read by key is faster than a switch to a thread
    backup_suffix = ".db"

    def __init__(self, path: Path, durability: Durability = "full") -> None:
        fault = unfit()
        if fault is not None:
            raise RuntimeError(f"SQLite {sqlite3.sqlite_version} cannot be used: {fault}")
        self.path = path
        self.durability = durability
        self._readers: list[sqlite3.Connection] = []
        self._free: list[SqliteSession] = []  # LIFO: the connection used last has its pages in the cache
        self.reads = Reads()
        self._watchdog = Watchdog()
        sqlite_file.prepare(path)
        self._watch = Watch(path)
        waits = durability == "full"
        self._changed: OnCommit = _ignore
        self.writer = GroupWriter(
            self._connect_writer,
            remembers=True,
            inline_s=QUICK_COMMIT_S if waits else ALWAYS,
            after_commit=self._count_commit,
        )
        sync = None if waits else partial(sync_log, path)
        self._keeper = LogKeeper(path, self._connect, self.writer.pause, sync=sync)

    @contextmanager
    def read(self, ws: int, limit: Limit | None = None) -> Iterator[Tx]:
        """Open a read transaction on one snapshot.  Raises TooSlow when a statement exceeds the limit."""
        begun = self.reads.begin()
        try:
            session = self._take_reader()
            try:
                epoch = self.writer.epoch  # before the snapshot, so that it has all of this epoch
                session.connection.execute("BEGIN")
                try:
                    with nullcontext() if limit is None else self._watchdog.watch(limit, session.connection):
                        yield Tx(session, ws, time.time_ns() // 1_000_000, epoch=epoch)
                except sqlite3.OperationalError as error:
                    if limit is not None and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                        raise limit.fault() from None
                    raise
                finally:
                    session.connection.execute("COMMIT")
            finally:
                self._return_to_pool(session)
        finally:
            self.reads.end(begun)

    @contextmanager
    def write(self, ws: int) -> Iterator[Tx]:
        with self.writer.transaction(ws) as tx:
            yield tx

    def when_changed(self, on_commit: OnCommit) -> None:
        """Call `on_commit`, which must not block, with the workspaces whose change log a commit extended."""
        self._changed = on_commit

    def listen(self, on_change: OnChange) -> None:
        """Do nothing: the file has one server, so no other server changes it."""

    def write_beside(self, ws: int) -> AbstractContextManager[Tx]:
        """Open a write transaction on the only write connection."""
        return self.write(ws)

    def fault(self) -> str | None:
        """Return a message for callers on why nothing can be stored; None if writes are possible."""
        return self._watch.fault()

    def connections(self) -> Connections:
        """Return the numbers of busy and idle connections for reads."""
        used = self.reads.under_way
        return Connections(used, max(0, len(self._readers) - used))

    def alone(self) -> AbstractContextManager[None]:
        """Return a context without a lock: the file has one server."""
        return nullcontext()

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the store to `target` during writes.  Raises OSError if the file cannot be written."""
        try:
            os.close(disk.create(target))
            with closing(sqlite3.connect(target)) as copy:
                session = self._take_reader()
                try:
                    session.connection.backup(copy)
                finally:
                    self._return_to_pool(session)
        except sqlite3.OperationalError as fault:
            raise OSError(errno.EIO, str(fault)) from None

    def close(self) -> None:
        self._keeper.close()
        self._watchdog.close()
        self._close_readers()
        self.writer.close()

    def _close_readers(self) -> None:
        """Close the idle connections: the process crashes if a connection is closed during a statement.

        A long statement is interrupted.  A connection that stays in use is closed by the end of the process."""
        if not self.reads.finish(READERS_END_S):
            for connection in self._readers:
                connection.interrupt()
            if not self.reads.finish(READERS_END_S):
                return
        for connection in self._readers:
            with suppress(sqlite3.Error):
                connection.close()
        self._readers.clear()

    def _take_reader(self) -> SqliteSession:
        """Return an idle or new connection; the caller returns it by `_return_to_pool`."""
        try:
            return self._free.pop()
        except IndexError:
            connection = self._connect_reader()
        self._readers.append(connection)
        return SqliteSession(connection)

    def _connect_reader(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"The server cannot open another database connection: {error}. Try again later."
            ) from None
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _return_to_pool(self, session: SqliteSession) -> None:
        if session.connection.in_transaction:  # the COMMIT failed
            self._readers.remove(session.connection)
            session.connection.close()
        else:
            self._free.append(session)

    def _connect(self, pragmas: str = "") -> sqlite3.Connection:
        self._watch.check()  # a replaced file is another store
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            for pragma in filter(None, map(str.strip, (_COMMON + pragmas).splitlines())):
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_writer(self) -> SqliteWriter:
        synchronous = "FULL" if self.durability == "full" else "NORMAL"
        connection = self._connect(_OF_WRITER.format(synchronous=synchronous, most_log_bytes=MOST_LOG_BYTES))
        self._watch.begin()
        return SqliteWriter(connection, self._watch, self._announce)

    def _announce(self, workspaces: Set[int]) -> None:
        self._changed(workspaces)

    def _count_commit(self) -> None:
        self._keeper.count_commit()
