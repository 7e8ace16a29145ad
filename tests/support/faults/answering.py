"""A server with answers chosen by the test."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from msgspec import Struct


class Asked(Struct, frozen=True):
    method: str
    path: str  # with the query
    body: bytes


class Answered(Struct, frozen=True):
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}


@contextmanager
def answering(answer: Callable[[Asked], Answered]) -> Iterator[str]:
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server asks for
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answered = answer(Asked(self.command, self.path, body))
            self.send_response(answered.status)
            for name, value in {**answered.headers, "content-length": str(len(answered.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answered.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()
            thread.join()
