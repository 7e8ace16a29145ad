"""Finds what changed on a server that keeps no log of it, by few searches.  Knows the cursor; how to search it is told.

Runs that began or ended lately and those that are running are asked for each time.  What escapes that (tags of an old run,
deletions, clocks that are wrong) is found by a sweep over all runs, which is made as often as it costs little.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trackside.links.model import Entity
from trackside.links.ours import Part
from trackside.links.peer import Seen
from trackside.links.wire import Refused

OVERLAP_MS = 120_000
PAGE_RUNS = 500
GROUP = 50  # experiments in one search
SWEEP_LEAST_S = 30.0
SWEEP_SHARE = 20  # a sweep may take this part of the time

Searched = tuple[list[dict[str, Any]], str | None]


class Cursor(Struct):
    since: int = 0  # ms: the latest time that a run had, by the remote's clocks
    sweeping: bool = True
    group: int = 0  # of the sweep under way
    token: str | None = None
    swept_at: float = 0.0
    sweep_took_s: float = 0.0
    started_at: float = 0.0
    quiet: bool = False  # what was there before the link is left alone until it changes


class Poll:
    def __init__(
        self,
        search_experiments: Callable[[str | None], tuple[list[Part], str | None]],
        search_runs: Callable[[Sequence[str], str, str | None, int], Searched],
        part_of_run: Callable[[dict[str, Any]], Part],
        wants: Callable[[str], bool],
    ) -> None:
        self._search_experiments = search_experiments
        self._search_runs = search_runs
        self._part_of_run = part_of_run
        self._wants = wants
        self._can_filter = True

    def changes(self, text: str) -> tuple[list[Seen], str, bool]:
        cursor = msgspec.json.decode(text, type=Cursor) if text else Cursor()
        seen = []
        ids = []
        for part in self._experiments():
            ids.append(part.item_id)
            seen.append(Seen(Entity.EXPERIMENT, part.item_id, part))
        groups = [ids[i : i + GROUP] for i in range(0, len(ids), GROUP)]
        if not cursor.sweeping:
            for group in groups:
                seen += self._recent(group, cursor)
            wait = max(SWEEP_LEAST_S, SWEEP_SHARE * cursor.sweep_took_s)
            if not 0 <= time.time() - cursor.swept_at < wait:
                cursor.sweeping, cursor.group, cursor.token, cursor.started_at = True, 0, None, time.time()
            return seen, _text(cursor), False
        cursor.started_at = cursor.started_at or time.time()
        if cursor.group < len(groups):
            found, cursor.token = self._search_runs(groups[cursor.group], "", cursor.token, PAGE_RUNS)
            seen += self._runs(found, cursor)
            if cursor.token is None:
                cursor.group += 1
        if cursor.group >= len(groups):
            cursor.sweeping, cursor.swept_at = False, time.time()
            cursor.sweep_took_s = max(0.0, cursor.swept_at - cursor.started_at)
        return seen, _text(cursor), cursor.sweeping

    def end(self) -> str:
        """After everything that is there now: what began before is left alone, until it ends or a sweep is asked for."""
        now = time.time()
        return _text(Cursor(since=int(now * 1000), sweeping=False, swept_at=now, sweep_took_s=0.0, quiet=True))

    def _recent(self, group: list[str], cursor: Cursor) -> Iterator[Seen]:
        at = max(0, cursor.since - OVERLAP_MS)
        filters = [f"attributes.start_time >= {at}", f"attributes.end_time >= {at}", "attributes.status = 'RUNNING'"]
        for text in filters if self._can_filter else filters[2:]:
            token: str | None = None
            while True:
                try:
                    found, token = self._search_runs(group, text, token, PAGE_RUNS)
                except Refused:
                    self._can_filter = False  # a release before these attributes: sweeps find it all
                    break
                yield from self._runs(found, cursor)
                if token is None:
                    break

    def _runs(self, found: list[dict[str, Any]], cursor: Cursor) -> Iterator[Seen]:
        for each in found:
            part = self._part_of_run(each)
            times = (part.doc.get(("start_time", "")), part.doc.get(("end_time", "")))
            cursor.since = max(cursor.since, *(int(text) for text in times if text))
            yield Seen(Entity.RUN, part.item_id, part)

    def _experiments(self) -> Iterator[Part]:
        token: str | None = None
        while True:
            found, token = self._search_experiments(token)
            for part in sorted(found, key=lambda each: int(each.item_id) if each.item_id.isdigit() else 0):
                if self._wants(part.doc["name", ""]):
                    yield part
            if not token:
                return


def _text(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()
