"""Finds changes on a server without a change log, by few searches.

Each pass searches for runs that began or ended lately, running runs, and logged models that changed lately; of running runs
without progress few are returned (`active_runs`).  Other changes (tags of an old run, deletions, changes under wrong clocks) are
found by a sweep over everything, whose frequency depends on its duration; changes that no search shows are found by `rounds`.  A
pass reads page by page, so that memory does not grow with the remote.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trackside.core.http_client.errors import RequestRejected, ResponseTooLarge
from trackside.sync import fields
from trackside.sync.entities import FIRST, Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.entries import ListEntry, Unread, read_each
from trackside.sync.remote.mlflow.active_runs import ActiveRuns
from trackside.sync.remote.paging import Pages, pages_of
from trackside.sync.remote.port import Seen

OVERLAP_MS = 120_000
PAGE_RUNS = 500
LEAST_PAGE_RUNS = 8
PAGE_MODELS = 50  # MLflow's maximum
GROUP = 50  # experiments in one search
SWEEP_LEAST_S = 30.0
SWEEP_SHARE = 20  # at most 1/SWEEP_SHARE of the time is spent on sweeps
SWEEP_MOST_S = 3600.0
EVERYTHING = ""
RUNNING = "attributes.status = 'RUNNING'"
MODELS = "logged models"  # instead of a filter of runs

FoundModels = tuple[list[ListEntry], str | None]
Searched = tuple[list[Any], str | None]  # runs, for `snapshot_of_run`


class Cursor(Struct):
    """Times are the remote's.  `search`, `group` and `token` are the position of the current pass."""

    since: int = 0  # ms: the latest time of a run at the end of the last pass
    latest: int = 0  # the same, of the current pass
    sweeping: bool = True
    search: int = 0
    group: int = 0
    token: str | None = None
    swept_at: float = 0.0  # s
    sweep_took_s: float = 0.0
    models_since: int = 0  # ms: the latest change of a logged model at the end of the last pass
    models_latest: int = 0

    @property
    def is_at_start(self) -> bool:
        return not self.search and not self.group and self.token is None


class Poll:
    """`now` is the remote's time in s; `clock` is a monotonic local clock."""

    def __init__(
        self,
        search_experiments: Callable[[str | None], tuple[list[ListEntry], str | None]],
        search_runs: Callable[[Sequence[str], str, str | None, int], Searched],
        snapshot_of_run: Callable[[Any], Snapshot],
        wants: Callable[[str], bool],
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        search_models: Callable[[Sequence[str], str | None, int], FoundModels] | None = None,
    ) -> None:
        self._search_experiments = search_experiments
        self._search_runs = search_runs
        self._snapshot_of_run = snapshot_of_run
        self._wants = wants
        self._now = now
        self._running = ActiveRuns(clock)
        self._search_models = search_models
        self._can_filter = True
        self._page = PAGE_RUNS
        self._groups: list[list[str]] | None = None  # of the current pass; None: not read yet
        self._began = time.monotonic()
        self._pages = Pages("runs/search")  # of the current search

    def changes(self, text: str) -> tuple[list[Seen], str, bool]:
        """Return a page of changes, the next cursor, and whether more pages follow at once."""
        cursor = msgspec.json.decode(text.removeprefix(FIRST), type=Cursor) if text else Cursor()
        if not text:
            self._running.forget_all()
        seen: list[Seen] = []
        if cursor.is_at_start or self._groups is None:
            listed = list(self._experiments())
            ids = [each.item_id for each in listed if isinstance(each, Snapshot)]
            self._groups = [ids[i : i + GROUP] for i in range(0, len(ids), GROUP)]
            self._began = time.monotonic()
            seen += [Seen.of(Entity.EXPERIMENT, each) for each in listed]
        searches = [EVERYTHING] if cursor.sweeping else self._recent(cursor)
        if self._search_models is not None:
            searches.append(MODELS)
        if cursor.search < len(searches) and cursor.group < len(self._groups):
            query, group = searches[cursor.search], self._groups[cursor.group]
            seen += self._models(group, cursor) if query == MODELS else self._search(query, group, cursor)
        if cursor.token is None:
            cursor.group += 1
            if cursor.group >= len(self._groups):
                cursor.search, cursor.group = cursor.search + 1, 0
        more = cursor.search < len(searches)
        if not more:
            self._end_pass(cursor)
        return seen, _text(cursor), more

    def end(self) -> str:
        """Return the cursor after the current state."""
        self._search_experiments(None)  # to learn the remote's time
        now = self._now()
        return _text(Cursor(since=int(now * 1000), sweeping=False, swept_at=now, models_since=int(now * 1000)))

    def _recent(self, cursor: Cursor) -> list[str]:
        # A run may have a start in the future, and the remote's clock may be set back: neither may hide later changes.
        at = max(0, min(cursor.since, int(self._now() * 1000)) - OVERLAP_MS)
        times = [f"attributes.start_time >= {at}", f"attributes.end_time >= {at}"]
        return [RUNNING, *times] if self._can_filter else [RUNNING]

    def _search(self, query: str, group: list[str], cursor: Cursor) -> Iterator[Seen]:
        try:
            pages = self._pages_of("runs/search", cursor)
            found, token = self._found(query, group, cursor.token)
            cursor.token = pages.next(token, found)
        except RequestRejected:
            if cursor.sweeping:
                raise
            self._can_filter = False  # a release without these attributes: sweeps find all changes
            cursor.token = None
            return
        said = {}

        def read(each: Any) -> Snapshot:
            snapshot = self._snapshot_of_run(each)
            said[snapshot.item_id] = each
            return snapshot

        for snapshot in read_each(found, read, lambda each: each["info"]["run_id"]):
            if isinstance(snapshot, Unread):
                yield Seen.of(Entity.RUN, snapshot)
                continue
            times = (snapshot.doc.get(fields.START_TIME), snapshot.doc.get(fields.END_TIME))
            cursor.latest = max(cursor.latest, *(int(text) for text in times if text))
            if snapshot.doc.get(fields.STATUS) != "RUNNING":
                self._running.forget(snapshot.item_id)
            elif not self._running.is_due(snapshot.item_id, said[snapshot.item_id]):
                continue
            yield Seen(Entity.RUN, snapshot.item_id, snapshot)

    def _models(self, group: list[str], cursor: Cursor) -> Iterator[Seen]:
        assert self._search_models is not None
        try:
            pages = self._pages_of("logged-models/search", cursor)
            found, token = self._search_models(group, cursor.token, PAGE_MODELS)
            cursor.token = pages.next(token, found)
        except RequestRejected as refused:
            if not refused.is_unknown_call:
                raise
            self._search_models = None  # a release without logged models
            cursor.token = None
            return
        read = [each.touched for each in found if isinstance(each, Snapshot)]
        cursor.models_latest = max(cursor.models_latest, *read, 0)
        yield from (Seen.of(Entity.LOGGED_MODEL, each) for each in found)
        if read and not cursor.sweeping and read[-1] < cursor.models_since - OVERLAP_MS:
            cursor.token = None  # later pages are older

    def _pages_of(self, what: str, cursor: Cursor) -> Pages:
        """Return the paging state of the cursor's search."""
        if cursor.token is None:
            self._pages = Pages(what)
        return self._pages

    def _found(self, query: str, group: list[str], token: str | None) -> Searched:
        while True:
            try:
                return self._search_runs(group, query, token, self._page)
            except ResponseTooLarge:
                if self._page <= LEAST_PAGE_RUNS:
                    raise
                self._page //= 2

    def _end_pass(self, cursor: Cursor) -> None:
        now = self._now()
        cursor.since = min(max(cursor.since, cursor.latest), int(now * 1000))
        cursor.models_since = min(max(cursor.models_since, cursor.models_latest), int(now * 1000))
        cursor.search, cursor.group, cursor.token, cursor.latest, cursor.models_latest = 0, 0, None, 0, 0
        if cursor.sweeping:
            cursor.sweeping, cursor.swept_at = False, now
            cursor.sweep_took_s = time.monotonic() - self._began
            return
        wait = min(SWEEP_MOST_S, max(SWEEP_LEAST_S, SWEEP_SHARE * cursor.sweep_took_s))
        cursor.sweeping = not 0 <= now - cursor.swept_at < wait

    def _experiments(self) -> Iterator[ListEntry]:
        for page in pages_of("experiments/search", self._search_experiments):
            for each in sorted(page, key=lambda one: int(one.item_id) if one.item_id.isdecimal() else 0):
                if isinstance(each, Unread) or self._wants(each.doc[fields.NAME]):
                    yield each


def _text(cursor: Cursor) -> str:
    is_first = cursor.sweeping and not cursor.swept_at
    return (FIRST if is_first else "") + msgspec.json.encode(cursor).decode()
