"""Accepts TLS connections, and bounds those whose handshake has not ended.

uvicorn's own listener counts a connection only after its handshake, so clients that never end it could use up the files that the
process may open.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress

TIMEOUT_S = 10.0
RETRY_S = 0.1  # until the next attempt to accept, while no file is free


class Acceptor:
    """Accepts the connections of listening sockets; the running loop calls `make` for each.

    At most `most` handshakes are under way.  For a new one, the oldest is ended."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        tls: ssl.SSLContext,
        make: Callable[[], asyncio.Protocol],
        most: int,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._tls = tls
        self._make = make
        self._most = most
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[asyncio.Task[None], None] = {}  # the oldest first
        for each in sockets:
            each.setblocking(False)
        self._accepting = [self._loop.create_task(self._accept(each)) for each in sockets]

    def close(self) -> None:
        """Accept no further connection, and end the handshakes.  Established connections stay."""
        for each in (*self._accepting, *self._under_way):
            each.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._accepting, *self._under_way, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(RETRY_S)
                continue
            if len(self._under_way) >= self._most:
                oldest = next(iter(self._under_way))
                del self._under_way[oldest]
                oldest.cancel()
            task = self._loop.create_task(self._shake_hands(accepted))
            self._under_way[task] = None
            task.add_done_callback(self._end)

    async def _shake_hands(self, accepted: socket.socket) -> None:
        with suppress(OSError):  # the client left, is no TLS client, or took too long
            await self._loop.connect_accepted_socket(
                self._make, accepted, ssl=self._tls, ssl_handshake_timeout=self._timeout_s
            )

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
