"""The connection pool to replicas: a multiplexed connection per Unix socket, and connections for one request at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from trackside.endpoints import addresses
from trackside.endpoints.proxy.exchange import Broken, Done, Exchange
from trackside.endpoints.proxy.http_connection import HttpConnection
from trackside.endpoints.proxy.multiplexed import Multiplexed

WATCH_S = 0.1  # resolution of the timeouts of requests
KEPT = 64  # idle connections per replica


class Proxy:
    """A pool by address, for one event loop.  `token_of` is `Routing.token_of`."""

    def __init__(self, token_of: Callable[[str], str] = str) -> None:
        self._token_of = token_of
        self._idle: dict[str, deque[HttpConnection]] = {}
        self._shared: dict[str, Multiplexed | None] = {}  # None: not connected yet, or the replica does not support it
        self._opening: set[asyncio.Task[None]] = set()
        self._under_way: set[Exchange] = set()
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
        exchange = Exchange(self._under_way, method, path, content_type, body, loop.time() + timeout_s, done)
        if self._watch is None:
            self._watch = loop.call_later(WATCH_S, self._look)
        shared = self._shared.get(address)
        if shared is not None and shared.takes(exchange):
            shared.start(exchange)
            return
        if shared is None and address not in self._shared:
            self._shared[address] = None
            if addresses.parsed(address) is None:
                self._spawn(self._open_shared(address))
        self._begin(address, exchange)

    def _look(self) -> None:
        """End the exchanges whose timeout is over.  One timer for all is cheaper than one for each."""
        self._watch = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        over = [each for each in self._under_way if each.until <= now]
        if self._under_way:
            self._watch = loop.call_later(WATCH_S, self._look)
        for exchange in over:
            exchange.fail(TimeoutError())

    def _begin(self, address: str, exchange: Exchange) -> None:
        """Send a request on a separate connection."""
        idle = self._idle.get(address)
        while idle:
            connection = idle.pop()
            if connection.is_open():
                connection.start(exchange)
                return
        self._spawn(self._open(address, exchange))

    def _spawn(self, opening: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _keep(self, address: str, connection: HttpConnection) -> None:
        idle = self._idle.setdefault(address, deque())
        if len(idle) < KEPT:
            idle.append(connection)
        else:
            connection.close()

    def _lost(self, address: str, connection: HttpConnection, exchange: Exchange | None) -> None:
        idle = self._idle.get(address)
        if idle is not None:
            if connection in idle:
                idle.remove(connection)
            if not idle:
                del self._idle[address]
        if exchange is not None:
            self._begin(address, exchange)

    async def _open(self, address: str, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        tcp = addresses.parsed(address)
        # The header authenticates at a replica on a network; only the server can open a Unix socket.
        token = "" if tcp is None else f"authorization: Bearer {self._token_of(f'replica {tcp.key_id}')}\r\n"
        keep, lost = partial(self._keep, address), partial(self._lost, address)
        made = partial(HttpConnection, token.encode("latin-1"), keep, lost)
        try:
            if tcp is None:
                _, connection = await loop.create_unix_connection(made, address)
            else:
                _, connection = await loop.create_connection(made, tcp.host, tcp.port)
        except OSError:
            exchange.fail(Broken())
            return
        if exchange.is_over:  # its timeout was over before the connection was made
            self._keep(address, connection)
        else:
            connection.start(exchange)

    async def _open_shared(self, address: str) -> None:
        def lost(due: list[Exchange]) -> None:
            if connection.was_switched:  # the next request may connect again
                self._shared.pop(address, None)
            for exchange in due:
                self._begin(address, exchange)

        connection = Multiplexed(lost)
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: connection, address)
        except OSError:
            self._shared.pop(address, None)
        else:
            self._shared[address] = connection
