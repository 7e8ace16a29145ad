"""Writes documents and points of another side to local items, under given ids and by the rules of the slices.

Writes are idempotent.  Deleted runs and experiments are also written, and stay deleted.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.experiments import store as experiments
from trackside.experiments.model import Experiment, Tag
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.logged_models import model as mm
from trackside.logged_models import store as models
from trackside.metrics.series import Point, canonical, unpack
from trackside.runs import batch, lifecycle, lineage
from trackside.runs import store as runs
from trackside.runs.limits import Logged, ModelPoint
from trackside.runs.model import GivenDataset, GivenInput, GivenModel, GivenTag, Status
from trackside.sync import fields
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.item_documents import NAME_TAG


def item(tx: Tx, entity: Entity, item_id: str, experiment_id: str, patch: Patch, server_root: str) -> list[Field]:
    """Write an experiment, run or logged model.  Return the points of a logged model that were left out."""
    if not patch:
        return []
    match entity:
        case Entity.EXPERIMENT:
            experiment(tx, item_id, patch, server_root)
        case Entity.RUN:
            run(tx, item_id, experiment_id, patch)
        case _:
            return model(tx, item_id, experiment_id, patch)
    return []


def experiment(tx: Tx, experiment_id: str | None, patch: Patch, server_root: str) -> str:
    """Write an experiment and return its id.  One without an id is found by its name, or created."""
    name = patch.put.get(fields.NAME)
    if experiment_id is None:
        if not name:
            raise Invalid("An experiment that has no id needs a name.")
        try:
            experiment_id = experiments.get_by_name(tx, name).experiment_id
        except NotFound:
            experiment_id = experiments.create(tx, name, server_root)
    found = experiments.get(tx, experiment_id)
    seq = experiments.seqs_of(tx, [experiment_id])[0]
    if name and name != found.name:
        if found.lifecycle_stage == "active" and tx.one(
            "SELECT 1 FROM experiments WHERE workspace_id = :ws AND name = :name AND lifecycle_stage = 'active'",
            name=name,
        ):
            raise AlreadyExists(f"Experiment(name={name}) already exists.")
        tx.run(
            "UPDATE experiments SET name = :name, last_update_time = :now WHERE workspace_id = :ws AND experiment_seq = :seq",
            name=name,
            seq=seq,
        )
        tx.record(Change("experiment", experiment_id, "rename"))
    tags = of_kind(patch.put, FieldKind.TAG)
    for key, value in tags.items():
        experiments.set_tag_of(tx, seq, Tag(key=key, value=value))
    gone = patch.dropped(FieldKind.TAG)
    if gone:
        holds.check(tx, Held.EXPERIMENT, experiment_id)
        tx.run(
            "DELETE FROM experiment_tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key IN :keys",
            seq=seq,
            keys=gone,
        )
    if tags or gone:
        tx.record(Change("experiment", experiment_id, "set-tag"))
    stage = patch.put.get(fields.STAGE)
    if stage and stage != found.lifecycle_stage:
        (experiments.delete if stage == "deleted" else experiments.restore)(tx, experiment_id)
    if _set_times(
        tx,
        """
        UPDATE experiments SET creation_time = COALESCE(:created, creation_time),
            last_update_time = COALESCE(:updated, last_update_time)
        WHERE workspace_id = :ws AND experiment_seq = :key
        """,
        seq,
        patch.put,
    ):
        tx.record(Change("experiment", experiment_id, "import"))  # so that other links replicate it
    return experiment_id


def run(tx: Tx, run_id: str, experiment_id: str, patch: Patch) -> None:
    """Write a run; create it if there is none."""
    row = tx.one(
        "SELECT run_seq, experiment_seq, lifecycle_stage FROM runs WHERE workspace_id = :ws AND run_id = :id FOR UPDATE",
        id=run_id,
    )
    put = patch.put
    if row is not None and patch.drop:
        holds.check(tx, Held.RUN, run_id)
    if row is None:
        _make_run(tx, run_id, experiment_id, put)
        row = (runs.seq_of(tx, run_id), 0, "active")
    seq, _, stage = row
    if stage != "active":
        _set_stage(tx, run_id, "active")
    _set_columns(tx, seq, put)
    _set_params(tx, run_id, seq, of_kind(put, FieldKind.PARAM))
    tags = of_kind(put, FieldKind.TAG)
    if fields.NAME in put:
        tags[NAME_TAG] = put[fields.NAME]
    if tags:
        _log(tx, Logged(run_id, {}, [], tags, [], True))
    for kind, key in patch.drop:
        if kind == FieldKind.TAG:
            tx.run("DELETE FROM tags WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=seq, key=key)
        elif kind == FieldKind.PARAM:
            tx.run("DELETE FROM params WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=seq, key=key)
        elif kind == FieldKind.END_TIME:
            tx.run("UPDATE runs SET end_time = NULL WHERE workspace_id = :ws AND run_seq = :run", run=seq)
        elif kind in (FieldKind.INPUT, FieldKind.OUTPUT):
            tx.run(
                """
                DELETE FROM run_models
                WHERE workspace_id = :ws AND run_seq = :run AND direction = :direction AND model_id = :model
                """,
                run=seq,
                direction=kind,
                model=key,
            )
    _set_edges(tx, run_id, put)
    wanted: str = put.get(fields.STAGE) or stage
    if wanted != "active":
        _set_stage(tx, run_id, wanted)
    runs.changed(tx, run_id, seq, "import")


def hold(tx: Tx, run_id: str) -> None:
    """Lock a run until the end of the transaction."""
    tx.one("SELECT 1 FROM runs WHERE workspace_id = :ws AND run_id = :id FOR UPDATE", id=run_id)


def points(tx: Tx, run_id: str, series: dict[str, bytes]) -> int:
    """Add packed points; return their number.  Existing points change nothing."""
    given = {key: _canonical(unpack(packed)) for key, packed in series.items()}
    _log_restored(tx, Logged(run_id, given, [], {}, [], True))
    return sum(map(len, given.values()))


def model(tx: Tx, model_id: str, experiment_id: str, patch: Patch) -> list[Field]:
    """Write a logged model: params, tags, status and points.  Return the points that were left out because their run does not
    exist."""
    put = patch.put
    row = tx.one("SELECT model_seq FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id)
    if row is None:
        with _temporarily_restored(tx, experiment_id):
            models.create(
                tx,
                experiment_id,
                name=put.get(fields.NAME),
                model_type=put.get(fields.MODEL_TYPE, ""),
                source_run_id=put.get(fields.SOURCE_RUN, ""),
                model_id=model_id,
            )
    params, tags = of_kind(put, FieldKind.PARAM), of_kind(put, FieldKind.TAG)
    if params:
        models.log_params(tx, model_id, params)
    if tags:
        models.set_tags(tx, model_id, tags)
    for key in patch.dropped(FieldKind.TAG):
        with suppress(NotFound):
            models.delete_tag(tx, model_id, key)
    if fields.STATUS in put:
        models.finalize(tx, model_id, mm.check_status(put[fields.STATUS]))
    left = _add_model_points(tx, model_id, of_kind(put, FieldKind.POINT))
    stage = put.get(fields.STAGE)
    if stage == "deleted":
        holds.check(tx, Held.LOGGED_MODEL, model_id)
    if stage:
        tx.run(
            """
            UPDATE logged_models SET lifecycle_stage = :stage, last_updated_timestamp_ms = :now
            WHERE workspace_id = :ws AND model_id = :id
            """,
            id=model_id,
            stage=stage,
        )
        tx.record(Change("logged_model", model_id, "delete" if stage == "deleted" else "restore"))
    if _set_times(
        tx,
        """
        UPDATE logged_models SET creation_timestamp_ms = COALESCE(:created, creation_timestamp_ms),
            last_updated_timestamp_ms = COALESCE(:updated, last_updated_timestamp_ms)
        WHERE workspace_id = :ws AND model_id = :key
        """,
        model_id,
        put,
    ):
        tx.record(Change("logged_model", model_id, "import"))
    return left


@contextmanager
def _temporarily_restored(tx: Tx, experiment_id: str) -> Iterator[None]:
    """Restore a deleted experiment within this transaction, so that it accepts writes; other transactions do not see that.

    If an active experiment has its name, it gets a temporary name meanwhile."""
    found = experiments.get(tx, experiment_id)
    if found.lifecycle_stage == "active":
        yield
        return
    _set_stage_and_name(tx, found, "active", f"{found.name} (deleted {found.experiment_id})")
    try:
        yield
    finally:
        _set_stage_and_name(tx, found, found.lifecycle_stage, found.name)


def _set_stage_and_name(tx: Tx, experiment: Experiment, stage: str, name: str) -> None:
    tx.run(
        """
        UPDATE experiments SET lifecycle_stage = :stage, name = :name WHERE workspace_id = :ws AND experiment_id = :id
        """,
        id=int(experiment.experiment_id),
        stage=stage,
        name=name,
    )
    experiments.forget_active(tx, experiment.experiment_id)


def _make_run(tx: Tx, run_id: str, experiment_id: str, put: Doc) -> None:
    with _temporarily_restored(tx, experiment_id):
        lifecycle.create(
            tx,
            experiment_id,
            run_name=put.get(fields.NAME),
            user_id=put.get(fields.USER, ""),
            start_time=int(put.get(fields.START_TIME, "0")),
            tags={},
            run_id=run_id,
        )


def _set_columns(tx: Tx, seq: int, put: Doc) -> None:
    status = put.get(fields.STATUS)
    if status is not None and status not in Status.__members__:
        raise Invalid(f"status is {status!r}; it must be one of {', '.join(Status.__members__)}")
    tx.run(
        """
        UPDATE runs SET status = COALESCE(:status, status), run_name = COALESCE(:name, run_name),
            user_id = COALESCE(:user, user_id), start_time = COALESCE(:start, start_time), end_time = COALESCE(:end, end_time)
        WHERE workspace_id = :ws AND run_seq = :run
        """,
        run=seq,
        status=status,
        name=put.get(fields.NAME),
        user=put.get(fields.USER),
        start=_integer(put.get(fields.START_TIME)),
        end=_integer(put.get(fields.END_TIME)),
    )


def _set_times(tx: Tx, sql: str, key: int | str, put: Doc) -> bool:
    """Set the source's creation and change times; return False if the document has none."""
    created, updated = _integer(put.get(fields.CREATION_TIME)), _integer(put.get(fields.LAST_UPDATE_TIME))
    if created is None and updated is None:
        return False
    tx.run(sql, key=key, created=created, updated=updated)
    return True


def _set_params(tx: Tx, run_id: str, seq: int, params: dict[str, str]) -> None:
    if not params:
        return
    stored: dict[str, str] = dict(
        tx.all(
            "SELECT key, value FROM params WHERE workspace_id = :ws AND run_seq = :run AND key IN :keys",
            run=seq,
            keys=list(params),
        )
    )
    for key, value in params.items():
        if stored.get(key, value) != value:  # only a link changes a param, if both sides set it
            tx.run(
                "UPDATE params SET value = :value WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
                run=seq,
                key=key,
                value=value,
            )
    fresh = [(key, value) for key, value in params.items() if key not in stored]
    if fresh:
        _log(tx, Logged(run_id, {}, fresh, {}, [], True))


def _set_edges(tx: Tx, run_id: str, put: Doc) -> None:
    datasets = []
    for key, value in of_kind(put, FieldKind.DATASET).items():
        name, digest = json.loads(key)
        said = json.loads(value)
        tags = [GivenTag(key=k, value=v) for k, v in said.pop("tags", {}).items()]
        datasets.append(GivenInput(tags=tags, dataset=GivenDataset(name=name, digest=digest, **said)))
    inputs = [GivenModel(model_id=model_id) for model_id in of_kind(put, FieldKind.INPUT)]
    if datasets or inputs:
        lineage.log_inputs(tx, run_id, datasets, inputs)
    outputs = [
        GivenModel(model_id=model_id, step=int(step)) for model_id, step in of_kind(put, FieldKind.OUTPUT).items()
    ]
    if outputs:
        lineage.log_outputs(tx, run_id, outputs)


def _set_stage(tx: Tx, run_id: str, stage: str) -> None:
    if stage == "deleted":
        holds.check(tx, Held.RUN, run_id)
    tx.run(
        """
        UPDATE runs SET lifecycle_stage = :stage, deleted_time = :deleted WHERE workspace_id = :ws AND run_id = :id
        """,
        id=run_id,
        stage=stage,
        deleted=tx.now if stage == "deleted" else None,
    )
    tx.record(Change("run", run_id, "delete" if stage == "deleted" else "restore"))


def _log(tx: Tx, call: Logged) -> None:
    (answer,) = batch.log(tx, [call])
    if isinstance(answer, Exception):
        raise answer


def _log_restored(tx: Tx, call: Logged) -> None:
    """Log to a run, also to a deleted one, which other transactions do not see restored."""
    seq = runs.seq_of(tx, call.run_id)
    stage = tx.one("SELECT lifecycle_stage FROM runs WHERE workspace_id = :ws AND run_seq = :run", run=seq)
    is_deleted = stage is not None and stage[0] != "active"
    if is_deleted:
        _set_stage(tx, call.run_id, "active")
    _log(tx, call)
    if is_deleted:
        _set_stage(tx, call.run_id, "deleted")


def _canonical(given: Iterable[Point]) -> list[Point]:
    return [(step, timestamp, canonical(value)) for step, timestamp, value in given]


def _add_model_points(tx: Tx, model_id: str, given: dict[str, str]) -> list[Field]:
    by_run: dict[str, list[ModelPoint]] = {}
    left: list[Field] = []
    there = runs.find_seqs(tx, list({json.loads(text)[3] for text in given})) if given else {}
    for text in given:
        key, step, timestamp, run_id, name, digest, value = json.loads(text)
        if run_id not in there:
            left.append(Field(FieldKind.POINT, text))
            continue
        point = (int(step), int(timestamp), canonical(float(value)))
        by_run.setdefault(run_id, []).append(ModelPoint(model_id, key, point, name, digest))
    for run_id, found in by_run.items():
        series: dict[str, list[Point]] = {}
        for each in found:
            series.setdefault(each.key, []).append(each.point)
        _log_restored(tx, Logged(run_id, series, [], {}, found, True))
    return left


def _integer(text: str | None) -> int | None:
    return None if text is None else int(text)
