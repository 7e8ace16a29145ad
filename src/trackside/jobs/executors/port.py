"""What a place where the processes of jobs run must do."""

import threading
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class OnCluster(Struct, frozen=True, kw_only=True):
    """What a cluster must know of a process.  It gets a copy of the folder, and isolates as its operator chose.

    `job_id` and `attempt` name it there.  It asks `job_url`, with `token`, whether that attempt still runs, and ends itself if
    not.  `python` is the version that it needs, such as 3.11, or empty."""

    executor: str
    job_id: str
    attempt: int
    job_url: str
    token: str = ""
    python: str = ""
    requirements: list[str] = []


class Command(Struct, frozen=True, kw_only=True):
    """A process.  It starts in `folder`, and may write there.

    An isolated one sees only the system's programs, `readable` and `writable`, and has no network unless `has_network`.
    With `cluster` it runs on other machines, where `readable`, `writable` and the isolation mean nothing."""

    argv: list[str]
    folder: str
    readable: list[str] = []
    writable: list[str] = []
    environment: dict[str, str] = {}
    is_isolated: bool = True
    has_network: bool = False
    cluster: OnCluster | None = None


class Executor(Protocol):
    def run(self, command: Command, hear: Callable[[str], None], stop: threading.Event) -> int:
        """Run the process to its end and return its exit code, 128 and the signal's number if a signal ended it.

        `hear` gets each line of its output, from the same thread or another one.  When `stop` is set, the process and what
        it started are ended within some seconds.  The process does not outlive the server, however the server ends.  Raise
        OSError where no process can be started."""
        ...
