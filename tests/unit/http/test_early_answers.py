"""Calls whose answer comes before the whole request was sent: a refusal of a large body."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from trackside.cli import remote
from trackside.cli.output import Stop
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RequestRejected

PIECE = b"x" * (1 << 20)
MANY = 32  # more than the buffers of two sockets
HEAD = b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
REFUSAL = b'{"error_code":"RESOURCE_LIMIT_EXCEEDED","message":"The workspace is full."}'


@contextmanager
def refusing() -> Iterator[str]:
    """A server that answers a request after its head, and closes the connection with the body unread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(HEAD % len(REFUSAL) + REFUSAL)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_client_reports_the_refusal_of_a_body_that_it_has_not_sent() -> None:
    with refusing() as url, closing(HttpClient(url, Secret())) as http, pytest.raises(RequestRejected) as refused:
        http.call("PUT", "/file", PIECE * MANY)

    assert refused.value.status == 403
    assert "The workspace is full." in str(refused.value)


def test_a_streamed_body_is_not_read_after_the_refusal() -> None:
    pieces = iter([PIECE] * MANY)

    with refusing() as url, closing(HttpClient(url, Secret())) as http, pytest.raises(RequestRejected):
        http.send("PUT", "/file", pieces, len(PIECE) * MANY)

    assert next(pieces) == PIECE


def test_a_streamed_body_that_cannot_be_read_is_no_answer_of_the_remote() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise ConnectionResetError("the source is gone")

    with (
        refusing() as url,
        closing(HttpClient(url, Secret())) as http,
        pytest.raises(Exception, match="source is gone"),
    ):
        http.send("PUT", "/file", pieces(), 2)


def test_a_command_shows_the_refusal_of_a_body_that_it_has_not_sent() -> None:
    with refusing() as url, pytest.raises(Stop) as refused:
        remote.send(url, "POST", "/calls", {"text": "x" * (len(PIECE) * MANY)}, authorization="")

    assert "The workspace is full." in str(refused.value)
