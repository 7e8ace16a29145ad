"""Gathers the commands that wait, so that they share one commit.  Knows threads and queues; how a group commits is `commit`.

An answer is given after the commit, so an acknowledged write is on disk.  A store that several connections may write to has
lanes for the commands of batches: while one group is written and flushed to the disk, the next is on its way over another
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
from trackside.core.db.rest import Restless
from trackside.core.db.tx import Entity, Tx, Work

GROUP_LIMIT = 256  # commands in one transaction: bounds what a failing commit takes with it, and latency
ALWAYS = math.inf  # of `inline_s`: no commit waits for the disk
PATIENCE = 0.5  # of the time that a group takes: for so long a lane waits for more commands
MOST_PATIENCE_S = 0.005
RECENT = 0.2  # weight of the last group in the average duration of a group
DECAY = 0.9  # of the expected number, with each group that saw fewer commands

C = TypeVar("C")
_Queue = SimpleQueue[list[Command] | None]


class GroupWriter:
    """Commands for one store, committed in groups.  `connect` is called again after the connection was lost.

    `inline_s`: commits that took less than this on average lately may be made on the event loop; 0 for a store that is
    reached over a network.  `lanes`: how many further connections, made by `connect_lane` when they are first needed, write
    the commands of batches, each a group of its own."""

    def __init__(
        self,
        connect: Callable[[], WriteSession],
        *,
        remembers: bool,
        inline_s: float = 0.0,
        after_commit: Callable[[], None] = lambda: None,
        lanes: int = 0,
        connect_lane: Callable[[], WriteSession] | None = None,
    ) -> None:
        self._restless: Restless[Entity] = Restless()
        self._inline_s = inline_s
        self._main = Committer(connect, self._restless, remembers=remembers, after_commit=after_commit)
        self._main.open()
        self._turn: list[Command] = []  # what came in this turn of the event loop
        self._queue: _Queue = SimpleQueue()
        self._batches: Gathering[Command] = Gathering(GROUP_LIMIT)  # for the lanes
        self._lanes = [Committer(connect_lane or connect, self._restless) for _ in range(lanes)]
        self._threads = [_started("trackside-writer", _serve, self._main, self._queue)]
        self._threads += [_started("trackside-lane", _serve_lane, lane, self._batches) for lane in self._lanes]
        self._closed = False

    def submit(self, ws: int, work: Work) -> Future[Any]:
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
        self._turn.append(Command(ws, work, batch, done, loop, user, is_quick=is_quick or batch is not None))

    def _end_turn(self) -> None:
        commands, self._turn = self._turn, []
        if self._lanes and not (commands := self._without_batches(commands)):
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
            self._queue.put(commands[done:])  # the thread waits for the other process, the loop serves others meanwhile
        finally:
            self._main.lock.release()
        _settle_all(commands[:done])

    def _without_batches(self, commands: list[Command]) -> list[Command]:
        """Hand the commands of batches to the lanes and return the others."""
        batches = [command for command in commands if command.batch is not None]
        if batches:
            self._batches.put(batches)
        return [command for command in commands if command.batch is None]

    def _is_inline(self, count: int) -> bool:
        """Several commands use the time in which a thread waits for the disk, so one that does not wait is worth the loop."""
        return self._main.average_s < self._inline_s and (count == 1 or self._inline_s == ALWAYS)

    def transaction(self, ws: int) -> AbstractContextManager[Tx]:
        """A transaction of the calling thread, between two groups."""
        return self._main.transaction(ws)

    def when_committed(self, note: Note) -> None:
        """Call `note` with `COMMIT`, `RETRY` or `WRITE` and seconds, one call at a time, but from any thread."""
        note = _in_turn(note) if self._lanes else note
        for committer in (self._main, *self._lanes):
            committer.note = note

    @property
    def epoch(self) -> int:
        """A snapshot that begins after this was asked sees every change up to it."""
        memory = self._main.memory
        return 0 if memory is None else memory.committed

    def changed_since(self, key: tuple[str, int, str], epoch: int) -> bool:
        """Whether this writer may have changed (entity, workspace, id) after that epoch, also in a transaction that is open."""
        memory = self._main.memory
        return memory is None or memory.changed_since(key, epoch)

    def take_rested(self, most: int, now: float | None = None) -> list[tuple[str, int, str]]:
        """(entity, workspace, id) of what this writer changed and has come to rest.  `now`: by `time.monotonic`, unless it is
        asked for another moment."""
        return self._restless.take(time.monotonic() if now is None else now, most)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Nobody writes over the main connection meanwhile, which is the only one of a store without lanes."""
        with self._main.lock:
            yield

    def close(self) -> None:
        """Waits for what is queued."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._batches.close()
        for thread in self._threads:
            thread.join()
        for committer in (self._main, *self._lanes):
            committer.close()


class Gathering(Generic[C]):
    """A queue of commands for several lanes, which take them in groups of at most `limit`.  Any thread may call it.

    A group costs its round trips and its flush to the disk, whether it has one command or ten.  A lane that takes the first
    command at once leaves the others for a second group, so a lane waits until about half of the commands that are usually
    under way have come, and the other lane writes the other half.  Callers that are alone wait for nobody.

    `expected` is how many commands are under way at a time when all callers have asked again: those that wait here and those in
    groups that are not finished yet."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[C] = []
        self._under_way = 0
        self._idle = 0  # threads that wait
        self.asleep = 0  # of them, those that wait for as long as nothing comes
        self._average_s = 0.0
        self._is_closed = False
        self.expected = 0.0

    def put(self, commands: list[C]) -> None:
        with self._changed:
            self._waiting += commands
            # A lane that sleeps is woken to be patient for these: the lane that has a group may be held up with it.
            if self._idle and (self._is_due() or self.asleep == self._idle):
                self._changed.notify()

    def take(self) -> list[C]:
        """Wait for a group.  Empty: there will be no more.  `finish` must be called for each group."""
        with self._changed:
            self._idle += 1
            until = self._end_of_patience()
            while not self._is_due():
                if not self._waiting and self._is_due(1):
                    self.asleep += 1
                    self._changed.wait()
                    self.asleep -= 1
                    until = self._end_of_patience()
                    continue
                left_s = until - self._clock()
                if left_s > 0:
                    self._changed.wait(left_s)
                else:
                    self.expected = float(len(self._waiting) + self._under_way)  # the others do not come
            self._idle -= 1
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            self._under_way += len(group)
            self.expected = max(float(len(self._waiting) + self._under_way), self.expected * DECAY)
            if self._idle and self._is_due():
                self._changed.notify()
            return group

    def finish(self, count: int, took_s: float) -> None:
        """A group of so many commands is committed, or failed, and its callers may ask again."""
        with self._changed:
            self._under_way -= count
            self._average_s += RECENT * (took_s - self._average_s)

    def close(self) -> None:
        """Let `take` return what waits, and then nothing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _end_of_patience(self) -> float:
        return self._clock() + min(PATIENCE * self._average_s, MOST_PATIENCE_S)

    def _is_due(self, more: int = 0) -> bool:
        count = len(self._waiting) + more
        if self._is_closed or count >= self._limit:
            return True
        return count > 0 and (2 * count >= self.expected or count + self._under_way >= self.expected)


def _in_turn(note: Note) -> Note:
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
    """Commit what the queue has, group after group, until it says that there will be no more."""
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


def _serve_lane(committer: Committer, batches: Gathering[Command]) -> None:
    """Commit groups of what the lanes have to write, until there will be no more."""
    while group := batches.take():
        begun = time.monotonic()
        with committer.lock:
            committer.commit(group)
        batches.finish(len(group), time.monotonic() - begun)
        _answer(group)


def _answer(commands: list[Command]) -> None:
    """Hands results over: once for each event loop, however many calls wait there."""
    loops: dict[asyncio.AbstractEventLoop, list[Command]] = {}
    for command in commands:
        if command.loop is None:
            command.done(command.result, command.error)
        else:
            loops.setdefault(command.loop, []).append(command)
    for loop, settled in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(commands: list[Command]) -> None:
    for command in commands:
        command.done(command.result, command.error)
