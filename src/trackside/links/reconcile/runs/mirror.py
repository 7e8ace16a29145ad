"""The reconcilers of experiments, runs and logged models, which need each other."""

from trackside.links.reconcile.context import Side
from trackside.links.reconcile.reconciler import Reconciler
from trackside.links.reconcile.runs.item_type import TrackedType
from trackside.links.state import work_queue
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import Unmirrored

KINDS = (Entity.EXPERIMENT, Entity.RUN, Entity.MODEL)


class Mirror:
    """One pass over the items of a link."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.types = {entity: TrackedType(entity, side, self) for entity in KINDS}
        # Whether one that is absent was lost is not asked for: none of them is deleted for that.
        self.reconcilers = {entity: Reconciler(each, lambda *_: True) for entity, each in self.types.items()}

    def ours(self, entity: Entity, local_id: str, *, verify: bool) -> str:
        return self.reconcilers[entity].ours(local_id, verify=verify)

    def theirs(self, entity: Entity, remote_id: str, known: Part | None, *, verify: bool) -> None:
        self.reconcilers[entity].theirs(remote_id, verify=verify, known=known)

    def remote_of(self, entity: Entity, local_id: str) -> str | None:
        """Return the remote's id of an item of ours, which is created there if it shall be."""
        side, reconciler = self.side, self.reconcilers[entity]
        item = side.item(entity, local_id)
        if item is not None and item.remote_id:
            return item.remote_id
        part = reconciler.read(local_id) if side.link.mode.sends else None
        if part is None or not self.types[entity].wants(part):
            return None
        # Only what it needs to be there is created now: the rest follows when it is its turn.
        side.write(lambda tx: work_queue.mark(tx, side.link.link_id, [(str(entity), local_id)]))
        try:
            made, _ = reconciler.meet(part, item, None)
        except Unmirrored:
            return None
        return None if made is None else made.remote_id

    def create_experiment(self, remote_id: str) -> str | None:
        """Return our id of an experiment of theirs, which is created here if it shall be."""
        kind = self.types[Entity.EXPERIMENT]
        theirs = kind.read_remote(remote_id)
        return None if theirs is None else kind.create_local(theirs)
