"""What a place where the processes of jobs run must do."""

import threading
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True):
    """A process.  It starts in `folder`, and may write there.

    An isolated one sees only the system's programs, `readable` and `writable`, and has no network unless `has_network`."""

    argv: list[str]
    folder: str
    readable: list[str] = []
    writable: list[str] = []
    environment: dict[str, str] = {}
    is_isolated: bool = True
    has_network: bool = False


class Executor(Protocol):
    def run(self, command: Command, hear: Callable[[str], None], stop: threading.Event) -> int:
        """Run the process to its end and return its exit code, 128 and the signal's number if a signal ended it.

        `hear` gets each line of its output, from the same thread or another one.  When `stop` is set, the process and what
        it started are ended within some seconds.  The process does not outlive the server, however the server ends.  Raise
        OSError where no process can be started."""
        ...
