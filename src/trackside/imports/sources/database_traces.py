"""Traces in a database of MLflow; columns that its release does not have are left out.

Spans are rows since 3.4; before, and where a client uploads them, they are a file `traces.json`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from trackside.core.db.tx import Row
from trackside.imports.source import Place, Traced
from trackside.imports.sources.rows import Rows, some
from trackside.imports.sources.trace_files import spans_at
from trackside.traces import model as m
from trackside.traces.model import ARTIFACT_LOCATION, State, duration_text, time_text

PAGE = 100
_OPTIONAL = (
    *("client_request_id", "request_preview", "response_preview", "trace_name", "session_id"),
    *(*m.TOKEN_KEYS, *m.CACHE_KEYS),
    *m.COST_KEYS,
)
_STATES = frozenset(State)


class DatabaseTraces:
    def __init__(self, rows: Rows, experiments: Mapping[str, object], at: Callable[[str], Place]) -> None:
        """`at` returns the place of files at a location."""
        self._rows = rows
        self._experiments = experiments
        self._at = at
        self._columns = rows.columns("trace_info")
        self._has_spans = bool(rows.columns("spans"))
        self._has_assessments = bool(rows.columns("assessments"))
        self._has_links = bool(rows.columns("entity_associations"))

    def pages(self) -> Iterator[list[Traced]]:
        if not self._columns:
            return
        optional = ", ".join(name if name in self._columns else "NULL" for name in _OPTIONAL)
        after = ""
        while True:
            found = self._rows.all(
                f"""
                SELECT request_id, experiment_id, timestamp_ms, execution_time_ms, status, {optional}
                FROM trace_info WHERE request_id > ? ORDER BY request_id LIMIT {PAGE}
                """,
                after,
            )
            if not found:
                return
            after = found[-1][0]
            wanted = [row for row in found if str(row[1]) in self._experiments]
            if wanted:
                yield self._page(wanted)

    def _page(self, rows: Sequence[Row]) -> list[Traced]:
        ids = [row[0] for row in rows]
        tags = self._maps("trace_tags", ids)
        metadata = self._maps("trace_request_metadata", ids)
        assessments = self._assessments(ids) if self._has_assessments else {}
        links = self._links(ids) if self._has_links else {}
        spans = self._spans(ids) if self._has_spans else {}
        made = []
        for trace_id, experiment_id, at, took, status, client_id, asked, answered, name, session, *numbers in rows:
            info: dict[str, Any] = {
                "trace_id": trace_id,
                "request_time": time_text(at),
                "state": status if status in _STATES else State.UNSPECIFIED,
                "tags": {**tags.get(trace_id, {}), **({} if name is None else {m.NAME: name})},
                "trace_metadata": {**metadata.get(trace_id, {}), **_promoted(session, numbers)},
                "client_request_id": client_id,
                "request_preview": asked,
                "response_preview": answered,
                "assessments": assessments.get(trace_id, []),
            }
            if took is not None:
                info["execution_duration"] = duration_text(took)
            place = info["tags"].get(ARTIFACT_LOCATION, "")
            of_trace = spans.get(trace_id)
            made.append(
                Traced(
                    info=info,
                    experiment_id=str(experiment_id),
                    links=links.get(trace_id, []),
                    read=_given(of_trace) if of_trace else _from_file(self._at, place),
                )
            )
        return made

    def _maps(self, table: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        rows = self._rows.all(
            f"SELECT request_id, key, value FROM {table} WHERE request_id IN {some(ids)} ORDER BY request_id, key", *ids
        )
        return {
            each: {key: value or "" for _, key, value in of_trace} for each, of_trace in groupby(rows, itemgetter(0))
        }

    def _spans(self, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        rows = self._rows.all(
            f"SELECT trace_id, content FROM spans WHERE trace_id IN {some(ids)} ORDER BY trace_id, start_time_unix_nano",
            *ids,
        )
        return {each: [json.loads(content) for _, content in found] for each, found in groupby(rows, itemgetter(0))}

    def _assessments(self, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        rows = self._rows.all(
            f"""
            SELECT trace_id, assessment_id, name, assessment_type, value, error, created_timestamp, last_updated_timestamp,
                source_type, source_id, span_id, rationale, overrides, valid, assessment_metadata
            FROM assessments WHERE trace_id IN {some(ids)} ORDER BY trace_id, created_timestamp, assessment_id
            """,
            *ids,
        )
        return {each: [_assessment(row) for row in found] for each, found in groupby(rows, itemgetter(0))}

    def _links(self, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Return the runs and prompt versions that are linked with each trace, in either direction."""
        links: dict[str, list[tuple[str, str]]] = {}
        for near, far in (("source", "destination"), ("destination", "source")):
            for trace_id, kind, target in self._rows.all(
                f"""
                SELECT {near}_id, {far}_type, {far}_id FROM entity_associations
                WHERE {near}_type = 'trace' AND {far}_type IN ('run', 'prompt_version') AND {near}_id IN {some(ids)}
                """,
                *ids,
            ):
                links.setdefault(trace_id, []).append(("run" if kind == "run" else "prompt", target))
        return links


def _promoted(session: str | None, numbers: Sequence[Any]) -> dict[str, str]:
    """Return the metadata that current releases store in columns."""
    found = {} if session is None else {m.SESSION: session}
    keys = (*m.TOKEN_KEYS, *m.CACHE_KEYS)
    for name, of in (
        (m.TOKEN_USAGE, zip(keys, numbers, strict=False)),
        (m.COST, zip(m.COST_KEYS, numbers[len(keys) :], strict=True)),
    ):
        values = {key: value for key, value in of if value is not None}
        if values:
            found[name] = json.dumps(values)
    return found


def _assessment(row: Row) -> dict[str, Any]:
    trace_id, assessment_id, name, kind, value, error, created, updated, *rest = row
    source_type, source_id, span_id, rationale, overrides, valid, metadata = rest
    made: dict[str, Any] = {
        "assessment_id": assessment_id,
        "assessment_name": name,
        "trace_id": trace_id,
        "source": {"source_type": source_type, "source_id": source_id},
        "create_time": time_text(created),
        "last_update_time": time_text(updated),
        "span_id": span_id,
        "rationale": rationale,
        "overrides": overrides,
        "valid": bool(valid),
        "metadata": _json(metadata) or {},
    }
    said = _json(value)
    match kind:
        case "expectation":
            made["expectation"] = {"value": said}
        case "issue":
            made["issue"] = {"issue_name": name}
        case _:
            made["feedback"] = {"value": said, **({"error": _json(error)} if error else {})}
    return made


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _given(spans: list[dict[str, Any]]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: spans


def _from_file(at: Callable[[str], Place], uri: str) -> Callable[[], list[dict[str, Any]]]:
    return lambda: spans_at(at(uri)) if uri else []
