"""The cells of a table of runs in SQL: attributes, params, tags, metric summaries and datasets of a few rows."""

from collections.abc import Sequence
from typing import Any

from trackside.core.access import Action
from trackside.core.db.texts import texts
from trackside.core.db.tx import Tx
from trackside.core.filters.nodes import Aggregate, Entity, Field
from trackside.runs.table import datasets
from trackside.runs.table.model import DATASETS, Cell, RunRows, number_cell

PARENT_TAG = "mlflow.parentRunId"

_SUMMARY = (
    """last_value, last_is_nan, first_value, first_is_nan, min_value, max_value, sum_value, value_count, point_count"""
)
_ATTRIBUTES = ("run_id", "run_name", "user_id", "status", "start_time", "end_time", "artifact_uri")
_TABLES = {Entity.PARAM: "params", Entity.TAG: "tags"}

Infos = dict[int, dict[str, Any]]  # by run_seq
Cells = dict[tuple[int, str], Any]  # by run_seq and key


def infos(tx: Tx, run_seqs: Sequence[int]) -> Infos:
    """Return the attributes of the runs that are not deleted."""
    found: Infos = {}
    # The `+` keeps SQLite, which has no statistics, from taking the index of all of the workspace's runs.
    for seq, experiment_seq, experiment_id, stage, *values in tx.all(
        f"""
        SELECT r.run_seq, r.experiment_seq, e.experiment_id, r.lifecycle_stage, {", ".join(f"r.{a}" for a in _ATTRIBUTES)}
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE +r.workspace_id = :ws AND r.run_seq IN :runs
        """,
        runs=list(run_seqs),
    ):
        info = dict(zip(_ATTRIBUTES, values, strict=True))
        start, end = info["start_time"], info["end_time"]
        info["duration"] = None if end is None else end - start
        found[seq] = {
            "experiment_seq": experiment_seq,
            "experiment_id": str(experiment_id),
            "lifecycle_stage": stage,
            **info,
        }
    return found


def rows(
    infos: Infos,
    run_seqs: Sequence[int],
    parents: dict[int, str],
    parent_names: dict[str, str],
    children: dict[str, int],
    matches: Sequence[bool],
) -> RunRows:
    listed = [infos[seq] for seq in run_seqs]
    return RunRows(
        run_id=[info["run_id"] for info in listed],
        run_name=[info["run_name"] for info in listed],
        experiment_id=[info["experiment_id"] for info in listed],
        status=[info["status"] for info in listed],
        lifecycle_stage=[info["lifecycle_stage"] for info in listed],
        user_id=[info["user_id"] for info in listed],
        start_time=[info["start_time"] for info in listed],
        end_time=[info["end_time"] for info in listed],
        parent_run_id=[parents.get(seq) for seq in run_seqs],
        parent_run_name=[parent_names.get(parents.get(seq, "")) for seq in run_seqs],
        children=[children.get(info["run_id"], 0) for info in listed],
        matches=list(matches),
    )


def columns(tx: Tx, fields: Sequence[Field], infos: Infos, run_seqs: Sequence[int]) -> list[list[Cell]]:
    """Return one array per field, in the order of `run_seqs`."""
    by_experiment: dict[int, list[int]] = {}
    for seq in run_seqs:
        by_experiment.setdefault(infos[seq]["experiment_seq"], []).append(seq)
    cells: dict[Entity, Cells] = {}
    for entity in (Entity.PARAM, Entity.TAG, Entity.METRIC):
        keys = sorted({field.key for field in fields if field.entity is entity})
        cells[entity] = found = {}
        if keys:
            for experiment_seq, seqs in by_experiment.items():
                found.update(_cells(tx, entity, experiment_seq, keys, seqs))
    if any(field.entity is Entity.DATASET for field in fields):
        cells[Entity.DATASET] = {(seq, DATASETS): own for seq, own in datasets.read(tx, run_seqs).items()}
    return [_column(field, cells, infos, run_seqs) for field in fields]


def parents(tx: Tx, infos: Infos) -> dict[int, str]:
    """Return the id of each run's parent, from its tag."""
    by_experiment: dict[int, list[int]] = {}
    for seq, info in infos.items():
        by_experiment.setdefault(info["experiment_seq"], []).append(seq)
    found: dict[int, str] = {}
    for experiment_seq, seqs in by_experiment.items():
        for (seq, _), value in _cells(tx, Entity.TAG, experiment_seq, [PARENT_TAG], seqs).items():
            found[seq] = value
    return found


def names(tx: Tx, run_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of the runs that exist and that the caller may read."""
    if not run_ids:
        return {}
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT r.run_id, r.run_name FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id IN :ids{readable}
        """,
        ids=list(run_ids),
        **bound,
    )
    return dict(rows)


def children(tx: Tx, run_ids: Sequence[str], stages: Sequence[str]) -> dict[str, int]:
    """Return the number of direct children of each run.  The condition on the key matches the index `tags_by_parent`."""
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id")
    rows = tx.all(
        f"""
        SELECT t.value, COUNT(*) FROM tags t
        JOIN runs r ON r.run_seq = t.run_seq JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE t.workspace_id = :ws AND t.key = 'mlflow.parentRunId' AND length(t.value) <= 64 AND t.value IN :ids
            AND r.workspace_id = :ws AND r.lifecycle_stage IN :stages{readable}
        GROUP BY t.value
        """,
        ids=list(run_ids),
        stages=list(stages),
        **bound,
    )
    return dict(rows)


def _cells(tx: Tx, entity: Entity, experiment_seq: int, keys: Sequence[str], run_seqs: Sequence[int]) -> Cells:
    """Return the values of keys of runs.  They are read by the primary key, so that other keys of the runs cost nothing."""
    # The `+` keeps SQLite from using the index on `run_seq`, which reads every key of the runs.
    own_key = "+" if tx.dialect == "sqlite" else ""
    if entity is Entity.METRIC:
        return {
            (seq, key): summary
            for seq, key, *summary in tx.all(
                f"""
                SELECT run_seq, key, {_SUMMARY} FROM metric_series
                WHERE {own_key}workspace_id = :ws AND experiment_seq = :experiment AND key IN :keys AND run_seq IN :runs
                """,
                experiment=experiment_seq,
                keys=list(keys),
                runs=list(run_seqs),
            )
        }
    return {
        (seq, key): value
        for seq, key, value in texts(
            tx,
            f"""
            SELECT run_seq AS seq, key, value FROM {_TABLES[entity]}
            WHERE {own_key}workspace_id = :ws AND experiment_seq = :experiment AND key IN :keys AND run_seq IN :runs
            """,
            experiment=experiment_seq,
            keys=list(keys),
            runs=list(run_seqs),
        )
    }


def _column(field: Field, cells: dict[Entity, Cells], infos: Infos, run_seqs: Sequence[int]) -> list[Cell]:
    if field.entity is Entity.ATTRIBUTE:
        return [infos[seq][field.key] for seq in run_seqs]
    found = cells[field.entity]
    if field.entity is not Entity.METRIC:
        return [found.get((seq, field.key)) for seq in run_seqs]
    summaries = (found.get((seq, field.key)) for seq in run_seqs)
    return [None if summary is None else _metric(field.aggregate, summary) for summary in summaries]


def _metric(aggregate: Aggregate, summary: Sequence[Any]) -> Cell:
    last, last_is_nan, first, first_is_nan, low, high, total, values, points = summary
    match aggregate:
        case Aggregate.LAST:
            return number_cell(last, is_nan=last_is_nan)
        case Aggregate.FIRST:
            return number_cell(first, is_nan=first_is_nan)
        case Aggregate.MIN:
            return number_cell(low)
        case Aggregate.MAX:
            return number_cell(high)
        case Aggregate.MEAN:
            return number_cell(total / values if values else None)
        case Aggregate.COUNT:
            return int(points)
