"""Decides which tests run in one process, and in which order, if several processes share them.

A resource that a file or a folder starts once, such as a browser or a scoring server, would be started in each process that runs
some of its tests.  Long tests start first, so that no process works alone at the end.  Tests that wait for other processes run
beside tests that compute, so that the processors are used: half of four or more processes run only tests that wait, and collect
no others.  The other half begins with tests that compute.
"""

import functools
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from typing import Any

from xdist.scheduler import LoadScopeScheduling

# Folders that share what takes long to start, and by which name; elsewhere, files do.
TOGETHER = {"ui": "browser", "compat": "clients", "scorer": "models", "endpoints": "models", "drift": "models"}
# Tests on PostgreSQL, whose server takes seconds of processor time to start: by their parameter or folder, and these files.
POSTGRESQL = "postgresql"
USERS_OF_POSTGRESQL = (
    "tests/e2e/test_cli_postgres.py",
    "tests/links/files/test_paths.py",
    "tests/links/worker/test_leases.py",
    "tests/slices/registry/test_races.py",
    "tests/slices/store/test_change_log.py",
    "tests/slices/store/test_upgrades.py",
)
# Files that read all of the source, and parse it once for each process (support/sources.py).
READERS = (
    "test_architecture.py",
    "test_history.py",
    "test_readable.py",
    "test_sinks.py",
    "test_tenancy.py",
    "test_words.py",
)
FIRST = (POSTGRESQL, *TOGETHER, "fuzz")
# Folders whose tests wait most of their time, for two servers to agree or for a command to end.
WAITING = ("imports", "e2e", "links")
# They wait longest, and begin before the others that wait.
LONGEST = ("tests/links/databricks/test_workspace.py", "tests/links/databricks/test_registry.py")
ONLY_WAITS = "only_waits"  # in the input of a process of xdist
WAITED_BY = 0.9  # the share of the other files, before whose end they have begun


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    registered_collections: dict[Any, list[str]]

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def schedule(self) -> None:
        # The first collection becomes that of the run: a complete one.
        nodes = sorted(self.registered_collections, key=_only_waits)
        self.registered_collections = {node: self.registered_collections[node] for node in nodes}
        super().schedule()

    def _check_nodes_have_same_collection(self) -> bool:
        every = self.registered_collections
        self.registered_collections = {node: found for node, found in every.items() if not _only_waits(node)}
        is_same: bool = super()._check_nodes_have_same_collection()
        self.registered_collections = every
        return is_same

    def _assign_work_unit(self, node: Any) -> None:
        unit = self._next_for(node)
        if unit is not None:
            self.workqueue.move_to_end(unit, last=False)
            super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        if not node.shutting_down and self.workqueue and self._next_for(node) is None:
            node.shutdown()
        else:
            super()._reschedule(node)

    def _next_for(self, node: Any) -> str | None:
        """Return the next unit of the node's kind; a node that collected all takes one of the other kind when there is none."""
        own = (unit for unit in self.workqueue if _waits(unit) == _only_waits(node))
        return next(own, None if _only_waits(node) else next(iter(self.workqueue), None))


def begin(node: Any) -> None:
    """Tell a process of xdist, before it starts, whether it only runs tests that wait."""
    number, count = int(node.gateway.id.removeprefix("gw")), node.workerinput["workercount"]
    half = count // 2 if count >= 4 else 0
    # One that replaces another that crashed has a higher number, and runs all.
    node.workerinput[ONLY_WAITS] = count - half <= number < count


def is_ignored(path: PurePath, config: Any) -> bool:
    """Return whether this process collects nothing at a path relative to `tests`."""
    only_waits = getattr(config, "workerinput", {}).get(ONLY_WAITS, False)
    return only_waits and bool(path.parts) and path.parts[0] not in WAITING


def _only_waits(node: Any) -> bool:
    return bool(node.workerinput.get(ONLY_WAITS, False))


def _waits(unit: str) -> bool:
    return _folder(PurePosixPath(unit)) in WAITING


def unit_of(nodeid: str) -> str:
    """Return the file of a test, or what it shares with tests of other files."""
    file, _, name = nodeid.partition("::")
    unit = _unit_of_file(file)
    return POSTGRESQL if unit == file and POSTGRESQL in name.partition("[")[2] else unit


@functools.cache
def _unit_of_file(file: str) -> str:
    path = PurePosixPath(file)
    if file in USERS_OF_POSTGRESQL or POSTGRESQL in path.parts:
        return POSTGRESQL
    return "sources" if path.name in READERS else TOGETHER.get(_folder(path), file)


def in_turn(nodeids: Sequence[str]) -> list[int]:
    """The places of the tests, in the order in which they begin."""
    units = list(dict.fromkeys(map(unit_of, nodeids)))
    kinds = {unit_of(nodeid): _folder(PurePosixPath(nodeid.partition("::")[0])) for nodeid in nodeids}
    kinds |= {POSTGRESQL: POSTGRESQL}
    first = [unit for unit in units if kinds[unit] in FIRST]
    waiting = _spread([unit for unit in units if kinds[unit] in WAITING])
    others = [unit for unit in units if kinds[unit] not in (*FIRST, *WAITING)]
    turns = {unit: (0.0, FIRST.index(kinds[unit])) for unit in first}
    turns |= {unit: (1 + WAITED_BY * at / len(waiting), 0) for at, unit in enumerate(waiting)}
    turns |= {unit: (1 + at / len(others), 1) for at, unit in enumerate(others)}
    return sorted(range(len(nodeids)), key=lambda at: turns[unit_of(nodeids[at])])


def _spread(units: Sequence[str]) -> list[str]:
    """Order files so that those of each folder are spread over all: the tests of one wait alike."""
    by_folder: dict[str, list[str]] = {}
    for unit in units:
        by_folder.setdefault(unit.rpartition("/")[0], []).append(unit)
    places = {unit: (at + 0.5) / len(files) for files in by_folder.values() for at, unit in enumerate(files)}
    return sorted(units, key=lambda unit: (LONGEST.index(unit) if unit in LONGEST else len(LONGEST), places[unit]))


def _folder(path: PurePosixPath) -> str:
    """Return the path's folder below `tests`."""
    return path.parts[1] if len(path.parts) > 2 else ""


def scheduler(config: Any, log: Any) -> ByFile | None:
    """Return the scheduler for `--dist loadscope`; other modes stay unchanged."""
    return ByFile(config, log) if config.getoption("dist") == "loadscope" else None
