"""A store in one SQLite file.  Knows pragmas, connections and durability; knows no table.

WAL with one writer: readers never wait.  `full` syncs the log at each commit; `relaxed` syncs it in the background each
second, so that a power cut may take the last second, and a killed process nothing.  `wal` keeps the log short.
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
from trackside.core.db.tx import Heard, HeardElsewhere, SqliteSession, Tx
from trackside.core.db.wal import MOST_LOG_BYTES, LogKeeper, sync_log
from trackside.core.db.watchdog import Watchdog
from trackside.core.errors import Unavailable

Durability = Literal["full", "relaxed"]
BUSY_TIMEOUT_S = 10.0
READERS_END_S = 2.0  # that closing waits for reads under way, and again when they were interrupted
QUICK_COMMIT_S = 0.001  # with the sync to the disk: the event loop waits for such a commit
MINIMUM = (3, 35, 0)  # RETURNING

# The file is in the kernel's cache already.  Mapped pages and larger caches of each connection count as memory of the server, 471
# MiB in place of 162 with 100,000 runs, and save a fifth of the time of paging through all runs (docs/measured.md).
_COMMON = """
PRAGMA foreign_keys = OFF;
PRAGMA case_sensitive_like = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -4000;
PRAGMA mmap_size = 0;
"""
# `begin` waits for other processes, where its caller may wait.
_OF_WRITER = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = {synchronous};
PRAGMA wal_autocheckpoint = 0;
PRAGMA busy_timeout = 0;
PRAGMA journal_size_limit = {most_log_bytes};
"""


def unfit() -> str | None:
    """Return what is wrong with the SQLite of this Python; None if nothing is."""
    if sqlite3.sqlite_version_info < MINIMUM:
        return f"Trackside needs {'.'.join(map(str, MINIMUM))} or newer"
    if sqlite3.threadsafety == 0:
        return "it was built without threads; use another Python"
    with closing(sqlite3.connect(":memory:")) as connection:
        try:  # always there since 3.38, and before that a choice of who built it
            connection.execute("SELECT json_type(value) FROM json_each('[1]') WHERE json_valid(value)")
        except sqlite3.Error as fault:
            return f"it was built without the JSON functions ({fault}); use another Python, or SQLite 3.38 or newer"
    return None


class SqliteWriter(SqliteSession):
    """The write connection: `BEGIN IMMEDIATE` to `COMMIT`, with one level of savepoint.

    Its busy timeout is 0: only `begin` meets the lock of another process."""

    def __init__(self, connection: sqlite3.Connection, watch: Watch, tell: Heard) -> None:
        """`tell` is called after a commit with which the change log has grown, with the workspaces concerned."""
        super().__init__(connection)
        self._watch = watch
        self._tell = tell

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
        self._watch.check()  # what was written to a file that is gone is not acknowledged
        if self.news:
            self._tell(self.news)

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


def _nobody(workspaces: Set[int]) -> None:
    """Ignore a change that comes before anybody asked to hear of changes."""


class SqliteDatabase:
    """A store in the file `path`.  Threads read side by side, each read by a connection that no other uses meanwhile."""

    dialect: Literal["sqlite"] = "sqlite"
    shared = False  # it has one server
    reads_inline = True  # a read by key costs less than a hop to a thread
    backup_suffix = ".db"

    def __init__(self, path: Path, durability: Durability = "full") -> None:
        fault = unfit()
        if fault is not None:
            raise RuntimeError(f"SQLite {sqlite3.sqlite_version} will not do: {fault}")
        self.path = path
        self.durability = durability
        self._readers: list[sqlite3.Connection] = []
        self._free: list[SqliteSession] = []  # the one used last is taken first: its pages are in the cache
        self.reads = Reads()
        self._watchdog = Watchdog()
        sqlite_file.prepare(path)
        self._watch = Watch(path)
        waits = durability == "full"
        self._changed: Heard = _nobody
        self.writer = GroupWriter(
            self._connect_writer,
            remembers=True,
            inline_s=QUICK_COMMIT_S if waits else ALWAYS,
            after_commit=self._count_commit,
        )
        try:
            sync = None if waits else partial(sync_log, path)
            self._keeper = LogKeeper(path, self._connect, self.writer.pause, sync=sync)
        except BaseException:
            self.writer.close()
            raise

    @contextmanager
    def read(self, ws: int, limit: Limit | None = None) -> Iterator[Tx]:
        """A snapshot: every statement of the transaction sees the same state.  Raises TooSlow beyond the limit."""
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
                self._give_back(session)
        finally:
            self.reads.end(begun)

    @contextmanager
    def write(self, ws: int) -> Iterator[Tx]:
        with self.writer.transaction(ws) as tx:
            yield tx

    def when_changed(self, heard: Heard) -> None:
        """Call `heard` with the workspaces concerned after each commit with which the change log has grown.

        `heard` returns at once."""
        self._changed = heard

    def listen(self, heard: HeardElsewhere) -> None:
        """Do nothing: the file has one server, so there is no other to hear from."""

    def write_beside(self, ws: int) -> AbstractContextManager[Tx]:
        """There is one writer."""
        return self.write(ws)

    def fault(self) -> str | None:
        """Return why nothing can be stored, in words for callers; None if it can."""
        return self._watch.fault()

    def connections(self) -> Connections:
        """Return how many connections of readers are open: as many as reads were ever under way together."""
        used = self.reads.under_way
        return Connections(used, max(0, len(self._readers) - used))

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else looks after the schema: the file has one server."""
        return nullcontext()

    def backup(self, target: Path) -> None:
        """A consistent copy, also while others write.  Raises OSError where the file cannot be written."""
        try:
            os.close(disk.create(target))
            with closing(sqlite3.connect(target)) as copy:
                session = self._take_reader()
                try:
                    session.connection.backup(copy)
                finally:
                    self._give_back(session)
        except sqlite3.OperationalError as fault:
            raise OSError(errno.EIO, str(fault)) from None

    def close(self) -> None:
        self._keeper.close()
        self._watchdog.close()
        self._close_readers()
        self.writer.close()

    def _close_readers(self) -> None:
        """Close the connections that nobody uses: SQLite ends the process if one is closed under a statement.

        A statement that takes long is interrupted.  A connection that stays in use ends with the process."""
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
        """Return a connection that nobody uses, until `_give_back`."""
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
            raise Unavailable(f"The server cannot open its database once more: {error}. Try again later.") from None
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _give_back(self, session: SqliteSession) -> None:
        if session.connection.in_transaction:  # its end failed
            self._readers.remove(session.connection)
            session.connection.close()
        else:
            self._free.append(session)

    def _connect(self, pragmas: str = "") -> sqlite3.Connection:
        self._watch.check()  # another file of this name is another store
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
        return SqliteWriter(connection, self._watch, self._tell)

    def _tell(self, workspaces: Set[int]) -> None:
        self._changed(workspaces)

    def _count_commit(self) -> None:
        self._keeper.count_commit()
