"""Scorers, label schemas, review queues and issues of a running MLflow 3 server, by the calls of its client."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.imports.patience import BROKEN
from trackside.imports.source import Reviews
from trackside.sync.remote.paging import Pages
from trackside.traces.replica.model import Kind

API = "/api/3.0/mlflow"
PAGE = 100


def reviews(http: HttpClient, experiment_ids: Sequence[str], leave: Callable[[str], None]) -> Iterator[Reviews]:
    """Yield the objects by experiment.  `leave` gets messages on unreadable objects.  A kind that the server does not support is
    not requested again."""
    reads: dict[Kind, Callable[[HttpClient, str], list[dict[str, Any]]]] = {
        Kind.SCORER: _scorers,
        Kind.LABEL_SCHEMA: _schemas,
        Kind.REVIEW_QUEUE: _queues,
        Kind.ISSUE: _issues,
    }
    for experiment_id in experiment_ids:
        objects: dict[Kind, list[dict[str, Any]]] = {}
        for kind, read in list(reads.items()):
            try:
                objects[kind] = read(http, experiment_id)
            except RequestRejected as refused:
                if refused.is_unknown_call or refused.status == BROKEN:  # an older release, or one with the file store
                    del reads[kind]
                else:
                    leave(f"{kind.replace('_', ' ')} of experiment {experiment_id}: {refused}")
        default_id = next(
            (each["schema_id"] for each in objects.get(Kind.LABEL_SCHEMA, []) if each["is_default"]), None
        )
        if Kind.LABEL_SCHEMA in objects:
            objects[Kind.LABEL_SCHEMA] = [_without(each, "is_default") for each in objects[Kind.LABEL_SCHEMA]]
            objects[Kind.LABEL_SCHEMA] = [
                each for each in objects[Kind.LABEL_SCHEMA] if each["schema_id"] != default_id
            ]
        found = {kind: given for kind, given in objects.items() if given}
        if found:
            yield Reviews(experiment_id, found, default_id)
        if not reads:
            return


def _scorers(http: HttpClient, experiment_id: str) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    newest = http.json("GET", f"{API}/scorers/list", experiment_id=experiment_id).get("scorers", [])
    for each in newest:
        name = each["scorer_name"]
        versions = http.json("GET", f"{API}/scorers/versions", experiment_id=experiment_id, name=name).get(
            "scorers", []
        )
        made[each["scorer_id"]] = {
            "scorer_id": each["scorer_id"],
            "name": name,
            "versions": [
                {
                    "version": int(one["scorer_version"]),
                    "serialized_scorer": one["serialized_scorer"],
                    "creation_time": _ms(one.get("creation_time")),
                }
                for one in versions
            ],
        }
    if made:
        configs = http.json("GET", f"{API}/scorers/online-configs", scorer_ids=list(made)).get("configs", [])
        for each in configs:
            if each["scorer_id"] in made:
                made[each["scorer_id"]] |= {
                    "sample_rate": each.get("sample_rate"),
                    "filter_string": each.get("filter_string"),
                }
    return list(made.values())


def _schemas(http: HttpClient, experiment_id: str) -> list[dict[str, Any]]:
    return [
        {
            **_some(each, "schema_id", "name", "type", "input", "instruction", "created_by"),
            "enable_comment": bool(each.get("enable_comment")),
            "created_at": _ms(each.get("created_at")),
            "last_updated_at": _ms(each.get("last_updated_at")),
            "is_default": bool(each.get("is_default")),
        }
        for each in _pages(http, "label-schemas/list", "label_schemas", experiment_id=experiment_id)
    ]


def _queues(http: HttpClient, experiment_id: str) -> list[dict[str, Any]]:
    return [
        {
            **_some(each, "queue_id", "name", "queue_type", "created_by", "users", "schema_ids"),
            "creation_time_ms": _ms(each.get("creation_time_ms")),
            "last_update_time_ms": _ms(each.get("last_update_time_ms")),
            "items": [
                {
                    **_some(item, "item_id", "status", "completed_by"),
                    "creation_time_ms": _ms(item.get("creation_time_ms")),
                    "last_update_time_ms": _ms(item.get("last_update_time_ms")),
                    "completed_time_ms": _ms(item["completed_time_ms"]) if item.get("completed_time_ms") else None,
                }
                for item in _pages(http, "review-queues/items/list", "items", queue_id=each["queue_id"])
                if item.get("item_type", "TRACE") == "TRACE"
            ],
        }
        for each in _pages(http, "review-queues/list", "review_queues", experiment_id=experiment_id)
    ]


def _issues(http: HttpClient, experiment_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: str | None = None
    guard = Pages("issues/search")
    while True:
        body = {"experiment_id": experiment_id, "max_results": PAGE, **({"page_token": token} if token else {})}
        answer = http.json("POST", f"{API}/issues/search", body)
        page = answer.get("issues", [])
        found += page
        token = guard.next(answer.get("next_page_token"), page)
        if not token:
            break
    texts = ("issue_id", "name", "description", "status", "severity", "root_causes", "categories", "source_run_id")
    return [
        {
            **_some(each, *texts, "created_by"),
            "created_timestamp": _ms(each.get("created_timestamp")),
            "last_updated_timestamp": _ms(each.get("last_updated_timestamp")),
        }
        for each in found
    ]


def _pages(http: HttpClient, call: str, key: str, **arguments: str) -> Iterator[dict[str, Any]]:
    token: str | None = None
    guard = Pages(call)
    while True:
        query = {**arguments, "max_results": PAGE, **({"page_token": token} if token else {})}
        answer = http.json("GET", f"{API}/{call}?{urlencode(query)}")
        page = answer.get(key, [])
        yield from page
        token = guard.next(answer.get("next_page_token"), page)
        if not token:
            return


def _some(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) is not None}


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _ms(value: Any) -> int:
    """Return a 64-bit integer, which protobuf's JSON has as text."""
    return int(value or 0)
