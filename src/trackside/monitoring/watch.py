"""The data of a scrape: counts of the store, read periodically, and counters of the server.

A scrape never waits long for the store: while the store does not answer, the scrape has the last counts, with their age.
"""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackside.core.db.limits import Limit
from trackside.core.db.reads import READ
from trackside.core.db.tx import Tx
from trackside.core.http.meter import Timing
from trackside.monitoring import families as f
from trackside.monitoring import overview, row_counts
from trackside.monitoring.overview import ServerOverview
from trackside.monitoring.row_counts import MOST_SERIES, OTHER, Reading
from trackside.monitoring.workers import Shared, SingleProcess

if TYPE_CHECKING:
    from trackside.monitoring.exposition import Exposition, Facts

FRESH_S = 15.0  # how old counts may be: as often as Prometheus scrapes by default
WAIT_S = 2.0  # of a scrape for the store; Prometheus itself waits 10 s by default
COUNT_TIMEOUT_S = 30.0  # that counting may take


class Database(Protocol):
    def read(self, ws: int, limit: Limit | None = None) -> AbstractContextManager[Tx]: ...

    def fault(self) -> str | None: ...


class Watch:
    """`shared` has what the workers count, `labels` are those of `families.BUILD`; `folders` by name, for their file systems;
    `threads` count rows."""

    def __init__(
        self,
        db: Database,
        shared: Shared,
        labels: tuple[str, str],
        folders: Mapping[str, Path],
        threads: Executor,
        clock: Callable[[], float] = time.monotonic,
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        self._db = db
        self._shared = shared
        self._labels = labels
        self._folders = folders
        self._threads = threads
        self._clock = clock
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._taken = -FRESH_S  # by the clock
        self._under_way: asyncio.Future[None] | None = None
        self._exposition: Exposition | None = None

    async def scrape(self, accept: str) -> tuple[str, bytes]:
        """Return the content type and the body."""
        await self._refresh()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._text, accept)

    async def overview(self) -> ServerOverview:
        """Return the same for a page."""
        await self._refresh()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._overview)

    async def _refresh(self) -> None:
        loop = asyncio.get_running_loop()
        if self._clock() - self._taken >= FRESH_S and (self._under_way is None or self._under_way.done()):
            self._under_way = loop.run_in_executor(self._threads, self._count)
        if self._under_way is not None and not self._under_way.done():
            await asyncio.wait([self._under_way], timeout=self._wait_s)

    def _overview(self) -> ServerOverview:
        facts = self._facts()
        return overview.of_server(facts.values, facts.requests)

    def _text(self, accept: str) -> tuple[str, bytes]:
        from trackside.monitoring.exposition import Exposition  # noqa: PLC0415  # 40 ms that a start need not take

        if self._exposition is None:
            self._exposition = Exposition(self._facts, is_alone=isinstance(self._shared, SingleProcess))
        return self._exposition.text(accept)

    def _count(self) -> None:
        """Count the rows.  Raises nothing: a failure shows as the age of the counts."""
        with self._lock:
            begun = self._clock()
            try:
                with self._db.read(0, Limit(COUNT_TIMEOUT_S)) as tx:
                    self._reading = row_counts.read(tx)
            except Exception:  # noqa: BLE001  # of any kind; the next scrape reads again
                return
            self._taken = begun

    def _facts(self) -> "Facts":
        from trackside.monitoring.exposition import Facts  # noqa: PLC0415  # the same

        reading = self._reading
        values = {} if reading is None else dict(reading.values)
        values[f.BUILD] = [(self._labels, 1.0)]
        values[f.STORE_UP] = [((), float(self._db.fault() is None))]
        values[f.COUNTS_AGE] = [] if reading is None else [((), max(0.0, self._clock() - self._taken))]
        sizes = {name: _usage(folder) for name, folder in self._folders.items()}
        values[f.DISK_FREE] = [((name,), float(usage[1])) for name, usage in sizes.items() if usage]
        values[f.DISK_SIZE] = [((name,), float(usage[0])) for name, usage in sizes.items() if usage]
        names = {} if reading is None else reading.workspaces
        total = self._shared.total()
        values[f.WORKERS] = [((), float(total.workers))]
        parts = {"server": total.server, "children": total.children}
        values[f.CPU] = [((part,), used.cpu_s) for part, used in parts.items()]
        values[f.MEMORY] = [((part,), float(used.resident_bytes)) for part, used in parts.items()]
        values[f.RETRIES] = [((), float(total.retries))]
        values[f.UNDER_WAY] = [(where, float(count)) for where, count in total.under_way.items()]
        connections = total.connections
        values[f.CONNECTIONS] = [(("used",), float(connections.used)), (("idle",), float(connections.idle))]
        values.update(worked(total.work, names, {} if reading is None else reading.endpoints))
        timings: dict[f.Family, list[tuple[tuple[str, ...], Timing]]] = {
            f.COMMITS: [((), total.commits)],
            f.QUERIES: [(("read",), total.work.get(READ, Timing())), (("write",), total.writes)],
            f.JOB_SECONDS: job_durations(total.work, names),
        }
        return Facts(values, total.requests, _named(total.scoring, names), timings)


def _named(timings: Mapping[Hashable, Timing], names: Mapping[int, str]) -> dict[Hashable, Timing]:
    """Return timings by (workspace's id, endpoint, ...), with the workspace's name, without deleted workspaces.

    Endpoints after the first MOST_SERIES, by requests, are summed as one.
    """
    found = {
        (names[key[0]], *key[1:]): timing
        for key, timing in timings.items()
        if isinstance(key, tuple) and key[0] in names
    }
    if len(found) <= MOST_SERIES:
        return dict(found)
    busiest = sorted(found, key=lambda key: sum(found[key].counts), reverse=True)
    kept: dict[Hashable, Timing] = {key: found[key] for key in busiest[:MOST_SERIES]}
    for key in busiest[MOST_SERIES:]:
        kept.setdefault((key[0], OTHER, "", key[-1]), Timing()).add(found[key])
    return kept


def worked(
    timings: Mapping[Hashable, Timing], names: Mapping[int, str], endpoints: Mapping[int, tuple[str, str]]
) -> dict[f.Family, list[tuple[tuple[str, ...], float]]]:
    """Return counters of background work, without those of deleted workspaces and endpoints."""
    values: dict[f.Family, list[tuple[tuple[str, ...], float]]] = {
        family: [] for family in (f.POINTS, f.ATTEMPTS, f.DROPPED)
    }
    for key, timing in timings.items():
        match key:
            case (f.POINTS_KEY, int(ws)) if ws in names:
                values[f.POINTS].append(((names[ws],), float(timing.size)))
            case (f.DELIVERY_KEY, int(ws), str(result)) if ws in names:
                values[f.ATTEMPTS].append(((names[ws], result), float(timing.size)))
            case (f.DROPPED_KEY, int(seq)) if seq in endpoints:
                values[f.DROPPED].append((endpoints[seq], float(timing.size)))
    return values


def job_durations(timings: Mapping[Hashable, Timing], names: Mapping[int, str]) -> list[tuple[tuple[str, ...], Timing]]:
    """Return durations of job attempts in units of `JOB_SCALE` seconds, without those of deleted workspaces."""
    return [
        ((names[key[1]], key[2], key[3]), timing)
        for key, timing in timings.items()
        if isinstance(key, tuple) and key[0] == f.JOB_KEY and key[1] in names
    ]


def _usage(folder: Path) -> tuple[int, int] | None:
    """Total and free bytes; None where they cannot be read."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.total, usage.free
