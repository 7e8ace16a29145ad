"""Servers as an operator starts them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_line import TIMEOUT_S, Launch, Server
from support.servers import TRACKSIDE, environment


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts a server on a free port; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def make(*words: str, port: str = "0", **variables: str) -> Server:
        process = subprocess.Popen(
            [*TRACKSIDE, "server", "--port", port, *words],
            cwd=tmp_path,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the server did not start: {process.communicate(timeout=TIMEOUT_S)[1]}")
        return Server(process, line.strip())

    yield make
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
