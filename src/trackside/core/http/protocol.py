"""uvicorn's HTTP protocol, sending head and body of an answer in one write.  Knows transports; knows no ASGI message.

uvicorn writes the head and the body apart: two system calls, two packets, and a client that wakes up twice.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SMALL_BYTES = 64 << 10


class _JoinedWrites:
    """A transport that keeps a small first write back until the second one, or the end of the loop's turn."""

    __slots__ = ("_kept", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._kept: bytes | None = None

    def write(self, data: bytes) -> None:
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

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        kept = self._kept
        if kept is not None:
            self._kept = None
            if not self._transport.is_closing():
                self._transport.write(kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OneWriteProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        joined = _JoinedWrites(transport, asyncio.get_running_loop())
        super().connection_made(cast(asyncio.Transport, joined))
