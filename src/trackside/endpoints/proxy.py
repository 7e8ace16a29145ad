"""Requests to replicas over Unix sockets, on connections that are kept.

Speaks just the HTTP that `trackside.scorer` speaks: one answer per request, with a length.
"""

import asyncio
from collections import deque
from contextlib import suppress

from msgspec import Struct

KEPT = 64  # idle connections per replica
MAX_HEAD_BYTES = 64 << 10
PASSED = (
    b"content-type",
    b"retry-after",
    b"ms-azureml-model-error-statuscode",
    b"ms-azureml-model-error-reason",
    b"allow",
)


class Reply(Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Broken(Exception):
    """The replica ended before it answered.  `was_sent`: it may have worked on the request."""

    def __init__(self, was_sent: bool) -> None:
        super().__init__("the replica ended before it answered")
        self.was_sent = was_sent


class Proxy:
    """Keeps connections by address; used on one event loop."""

    def __init__(self) -> None:
        self._idle: dict[str, deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}

    async def send(
        self, address: str, method: str, path: str, content_type: bytes | None, body: bytes, timeout_s: float
    ) -> Reply:
        """Return the replica's answer.  Raise Broken, TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                reader, writer, is_fresh = await self._open(address)
                try:
                    writer.write(_encoded(method, path, content_type, body))
                    reply, keeps = await _read(reader)
                except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                    writer.close()
                    if is_fresh:
                        raise Broken(was_sent=True) from None
                    continue  # an idle connection that the replica had closed; the next one may be fresh
                except BaseException:
                    writer.close()
                    raise
                self._keep(address, reader, writer, keeps=keeps)
                return reply

    def close(self) -> None:
        for connections in self._idle.values():
            for _, writer in connections:
                with suppress(RuntimeError):  # the loop has ended
                    writer.close()
        self._idle.clear()

    def forget(self, addresses: set[str]) -> None:
        """Close connections to replicas that are no longer among the addresses."""
        for address in [each for each in self._idle if each not in addresses]:
            for _, writer in self._idle.pop(address):
                writer.close()

    async def _open(self, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        idle = self._idle.get(address)
        while idle:
            reader, writer = idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer, False
            writer.close()
        try:
            reader, writer = await asyncio.open_unix_connection(address, limit=MAX_HEAD_BYTES)
        except OSError:
            raise Broken(was_sent=False) from None
        return reader, writer, True

    def _keep(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keeps: bool) -> None:
        idle = self._idle.setdefault(address, deque())
        if keeps and len(idle) < KEPT:
            idle.append((reader, writer))
        else:
            writer.close()


def _encoded(method: str, path: str, content_type: bytes | None, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: scorer\r\ncontent-length: {len(body)}\r\n".encode("latin-1")
    if content_type is not None:
        head += b"content-type: " + content_type + b"\r\n"
    return head + b"\r\n" + body


async def _read(reader: asyncio.StreamReader) -> tuple[Reply, bool]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].split(b"\r\n")
    status = int(first.split(b" ", 2)[1])
    headers = dict(line.split(b": ", 1) for line in lines)
    body = await reader.readexactly(int(headers[b"content-length"]))
    passed = [(name, headers[name]) for name in PASSED if name in headers]
    return Reply(status, passed, body), headers.get(b"connection") != b"close"
