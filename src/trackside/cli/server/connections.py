"""Bounds the open connections of a server process, so that clients do not use up the files that it may open.

A process that may open no further file cannot read its database.  Above the bound, connections that wait for their client's next
request are closed, the longest idle first.  If every connection has a request under way, the new one is refused with 503.
"""

import asyncio
import resource
from contextlib import suppress
from heapq import nsmallest

from trackside.cli.server import uvicorn_parts  # noqa: F401  # before any other part of uvicorn
from trackside.core.errors import Unavailable
from trackside.core.http.protocol import OneWriteProtocol

MOST = 10_000
MOST_FILES = 65_536  # programs that run for the server inherit the limit, and some look at every possible descriptor
SHARE = 20  # of the bound, closed at once: each search for idle connections looks at all of them


def raise_file_limit() -> int:
    """Raise this process's limit of open files as far as it may, and return the number of connections that fits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a lower limit than it tells
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
        super().connection_made(transport)
        self._opened_at = self.loop.time()
        if len(self.connections) > self.most:
            self._make_room()

    def idle_since(self) -> float | None:
        """Return when the connection began to wait for a request; None while one is under way, also its answer."""
        cycle = self._last_cycle()
        if (cycle is not None and not cycle.response_complete) or self.transport.get_write_buffer_size():
            return None
        return self._opened_at if self._idle_at is None else self._idle_at

    def _make_room(self) -> None:
        others = [each for each in self.connections if each is not self and isinstance(each, BoundedProtocol)]
        others = [each for each in others if not each.transport.is_closing()]
        if len(others) < self.most:
            return
        idle = [(since, id(each), each) for each in others if (since := each.idle_since()) is not None]
        if not idle:
            self._refuse(Unavailable(f"The server has {self.most} requests under way; try again."))
        for _, _, each in nsmallest(max(1, self.most // SHARE), idle):
            each.transport.close()
