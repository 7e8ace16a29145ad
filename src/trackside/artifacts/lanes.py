"""Threads for the artifact stores: a store that hangs delays no calls of other stores.

The server's own store and the stores of workspaces have separate threads.  Of the latter each host has a share.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from trackside.artifacts.roots import OWN_LANE, Spot
from trackside.core.work.lanes import Lanes
from trackside.core.work.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("trackside.artifacts")

OWN_THREADS = 8
OTHER_THREADS = 16
EACH_OTHER = 4  # threads of OTHER_THREADS for one host
WAIT_S = 10.0  # for a free thread
RELEASE_WAIT_S = 1.0
LONG_FACTOR = 10  # what works through many files or a large one may take so many times the limit of a call


class Lane:
    """Runs calls of one store."""

    def __init__(self, lanes: Lanes, name: str, limit_s: float) -> None:
        self._lanes = lanes
        self._name = name
        self._limit_s = limit_s

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._lanes.run(self._name, self._limit_s, partial(fn, *args, **kwargs))

    def start(self, fn: Callable[[], T], done: Callable[[Any, BaseException | None], None]) -> None:
        """The same for callers without a coroutine: `done` gets the result, or the error, on the loop."""
        self._lanes.start(self._name, self._limit_s, fn, done)

    async def run_long(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for what takes longer the more there is: a folder, a checksum."""
        return await self._lanes.run(self._name, self._limit_s * LONG_FACTOR, partial(fn, *args, **kwargs))

    async def acquire(self, fn: Callable[[], T], release: Callable[[T], object]) -> T:
        """The same for what opens something: `release` gets it if it comes after the limit."""
        return await self._lanes.run(self._name, self._limit_s, fn, release)

    async def release(self, fn: Callable[[], object]) -> None:
        """Run what gives something back, however busy the store is; wait at most RELEASE_WAIT_S for it."""
        work = asyncio.ensure_future(self._lanes.run(self._name, None, fn, wait_s=None))
        _RELEASING.add(work)
        work.add_done_callback(_released)
        await asyncio.wait({work}, timeout=RELEASE_WAIT_S)


_RELEASING: set["asyncio.Future[object]"] = set()  # the event loop keeps no reference to its tasks


def _released(work: "asyncio.Future[object]") -> None:
    _RELEASING.discard(work)
    if not work.cancelled() and (error := work.exception()) is not None:
        log.warning("an artifact store did not release a file: %s", error)


class StoreThreads:
    """The threads of all stores.  `limit_s`: how long one call of a store may take."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._own_threads = Threads(OWN_THREADS, "trackside-artifacts")
        self._other_threads = Threads(OTHER_THREADS, "trackside-buckets")
        what = "The artifact store"
        self._own = Lanes(self._own_threads, most=OWN_THREADS, each=OWN_THREADS, wait_s=WAIT_S, what=what)
        self._others = Lanes(self._other_threads, most=OTHER_THREADS, each=EACH_OTHER, wait_s=WAIT_S, what=what)

    def of(self, spot: Spot) -> Lane:
        is_own = spot.lane == OWN_LANE
        return Lane(self._own if is_own else self._others, spot.lane, self._limit_s)

    def leave(self) -> None:
        self._own.leave()
        self._others.leave()

    def close(self) -> None:
        """Waits for what is under way."""
        self._own_threads.shutdown()
        self._other_threads.shutdown()
