"""MLflow's JSON to our documents and back.  Knows shapes and limits; asks nobody."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from trackside.core.http_client.client import Http, Refused
from trackside.sync.document import Doc
from trackside.sync.local.reader import NAME_TAG, Part
from trackside.sync.metric_delta import mark
from trackside.sync.remote.faults import InvalidRemoteResponse

API = "/api/2.0/mlflow"
MAX_PAIRS = 100
MAX_BATCH_BYTES = 800_000  # Databricks takes 1 MB


def proxied_path(root: str) -> str | None:
    """The path that the remote's proxy has for an artifact root."""
    parts = urlsplit(root)
    if parts.scheme == "mlflow-artifacts":
        return parts.path.strip("/")
    anchor = "/mlflow-artifacts/artifacts/"
    if parts.scheme in ("http", "https") and anchor in parts.path:
        return parts.path.split(anchor, 1)[1].strip("/")
    return None


def part_of_experiment(found: dict[str, Any]) -> Part:
    doc: Doc = {("name", ""): found["name"], ("stage", ""): found.get("lifecycle_stage", "active")}
    for tag in found.get("tags", []):
        doc["tag", tag["key"]] = tag.get("value", "")
    return Part(str(found["experiment_id"]), str(found["experiment_id"]), doc)


def part_of_run(found: dict[str, Any]) -> Part:
    """With the remote's ids in it, and the tags that say what it is a copy of."""
    info, data = found["info"], found.get("data", {})
    tags = {tag["key"]: tag.get("value", "") for tag in data.get("tags", [])}
    doc: Doc = {
        ("name", ""): info.get("run_name") or tags.get(NAME_TAG, ""),
        ("status", ""): info.get("status", "RUNNING"),
        ("stage", ""): info.get("lifecycle_stage", "active"),
        ("user", ""): info.get("user_id") or tags.get("mlflow.user", ""),
        ("start_time", ""): str(info.get("start_time") or 0),
    }
    if info.get("end_time"):
        doc["end_time", ""] = str(info["end_time"])
    for param in data.get("params", []):
        doc["param", param["key"]] = param.get("value", "")
    for key, value in tags.items():
        if key != NAME_TAG:
            doc["tag", key] = value
    for given in found.get("inputs", {}).get("dataset_inputs", []):
        dataset = given.get("dataset", {})
        fields = {name: dataset.get(name) for name in ("source_type", "source", "schema", "profile")}
        fields["tags"] = {tag["key"]: tag.get("value", "") for tag in given.get("tags", [])}
        key = json.dumps([dataset.get("name", ""), dataset.get("digest", "")])
        doc["dataset", key] = json.dumps(fields, sort_keys=True)
    for model in found.get("inputs", {}).get("model_inputs", []):
        doc["input", model["model_id"]] = "0"
    for model in found.get("outputs", {}).get("model_outputs", []):
        doc["output", model["model_id"]] = str(model.get("step", 0))
    touched = max(int(info.get("start_time") or 0), int(info.get("end_time") or 0))
    run_id = str(info.get("run_id") or info["run_uuid"])
    return Part(run_id, str(info["experiment_id"]), doc, touched, marks_of(data.get("metrics", [])))


def part_of_model(found: dict[str, Any]) -> Part:
    info, data = found["info"], found.get("data", {})
    words = {"LOGGED_MODEL_READY": "READY", "LOGGED_MODEL_UPLOAD_FAILED": "FAILED", "LOGGED_MODEL_PENDING": "PENDING"}
    doc: Doc = {
        ("name", ""): info.get("name", ""),
        ("model_type", ""): info.get("model_type", ""),
        ("source_run", ""): info.get("source_run_id", ""),
        ("status", ""): words.get(str(info.get("status")), str(info.get("status"))),
        ("stage", ""): "active",
    }
    for param in data.get("params", []):
        doc["param", param["key"]] = param.get("value", "")
    for tag in info.get("tags", []):
        doc["tag", tag["key"]] = tag.get("value", "")
    for metric in data.get("metrics", []):
        point = [
            metric["key"], metric.get("step", 0), metric.get("timestamp", 0), metric.get("run_id", ""),
            metric.get("dataset_name"), metric.get("dataset_digest"), metric["value"],
        ]  # fmt: skip
        doc["point", json.dumps(point)] = ""
    return Part(info["model_id"], str(info["experiment_id"]), doc, int(info.get("last_updated_timestamp_ms") or 0))


def marks_of(metrics: Iterable[dict[str, Any]]) -> dict[str, str]:
    """By key what tells the last point from another one."""
    return {
        each["key"]: mark(int(each.get("step", 0)), int(each.get("timestamp", 0)), float(each["value"]))
        for each in metrics
    }


def shaped(http: Http, answer: Any) -> Any:
    """Return an answer of a server that speaks MLflow's API.  Raise InvalidRemoteResponse for any other."""
    if not isinstance(answer, dict):
        raise InvalidRemoteResponse(f"{http.url} does not answer as MLflow does")
    return answer


def is_of_value(refused: Refused) -> bool:
    """Whether it is what was to be written that is refused: too long, most often, for that remote."""
    return refused.code in (
        "INVALID_PARAMETER_VALUE",
        "MAX_TAG_SIZE_EXCEEDED",
        "BAD_REQUEST",
        "RESOURCE_LIMIT_EXCEEDED",
    )


def pairs(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in given.items()]


def batches(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """In batches that the remote takes."""
    part: dict[str, str] = {}
    size = 0
    for key, value in given.items():
        if part and (len(part) == MAX_PAIRS or size + len(key) + len(value) > MAX_BATCH_BYTES):
            yield part
            part, size = {}, 0
        part[key] = value
        size += len(key) + len(value) + 30
    if part:
        yield part
