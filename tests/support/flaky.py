"""A proxy in front of a server that answers badly when it is told to: busy, broken, silent, or cut off half-way."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = str  # "429", "500", "cut-request", "cut-answer"


class Flaky:
    """`faults(method, path)` says what goes wrong with a request; None: nothing."""

    def __init__(self, port: int) -> None:
        self.faults: Callable[[str, str], Fault | None] = lambda method, path: None
        self.seen: list[tuple[str, str, Fault | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, port))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
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
            if fault in ("429", "500", "503"):
                self._answer(int(fault), {"retry-after": "1"} if fault == "429" else {}, b"not now")
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                read = answer.read()
            except OSError:
                self.close_connection = True
                return
            finally:
                upstream.close()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("content-length", "transfer-encoding")}
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
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _do  # noqa: N815

    return Handler
