"""`trackside server` as a child process."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.client import Api, Socket
from support.clocks import Clock
from support.processes import forks
from support.processes.forks import Forked
from support.processes.ports import free_port

TIMEOUT_S = 120.0
INTERVAL_FACTOR = (
    0.1  # of a server whose test says nothing else: its links and webhooks look for work ten times as often
)
TRACKSIDE = (sys.executable, "-c", "import sys; from trackside.cli.main import main; sys.exit(main())")


def environment(**variables: str) -> dict[str, str]:
    """Return this environment without Trackside's settings, and with telemetry disabled."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKSIDE_", "MLFLOW_"))}
    return inherited | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"} | variables


def limited_environment() -> dict[str, str]:
    """Return the environment of a process that cannot write files of any size: it writes no bytecode (see forks.py)."""
    return environment(PYTHONDONTWRITEBYTECODE="1")


def trackside(*words: str, cwd: Path, given: str = "", **variables: str) -> tuple[int, str, str]:
    """Run a command to its end.  Return its exit code, stdout and stderr.  `given`: what it reads on stdin."""
    return run(words, variables, cwd=cwd, given=given)


def run(
    words: Sequence[str],
    variables: Mapping[str, str],
    *,
    cwd: Path | None = None,
    timeout_s: float = TIMEOUT_S,
    given: str = "",
) -> tuple[int, str, str]:
    """Run a command like `trackside`, with a longer time limit or without a folder."""
    if may_fork(variables):
        with forks.forks().start(words, cwd=cwd, env=environment(**variables), stderr=True, given=given) as process:
            try:
                said, complaints = process.communicate(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            return process.wait(), said, complaints
    done = subprocess.run(
        [*TRACKSIDE, *words],
        cwd=cwd,
        env=environment(**variables),
        input=given,
        start_new_session=True,  # no terminal to ask at
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def may_fork(variables: Mapping[str, str]) -> bool:
    """Return whether a process with these variables may be forked: Python reads its own at its start."""
    return forks.IS_POSSIBLE and not any(name.startswith("PYTHON") for name in variables)


@dataclass
class Server:
    """Runs from `start` to `stop` or `kill9`; `restart` brings it back on the same data, at another port unless the options
    name one."""

    data: Path
    options: tuple[str, ...] = ()
    said: str = ""
    port: int = 0
    command: tuple[str, ...] = TRACKSIDE
    process: "subprocess.Popen[str] | Forked | None" = field(default=None, repr=False)
    interval_factor: float = INTERVAL_FACTOR
    clock: Clock | None = None
    _sockets: list[Socket] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> Api:
        """Closed with the server."""
        self._sockets.append(Socket(self.port))
        return Api(self._sockets[-1])

    def disconnect(self) -> None:
        """Close the connections of all its `api`."""
        while self._sockets:
            self._sockets.pop().close()

    def start(self) -> "Server":
        """Start the server, and wait for the line with its address."""
        words = ["server", "--port", str(free_port()), "--data", str(self.data), *self.options]
        if self.command is TRACKSIDE and forks.IS_POSSIBLE:
            self.process = forks.forks().start(
                words,
                env=environment(),
                interval_factor=self.interval_factor,
                clock=None if self.clock is None else self.clock.file,
            )
        else:
            command = self.command if self.clock is None else self.clock.command
            self.process = subprocess.Popen(
                [*command, *words], stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        if "listening on http://" not in self.said:
            self.stop()
            raise AssertionError(f"the server did not start; it said {self.said!r}")
        self.port = int(self.said.split("http://127.0.0.1:")[1].split()[0].split("/")[0])
        return self

    def restart(self) -> "Server":
        self.stop()
        return self.start()

    def stop(self) -> None:
        """Stop the server as an operator does."""
        self._end(lambda process: process.send_signal(signal.SIGTERM))

    def kill9(self) -> None:
        """Kill all of its processes at once.  Return when the last one has ended, so that a restart finds no lock."""
        self._end(lambda process: os.killpg(process.pid, signal.SIGKILL))
        for each in self.data.glob("*.lock"):
            with each.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)

    def suspend(self) -> None:
        """Stop its processes until `resume`: an idle server takes a hundredth of a processor."""
        self.disconnect()
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def _end(self, end: Callable[["subprocess.Popen[str] | Forked"], None]) -> None:
        self.disconnect()
        process, self.process = self.process, None
        if process is not None:
            with process:  # closes the pipe
                if process.poll() is None:
                    with suppress(ProcessLookupError):  # a forked one has ended, and this process has yet to hear of it
                        end(process)
                process.wait(TIMEOUT_S)
