"""Reads local experiments, runs and models as documents and points."""

import json
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET, Struct, UnsetType

from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.experiments import store as experiments
from trackside.experiments.model import Experiment
from trackside.logged_models import store as models
from trackside.logged_models.model import LoggedModel
from trackside.runs import store as runs
from trackside.runs.model import KeyValue, Run
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import NAME_TAG, dataset_field, point_field
from trackside.sync.metric_delta import MetricChunk

PARENT_TAG = "mlflow.parentRunId"
SOURCE_RUN = "trackside.source_run_id"
SOURCE_WORKSPACE = "trackside.source_workspace"
SOURCE_MODEL = "trackside.source_model_id"
IMPORT_TAG = "trackside.import"  # the reason, on an item that an import has not completed
SOURCE_VERSION = "trackside.source_version"  # NAME/NUMBER
SOURCE_UID = "trackside.source_uid"  # of a registered model or a version
SOURCE_DATASET = "trackside.source_dataset_id"  # of an evaluation dataset
OWN_TAGS = frozenset(
    {SOURCE_RUN, SOURCE_WORKSPACE, SOURCE_MODEL, IMPORT_TAG, SOURCE_VERSION, SOURCE_UID, SOURCE_DATASET}
)


class Snapshot(Struct, frozen=True):
    """An item of one side.

    `touched`: in ms, the time of its start, end or last change, as far as known.  `fingerprints`: as in `Remote.series`, of a run
    that a search returned with its last points.  `failed`: the reason why an existing version can never be used."""

    item_id: str
    experiment_id: str
    doc: Doc
    touched: int = 0
    fingerprints: dict[str, str] = {}
    failed: str = ""


class Summary(Struct, frozen=True):
    """The summary by which two sides compare series without reading the points."""

    points: int
    nans: int
    first: tuple[int, int, float]
    last: tuple[int, int, float]
    low: float | None
    high: float | None


def experiment(tx: Tx, experiment_id: str) -> Snapshot | None:
    try:
        found = experiments.get(tx, experiment_id)
    except NotFound:
        return None
    return Snapshot(found.experiment_id, found.experiment_id, of_experiment(found))


def has_experiment(tx: Tx, name: str) -> bool:
    return tx.one("SELECT 1 FROM experiments WHERE workspace_id = :ws AND name = :name", name=name) is not None


def has_run(tx: Tx, run_id: str) -> bool:
    return tx.one("SELECT 1 FROM runs WHERE workspace_id = :ws AND run_id = :id", id=run_id) is not None


def has_model(tx: Tx, model_id: str) -> bool:
    return tx.one("SELECT 1 FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id) is not None


def experiment_of_name(tx: Tx, name: str) -> str | None:
    """Return the active experiment with a name, otherwise the last deleted one."""
    row = tx.one(
        """
        SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND name = :name
        ORDER BY CASE WHEN lifecycle_stage = 'active' THEN 0 ELSE 1 END, last_update_time DESC, experiment_seq DESC LIMIT 1
        """,
        name=name,
    )
    return None if row is None else str(row[0])


def is_empty(tx: Tx, experiment_id: str) -> bool:
    """Return whether an experiment has no runs and logged models except deleted ones."""
    row = tx.one(
        """
        SELECT 1 FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_id = :id AND (
            EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = :ws AND r.experiment_seq = e.experiment_seq
                AND r.lifecycle_stage = 'active')
            OR EXISTS (SELECT 1 FROM logged_models m WHERE m.workspace_id = :ws AND m.experiment_seq = e.experiment_seq
                AND m.lifecycle_stage = 'active'))
        """,
        id=int(experiment_id),
    )
    return row is None


def of_experiment(found: Experiment) -> Doc:
    return {
        fields.NAME: found.name,
        fields.STAGE: found.lifecycle_stage,
        fields.CREATION_TIME: str(found.creation_time),
        fields.LAST_UPDATE_TIME: str(found.last_update_time),
        **{Field(FieldKind.TAG, tag.key): tag.value for tag in found.tags},
    }


def run(tx: Tx, run_id: str) -> Snapshot | None:
    try:
        found = runs.get(tx, run_id)
    except NotFound:
        return None
    return Snapshot(run_id, found.info.experiment_id, of_run(found))


def of_run(found: Run) -> Doc:
    info = found.info
    doc: Doc = {
        fields.NAME: info.run_name,
        fields.STATUS: info.status,
        fields.STAGE: info.lifecycle_stage,
        fields.USER: info.user_id,
        fields.START_TIME: str(info.start_time),
    }
    if info.end_time is not UNSET:
        doc[fields.END_TIME] = str(info.end_time)
    doc |= {Field(FieldKind.PARAM, param.key): param.value for param in found.data.params}
    doc |= {each: value for each, value in _tags(found.data.tags).items() if each.key != NAME_TAG}
    for given in found.inputs.dataset_inputs:
        dataset, tags = given.dataset, {tag.key: tag.value for tag in given.tags}
        named = (dataset.name, dataset.digest, dataset.source_type, dataset.source)
        field, value = dataset_field(*named, _said(dataset.schema), _said(dataset.profile), tags)
        doc[field] = value
    doc |= {Field(FieldKind.INPUT, model.model_id): "0" for model in found.inputs.model_inputs}
    if found.outputs is not UNSET:
        doc |= {Field(FieldKind.OUTPUT, each.model_id): str(each.step) for each in found.outputs.model_outputs}
    return doc


def model(tx: Tx, model_id: str) -> Snapshot | None:
    row = tx.one("SELECT lifecycle_stage FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id)
    if row is None:
        return None
    found = models.get(tx, model_id, allow_deleted=True)
    return Snapshot(model_id, found.info.experiment_id, of_model(found, row[0]))


def of_model(found: LoggedModel, stage: str) -> Doc:
    info = found.info
    doc: Doc = {
        fields.NAME: info.name,
        fields.MODEL_TYPE: info.model_type,
        fields.SOURCE_RUN: info.source_run_id,
        fields.STATUS: _status(info.status),
        fields.STAGE: stage,
        fields.CREATION_TIME: str(info.creation_timestamp_ms),
        fields.LAST_UPDATE_TIME: str(info.last_updated_timestamp_ms),
        **{Field(FieldKind.PARAM, param.key): param.value for param in found.data.params},
        **_tags(info.tags),
    }
    for metric in found.data.metrics:
        place = (metric.key, metric.step, metric.timestamp, metric.run_id)
        named = (_said(metric.dataset_name), _said(metric.dataset_digest))
        doc[point_field(*place, *named, float(metric.value))] = ""
    return doc


def series_counts(tx: Tx, run_id: str) -> dict[str, int]:
    return dict(
        tx.all(
            """
            SELECT s.key, s.point_count FROM metric_series s JOIN runs r ON r.run_seq = s.run_seq
            WHERE r.workspace_id = :ws AND r.run_id = :id ORDER BY s.key
            """,
            id=run_id,
        )
    )


def summaries(tx: Tx, run_id: str) -> dict[str, Summary]:
    return {
        key: Summary(points, nans, (fs, ft, fv), (ls, lt, float("nan") if is_nan else lv), low, high)
        for key, points, nans, fs, ft, fv, ls, lt, lv, is_nan, low, high in tx.all(
            """
            SELECT s.key, s.point_count, s.nan_count, s.first_step, s.first_timestamp, s.first_value,
                s.last_step, s.last_timestamp, s.last_value, s.last_is_nan, s.min_value, s.max_value
            FROM metric_series s JOIN runs r ON r.run_seq = s.run_seq
            WHERE r.workspace_id = :ws AND r.run_id = :id ORDER BY s.key
            """,
            id=run_id,
        )
    }


def pieces(tx: Tx, run_id: str, key: str, after_chunk: int) -> Iterator[MetricChunk]:
    """Yield the chunks after a chunk in the order in which they were stored, then the tail; one at a time in memory."""
    seq = runs.seq_of(tx, run_id)
    for (chunk_id,) in tx.all(
        """
        SELECT chunk_id FROM metric_chunks WHERE workspace_id = :ws AND run_seq = :run AND key = :key AND chunk_id > :after
        ORDER BY chunk_id
        """,
        run=seq,
        key=key,
        after=after_chunk,
    ):
        row = tx.one("SELECT points FROM metric_chunks WHERE workspace_id = :ws AND chunk_id = :id", id=chunk_id)
        if row is not None:
            yield MetricChunk(chunk_id, bytes(row[0]))
    tail = tx.one(
        "SELECT points FROM metric_tails WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=seq, key=key
    )
    if tail is not None and len(tail[0]):
        yield MetricChunk(0, bytes(tail[0]))


def _tags(tags: Iterable[KeyValue]) -> Doc:
    """Return the compared tags: those that do not identify the source of a copy."""
    return {Field(FieldKind.TAG, tag.key): tag.value for tag in tags if tag.key not in OWN_TAGS}


def _said(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def _status(wire: str) -> str:
    return wire.removeprefix("LOGGED_MODEL_").replace("STATUS_", "").replace("UPLOAD_", "")


def fingerprints(tx: Tx, run_id: str) -> dict[str, str]:
    """Return a fingerprint of the points by key, equal on two sides with the same points."""
    return {key: fingerprint(summary) for key, summary in summaries(tx, run_id).items()}


def fingerprint(summary: Summary) -> str:
    return json.dumps(msgspec.to_builtins(summary))
