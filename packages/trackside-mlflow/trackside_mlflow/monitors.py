"""Drift monitors of a workspace: a baseline and a target that the server compares window by window."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Iterator, Mapping
from urllib.parse import quote, urlencode

from trackside_mlflow.jobs import Call, Job

PATH = "/api/trackside/v1/drift-monitors"
INCIDENTS = "/api/trackside/v1/drift-incidents"


class Monitor:
    """A monitor.  Its attributes are as of the last call of `refresh` or `update`."""

    def __init__(self, call: Call, record: Mapping[str, Any]) -> None:
        self._call = call
        self.record = dict(record)

    @property
    def name(self) -> str:
        return str(self.record["name"])

    @property
    def is_scheduled(self) -> bool:
        return bool(self.record["is_scheduled"])

    @property
    def open_incidents(self) -> int:
        return int(self.record.get("open_incidents", 0))

    def refresh(self) -> Monitor:
        self.record = self._call("GET", self._path, None)["monitor"]
        return self

    def run(self, start: Any = None, end: Any = None) -> Job:
        """Compute the windows that are due and the current one; with `start` those of a range of times (a back-fill).

        Times are datetimes, ISO 8601 text or milliseconds since 1970.  `run().wait()` returns when it is done."""
        times = {"start": time_of(start), "end": time_of(end)}
        body = {name: value for name, value in times.items() if value is not None}
        return Job(self._call, self._call("POST", f"{self._path}/run", body)["job"])

    def update(self, **fields: Any) -> Monitor:
        """Change baseline, rules, columns, latency_s, label_days, magnitude, attribution or is_scheduled."""
        self.record = self._call("PATCH", self._path, fields)["monitor"]
        return self

    def windows(self, slice: str = "", since: Any = None, until: Any = None, limit: int = 100) -> list[dict[str, Any]]:  # noqa: A002
        """Return the newest windows in the order of time: `start`, `end`, `rows`, `drifted` columns and `scores`."""
        wanted = {"slice": slice, "since": time_of(since), "until": time_of(until), "limit": limit}
        query = urlencode({name: value for name, value in wanted.items() if value is not None})
        return list(self._call("GET", f"{self._path}/windows?{query}", None).get("windows", []))

    def result(self, start: Any, slice: str = "") -> dict[str, Any]:  # noqa: A002 - as on the wire
        """Return the signals of each column in the window that begins at `start`."""
        query = urlencode({"slice": slice})
        return dict(self._call("GET", f"{self._path}/windows/{time_of(start)}?{query}", None)["result"])

    def incidents(self, only_open: bool = False) -> list[dict[str, Any]]:
        """Return incidents, open ones first: `column`, `subject`, `value`, `threshold`, `opened_at`, `closed_at`."""
        query = urlencode({"name": self.name, "open": str(only_open).lower()})
        return list(self._call("GET", f"{INCIDENTS}?{query}", None).get("incidents", []))

    def delete(self) -> None:
        """Delete the monitor with its windows and incidents."""
        self._call("DELETE", self._path, None)

    def __repr__(self) -> str:
        return f"Monitor(name={self.name!r}, open_incidents={self.open_incidents})"

    @property
    def _path(self) -> str:
        return f"{PATH}/{quote(self.name, safe='')}"


class Monitors:
    """The monitors of a workspace.

    monitor = ws.monitors.create("iris", target={"endpoint": "iris"}, baseline={"table": "runs:/RUN/train.parquet"})
    monitor.run().wait()
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def create(self, name: str, target: Mapping[str, Any], baseline: Mapping[str, Any], **more: Any) -> Monitor:
        """Create a monitor.  `target`: {"endpoint": NAME} or {"table": LOCATION, "timestamp": COLUMN}.  `baseline`: one of
        {"table": LOCATION}, {"dataset": NAME}, {"run": RUN}, {"past_windows": N}, {"since": TIME, "until": TIME}.

        `more`: window, timezone, latency_s, label_days, rules, columns, slices, prediction, score, label, task, magnitude,
        attribution, is_scheduled."""
        body = {"name": name, "target": dict(target), "baseline": dict(baseline), **more}
        return Monitor(self._call, self._call("POST", PATH, body)["monitor"])

    def get(self, name: str) -> Monitor:
        return Monitor(self._call, self._call("GET", f"{PATH}/{quote(name, safe='')}", None)["monitor"])

    def __iter__(self) -> Iterator[Monitor]:
        return iter([Monitor(self._call, each) for each in self._call("GET", PATH, None).get("monitors", [])])

    def put_labels(self, endpoint: str, labels: Mapping[str, Any]) -> dict[str, Any]:
        """Send labels by request id: one value, or a list with one for each row of the request."""
        body = {"labels": dict(labels)}
        return self._call("PUT", f"/api/trackside/v1/endpoints/{quote(endpoint, safe='')}/labels", body)


def time_of(given: Any) -> str | None:
    """Return a time for the API; a datetime without a time zone is in UTC."""
    if isinstance(given, datetime):
        return (given if given.tzinfo else given.replace(tzinfo=timezone.utc)).isoformat()
    return None if given is None else str(given)
