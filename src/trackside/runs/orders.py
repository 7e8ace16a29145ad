"""Cached orders of the runs of large experiments, in memory.

A search that is ordered by a metric must sort every run of its experiments before it can return the first one.  A cached order
contains all runs of some experiments in one order, without a filter, as of a position in the change log.  For a page, the
database filters and sorts the next runs of that order that have not changed since, and all runs that have.  So a page equals the
result of the database without the cache, and a change of a run does not update the cache.
"""

import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from trackside.core.db import changes
from trackside.core.db.changes import Database
from trackside.core.db.tx import Row, Tx
from trackside.core.filters.nodes import Order
from trackside.runs import search_sql, selection
from trackside.runs.search_sql import Search

MIN_RUNS = 3_000  # the database sorts fewer about as quickly
MAX_RUNS = 2_000_000  # in all orders together, 8 bytes each
MAX_CHANGES = 2_000  # changes in the workspace since the position of an order
MAX_CHANGED = 500  # changed runs, which each page sorts
MAX_KEPT = 1_000  # orders, and experiments that are known to be small
MAX_WANTED = 16  # requested orders; further requests are dropped, and the next search repeats them
MAX_POOR = 1_000
WALKED = 4  # a page reads at most 1/WALKED of an order
MAX_AGE_S = 3_600.0  # of an order; the change log keeps entries for at least a day
LEFT_AFTER_S = 600.0  # an unused order is dropped
SMALL_FOR_S = 60.0  # an experiment with few runs is counted again
PAUSE = 10.0  # an order is computed again after this multiple of the time that it took


class _Scope(Struct, frozen=True):
    ws: int
    experiments: tuple[int, ...]
    stages: tuple[str, ...]
    orders: tuple[Order, ...]


class _Kept(Struct):
    """A cached order.  `seqs` is None if the experiments have too few runs, or too many."""

    seqs: "array[int] | None"
    position: int  # of the change log
    made_at: float
    used_at: float
    again_at: float  # the earliest time of the next computation
    poor: set[str] = set()  # fingerprints of searches with filters that few of the first runs pass


class Orders:
    """Recently requested orders.  Threads share it; `step` computes missing ones, in one thread."""

    def __init__(self, min_runs: int = MIN_RUNS, clock: Callable[[], float] = time.monotonic) -> None:
        self._min_runs = min_runs
        self._clock = clock
        self._kept: OrderedDict[_Scope, _Kept] = OrderedDict()  # least recently used first
        self._wanted: dict[_Scope, None] = {}
        self._lock = threading.Lock()
        self.wake: Callable[[], None] = lambda: None  # called when `step` has an order to compute

    def page(self, tx: Tx, search: Search, limit: int, page_token: str | None) -> list[Row]:
        """Return the rows of `search_sql.query`, for `search_sql.cut`."""
        scope = _Scope(tx.ws, search.experiments, search.stages, search.orders)
        kept = self._find(scope) if search_sql.sorts_all(search) else None
        if kept is not None and kept.seqs is not None and search.fingerprint not in kept.poor:
            is_old = self._clock() > kept.made_at + MAX_AGE_S
            changed = None if is_old else _changed(tx, kept.position, search.experiments)
            if changed is None:
                self._want(scope, kept)
            elif (rows := _walk(tx, kept, kept.seqs, changed, search, limit, page_token)) is not None:
                return rows
        rows = asked(tx, search, limit, page_token)
        if len(rows) > limit and search_sql.sorts_all(search) and (kept is None or kept.seqs is None):
            self._want(scope, kept)
        return rows

    def step(self, db: Database) -> bool:
        """Compute one requested order, and return whether more are requested."""
        with self._lock:
            now = self._clock()
            for left in [each for each, kept in self._kept.items() if kept.used_at < now - LEFT_AFTER_S]:
                del self._kept[left]
            scope = next(iter(self._wanted), None)
            if scope is None:
                return False
            del self._wanted[scope]
        position = changes.begin(db)
        search = Search(None, scope.orders, scope.experiments, scope.stages, "")
        with db.read(scope.ws) as tx:
            count = selection.total(tx, search)
            is_fit = self._min_runs <= count <= MAX_RUNS
            seqs = array("q", selection.seqs(tx, search)) if is_fit else None
        ended = self._clock()
        with self._lock:
            again_at = ended + (PAUSE * (ended - now) if is_fit else SMALL_FOR_S)
            self._kept[scope] = _Kept(seqs, position, now, ended, again_at)
            self._kept.move_to_end(scope)
            while len(self._kept) > MAX_KEPT or sum(len(each.seqs or ()) for each in self._kept.values()) > MAX_RUNS:
                self._kept.popitem(last=False)
            return bool(self._wanted)

    def _find(self, scope: _Scope) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(scope)
            if kept is not None:
                kept.used_at = self._clock()
                self._kept.move_to_end(scope)
            return kept

    def _want(self, scope: _Scope, kept: _Kept | None) -> None:
        with self._lock:
            is_too_soon = kept is not None and self._clock() < kept.again_at
            if scope in self._wanted or is_too_soon or len(self._wanted) >= MAX_WANTED:
                return
            self._wanted[scope] = None
        self.wake()


def asked(tx: Tx, search: Search, limit: int, page_token: str | None, runs: Sequence[int] | None = None) -> list[Row]:
    """Return the rows of `search_sql.query`."""
    query = search_sql.query(search, limit, page_token, tx.dialect, runs)
    return tx.all(query.sql, **query.params)


def _changed(tx: Tx, position: int, experiments: Sequence[int]) -> set[int] | None:
    """Return the runs of the experiments that may have changed since the position; None if there are too many."""
    rows = tx.all(
        """
        SELECT entity_id FROM changes WHERE workspace_id = :ws AND seq > :position AND entity = 'run'
        ORDER BY seq LIMIT :most
        """,
        position=position,
        most=MAX_CHANGES + 1,
    )
    if not rows:
        return set()
    if len(rows) > MAX_CHANGES:
        return None
    found = tx.all(
        "SELECT run_seq FROM runs WHERE workspace_id = :ws AND run_id IN :ids AND experiment_seq IN :experiments",
        ids=sorted({run_id for (run_id,) in rows}),
        experiments=list(experiments),
    )
    return {seq for (seq,) in found} if len(found) <= MAX_CHANGED else None


def _walk(
    tx: Tx, kept: _Kept, seqs: "array[int]", changed: set[int], search: Search, limit: int, page_token: str | None
) -> list[Row] | None:
    """Return the rows of a page, from the next runs of the order; None if the database is faster without the order."""
    begin = _place(tx, seqs, changed, search, page_token)
    if begin is None:
        return None
    wanted = many = limit + 1
    while True:
        unchanged = [seq for seq in seqs[begin : begin + many + len(changed)] if seq not in changed]
        looked_at = [*unchanged[:many], *changed]
        rows = asked(tx, search, limit + len(changed), page_token, looked_at) if looked_at else []
        if len(unchanged) < many:
            return rows[:wanted]  # the order has no further run
        # After the last unchanged run, the next run of the order may come before a changed one.
        is_kept = [row[0] not in changed for row in rows]
        while is_kept and not is_kept[-1]:
            is_kept.pop()
        if len(is_kept) >= wanted:
            return rows[:wanted]
        found = sum(is_kept)
        many = max(2 * many, many * wanted * 5 // (4 * found)) if found else len(seqs)
        if many > len(seqs) // WALKED:
            if len(kept.poor) >= MAX_POOR:
                kept.poor.clear()
            kept.poor.add(search.fingerprint)
            return None


def _place(tx: Tx, seqs: "array[int]", changed: set[int], search: Search, page_token: str | None) -> int | None:
    """Return the position in the order where the page begins; None if the order does not contain it."""
    if not page_token:
        return 0
    run_id: Any = search_sql.last_run(search, page_token)
    row = (
        None
        if run_id is None
        else tx.one("SELECT run_seq FROM runs WHERE workspace_id = :ws AND run_id = :id", id=run_id)
    )
    if row is None or row[0] in changed:
        return None
    try:
        return seqs.index(row[0]) + 1
    except ValueError:
        return None
