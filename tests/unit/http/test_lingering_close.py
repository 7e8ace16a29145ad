"""Answers to requests whose body is not read: clients that still send get the answer, and cannot hold the connection."""

import asyncio
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
import uvicorn

from trackside.cli.server.connections import BoundedProtocol
from trackside.core import certificates
from trackside.core.http import linger
from trackside.core.http.joined_writes import JoinedWrites

MB = 1 << 20
BODY = bytes(24 * MB)  # more than the buffers of two sockets
HEAD = b"POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(BODY)
REFUSAL = b'{"error_code": "RESOURCE_LIMIT_EXCEEDED"}'
Bounds = linger.Bounds


async def _refuse(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer with 413 after the head of the request."""
    headers = [(b"content-length", b"%d" % len(REFUSAL))]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})


class Streaming:
    """Begin an answer, and wait until the client has disconnected."""

    def __init__(self) -> None:
        self.has_ended = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.has_ended.set()


class Refusing:
    """A server on the loop of `trackside server`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.has_lost_one = threading.Event()


@contextmanager
def refusing(
    *,
    bounds: Bounds = linger.BOUNDS,
    connections: int = 100,
    tls: certificates.Files | None = None,
    application: Any = _refuse,
) -> Iterator[Refusing]:
    class Protocol(BoundedProtocol):
        most = connections
        linger = bounds

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            made.has_lost_one.set()

    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=Protocol,
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Refusing(listening.getsockname()[1])
        thread = threading.Thread(target=lambda: server.run([listening]))
        thread.start()
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join()


def by_urllib(url: str, authority: str | None) -> tuple[int, bytes]:
    """It sends `Connection: close`, and does not read an answer after an error of the socket."""
    context = ssl.create_default_context(cafile=authority)
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=BODY), context=context)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    raise AssertionError


def by_requests(url: str, authority: str | None) -> tuple[int, bytes]:
    answer = requests.post(url, data=BODY, verify=authority)
    return answer.status_code, answer.content


def by_requests_once(url: str, authority: str | None) -> tuple[int, bytes]:
    answer = requests.post(url, data=BODY, verify=authority, headers={"Connection": "close"})
    return answer.status_code, answer.content


def by_urllib3_in_chunks(url: str, authority: str | None) -> tuple[int, bytes]:
    with urllib3.PoolManager(ca_certs=authority, retries=False) as pool:
        pieces = (BODY[:MB] for _ in range(len(BODY) // MB))
        answer = pool.request("POST", url, body=pieces, headers={"Connection": "close"})
        return answer.status, answer.data


@pytest.mark.parametrize("is_secure", [False, True])
def test_clients_that_send_their_whole_body_get_the_refusal(is_secure: bool, tmp_path: Path) -> None:
    tls = certificates.prepare(tmp_path, ["localhost", "127.0.0.1"]) if is_secure else None
    authority = str(tls.authority) if tls else None

    with refusing(tls=tls) as server:
        url = f"{'https' if is_secure else 'http'}://127.0.0.1:{server.port}/"
        answers = [ask(url, authority) for ask in (by_urllib, by_requests, by_requests_once, by_urllib3_in_chunks)]

    assert answers == [(413, REFUSAL)] * 4


def _connected(server: Refusing) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port))


def _refused(server: Refusing) -> socket.socket:
    """Return a connection that has its refusal, and has sent a part of its body."""
    client = _connected(server)
    client.sendall(HEAD + b"x")
    answer = b""
    while piece := client.recv(4096):  # up to the end of the server's side
        answer += piece
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(REFUSAL)
    return client


def _send_until_closed(client: socket.socket, piece: bytes = b"x") -> None:
    with suppress(ConnectionError):
        while True:
            client.sendall(piece)


@pytest.mark.parametrize(
    ("bounds", "piece"),
    [
        (Bounds(most_bytes=2 * MB, silence_s=600, total_s=600), bytes(MB)),
        (Bounds(silence_s=600, total_s=0.05), b"x"),
    ],
)
def test_a_client_that_sends_without_end_is_disconnected(bounds: Bounds, piece: bytes) -> None:
    with refusing(bounds=bounds) as server, _refused(server) as client:
        _send_until_closed(client, piece)


def test_a_client_that_sends_nothing_is_disconnected_sooner() -> None:
    with refusing(bounds=Bounds(silence_s=0.02, total_s=600)) as server, _refused(server):
        assert server.has_lost_one.wait(60)


def test_a_lingering_connection_is_closed_for_a_new_one() -> None:
    bounds = Bounds(silence_s=600, total_s=600)

    with refusing(bounds=bounds, connections=1) as server, _refused(server) as first, _refused(server):
        _send_until_closed(first)


def test_a_connection_with_a_part_of_a_head_is_closed_for_a_new_one_without_lingering() -> None:
    bounds = Bounds(silence_s=600, total_s=600)

    with refusing(bounds=bounds, connections=1) as server, _connected(server) as first:
        first.sendall(b"GET / HTTP/1.1\r\n")
        with _refused(server):
            assert server.has_lost_one.wait(60)


def test_a_server_that_stops_does_not_wait_for_lingering_connections() -> None:
    with refusing(bounds=Bounds(silence_s=600, total_s=600)) as server:
        client = _refused(server)

    _send_until_closed(client)
    client.close()


def test_an_answer_that_is_cut_by_a_malformed_body_ends_its_handler_at_once() -> None:
    application = Streaming()
    bounds = Bounds(silence_s=600, total_s=600)

    with refusing(bounds=bounds, application=application) as server, _connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        client.recv(1)
        client.sendall(b"no number\r\n")

        assert application.has_ended.wait(60)


def test_nothing_is_written_after_the_end_of_the_servers_side() -> None:
    async def write(ours: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        joined = JoinedWrites(transport, loop, transport.close)
        joined.write(b"answer")
        joined.write_eof()
        joined.write(b"more")
        joined.close_now()

    ours, theirs = socket.socketpair()
    with theirs:
        asyncio.run(write(ours))

        assert theirs.makefile("rb").read() == b"answer"
