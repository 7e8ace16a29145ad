"""What comes of a call when the remote does anything but answer it: an error that says so, soon, and in little memory."""

import gzip
import socket
import ssl
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from support.proxy import certificate
from support.remotes import Remote, drip, flood, silence, whole
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.links import files
from trackside.links.ending import Ending
from trackside.links.model import Secret
from trackside.links.wire import Down, Http, Stopped, TooLong

PATIENCE_S = 0.3
JSON = "content-type: application/json"


def trouble(remote: Remote) -> Down:
    with closing(Http(remote.url, Secret(token="t"), answer_s=PATIENCE_S)) as http, pytest.raises(Down) as caught:
        http.json("GET", "/x")
    return caught.value


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\nx: ", b'HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n{"a": "'],
    ids=["status", "headers", "body"],
)
def test_a_remote_that_sends_a_byte_now_and_then_is_given_up(start: bytes) -> None:
    with Remote(drip(start, PATIENCE_S / 10)) as remote:
        began = time.monotonic()

        said = str(trouble(remote))

    assert time.monotonic() - began < PATIENCE_S * 10
    assert "bytes came in 0 s" in said


def test_a_remote_that_says_nothing_is_given_up() -> None:
    with Remote(silence) as remote:
        assert "does not answer (timed out)" in str(trouble(remote))


def test_headers_without_an_end_are_given_up() -> None:
    with Remote(flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)) as remote:
        assert "no end of its headers" in str(trouble(remote))


def test_an_answer_without_an_end_is_given_up() -> None:
    with Remote(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as remote:
        http = Http(remote.url, Secret())
        with closing(http), pytest.raises(TooLong, match="GET /x with more than 1000000 bytes"):
            http.call("GET", "/x", most_bytes=1_000_000)


def test_a_file_without_an_end_is_given_up_at_its_size_and_not_kept(tmp_path: Path) -> None:
    spot = Spot(LocalBlobs(tmp_path), "run/file")
    with Remote(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as remote:
        http = Http(remote.url, Secret())
        with closing(http), pytest.raises(files.BrokenFile, match="has 100000 bytes, and more come"):
            files.put(spot, http.download("/file"), 100_000)

    assert files.listing(Spot(spot.blobs, "run")) == {}


def test_half_a_file_is_no_file() -> None:
    with Remote(drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + b"x" * 500, 60)) as remote:
        http = Http(remote.url, Secret(), answer_s=PATIENCE_S)
        with pytest.raises(Down, match="broke off a file"):
            list(http.download("/file"))
        http.close()


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"<html>Sign in", ("content-type: text/html",), "a web page where JSON was due; is that a login?"),
        (b"[" * 100_000, (JSON,), "something else than JSON"),
        (b'{"a": ', (JSON,), "something else than JSON"),
        (gzip.compress(b"{}" * 100_000), (JSON, "content-encoding: gzip"), "something else than JSON"),
    ],
    ids=["login", "deep", "half", "bomb"],
)
def test_what_is_no_json_is_said(body: bytes, headers: tuple[str, ...], words: str) -> None:
    with Remote(whole("200 OK", body, *headers)) as remote:
        assert words in str(trouble(remote))


def test_a_redirect_is_said_and_not_followed() -> None:
    with Remote(whole("302 Found", b"", "location: https://login.example/sso?secret=1")) as remote:
        said = trouble(remote)

        assert "to https://login.example/sso (302); a link follows nobody" in str(said)
        assert len(remote.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_said(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, "localhost"))
    with Remote(whole("200 OK", b"{}"), context) as remote:
        said = str(trouble(remote))

    assert "cannot be reached" in said
    assert "certificate verify failed" in said


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=5), timedelta(hours=-5)])
def test_a_date_to_come_again_goes_by_the_remotes_clock(ahead: timedelta) -> None:
    now = datetime.now(UTC) + ahead
    headers = (f"date: {format_datetime(now)}", f"retry-after: {format_datetime(now + timedelta(seconds=90))}")
    with Remote(whole("429 Too Many Requests", b"", *headers)) as remote:
        said = trouble(remote)

    assert said.retry_after_s == pytest.approx(90)


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("-3", 0), ("soon", None), ("", None)])
def test_seconds_to_wait_are_read(text: str, seconds: float | None) -> None:
    with Remote(whole("503 Service Unavailable", b"", f"retry-after: {text}")) as remote:
        assert trouble(remote).retry_after_s == seconds


def test_who_waits_for_a_remote_is_cut_off_at_the_end() -> None:
    ending = Ending()

    def answer(connection: socket.socket, over: threading.Event) -> None:
        ending.begin()
        silence(connection, over)

    with Remote(answer) as remote:
        http = Http(remote.url, Secret(), ending=ending)
        with pytest.raises(Down):
            http.json("GET", "/x")
        with pytest.raises(Stopped):
            http.json("GET", "/x")

    assert len(remote.requests) == 1


def test_a_connection_that_the_remote_ends_is_made_anew() -> None:
    """An answer that says so is the last one of its connection; the next call waits as long as all do."""
    with Remote(whole("200 OK", b"{}", "connection: close")) as remote:
        http = Http(remote.url, Secret())
        for _ in range(3):
            assert http.json("GET", "/x") == {}
        assert http.answered == len(remote.requests) == 3
