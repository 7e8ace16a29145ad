"""The end of a connection whose client may still send (RFC 9112, 9.6).

A socket that is closed while data arrives is reset, and a reset can destroy an answer that the client has not read.  The server
therefore ends its own side first, discards what arrives, and closes the connection at a bound.  The discarded data is not parsed
and takes no memory.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct


class Bounds(Struct, frozen=True):
    """How much of a client's data is discarded before the connection is closed."""

    most_bytes: int = 1 << 29
    silence_s: float = 5.0  # to twice that time, in which nothing arrives
    total_s: float = 60.0


BOUNDS = Bounds()


class LingeringClose:
    """A connection that is being closed, from the end of the server's side on."""

    def __init__(self, close: Callable[[], None], loop: asyncio.AbstractEventLoop, bounds: Bounds) -> None:
        self.since = loop.time()
        self.is_open = True
        self._close = close
        self._loop = loop
        self._bounds = bounds
        self._bytes = self._bytes_before = 0  # in all; at the last look
        self._timer = self._wait()

    def discard(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        if self._bytes > self._bounds.most_bytes:
            self.end()

    def end(self) -> None:
        """Close the connection now."""
        self.is_open = False
        self.cancel()
        self._close()

    def cancel(self) -> None:
        """Stop the timer of a connection that is closed."""
        self._timer.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        left_s = self.since + self._bounds.total_s - self._loop.time()
        return self._loop.call_later(min(self._bounds.silence_s, max(left_s, 0)), self._look)

    def _look(self) -> None:
        is_silent, self._bytes_before = self._bytes == self._bytes_before, self._bytes
        if is_silent or self._loop.time() >= self.since + self._bounds.total_s:
            self.end()
        else:
            self._timer = self._wait()
