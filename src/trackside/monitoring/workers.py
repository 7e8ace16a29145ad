"""Combines the counters of the worker processes of one server, so that a scrape of one worker reports those of all.

Each worker holds a numbered slot in a folder and writes its counters there.  A worker that dies leaves its file, and its
replacement continues from there, so that no counter decreases.  The last second of a killed worker's counts is lost.
"""

import fcntl
import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct, field

from trackside.core.db.commit import COMMIT, RETRY, WRITE
from trackside.core.db.reads import Connections
from trackside.core.http.meter import Meter, SharedMeter, Timing
from trackside.monitoring import processes
from trackside.monitoring.processes import Usage

WRITE_EVERY_S = 1.0
MOST_PLACES = 1024  # more than there are workers: a place may be held a moment longer than its worker lives

Labels = tuple[str | int, ...]
Row = tuple[Labels, list[int], float, int]  # a key, and its Timing


NO_CONNECTIONS = Connections(0, 0)
Count = Callable[[], Connections]


class Meters(Struct, frozen=True):
    """The counters of one process.  `commits` has the keys of `core/db/commit`; `work` has those of `core/db/reads`,
    `families.POINTS_KEY` and the others beside it."""

    requests: Meter
    scoring: Meter
    commits: Meter
    work: SharedMeter = field(default_factory=SharedMeter)


class Counts(Struct, frozen=True):
    """The counts of a slot since the start of the server.  `pid`, `resident_bytes`, `under_way` and `connections` are those of
    the worker that wrote it."""

    pid: int = 0
    cpu_s: float = 0.0
    ended_children_s: float = 0.0
    resident_bytes: int = 0
    under_way: list[tuple[str, str, int]] = []  # method, route, requests
    connections: Connections = NO_CONNECTIONS
    requests: list[Row] = []
    scoring: list[Row] = []
    commits: list[Row] = []
    work: list[Row] = []


class Total(Struct, frozen=True):
    """The counts of all workers.  `children` are the processes that they started, such as scorers and jobs."""

    workers: int
    requests: Mapping[Hashable, Timing]
    scoring: Mapping[Hashable, Timing]
    commits: Timing
    writes: Timing
    retries: int
    under_way: Mapping[tuple[str, str], int]
    connections: Connections
    work: Mapping[Hashable, Timing]
    server: Usage
    children: Usage


class SingleProcess:
    """The only process of its server.  `connections` counts those of its store."""

    def __init__(self, meters: Meters, connections: Count = lambda: NO_CONNECTIONS) -> None:
        self._meters = meters
        self._connections = connections

    def total(self) -> Total:
        living = processes.below([os.getpid()])
        children = Usage(living.cpu_s + processes.ended_children_s(), living.resident_bytes)
        meters = self._meters
        commits, writes, retries = _of_store(meters.commits.read())
        requests, scoring, work = meters.requests.read(), meters.scoring.read(), meters.work.read()
        under_way, connections = meters.requests.under_way(), self._connections()
        return Total(
            1, requests, scoring, commits, writes, retries, under_way, connections, work, processes.own(), children
        )


class OneOfMany:
    """A worker that shares its counters with the others through `folder`, which the supervisor created."""

    def __init__(self, meters: Meters, folder: Path, connections: Count = lambda: NO_CONNECTIONS) -> None:
        self._meters = meters
        self._connections = connections
        self._folder = folder
        self._place, self._lock = _take_place(folder)
        self._before = _read(folder / f"{self._place}.json") or Counts()

    def step(self) -> bool:
        """Write what this worker counted.  Return False: there is nothing more to do right away."""
        there = self._folder / f"{self._place}.json"
        written = there.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(self._own()))
        written.replace(there)
        return False

    def close(self) -> None:
        with suppress(OSError):  # the folder was deleted
            self.step()
        os.close(self._lock)

    def total(self) -> Total:
        own = self._own()
        others = [
            found
            for path in sorted(self._folder.glob("*.json"))
            if path.stem != str(self._place) and (found := _read(path)) is not None
        ]
        alive = [own, *(each for each in others if _is_alive(each.pid))]
        every = [own, *others]
        living = processes.below(each.pid for each in alive)
        commits, writes, retries = _of_store(_merged(each.commits for each in every))
        return Total(
            len(alive),
            _merged(each.requests for each in every),
            _merged(each.scoring for each in every),
            commits,
            writes,
            retries,
            _summed(each.under_way for each in alive),
            Connections(sum(each.connections.used for each in alive), sum(each.connections.idle for each in alive)),
            _merged(each.work for each in every),
            Usage(sum(each.cpu_s for each in every), sum(each.resident_bytes for each in alive)),
            Usage(living.cpu_s + sum(each.ended_children_s for each in every), living.resident_bytes),
        )

    def _own(self) -> Counts:
        used, before = processes.own(), self._before
        return Counts(
            os.getpid(),
            before.cpu_s + used.cpu_s,
            before.ended_children_s + processes.ended_children_s(),
            used.resident_bytes,
            [(*where, count) for where, count in self._meters.requests.under_way().items()],
            self._connections(),
            _rows(_merged([before.requests, _rows(self._meters.requests.read())])),
            _rows(_merged([before.scoring, _rows(self._meters.scoring.read())])),
            _rows(_merged([before.commits, _rows(self._meters.commits.read())])),
            _rows(_merged([before.work, _rows(self._meters.work.read())])),
        )


Shared = SingleProcess | OneOfMany


def prepare(folder: Path) -> Path:
    """Make the folder empty, for a server that begins."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.json", "*.part", "*.lock"):
        for left in folder.glob(pattern):
            left.unlink(missing_ok=True)
    return folder


def _take_place(folder: Path) -> tuple[int, int]:
    """Return the number of a free place, and the descriptor that holds it until the process ends."""
    for number in range(MOST_PLACES):
        lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return number, lock
    raise OSError(f"every one of {MOST_PLACES} places in {folder} is held by a worker")


def _read(path: Path) -> Counts | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Counts)
    except (OSError, msgspec.DecodeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _of_store(timings: Mapping[Hashable, Timing]) -> tuple[Timing, Timing, int]:
    """Return the commits, the whole transactions, and how many were tried again."""
    retries = timings.get(RETRY, Timing())
    return timings.get(COMMIT, Timing()), timings.get(WRITE, Timing()), sum(retries.counts)


def _rows(timings: Mapping[Hashable, Timing]) -> list[Row]:
    return [
        (key, timing.counts, timing.seconds, timing.size) for key, timing in timings.items() if isinstance(key, tuple)
    ]


def _summed(parts: Iterable[Iterable[tuple[str, str, int]]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for rows in parts:
        for method, route, count in rows:
            found[method, route] = found.get((method, route), 0) + count
    return found


def _merged(parts: Iterable[Iterable[Row]]) -> dict[Hashable, Timing]:
    found: dict[Hashable, Timing] = {}
    for rows in parts:
        for key, counts, seconds, size in rows:
            timing = found.setdefault(tuple(key), Timing())
            timing.counts = [a + b for a, b in zip(timing.counts, counts, strict=True)]
            timing.seconds += seconds
            timing.size += size
    return found
