"""A store that accepts connections and never answers delays only its own calls, and no shutdown."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from support.processes.artifact_server import PROXY, Server

CALLS = 40


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        listening.settimeout(30)
        yield listening


def options(silent: socket.socket) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }


def ask_for_files(server: Server, run: str, count: int, opened: ExitStack) -> list[socket.socket]:
    """Calls whose answers nobody waits for yet."""
    asked = []
    for _ in range(count):
        line = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
        line.sendall(b"GET /api/2.0/mlflow/artifacts/list?run_id=%s HTTP/1.1\r\nhost: localhost\r\n\r\n" % run.encode())
        asked.append(line)
    return asked


def new_run(server: Server) -> str:
    experiment = server.call("experiments/create", name="e", artifact_location="s3://silent/x")["experiment_id"]
    return str(server.call("runs/create", experiment_id=experiment)["run"]["info"]["run_id"])


def test_a_hanging_store_delays_no_other_store(
    start: Callable[..., AbstractContextManager[Server]], silent: socket.socket, tmp_path: Path
) -> None:
    with (
        start(
            tmp_path, "--default-artifact-root", "s3://silent/x", "--artifact-timeout", "1", **options(silent)
        ) as server,
        ExitStack() as opened,
    ):
        run = new_run(server)
        lines = ask_for_files(server, run, CALLS, opened)
        opened.enter_context(silent.accept()[0])

        put = server.ask("PUT", f"{PROXY}/0/file", b"content")
        got = server.ask("GET", f"{PROXY}/0/file")
        # Which calls come first and wait for the store is for the server to choose; the others are refused with 429.
        replies = (line.recv(65536) for line in lines)
        reply = next(each for each in replies if each.startswith(b"HTTP/1.1 503 "))

    assert (put.status, got.body) == (200, b"content")
    assert json.loads(reply.partition(b"\r\n\r\n")[2]) == {
        "error_code": "TEMPORARILY_UNAVAILABLE",
        "message": "The artifact store has not answered within 1 s; try again.",
    }


@pytest.mark.slow
def test_calls_of_a_store_that_never_answers_end_with_the_server(
    start: Callable[..., AbstractContextManager[Server]], silent: socket.socket, tmp_path: Path
) -> None:
    with (
        start(tmp_path, "--default-artifact-root", "s3://silent/x", **options(silent)) as server,
        ExitStack() as opened,
    ):
        run = new_run(server)
        ask_for_files(server, run, CALLS, opened)
        opened.enter_context(silent.accept()[0])

        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(120) == 0
