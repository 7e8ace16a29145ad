"""TLS connections whose handshake does not end."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from trackside.cli.server.handshakes import Acceptor
from trackside.core import certificates

MOST = 2
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[..., Awaitable[Opened]]


class Echo(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario with an acceptor, on the loop of servers."""
    files = certificates.prepare(tmp_path, ["localhost", "127.0.0.1"])
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(files.certificate, files.key)
    theirs = ssl.create_default_context(cafile=str(files.authority))

    def run_it(scenario: Callable[[Connect], Awaitable[None]], **more: float) -> None:
        async def served() -> None:
            listening = socket.create_server(("127.0.0.1", 0))
            accepting = Acceptor([listening], ours, Echo, MOST, **more)
            opened: list[Opened] = []

            async def connect(*, is_secure: bool = False) -> Opened:
                chosen = theirs if is_secure else None
                opened.append(await asyncio.open_connection(*listening.getsockname(), ssl=chosen))
                return opened[-1]

            try:
                await scenario(connect)
            finally:
                accepting.close()
                listening.close()
                await accepting.wait_closed()
                for _, writer in opened:
                    writer.close()

        uvloop.run(served())

    return run_it


async def echoed(opened: Opened) -> bytes:
    opened[1].write(b"hello")
    return await opened[0].readexactly(5)


def test_the_oldest_handshake_is_ended_for_a_new_connection(run: Callable[..., None]) -> None:
    async def scenario(connect: Connect) -> None:
        secure = [await connect(is_secure=True) for _ in range(MOST + 1)]
        silent = [await connect() for _ in range(MOST + 1)]

        assert await silent[0][0].read() == b""
        assert [await echoed(each) for each in [*secure, await connect(is_secure=True)]] == [b"hello"] * (MOST + 2)
        assert await silent[1][0].read() == b""

    run(scenario)


def test_a_handshake_that_does_not_end_is_ended_by_the_server(run: Callable[..., None]) -> None:
    async def scenario(connect: Connect) -> None:
        silent = await connect()
        plain = await connect()
        plain[1].write(b"GET / HTTP/1.1\r\n\r\n")

        assert await silent[0].read() == b""
        await plain[0].read()  # an alert of TLS, and the end

    run(scenario, timeout_s=0.05)
