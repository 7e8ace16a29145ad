"""Runs processes of jobs as children of the server.  Each has a guardian process, which ends it when the server ends."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from trackside.core.processes import QUIET, guardian, sandbox
from trackside.jobs.executors.port import Command

GRACE_S = 2.0
LOOK_S = 0.05
MAX_LINE_BYTES = 64 << 10


class ProcessExecutor:
    """`variables` are the environment variables of every child."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables

    def run(self, command: Command, on_line: Callable[[str], None], stop: threading.Event) -> int:
        process = subprocess.Popen(  # noqa: S603  # jobs run user code, inside `sandbox`
            [sys.executable, "-I", guardian.__file__, str(GRACE_S), "--", *_isolated(command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._variables, **QUIET, **command.environment},
            cwd=command.folder,
            start_new_session=True,  # Ctrl-C at the server's terminal must not reach the children
        )
        assert process.stdin is not None
        assert process.stdout is not None
        reader = threading.Thread(
            target=_read, args=(process.stdout, on_line), name="trackside-job-output", daemon=True
        )
        reader.start()
        try:
            code = _wait(process, stop)
            reader.join(GRACE_S)  # a process that left the group may keep the pipe open
        finally:
            with suppress(OSError):
                process.stdin.close()  # ends the guardian and its command, if they still run
            process.wait()
        return code if code >= 0 else 128 - code


def _isolated(command: Command) -> list[str]:
    if not command.is_isolated:
        return command.argv
    return sandbox.wrapped(
        command.argv,
        readable=command.readable,
        writable=[command.folder, *command.writable],
        has_network=command.has_network,
    )


def _wait(process: "subprocess.Popen[bytes]", stop: threading.Event) -> int:
    was_signalled = False
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(LOOK_S)
        if stop.is_set() and not was_signalled:
            was_signalled = True
            assert process.stdin is not None
            with suppress(OSError):  # the process has just ended
                process.stdin.write(b"stop\n")
                process.stdin.flush()


def _read(stream: IO[bytes], on_line: Callable[[str], None]) -> None:
    """Pass the lines of a pipe to `on_line` until it ends.  A long line is cut to bound memory."""
    with stream:
        while line := stream.readline(MAX_LINE_BYTES):
            on_line(line.decode("utf-8", "replace").rstrip("\r\n"))
