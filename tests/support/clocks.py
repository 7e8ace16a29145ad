"""Servers whose clock is set by the test: `time.time` and `time.time_ns` of their process are shifted.

The process is forked with the functions replaced before `trackside` runs in it (`forks`); where there are no forks, before it
is imported.
"""

import os
import sys
import time
from pathlib import Path

_MOVED = """
import sys
sys.path.insert(0, {folder!r})
from support.clocks import follow
follow({path!r})
from trackside.cli.main import main
sys.exit(main())
"""


def follow(file: str) -> None:
    """Shift the clock of this process by the milliseconds in the file.  The file is read at each call, so that a clock can be
    moved while the server runs."""
    shift = os.open(file, os.O_RDONLY)
    real, real_ns = time.time, time.time_ns

    def ahead_ms() -> int:
        return int(os.pread(shift, 32, 0) or b"0")

    time.time = lambda: real() + ahead_ms() / 1000
    time.time_ns = lambda: real_ns() + ahead_ms() * 1_000_000


class Clock:
    """The clock of a `Server`, given to it before it starts: `by_ms` ahead of the machine's."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.file.write_text(f"{0:<32}")

    def move(self, by_ms: int) -> None:
        with self.file.open("r+") as opened:  # in its place: a reader sees the old or the new one
            opened.write(f"{by_ms:<32}")

    @property
    def command(self) -> tuple[str, ...]:
        folder = str(Path(__file__).parents[1])
        return (sys.executable, "-c", _MOVED.format(folder=folder, path=str(self.file)))
