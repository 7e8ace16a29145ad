"""Calls to a remote that does not answer correctly end soon with a clear error and in little memory."""

import gzip
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.faults.proxy import certificate
from support.faults.remotes import Remote, drip, flood, silence, whole
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import Cancelled, RemoteUnavailable, ResponseTooLarge
from trackside.sync.local import files
from trackside.sync.remote.databricks.store_requests import AZURE, Signed, Stores

PATIENCE_S = 0.3
JSON = "content-type: application/json"


def trouble(remote: Remote) -> RemoteUnavailable:
    with (
        closing(HttpClient(remote.url, Secret(token="t"), answer_s=PATIENCE_S)) as http,
        pytest.raises(RemoteUnavailable) as caught,
    ):
        http.json("GET", "/x")
    return caught.value


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\nx: ", b'HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n{"a": "'],
    ids=["status", "headers", "body"],
)
def test_a_remote_that_answers_too_slowly_is_given_up(start: bytes) -> None:
    with Remote(drip(start, PATIENCE_S / 10)) as remote:
        said = str(trouble(remote))  # while it goes on

    assert "bytes arrived in 0 s" in said


def test_a_silent_remote_times_out() -> None:
    with Remote(silence) as remote:
        assert "does not answer (timed out)" in str(trouble(remote))


@pytest.mark.parametrize("path", ["/a b.txt", "/é.txt", "/a%20b.txt"])
def test_a_signed_url_is_called_unchanged_and_never_shown(path: str) -> None:
    with Remote(whole("200 OK", b"")) as remote:
        url = Signed(f"{remote.url}{path}?sig=a%2Bb%3D", AZURE, {})

        with closing(Stores(CancelToken())) as stores:
            http, where = stores.at(url, "comp=block")
            answer = http.call("GET", where)

    assert answer.status == 200
    assert where == f"{quote(path, safe='/%')}?sig=a%2Bb%3D&comp=block"


def test_headers_without_an_end_are_given_up() -> None:
    with Remote(flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)) as remote:
        # Python 3.14 counts the interim responses itself.
        assert re.search("the headers have no end|more than 100 interim responses", str(trouble(remote)))


def test_an_answer_without_an_end_is_given_up() -> None:
    with Remote(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as remote:
        http = HttpClient(remote.url, Secret())
        with closing(http), pytest.raises(ResponseTooLarge, match="GET /x with more than 1000000 bytes"):
            http.call("GET", "/x", most_bytes=1_000_000)


def test_a_file_longer_than_its_size_is_given_up_and_not_kept(tmp_path: Path) -> None:
    spot = Spot(LocalBlobs(tmp_path), "run/file")
    with Remote(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as remote:
        http = HttpClient(remote.url, Secret())
        with closing(http), pytest.raises(files.BrokenFile, match="has 100000 bytes, but more arrived"):
            files.put(spot, http.download("/file"), 100_000)

    assert files.listing(Spot(spot.blobs, "run")) == {}


def test_a_partial_download_fails() -> None:
    with Remote(drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 500, 60)) as remote:
        http = HttpClient(remote.url, Secret(), answer_s=PATIENCE_S)
        with pytest.raises(RemoteUnavailable, match="closed the connection"):
            list(http.download("/file"))
        http.close()


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"<html>Sign in", ("content-type: text/html",), "a web page instead of JSON. Is it a sign-in page?"),
        (b"[" * 100_000, (JSON,), "bytes that are not JSON"),
        (b'{"a": ', (JSON,), "bytes that are not JSON"),
        (gzip.compress(b"{}" * 100_000), (JSON, "content-encoding: gzip"), "bytes that are not JSON"),
    ],
    ids=["login", "deep", "half", "bomb"],
)
def test_invalid_json_is_reported(body: bytes, headers: tuple[str, ...], words: str) -> None:
    with Remote(whole("200 OK", body, *headers)) as remote:
        assert words in str(trouble(remote))


def test_a_redirect_is_reported_and_not_followed() -> None:
    with Remote(whole("302 Found", b"", "location: https://login.example/sso?secret=1")) as remote:
        said = trouble(remote)

        assert "to https://login.example/sso (302). Redirects are not followed" in str(said)
        assert len(remote.requests) == 1


def test_an_untrusted_certificate_is_reported(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "localhost"))
    with Remote(whole("200 OK", b"{}"), context) as remote:
        said = str(trouble(remote))

    assert "cannot be reached" in said
    assert "certificate verify failed" in said


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=5), timedelta(hours=-5)])
def test_a_retry_date_is_read_by_the_remotes_clock(ahead: timedelta) -> None:
    now = datetime.now(UTC) + ahead
    headers = (f"date: {format_datetime(now)}", f"retry-after: {format_datetime(now + timedelta(seconds=90))}")
    with Remote(whole("429 Too Many Requests", b"", *headers)) as remote:
        said = trouble(remote)

    assert said.retry_after_s == pytest.approx(90)


FAR = f"Mon, 01 Jan {10**20} 00:00:00 GMT"  # a year that no number of the system holds


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("-3", 0), ("soon", None), ("", None), (FAR, None)])
def test_a_retry_delay_in_seconds_is_read(text: str, seconds: float | None) -> None:
    with Remote(whole("503 Service Unavailable", b"", f"retry-after: {text}", f"date: {FAR}")) as remote:
        assert trouble(remote).retry_after_s == seconds


def test_waiting_for_a_remote_ends_on_cancellation() -> None:
    cancel_token = CancelToken()

    def answer(connection: socket.socket, over: threading.Event) -> None:
        cancel_token.cancel()
        silence(connection, over)

    with Remote(answer) as remote:
        http = HttpClient(remote.url, Secret(), cancel_token=cancel_token)
        with pytest.raises(RemoteUnavailable):
            http.json("GET", "/x")
        with pytest.raises(Cancelled):
            http.json("GET", "/x")

    assert len(remote.requests) == 1


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_goodbye(connection: socket.socket) -> None:
    connection.settimeout(0.1)
    if isinstance(connection, ssl.SSLSocket):
        with suppress(OSError):  # nobody answers it
            connection.unwrap()
    connection.close()


def stop_sending(connection: socket.socket) -> None:
    socket.socket.shutdown(connection, socket.SHUT_WR)
    with suppress(OSError):
        connection.recv(65536)
    connection.close()


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ssl.SSLContext | None]:
    """By what the remote speaks; its certificate is trusted."""
    pair = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(pair[0]))
    found: dict[str, ssl.SSLContext | None] = {"plain": None}
    for name, version in (("TLS 1.2", ssl.TLSVersion.TLSv1_2), ("TLS 1.3", ssl.TLSVersion.TLSv1_3)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.maximum_version = version
        found[name] = context
    return found


class Halfway:
    """Answers the first request of a connection, and ends its first connection within the second request."""

    def __init__(self, end: Callable[[socket.socket], None]) -> None:
        self._end = end
        self.bodies: list[int] = []
        self.remote: Remote | None = None

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        is_first = not self.bodies
        if is_first:
            self._take(connection, 0)
            connection.recv(100)  # the beginning of the next one
            self._end(connection)
        else:
            self._take(connection, SIZE)

    def _take(self, connection: socket.socket, size: int) -> None:
        assert self.remote is not None
        left = size - len(self.remote.requests[-1].partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= len(connection.recv(65536)) or left
        self.bodies.append(size)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


SIZE = 3_000_000  # more than fits between the two


@pytest.mark.parametrize("tls", ["plain", "TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize("end", [reset, socket.socket.close, say_goodbye, stop_sending])
def test_a_call_on_a_broken_kept_connection_is_repeated_on_a_new_one(
    contexts: dict[str, ssl.SSLContext | None], tls: str, end: Callable[[socket.socket], None]
) -> None:
    answer = Halfway(end)
    with Remote(answer, contexts[tls]) as remote:
        answer.remote = remote
        http = HttpClient(remote.url.replace("127.0.0.1", "localhost"), Secret())
        http.json("GET", "/x")

        http.call("POST", "/x", bytes(SIZE))
        http.close()

    assert answer.bodies == [0, SIZE]
    assert http.answered == 2


@pytest.mark.parametrize("tls", ["plain", "TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize(
    "send",
    [
        lambda http: http.call("POST", "/x", bytes(SIZE), idempotent=False),
        lambda http: http.send("POST", "/x", [bytes(SIZE)], SIZE),
    ],
    ids=["once", "flows"],
)
def test_requests_that_must_not_be_repeated_are_sent_once(
    contexts: dict[str, ssl.SSLContext | None], tls: str, send: Callable[[HttpClient], Any]
) -> None:
    """The caller first checks whether the call was executed."""
    answer = Halfway(reset)
    with Remote(answer, contexts[tls]) as remote:
        answer.remote = remote
        http = HttpClient(remote.url.replace("127.0.0.1", "localhost"), Secret())
        http.json("GET", "/x")

        with pytest.raises(RemoteUnavailable, match="closed the connection"):
            send(http)
        http.close()

    assert answer.bodies == [0]
    assert len(remote.requests) == 1


def test_a_connection_that_the_remote_closes_is_reopened() -> None:
    """An answer with `Connection: close` is the last one of its connection; the next call opens a new one."""
    with Remote(whole("200 OK", b"{}", "connection: close")) as remote:
        http = HttpClient(remote.url, Secret())
        for _ in range(3):
            assert http.json("GET", "/x") == {}
        assert http.answered == len(remote.requests) == 3
