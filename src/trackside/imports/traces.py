"""Imports traces with their ids, times, tags, assessments and links.

An existing trace with the same state, tags and assessments is not sent again, and its spans are not read.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.imports.report import Report
from trackside.imports.source import Traced, Unreadable
from trackside.sync.api.files import PREFIX
from trackside.traces.model import FIXED_TAGS, SERVER_TAGS, SPANS_LOCATION

AT_ONCE = 50
MOST_CHARS = 8_000_000  # of spans in one call, unless one trace is larger
TOO_LARGE = 413
INFOS = "/api/3.0/mlflow/traces/batchGetInfos"
_OWN_TAGS = {*FIXED_TAGS, *SERVER_TAGS}


class TracesImport:
    """`here` maps the source's experiment ids to the workspace's; empty for one that would be created."""

    def __init__(
        self,
        http: HttpClient,
        report: Report,
        here: Mapping[str, str],
        pool: ThreadPoolExecutor,
        *,
        dry_run: bool,
        verify: bool,
    ) -> None:
        self._http = http
        self._report = report
        self._here = here
        self._pool = pool
        self._dry_run = dry_run
        self._verify = verify

    def take(self, page: Sequence[Traced]) -> None:
        for start in range(0, len(page), AT_ONCE):
            self._take(page[start : start + AT_ONCE])

    def _take(self, page: Sequence[Traced]) -> None:
        tally = self._report.traces
        held = self._held([each.id for each in page])
        lacking = []
        for each in page:
            there = held.get(each.id)
            if there is not None and not self._verify and _said(there) == _said(each.info) and _has_spans(there):
                tally.same += 1
            else:
                lacking.append((each, there is None))
        if self._dry_run:
            tally.new += sum(is_new for _, is_new in lacking)
            tally.changed += sum(not is_new for _, is_new in lacking)
            return
        bodies: list[tuple[str, str, bool]] = []
        size = 0
        for (each, is_new), spans in zip(
            lacking, self._pool.map(self._spans, [one for one, _ in lacking]), strict=True
        ):
            if spans is None:
                tally.failed += 1
                continue
            if not spans and not is_new and _said(held[each.id]) == _said(each.info):
                tally.same += 1
                continue
            body = json.dumps({"info": self._ours(each), "spans": spans, "links": each.links})
            if bodies and size + len(body) > MOST_CHARS:
                self._send(bodies)
                bodies, size = [], 0
            bodies.append((each.id, body, is_new))
            size += len(body)
        if bodies:
            self._send(bodies)

    def _held(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = self._http.json("POST", INFOS, {"trace_ids": list(ids)}).get("trace_infos", [])
        return {each["trace_id"]: each for each in found}

    def _spans(self, given: Traced) -> list[dict[str, Any]] | None:
        try:
            return given.read()
        except (Unreadable, RequestRejected) as reason:
            self._report.leave(f"trace {given.id}", f"its spans: {reason}")
            return None

    def _ours(self, given: Traced) -> dict[str, Any]:
        place = {"experiment_id": self._here[given.experiment_id]}
        return {**given.info, "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": place}}

    def _send(self, bodies: Sequence[tuple[str, str, bool]]) -> None:
        raw = f'{{"traces":[{",".join(body for _, body, _ in bodies)}]}}'.encode()
        try:
            answer = self._http.call("POST", f"{PREFIX}/traces", raw, {"content-type": "application/json"}).json
        except RequestRejected as reason:
            if len(bodies) > 1 or reason.status != TOO_LARGE:
                raise
            answer = {"refused": {bodies[0][0]: f"its spans have {len(raw):,} bytes, more than a call may have"}}
        refused = answer.get("refused", {})
        for trace_id, _, is_new in bodies:
            if trace_id in refused:
                self._report.traces.failed += 1
                self._report.leave(f"trace {trace_id}", refused[trace_id])
            elif is_new:
                self._report.traces.new += 1
            else:
                self._report.traces.changed += 1


def _said(info: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of an ended trace that may change."""
    tags = {key: value for key, value in (info.get("tags") or {}).items() if key not in _OWN_TAGS}
    assessments = sorted(
        (each["assessment_id"], each.get("last_update_time")) for each in info.get("assessments") or ()
    )
    return info.get("state"), tags, assessments


def _has_spans(info: Mapping[str, Any]) -> bool:
    return SPANS_LOCATION in (info.get("tags") or {})
