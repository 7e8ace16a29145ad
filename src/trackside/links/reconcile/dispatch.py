"""Which reconciler an item goes to: the table of item types."""

from collections.abc import Iterable, Set
from contextlib import suppress

from trackside.links.reconcile.attempt import attempt
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.datasets.item_type import DatasetType
from trackside.links.reconcile.deletions import Losses
from trackside.links.reconcile.item_type import Early
from trackside.links.reconcile.reconciler import Reconciler
from trackside.links.reconcile.registry.item_type import Registry
from trackside.links.reconcile.runs.mirror import Mirror
from trackside.links.reconcile.traces.item_type import TraceReconciler, TraceType
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part


class Mirrors:
    """One pass over the items of a link."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.runs = Mirror(side)
        is_lost = Losses(side).is_lost
        registry = Registry(side, self.runs, is_lost)
        self.models, self.versions = registry.model_type, registry.version_type
        self.datasets = DatasetType(side, self.runs)
        self.traces = TraceType(side, self.runs)
        runs = self.runs.reconcilers.values()
        others = (Reconciler(self.datasets, is_lost), TraceReconciler(self.traces, is_lost))
        self._reconcilers = {each.entity: each for each in (*runs, registry.versions, registry.models, *others)}

    def of(self, entity: Entity) -> Reconciler:
        return self._reconcilers[entity]

    def ours(self, entity: Entity, local_id: str, *, verify: bool) -> str:
        """Return why the item has to be reconciled again; empty if both sides are the same."""
        return self._reconcilers[entity].ours(local_id, verify=verify)

    def theirs(self, entity: Entity, remote_id: str, known: Part | None, *, verify: bool) -> None:
        self._reconcilers[entity].theirs(remote_id, verify=verify, known=known)

    def prepare(self, local: Iterable[tuple[str, str]]) -> None:
        """Send what many items of ours, which come next, share the calls for; given as kinds and ids."""
        trace_ids = [each for entity, each in local if entity == Entity.TRACE]
        with suppress(Early):  # what is refused now is refused again, and noted, when it is its turn
            attempt(lambda: self.traces.prepare(trace_ids), lambda _: None)

    def missing(self, entities: Iterable[Entity], listed: Set[tuple[Entity, str]]) -> list[tuple[Entity, str]]:
        """Return what both sides had and a list of all that the other side has does not name."""
        return [
            (entity, remote_id)
            for entity in entities
            for remote_id in self._reconcilers[entity].missing({each for kind, each in listed if kind is entity})
        ]
