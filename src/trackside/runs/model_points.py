"""Points that are logged for models in addition to their runs.  Depends on the tables of such points and on the key of a
model."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.runs.limits import Logged, ModelPoint

_COLUMNS = "workspace_id, experiment_seq, key, model_seq, dataset_key, logged_at, step, run_seq, value, is_nan"
_POINT = ("experiment", "key", "model", "dataset", "logged_at", "step", "run", "value", "is_nan")
_Ranked = tuple[int, int, int, float, int]  # timestamp, step, -run_seq, value, is_nan: the newest point is the largest
_NEWER = "(excluded.logged_at, excluded.step, -excluded.run_seq, excluded.value, excluded.is_nan)"
_THAN = "(l.logged_at, l.step, -l.run_seq, l.value, l.is_nan)"


class ModelKeys(Struct, frozen=True):
    model_seq: int
    experiment_seq: int


def models_of(tx: Tx, calls: Sequence[Logged]) -> dict[str, ModelKeys]:
    """Return the existing models that the calls log points for, including deleted ones, as in MLflow."""
    ids = {point.model_id for call in calls for point in call.model_points}
    if not ids:
        return {}
    return {
        model_id: ModelKeys(model_seq, experiment_seq)
        for model_id, model_seq, experiment_seq in tx.all(
            """
            SELECT model_id, model_seq, experiment_seq FROM logged_models
            WHERE workspace_id = :ws AND model_id IN :ids
            """,
            ids=list(ids),
        )
    }


def fault_of(call: Logged, models: dict[str, ModelKeys]) -> NotFound | None:
    for point in call.model_points:
        if point.model_id not in models:
            return NotFound(f"Logged model with ID '{point.model_id}' not found.")
    return None


def save(tx: Tx, points: Sequence[tuple[int, ModelPoint]], models: dict[str, ModelKeys]) -> None:
    """Store `points`: (run_seq, point).  Existing points are ignored."""
    datasets = _datasets(tx, {_dataset(point, models) for _, point in points})
    rows = set()
    newest: dict[tuple[int, str, int, int], _Ranked] = {}
    for run_seq, given in points:
        model = models[given.model_id]
        dataset = datasets[_dataset(given, models)]
        step, timestamp, value = given.point
        is_nan = int(value != value)
        number = 0.0 if is_nan else value
        rows.add((model.experiment_seq, given.key, model.model_seq, dataset, timestamp, step, run_seq, number, is_nan))
        ranked = (timestamp, step, -run_seq, number, is_nan)
        for scope in (0, dataset) if dataset else (0,):
            series = (model.experiment_seq, given.key, model.model_seq, scope)
            if series not in newest or ranked > newest[series]:
                newest[series] = ranked
    # Sorted, so that two servers on one store cannot deadlock.
    tx.many(
        f"""
        INSERT INTO logged_model_points ({_COLUMNS})
        VALUES (:ws, :experiment, :key, :model, :dataset, :logged_at, :step, :run, :value, :is_nan)
        ON CONFLICT DO NOTHING
        """,
        [dict(zip(_POINT, row, strict=True)) for row in sorted(rows)],
    )
    tx.many(
        f"""
        INSERT INTO logged_model_latest AS l ({_COLUMNS})
        VALUES (:ws, :experiment, :key, :model, :dataset, :logged_at, :step, :run, :value, :is_nan)
        ON CONFLICT (experiment_seq, key, model_seq, dataset_key) DO UPDATE SET value = excluded.value,
            is_nan = excluded.is_nan, logged_at = excluded.logged_at, step = excluded.step, run_seq = excluded.run_seq
        WHERE {_NEWER} > {_THAN}
        """,
        [
            dict(zip(_POINT, (*series, timestamp, step, -run, number, is_nan), strict=True))
            for series, (timestamp, step, run, number, is_nan) in sorted(newest.items())
        ],
    )
    _announce(tx, {given.model_id for _, given in points})


def _dataset(point: ModelPoint, models: dict[str, ModelKeys]) -> tuple[int, str, str]:
    return models[point.model_id].experiment_seq, point.dataset_name or "", point.dataset_digest or ""


def _datasets(tx: Tx, wanted: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    """Return the keys of datasets by (experiment, name, digest); 0 for no dataset."""
    keys = {dataset: 0 for dataset in wanted if not dataset[1] and not dataset[2]}
    named = sorted(wanted - keys.keys())
    if not named:
        return keys
    tx.many(
        """
        INSERT INTO logged_model_datasets (workspace_id, experiment_seq, name, digest)
        VALUES (:ws, :experiment, :name, :digest) ON CONFLICT DO NOTHING
        """,
        [dict(zip(("experiment", "name", "digest"), dataset, strict=True)) for dataset in named],
    )
    for key, *dataset in tx.all(
        """
        SELECT dataset_key, experiment_seq, name, digest FROM logged_model_datasets
        WHERE workspace_id = :ws AND experiment_seq IN :experiments AND name IN :names AND digest IN :digests
        """,
        experiments=sorted({experiment for experiment, _, _ in named}),
        names=sorted({name for _, name, _ in named}),
        digests=sorted({digest for _, _, digest in named}),
    ):
        keys[dataset[0], dataset[1], dataset[2]] = key
    return keys


def _announce(tx: Tx, model_ids: set[str]) -> None:
    """Record in the change log that the models were logged to; one entry per model is enough."""
    news = [{"id": model_id} for model_id in sorted(model_ids)]
    tx.many(
        f"""
        DELETE FROM changes
        WHERE workspace_id = :ws AND entity = 'logged_model' AND entity_id = :id AND action = 'log' AND {LOOKED_UP}
        """,
        news,
    )
    tx.note_change()
    tx.many(
        """
        INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at)
        VALUES (:ws, 'logged_model', :id, 'log', :now)
        """,
        news,
    )
