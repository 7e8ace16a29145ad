"""Requests to replicas over Unix sockets or TCP, on connections that are kept.

Speaks just the HTTP that `trackside.scorer` speaks: one answer per request, with a length.  Everything is a callback on the event
loop: a task and two futures for each request would cost more than the request.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from msgspec import Struct

from trackside.endpoints import addresses

WATCH_S = 0.1  # how late the end of a request's time may be noticed
KEPT = 64  # idle connections per replica
MOST_COPIED_BYTES = 16 << 10  # of a body: larger ones are written as they are
MAX_HEAD_BYTES = 64 << 10
MAX_REPLY_BYTES = 1 << 30
PASSED = (
    b"content-type",
    b"retry-after",
    b"ms-azureml-model-error-statuscode",
    b"ms-azureml-model-error-reason",
    b"allow",
)
_END = b"\r\n\r\n"
_JSON = [(b"content-type", b"application/json")]


class Reply(Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Broken(Exception):
    """The replica ended before it answered, or what came was no answer."""

    def __init__(self) -> None:
        super().__init__("the replica ended before it answered")


# Called once, with the replica's answer, or with Broken or TimeoutError.
Done = Callable[[Reply | None, Exception | None], None]


class Proxy:
    """Keeps connections by address; used on one event loop.  `token_of` is `Routing.token_of`."""

    def __init__(self, token_of: Callable[[str], str] = str) -> None:
        self._token_of = token_of
        self._idle: dict[str, deque[_Connection]] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self.under_way: set[_Exchange] = set()
        self._watch: asyncio.TimerHandle | None = None

    def send(
        self,
        address: str,
        method: str,
        path: str,
        content_type: bytes | None,
        body: bytes,
        timeout_s: float,
        done: Done,
    ) -> None:
        """Send a request to a replica.  `done` is called later, on the loop."""
        loop = asyncio.get_running_loop()
        head = encoded_head(method, path, content_type, len(body), self._authorization(address))
        exchange = _Exchange(self.under_way, head, body, loop.time() + timeout_s, done)
        if self._watch is None:
            self._watch = loop.call_later(WATCH_S, self._look)
        self.begin(address, exchange)

    def _look(self) -> None:
        """End the exchanges whose time is over.  One timer for all costs less than one for each."""
        self._watch = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        over = [each for each in self.under_way if each.until <= now]
        if self.under_way:
            self._watch = loop.call_later(WATCH_S, self._look)
        for exchange in over:
            exchange.fail(TimeoutError())

    async def ask(
        self, address: str, method: str, path: str, content_type: bytes | None, body: bytes, timeout_s: float
    ) -> Reply:
        """Return the replica's answer.  Raise Broken, TimeoutError."""
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def done(reply: Reply | None, error: Exception | None) -> None:
            if answered.done():
                return
            if reply is not None:
                answered.set_result(reply)
            else:
                answered.set_exception(error or Broken())

        self.send(address, method, path, content_type, body, timeout_s, done)
        return await answered

    def begin(self, address: str, exchange: "_Exchange") -> None:
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.is_open():
                connection.start(exchange)
                return
        opening = asyncio.get_running_loop().create_task(self._open(address, exchange))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    def keep(self, connection: "_Connection") -> None:
        idle = self._idle.setdefault(connection.address, deque())
        if len(idle) < KEPT:
            idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def forget(self, addresses: set[str]) -> None:
        """Close connections to replicas that are no longer among the addresses."""
        for address in [each for each in self._idle if each not in addresses]:
            for connection in self._idle.pop(address):
                connection.close()

    def _authorization(self, address: str) -> bytes:
        """Return the header line that opens a replica on a network; nothing for a socket, which only the server can open."""
        tcp = addresses.parsed(address)
        if tcp is None:
            return b""
        return f"authorization: Bearer {self._token_of(f'replica {tcp.key_id}')}\r\n".encode("latin-1")

    async def _open(self, address: str, exchange: "_Exchange") -> None:
        loop = asyncio.get_running_loop()
        try:
            tcp = addresses.parsed(address)
            if tcp is None:
                _, connection = await loop.create_unix_connection(lambda: _Connection(self, address), address)
            else:
                _, connection = await loop.create_connection(lambda: _Connection(self, address), tcp.host, tcp.port)
        except OSError:
            exchange.fail(Broken())
            return
        if exchange.is_over:  # its time ended while the connection was made
            self.keep(connection)
        else:
            connection.start(exchange)


class _Exchange:
    """A request and what hears of its answer, until the loop's time `until`.  `under_way` has it as long as it has no answer."""

    __slots__ = ("body", "connection", "done", "head", "is_over", "under_way", "until")

    def __init__(self, under_way: "set[_Exchange]", head: bytes, body: bytes, until: float, done: Done) -> None:
        self.under_way = under_way
        self.head = head
        self.body = body
        self.until = until
        self.done = done
        self.is_over = False
        self.connection: _Connection | None = None
        under_way.add(self)

    def finish(self, reply: Reply) -> None:
        if not self.is_over:
            self.is_over = True
            self.under_way.discard(self)
            self.done(reply, None)

    def fail(self, error: Exception) -> None:
        if not self.is_over:
            self.is_over = True
            self.under_way.discard(self)
            if self.connection is not None:
                self.connection.close()
            self.done(None, error)


class _Connection(asyncio.Protocol):
    __slots__ = ("_body_at", "_length", "_pieces", "_transport", "address", "exchange", "proxy", "was_used")

    def __init__(self, proxy: Proxy, address: str) -> None:
        self.proxy = proxy
        self.address = address
        self.exchange: _Exchange | None = None
        self.was_used = False
        self._transport: asyncio.Transport | None = None
        self._pieces = bytearray()
        self._body_at = self._length = 0

    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(self, exchange: _Exchange) -> None:
        assert self._transport is not None
        self.exchange = exchange
        exchange.connection = self
        if len(exchange.body) <= MOST_COPIED_BYTES:
            self._transport.write(exchange.head + exchange.body)
        else:
            self._transport.writelines([exchange.head, exchange.body])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods alone

    def data_received(self, data: bytes) -> None:
        if self.exchange is None:  # nothing was asked
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
        exchange, self.exchange = self.exchange, None
        if exchange is None or exchange.is_over:
            return
        if self.was_used and not self._pieces:  # the replica had closed the idle connection; the next one may be new
            exchange.connection = None
            self.proxy.begin(self.address, exchange)
        else:
            exchange.fail(Broken())

    def _is_whole(self, data: bytes) -> bool:
        """Answer from one piece of data where that is a whole answer: the common case, without a copy."""
        if not self._read_head(data):
            return self.exchange is None
        if len(data) < self._body_at + self._length:
            return False
        self._finish(data)
        return True

    def _read_head(self, data: bytes | bytearray) -> bool:
        """Return whether the head is there; a head that cannot be read ends the exchange."""
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
        exchange, self.exchange = self.exchange, None
        assert exchange is not None
        body_at, length = self._body_at, self._length
        status = int(data[9:12])
        headers, keeps = _JSON, True
        head = data[: body_at - 4]
        if head.count(b"\r\n") != 2 or b"\r\ncontent-type: application/json" not in head:
            lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            headers = [(name, lines[name]) for name in PASSED if name in lines]
            keeps = lines.get(b"connection") != b"close"
        self._body_at = self._length = 0
        self._pieces.clear()
        self.was_used = True
        if keeps and len(data) == body_at + length:
            self.proxy.keep(self)
        else:
            self.close()
        exchange.connection = None
        exchange.finish(Reply(status, headers, data[body_at : body_at + length]))

    def _break(self) -> None:
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.fail(Broken())
        self.close()


def encoded_head(
    method: str, path: str, content_type: bytes | None, size_bytes: int, authorization: bytes = b""
) -> bytes:
    kind = b"" if content_type is None else b"content-type: %s\r\n" % content_type
    start = method.encode("latin-1"), path.encode("latin-1"), size_bytes, kind, authorization
    return b"%s %s HTTP/1.1\r\nhost: scorer\r\ncontent-length: %d\r\n%s%s\r\n" % start
