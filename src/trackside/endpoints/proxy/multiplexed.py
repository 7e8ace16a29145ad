"""The router's side of a multiplexed connection to a scorer: small requests to score share one connection.

The requests of one iteration of the event loop are sent by one system call, and so are the scorer's answers.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from trackside.endpoints.proxy.exchange import JSON, Exchange, Reply, passed
from trackside.scorer import frames

MOST_BODY_BYTES = 16 << 10  # a larger body would delay the others
MOST_UNSENT_BYTES = 1 << 20  # for a scorer that reads slowly
MAX_REPLY_BYTES = 1 << 30
MAX_HEADERS_BYTES = 64 << 10
_HEAD_BYTES = frames.ANSWER.size
_STATUSES = range(200, 600)


class Multiplexed(asyncio.Protocol):
    """`lost` is called once, with the unanswered requests, when the connection has ended or was refused.

    An answer to a request that timed out is dropped."""

    def __init__(self, lost: Callable[[list[Exchange]], None]) -> None:
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self.was_switched = False  # to frames
        self._is_over = False
        self._number = 0
        self._due: dict[int, Exchange] = {}
        self._rest = bytearray()
        self._needed_bytes = 0  # of `_rest`, until the next answer is complete

    def takes(self, exchange: Exchange) -> bool:
        """Return whether the request can be sent on this connection now."""
        return (
            self.was_switched
            and not self._is_over
            and exchange.method == "POST"
            and len(exchange.body) <= MOST_BODY_BYTES
            and (exchange.content_type is None or len(exchange.content_type) <= frames.MOST_TYPE_BYTES)
            and self._transport is not None
            and not self._transport.is_closing()
            and self._transport.get_write_buffer_size() <= MOST_UNSENT_BYTES
        )

    def start(self, exchange: Exchange) -> None:
        assert self._transport is not None
        self._number = number = (self._number + 1) & frames.MOST_NUMBER
        self._due[number] = exchange
        self._transport.write(frames.request(number, exchange.content_type, exchange.body))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods alone
        self._transport.write(frames.UPGRADE)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._is_over = True
        due, self._due = self._due, {}
        self._lost([each for each in due.values() if not each.is_over])

    def data_received(self, data: bytes) -> None:
        if self._rest or not self.was_switched:
            self._rest += data
            if len(self._rest) < self._needed_bytes or not (self.was_switched or self._switch()):
                return
            data = bytes(self._rest)
            self._rest.clear()
        read = self._read(data)
        if read < len(data):
            self._rest += data[read:]

    def _read(self, data: bytes) -> int:
        """Finish the requests whose answers are complete; return the number of their bytes."""
        at, end = 0, len(data)
        self._needed_bytes = _HEAD_BYTES
        while end - at >= _HEAD_BYTES:
            size, number, status, headers_size = frames.ANSWER.unpack_from(data, at)
            body_at = at + _HEAD_BYTES + headers_size
            exchange = self._due.get(number)
            if (
                exchange is None
                or size > MAX_REPLY_BYTES
                or headers_size > MAX_HEADERS_BYTES
                or status not in _STATUSES
            ):
                self.close()
                break
            if body_at + size > end:
                self._needed_bytes = body_at + size - at
                break
            del self._due[number]
            headers = passed(data[at + _HEAD_BYTES : body_at]) if headers_size else JSON
            at = body_at + size
            exchange.finish(Reply(status, headers, data[body_at:at]))
        return at

    def _switch(self) -> bool:
        """Return whether the scorer has accepted the upgrade; close the connection if it has not."""
        expected = frames.SWITCHED
        if not self._rest.startswith(expected):
            if not expected.startswith(self._rest):  # a scorer of another version
                self.close()
            return False
        del self._rest[: len(expected)]
        self.was_switched = True
        return True
