"""Lists the ids of a workspace's items of every kind, and reads an item as a document."""

from collections.abc import Callable

from trackside.core.db.tx import Tx
from trackside.evaluation_datasets import replica
from trackside.experiments.model import check_id
from trackside.sync.entities import Entity
from trackside.sync.local import datasets, reader, registry, traces
from trackside.sync.local.reader import Snapshot

_READ: dict[Entity, Callable[[Tx, str], Snapshot | None]] = {
    Entity.EXPERIMENT: reader.experiment,
    Entity.RUN: reader.run,
    Entity.LOGGED_MODEL: reader.model,
    Entity.REGISTERED_MODEL: lambda tx, item_id: registry.read(tx, Entity.REGISTERED_MODEL, item_id),
    Entity.MODEL_VERSION: lambda tx, item_id: registry.read(tx, Entity.MODEL_VERSION, item_id),
    Entity.EVALUATION_DATASET: datasets.read,
    Entity.TRACE: traces.read,
}
_IDS: dict[Entity, Callable[[Tx, str, int, int], list[str]]] = {
    Entity.REGISTERED_MODEL: lambda tx, *page: registry.ids(tx, Entity.REGISTERED_MODEL, *page),
    Entity.MODEL_VERSION: lambda tx, *page: registry.ids(tx, Entity.MODEL_VERSION, *page),
    Entity.EVALUATION_DATASET: replica.ids,
    Entity.TRACE: traces.ids,
}
_TRACKED = {
    Entity.EXPERIMENT: ("experiment_id", "experiments", "last_update_time"),
    Entity.RUN: ("run_id", "runs", "start_time"),
    Entity.LOGGED_MODEL: ("model_id", "logged_models", "creation_timestamp_ms"),
}


def read(tx: Tx, entity: Entity, item_id: str) -> Snapshot | None:
    return _READ[entity](tx, item_id)


def ids(tx: Tx, entity: Entity, after: str, most: int, since: int = 0) -> list[str]:
    """Return ids in order after `after`.  `since` (ms): only of runs that began then or later, and of items that were created or
    changed then or later; 0: of all."""
    if entity in _IDS:
        return _IDS[entity](tx, after, most, since)
    column, table, at = _TRACKED[entity]
    rows = tx.all(
        f"""
        SELECT {column} FROM {table}
        WHERE workspace_id = :ws AND {column} > :after AND (:since = 0 OR {at} >= :since)
        ORDER BY {column} LIMIT :most
        """,
        after=check_id(after or "-1") if entity is Entity.EXPERIMENT else after,
        since=since,
        most=most,
    )
    return [str(each) for (each,) in rows]
