"""What becomes of a registered model or version of a link when one of the two is gone.

Nothing is kept as deleted: what is gone on one side, and unchanged on the other since both agreed, goes there too; what was
changed there meanwhile comes back, and so does what nobody removed (`reconcile.deletions`).
"""

from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import Made
from trackside.links.model import Side as Where
from trackside.links.reconcile.deletions import Losses
from trackside.links.reconcile.registry.compare import Comparison
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items, Steps
from trackside.links.state import item_store, work_queue
from trackside.links.state.item_store import Item
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import registry


class Removal:
    def __init__(self, items: Items, comparison: Comparison, losses: Losses, steps: Steps) -> None:
        self.side = items.side
        self.peer = items.peer
        self._items = items
        self._comparison = comparison
        self._losses = losses
        self._steps = steps

    def here(self, entity: Entity, item: Item) -> None:
        mode = self.side.link.mode
        theirs = self.peer.read(entity, item.remote_id) if item.remote_id else None
        if theirs is None or not self._items.is_the_same(item, theirs):
            self._items.forget(entity, item)
            return
        model = self._model_of(entity, item)
        if model is not None and self._items.read(MODEL, model.local_id) is None:
            self.here(MODEL, model)
            return
        if mode is Mode.PULL:
            self._bring_back(entity, item)
            return
        if mode is Mode.BOTH and self._comparison.changed_there(entity, item, theirs):
            self.side.note("conflict", entity, item.local_id, "removed here and changed there: it comes back")
            self._bring_back(entity, item)
            return
        versions = self._items.versions_of(item) if entity is MODEL else []
        self.side.check_deletion(Where.THERE, self._items.called(theirs), 1 + len(versions))
        if entity is MODEL:
            for each in versions:
                self.remove_there(VERSION, each)
                self._items.forget(VERSION, each)
        if not self.remove_there(entity, item):
            text = f"removed here; {item.remote_id} stays on the other side, which has versions of its own in it"
            self.side.note("skipped", entity, item.local_id, text)
        self._items.forget(entity, item)
        self.side.write(lambda tx: store.count(tx, self._items.link_id, sent_items=1))

    def there(self, entity: Entity, item: Item) -> None:
        mode = self.side.link.mode
        part = self._items.read(entity, item.local_id)
        if part is None:
            self._items.forget(entity, item)
            return
        model = self._model_of(entity, item)
        if model is not None and self.peer.read(MODEL, model.remote_id) is None:
            self.there(MODEL, model)
            return
        is_lost = mode.takes and self._losses.is_lost(entity, item)
        if mode is Mode.PUSH or is_lost or (mode is Mode.BOTH and self._comparison.changed_here(entity, item, part)):
            what = "refused" if mode is Mode.PUSH or is_lost else "conflict"
            text = (
                f"{self._items.called(part)}: gone there"
                + (", and nobody removed it" if is_lost else "")
                + (" and changed here" if what == "conflict" else "")
                + ("; created again" if mode.sends else "; it stays here")
            )
            self.side.note(what, entity, item.local_id, text)
            versions = self._items.versions_of(item) if entity is MODEL else []
            for each in versions:
                self._items.forget(VERSION, each)
            self._items.forget(entity, item)
            again = [(str(entity), item.local_id), *((str(VERSION), each.local_id) for each in versions)]
            self.side.write(lambda tx: work_queue.mark(tx, self._items.link_id, again))
            return
        versions = self._items.versions_of(item) if entity is MODEL else []
        self.side.check_deletion(Where.HERE, self._items.called(part), 1 + len(versions))

        def remove(tx: Tx) -> None:
            tx = tx.by(self._items.user)
            for each in versions:
                registry.remove(tx, VERSION, each.local_id)
                item_store.forget_item(tx, self._items.link_id, VERSION, each.local_id)
            if not registry.remove(tx, entity, item.local_id):
                store.note(
                    tx,
                    self._items.link_id,
                    "skipped",
                    entity,
                    item.local_id,
                    "removed there; stays here with our own versions",
                )
            item_store.forget_item(tx, self._items.link_id, entity, item.local_id)
            store.count(tx, self._items.link_id, taken_items=1)

        self.side.write(remove)

    def remove_there(self, entity: Entity, item: Item) -> bool:
        """False: a model stays, since it has versions.  What has the name or number of ours by now, and is not ours, is
        left alone."""
        theirs = self.peer.read(entity, item.remote_id)
        if theirs is None or not self._items.is_the_same(item, theirs):
            return True
        if entity is MODEL and item.made_by is Made.US and self.peer.model_uid_of(theirs) != item.local_id:
            return True
        return self.peer.remove(entity, item.remote_id)

    def _model_of(self, entity: Entity, version: Item) -> Item | None:
        """That of a version.  If it is gone too they went together: its aliases, which go with the version on the side where
        that is deleted first, would look like a change of it."""
        if entity is MODEL:
            return None
        model = self.side.item(MODEL, version.local_id.partition("/")[0])
        return model if model is not None and model.remote_id else None

    def _bring_back(self, entity: Entity, item: Item) -> None:
        """From there to here."""
        for each in self._items.versions_of(item) if entity is MODEL else []:
            self._items.forget(VERSION, each)
        self._items.forget(entity, item)
        self._steps.theirs(entity, item.remote_id, verify=True)
        for version_id in self.peer.versions_of(item.remote_id) if entity is MODEL else []:
            self._steps.theirs(VERSION, version_id, verify=True)
