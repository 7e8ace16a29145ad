"""Traces of a running MLflow server: by the calls of MLflow 3, or of 2.14 and later where it has no others."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected, unless_missing
from trackside.imports.source import Traced, Unreadable
from trackside.sync.remote.entries import Unread, read_each
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.mlflow.answers import OldTrace, TraceFile, TraceInfo, TracePage
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.paging import pages_of
from trackside.traces.model import State, duration_text, time_text

PAGE = 100
SEARCH_3, SEARCH_2 = "/api/3.0/mlflow/traces/search", "/api/2.0/mlflow/traces"
FILE = "/ajax-api/{}/mlflow/get-trace-artifact"


def pages(http: HttpClient, experiment_ids: Sequence[str], leave: Callable[[str], None]) -> Iterator[list[Traced]]:
    """Yield lists of traces.  `experiment_ids` fit into one search.  `leave` gets messages on unreadable traces."""
    if not experiment_ids:
        return
    try:
        yield from _of_version_3(http, experiment_ids, leave)
    except RequestRejected as refused:
        if not refused.is_unknown_call:
            leave(f"traces: {refused}")
            return
        yield from _of_version_2(http, experiment_ids, leave)


def _of_version_3(
    http: HttpClient, experiment_ids: Sequence[str], leave: Callable[[str], None]
) -> Iterator[list[Traced]]:
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in experiment_ids]

    def ask(token: str | None) -> tuple[list[Any], str | None]:
        body = {"locations": places, "max_results": PAGE, **({"page_token": token} if token else {})}
        page = decoded(TracePage, http.json("POST", SEARCH_3, body))
        return page.traces, page.next_page_token

    for page in pages_of("traces/search", ask):
        if page:
            yield _readable(page, partial(_traced, http), itemgetter("trace_id"), leave)


def _of_version_2(
    http: HttpClient, experiment_ids: Sequence[str], leave: Callable[[str], None]
) -> Iterator[list[Traced]]:
    def ask(token: str | None) -> tuple[list[Any], str | None]:
        query: dict[str, Any] = {"experiment_ids": list(experiment_ids), "max_results": PAGE, "page_token": token}
        try:
            page = decoded(TracePage, http.json("GET", SEARCH_2, **query))
        except RequestRejected as refused:
            if not refused.is_unknown_call:  # releases before 2.14 have no traces
                leave(f"traces: {refused}")
            return [], None
        return page.traces, page.next_page_token

    for page in pages_of("traces", ask):
        if page:
            yield _readable(page, partial(_old, http), itemgetter("request_id"), leave)


def _readable(
    found: Sequence[Any], read: Callable[[Any], Traced], id_of: Callable[[Any], object], leave: Callable[[str], None]
) -> list[Traced]:
    readable = []
    for each in read_each(found, read, id_of):
        if isinstance(each, Unread):
            leave(f"trace {each.item_id}: {each.why}")
        else:
            readable.append(each)
    return readable


def _traced(http: HttpClient, given: Any) -> Traced:
    info = decoded(TraceInfo, given)
    experiment_id = str(info.trace_location.mlflow_experiment.experiment_id)
    return Traced(info=given, experiment_id=experiment_id, read=partial(_file, http, info.trace_id, "3.0"))


def _old(http: HttpClient, given: object) -> Traced:
    found = decoded(OldTrace, given)
    info: dict[str, Any] = {
        "trace_id": found.request_id,
        "request_time": time_text(found.timestamp_ms or 0),
        "state": found.status or State.UNSPECIFIED,
        "tags": {tag.key: tag.value or "" for tag in found.tags or ()},
        "trace_metadata": {tag.key: tag.value or "" for tag in found.request_metadata or ()},
    }
    if found.execution_time_ms is not None:
        info["execution_duration"] = duration_text(found.execution_time_ms)
    return Traced(info=info, experiment_id=str(found.experiment_id), read=partial(_file, http, found.request_id, "2.0"))


def _file(http: HttpClient, trace_id: str, version: str) -> list[dict[str, Any]]:
    """Return the spans of a trace; none if it has no file."""
    try:
        found = unless_missing(lambda: http.json("GET", FILE.format(version), request_id=trace_id))
        return [] if found is None else decoded(TraceFile, found).spans
    except InvalidRemoteResponse as error:
        raise Unreadable(str(error)) from None
