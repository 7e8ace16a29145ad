"""Clients that do not read, requests that come while the server ends, and memory that runs out."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from fuzz.raw import Line
from trackside.core.errors import Busy
from trackside.core.http.calls import failed
from trackside.core.http.outbox import Outbox
from trackside.core.http.protocol import OneWriteProtocol

ROOM_BYTES = 32 << 20
ANSWER_BYTES = 12 << 20


class Application:
    """Answers with 12 MB, after `outbox` let it; a small one at `/small`, when `may_answer` is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.outbox = Outbox(ROOM_BYTES, clock=lambda: self.now)
        self.was_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        self.was_asked.set()
        await asyncio.to_thread(self.may_answer.wait)
        status, headers, body = 200, [(b"content-type", b"text/plain")], bytes(ANSWER_BYTES)
        if scope["path"] == "/small":
            body = b"OK"
        try:
            self.outbox.check(len(body))
        except Busy as busy:
            status, headers, body = failed(busy, "GET", "/")
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, (b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": body})


class Running:
    def __init__(self, application: Application, protocol: type[OneWriteProtocol] = OneWriteProtocol) -> None:
        self.application = application
        config = uvicorn.Config(
            application, port=0, http=protocol, ws="none", interface="asgi3", lifespan="off", log_config=None
        )
        self.server = uvicorn.Server(config)
        self._socket = config.bind_socket()
        self._socket.listen()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=lambda: asyncio.run(self.server.serve([self._socket])))
        self._thread.start()

    def end(self) -> None:
        self.server.should_exit = True
        self._thread.join(120)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self.application.may_answer.set()
        self.server.should_exit = self.server.force_exit = True
        self._thread.join()
        self._socket.close()


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running(Application())
    yield made
    made.close()


def ask(line: Line, path: str = "/") -> None:
    line.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())


def test_unread_answers_are_bounded_and_the_oldest_is_dropped(running: Running) -> None:
    lines = [Line(running.port, receive_bytes=4096) for _ in range(6)]
    statuses = []
    for line in lines:
        ask(line)
        statuses.append(line.answer(to_head=True).status)
    total = running.application.outbox.total_bytes

    running.application.now = 11.0
    with Line(running.port) as other:
        ask(other)
        late = other.answer()
    lines[0].is_closed()
    for line in lines:
        line.socket.close()

    assert set(statuses) == {200, 429}
    assert statuses[:2] == [200, 200]
    assert total <= ROOM_BYTES
    assert (late.status, len(late.body)) == (200, ANSWER_BYTES)


def test_a_client_that_reads_too_slowly_is_disconnected() -> None:
    class Strict(OneWriteProtocol):
        silence_s = 0.1
        least_bytes_s = 64 << 20  # nobody reads as quickly as this

    running = Running(Application(), Strict)
    try:
        with Line(running.port, receive_bytes=4096) as line:
            ask(line)
            read = 0
            with suppress(ConnectionError):
                for _ in range(100):
                    read += len(line.socket.recv(1))
                    threading.Event().wait(0.01)
                while data := line.socket.recv(1 << 20):  # what the system had taken already
                    read += len(data)
    finally:
        running.close()

    assert read < ANSWER_BYTES


def test_a_request_that_comes_while_the_server_ends_is_answered() -> None:
    class Slow(OneWriteProtocol):
        last_call_s = 60.0  # until the request of the test has come

    running = Running(Application(), Slow)
    with Line(running.port) as idle:
        ask(idle, "/small")
        first = idle.answer()
        ending = threading.Thread(target=running.end)
        ending.start()
        while running.server.started and running.server.servers and running.server.servers[0].is_serving():
            threading.Event().wait(0.01)

        ask(idle, "/small")
        second = idle.answer()
        ending.join(120)

    running.close()
    assert (first.status, first.headers.get(b"connection")) == (200, None)
    assert (second.status, second.body, second.headers.get(b"connection")) == (200, b"OK", b"close")
    assert not ending.is_alive()


def test_a_request_under_way_is_answered_when_the_server_ends(running: Running) -> None:
    with Line(running.port) as line:
        running.application.may_answer.clear()
        ask(line, "/small")
        assert running.application.was_asked.wait(120)
        ending = threading.Thread(target=running.end)
        ending.start()

        running.application.may_answer.set()
        answer = line.answer()
        ending.join(120)

    assert (answer.status, answer.body) == (200, b"OK")


@pytest.mark.parametrize("where", ["on_url", "on_header", "on_body"])
def test_a_request_for_which_the_server_lacks_memory_is_answered_with_503(where: str) -> None:
    def fails(*_: Any) -> None:
        raise MemoryError

    running = Running(Application(), type("Full", (OneWriteProtocol,), {where: fails}))
    try:
        with Line(running.port) as line:
            line.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
            answer = line.answer()
    finally:
        running.close()

    assert (answer.status, answer.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_call_that_fails_for_memory_or_threads_is_answered_with_503(error: Exception) -> None:
    assert failed(error, "GET", "/")[0] == 503
