"""Runs a command in a session of its own until it ends, or until the process that started this one is gone or wants it to end.

`python -m support.processes.guard COMMAND…` with a pipe as stdin: when the pipe is closed, also since the tests were killed, all
processes of the command are.  A stock `mlflow server` starts several, which would go on without it.  The guard, too, has its own
session: a signal to the process group of the tests must not end the guard before its command.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

GRACE_S = 10.0


def start(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: IO[str]) -> "subprocess.Popen[bytes]":
    """The guard of a command that writes to `log`; `end` ends both."""
    return subprocess.Popen(
        [sys.executable, "-S", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )


def end(guard: "subprocess.Popen[bytes]") -> None:
    assert guard.stdin is not None
    guard.stdin.close()
    guard.wait(60)


def _main(command: Sequence[str]) -> int:
    wakes, wake_by = os.pipe()
    os.set_blocking(wake_by, False)
    signal.set_wakeup_fd(wake_by)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    while child.poll() is None:
        readable, _, _ = select.select([0, wakes], [], [])
        if wakes in readable:
            os.read(wakes, 4096)
        if 0 in readable and not os.read(0, 4096):
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_S)
            break
    with suppress(ProcessLookupError):  # what it has left behind
        os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
