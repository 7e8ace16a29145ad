"""A transport that joins the writes of an answer: uvicorn writes head and body separately."""

import asyncio
from collections.abc import Callable
from typing import Any

SMALL_BYTES = 64 << 10


class JoinedWrites:
    """A transport that holds back a small first write until the second write or the end of the loop's iteration."""

    __slots__ = ("_kept", "_loop", "_transport", "close", "is_closing", "written")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, close: Callable[[], None]
    ) -> None:
        """`close` decides when to call `close_now`."""
        self.close = close
        self.is_closing = transport.is_closing  # called for each answer; after `write_eof` it is true
        self._transport = transport
        self._loop = loop
        self._kept: bytes | None = None
        self.written = 0  # bytes, in all

    def write(self, data: bytes) -> None:
        if self.is_closing is _true:  # a transport raises for a write after its end
            return
        self.written += len(data)
        kept = self._kept
        if kept is not None:
            self._kept = None
            self._transport.write(kept + data if len(data) <= SMALL_BYTES else kept)
            if len(data) > SMALL_BYTES:
                self._transport.write(data)
        elif len(data) <= SMALL_BYTES:
            self._kept = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def write_now(self, head: bytes, body: bytes) -> None:
        """Write head and body in one system call where the loop can, without copying a large body."""
        self.written += len(head) + len(body)
        if self._kept is not None:
            self._flush()
        if len(body) <= SMALL_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines([head, body])

    def close_now(self) -> None:
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        self.is_closing = _true
        self._flush()
        if self._transport.can_write_eof():  # TLS has no half-closed connections
            self._transport.write_eof()

    def _flush(self) -> None:
        kept = self._kept
        if kept is not None:
            self._kept = None
            if not self._transport.is_closing():
                self._transport.write(kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _true() -> bool:
    return True
