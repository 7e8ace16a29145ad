"""Experiments, runs and logged models as documents, from the values in MLflow stores.  Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trackside.core.http.codec import wire_double
from trackside.metrics.series import canonical
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind

NAME_TAG = "mlflow.runName"  # has the same value as the field `name`
Texts = Mapping[str, str | None]


def experiment_doc(name: str, stage: str | None, tags: Texts) -> Doc:
    return {fields.NAME: name, fields.STAGE: stage or "active", **keyed(FieldKind.TAG, tags)}


def run_doc(
    *,
    name: str | None,
    status: str | None,
    stage: str | None,
    user: str | None,
    start_time: int | None,
    end_time: int | None,
    params: Texts,
    tags: Texts,
) -> Doc:
    return {
        fields.NAME: name or tags.get(NAME_TAG) or "",
        fields.STATUS: status or "RUNNING",
        fields.STAGE: stage or "active",
        fields.USER: user or tags.get("mlflow.user") or "",
        fields.START_TIME: str(start_time or 0),
        **({fields.END_TIME: str(end_time)} if end_time else {}),
        **keyed(FieldKind.PARAM, params),
        **keyed(FieldKind.TAG, {key: value for key, value in tags.items() if key != NAME_TAG}),
    }


def model_doc(
    *,
    name: str | None,
    model_type: str | None,
    source_run: str | None,
    status: str,
    stage: str | None,
    params: Texts,
    tags: Texts,
    points: Iterable[Field],
) -> Doc:
    return {
        fields.NAME: name or "",
        fields.MODEL_TYPE: model_type or "",
        fields.SOURCE_RUN: source_run or "",
        fields.STATUS: status,
        fields.STAGE: stage or "active",
        **keyed(FieldKind.PARAM, params),
        **keyed(FieldKind.TAG, tags),
        **dict.fromkeys(points, ""),
    }


def point_field(
    key: str, step: int, timestamp: int, run_id: str, dataset: str | None, digest: str | None, value: float | None
) -> Field:
    """Return the field of a logged model's point; MLflow stores a NaN as NULL."""
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


def keyed(kind: FieldKind, given: Texts) -> Doc:
    return {Field(kind, key): value or "" for key, value in given.items()}
