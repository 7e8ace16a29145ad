"""Runs blocking calls in threads, with a concurrency limit for each key, a queue timeout and a timeout for each call.

Used on one event loop.  A key identifies a resource that may hang as a whole: a store, a host, a workspace.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from trackside.core.errors import Busy, Unavailable
from trackside.core.work.threads import STOPPING

P = ParamSpec("P")
T = TypeVar("T")


DEFAULT_WAIT = -1.0  # the `wait_s` of the pool


class KeyedPool:
    """At most `most` calls at once, and at most `each` of one key; further calls wait in FIFO order for each key.

    A call that waits in the queue longer than `wait_s` raises Busy.  A call that runs longer than its limit raises
    Unavailable; its thread still counts for the key until it returns, so a key that hangs never gets more threads.
    """

    def __init__(self, threads: Executor, *, most: int, each: int, wait_s: float, what: str) -> None:
        """`what` is the subject of error messages: "The artifact store"."""
        self._threads = threads
        self._most = most
        self._each = each
        self._wait_s = wait_s
        self._what = what
        self._busy: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Future[Any]] = set()  # the event loop keeps no reference to its tasks
        self._has_ended = False

    async def run(
        self,
        key: Hashable,
        limit_s: float | None,
        fn: Callable[[], T],
        late: Callable[[T], object] | None = None,
        *,
        wait_s: float | None = DEFAULT_WAIT,
    ) -> T:
        """Run `fn()` in a thread, within the limit of the key, and return its result.

        `late` gets the result of a call that returns after its limit, to release resources.  `wait_s`: None waits in the queue
        without a limit."""
        await self._enter(key, self._wait_s if wait_s == DEFAULT_WAIT else wait_s)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call = self._begin(key, limit_s, fn, late, partial(_wake, waiter))
        try:
            await waiter
        finally:
            call.end()
        return call.result()

    def start(
        self,
        key: Hashable,
        limit_s: float | None,
        fn: Callable[[], T],
        done: Callable[[Any, BaseException | None], None],
    ) -> None:
        """Run `fn()` in a thread and call `done` with the result or the error on the loop.

        A call that does not wait in the queue creates no task."""
        if self._waiting.get(key) or not self._has_capacity(key):
            task = asyncio.ensure_future(self.run(key, limit_s, fn))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(partial(_pass_result, done))
            return
        self._busy[key] += 1
        is_settled = False

        def settle() -> None:  # at the return of the call or at its limit, whichever is first
            nonlocal is_settled
            if not is_settled:
                is_settled = True
                call.end()
                try:
                    result = call.result()
                except Exception as error:  # noqa: BLE001  # `done` gets it
                    done(None, error)
                else:
                    done(result, None)

        call = self._begin(key, limit_s, fn, None, settle)

    def _begin(
        self,
        key: Hashable,
        limit_s: float | None,
        fn: Callable[[], T],
        late: Callable[[T], object] | None,
        settle: Callable[[], None],
    ) -> "_Call[T]":
        try:
            job = self._threads.submit(fn)
        except BaseException:
            self._leave(key)
            raise
        return _Call(job, self._what, limit_s, settle, partial(self._leave, key), self._in_thread(late))

    def _in_thread(self, late: Callable[[T], object] | None) -> Callable[[T], object] | None:
        return None if late is None else lambda result: self._threads.submit(late, result)

    def leave(self) -> None:
        """At the end of the server: let queued calls, and new calls that would have to be queued, raise Unavailable.

        Other new calls still run: they belong to requests under way, which the server finishes before it ends."""
        self._has_ended = True
        for queue in self._waiting.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(Unavailable(STOPPING))
        self._waiting.clear()

    @property
    def under_way(self) -> int:
        return sum(self._busy.values())

    async def _enter(self, key: Hashable, wait_s: float | None) -> None:
        if not self._waiting.get(key) and self._has_capacity(key):
            self._busy[key] += 1
            return
        if self._has_ended:
            raise Unavailable(STOPPING)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(key, deque())
        queue.append(turn)
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave(key)
            elif turn in queue:
                queue.remove(turn)
            if isinstance(error, TimeoutError):
                raise Busy(
                    f"{self._what} is busy: this call has waited {wait_s:g} s in the queue; try again.",
                    headers=[(b"retry-after", b"1")],
                ) from None
            raise

    def _has_capacity(self, key: Hashable) -> bool:
        return self._busy[key] < self._each and self.under_way < self._most

    def _leave(self, key: Hashable) -> None:
        self._busy[key] -= 1
        if not self._busy[key]:
            del self._busy[key]
        # Round robin: a key whose call was started moves to the end, so that one with many calls does not starve the others.
        for key in list(self._waiting):
            queue = self._waiting.pop(key)
            while queue and self._has_capacity(key):
                turn = queue.popleft()
                if not turn.done():
                    self._busy[key] += 1
                    turn.set_result(None)
                    break
            if queue:
                self._waiting[key] = queue


class _Call(Generic[T]):
    """A call in a thread.  `settle` is called on the loop when the call returns, and at its limit; after `end` no caller waits
    for it."""

    __slots__ = ("_has_left", "_job", "_late", "_limit_s", "_loop", "_returned", "_settle", "_timer", "_what")

    def __init__(
        self,
        job: "Future[T]",
        what: str,
        limit_s: float | None,
        settle: Callable[[], None],
        returned: Callable[[], None],
        late: Callable[[T], object] | None,
    ) -> None:
        """`returned` is called on the loop when the thread is free; `late` gets the result of a call that returns after `end`."""
        self._job: Future[T] | None = job  # None: its result was taken
        self._what = what
        self._limit_s = limit_s
        self._settle = settle
        self._returned = returned
        self._late = late
        self._has_left = False
        self._loop = asyncio.get_running_loop()
        self._timer = None if limit_s is None else self._loop.call_later(limit_s, settle)
        job.add_done_callback(self._schedule_free)

    def _schedule_free(self, _: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._free)

    def _free(self) -> None:
        job, late = self._job, self._late
        self._returned()
        self._settle()
        if self._has_left and late is not None and job is not None and not job.cancelled() and job.exception() is None:
            late(job.result())

    def end(self) -> None:
        # A thread cannot be cancelled: the call counts for its key until it returns.
        self._has_left = self._job is not None and not self._job.done()
        if self._timer is not None:
            self._timer.cancel()

    def result(self) -> T:
        """Return the result of the call; raise Unavailable if it had not returned at `end`.

        To be called once: it drops the reference to the result, which may be large and is part of a reference cycle."""
        if self._has_left:
            raise Unavailable(f"{self._what} has not answered within {self._limit_s:g} s; try again.")
        job, self._job = self._job, None
        assert job is not None
        return job.result()


def _pass_result(done: Callable[[Any, BaseException | None], None], task: "asyncio.Future[Any]") -> None:
    if not task.cancelled():
        error = task.exception()
        done(None, error) if error is not None else done(task.result(), None)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
