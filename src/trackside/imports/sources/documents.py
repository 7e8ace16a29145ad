"""Documents as links have them, from the values that stores of MLflow keep.  Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trackside.core.http.codec import wire_double
from trackside.metrics.series import canonical
from trackside.sync.document import Doc, Field
from trackside.sync.local.reader import NAME_TAG, OWN_TAGS

UNFINISHED = frozenset({"RUNNING", "SCHEDULED", "PENDING"})  # statuses of runs and logged models that go on


def experiment_doc(name: str, stage: str | None, tags: Mapping[str, str]) -> Doc:
    return {("name", ""): name, ("stage", ""): stage or "active", **_fields("tag", tags)}


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
        ("name", ""): name or tags.get(NAME_TAG) or "",
        ("status", ""): status or "RUNNING",
        ("stage", ""): stage or "active",
        ("user", ""): user or tags.get("mlflow.user") or "",
        ("start_time", ""): str(start_time or 0),
    }
    if end_time:
        doc["end_time", ""] = str(end_time)
    return {**doc, **_fields("param", params), **_fields("tag", {k: v for k, v in tags.items() if k != NAME_TAG})}


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
        ("name", ""): name or "",
        ("model_type", ""): model_type or "",
        ("source_run", ""): source_run or "",
        ("status", ""): status,
        ("stage", ""): stage or "active",
        **_fields("param", params),
        **_fields("tag", tags),
        **dict.fromkeys(points, ""),
    }


def point_field(
    key: str, step: int, timestamp: int, run_id: str, dataset: str | None, digest: str | None, value: float | None
) -> Field:
    """A point of a logged model; MLflow stores a NaN as NULL."""
    number = canonical(float("nan") if value is None else value)
    return "point", json.dumps([key, step, timestamp, run_id, dataset, digest, wire_double(number)])


def dataset_field(
    name: str,
    digest: str,
    source_type: str | None,
    source: str | None,
    schema: str | None,
    profile: str | None,
    tags: Mapping[str, Any],
) -> tuple[Field, str]:
    fields = {"source_type": source_type, "source": source, "schema": schema, "profile": profile, "tags": dict(tags)}
    return ("dataset", json.dumps([name, digest])), json.dumps(fields, sort_keys=True)


def _fields(kind: str, given: Mapping[str, str | None]) -> Doc:
    return {(kind, key): value or "" for key, value in given.items() if key not in OWN_TAGS}
