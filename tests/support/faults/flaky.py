"""A proxy in front of a server that, on request, answers busy, broken, never, or closes the connection half-way.

With `as_stock` a Trackside behind it looks like an MLflow server that chooses its own ids.
"""

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# "429", "500", "503", "404", "cut-request", "cut-answer"; "lost": done, and the answer gone;
# "hang" until the end, "login" page, "redirect", "no-json", "other-json"
Fault = str

BUSY: dict[Fault, tuple[int, dict[str, str], bytes]] = {
    "429": (429, {"retry-after": "1"}, b"not now"),
    "429-long": (429, {"retry-after": "1800"}, b"not now"),
    "500": (500, {}, b"not now"),
    "503": (503, {}, b"not now"),
    "404": (404, {}, b"not here"),
}
WRONG: dict[Fault, tuple[int, dict[str, str], bytes]] = {
    "login": (200, {"content-type": "text/html; charset=utf-8"}, b"<!doctype html><title>Sign in</title>"),
    "redirect": (302, {"location": "https://login.example/?next=/"}, b""),
    "no-json": (200, {"content-type": "application/json"}, b'{"run": '),
    "other-json": (200, {"content-type": "application/json"}, b'{"run": [], "experiments": 3, "id": [], "changes": 5}'),
}


class Flaky:
    """`faults(method, path)` says what goes wrong with a request; None: nothing."""

    def __init__(self, port: int) -> None:
        self.faults: Callable[[str, str], Fault | None] = lambda method, path: None
        self.answers: dict[Fault, tuple[int, dict[str, str], bytes]] = {}  # further faults, of the test's own
        self.over = threading.Event()
        self.seen: list[tuple[str, str, Fault | None]] = []
        self.drops: frozenset[str] = frozenset()  # heads of requests that do not come through, in lower case
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, port))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def as_stock(self, faults: Callable[[str, str], Fault | None] = lambda method, path: None) -> None:
        """Does not say that the server is a Trackside; besides that, `faults`."""
        self.faults = lambda method, path: "404" if path.endswith("/server-info") else faults(method, path)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(flaky: Flaky, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            fault = flaky.faults(self.command, self.path)
            flaky.seen.append((self.command, self.path, fault))
            length = int(self.headers.get("content-length") or 0)
            if fault == "cut-request":
                self.rfile.read(length // 2)
                self.close_connection = True
                self.connection.close()
                return
            body = self.rfile.read(length)
            if fault in BUSY:
                self._answer(*BUSY[fault])
                return
            wrong = WRONG.get(fault or "") or flaky.answers.get(fault or "")
            if wrong is not None:
                self._answer(*wrong)
                return
            if fault == "hang":
                flaky.over.wait()
                self.close_connection = True
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            try:
                dropped = flaky.drops | {"host", "connection"}
                headers = {k: v for k, v in self.headers.items() if k.lower() not in dropped}
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                read = answer.read()
            except OSError:
                self.close_connection = True
                return
            finally:
                upstream.close()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding")}
            if fault == "lost":
                self.close_connection = True
                return
            if fault == "cut-answer":
                self.send_response(answer.status)
                self.send_header("content-length", str(len(read) + 1))
                self.end_headers()
                self.wfile.write(read[: len(read) // 2])
                self.close_connection = True
                return
            self._answer(answer.status, kept, read)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            with suppress(ConnectionError):  # a test may have killed the client
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _do  # noqa: N815

    return Handler
