"""Servers whose clock goes wrong: what the process asks for the time is told another one, from its first import on."""

import sys
from pathlib import Path

from support.servers import Server

# The file is read at each question, so that a clock can be moved while the server runs.
_MOVED = """
import os, sys, time
shift = os.open({path!r}, os.O_RDONLY)
real, real_ns = time.time, time.time_ns
def ahead():
    return int(os.pread(shift, 32, 0) or b"0")
time.time = lambda: real() + ahead() / 1000
time.time_ns = lambda: real_ns() + ahead() * 1_000_000
from trackside.cli.main import main
sys.exit(main())
"""


class Clock:
    """Of a server: `by_ms` ahead of the machine's."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text(f"{0:<32}")

    def move(self, by_ms: int) -> None:
        with self._file.open("r+") as opened:  # in its place: whoever reads meanwhile reads one of the two
            opened.write(f"{by_ms:<32}")

    @property
    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-c", _MOVED.format(path=str(self._file)))


def with_clock(server: Server, file: Path) -> Clock:
    """A server that was not started yet."""
    clock = Clock(file)
    server.command = clock.command
    return clock
