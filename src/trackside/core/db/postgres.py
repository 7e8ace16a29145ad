"""A store on a PostgreSQL server, which several servers may share: transactions, the connection pool, classes of failures.

BEGIN and SAVEPOINT are sent with the statement that follows them, and the client does not wait for the end of a read: a read by
key is one round trip.  A lost connection is replaced silently while its transaction has not received any row.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from trackside.core.db.group import GroupWriter
from trackside.core.db.limits import Limit
from trackside.core.db.pg import backup
from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.notify import ChangeNotifier
from trackside.core.db.pg.setup import BEGIN, NUMBER, ROLLBACK, Connect, Durability, connect
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.db.reads import Connections, Reads
from trackside.core.db.tx import Dialect, OnChange, OnCommit, Row, Tx
from trackside.core.errors import Invalid, Unavailable
from trackside.core.locations import PostgresStore

log = logging.getLogger("trackside.db")

READERS = 12  # connections for reads, at most
BATCH_WRITERS = 2  # connections for logged data, and for created and updated runs
WAIT_FOR_READER_S = 10.0
UPGRADE_LOCK = 7261728  # the advisory lock of a migration
CLARIFY_AFTER_S = (0.0, 0.1, 0.4, 1.0)  # pauses before queries of the state of an unacknowledged commit

GROWTH, FEW_ROWS = 1.2, 500  # a table is analyzed again above GROWTH times its known rows plus FEW_ROWS

_SAVEPOINT = "SAVEPOINT command"
_RELEASE = "RELEASE command"
_UNDO = "ROLLBACK TO command"
# `reltuples` is the planner's number of rows, -1 before the first ANALYZE.
_GROWN = """
SELECT CAST(c.relname AS TEXT) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE c.relnamespace = CAST(current_schema() AS REGNAMESPACE)
    AND s.n_live_tup > GREATEST(c.reltuples, 0) * CAST(:factor AS DOUBLE PRECISION) + :few
ORDER BY c.relname
"""

# SQLSTATEs after which a retry may succeed, or finds the conflicting row and raises an error that names it.
_PASSING = frozenset({
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "23505",  # unique_violation: another server inserted the row first
})  # fmt: skip
# Connections, resources, operators, disks, corruption; a lock timeout; a standby, which is read-only.
_TROUBLE = ("08", "40", "53", "57", "58", "XX", "55P03", "25006")
# Errors of a value: a character, a size, a pattern.
_BAD_VALUE = frozenset({"22001", "22003", "22021", "22025", "22P05", "2201B", "54000", "54001", "54023"})


_CANCELLED = "57014"  # by statement_timeout, or by a cancel request of this server


class CommitUnknown(ConnectionError):
    """The connection broke at the commit, and it is unknown whether the commit took place."""


class PostgresSession:
    """A `Session` on a connection that is opened when it is first needed."""

    dialect: Dialect = "postgresql"
    mark = "$"
    probes = (
        True  # only reads are aborted when the server does not answer: the outcome of an aborted write would be unknown
    )

    def __init__(self, connect: Callable[[], Wire]) -> None:
        self._connect = connect
        self._wire: Wire | None = None
        self._opening: list[str] | None = None  # the first statements of the transaction, until they are sent
        self._limit: Limit | None = None  # of the transaction
        self.news: set[int] = set()  # workspaces whose change log grows with the transaction

    def note_change(self, ws: int) -> None:
        self.news.add(ws)

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]:
        result = self._on_wire(lambda wire: wire.execute(text, values))
        return result.rows, result.count

    def execute_several(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        results = self._on_wire(lambda wire: wire.execute_several(statements))
        return [result.rows for result in results]

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Send the statements without waiting for their results, which arrive with those of the next statement."""
        rows = list(rows)
        if not rows:
            return

        def post(wire: Wire) -> None:
            wire.post(text, rows)
            if self._opening is not None:
                wire.flush()

        self._on_wire(post)

    def execute_script(self, statements: Sequence[str]) -> None:
        """Run the statements in one round trip."""
        if not statements:
            return

        def run(wire: Wire) -> None:
            wire.deferred += statements[:-1]
            wire.command(statements[-1])

        self._on_wire(run)

    def begin_read(self, limit: Limit | None = None) -> None:
        self._limit = limit
        self._opening = [BEGIN]
        if limit is not None:
            self._opening.append(f"SET LOCAL statement_timeout = {max(1, int(limit.left_s * 1000))}")

    def end_read(self) -> None:
        if self._opening is None and self._wire is not None and not self._wire.is_broken:
            with suppress(Lost):
                self._wire.send(ROLLBACK)
        self._opening = None
        self._limit = None

    def open(self) -> Wire:
        """Return the connection; a new one if there is none or it broke."""
        if self._wire is not None and self._wire.is_broken:
            self.close()
        if self._wire is None:
            self._wire = self._connect()
        return self._wire

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _on_wire(self, work: Callable[[Wire], Any]) -> Any:
        known = self._wire
        try:
            return self._attempt(work)
        except Lost:
            if self._opening is None or known is None:
                raise
            return self._attempt(work)  # the transaction has received nothing yet: a new connection is equivalent

    def _attempt(self, work: Callable[[Wire], Any]) -> Any:
        if self._opening is None:
            wire = self._wire
            assert wire is not None
        else:
            wire = self.open()
            wire.deferred = list(self._opening)
            wire.noted = []
        wire.limit, wire.probes = self._limit, self.probes
        try:
            return work(wire)
        except ServerError as error:
            if error.code == _CANCELLED and self._limit is not None:
                raise self._limit.fault() from None
            raise _translated(error) from None
        finally:
            wire.limit, wire.probes = None, False
            if not wire.deferred and not wire.is_broken:
                self._opening = None


class PostgresWriter(PostgresSession):
    """A write connection.  Other servers write to the same store: a row that is read in order to be changed must be locked."""

    probes = False

    def __init__(self, connect: Callable[[], Wire], on_commit: OnCommit = lambda _: None) -> None:
        """`on_commit` gets the workspaces whose change log grew, after the commit."""
        super().__init__(connect)
        self._on_commit = on_commit

    def begin(self, *, waits: bool = True) -> None:
        del waits  # other servers lock rows, not the store
        self.news = set()
        self._opening = [BEGIN, NUMBER]

    def commit(self) -> None:
        self._commit()
        if self.news:
            self._on_commit(self.news)

    def _commit(self) -> None:
        if self._opening is not None:
            self._opening = None
            return
        wire = self._wire
        assert wire is not None
        number = wire.noted[0][0] if wire.noted else ""
        try:
            tag = wire.command("COMMIT")
        except Lost as lost:
            self._check_committed(number, lost)
            return
        except ServerError as error:  # of a posted statement
            raise _translated(error) from None
        if tag != b"COMMIT":
            raise ServerError("25P02", "the transaction had failed before its commit")

    def rollback(self) -> None:
        if self._opening is None and self._wire is not None:
            self._wire.forget()
            self._wire.command(ROLLBACK)
        self._opening = None

    # Posted statements are sent before the savepoint of their command ends, so that a failure is attributed to that command.

    def savepoint(self) -> None:
        self._flush()
        self._waiting().append(_SAVEPOINT)

    def release(self) -> None:
        self._flush()
        waiting = self._waiting()
        if waiting and waiting[-1] == _SAVEPOINT:
            waiting.pop()
        else:
            waiting.append(_RELEASE)

    def rollback_to_savepoint(self) -> None:
        with suppress(ServerError, Invalid):
            self._flush()
        waiting = self._waiting()
        if waiting and waiting[-1] == _SAVEPOINT:
            waiting.pop()
        else:
            waiting += [_UNDO, _RELEASE]

    def is_worth_retry(self, error: Exception) -> bool:
        return isinstance(error, Lost) or (isinstance(error, ServerError) and error.code in _PASSING)

    def is_fault_of_store(self, error: Exception) -> bool:
        return is_store_failure(error)

    def _flush(self) -> None:
        if self._opening is None:
            self._attempt(Wire.flush)

    def _waiting(self) -> list[str]:
        if self._opening is not None:
            return self._opening
        assert self._wire is not None
        return self._wire.deferred

    def _check_committed(self, number: str, lost: Lost) -> None:
        """Return if the commit with this transaction number took place; raise `lost`, which allows a retry, if it did not."""
        for pause_s in CLARIFY_AFTER_S:
            time.sleep(pause_s)
            try:
                result = self.open().execute("SELECT pg_xact_status(CAST($1 AS xid8))", (number,))
            except (Lost, ServerError):
                continue
            match result.rows[0][0]:
                case "committed":
                    return
                case "aborted":
                    raise lost
        raise CommitUnknown("the connection broke at the commit; it is not known whether the write was stored")


class PostgresDatabase:
    """A store on PostgreSQL, which other servers may use at the same time."""

    dialect: Literal["postgresql"] = "postgresql"
    shared = True  # other servers may write to it
    reads_inline = False
    backup_suffix = backup.SUFFIX

    def fault(self) -> str | None:
        """Return None: a fault of the database server is reported by each call."""
        return None

    def __init__(self, store: PostgresStore, durability: Durability = "full", connect: Connect = connect) -> None:
        self._store = store
        self._connect = connect
        self._durability = durability
        self._idle: list[PostgresSession] = []
        self._free = threading.BoundedSemaphore(READERS)
        self._is_closed = False
        self.reads = Reads()
        self.writer = GroupWriter(
            self._connect_writer,
            remembers=False,
            batch_writers=BATCH_WRITERS,
            connect_batch_writer=partial(self._connect_writer, by_index=True),
        )
        self._beside: GroupWriter | None = None
        self._notifier: ChangeNotifier | None = None
        self._changed: OnCommit | None = None

    @contextmanager
    def read(self, ws: int, limit: Limit | None = None) -> Iterator[Tx]:
        """Open a read transaction on one snapshot.  Raises TooSlow when a statement exceeds the limit."""
        session = self._take()
        begun = self.reads.begin()
        session.begin_read(limit)
        try:
            yield Tx(session, ws, time.time_ns() // 1_000_000)
        except (Lost, ServerError) as error:
            if is_store_failure(error):
                raise Unavailable(f"The store cannot be read now: {error}") from error
            raise
        finally:
            session.end_read()
            self.reads.end(begun)
            self._give(session)

    def connections(self) -> Connections:
        """Return the numbers of busy and idle connections of the read pool."""
        return Connections(self.reads.under_way, len(self._idle))

    @contextmanager
    def write(self, ws: int) -> Iterator[Tx]:
        with self.writer.transaction(ws) as tx:
            yield tx

    @contextmanager
    def write_beside(self, ws: int) -> Iterator[Tx]:
        """Open a write transaction of a background thread on a separate connection, which delays calls only by row locks."""
        if self._beside is None:
            self._beside = GroupWriter(self._connect_writer, remembers=False)
        with self._beside.transaction(ws) as tx:
            yield tx

    def listen(self, on_change: OnChange) -> None:
        """Call `on_change` in a thread after each change of another server.  To be called once, at the start.

        `on_change` gets the workspaces that changed, or None if any may have changed."""
        self._notifier = ChangeNotifier(lambda: self._connect(self._store), on_change)

    def when_changed(self, on_commit: OnCommit) -> None:
        """Call `on_commit`, which must not block, with the workspaces whose change log a commit of this server extended."""
        self._changed = on_commit

    def _changes_committed(self, workspaces: Set[int]) -> None:
        if self._notifier is not None:
            self._notifier.notify(workspaces)
        if self._changed is not None:
            self._changed(workspaces)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of migrations, which all servers and commands on the store share."""
        wire = self._connect(self._store)
        try:
            ((is_free,),) = wire.execute(f"SELECT pg_try_advisory_lock({UPGRADE_LOCK})", ()).rows
            if not is_free:
                log.warning("waiting for another server or command that is upgrading the store")
                wire.command(f"SELECT pg_advisory_lock({UPGRADE_LOCK})")
            yield
        finally:
            wire.close()

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the store to `target`; other servers may write meanwhile."""
        wire = self._connect(self._store)
        try:
            backup.write(wire, target)
        finally:
            wire.close()

    def restore(self, source: Path) -> int:
        """Fill an empty database from a backup in one transaction and return its schema version."""
        wire = self._connect(self._store)
        try:
            return backup.read(wire, source)
        finally:
            wire.close()

    def renew_statistics(self) -> bool:
        """Run ANALYZE on a table that has grown since its last one; return False if there is none.

        Autovacuum comes up to a minute later.  Until then the planner assumes that the table is empty, and a search of 100,000
        rows took 5 s instead of 10 ms."""
        with self.read(0) as tx:
            grown = [name for (name,) in tx.all(_GROWN, factor=GROWTH, few=FEW_ROWS)]
        if grown:
            wire = self._connect(self._store)
            try:
                for name in grown:
                    wire.command(f'ANALYZE (SKIP_LOCKED) "{name}"')
            finally:
                wire.close()
        return bool(grown)

    def close(self) -> None:
        self._is_closed = True
        self.writer.close()
        if self._beside is not None:
            self._beside.close()
        if self._notifier is not None:
            self._notifier.close()
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> PostgresSession:
        if not self._free.acquire(timeout=WAIT_FOR_READER_S):
            raise Unavailable(f"All {READERS} connections to the store are busy; try again.")
        try:
            return self._idle.pop()
        except IndexError:
            return PostgresSession(partial(self._connect, self._store, reads=True))

    def _give(self, session: PostgresSession) -> None:
        if self._is_closed:
            session.close()
        else:
            self._idle.append(session)
        self._free.release()

    def _connect_writer(self, *, by_index: bool = False) -> PostgresWriter:
        session = PostgresWriter(
            partial(self._connect, self._store, self._durability, by_index=by_index), self._changes_committed
        )
        session.open()
        return session


def _translated(error: ServerError) -> Exception:
    return Invalid(f"A value cannot be stored or searched for: {error}") if error.code in _BAD_VALUE else error


def is_store_failure(error: Exception) -> bool:
    """Return whether the store itself failed, so that the caller may try again later."""
    if isinstance(error, ServerError):
        return error.code.startswith(_TROUBLE)
    return isinstance(error, ConnectionError)
