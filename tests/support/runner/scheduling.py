"""Which tests run in one process, and which begin first, where several processes share them.

What a file or a folder starts once, a browser or a scoring server, would be started in each process that runs some of its
tests.  What takes long begins first, so that at the end no process works alone.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from xdist.scheduler import LoadScopeScheduling

# Folders that share what takes long to start, and by which name; elsewhere, files do.
TOGETHER = {"ui": "browser", "compat": "clients", "scorer": "models", "endpoints": "models"}
# Files that read all of the source, and parse it once for each process (support/sources.py).
READERS = ("test_architecture.py", "test_history.py", "test_readable.py", "test_sinks.py", "test_tenancy.py")
FIRST = (*TOGETHER, "fuzz", "imports", "e2e", "links")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    """The file of a test, or what its folder shares with others."""
    path = PurePosixPath(nodeid.partition("::")[0])
    return "sources" if path.name in READERS else TOGETHER.get(_folder(path), str(path))


def in_turn(nodeids: Sequence[str]) -> list[int]:
    """The places of the tests, in the order in which they begin."""
    return sorted(range(len(nodeids)), key=lambda at: _rank(PurePosixPath(nodeids[at].partition("::")[0])))


def _rank(path: PurePosixPath) -> int:
    folder = _folder(path)
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


def _folder(path: PurePosixPath) -> str:
    """Of `tests`."""
    return path.parts[1] if len(path.parts) > 2 else ""


def scheduler(config: Any, log: Any) -> ByFile | None:
    """With `--dist loadscope`; the other ways stay as they are."""
    return ByFile(config, log) if config.getoption("dist") == "loadscope" else None
