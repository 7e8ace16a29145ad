"""Servers as an operator starts them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.processes import forks
from support.processes.command_line import TIMEOUT_S, Launch, Server
from support.processes.forks import Forked
from support.processes.servers import TRACKSIDE, environment, may_fork


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start servers on free ports; remaining ones are killed at the end."""
    started: list[subprocess.Popen[str] | Forked] = []

    def make(*words: str, port: str = "0", **variables: str) -> Server:
        command, env = ["server", "--port", port, *words], environment(**variables)
        process: subprocess.Popen[str] | Forked
        if may_fork(variables):
            process = forks.forks().start(command, cwd=tmp_path, env=env, stderr=True)
        else:
            process = subprocess.Popen(
                [*TRACKSIDE, *command],
                cwd=tmp_path,
                env=env,
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
