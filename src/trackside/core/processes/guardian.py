"""Run a command, and end it with its process group when the server ends or requests it: `python guardian.py GRACE_S --
COMMAND`.

Standard input is a pipe from the server.  When the server ends for any reason, the pipe closes and the command is killed at
once. The line `stop` ends the command by SIGTERM, and by SIGKILL after GRACE_S seconds.  The exit code is that of the command,
or 128 plus the number of the signal that ended it.  It imports only the standard library, because it runs as a script.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

CANNOT_START = 127
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


def main(words: Sequence[str]) -> int:
    grace_s, command = float(words[0]), list(words[2:])
    try:
        child = subprocess.Popen(  # noqa: S603  # the server gave it
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_dies_with_parent(),  # noqa: PLW1509  # no thread runs yet
        )
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201  # its log
        return CANNOT_START
    threading.Thread(target=_end_on_request, args=(child, grace_s), daemon=True).start()
    code = child.wait()
    _signal(child, signal.SIGKILL)  # processes that the command left running
    return code if code >= 0 else 128 - code


def _end_on_request(child: "subprocess.Popen[bytes]", grace_s: float) -> None:
    if os.read(0, 16):
        _signal(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(grace_s)
    _signal(child, signal.SIGKILL)


def _signal(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _dies_with_parent() -> Callable[[], None] | None:
    """Return a function that makes Linux kill the command when this process is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL)

    return ask


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
