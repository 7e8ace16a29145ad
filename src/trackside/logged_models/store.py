"""Logged models in SQL: their life, params and tags.  The SQL of searches is in `search_sql`; their points are written with
those of runs (`runs.model_points`)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import UNSET

from trackside.artifacts.store import Root
from trackside.core import ids, names
from trackside.core.access import Object
from trackside.core.db import tombstones
from trackside.core.db.texts import texts
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import NotFound
from trackside.core.http.codec import wire_double
from trackside.experiments import store as experiments
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.logged_models import model as m
from trackside.runs.model import KeyValue, random_name

_INFO = """l.model_seq, l.model_id, e.experiment_id, l.name, l.creation_timestamp_ms, l.last_updated_timestamp_ms,
    l.artifact_uri, l.status, l.model_type, l.source_run_id, l.status_message"""


def create(
    tx: Tx,
    experiment_id: str,
    *,
    name: str | None = None,
    model_type: str = "",
    source_run_id: str = "",
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    model_id: str | None = None,
) -> str:
    """Return the new model's id: the given one if a model is copied from another workspace."""
    experiment_seq, location = experiments.active(tx, experiment_id)
    if model_id:
        tombstones.check_absent(tx, "logged_model", names.check_item_id(model_id, "model_id"))
    else:
        model_id = f"m-{ids.new_id()}"
    made = tx.one(
        """
        INSERT INTO logged_models (workspace_id, experiment_seq, model_id, name, model_type, source_run_id, status,
            lifecycle_stage, artifact_uri, creation_timestamp_ms, last_updated_timestamp_ms)
        VALUES (:ws, :experiment, :id, :name, :type, :run, :status, 'active', :uri, :now, :now) RETURNING model_seq
        """,
        experiment=experiment_seq,
        id=model_id,
        name=name or random_name(),
        type=model_type,
        run=source_run_id,
        status=m.Status.PENDING,
        uri=artifact_uri(location, model_id),
    )
    assert made is not None
    _insert_params(tx, made[0], experiment_seq, params or {})
    _upsert_tags(tx, made[0], experiment_seq, tags or {})
    tx.record(Change("logged_model", model_id, "create"))
    return model_id


def artifact_uri(location: str, model_id: str) -> str:
    """`<location>/models/<model>/artifacts`, before a query string if the location has one."""
    path, mark, query = location.partition("?")
    return f"{path.rstrip('/')}/models/{model_id}/artifacts{mark}{query}"


def finalize(tx: Tx, model_id: str, status: m.Status) -> None:
    """Set the status; any status may follow any other, as in stock MLflow, also of a deleted model."""
    changed = tx.run(
        """
        UPDATE logged_models SET status = :status, last_updated_timestamp_ms = :now
        WHERE workspace_id = :ws AND model_id = :id
        """,
        id=model_id,
        status=status,
    )
    if not changed:
        raise missing(model_id)
    tx.record(Change("logged_model", model_id, "finalize"))


def delete(tx: Tx, model_id: str) -> None:
    """Marks the model; its files stay.  Harmless when it is marked."""
    holds.check(tx, Held.LOGGED_MODEL, model_id)
    changed = tx.run(
        """
        UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = :now
        WHERE workspace_id = :ws AND model_id = :id
        """,
        id=model_id,
    )
    if not changed:
        raise missing(model_id)
    tx.record(Change("logged_model", model_id, "delete"))


def restore(tx: Tx, model_id: str) -> None:
    """Restore a model, if it is deleted."""
    changed = tx.run(
        """
        UPDATE logged_models SET lifecycle_stage = 'active', last_updated_timestamp_ms = :now
        WHERE workspace_id = :ws AND model_id = :id
        """,
        id=model_id,
    )
    if not changed:
        raise missing(model_id)
    tx.record(Change("logged_model", model_id, "restore"))


def log_params(tx: Tx, model_id: str, params: dict[str, str]) -> None:
    """Log all params, or none if one exists with another value."""
    model_seq, experiment_seq = keys_of(tx, model_id)
    _insert_params(tx, model_seq, experiment_seq, params)
    # Read back rather than before: the first value stays, also if another writer came meanwhile.
    stored: dict[str, str] = dict(
        tx.all(
            """
            SELECT key, value FROM logged_model_params
            WHERE workspace_id = :ws AND experiment_seq = :experiment AND model_seq = :model AND key IN :keys
            """,
            experiment=experiment_seq,
            model=model_seq,
            keys=list(params),
        )
    )
    clashes = {key: (stored[key], value) for key, value in params.items() if stored[key] != value}
    if clashes:
        raise m.clash(clashes, model_id)
    tx.record(Change("logged_model", model_id, "log-params"))


def set_tags(tx: Tx, model_id: str, tags: dict[str, str]) -> None:
    model_seq, experiment_seq = keys_of(tx, model_id)
    _upsert_tags(tx, model_seq, experiment_seq, tags)
    tx.record(Change("logged_model", model_id, "set-tags"))


def delete_tag(tx: Tx, model_id: str, key: str) -> None:
    holds.check(tx, Held.LOGGED_MODEL, model_id)
    model_seq, experiment_seq = keys_of(tx, model_id)
    gone = tx.run(
        """
        DELETE FROM logged_model_tags
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND model_seq = :model AND key = :key
        """,
        experiment=experiment_seq,
        model=model_seq,
        key=key,
    )
    if not gone:
        raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")
    tx.record(Change("logged_model", model_id, "delete-tag"))


def locate(tx: Tx, model_id: str) -> Object | None:
    """The experiment of a logged model, for access control."""
    row = tx.one(
        """
        SELECT e.experiment_id FROM logged_models l JOIN experiments e ON e.experiment_seq = l.experiment_seq
        WHERE l.workspace_id = :ws AND l.model_id = :id
        """,
        id=model_id,
    )
    return None if row is None else Object("experiment", str(row[0]))


def keys_of(tx: Tx, model_id: str) -> tuple[int, int]:
    """Return the internal keys of a model and its experiment.  Deleted models also accept params and tags, as in MLflow."""
    row = tx.one(
        "SELECT model_seq, experiment_seq FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id
    )
    if row is None:
        raise missing(model_id)
    return row[0], row[1]


def get(tx: Tx, model_id: str, *, allow_deleted: bool = False) -> m.LoggedModel:
    row = tx.one(
        "SELECT model_seq, lifecycle_stage FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=model_id
    )
    if row is None or (row[1] != "active" and not allow_deleted):
        raise missing(model_id)
    return load(tx, [row[0]])[0]


def root_of(tx: Tx, model_id: str) -> Root:
    """Return the artifact root of a model."""
    row = tx.one(
        """
        SELECT l.artifact_uri, w.default_artifact_root
        FROM logged_models l JOIN workspaces w ON w.workspace_id = l.workspace_id
        WHERE l.workspace_id = :ws AND l.model_id = :id AND l.lifecycle_stage = 'active'
        """,
        id=model_id,
    )
    if row is None:
        raise missing(model_id)
    return Root(uri=row[0], workspace_root=row[1])


def load(tx: Tx, model_seqs: Sequence[int]) -> list[m.LoggedModel]:
    """Return models from their rows, in the order of `model_seqs`."""
    seqs = list(model_seqs)
    # The `+` keeps SQLite, which has no statistics, from taking the index of all of the workspace's models.
    infos = {
        row[0]: row[1:]
        for row in tx.all(
            f"""
            SELECT {_INFO} FROM logged_models l JOIN experiments e ON e.experiment_seq = l.experiment_seq
            WHERE +l.workspace_id = :ws AND l.model_seq IN :models
            """,
            models=seqs,
        )
    }
    params = _pairs(
        texts(
            tx,
            """
            SELECT model_seq AS seq, key, value FROM logged_model_params
            WHERE workspace_id = :ws AND model_seq IN :models ORDER BY model_seq, key
            """,
            models=seqs,
        )
    )
    tags = _pairs(
        texts(
            tx,
            """
            SELECT model_seq AS seq, key, value FROM logged_model_tags
            WHERE workspace_id = :ws AND model_seq IN :models ORDER BY model_seq, key
            """,
            models=seqs,
        )
    )
    points = _by_model(
        tx.all(
            """
            SELECT p.model_seq, p.key, p.value, p.is_nan, p.logged_at, p.step, d.name, d.digest, r.run_id
            FROM logged_model_points p JOIN runs r ON r.run_seq = p.run_seq
            LEFT JOIN logged_model_datasets d ON d.dataset_key = p.dataset_key
            WHERE p.workspace_id = :ws AND p.model_seq IN :models
            ORDER BY p.model_seq, p.key, p.logged_at, p.step, p.run_seq, p.dataset_key, p.value
            """,
            models=seqs,
        ),
        lambda *point: point,
    )
    return [
        _model(infos[seq], params.get(seq, []), tags.get(seq, []), points.get(seq, [])) for seq in seqs if seq in infos
    ]


def dataset_keys(tx: Tx, experiment_seqs: Sequence[int], name: str, digest: str) -> list[int]:
    """Return the datasets with a name and a digest.  An empty name or digest matches all."""
    return [
        key
        for (key,) in tx.all(
            """
            SELECT dataset_key FROM logged_model_datasets
            WHERE workspace_id = :ws AND experiment_seq IN :experiments
                AND (:name = '' OR name = :name) AND (:digest = '' OR digest = :digest) ORDER BY dataset_key
            """,
            experiments=list(experiment_seqs),
            name=name,
            digest=digest,
        )
    ]


def missing(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.").because(
        "missing", kind="logged_model", name=model_id
    )


def _insert_params(tx: Tx, model_seq: int, experiment_seq: int, params: dict[str, str]) -> None:
    tx.many(
        """
        INSERT INTO logged_model_params (workspace_id, experiment_seq, key, model_seq, value)
        VALUES (:ws, :experiment, :key, :model, :value) ON CONFLICT DO NOTHING
        """,
        [{"key": key, "value": value} for key, value in params.items()],
        experiment=experiment_seq,
        model=model_seq,
    )


def _upsert_tags(tx: Tx, model_seq: int, experiment_seq: int, tags: dict[str, str]) -> None:
    tx.many(
        """
        INSERT INTO logged_model_tags (workspace_id, experiment_seq, key, model_seq, value)
        VALUES (:ws, :experiment, :key, :model, :value)
        ON CONFLICT (experiment_seq, key, model_seq) DO UPDATE SET value = excluded.value
        """,
        [{"key": key, "value": value} for key, value in tags.items()],
        experiment=experiment_seq,
        model=model_seq,
    )


def _model(info: Row, params: list[KeyValue], tags: list[KeyValue], points: list[Row]) -> m.LoggedModel:
    model_id, experiment_id, name, created, updated, uri, status, model_type, run_id, status_message = info
    return m.LoggedModel(
        info=m.ModelInfo(
            model_id=model_id,
            experiment_id=str(experiment_id),
            name=name,
            creation_timestamp_ms=created,
            last_updated_timestamp_ms=updated,
            artifact_uri=uri,
            status=m.Status(status).wire,
            model_type=model_type,
            source_run_id=run_id,
            status_message=UNSET if status_message is None else status_message,
            tags=tags,
        ),
        data=m.ModelData(
            params=params,
            metrics=[
                m.Metric(
                    key=key,
                    value=wire_double(value, is_nan=is_nan),
                    timestamp=timestamp,
                    step=step,
                    dataset_name=dataset or UNSET,
                    dataset_digest=digest or UNSET,
                    model_id=model_id,
                    run_id=run,
                )
                for key, value, is_nan, timestamp, step, dataset, digest, run in points
            ],
        ),
    )


def _by_model(rows: Iterable[Row], make: Callable[..., Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for seq, *values in rows:
        found.setdefault(seq, []).append(make(*values))
    return found


def _pairs(rows: Iterable[Row]) -> dict[int, list[KeyValue]]:
    return _by_model(rows, lambda key, value: KeyValue(key=key, value=value))
