"""Bodies of calls on the fast path (core/http/direct.py): they are received completely, and their memory is reserved until the
answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from trackside.core.access import Action
from trackside.core.http.direct import MOST_BYTES, ROOM_BYTES, Answer, Direct, Small
from trackside.core.http.foreign import NoDialects
from trackside.core.http.meter import Meter
from trackside.core.http.protocol import OneWriteProtocol
from trackside.core.http.routes import Table, stream
from trackside.core.http.streams import Request, Response, send_whole

LARGE = MOST_BYTES + 1
SMALL_BYTES = 1 << 20


class App:
    """Has one route; notes the bodies of the short way, which it answers when the test says so, and counts calls of the other."""

    def __init__(self) -> None:
        self.taken: list[tuple[Small, Answer]] = []
        self.long = 0

        async def never(_: Request) -> Response:
            raise AssertionError

        route = stream(
            "POST /score/{name}",
            never,
            needs=Action.ANYONE,
            has_workspace=False,
            small_bytes=SMALL_BYTES,
            small=lambda small, answer: self.taken.append((small, answer)),
        )
        nobody: Any = SimpleNamespace(age=0)
        anywhere: Any = SimpleNamespace(is_known=lambda host: True)
        self.direct = Direct(
            Table([route]),
            nobody,
            nobody,
            nobody,
            lambda path, headers: (None, path),
            lambda named: None,
            anywhere,
            Meter(),
            dialects=NoDialects(),
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body", False):
            pass
        self.long += 1
        await send_whole(send, 200, [(b"content-length", b"0")], b"")


@asynccontextmanager
async def connected(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = Config(app, proxy_headers=False, log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: OneWriteProtocol(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()


def head(size: int) -> bytes:
    return b"POST /score/one HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % size


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)


@pytest.mark.parametrize("size", [1, MOST_BYTES, LARGE, SMALL_BYTES])
def test_a_body_arrives_whole_and_has_room_until_its_answer(size: int) -> None:
    async def scenario() -> None:
        app = App()
        async with connected(app) as (reader, writer):
            for body in (bytes(size), b"x" * size):  # the second one has the head of the first
                writer.write(head(size) + body)
                await until(lambda: app.taken)
                small, answer = app.taken.pop()
                free = app.direct.free_bytes
                answer(200, [], b"done")

                assert small.body == body
                assert free == ROOM_BYTES - (size if size > MOST_BYTES else 0)
                assert app.direct.free_bytes == ROOM_BYTES
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(4) == b"done"

    asyncio.run(scenario())


def test_a_disconnected_client_frees_the_room_of_its_body() -> None:
    async def scenario() -> None:
        app = App()
        async with connected(app) as (_, writer):
            writer.write(head(LARGE) + b"half")
            await until(lambda: app.direct.free_bytes < ROOM_BYTES)
            writer.close()
            await until(lambda: app.direct.free_bytes == ROOM_BYTES)
        async with connected(app) as (_, writer):
            writer.write(head(LARGE) + bytes(LARGE))
            await until(lambda: app.taken)
            writer.close()
            await writer.wait_closed()
            app.taken.pop()[1](200, [], b"")

            assert app.direct.free_bytes == ROOM_BYTES

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [LARGE, SMALL_BYTES + 1])
def test_a_body_without_room_or_a_large_body_uses_the_general_path(size: int) -> None:
    async def scenario() -> None:
        app = App()
        if size <= SMALL_BYTES:
            assert app.direct.reserve(ROOM_BYTES - size + 1)
        async with connected(app) as (reader, writer):
            writer.write(head(size) + bytes(size))

            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert (app.taken, app.long) == ([], 1)

    asyncio.run(scenario())
