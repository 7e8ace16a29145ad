"""The counters of a scorer that answers like a hostile model."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from trackside.endpoints.backends import scorer_stats
from trackside.endpoints.backends.scorer_stats import Stats

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@pytest.fixture
def scorer(tmp_path: Path) -> Iterator[Callable[[Iterator[bytes]], str]]:
    """A listener that sends each of the pieces to its one caller, and then ends the connection."""
    listening = socket.socket(socket.AF_UNIX)
    threads: list[threading.Thread] = []

    def answering(pieces: Iterator[bytes]) -> str:
        path = str(tmp_path / "s")
        listening.bind(path)
        listening.listen()
        threads.append(threading.Thread(target=send, args=(pieces,)))
        threads[0].start()
        return path

    def send(pieces: Iterator[bytes]) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(4096)
            for piece in pieces:
                connection.sendall(piece)

    yield answering
    threads[0].join()
    listening.close()


def endless(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def slowly(scorer_is_left: threading.Event) -> Iterator[bytes]:
    """Yield single bytes, with pauses and without an end."""
    yield HEAD
    while not scorer_is_left.wait(0.05):
        yield b" "


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"stuck_s": 1.5, "busy": 1}', Stats(1.5)),
        (b"{}", Stats(0.0)),
        (b'{"stuck_s": "long"}', None),
        (b'{"stuck_s": null}', None),
        (b'{"stuck_s": NaN}', None),
        (b"[]", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_only_an_answer_with_the_known_fields_counts(
    scorer: Callable[[Iterator[bytes]], str], body: bytes, found: Stats | None
) -> None:
    path = scorer(iter([HEAD, body]))

    assert scorer_stats.ask(path) == found


def test_an_answer_without_an_end_is_given_up(scorer: Callable[[Iterator[bytes]], str]) -> None:
    path = scorer(endless(b"x" * 65_536))

    assert scorer_stats.ask(path) is None


def test_an_answer_that_comes_byte_by_byte_is_given_up(scorer: Callable[[Iterator[bytes]], str]) -> None:
    is_left = threading.Event()
    path = scorer(slowly(is_left))

    found = scorer_stats.ask(path)
    is_left.set()

    assert found is None


def test_a_socket_without_a_listener_does_not_answer(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)

        assert scorer_stats.ask(path) is None
