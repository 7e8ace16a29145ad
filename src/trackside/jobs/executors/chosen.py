"""The executors of a server, by name."""

import threading
from collections.abc import Callable, Mapping

from trackside.core.errors import Unsupported
from trackside.jobs.executors.port import Command, Executor


class Executors:
    """Run each command by the executor that it names; `here` runs commands without a name."""

    def __init__(self, here: Executor, clusters: Mapping[str, Executor]) -> None:
        self._here = here
        self._clusters = clusters

    def run(self, command: Command, on_line: Callable[[str], None], stop: threading.Event) -> int:
        if command.cluster is None:
            return self._here.run(command, on_line, stop)
        name = command.cluster.executor
        found = self._clusters.get(name)
        if found is None:  # the server was restarted without this executor after the job was queued
            raise Unsupported(f"The job needs the executor {name!r}, and the server was started without it.")
        return found.run(command, on_line, stop)
