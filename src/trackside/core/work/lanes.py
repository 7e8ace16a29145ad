"""Blocking calls in threads, with a share for each key, a limit on waiting and a limit on each call.

Used on one event loop.  A key stands for what may hang as a whole: a store, a host, a workspace.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from trackside.core.errors import Busy, Unavailable
from trackside.core.work.threads import STOPPING

P = ParamSpec("P")
T = TypeVar("T")


DEFAULT_WAIT = -1.0  # for its turn: as long as the lanes say


class Lanes:
    """At most `most` calls at once, and at most `each` of one key; further calls wait in FIFO order for each key.

    A call that waits longer than `wait_s` for its turn raises Busy.  A call that takes longer than its limit raises
    Unavailable; its thread keeps its place in the key's share until it returns, so a key that hangs never gets more threads.
    """

    def __init__(self, threads: Executor, *, most: int, each: int, wait_s: float, what: str) -> None:
        """`what` is named in messages: "The artifact store"."""
        self._threads = threads
        self._most = most
        self._each = each
        self._wait_s = wait_s
        self._what = what
        self._busy: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
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
        """`fn()`, in a thread, within the share of the key.

        `late` gets the result of a call that returns after its limit, to release what it holds.  `wait_s`: None waits for
        its turn without a limit."""
        await self._enter(key, self._wait_s if wait_s == DEFAULT_WAIT else wait_s)
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        try:
            job = self._threads.submit(fn)
        except BaseException:
            self._leave(key)
            raise

        has_left = False

        def ended() -> None:
            self._leave(key)
            _wake(waiter)
            if has_left and late is not None and not job.cancelled() and job.exception() is None:
                self._threads.submit(late, job.result())

        def tell(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(ended)

        job.add_done_callback(tell)
        timer = None if limit_s is None else loop.call_later(limit_s, _wake, waiter)
        try:
            await waiter
        finally:
            has_left = not job.done()  # a thread cannot be cancelled: the share of the key is taken until it returns
            if timer is not None:
                timer.cancel()
        if has_left:
            raise Unavailable(f"{self._what} has not answered within {limit_s:g} s; try again.")
        return job.result()

    def leave(self) -> None:
        """The server ends: a call that would have to wait for its turn raises Unavailable.

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
        if not self._waiting.get(key) and self._has_room(key):
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
                    f"{self._what} is busy: this call has waited {wait_s:g} s for its turn; try again.",
                    headers=[(b"retry-after", b"1")],
                ) from None
            raise

    def _has_room(self, key: Hashable) -> bool:
        return self._busy[key] < self._each and self.under_way < self._most

    def _leave(self, key: Hashable) -> None:
        self._busy[key] -= 1
        if not self._busy[key]:
            del self._busy[key]
        # A key that has had its turn goes to the end, so that one with many calls does not starve the others.
        for key in list(self._waiting):
            queue = self._waiting.pop(key)
            while queue and self._has_room(key):
                turn = queue.popleft()
                if not turn.done():
                    self._busy[key] += 1
                    turn.set_result(None)
                    break
            if queue:
                self._waiting[key] = queue


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
