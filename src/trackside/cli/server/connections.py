"""Bounds the open connections of a server process, so that clients do not use up the files that it may open.

A process that may open no further file cannot read its database.  Above the bound, connections that wait for their client's next
request, or linger after their last answer, are closed, the longest idle first.  If every connection has a request under way,
those whose body arrives too slowly are refused with 408; without one, the new connection is refused with 503.
"""

import asyncio
import resource
from contextlib import suppress
from heapq import nsmallest

from trackside.cli.server import uvicorn_parts  # noqa: F401  # before any other part of uvicorn
from trackside.core.errors import SlowClient, Unavailable
from trackside.core.http.protocol import OneWriteProtocol

MOST = 10_000
MOST_FILES = 65_536  # programs that run for the server inherit the limit, and some look at every possible descriptor
SHARE = 20  # of the bound, closed at once: each search for idle connections looks at all of them


def raise_file_limit() -> int:
    """Raise this process's limit of open files as far as it may, and return the number of connections that fits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a lower limit than it reports
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, soft * 3 // 4)


def bounded(most: int) -> "type[BoundedProtocol]":
    """Return the protocol of a process that has at most `most` connections."""
    return type("Bounded", (BoundedProtocol,), {"most": most})


class BoundedProtocol(OneWriteProtocol):
    """A connection of a process that has at most `most` of them."""

    most = MOST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        self._body_bytes = self._bytes_before = 0  # of bodies, in all; at the last look
        self._cycle_before: object = None  # the request that was under way at the last look
        self.is_slow = False  # between the last two looks, too little of the body of one request came
        super().connection_made(transport)
        self._opened_at = self.loop.time()
        if len(self.connections) > self.most:
            self._make_room()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def _look(self) -> None:
        super()._look()
        cycle = self._last_cycle()
        came, self._bytes_before = self._body_bytes - self._bytes_before, self._body_bytes
        is_same, self._cycle_before = cycle is self._cycle_before, cycle
        is_awaited = cycle is not None and cycle.more_body and not cycle.response_complete and not self.flow.read_paused
        self.is_slow = is_same and is_awaited and came < self.least_bytes_s * self.silence_s

    def refuse_body(self) -> None:
        self._refuse(SlowClient("The body of the request arrives too slowly while the server has no connection free."))

    def idle_since(self) -> float | None:
        """Return when the connection began to wait for a request or to linger; None while a request is under way, also its
        answer."""
        if self.transport.get_write_buffer_size():
            return None
        if self._lingering is not None:
            return self._lingering.since
        cycle = self._last_cycle()
        if cycle is not None and not cycle.response_complete:
            return None
        return self._opened_at if self._idle_at is None else self._idle_at

    def _make_room(self) -> None:
        others = [each for each in self.connections if each is not self and isinstance(each, BoundedProtocol)]
        others = [each for each in others if each.is_open()]
        if len(others) < self.most:
            return
        idle = [(since, id(each), each) for each in others if (since := each.idle_since()) is not None]
        count = max(1, self.most // SHARE)
        for _, _, each in nsmallest(count, idle):
            each.close_now()
        if idle:
            return
        slow = [each for each in others if each.is_slow][:count]
        for each in slow:
            each.refuse_body()
        if not slow:
            self._refuse(Unavailable(f"The server has {self.most} requests under way; try again."))
