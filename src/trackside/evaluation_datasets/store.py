"""Evaluation datasets in SQL: their life, tags and experiments.  Their records are in `record_store`."""

import json
import uuid
from collections.abc import Sequence

from msgspec.structs import replace

from trackside.core.access import Object
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.evaluation_datasets import model as m
from trackside.holds import store as holds
from trackside.workspaces import store as workspaces

_COLUMNS = """evaluation_dataset_seq, dataset_id, name, digest, schema_text, record_count, created_time, last_update_time,
    created_by, last_updated_by"""


def create(tx: Tx, name: str, tags: m.Tags, experiment_ids: Sequence[str]) -> m.EvaluationDataset:
    """Create a dataset; names need not be unique.  The answer has its experiments."""
    workspaces.hold(tx)
    experiments = _known_experiments(tx, experiment_ids)
    dataset_id = f"d-{uuid.uuid4().hex}"
    made = tx.one(
        """
        INSERT INTO evaluation_datasets (workspace_id, dataset_id, name, digest, record_count, created_time,
            last_update_time, created_by, last_updated_by)
        VALUES (:ws, :id, :name, :digest, 0, :now, :now, :user, :user) RETURNING evaluation_dataset_seq
        """,
        id=dataset_id,
        name=name,
        digest=m.digest(name, tx.now),
        user=m.user_of(dict(tags)),
    )
    assert made is not None
    put_tags(tx, made[0], tags)
    _add_experiments(tx, made[0], list(experiments.values()))
    tx.record(Change("evaluation_dataset", dataset_id, "create"))
    return replace(load(tx, made)[0], experiment_ids=list(experiments))


def get(tx: Tx, dataset_id: str) -> m.EvaluationDataset:
    row = tx.one(
        "SELECT evaluation_dataset_seq FROM evaluation_datasets WHERE workspace_id = :ws AND dataset_id = :id",
        id=dataset_id,
    )
    if row is None:
        raise NotFound(f"Evaluation dataset with id '{dataset_id}' not found")
    return load(tx, row)[0]


def locate(tx: Tx, dataset_id: str) -> tuple[Object, ...] | None:
    """Return the experiments that a dataset is for, perhaps none; None if there is no such dataset."""
    rows = tx.all(
        """
        SELECT e.experiment_id FROM evaluation_datasets d
        LEFT JOIN evaluation_dataset_experiments x ON x.evaluation_dataset_seq = d.evaluation_dataset_seq
        LEFT JOIN experiments e ON e.experiment_seq = x.experiment_seq
        WHERE d.workspace_id = :ws AND d.dataset_id = :id
        """,
        id=dataset_id,
    )
    return tuple(Object("experiment", str(each)) for (each,) in rows if each is not None) if rows else None


def delete(tx: Tx, dataset_id: str) -> None:
    """Delete a dataset with its records, if it exists, as in stock MLflow."""
    holds.check_not_whole(tx)
    seq = find_locked(tx, dataset_id)
    if seq is None:
        return
    for table in (
        "evaluation_dataset_records",
        "evaluation_dataset_experiments",
        "evaluation_dataset_tags",
        "evaluation_datasets",
    ):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq", seq=seq)
    tx.record(Change("evaluation_dataset", dataset_id, "delete"))


def set_tags(tx: Tx, dataset_id: str, tags: m.Tags) -> None:
    """Adds to those that are there; a null changes nothing.  The dataset counts as unchanged, as on stock."""
    seq = find_locked(tx, dataset_id)
    if seq is None:
        raise NotFound(f"Could not find evaluation dataset with ID {dataset_id}")
    put_tags(tx, seq, {key: value for key, value in tags.items() if value is not None})
    tx.record(Change("evaluation_dataset", dataset_id, "set-tags"))


def delete_tag(tx: Tx, dataset_id: str, key: str) -> None:
    """Delete a tag, if the tag and the dataset exist, as in stock MLflow."""
    seq = find_locked(tx, dataset_id)
    gone = seq is not None and tx.run(
        "DELETE FROM evaluation_dataset_tags WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND key = :key",
        seq=seq,
        key=key,
    )
    if gone:
        tx.record(Change("evaluation_dataset", dataset_id, "delete-tag"))


def add_experiments(tx: Tx, dataset_id: str, experiment_ids: Sequence[str]) -> m.EvaluationDataset:
    seq = locked(tx, dataset_id)
    associate(tx, seq, experiment_ids)
    _touch(tx, seq)
    tx.record(Change("evaluation_dataset", dataset_id, "add-experiments"))
    return load(tx, [seq])[0]


def remove_experiments(tx: Tx, dataset_id: str, experiment_ids: Sequence[str]) -> m.EvaluationDataset:
    """Remove experiments from a dataset; other ids are ignored."""
    seq = locked(tx, dataset_id)
    if dissociate(tx, seq, experiment_ids):
        _touch(tx, seq)
        tx.record(Change("evaluation_dataset", dataset_id, "remove-experiments"))
    return load(tx, [seq])[0]


def experiment_ids(tx: Tx, dataset_id: str) -> list[str]:
    """Return the experiments in the order in which they were added; none for a missing dataset, as in stock MLflow."""
    rows = tx.all(
        """
        SELECT e.experiment_id FROM evaluation_datasets d
        JOIN evaluation_dataset_experiments x ON x.evaluation_dataset_seq = d.evaluation_dataset_seq
        JOIN experiments e ON e.experiment_seq = x.experiment_seq
        WHERE d.workspace_id = :ws AND d.dataset_id = :id ORDER BY x.added_at, e.experiment_seq
        """,
        id=dataset_id,
    )
    return [str(experiment_id) for (experiment_id,) in rows]


def experiment_seqs(tx: Tx, experiment_ids: Sequence[str]) -> list[int]:
    """Internal keys of those that exist."""
    return list(_experiments(tx, experiment_ids).values())


def load(tx: Tx, seqs: Sequence[int]) -> list[m.EvaluationDataset]:
    """Return the datasets in the order of `seqs`."""
    rows = {
        row[0]: row[1:]
        for row in tx.all(
            f"SELECT {_COLUMNS} FROM evaluation_datasets WHERE workspace_id = :ws AND evaluation_dataset_seq IN :seqs",
            seqs=list(seqs),
        )
    }
    tags: dict[int, m.Tags] = {seq: {} for seq in rows}
    for seq, key, value in tx.all(
        """
        SELECT evaluation_dataset_seq, key, value FROM evaluation_dataset_tags
        WHERE workspace_id = :ws AND evaluation_dataset_seq IN :seqs ORDER BY evaluation_dataset_seq, key
        """,
        seqs=list(seqs),
    ):
        tags[seq][key] = value
    found = []
    for seq in seqs:
        if seq not in rows:
            continue
        dataset_id, name, digest, schema, record_count, created, updated, creator, updater = rows[seq]
        found.append(
            m.EvaluationDataset(
                dataset_id=dataset_id,
                name=name,
                tags=json.dumps(tags[seq]),
                schema=schema,
                profile=m.profile(record_count, schema),
                digest=digest,
                created_time=created,
                last_update_time=updated,
                created_by=creator,
                last_updated_by=updater,
            )
        )
    return found


def locked(tx: Tx, dataset_id: str) -> int:
    """Return the internal key of a dataset and lock it until the end of the transaction."""
    seq = find_locked(tx, dataset_id)
    if seq is None:
        raise m.missing(dataset_id)
    return seq


def find_locked(tx: Tx, dataset_id: str) -> int | None:
    row = tx.one(
        """
        SELECT evaluation_dataset_seq FROM evaluation_datasets WHERE workspace_id = :ws AND dataset_id = :id FOR UPDATE
        """,
        id=dataset_id,
    )
    return None if row is None else int(row[0])


def put_tags(tx: Tx, seq: int, tags: m.Tags) -> None:
    tx.many(
        """
        INSERT INTO evaluation_dataset_tags (workspace_id, evaluation_dataset_seq, key, value)
        VALUES (:ws, :seq, :key, :value)
        ON CONFLICT (evaluation_dataset_seq, key) DO UPDATE SET value = excluded.value
        """,
        [{"key": key, "value": value} for key, value in tags.items()],
        seq=seq,
    )


def associate(tx: Tx, seq: int, experiment_ids: Sequence[str]) -> None:
    """Add experiments, all of which must exist."""
    _add_experiments(tx, seq, list(_known_experiments(tx, experiment_ids).values()))


def dissociate(tx: Tx, seq: int, experiment_ids: Sequence[str]) -> int:
    """Remove experiments from the dataset; return how many it had."""
    return tx.run(
        """
        DELETE FROM evaluation_dataset_experiments
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq AND experiment_seq IN :experiments
        """,
        seq=seq,
        experiments=experiment_seqs(tx, experiment_ids),
    )


def _touch(tx: Tx, seq: int) -> None:
    tx.run(
        """
        UPDATE evaluation_datasets SET last_update_time = :now
        WHERE workspace_id = :ws AND evaluation_dataset_seq = :seq
        """,
        seq=seq,
    )


def _add_experiments(tx: Tx, seq: int, experiments: Sequence[int]) -> None:
    tx.many(
        """
        INSERT INTO evaluation_dataset_experiments (workspace_id, evaluation_dataset_seq, experiment_seq, added_at)
        VALUES (:ws, :seq, :experiment, :now) ON CONFLICT DO NOTHING
        """,
        [{"experiment": experiment} for experiment in experiments],
        seq=seq,
    )


def _known_experiments(tx: Tx, experiment_ids: Sequence[str]) -> dict[str, int]:
    """Internal keys by ids, in the order of these; each must exist."""
    found = _experiments(tx, experiment_ids)
    for experiment_id in experiment_ids:
        if experiment_id not in found:
            raise NotFound(f"No Experiment with id={experiment_id[:100]}")
    return {experiment_id: found[experiment_id] for experiment_id in experiment_ids}


def _experiments(tx: Tx, experiment_ids: Sequence[str]) -> dict[str, int]:
    """Internal keys by ids.  What is no number is the id of nothing."""
    numbers = {int(given) for given in experiment_ids if given.isascii() and given.isdigit() and len(given) < 19}
    rows = tx.all(
        "SELECT experiment_id, experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids",
        ids=sorted(numbers),
    )
    return {str(experiment_id): seq for experiment_id, seq in rows}
