"""Traces of a running MLflow server: the calls of MLflow 3, and those of 2.14 and later where it has no others."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from trackside.core.http_client.client import Http, Refused
from trackside.imports.source import Traced
from trackside.sync.remote.paging import Pages
from trackside.traces.model import State, duration_text, time_text

PAGE = 100
SEARCH_3, SEARCH_2 = "/api/3.0/mlflow/traces/search", "/api/2.0/mlflow/traces"
FILE = "/ajax-api/{}/mlflow/get-trace-artifact"


def pages(http: Http, experiment_ids: Sequence[str], leave: Callable[[str], None]) -> Iterator[list[Traced]]:
    """`experiment_ids`: so many as fit into one search.  `leave` is told what cannot be read."""
    if not experiment_ids:
        return
    try:
        yield from _of_version_3(http, experiment_ids)
    except Refused as refused:
        if not refused.is_unknown_call:
            leave(f"traces: {refused}")
            return
        yield from _of_version_2(http, experiment_ids, leave)


def _of_version_3(http: Http, experiment_ids: Sequence[str]) -> Iterator[list[Traced]]:
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in experiment_ids]
    token: str | None = None
    guard = Pages("traces/search")
    while True:
        body = {"locations": places, "max_results": PAGE, **({"page_token": token} if token else {})}
        answer = http.json("POST", SEARCH_3, body)
        infos = answer.get("traces", [])
        if infos:
            yield [_traced(http, each) for each in infos]
        token = guard.next(answer.get("next_page_token"), infos)
        if not token:
            return


def _traced(http: Http, info: dict[str, Any]) -> Traced:
    experiment_id = info["trace_location"]["mlflow_experiment"]["experiment_id"]
    return Traced(info=info, experiment_id=str(experiment_id), read=_file(http, info["trace_id"], "3.0"))


def _of_version_2(http: Http, experiment_ids: Sequence[str], leave: Callable[[str], None]) -> Iterator[list[Traced]]:
    token: str | None = None
    guard = Pages("traces")
    while True:
        try:
            answer = http.json(
                "GET", SEARCH_2, experiment_ids=list(experiment_ids), max_results=PAGE, page_token=token or None
            )
        except Refused as refused:
            if not refused.is_unknown_call:  # releases before 2.14 have no traces
                leave(f"traces: {refused}")
            return
        infos = answer.get("traces", [])
        if infos:
            yield [_old(http, each) for each in infos]
        token = guard.next(answer.get("next_page_token"), infos)
        if not token:
            return


def _old(http: Http, given: dict[str, Any]) -> Traced:
    trace_id = given["request_id"]
    info: dict[str, Any] = {
        "trace_id": trace_id,
        "request_time": time_text(int(given.get("timestamp_ms", 0))),
        "state": given.get("status", State.UNSPECIFIED),
        "tags": _map(given.get("tags")),
        "trace_metadata": _map(given.get("request_metadata")),
    }
    if given.get("execution_time_ms") is not None:
        info["execution_duration"] = duration_text(int(given["execution_time_ms"]))
    return Traced(info=info, experiment_id=str(given["experiment_id"]), read=_file(http, trace_id, "2.0"))


def _map(pairs: list[dict[str, str]] | None) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in pairs or ()}


def _file(http: Http, trace_id: str, version: str) -> Callable[[], list[dict[str, Any]]]:
    def read() -> list[dict[str, Any]]:
        try:
            answer = http.json("GET", FILE.format(version), request_id=trace_id)
        except Refused as refused:
            if refused.is_missing:
                return []  # a trace without spans
            raise
        found = answer.get("spans", [])
        return found if isinstance(found, list) else []

    return read
