"""Group commit: queued commands share one transaction and one flush to the disk.  How a group is committed is in `commit`.

A command is answered after the commit, so an acknowledged write is on disk.  A store that accepts several write connections has
further writers for the commands of batches: while one group is written and flushed to the disk, the next one is sent over another
connection.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from trackside.core.db.commit import Batch, Busy, Command, Committer, Done, Note, WriteSession
from trackside.core.db.debounce import Debouncer
from trackside.core.db.tx import Entity, Tx, Work

GROUP_LIMIT = 256  # commands in one transaction: bounds the latency, and how many commands a failing commit affects
ALWAYS = math.inf  # of `inline_s`: no commit waits for the disk
WAIT_SHARE = 0.5  # a batch writer waits for more commands at most this share of the average duration of a group
MAX_WAIT_S = 0.005
RECENT = 0.2  # weight of the last group in the average duration of a group
DECAY = 0.9  # factor of the expected number after a group that saw fewer commands

C = TypeVar("C")
_Queue = SimpleQueue[list[Command] | None]


class GroupWriter:
    """Commands for one store, committed in groups.  `connect` is called again after the connection was lost.

    `inline_s`: while the average commit is shorter than this, commits may run on the event loop; 0 for a store that is reached
    over a network.  `batch_writers`: the number of further connections for the commands of batches.  `connect_batch_writer`
    opens them when they are first needed."""

    def __init__(
        self,
        connect: Callable[[], WriteSession],
        *,
        remembers: bool,
        inline_s: float = 0.0,
        after_commit: Callable[[], None] = lambda: None,
        batch_writers: int = 0,
        connect_batch_writer: Callable[[], WriteSession] | None = None,
    ) -> None:
        self._debouncer: Debouncer[Entity] = Debouncer()
        self._inline_s = inline_s
        self._main = Committer(connect, self._debouncer, remembers=remembers, after_commit=after_commit)
        self._main.open()
        self._turn: list[Command] = []  # commands of the current iteration of the event loop
        self._queue: _Queue = SimpleQueue()
        self._batches: GroupQueue[Command] = GroupQueue(GROUP_LIMIT)  # for the batch writers
        self._batch_writers = [
            Committer(connect_batch_writer or connect, self._debouncer) for _ in range(batch_writers)
        ]
        self._threads = [_started("trackside-writer", _serve, self._main, self._queue)]
        self._threads += [
            _started("trackside-batch-writer", _serve_batches, writer, self._batches) for writer in self._batch_writers
        ]
        self._closed = False

    def submit(self, ws: int, work: Work) -> Future[Any]:
        """Queue a command and return a future of its result, which is set after the commit."""
        future: Future[Any] = Future()

        def done(result: Any, error: Exception | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self._queue.put([Command(ws, work, None, done)])
        return future

    def submit_async(
        self, ws: int, work: Any, batch: Batch | None, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Any]:
        """Queue a command and return a future of `loop`.  The commands of one `batch` are passed to it together."""
        future = loop.create_future()

        def done(result: Any, error: Exception | None) -> None:
            if future.done():  # the caller was cancelled
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
        """Queue a command and call `done`, which must not raise, on `loop` after the commit.

        The commands of one iteration of the loop are handed to the writer's thread together.  While commits are shorter than a
        switch to that thread and back, quick commands are committed on the loop, unless the writer is busy."""
        if not self._turn:
            loop.call_soon(self._end_turn)
        self._turn.append(Command(ws, work, batch, done, loop, user, is_quick=is_quick or batch is not None))

    def _end_turn(self) -> None:
        commands, self._turn = self._turn, []
        if self._batch_writers and not (commands := self._without_batches(commands)):
            return
        if (
            not self._is_inline(len(commands))
            or not all(command.is_quick for command in commands)
            or not self._queue.empty()
            or not self._main.lock.acquire(blocking=False)
        ):
            self._queue.put(commands)
            return
        done = 0
        try:
            while done < len(commands):
                self._main.commit(commands[done : done + GROUP_LIMIT], waits=False)
                done += GROUP_LIMIT
        except Busy:
            self._queue.put(commands[done:])  # the thread waits for the other process instead of the event loop
        finally:
            self._main.lock.release()
        _settle_all(commands[:done])

    def _without_batches(self, commands: list[Command]) -> list[Command]:
        """Queue the commands of batches for the batch writers and return the others."""
        batches = [command for command in commands if command.batch is not None]
        if batches:
            self._batches.put(batches)
        return [command for command in commands if command.batch is None]

    def _is_inline(self, count: int) -> bool:
        """Return whether `count` commands are committed on the event loop.

        Several commands are faster in the thread, unless no commit waits for the disk: the loop works while the thread waits."""
        return self._main.average_s < self._inline_s and (count == 1 or self._inline_s == ALWAYS)

    def transaction(self, ws: int) -> AbstractContextManager[Tx]:
        """Open a transaction in the calling thread, between two groups."""
        return self._main.transaction(ws)

    def when_committed(self, note: Note) -> None:
        """Call `note` with `COMMIT`, `RETRY` or `WRITE` and a duration in seconds: from any thread, one call at a time."""
        note = _serialized(note) if self._batch_writers else note
        for committer in (self._main, *self._batch_writers):
            committer.note = note

    @property
    def epoch(self) -> int:
        """Return the newest epoch whose changes every snapshot sees that begins after this call."""
        memory = self._main.memory
        return 0 if memory is None else memory.committed

    def changed_since(self, key: tuple[str, int, str], epoch: int) -> bool:
        """Return whether this writer may have changed `key` (entity, workspace, id) after that epoch, also in an open
        transaction."""
        memory = self._main.memory
        return memory is None or memory.changed_since(key, epoch)

    def take_settled(self, most: int, now: float | None = None) -> list[tuple[str, int, str]]:
        """Return (entity, workspace, id) of entities that this writer changed and whose quiet period is over.

        `now` defaults to `time.monotonic()`."""
        return self._debouncer.take(time.monotonic() if now is None else now, most)

    @property
    def is_settled(self) -> bool:
        """Return whether `take_settled` has nothing to return now or later, until the next change."""
        return self._debouncer.is_empty

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Block writes over the main connection, which is the only write connection of a store without batch writers."""
        with self._main.lock:
            yield

    def close(self) -> None:
        """Commit the queued commands, then close the connections."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._batches.close()
        for thread in self._threads:
            thread.join()
        for committer in (self._main, *self._batch_writers):
            committer.close()


class GroupQueue(Generic[C]):
    """A thread-safe queue from which two batch writers take commands in groups of at most `limit`.

    A group costs its round trips and its flush to the disk, whether it has one command or ten.  A writer that takes the first
    command at once leaves the others for a second group.  A writer therefore waits until about half of the commands that are
    usually under way are queued, and the other writer takes the other half.  A single caller does not wait.

    `expected` is the estimated number of commands under way: queued, or in a group that is not finished."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[C] = []
        self._under_way = 0
        self._idle = 0  # threads that wait in `take`
        self.asleep = 0  # of them, those that wait without a timeout
        self._average_s = 0.0
        self._is_closed = False
        self.expected = 0.0

    def put(self, commands: list[C]) -> None:
        with self._changed:
            self._waiting += commands
            # Wake a sleeping writer even if the group is not due: the writer that has a group may take long with it.
            if self._idle and (self._is_due() or self.asleep == self._idle):
                self._changed.notify()

    def take(self) -> list[C]:
        """Wait for a group and return it; empty after `close`.  The caller must call `finish` for each group."""
        with self._changed:
            self._idle += 1
            until = self._deadline()
            while not self._is_due():
                if not self._waiting and self._is_due(1):
                    self.asleep += 1
                    self._changed.wait()
                    self.asleep -= 1
                    until = self._deadline()
                    continue
                left_s = until - self._clock()
                if left_s > 0:
                    self._changed.wait(left_s)
                else:
                    self.expected = float(len(self._waiting) + self._under_way)  # fewer callers than expected
            self._idle -= 1
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            self._under_way += len(group)
            self.expected = max(float(len(self._waiting) + self._under_way), self.expected * DECAY)
            if self._idle and self._is_due():
                self._changed.notify()
            return group

    def finish(self, count: int, took_s: float) -> None:
        """Record that a group of `count` commands was committed or failed after `took_s` seconds."""
        with self._changed:
            self._under_way -= count
            self._average_s += RECENT * (took_s - self._average_s)

    def close(self) -> None:
        """Let `take` return the queued commands, and then empty groups."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _deadline(self) -> float:
        return self._clock() + min(WAIT_SHARE * self._average_s, MAX_WAIT_S)

    def _is_due(self, more: int = 0) -> bool:
        count = len(self._waiting) + more
        if self._is_closed or count >= self._limit:
            return True
        return count > 0 and (2 * count >= self.expected or count + self._under_way >= self.expected)


def _serialized(note: Note) -> Note:
    lock = threading.Lock()

    def noted(key: tuple[str], seconds: float) -> None:
        with lock:
            note(key, seconds)

    return noted


def _started(name: str, serve: Callable[..., None], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=serve, args=args, name=name, daemon=True)
    thread.start()
    return thread


def _serve(committer: Committer, queue: _Queue) -> None:
    """Commit the queued commands in groups, until the queue returns None."""
    open_ = True
    while open_:
        commands: list[Command] = []
        try:
            more = queue.get()
            while more is not None:
                commands += more
                if len(commands) >= GROUP_LIMIT:
                    break
                more = queue.get_nowait()
            else:
                open_ = False
        except Empty:
            pass
        for start in range(0, len(commands), GROUP_LIMIT):
            group = commands[start : start + GROUP_LIMIT]
            with committer.lock:
                committer.commit(group)
            _answer(group)


def _serve_batches(committer: Committer, batches: GroupQueue[Command]) -> None:
    """Commit the groups of batches, until the queue is closed."""
    while group := batches.take():
        begun = time.monotonic()
        with committer.lock:
            committer.commit(group)
        batches.finish(len(group), time.monotonic() - begun)
        _answer(group)


def _answer(commands: list[Command]) -> None:
    """Call `done` of each command, with one wake-up for each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Command]] = {}
    for command in commands:
        if command.loop is None:
            command.done(command.result, command.error)
        else:
            loops.setdefault(command.loop, []).append(command)
    for loop, settled in loops.items():
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(commands: list[Command]) -> None:
    for command in commands:
        command.done(command.result, command.error)
