"""Commits every waiting command in one transaction.  Knows commits and their order; knows no SQL dialect.

An answer is given after the commit, so an acknowledged write is on disk; a command that fails is undone alone, by a
savepoint.  Commands of one `Batch` that wait side by side are handed over together, and decide each for themselves.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from trackside.core.db.rest import Restless
from trackside.core.db.tx import Entity, Memory, Session, Tx, Work
from trackside.core.errors import Fault, Unavailable

log = logging.getLogger("trackside.db")

GROUP_LIMIT = 256  # commands in one transaction: bounds what a failing commit takes with it, and latency
RETRY_AFTER_S = (0.1, 1.0)  # pauses before another try of what may pass: a lock, a server that restarts
ALWAYS = math.inf  # of `inline_s`: no commit waits for the disk
RECENT = 0.2  # weight of the last commit in the average duration of a commit

# The keys of `GroupWriter.note`: a commit, a pause before another try, and a transaction from its beginning to its commit.
COMMIT, RETRY, WRITE = ("commit",), ("retry",), ("write",)

# Answers one result for each call, in order: a Fault for a call that failed before it changed anything.
Batch = Callable[[Tx, Sequence[Any]], list[Any]]
# Hears the result of a command, or why there is none.
Done = Callable[[Any, Exception | None], None]


class Busy(Exception):
    """Another process holds the lock of the store."""


class WriteSession(Session, Protocol):
    """A connection that can group: begin, commit and undo, also in part."""

    def begin(self, *, waits: bool = True) -> None:
        """Begin a transaction.  Raise Busy at once, instead of waiting for another process, unless `waits`."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def savepoint(self) -> None: ...

    def release(self) -> None: ...

    def rollback_to_savepoint(self) -> None: ...

    def is_worth_retry(self, error: Exception) -> bool:
        """The same commands may succeed if they are run again.  A ConnectionError is no command's fault either way."""
        ...

    def is_fault_of_store(self, error: Exception) -> bool:
        """The store itself is in trouble (full, gone, locked): the caller may try again."""
        ...

    def close(self) -> None: ...


class _Command:
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
        self.user = user  # of the call of a batch: in whose name its transaction is
        self.work = work  # a function of the transaction, or the call of a batch
        self.batch = batch
        self.done = done
        self.loop = loop  # on which `done` is called; None: in the writer's thread
        self.result: Any = None
        self.error: Exception | None = None


class GroupWriter:
    """Owns the write connection of a store.  `connect` is called again after the connection was lost.

    `inline_s`: commits that took less than this on average lately may be made on the event loop; 0 for a store that is
    reached over a network."""

    def __init__(
        self,
        connect: Callable[[], WriteSession],
        *,
        remembers: bool,
        inline_s: float = 0.0,
        after_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect = connect
        self._session: WriteSession | None = connect()
        self._memory = Memory() if remembers else None
        self._restless: Restless[Entity] = Restless()
        self._inline_s = inline_s
        self._commit_s = 0.0  # average duration of the last commits
        self._after_commit = after_commit
        self.note: Callable[[tuple[str], float], None] = lambda _key, _seconds: None  # for a server that counts commits
        self._turn: list[_Command] = []  # what came in this turn of the event loop
        self._lock = threading.Lock()
        self._queue: SimpleQueue[list[_Command] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="trackside-writer", daemon=True)
        self._closed = False
        self._thread.start()

    def submit(self, ws: int, work: Work) -> Future[Any]:
        future: Future[Any] = Future()

        def done(result: Any, error: Exception | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._queue.put([_Command(ws, work, None, done)])
        return future

    def submit_async(
        self, ws: int, work: Any, batch: Batch | None, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Any]:
        """The same for a coroutine of `loop`."""
        future = loop.create_future()

        def done(result: Any, error: Exception | None) -> None:
            if future.done():  # nobody waits any more
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit_then(ws, work, batch, loop, done)
        return future

    def submit_then(
        self,
        ws: int,
        work: Any,
        batch: Batch | None,
        loop: asyncio.AbstractEventLoop,
        done: Done,
        user: str = "",
        *,
        is_quick: bool = False,
    ) -> None:
        """The same with `done`, which is called on `loop` after the commit, and raises nothing.

        What came in one turn of the loop goes to the writer's thread together, at its end.  A quick commit costs less than a
        hop to that thread and back: then quick commands are committed on the loop, unless the writer is at work."""
        if not self._turn:
            loop.call_soon(self._end_turn)
        self._turn.append(_Command(ws, work, batch, done, loop, user, is_quick=is_quick or batch is not None))

    def _end_turn(self) -> None:
        commands, self._turn = self._turn, []
        if (
            not self._is_inline(len(commands))
            or not all(command.is_quick for command in commands)
            or not self._queue.empty()
            or not self._lock.acquire(blocking=False)
        ):
            self._queue.put(commands)
            return
        done = 0
        try:
            while done < len(commands):
                self._commit(commands[done : done + GROUP_LIMIT], waits=False)
                done += GROUP_LIMIT
        except Busy:
            self._queue.put(commands[done:])  # the thread waits for the other process, the loop serves others meanwhile
        finally:
            self._lock.release()
        _settle_all(commands[:done])

    def _is_inline(self, count: int) -> bool:
        """Several commands use the time in which a thread waits for the disk, so one that does not wait is worth the loop."""
        return self._commit_s < self._inline_s and (count == 1 or self._inline_s == ALWAYS)

    @contextmanager
    def transaction(self, ws: int) -> Iterator[Tx]:
        """A transaction of the calling thread, between two groups."""
        with self._lock:
            begun = time.perf_counter()
            session = self._open()
            session.begin()
            try:
                yield self._tx(session, ws)
                session.commit()
            except BaseException:
                self._undo_all(session)
                raise
            self.note(WRITE, time.perf_counter() - begun)
            self._committed()

    @property
    def epoch(self) -> int:
        """A snapshot that begins after this was asked sees every change up to it."""
        return 0 if self._memory is None else self._memory.committed

    def take_rested(self, most: int, now: float | None = None) -> list[tuple[str, int, str]]:
        """(entity, workspace, id) of what this writer changed and has come to rest.  `now`: by `time.monotonic`, unless it is
        asked for another moment."""
        with self._lock:
            return self._restless.take(time.monotonic() if now is None else now, most)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Nobody writes meanwhile."""
        with self._lock:
            yield

    def close(self) -> None:
        """Waits for what is queued."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            if self._session is not None:
                self._session.close()

    def _loop(self) -> None:
        open_ = True
        while open_:
            commands: list[_Command] = []
            try:
                more = self._queue.get()
                while more is not None:
                    commands += more
                    if len(commands) >= GROUP_LIMIT:
                        break
                    more = self._queue.get_nowait()
                else:
                    open_ = False
            except Empty:
                pass
            for start in range(0, len(commands), GROUP_LIMIT):
                group = commands[start : start + GROUP_LIMIT]
                with self._lock:
                    self._commit(group)
                _answer(group)

    def _commit(self, commands: list[_Command], *, waits: bool = True) -> None:
        """Raise Busy, with nothing done, if another process is writing and `waits` is false."""
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
            self._commit([command])

    def _try(self, commands: list[_Command], *, waits: bool = True) -> tuple[Exception | None, bool]:
        """What went wrong, with everything undone, and whether it is worth another try; None after the commit."""
        for command in commands:
            command.result = command.error = None
        session: WriteSession | None = None
        opened = time.perf_counter()
        try:
            session = self._open()
            session.begin(waits=waits)
            # Those of one batch stay together, whatever came between: nobody waits for them to keep an order.
            for batch in dict.fromkeys(command.batch for command in commands if command.batch is not None):
                self._together(session, batch, [command for command in commands if command.batch is batch])
            for command in commands:
                if command.batch is None:
                    self._one(session, command, alone=len(commands) == 1)
            begun = time.perf_counter()
            session.commit()
            ended = time.perf_counter()
            took_s = ended - begun
            self._commit_s += RECENT * (took_s - self._commit_s)
            self.note(COMMIT, took_s)
            self.note(WRITE, ended - opened)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, every caller of the group must hear of it
            may_pass = isinstance(error, ConnectionError) if session is None else session.is_worth_retry(error)
            self._undo_all(self._session)
            return error, may_pass
        self._committed()
        return None, False

    def _committed(self) -> None:
        if self._memory is not None:
            self._memory.end_group()
        self._after_commit()

    def _one(self, session: WriteSession, command: _Command, *, alone: bool) -> None:
        if alone:
            command.result = command.work(self._tx(session, command.ws))
            return
        session.savepoint()
        try:
            command.result = command.work(self._tx(session, command.ws))
        except Fault as fault:
            command.error = fault
            session.rollback_to_savepoint()
            if self._memory is not None:
                self._memory.forget_all()
        else:
            session.release()

    def _together(self, session: WriteSession, batch: Batch, commands: list[_Command]) -> None:
        if len({(command.ws, command.user) for command in commands}) == 1:
            groups = [commands]
        else:
            ordered = sorted(commands, key=_scope)
            groups = [list(group) for _, group in groupby(ordered, key=_scope)]
        for group in groups:
            tx = self._tx(session, group[0].ws).by(group[0].user)
            results = batch(tx, [command.work for command in group])
            for command, result in zip(group, results, strict=True):
                if isinstance(result, Fault):
                    command.error = result
                else:
                    command.result = result

    def _tx(self, session: WriteSession, ws: int) -> Tx:
        return Tx(session, ws, time.time_ns() // 1_000_000, self._memory, restless=self._restless)

    def _open(self) -> WriteSession:
        if self._session is None:
            self._session = self._connect()
        return self._session

    def _undo_all(self, session: WriteSession | None) -> None:
        if self._memory is not None:
            self._memory.forget_all()
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


def _scope(command: _Command) -> tuple[int, str]:
    return command.ws, command.user


def _answer(commands: list[_Command]) -> None:
    """Hands results over: once for each event loop, however many calls wait there."""
    loops: dict[asyncio.AbstractEventLoop, list[_Command]] = {}
    for command in commands:
        if command.loop is None:
            command.done(command.result, command.error)
        else:
            loops.setdefault(command.loop, []).append(command)
    for loop, settled in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(commands: list[_Command]) -> None:
    for command in commands:
        command.done(command.result, command.error)
