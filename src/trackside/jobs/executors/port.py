"""The interface of executors, which run the processes of jobs."""

import threading
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class OnCluster(Struct, frozen=True, kw_only=True):
    """A process for a cluster, which gets a copy of the folder.  The operator of the cluster chooses the isolation of the
    process.

    `job_id` and `attempt` identify it.  The process calls `job_url` with `token` and exits when the attempt is over. `python` is
    the required Python version, such as 3.11, or empty."""

    executor: str
    job_id: str
    attempt: int
    job_url: str
    token: str = ""
    python: str = ""
    requirements: list[str] = []


class Command(Struct, frozen=True, kw_only=True):
    """A process that starts in `folder` and may write there.

    An isolated process can access the system's programs, `readable` and `writable`, and has no network unless `has_network`.
    With `cluster` it runs on other machines, where `readable`, `writable` and the isolation do not apply."""

    argv: list[str]
    folder: str
    readable: list[str] = []
    writable: list[str] = []
    environment: dict[str, str] = {}
    is_isolated: bool = True
    has_network: bool = False
    cluster: OnCluster | None = None


class Executor(Protocol):
    def run(self, command: Command, on_line: Callable[[str], None], stop: threading.Event) -> int:
        """Run the process to its end and return its exit code: 128 plus the signal's number if a signal ended it.

        `on_line` is called with each line of output, in any thread.  When `stop` is set, the process and its children are ended
        within some seconds.  The process also ends if the server is killed.  Raise OSError if no process can be started."""
        ...
