"""Imports scorers, label schemas, review queues and issues with their ids and times.

An object of the workspace stays unless the source changed it later.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.imports.report import Report
from trackside.imports.source import Reviews
from trackside.sync.api.files import PREFIX
from trackside.traces.replica.model import Kind, ReplicaResult

AT_ONCE = 100  # objects in a call
ITEMS = 2_000  # traces of a queue in a call
WORDS = {
    Kind.SCORER: "scorer",
    Kind.LABEL_SCHEMA: "label schema",
    Kind.REVIEW_QUEUE: "review queue",
    Kind.ISSUE: "issue",
}


class ReviewsImport:
    """`here` maps the source's experiment ids to the workspace's; empty for one that would be created."""

    def __init__(self, http: HttpClient, report: Report, here: Mapping[str, str], *, dry_run: bool) -> None:
        self._http = http
        self._report = report
        self._here = here
        self._dry_run = dry_run

    def take(self, given: Reviews) -> None:
        here = self._here.get(given.experiment_id, "")
        for kind, objects in given.objects.items():
            if not here:
                getattr(self._report, kind).new += len(objects)
                continue
            common = {"experiment_id": here, "dry_run": self._dry_run, "default_schema_id": given.default_schema_id}
            if kind is Kind.REVIEW_QUEUE:
                for queue in objects:
                    self._queue(common, queue)
                continue
            for start in range(0, len(objects), AT_ONCE):
                snapshot = objects[start : start + AT_ONCE]
                for outcome in self._send(common, kind, snapshot):
                    self._count(kind, outcome["name"], ReplicaResult(outcome["how"]), [outcome.get("reason")])

    def _queue(self, common: Mapping[str, Any], queue: Mapping[str, Any]) -> None:
        """Send a queue with its traces, which may need several calls; it is counted once."""
        made: list[ReplicaResult] = []
        reasons: list[str | None] = []
        for items in _pages(queue["items"]):
            for outcome in self._send(common, Kind.REVIEW_QUEUE, [{**queue, "items": items}]):
                made.append(ReplicaResult(outcome["how"]))
                reasons.append(outcome.get("reason"))
        worst = next(
            (each for each in (ReplicaResult.FAILED, ReplicaResult.NEW, ReplicaResult.CHANGED) if each in made),
            ReplicaResult.SAME,
        )
        self._count(Kind.REVIEW_QUEUE, str(queue["name"]), worst, reasons)

    def _send(self, common: Mapping[str, Any], kind: Kind, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            found = self._http.json("POST", f"{PREFIX}/reviews", {**common, str(kind): objects})["outcomes"]
        except RequestRejected as refused:
            return [{"name": each["name"], "how": ReplicaResult.FAILED, "reason": str(refused)} for each in objects]
        return list(found)

    def _count(self, kind: Kind, name: str, how: ReplicaResult, reasons: list[str | None]) -> None:
        tally = getattr(self._report, kind)
        setattr(tally, how, getattr(tally, how) + 1)
        for reason in dict.fromkeys(each for each in reasons if each):
            self._report.leave(f"{WORDS[kind]} {name}", reason)


def _pages(items: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    yield items[:ITEMS]
    for start in range(ITEMS, len(items), ITEMS):
        yield items[start : start + ITEMS]
