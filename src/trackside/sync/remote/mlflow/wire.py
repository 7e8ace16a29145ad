"""MLflow's JSON to our documents and back.  Knows shapes and limits; asks nobody."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from trackside.core.http_client.client import Refused
from trackside.registry.model import NO_STAGE
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import NAME_TAG, Part
from trackside.sync.metric_delta import mark
from trackside.sync.remote.mlflow.shapes import (
    Experiment,
    LoggedModel,
    Metric,
    ModelVersion,
    RegisteredModel,
    Run,
    Tag,
    decoded,
)

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


def part_of_experiment(found: object) -> Part:
    experiment = decoded(Experiment, found)
    doc: Doc = {fields.NAME: experiment.name, fields.STAGE: experiment.lifecycle_stage, **_tags(experiment.tags)}
    return Part(str(experiment.experiment_id), str(experiment.experiment_id), doc)


def part_of_run(found: object) -> Part:
    """With the remote's ids in it, and the tags that say what it is a copy of."""
    run = decoded(Run, found)
    info = run.info
    tags = {tag.key: tag.value or "" for tag in run.data.tags}
    doc: Doc = {
        fields.NAME: info.run_name or tags.get(NAME_TAG, ""),
        fields.STATUS: info.status or "RUNNING",
        fields.STAGE: info.lifecycle_stage or "active",
        fields.USER: info.user_id or tags.get("mlflow.user", ""),
        fields.START_TIME: str(info.start_time or 0),
    }
    if info.end_time:
        doc[fields.END_TIME] = str(info.end_time)
    for param in run.data.params:
        doc[Field(FieldKind.PARAM, param.key)] = param.value or ""
    doc |= {Field(FieldKind.TAG, key): value for key, value in tags.items() if key != NAME_TAG}
    for given in run.inputs.dataset_inputs:
        dataset = given.dataset
        said: dict[str, Any] = {name: getattr(dataset, name) for name in ("source_type", "source", "schema", "profile")}
        said["tags"] = {tag.key: tag.value or "" for tag in given.tags}
        doc[Field(FieldKind.DATASET, json.dumps([dataset.name or "", dataset.digest or ""]))] = json.dumps(
            said, sort_keys=True
        )
    for model in run.inputs.model_inputs:
        doc[Field(FieldKind.INPUT, model.model_id)] = "0"
    for model in run.outputs.model_outputs:
        doc[Field(FieldKind.OUTPUT, model.model_id)] = str(model.step or 0)
    touched = max(info.start_time or 0, info.end_time or 0)
    return Part(run.id, str(info.experiment_id), doc, touched, _marks(run.data.metrics))


def part_of_model(found: object) -> Part:
    model = decoded(LoggedModel, found)
    info = model.info
    words = {"LOGGED_MODEL_READY": "READY", "LOGGED_MODEL_UPLOAD_FAILED": "FAILED", "LOGGED_MODEL_PENDING": "PENDING"}
    doc: Doc = {
        fields.NAME: info.name or "",
        fields.MODEL_TYPE: info.model_type or "",
        fields.SOURCE_RUN: info.source_run_id or "",
        fields.STATUS: words.get(str(info.status), str(info.status)),
        fields.STAGE: "active",
        **_tags(info.tags),
    }
    for param in model.data.params:
        doc[Field(FieldKind.PARAM, param.key)] = param.value or ""
    for each in model.data.metrics:
        place = (
            each.key,
            each.step or 0,
            each.timestamp or 0,
            each.run_id or "",
            each.dataset_name,
            each.dataset_digest,
        )
        doc[Field(FieldKind.POINT, json.dumps([*place, each.value]))] = ""
    return Part(info.model_id, str(info.experiment_id), doc, info.last_updated_timestamp_ms or 0)


def part_of_registered_model(found: object) -> Part:
    model = decoded(RegisteredModel, found)
    doc: Doc = {
        fields.NAME: model.name,
        fields.DESCRIPTION: model.description or "",
        fields.CREATED: str(model.creation_timestamp or 0),
        fields.SEEN: str(model.last_updated_timestamp or 0),
        **_tags(model.tags),
    }
    for alias in model.aliases:
        doc[Field(FieldKind.ALIAS, alias.alias)] = str(alias.version)
    return Part(model.name, "", doc)


def part_of_version(found: object) -> Part:
    version = decoded(ModelVersion, found)
    number = str(version.version)
    doc: Doc = {
        fields.NUMBER: number,
        fields.CREATED: str(version.creation_timestamp or 0),
        fields.SEEN: str(version.last_updated_timestamp or 0),
        fields.USER: version.user_id or "",
        fields.STAGE: version.current_stage or NO_STAGE,
        fields.SOURCE: version.source or "",
        fields.RUN_ID: version.run_id or "",
        fields.RUN_LINK: version.run_link or "",
        fields.MODEL_ID: version.model_id or "",
        fields.DESCRIPTION: version.description or "",
        **_tags(version.tags),
    }
    return Part(f"{version.name}/{number}", version.name, doc)


def marks_of_run(run: Run) -> dict[str, str]:
    """Return, by key of a run's metrics, what tells the last point from another one."""
    return _marks(run.data.metrics)


def _marks(metrics: Iterable[Metric]) -> dict[str, str]:
    return {each.key: mark(each.step or 0, each.timestamp or 0, float(each.value)) for each in metrics}


def _tags(tags: Iterable[Tag]) -> Doc:
    return {Field(FieldKind.TAG, tag.key): tag.value or "" for tag in tags}


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
