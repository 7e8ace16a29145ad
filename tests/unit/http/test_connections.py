"""The bound on the connections of a server process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from trackside.cli.server.connections import bounded

MOST = 3
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _answer(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer when the body has come."""
    while (await receive()).get("more_body"):
        """To its end."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"OK"})


async def _status(opened: Opened, request: bytes = b"") -> str:
    """Send a request and return the status of the answer; empty for a connection that is closed."""
    reader, writer = opened
    writer.write(request)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return ""
    await reader.readexactly(2) if b"content-length: 2" in head else None
    return head.split(b" ")[1].decode()


def run(
    scenario: Callable[[Callable[[], Awaitable[Opened]]], Awaitable[list[str]]], state: ServerState | None = None
) -> list[str]:
    state = state or ServerState()

    async def served() -> list[str]:
        config = Config(_answer, proxy_headers=False, log_config=None)
        config.load()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: bounded(MOST)(config, state, {}), "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        writers: list[asyncio.StreamWriter] = []

        async def connect() -> Opened:
            opened = await asyncio.open_connection(host, port)
            writers.append(opened[1])
            return opened

        try:
            return await scenario(connect)
        finally:
            for each in writers:
                each.close()
            server.close()

    return asyncio.run(served())


def test_the_longest_idle_connection_is_closed_for_a_new_one() -> None:
    async def scenario(connect: Callable[[], Awaitable[Opened]]) -> list[str]:
        first, second, third = [await connect() for _ in range(MOST)]
        found = [await _status(each, REQUEST) for each in (second, third, first)]
        found.append(await _status(await connect(), REQUEST))
        return [*found, await _status(second), await _status(first, REQUEST), await _status(third, REQUEST)]

    assert run(scenario) == ["200", "200", "200", "200", "", "200", "200"]


def test_a_connection_without_any_request_is_closed_for_a_new_one() -> None:
    async def scenario(connect: Callable[[], Awaitable[Opened]]) -> list[str]:
        silent = [await connect() for _ in range(5 * MOST)]
        return [await _status(silent[0]), await _status(await connect(), REQUEST)]

    assert run(scenario) == ["", "200"]


def test_a_connection_is_refused_if_every_other_one_has_a_request() -> None:
    async def scenario(connect: Callable[[], Awaitable[Opened]]) -> list[str]:
        half = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n"
        busy = [await connect() for _ in range(MOST)]
        found = [await _status(each, half) for each in busy]
        return [*found, await _status(await connect(), REQUEST), *[await _status(each, b"body") for each in busy]]

    assert run(scenario) == ["100", "100", "100", "503", "200", "200", "200"]


def test_a_slow_body_is_dropped_if_every_connection_has_a_request() -> None:
    state = ServerState()

    async def looked(came: int) -> None:
        """Wait until the bytes of all bodies have come, and let each connection look at what its client sent."""
        connections: Any = state.connections
        async with asyncio.timeout(60):
            while sum(each._body_bytes for each in connections) < came:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0)
        for each in list(connections):
            each._look()

    async def scenario(connect: Callable[[], Awaitable[Opened]]) -> list[str]:
        size = MOST * 70_000
        half = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % size
        busy = [await connect() for _ in range(MOST)]
        for _, writer in busy:
            writer.write(half)
        busy[0][1].write(b"x")
        await looked(1)
        quick = bytes(70_000)
        for number, (_, writer) in enumerate(busy):
            writer.write(b"x" if number == 0 else quick)
        await looked(2 + 70_000 * (MOST - 1))
        found = [await _status(await connect(), REQUEST), await _status(busy[0])]
        return [*found, *[await _status(each, bytes(size - 70_000)) for each in busy[1:]]]

    assert run(scenario, state) == ["200", "408", "200", "200"]
