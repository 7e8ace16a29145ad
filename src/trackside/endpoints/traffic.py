"""Requests, errors and latency of each deployment by minute, for the charts of an endpoint.

The router counts in memory (`core/http/meter`).  `step` adds the new counts to the current minute, and writes that minute.  Each
server process has rows of its own, so that several write without reading; a reader sums them.
"""

import secrets
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, cast

from msgspec import Struct

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.http.meter import BOUNDS_S, Meter, Timing
from trackside.endpoints import traffic_store
from trackside.endpoints.traffic_store import Minute

MINUTE_MS = 60_000
KEEP_DAYS = 8
PRUNE_EVERY_S = 3600.0
MODEL_FAILED = 424  # the model raised an error, which is not the caller's fault despite the first digit
_ERROR_CLASS, _SERVER_ERROR_CLASSES = 4, (5, MODEL_FAILED)


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class _Count(Struct):
    """The counts of a deployment in the current minute."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    buckets: list[int] = []


class Traffic:
    """`meter` counts by (workspace's id, endpoint, deployment, class of status); `clock` gives seconds since 1970."""

    def __init__(self, db: Database, meter: Meter, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._meter = meter
        self._clock = clock
        self._holder = secrets.token_hex(4)
        self._before: dict[Hashable, Timing] = {}
        self._minute = 0
        self._counts: dict[tuple[int, str, str], _Count] = {}
        self._pruned_at = 0.0

    def step(self) -> bool:
        """Write the current minute.  Return False: the next step can wait."""
        now = self._clock()
        minute = int(now) // 60 * MINUTE_MS
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        by_workspace: dict[int, list[Minute]] = {}
        for ws, endpoint, deployment in self._add():
            count = self._counts[ws, endpoint, deployment]
            counted = Minute(
                endpoint,
                deployment,
                minute,
                count.requests,
                count.client_errors,
                count.server_errors,
                tuple(count.buckets),
            )
            by_workspace.setdefault(ws, []).append(counted)
        for ws, minutes in by_workspace.items():
            self._db.writer.submit(ws, partial(traffic_store.put, holder=self._holder, minutes=minutes)).result()
        if now - self._pruned_at > PRUNE_EVERY_S:
            self._pruned_at = now
            before = int((now - KEEP_DAYS * 86_400) * 1000)
            self._db.writer.submit(0, partial(traffic_store.prune, before=before)).result()
        return False

    def _add(self) -> set[tuple[int, str, str]]:
        """Add the new counts; return the deployments with requests."""
        found = self._meter.read()
        changed: set[tuple[int, str, str]] = set()
        for key, timing in found.items():
            ws, endpoint, deployment, status_class = cast(tuple[int, str, str, int], key)
            old = self._before.get(key)
            new = [n - o for n, o in zip(timing.counts, old.counts if old else [0] * len(timing.counts), strict=True)]
            requests = sum(new)
            if not requests:
                continue
            where = (ws, endpoint, deployment)
            count = self._counts.setdefault(where, _Count(buckets=[0] * len(new)))
            count.requests += requests
            count.client_errors += requests if status_class == _ERROR_CLASS else 0
            count.server_errors += requests if status_class in _SERVER_ERROR_CLASSES else 0
            count.buckets = [a + b for a, b in zip(count.buckets, new, strict=True)]
            changed.add(where)
        self._before = found
        return changed


def class_of(status: int) -> int:
    """Return the class under which an answer is counted: the first digit of its status, or MODEL_FAILED."""
    return status if status == MODEL_FAILED else status // 100


def quantile_ms(buckets: tuple[int, ...], share: float) -> float | None:
    """Return an estimate of a quantile of the latency: linear within its bucket.  None without requests."""
    total = sum(buckets)
    if not total:
        return None
    rank, seen = share * total, 0
    for at, count in enumerate(buckets):
        if count and seen + count >= rank:
            low = BOUNDS_S[at - 1] if at else 0.0
            high = BOUNDS_S[at] if at < len(BOUNDS_S) else low
            return 1000 * (low + (high - low) * (rank - seen) / count)
        seen += count
    return 1000 * BOUNDS_S[-1]
