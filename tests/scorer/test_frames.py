"""A scorer's side of the connection on which a router sends many requests at once."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from scorer.conftest import COLUMNS, Scoring
from trackside.scorer import frames

JSON = b"application/json"
LIMIT_S = 60.0


def test_a_scorer_answers_frames_by_their_numbers(regression_scorer: Scoring) -> None:
    rows = [[float(number), 0.0, 0.0] for number in range(40)]
    bodies = [json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [row]}}).encode() for row in rows]
    sent = b"".join(frames.request(number, JSON, body) for number, body in enumerate(bodies))
    sent += frames.request(100, None, bodies[1]) + frames.request(101, b"text/html", b"?")
    by_http = regression_scorer.score(json.loads(bodies[1])).body

    with upgraded(regression_scorer) as connection:
        for at in range(0, len(sent), 100):
            connection.sendall(sent[at : at + 100])
        found = answers_of(connection, 42)

    predicted = [json.loads(found[number][2])["predictions"][0] for number in range(40)]
    assert predicted == pytest.approx([2.0 * number - 1.0 for number in range(40)])
    assert found[100] == (200, b"", by_http)
    assert (found[101][0], b"content-type: text/plain" in found[101][1]) == (415, True)


@pytest.mark.slow
def test_a_scorer_that_asks_for_keys_takes_no_frames(
    serve_model: Callable[..., Scoring], regression: Path, tmp_path: Path
) -> None:
    scoring = serve_model(regression, "--keys", str(tmp_path))

    with socket.create_connection(("127.0.0.1", scoring.port), LIMIT_S) as connection:
        connection.sendall(frames.UPGRADE + frames.request(1, JSON, b"{}"))
        answered = connection.recv(1 << 16)

    assert answered.startswith(b"HTTP/1.1 400 ")


@pytest.mark.slow
def test_a_frame_that_is_larger_than_a_body_may_be_ends_the_connection(
    serve_model: Callable[..., Scoring], regression: Path
) -> None:
    scoring = serve_model(regression, "--max-body-mb", "1")
    large = frames.REQUEST.pack(100 << 20, 1, frames.NO_TYPE) + bytes(2 << 20)

    with upgraded(scoring) as connection:
        with suppress(ConnectionError):
            connection.sendall(large)
        read = b"reset"
        with suppress(ConnectionError):
            read = connection.recv(1)

    assert read in (b"", b"reset")
    assert scoring.call("GET", "/ping").status == 200


def upgraded(scoring: Scoring) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", scoring.port), LIMIT_S)
    connection.sendall(frames.UPGRADE)
    read = b""
    while len(read) < len(frames.SWITCHED):
        read += connection.recv(len(frames.SWITCHED) - len(read))
    assert read == frames.SWITCHED
    return connection


def answers_of(connection: socket.socket, count: int) -> dict[int, tuple[int, bytes, bytes]]:
    """Return status, headers and body by number."""
    found: dict[int, tuple[int, bytes, bytes]] = {}
    with connection.makefile("rb") as stream:
        while len(found) < count:
            size, number, status, headers_size = frames.ANSWER.unpack(stream.read(frames.ANSWER.size))
            found[number] = status, stream.read(headers_size), stream.read(size)
    return found
