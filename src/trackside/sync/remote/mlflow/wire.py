"""Converts MLflow's JSON to documents and back.  Pure."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from trackside.core.http_client.errors import RequestRejected
from trackside.registry.model import NO_STAGE
from trackside.sync import fields, portions
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import dataset_field, experiment_doc, keyed, model_doc, point_field, run_doc
from trackside.sync.local.reader import Snapshot
from trackside.sync.metric_delta import fingerprint
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
from trackside.sync.remote.port import LeftOut

API = "/api/2.0/mlflow"
MAX_PAIRS = 100
MAX_BATCH_BYTES = 800_000  # Databricks accepts 1 MB


def proxied_path(root: str) -> str | None:
    """Return the path of an artifact root on the remote's proxy; None if it is not proxied."""
    parts = urlsplit(root)
    if parts.scheme == "mlflow-artifacts":
        return parts.path.strip("/")
    anchor = "/mlflow-artifacts/artifacts/"
    if parts.scheme in ("http", "https") and anchor in parts.path:
        return parts.path.split(anchor, 1)[1].strip("/")
    return None


def snapshot_of_experiment(found: object) -> Snapshot:
    experiment = decoded(Experiment, found)
    experiment_id = str(experiment.experiment_id)
    doc = experiment_doc(experiment.name, experiment.lifecycle_stage, _texts(experiment.tags))
    return Snapshot(experiment_id, experiment_id, doc)


def snapshot_of_run(found: object) -> Snapshot:
    """Return the document of a run, with the remote's ids, and the tags that identify its source."""
    run = decoded(Run, found)
    info = run.info
    doc = run_doc(
        name=info.run_name,
        status=info.status,
        stage=info.lifecycle_stage,
        user=info.user_id,
        start_time=info.start_time,
        end_time=info.end_time,
        params=_texts(run.data.params),
        tags=_texts(run.data.tags),
    )
    for given in run.inputs.dataset_inputs:
        each = given.dataset
        named = (each.name or "", each.digest or "", each.source_type, each.source, each.schema, each.profile)
        field, value = dataset_field(*named, _texts(given.tags))
        doc[field] = value
    doc |= {Field(FieldKind.INPUT, model.model_id): "0" for model in run.inputs.model_inputs}
    doc |= {Field(FieldKind.OUTPUT, model.model_id): str(model.step or 0) for model in run.outputs.model_outputs}
    touched = max(info.start_time or 0, info.end_time or 0)
    return Snapshot(run.id, str(info.experiment_id), doc, touched, fingerprints_of_run(run))


def snapshot_of_model(found: object) -> Snapshot:
    model = decoded(LoggedModel, found)
    info = model.info
    statuses = {
        "LOGGED_MODEL_READY": "READY",
        "LOGGED_MODEL_UPLOAD_FAILED": "FAILED",
        "LOGGED_MODEL_PENDING": "PENDING",
    }
    doc = model_doc(
        name=info.name,
        model_type=info.model_type,
        source_run=info.source_run_id,
        status=statuses.get(str(info.status), str(info.status)),
        stage="active",
        params=_texts(model.data.params),
        tags=_texts(info.tags),
        points=map(_point, model.data.metrics),
    )
    return Snapshot(info.model_id, str(info.experiment_id), doc, info.last_updated_timestamp_ms or 0)


def snapshot_of_registered_model(found: object) -> Snapshot:
    model = decoded(RegisteredModel, found)
    doc: Doc = {
        fields.NAME: model.name,
        fields.DESCRIPTION: model.description or "",
        fields.CREATED: str(model.creation_timestamp or 0),
        fields.SEEN: str(model.last_updated_timestamp or 0),
        **keyed(FieldKind.TAG, _texts(model.tags)),
    }
    for alias in model.aliases:
        doc[Field(FieldKind.ALIAS, alias.alias)] = str(alias.version)
    return Snapshot(model.name, "", doc)


def snapshot_of_version(found: object) -> Snapshot:
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
        **keyed(FieldKind.TAG, _texts(version.tags)),
    }
    return Snapshot(f"{version.name}/{number}", version.name, doc)


def fingerprints_of_run(run: Run) -> dict[str, str]:
    """Return a fingerprint of the last point, by metric key."""
    return {each.key: fingerprint(each.step or 0, each.timestamp or 0, float(each.value)) for each in run.data.metrics}


def _point(each: Metric) -> Field:
    place = (each.key, each.step or 0, each.timestamp or 0, each.run_id or "")
    return point_field(*place, each.dataset_name, each.dataset_digest, float(each.value))


def _texts(tags: Iterable[Tag]) -> dict[str, str]:
    return {tag.key: tag.value or "" for tag in tags}


def is_of_value(refused: RequestRejected) -> bool:
    """Return whether the value itself was rejected, most often because it is too long for the remote."""
    return refused.code in (
        "INVALID_PARAMETER_VALUE",
        "MAX_TAG_SIZE_EXCEEDED",
        "BAD_REQUEST",
        "RESOURCE_LIMIT_EXCEEDED",
    )


@contextmanager
def leaving_out(left_out: LeftOut, field: Field, owner: str) -> Iterator[None]:
    """Record a field whose value is rejected, and why."""
    try:
        yield
    except RequestRejected as refused:
        if not is_of_value(refused):
            raise
        what = f"{field.kind} {field.key!r}" if field.key else field.kind
        left_out[field] = f"the remote does not take the {what} of {owner}: {refused}"


def pairs(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in given.items()]


def batches(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield batches within the remote's limits."""

    def size(pair: tuple[str, str]) -> int:
        key, value = pair
        return len(key) + len(value) + 30

    return map(dict, portions.batched(given.items(), size, MAX_BATCH_BYTES, MAX_PAIRS))
