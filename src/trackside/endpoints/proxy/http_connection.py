"""An HTTP connection to a scorer, for one request at a time.

It implements the part of HTTP that `trackside.scorer` uses: one answer per request, with a content-length.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from trackside.endpoints.proxy.exchange import JSON, Broken, Exchange, Reply, passed

MOST_COPIED_BYTES = 16 << 10  # of a body: a larger one is written without copying
MAX_HEAD_BYTES = 64 << 10
MAX_REPLY_BYTES = 1 << 30
_END = b"\r\n\r\n"


class HttpConnection(asyncio.Protocol):
    """`free` is called after each answer, if the connection can serve another request.  `lost` is called at the end of the
    connection, with a request that may be sent on another one, because the scorer had closed this one while it was idle.

    `authorization` is a line of the head, or empty."""

    __slots__ = (
        "_authorization",
        "_body_at",
        "_exchange",
        "_free",
        "_length",
        "_lost",
        "_pieces",
        "_transport",
        "_was_used",
    )

    def __init__(
        self,
        authorization: bytes,
        free: "Callable[[HttpConnection], None]",
        lost: "Callable[[HttpConnection, Exchange | None], None]",
    ) -> None:
        self._authorization = authorization
        self._free = free
        self._lost = lost
        self._exchange: Exchange | None = None
        self._was_used = False
        self._transport: asyncio.Transport | None = None
        self._pieces = bytearray()
        self._body_at = self._length = 0

    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(self, exchange: Exchange) -> None:
        assert self._transport is not None
        self._exchange = exchange
        exchange.connection = self
        head = encoded_head(
            exchange.method, exchange.path, exchange.content_type, len(exchange.body), self._authorization
        )
        if len(exchange.body) <= MOST_COPIED_BYTES:
            self._transport.write(head + exchange.body)
        else:
            self._transport.writelines([head, exchange.body])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods alone

    def data_received(self, data: bytes) -> None:
        if self._exchange is None:  # no request was sent
            self.close()
            return
        pieces = self._pieces
        if not pieces and self._is_whole(data):
            return
        pieces += data
        if not self._body_at and not self._read_head(pieces):
            return
        if len(pieces) >= self._body_at + self._length:
            self._finish(bytes(pieces))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        exchange, self._exchange = self._exchange, None
        if exchange is None or exchange.is_over:
            self._lost(self, None)
        elif self._was_used and not self._pieces:
            exchange.connection = None
            self._lost(self, exchange)
        else:
            self._lost(self, None)
            exchange.fail(Broken())

    def _is_whole(self, data: bytes) -> bool:
        """Answer from one piece of data if it has a whole answer: the common case, without a copy."""
        if not self._read_head(data):
            return self._exchange is None
        if len(data) < self._body_at + self._length:
            return False
        self._finish(data)
        return True

    def _read_head(self, data: bytes | bytearray) -> bool:
        """Return whether the head is complete; an invalid head ends the exchange."""
        end = data.find(_END)
        if end < 0:
            if len(data) > MAX_HEAD_BYTES:
                self._break()
            return False
        found = data.rfind(b"content-length: ", 0, end)
        stop = data.find(b"\r\n", found)
        digits = data[found + 16 : stop]
        if found < 0 or not digits.isdigit() or int(digits) > MAX_REPLY_BYTES or not data[9:12].isdigit():
            self._break()
            return False
        self._length = int(digits)
        self._body_at = end + 4
        return True

    def _finish(self, data: bytes) -> None:
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        body_at, length = self._body_at, self._length
        status = int(data[9:12])
        headers, keeps = JSON, True
        head = data[: body_at - 4]
        if head.count(b"\r\n") != 2 or b"\r\ncontent-type: application/json" not in head:
            headers = passed(head)
            keeps = b"\r\nconnection: close" not in head
        self._body_at = self._length = 0
        self._pieces.clear()
        self._was_used = True
        if keeps and len(data) == body_at + length:
            self._free(self)
        else:
            self.close()
        exchange.connection = None
        exchange.finish(Reply(status, headers, data[body_at : body_at + length]))

    def _break(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.fail(Broken())
        self.close()


def encoded_head(
    method: str, path: str, content_type: bytes | None, size_bytes: int, authorization: bytes = b""
) -> bytes:
    kind = b"" if content_type is None else b"content-type: %s\r\n" % content_type
    start = method.encode("latin-1"), path.encode("latin-1"), size_bytes, kind, authorization
    return b"%s %s HTTP/1.1\r\nhost: scorer\r\ncontent-length: %d\r\n%s%s\r\n" % start
