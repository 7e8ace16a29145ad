"""Inputs and outputs of runs: datasets and logged models."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from msgspec import UNSET, UnsetType

from trackside.core import names
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.experiments import store as experiments
from trackside.runs import batch, store
from trackside.runs.limits import MAX_TAG_VALUE
from trackside.runs.model import GivenDataset, GivenInput, GivenModel

MAX_NAME, MAX_DIGEST, MAX_SOURCE, MAX_SCHEMA, MAX_PROFILE = 500, 36, 65_535, 1_048_575, 16_777_215
MAX_TAG_KEY, MAX_INPUT_TAG_VALUE = 255, 500
MAX_MODEL_ID = 250  # the id is part of an index; Trackside's ids have 34 characters
MAX_INPUTS_BYTES = 64 << 20  # a profile alone may have 16 million characters
MAX_EXPERIMENTS = 20
MAX_SUMMARIES = 1000
CONTEXT_TAG = "mlflow.data.context"
MODELS_TAG = "mlflow.log-model.history"
_DECODER = json.JSONDecoder()
_OPENING, _COMMA = re.compile(r"\s*\[\s*"), re.compile(r"\s*,\s*")


class SearchDatasets(Call, frozen=True):
    experiment_ids: list[str] | None = None


class DatasetSummary(Answer, frozen=True):
    experiment_id: str
    name: str
    digest: str
    context: str | UnsetType = UNSET


class FoundDatasets(Answer, frozen=True):
    dataset_summaries: list[DatasetSummary] = []


def log_inputs(tx: Tx, run_id: str, inputs: Sequence[GivenInput], models: Sequence[GivenModel]) -> None:
    """Add datasets and models as inputs of a run.

    A dataset is identified by name and digest within its experiment.  The tags of an existing input stay unchanged."""
    for given in inputs:
        _check(given)
    run_seq, experiment_seq = store.active(tx, run_id)
    for given in inputs:
        assert given.dataset is not None
        dataset_seq = _dataset(tx, experiment_seq, given.dataset)
        is_new = tx.run(
            "INSERT INTO inputs (workspace_id, run_seq, dataset_seq) VALUES (:ws, :run, :dataset) ON CONFLICT DO NOTHING",
            run=run_seq,
            dataset=dataset_seq,
        )
        if is_new:
            tx.many(
                """
                INSERT INTO input_tags (workspace_id, run_seq, dataset_seq, key, value) VALUES (:ws, :run, :dataset, :key, :value)
                ON CONFLICT (run_seq, dataset_seq, key) DO UPDATE SET value = excluded.value
                """,
                [{"key": tag.key, "value": tag.value} for tag in given.tags or []],
                run=run_seq,
                dataset=dataset_seq,
            )
    _link_models(tx, run_seq, "input", models)
    store.changed(tx, run_id, run_seq, "log-inputs")


def tags_of_input(tx: Tx, run_seq: int, name: str, digest: str) -> int | None:
    """Return the number of tags of a dataset input; None if the run has no such input."""
    row = tx.one(
        """
        SELECT (SELECT COUNT(*) FROM input_tags t
            WHERE t.workspace_id = :ws AND t.run_seq = i.run_seq AND t.dataset_seq = i.dataset_seq)
        FROM inputs i JOIN datasets d ON d.dataset_seq = i.dataset_seq
        WHERE i.workspace_id = :ws AND i.run_seq = :run AND d.name = :name AND d.digest = :digest
        """,
        run=run_seq,
        name=name,
        digest=digest,
    )
    return None if row is None else int(row[0])


def remove_input(tx: Tx, run_id: str, name: str, digest: str) -> int:
    """Delete a dataset input with its tags.  Return the number of rows.

    The dataset itself is kept: another run may be about to refer to it."""
    run_seq = store.seq_of(tx, run_id)
    row = tx.one(
        """
        SELECT i.dataset_seq FROM inputs i JOIN datasets d ON d.dataset_seq = i.dataset_seq
        WHERE i.workspace_id = :ws AND i.run_seq = :run AND d.name = :name AND d.digest = :digest
        """,
        run=run_seq,
        name=name,
        digest=digest,
    )
    if row is None:
        return 0
    count = tx.run(
        "DELETE FROM input_tags WHERE workspace_id = :ws AND run_seq = :run AND dataset_seq = :dataset",
        run=run_seq,
        dataset=row[0],
    ) + tx.run(
        "DELETE FROM inputs WHERE workspace_id = :ws AND run_seq = :run AND dataset_seq = :dataset",
        run=run_seq,
        dataset=row[0],
    )
    store.changed(tx, run_id, run_seq, "delete-input")
    return count


def log_outputs(tx: Tx, run_id: str, models: Sequence[GivenModel]) -> None:
    run_seq, _ = store.active(tx, run_id)
    _link_models(tx, run_seq, "output", models)
    store.changed(tx, run_id, run_seq, "log-outputs")


def log_model(tx: Tx, run_id: str, model_json: str) -> None:
    """Add a logged model to the tag in which clients of MLflow 2 find the models of a run."""
    try:
        model = json.loads(model_json)
    except (ValueError, RecursionError):
        raise Invalid(f"Malformed model info. \n {model_json[:1000]} \n is not a valid JSON.") from None
    if not isinstance(model, dict):
        raise Invalid(f"Malformed model info. \n {model_json[:1000]} \n is not a JSON object.")
    absent = {"artifact_path", "flavors", "utc_time_created", "run_id"} - set(model)
    if absent:
        raise Invalid(f"Model json is missing mandatory fields: {absent}")
    run_seq, experiment_seq = store.active(tx, run_id)
    row = tx.one(
        "SELECT value FROM tags WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=run_seq, key=MODELS_TAG
    )
    history = [] if row is None else _records(row[0])
    kept = {
        key: model[key]
        for key in ("run_id", "artifact_path", "utc_time_created", "flavors", "model_uuid")
        if key in model
    }
    value = json.dumps([*history, kept])
    if len(value) > MAX_TAG_VALUE:  # truncated JSON would be invalid, so the oldest records are dropped
        while history and len(value) > MAX_TAG_VALUE:
            history.pop(0)
            value = json.dumps([*history, kept])
    batch.save_tags(tx, [batch.attribute(experiment_seq, run_seq, MODELS_TAG, value)])
    store.changed(tx, run_id, run_seq, "log-model")


def search_datasets(tx: Tx, call: SearchDatasets) -> FoundDatasets:
    ids = call.experiment_ids or []
    if not ids:
        raise Invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(ids) > MAX_EXPERIMENTS:
        raise Invalid(
            f"SearchDatasets request cannot specify more than {MAX_EXPERIMENTS} experiment_ids. "
            f"Received {len(ids)} experiment_ids."
        )
    rows = tx.all(
        """
        SELECT DISTINCT e.experiment_id, d.name, d.digest, t.value FROM datasets d
        JOIN experiments e ON e.experiment_seq = d.experiment_seq
        JOIN inputs i ON i.dataset_seq = d.dataset_seq
        LEFT JOIN input_tags t ON t.run_seq = i.run_seq AND t.dataset_seq = i.dataset_seq AND t.key = :context
        WHERE d.workspace_id = :ws AND d.experiment_seq IN :experiments
        ORDER BY e.experiment_id, d.name, d.digest, t.value NULLS FIRST LIMIT :most
        """,
        experiments=experiments.seqs_of(tx, ids),
        context=CONTEXT_TAG,
        most=MAX_SUMMARIES,
    )
    return FoundDatasets(
        dataset_summaries=[
            DatasetSummary(
                experiment_id=str(e), name=name, digest=digest, context=UNSET if context is None else context
            )
            for e, name, digest, context in rows
        ]
    )


def _records(value: str) -> list[Any]:
    """Return the models that the tag lists.  Users may write the tag and long values are truncated, so incomplete records are
    ignored."""
    found: list[Any] = []
    before = _OPENING.match(value)
    with suppress(ValueError, RecursionError):
        while before is not None:
            record, end = _DECODER.raw_decode(value, before.end())
            found.append(record)
            before = _COMMA.match(value, end)
    return found


def _dataset(tx: Tx, experiment_seq: int, given: GivenDataset) -> int:
    tx.run(
        """
        INSERT INTO datasets (workspace_id, experiment_seq, name, digest, source_type, source, schema_text, profile)
        VALUES (:ws, :experiment, :name, :digest, :source_type, :source, :schema, :profile) ON CONFLICT DO NOTHING
        """,
        experiment=experiment_seq,
        name=given.name,
        digest=given.digest,
        source_type=given.source_type,
        source=given.source,
        schema=given.schema,
        profile=given.profile,
    )
    row = tx.one(
        """
        SELECT dataset_seq FROM datasets
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND name = :name AND digest = :digest
        """,
        experiment=experiment_seq,
        name=given.name,
        digest=given.digest,
    )
    assert row is not None
    seq: int = row[0]
    return seq


def _link_models(tx: Tx, run_seq: int, direction: str, models: Sequence[GivenModel]) -> None:
    for model in models:
        if not model.model_id:
            raise Invalid("A model of a run needs a model_id; it is missing or empty.")
        names.check_length(model.model_id, "model_id", MAX_MODEL_ID)
    tx.many(
        """
        INSERT INTO run_models (workspace_id, run_seq, direction, model_id, step) VALUES (:ws, :run, :direction, :model, :step)
        ON CONFLICT (run_seq, direction, model_id) DO UPDATE SET step = excluded.step
        """,
        [{"model": model.model_id, "step": model.step or 0} for model in models],
        run=run_seq,
        direction=direction,
    )


def _check(given: GivenInput) -> None:
    dataset = given.dataset
    if dataset is None:
        raise Invalid("Dataset input must have a dataset associated with it.")
    for what in ("name", "digest", "source_type", "source"):
        if getattr(dataset, what) is None:
            raise Invalid(f"Dataset {what} cannot be None")
    limits = {
        "name": MAX_NAME,
        "digest": MAX_DIGEST,
        "source": MAX_SOURCE,
        "schema": MAX_SCHEMA,
        "profile": MAX_PROFILE,
    }
    for what, limit in limits.items():
        names.check_length(getattr(dataset, what) or "", what, limit)
    for tag in given.tags or []:
        if tag.key is None or tag.value is None:
            raise Invalid(f"InputTag {'key' if tag.key is None else 'value'} cannot be None")
        names.check_length(tag.key, "key", MAX_TAG_KEY)
        names.check_length(tag.value, "value", MAX_INPUT_TAG_VALUE)
