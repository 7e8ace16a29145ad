"""Remotes with invalid answers: a function controls each connection."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Answer = Callable[[socket.socket, threading.Event], None]  # the event: the test is over


class Remote:
    """Reads the head of a request and lets `answer` do the rest; counts connections."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self._context = context
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.requests.append(head)
            self.answer(connection, self._over)
            connection.close()


def silence(connection: socket.socket, over: threading.Event) -> None:
    """Accept the request and send nothing."""
    over.wait()


def drip(start: bytes, every_s: float) -> Answer:
    """Send `start` at once, and then single bytes with pauses, without an end."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(every_s):
            connection.sendall(b" ")

    return answer


def flood(start: bytes, piece: bytes) -> Answer:
    """Send `start`, and then the same piece repeatedly, without an end."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(piece)

    return answer


def whole(status: str, body: bytes, *headers: str) -> Answer:
    """Return one complete answer."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers])
        connection.sendall(head.encode() + b"\r\n\r\n" + body)

    return answer
