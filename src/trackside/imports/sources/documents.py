"""Documents as links have them, from the values that stores of MLflow keep.  Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trackside.core.http.codec import wire_double
from trackside.metrics.series import canonical
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import NAME_TAG, OWN_TAGS

UNFINISHED = frozenset({"RUNNING", "SCHEDULED", "PENDING"})  # statuses of runs and logged models that go on


def experiment_doc(name: str, stage: str | None, tags: Mapping[str, str]) -> Doc:
    return {fields.NAME: name, fields.STAGE: stage or "active", **_fields(FieldKind.TAG, tags)}


def run_doc(
    *,
    name: str | None,
    status: str | None,
    stage: str | None,
    user: str | None,
    start_time: int | None,
    end_time: int | None,
    params: Mapping[str, str | None],
    tags: Mapping[str, str | None],
) -> Doc:
    doc: Doc = {
        fields.NAME: name or tags.get(NAME_TAG) or "",
        fields.STATUS: status or "RUNNING",
        fields.STAGE: stage or "active",
        fields.USER: user or tags.get("mlflow.user") or "",
        fields.START_TIME: str(start_time or 0),
    }
    if end_time:
        doc[fields.END_TIME] = str(end_time)
    return {
        **doc,
        **_fields(FieldKind.PARAM, params),
        **_fields(FieldKind.TAG, {k: v for k, v in tags.items() if k != NAME_TAG}),
    }


def model_doc(
    *,
    name: str | None,
    model_type: str | None,
    source_run: str | None,
    status: str,
    stage: str | None,
    params: Mapping[str, str | None],
    tags: Mapping[str, str | None],
    points: Iterable[Field],
) -> Doc:
    return {
        fields.NAME: name or "",
        fields.MODEL_TYPE: model_type or "",
        fields.SOURCE_RUN: source_run or "",
        fields.STATUS: status,
        fields.STAGE: stage or "active",
        **_fields(FieldKind.PARAM, params),
        **_fields(FieldKind.TAG, tags),
        **dict.fromkeys(points, ""),
    }


def point_field(
    key: str, step: int, timestamp: int, run_id: str, dataset: str | None, digest: str | None, value: float | None
) -> Field:
    """A point of a logged model; MLflow stores a NaN as NULL."""
    number = canonical(float("nan") if value is None else value)
    return Field(FieldKind.POINT, json.dumps([key, step, timestamp, run_id, dataset, digest, wire_double(number)]))


def dataset_field(
    name: str,
    digest: str,
    source_type: str | None,
    source: str | None,
    schema: str | None,
    profile: str | None,
    tags: Mapping[str, Any],
) -> tuple[Field, str]:
    said = {"source_type": source_type, "source": source, "schema": schema, "profile": profile, "tags": dict(tags)}
    return Field(FieldKind.DATASET, json.dumps([name, digest])), json.dumps(said, sort_keys=True)


def _fields(kind: FieldKind, given: Mapping[str, str | None]) -> Doc:
    return {Field(kind, key): value or "" for key, value in given.items() if key not in OWN_TAGS}
