"""The run of a scoring job: its input, model and number of rows."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, NotFound
from trackside.core.locations import CLOUD_SCHEMES
from trackside.endpoints.model import Model
from trackside.runs import batch, lifecycle, limits
from trackside.runs import lineage as runs_lineage
from trackside.runs import model as m
from trackside.runs import store as runs

RUN_TYPE, MODEL_TAG, JOB_TAG = "trackside.run_type", "trackside.scored_model", "trackside.job_id"
CONTEXT = runs_lineage.CONTEXT_TAG
DIGEST_CHARS = 32
PIECE_BYTES = 1 << 20
MAX_SCHEMA_COLUMNS = 2000
# MLflow's types by Arrow's types.
_TYPES = {
    "double": "double",
    "float": "float",
    "int64": "long",
    "int32": "integer",
    "bool": "boolean",
    "string": "string",
}


Steps = Sequence[tuple[int, Mapping[str, float]]]


class Place(Struct, frozen=True):
    """The location of a table.  `kind` is delta, iceberg, catalog, or empty for files; `version` is the version of a Delta or
    Iceberg table."""

    uri: str
    kind: str = ""
    version: str = ""


def begin(tx: Tx, kind: str, run_id: str, job_id: str, experiment_id: str, model: Model, *, is_own: bool) -> None:
    """Create the run of a job, unless it exists, and record the model that the job calls.  Idempotent."""
    tags = {RUN_TYPE: kind, MODEL_TAG: model.uri, JOB_TAG: job_id}
    if is_own:
        try:
            runs.active(tx, run_id)
        except NotFound:
            lifecycle.create(
                tx,
                experiment_id,
                run_name=f"{kind} {model.uri}"[:250],
                user_id=tx.user,
                start_time=tx.now,
                tags=tags,
                run_id=run_id,
            )
    given = [m.GivenTag(key=key, value=value) for key, value in tags.items()]
    _log(tx, m.LogBatch(run_id=run_id, tags=given))
    lifecycle.update(tx, run_id, m.Status.RUNNING, None, None)
    model_id = _logged_model(tx, model)
    if model_id:
        runs_lineage.log_inputs(tx, run_id, [], [m.GivenModel(model_id=model_id)])


def log_dataset(
    tx: Tx,
    run_id: str,
    name: str,
    place: Place,
    context: str,
    digest: str,
    rows: int,
    columns: Iterable[Iterable[str]] = (),
) -> None:
    """Record an input or output table as a dataset of the run."""
    schema = [
        {"name": name_, "type": _TYPES.get(kind, "string"), "required": False}
        for name_, kind in map(tuple, list(columns)[:MAX_SCHEMA_COLUMNS])
    ]
    source_type, source = _source(place)
    dataset = m.GivenDataset(
        name=name[:500],
        digest=digest,
        source_type=source_type,
        source=msgspec.json.encode(source).decode(),
        schema=msgspec.json.encode({"mlflow_colspec": schema}).decode() if schema else None,
        profile=msgspec.json.encode({"num_rows": rows}).decode(),
    )
    runs_lineage.log_inputs(
        tx, run_id, [m.GivenInput(tags=[m.GivenTag(key=CONTEXT, value=context)], dataset=dataset)], []
    )


def end(tx: Tx, run_id: str, status: m.Status, metrics: Mapping[str, float], steps: Steps = ()) -> None:
    """End the run with metrics, and with further metrics by step.  No effect if the run was deleted."""
    every = [(0, metrics), *steps]
    given = [
        m.GivenMetric(key=key, value=value, timestamp=tx.now, step=step)
        for step, values in every
        for key, value in values.items()
    ]
    try:
        if given:
            _log(tx, m.LogBatch(run_id=run_id, metrics=given))
        lifecycle.update(tx, run_id, status, tx.now, None)
    except NotFound:
        return


def digest(paths: Iterable[Path], check: Callable[[], None]) -> str:
    """Return a hash of the files' contents."""
    found = hashlib.blake2b(digest_size=DIGEST_CHARS // 2)
    for path in paths:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                check()
                found.update(piece)
    return found.hexdigest()


def digest_of_text(text: str) -> str:
    """Return a hash of the name of a table, or of a query, for tables that the server itself does not read."""
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_CHARS // 2).hexdigest()


def _logged_model(tx: Tx, model: Model) -> str | None:
    """Return the logged model that a registered version was made from, if there is one."""
    row = tx.one(
        """
        SELECT v.model_id FROM model_versions v JOIN registered_models r ON r.model_seq = v.model_seq
        WHERE v.workspace_id = :ws AND r.name = :name AND v.version = :version
        """,
        name=model.name,
        version=int(model.version or 0),
    )
    return None if row is None else row[0]


def _source(place: Place) -> tuple[str, dict[str, str | int]]:
    """Return MLflow's name for the type of source, and the source in the form of that type."""
    if place.kind == "catalog":
        return "spark", {"uri": place.uri}
    if place.kind == "delta":
        return "delta_table", {"path": place.uri, "delta_table_version": int(place.version)}
    if place.kind == "iceberg":
        return _source_type(place.uri), {"uri": place.uri, "iceberg_snapshot_id": place.version}
    return _source_type(place.uri), {"uri": place.uri}


def _source_type(place: str) -> str:
    """Return MLflow's name for the type of source; for a bucket, the URI scheme."""
    scheme = place.partition("://")[0]
    if scheme in CLOUD_SCHEMES:
        return scheme
    return "local" if place.startswith(("/", "file:")) else "mlflow-artifacts"


def _log(tx: Tx, call: m.LogBatch) -> None:
    (answer,) = batch.log(tx, [limits.batch(call)])
    if isinstance(answer, Fault):
        raise answer
