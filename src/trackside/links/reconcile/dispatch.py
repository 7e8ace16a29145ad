"""The table of item types: maps each kind of item to its reconciler."""

from collections.abc import Iterable, Set
from contextlib import suppress

from trackside.links.reconcile.attempt import attempt
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.datasets.item_type import DatasetType
from trackside.links.reconcile.deletions import LossCheck
from trackside.links.reconcile.item_type import RetryLater
from trackside.links.reconcile.reconciler import Reconciler
from trackside.links.reconcile.registry.item_type import types_of_registry
from trackside.links.reconcile.runs.item_type import TrackedType
from trackside.links.reconcile.traces.item_type import TraceReconciler, TraceType
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored

TRACKED = (Entity.EXPERIMENT, Entity.RUN, Entity.LOGGED_MODEL)


class Reconcilers:
    """A pass over the items of a link."""

    def __init__(self, context: LinkContext) -> None:
        self.context = context
        is_lost = LossCheck(context).is_lost
        self.models, self.versions = types_of_registry(context, self)
        self.datasets, self.traces = DatasetType(context, self), TraceType(context, self)
        self.tracked = {entity: TrackedType(entity, context, self) for entity in TRACKED}
        # These are never checked for loss, because their absence deletes none of them.
        tracked = [Reconciler(each, lambda *_: True) for each in self.tracked.values()]
        models = Reconciler(self.models, is_lost)
        versions = Reconciler(self.versions, is_lost, parent=models)
        others = (Reconciler(self.datasets, is_lost), TraceReconciler(self.traces, is_lost))
        self._reconcilers = {each.entity: each for each in (*tracked, versions, models, *others)}

    def of(self, entity: Entity) -> Reconciler:
        return self._reconcilers[entity]

    def reconcile_local(self, entity: Entity, local_id: str, *, verify: bool) -> str:
        """Return why the item has to be reconciled again; empty if both sides are equal."""
        return self._reconcilers[entity].reconcile_local(local_id, verify=verify)

    def reconcile_remote(self, entity: Entity, remote_id: str, known: Snapshot | None = None, *, verify: bool) -> None:
        self._reconcilers[entity].reconcile_remote(remote_id, verify=verify, known=known)

    def remote_of(self, entity: Entity, local_id: str) -> str | None:
        reconciler, item = self._reconcilers[entity], self.context.item(entity, local_id)
        if item is not None and item.remote_id:
            return item.remote_id
        snapshot = reconciler.read(local_id) if self.context.link.mode.sends else None
        if snapshot is None or not reconciler.type.wants(snapshot):
            return None
        # Only what the other item requires is created now; the rest follows in its own turn.
        self.context.enqueue(entity, local_id)
        try:
            made, _ = reconciler.meet(snapshot, item, None)
        except Unmirrored:
            if entity.is_of_registry:
                raise
            return None
        return None if made is None else made.remote_id

    def local_experiment(self, remote_id: str) -> str | None:
        known = self.context.by_remote(Entity.EXPERIMENT, remote_id)
        if known is not None or not self.context.link.mode.takes:
            return None if known is None else known.local_id
        kind = self.tracked[Entity.EXPERIMENT]
        remote = kind.read_remote(remote_id)
        return None if remote is None else kind.create_local(remote)

    def prepare(self, local: Iterable[tuple[str, str]]) -> None:
        """Send many local items that come next and share calls.  `items`: kinds and ids."""
        trace_ids = [each for entity, each in local if entity == Entity.TRACE]
        with suppress(RetryLater):  # an item that is refused now is refused and logged again in its own turn
            attempt(lambda: self.traces.prepare(trace_ids), lambda _: None)

    def missing(self, entities: Iterable[Entity], listed: Set[tuple[Entity, str]]) -> list[tuple[Entity, str]]:
        """Reconcile items that both sides had and that a complete list of the remote does not contain."""
        return [
            (entity, remote_id)
            for entity in entities
            for remote_id in self._reconcilers[entity].missing({each for kind, each in listed if kind is entity})
        ]
