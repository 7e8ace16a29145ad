"""The connection on which a router sends many small requests at once, against a scripted scorer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from trackside.endpoints.proxy.exchange import Broken, Reply
from trackside.endpoints.proxy.pool import Proxy
from trackside.scorer import frames

JSON = b"application/json"
LIMIT_S = 60.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Outcome = Reply | Exception


async def answer_by_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\nhttp")


async def number_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read the frame of a request, and return its number and its body."""
    size, number, type_size = frames.REQUEST.unpack(await reader.readexactly(frames.REQUEST.size))
    await reader.readexactly(type_size)
    return number, await reader.readexactly(size)


class Router:
    """A `Proxy` and the outcomes of its requests, in the order in which they were sent."""

    def __init__(self, address: Path) -> None:
        self._proxy = Proxy()
        self._address = str(address)

    def send(self, body: bytes, timeout_s: float = LIMIT_S) -> "asyncio.Future[Outcome]":
        found: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(reply: Reply | None, error: Exception | None) -> None:
            found.set_result(reply or error or Broken())

        self._proxy.send(self._address, "POST", "/score", JSON, body, timeout_s, done)
        return found


def with_scorer(folder: Path, framed: Serve, ask: Callable[[Router], Awaitable[Any]]) -> Any:
    """Return what `ask` finds.  `framed` serves a connection after its upgrade; other connections get `answer_by_http`."""

    async def run() -> Any:
        switched = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while (head := await reader.readuntil(b"\r\n\r\n")) != frames.UPGRADE:
                    await answer_by_http(reader, writer, head)
                switched.set()
                await framed(reader, writer)
            except asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_unix_server(serve, folder / "s")
        try:
            router = Router(folder / "s")
            while not switched.is_set():  # the first requests do not wait for the upgrade
                await router.send(b"first")
            return await asyncio.wait_for(ask(router), LIMIT_S)
        finally:
            server.close()  # from Python 3.12 on, `async with` would wait for connections that stay open

    return asyncio.run(run())


async def until_framed(router: Router) -> None:
    """Ask until an answer comes on the multiplexed connection."""
    while True:
        reply = await router.send(b"hello")
        if isinstance(reply, Reply) and reply.body != b"http":
            return


async def switch(writer: asyncio.StreamWriter) -> None:
    for at in range(len(frames.SWITCHED)):
        writer.write(frames.SWITCHED[at : at + 1])
        await writer.drain()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    number, body = await number_of(reader)
    writer.write(frames.answer(number, 200, b"", body))


def test_answers_come_in_any_order_and_in_pieces(tmp_path: Path) -> None:
    async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await switch(writer)
        await echo(reader, writer)
        first, second = await number_of(reader), await number_of(reader)
        refused = b"content-type: text/plain\r\nretry-after: 1\r\nx-other: 2\r\n"
        data = frames.answer(second[0], 200, b"", second[1]) + frames.answer(first[0], 503, refused, first[1])
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
        await reader.read()

    async def ask(router: Router) -> Any:
        await until_framed(router)
        return await asyncio.gather(router.send(b"one"), router.send(b"two"))

    one, two = with_scorer(tmp_path, framed, ask)

    assert one == Reply(503, [(b"content-type", b"text/plain"), (b"retry-after", b"1")], b"one")
    assert two == Reply(200, [(b"content-type", b"application/json")], b"two")


@pytest.mark.parametrize(
    "last", [b"", frames.answer(4_000_000_000, 200, b"", b"of another"), frames.ANSWER.pack(1, 3, 7, 0) + b"x"]
)
def test_requests_of_a_connection_that_ends_or_breaks_are_sent_on_another_one(tmp_path: Path, last: bytes) -> None:
    async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await switch(writer)
        await echo(reader, writer)
        await number_of(reader)
        await number_of(reader)
        writer.write(last)
        if not last:
            writer.close()
        await reader.read()

    async def ask(router: Router) -> Any:
        await until_framed(router)
        return await asyncio.gather(router.send(b"one"), router.send(b"two"))

    found = with_scorer(tmp_path, framed, ask)

    assert [each.body for each in found] == [b"http", b"http"]


def test_a_late_answer_is_given_to_no_request(tmp_path: Path) -> None:
    async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await switch(writer)
        await echo(reader, writer)
        late, _ = await number_of(reader)
        number, _ = await number_of(reader)
        writer.write(frames.answer(late, 200, b"", b"late") + frames.answer(number, 200, b"", b"in time"))
        await reader.read()

    async def ask(router: Router) -> Any:
        await until_framed(router)
        late = await router.send(b"one", timeout_s=0.0)
        return late, await router.send(b"two")

    late, in_time = with_scorer(tmp_path, framed, ask)

    assert isinstance(late, TimeoutError)
    assert in_time.body == b"in time"


def test_a_large_body_has_a_connection_of_its_own(tmp_path: Path) -> None:
    async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await switch(writer)
        await echo(reader, writer)
        await reader.read()

    async def ask(router: Router) -> Any:
        await until_framed(router)
        return await router.send(b"x" * (64 << 10))

    assert with_scorer(tmp_path, framed, ask).body == b"http"


def test_a_scorer_without_frames_is_asked_by_http(tmp_path: Path) -> None:
    async def framed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        await reader.read()

    async def ask(router: Router) -> Any:
        return [await router.send(b"x") for _ in range(5)]

    assert {each.body for each in with_scorer(tmp_path, framed, ask)} == {b"http"}
