"""Thread pools for calls of artifact stores, so that a store that hangs does not delay calls of other stores.

The server's own store and the stores of workspaces have separate pools.  In the pool of workspaces, each host has a concurrency
limit.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from trackside.artifacts.roots import OWN_STORE, Spot
from trackside.core.work.keyed_pool import KeyedPool
from trackside.core.work.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("trackside.artifacts")

OWN_THREADS = 8
OTHER_THREADS = 16
EACH_OTHER = 4  # threads of OTHER_THREADS for one host
WAIT_S = 10.0  # time limit for a free thread
RELEASE_WAIT_S = 1.0
LONG_FACTOR = 10  # the limit is multiplied by this for calls that read many files or a large one


class StoreExecutor:
    """Runs the calls of one store in threads."""

    def __init__(self, pool: KeyedPool, name: str, limit_s: float) -> None:
        self._pool = pool
        self._name = name
        self._limit_s = limit_s

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` in a thread and return its result; raise Unavailable after the limit, Busy without a free thread."""
        return await self._pool.run(self._name, self._limit_s, partial(fn, *args, **kwargs))

    def start(self, fn: Callable[[], T], done: Callable[[Any, BaseException | None], None]) -> None:
        """Run `fn` in a thread and call `done` with the result or the error on the event loop."""
        self._pool.start(self._name, self._limit_s, fn, done)

    async def run_long(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call whose duration grows with the data, such as a walk of a folder or a checksum: the limit is LONG_FACTOR
        times as long."""
        return await self._pool.run(self._name, self._limit_s * LONG_FACTOR, partial(fn, *args, **kwargs))

    async def acquire(self, fn: Callable[[], T], release: Callable[[T], object]) -> T:
        """Run a call that opens a resource; `release` gets the resource if the call returns after the limit."""
        return await self._pool.run(self._name, self._limit_s, fn, release)

    async def release(self, fn: Callable[[], object]) -> None:
        """Run a call that releases a resource, without a limit on its time in the queue; wait at most RELEASE_WAIT_S for it."""
        work = asyncio.ensure_future(self._pool.run(self._name, None, fn, wait_s=None))
        _RELEASING.add(work)
        work.add_done_callback(_released)
        await asyncio.wait({work}, timeout=RELEASE_WAIT_S)


_RELEASING: set["asyncio.Future[object]"] = set()  # the event loop keeps no reference to its tasks


def _released(work: "asyncio.Future[object]") -> None:
    _RELEASING.discard(work)
    if not work.cancelled() and (error := work.exception()) is not None:
        log.warning("an artifact store did not release a file: %s", error)


class StoreThreads:
    """The thread pools of all stores.  `limit_s` is the timeout of one call."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._own_threads = Threads(OWN_THREADS, "trackside-artifacts")
        self._other_threads = Threads(OTHER_THREADS, "trackside-buckets")
        what = "The artifact store"
        self._own = KeyedPool(self._own_threads, most=OWN_THREADS, each=OWN_THREADS, wait_s=WAIT_S, what=what)
        self._others = KeyedPool(self._other_threads, most=OTHER_THREADS, each=EACH_OTHER, wait_s=WAIT_S, what=what)

    def of(self, spot: Spot) -> StoreExecutor:
        is_own = spot.store_name == OWN_STORE
        return StoreExecutor(self._own if is_own else self._others, spot.store_name, self._limit_s)

    def leave(self) -> None:
        self._own.leave()
        self._others.leave()

    def close(self) -> None:
        """Wait for running calls."""
        self._own_threads.shutdown()
        self._other_threads.shutdown()
