"""Commits a group of commands over one connection in one transaction, independent of the SQL dialect.

Each command has a savepoint, so that a failed command is rolled back alone.  The commands of one `Batch` are passed to it
together, and it returns a result or a fault for each.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, Protocol

from trackside.core.db.debounce import Debouncer, UncommittedChanges
from trackside.core.db.tx import Entity, Memory, Session, Tx
from trackside.core.errors import Fault, Unavailable

log = logging.getLogger("trackside.db")

RETRY_AFTER_S = (0.1, 1.0)  # pauses before the retries of a transient failure: a lock, a server that restarts
RECENT = 0.2  # weight of the last commit in the average duration of a commit

# The keys of `Note`: a commit, a pause before a retry, and a transaction from its beginning to its commit.
COMMIT, RETRY, WRITE = ("commit",), ("retry",), ("write",)

# Returns one result for each call, in order: a Fault for a call that failed before it changed anything.
Batch = Callable[[Tx, Sequence[Any]], list[Any]]
# Gets the result of a command, or its error.
Done = Callable[[Any, Exception | None], None]
Note = Callable[[tuple[str], float], None]


class Busy(Exception):
    """Another process holds the lock of the store."""


class WriteSession(Session, Protocol):
    """A write connection with transactions and savepoints."""

    def begin(self, *, waits: bool = True) -> None:
        """Begin a transaction.  Unless `waits`, raise Busy if another process holds the lock of the store."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def rollback_to_savepoint(self) -> None: ...

    def is_worth_retry(self, error: Exception) -> bool:
        """Return whether the same commands may succeed if they are run again."""
        ...

    def is_fault_of_store(self, error: Exception) -> bool:
        """Return whether the store itself failed (full, unavailable, locked) rather than the command."""
        ...

    def close(self) -> None: ...


class Command:
    __slots__ = ("batch", "done", "error", "is_quick", "loop", "result", "user", "work", "ws")

    def __init__(
        self,
        ws: int,
        work: Any,
        batch: Batch | None,
        done: Done,
        loop: asyncio.AbstractEventLoop | None = None,
        user: str = "",
        *,
        is_quick: bool = False,
    ) -> None:
        self.ws = ws
        self.is_quick = is_quick  # may run on the event loop
        self.user = user  # of the call of a batch: the user of its transaction
        self.work = work  # a function of the transaction, or the call of a batch
        self.batch = batch
        self.done = done
        self.loop = loop  # on which `done` is called; None: in the writer's thread
        self.result: Any = None
        self.error: Exception | None = None


class Committer:
    """Owns a write connection.  `connect` is called again after the connection was lost.

    A caller of `commit` must hold `lock`."""

    def __init__(
        self,
        connect: Callable[[], WriteSession],
        debouncer: "Debouncer[Entity]",
        *,
        remembers: bool = False,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.lock = threading.Lock()
        self.memory = Memory() if remembers else None
        self.note: Note = lambda _key, _seconds: None  # for metrics of commits
        self.average_s = 0.0  # moving average of the duration of a commit
        self._connect = connect
        self._session: WriteSession | None = None
        self._touched = UncommittedChanges(debouncer)
        self._after_commit = after_commit

    def open(self) -> WriteSession:
        """Return the connection; a new one if there is none or it was lost."""
        if self._session is None:
            self._session = self._connect()
        return self._session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    @contextmanager
    def transaction(self, ws: int) -> Iterator[Tx]:
        """Open a transaction in the calling thread, between two groups."""
        with self.lock:
            begun = time.perf_counter()
            session = self.open()
            session.begin()
            try:
                yield self._tx(session, ws)
                session.commit()
            except BaseException:
                self._undo_all(session)
                raise
            self.note(WRITE, time.perf_counter() - begun)
            self._committed()

    def commit(self, commands: list[Command], *, waits: bool = True) -> None:
        """Commit the commands and set the result or error of each.

        Raise Busy, with nothing done, if another process is writing and `waits` is false."""
        error, may_pass = self._try(commands, waits=waits)
        for pause_s in RETRY_AFTER_S:
            if not may_pass:
                break
            self.note(RETRY, pause_s)
            time.sleep(pause_s)
            error, may_pass = self._try(commands)
        if error is None:
            return
        if len(commands) == 1 or isinstance(error, ConnectionError):
            for command in commands:
                command.error = self._explained(error)
            return
        for command in commands:
            self.commit([command])

    def _try(self, commands: list[Command], *, waits: bool = True) -> tuple[Exception | None, bool]:
        """Return the error after a rollback, and whether a retry may succeed; (None, False) after the commit."""
        for command in commands:
            command.result = command.error = None
        session: WriteSession | None = None
        opened = time.perf_counter()
        try:
            session = self.open()
            session.begin(waits=waits)
            # The commands of a batch run together, before the others: no caller depends on an order between them.
            for batch in dict.fromkeys(command.batch for command in commands if command.batch is not None):
                self._together(session, batch, [command for command in commands if command.batch is batch])
            for command in commands:
                if command.batch is None:
                    self._one(session, command, alone=len(commands) == 1)
            begun = time.perf_counter()
            session.commit()
            ended = time.perf_counter()
            took_s = ended - begun
            self.average_s += RECENT * (took_s - self.average_s)
            self.note(COMMIT, took_s)
            self.note(WRITE, ended - opened)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001  # every caller of the group must get the error
            may_pass = isinstance(error, ConnectionError) if session is None else session.is_worth_retry(error)
            self._undo_all(self._session)
            return error, may_pass
        self._committed()
        return None, False

    def _committed(self) -> None:
        if self.memory is not None:
            self.memory.end_group()
        self._touched.commit(time.monotonic())
        self._after_commit()

    def _one(self, session: WriteSession, command: Command, *, alone: bool) -> None:
        if alone:
            command.result = command.work(self._tx(session, command.ws))
            return
        session.savepoint()
        try:
            command.result = command.work(self._tx(session, command.ws))
        except Fault as fault:
            command.error = fault
            session.rollback_to_savepoint()
            if self.memory is not None:
                self.memory.forget_all()
        else:
            session.release()

    def _together(self, session: WriteSession, batch: Batch, commands: list[Command]) -> None:
        if len(commands) == 1 or len({(command.ws, command.user) for command in commands}) == 1:
            groups = [commands]
        else:
            ordered = sorted(commands, key=_scope)
            groups = [list(group) for _, group in groupby(ordered, key=_scope)]
        for group in groups:
            tx = self._tx(session, group[0].ws)
            tx.user = group[0].user
            results = batch(tx, [command.work for command in group])
            for command, result in zip(group, results, strict=True):
                if isinstance(result, Fault):
                    command.error = result
                else:
                    command.result = result

    def _tx(self, session: WriteSession, ws: int) -> Tx:
        return Tx(session, ws, time.time_ns() // 1_000_000, self.memory, touched=self._touched)

    def _undo_all(self, session: WriteSession | None) -> None:
        self._touched.undo()
        if self.memory is not None:
            self.memory.forget_all()
        if session is not None:
            try:
                session.rollback()
            except Exception:  # noqa: BLE001  # a broken connection: the next command opens a new one
                log.warning("the write connection was lost; opening a new one")
                with suppress(Exception):
                    session.close()
                self._session = None

    def _explained(self, error: Exception) -> Exception:
        session = self._session
        if isinstance(error, Fault):
            return error
        if session is None or session.is_fault_of_store(error):
            log.error("the store refused a write: %s", error)
            return Unavailable(f"The store cannot take writes now: {error}")
        return error


def _scope(command: Command) -> tuple[int, str]:
    return command.ws, command.user
