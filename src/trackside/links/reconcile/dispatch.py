"""What brings an item of any kind to the same state on both sides: runs and what is around them, the registry,
and evaluation datasets."""

from collections.abc import Iterable, Set

from trackside.links.reconcile.context import Side
from trackside.links.reconcile.datasets.reconcile import DatasetMirror
from trackside.links.reconcile.registry.reconcile import RegistryMirror
from trackside.links.reconcile.runs import Mirror
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part


class Mirrors:
    """One pass over the items of a link."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._runs = Mirror(side)
        self._registry = RegistryMirror(side, self._runs)
        self._datasets = DatasetMirror(side, self._runs)

    def ours(self, entity: Entity, local_id: str, *, verify: bool) -> None:
        if entity.is_of_registry:
            self._registry.ours(entity, local_id, verify=verify)
        elif entity is Entity.DATASET:
            self._datasets.ours(local_id, verify=verify)
        else:
            self._runs.ours(entity, local_id, verify=verify)

    def theirs(self, entity: Entity, remote_id: str, known: Part | None, *, verify: bool) -> None:
        if entity.is_of_registry:
            self._registry.theirs(entity, remote_id, verify=verify, known=known)
        elif entity is Entity.DATASET:
            self._datasets.theirs(remote_id, verify=verify, known=known)
        else:
            self._runs.theirs(entity, remote_id, known, verify=verify)

    def gone(self, listed: Iterable[tuple[Entity, str]]) -> list[tuple[Entity, str]]:
        return self._registry.gone(listed)

    def gone_datasets(self, listed: Set[str]) -> list[str]:
        return self._datasets.gone(listed)
