"""Clients that stop in the middle of a request: the server limits its wait."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvicorn

from fuzz.raw import Line
from trackside.core.http.protocol import OneWriteProtocol

SILENCE_S = 0.2
LONG_BYTES = 64 << 20


class Impatient(OneWriteProtocol):
    silence_s = SILENCE_S


async def _answer(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """`/long` has an answer of 64 MB; all other paths answer when the body has come."""
    if scope["path"] == "/long":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    if message["type"] == "http.disconnect":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"OK"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(
        _answer, port=0, http=Impatient, ws="none", lifespan="off", log_config=None, timeout_keep_alive=30
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([socket])))
    thread.start()
    yield socket.getsockname()[1]
    server.should_exit = server.force_exit = True
    thread.join()
    socket.close()


def test_a_silent_connection_is_closed(port: int) -> None:
    with Line(port) as line:
        assert line.is_closed()


@pytest.mark.parametrize(
    ("half", "what"),
    [
        (b"GET /health HTT", "head"),
        (b"GET /health HTTP/1.1\r\nHost: local", "head"),
        (b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345", "body"),
        (b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12", "body"),
    ],
)
def test_an_incomplete_request_is_answered_with_408(port: int, half: bytes, what: str) -> None:
    with Line(port) as line:
        line.send(half)
        answer = line.answer()

        assert (answer.status, answer.json["error_code"]) == (408, "BAD_REQUEST")
        assert what in answer.json["message"]
        assert line.is_closed()


def test_a_slowly_sent_head_is_given_up(port: int) -> None:
    with Line(port) as line:
        line.socket.settimeout(SILENCE_S / 4)
        line.send(b"GET /health HTTP/1.1\r\n")
        answered = False
        for _ in range(200):
            line.send(b"x: y\r\n")
            try:
                answered = line.answer().status == 408
            except TimeoutError:
                continue
            break

    assert answered


def test_a_client_that_does_not_read_its_answer_is_disconnected(port: int) -> None:
    with Line(port) as line:
        line.send(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
        patient = threading.Event()
        patient.wait(SILENCE_S * 6)  # what is sent to nobody shows no sign on this side

        read = 0
        while data := _receive(line):
            read += len(data)

    assert read < LONG_BYTES


def test_a_slow_reader_gets_the_whole_answer(port: int) -> None:
    with Line(port) as line:
        line.send(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")

        read, pause = 0, threading.Event()
        while read < LONG_BYTES and (data := _receive(line)):
            read += len(data)
            if read % 7 == 0:
                pause.wait(SILENCE_S / 50)

    assert read >= LONG_BYTES


def test_an_idle_connection_stays_for_the_next_request(port: int) -> None:
    with Line(port) as line:
        line.send(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.answer().status == 200
        threading.Event().wait(SILENCE_S * 4)
        line.send(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert line.answer().status == 200


def _receive(line: Line) -> bytes:
    try:
        return line.socket.recv(1 << 16)
    except ConnectionError:
        return b""
