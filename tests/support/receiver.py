"""A receiver of webhooks: a real HTTP server that records requests and gives the test's answers."""

import base64
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]  # in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def event(self) -> str:
        return f"{self.json['entity']}.{self.json['action']}"


def signature_of(secret: str, told: Received) -> str:
    """The signature of Standard Webhooks."""
    signed = f"{told.headers['x-mlflow-delivery-id']}.{told.headers['x-mlflow-timestamp']}.".encode() + told.body
    return f"v1,{base64.b64encode(hmac.new(secret.encode(), signed, 'sha256').digest()).decode()}"


Answering = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int, body: bytes = b"", **headers: str) -> Answering:
    def work(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return work


class Receiver:
    """Answers with each of `answers` in turn, then with 200.  `hold` makes it wait before it answers."""

    def __init__(self, answers: Iterable[Answering] = (), *, certificate: Path | None = None) -> None:
        self.received: list[Received] = []
        self.answers = list(answers)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server asks for
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver._take(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.may_answer.wait(TIMEOUT_S)
                receiver._next()(self)

            do_GET = do_POST  # noqa: N815  # the name that http.server asks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
                """Quiet."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Ignore a client that disconnects, which is part of the tests."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def hold(self) -> None:
        self.may_answer.clear()

    def wait_for(self, count: int) -> list[Received]:
        """The first so many."""
        with self._came:
            arrived = self._came.wait_for(lambda: len(self.received) >= count, TIMEOUT_S)
        assert arrived, f"{len(self.received)} came of {count}"
        return self.received[:count]

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, received: Received) -> None:
        with self._came:
            self.received.append(received)
            self._came.notify_all()

    def _next(self) -> Answering:
        with self._came:
            return self.answers.pop(0) if self.answers else answer(200, b"thanks")
