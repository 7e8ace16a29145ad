"""An S3 server on this machine, in a thread of the tests: moto's, which keeps everything in memory."""

import http.server
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from obstore.store import GCSStore


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The options that lead obstore to it.  It has the bucket `artifacts`."""
    moto = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/artifacts", method="PUT")):
            pass
        yield {"endpoint": endpoint, "region": "us-east-1", "access_key_id": "somebody", "secret_access_key": "secret"}
    finally:
        server.stop()


class Gate:
    """A server in front of an S3 server that refuses deletions while `is_shut`, as a bucket's policy does."""

    def __init__(self, endpoint: str) -> None:
        self.is_shut = False
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                is_deletion = self.command == "DELETE" or (self.command == "POST" and self.path.endswith("delete"))
                if gate.is_shut and is_deletion:
                    self._answer(403, {}, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
                    return
                wanted = gate.passed({name: value for name, value in self.headers.items() if name.lower() != "host"})
                wanted.setdefault("content-type", "application/octet-stream")  # else urllib says that it is a form
                request = urllib.request.Request(endpoint + self.path, body or None, wanted, method=self.command)
                try:
                    with urllib.request.urlopen(request) as answer:
                        self._answer(answer.status, answer.headers, answer.read())
                except urllib.error.HTTPError as error:
                    with error:
                        self._answer(error.code, error.headers, error.read())

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815  # the names of the library

            def _answer(self, status: int, headers: Any, body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                        is_length = name.lower() == "content-length"
                        if not is_length or self.command == "HEAD":
                            self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name of the library
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def passed(self, headers: dict[str, str]) -> dict[str, str]:
        """Return the headers with which a request is passed on."""
        return headers

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


_SOMEBODY = (  # moto reads who asks, and checks no signature
    "AWS4-HMAC-SHA256 Credential=somebody/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)


class GoogleGate(Gate):
    """A server that speaks the XML API of Google Cloud Storage as far as clients of object stores use it.

    Its calls are those of S3, but for the names of some headers and for the credentials."""

    def passed(self, headers: dict[str, str]) -> dict[str, str]:
        found = {name.lower(): value for name, value in headers.items()} | {"authorization": _SOMEBODY}
        if "x-goog-copy-source" in found:
            found["x-amz-copy-source"] = found.pop("x-goog-copy-source")
        if found.pop("x-goog-if-generation-match", "") == "0":
            found["if-none-match"] = "*"
        return found

    def bucket(self, prefix: str) -> GCSStore:
        """Return a prefix of the bucket, by obstore's client of Google Cloud Storage."""
        account = {
            "gcs_base_url": self.endpoint,
            "disable_oauth": True,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        }
        return GCSStore(
            "artifacts", prefix=prefix, service_account_key=json.dumps(account), client_options={"allow_http": True}
        )
