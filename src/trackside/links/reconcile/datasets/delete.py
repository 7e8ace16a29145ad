"""What becomes of an evaluation dataset of a link when one of the two is gone.

Nothing is kept as deleted: what is gone on one side, and unchanged on the other since both agreed, goes there too; what was
changed there meanwhile comes back.
"""

from collections.abc import Callable

from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import Made
from trackside.links.model import Side as Where
from trackside.links.reconcile.datasets.compare import Comparison
from trackside.links.reconcile.deletions import Losses
from trackside.links.state import item_store, work_queue
from trackside.links.state.item_store import Item
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import datasets, reader

DATASET = Entity.DATASET


class Removal:
    """`bring_back` takes one of theirs as if it had never been here."""

    def __init__(self, comparison: Comparison, bring_back: Callable[[str], None]) -> None:
        self.side = comparison.side
        self.peer = comparison.peer
        self._comparison = comparison
        self._bring_back = bring_back
        self._losses = Losses(self.side)
        self._link_id = self.side.link.link_id

    def here(self, item: Item) -> None:
        mode = self.side.link.mode
        theirs = self.peer.read(item.remote_id) if item.remote_id else None
        if theirs is None:
            self._forget(item)
            return
        is_changed = mode is Mode.BOTH and self._comparison.changed_there(item, theirs)
        if is_changed:
            self.side.note("conflict", DATASET, item.local_id, "removed here and changed there: it comes back")
        if is_changed or mode is Mode.PULL:
            self._forget(item)
            self._bring_back(item.remote_id)
            return
        self.side.check_deletion(Where.THERE, theirs.doc.get(("name", ""), item.remote_id))
        self.remove_there(item)
        self._forget(item)
        self.side.write(lambda tx: store.count(tx, self._link_id, sent_items=1))

    def there(self, item: Item) -> None:
        mode = self.side.link.mode
        part = self.side.read(lambda tx: datasets.read(tx, item.local_id))
        if part is None:
            self._forget(item)
            return
        is_lost = mode.takes and self._losses.is_lost(DATASET, item)
        if mode is Mode.PUSH or is_lost or (mode is Mode.BOTH and self._comparison.changed_here(item, part)):
            what = "refused" if mode is Mode.PUSH or is_lost else "conflict"
            text = (
                f"evaluation dataset {part.doc['name', '']}: gone there"
                + (", and nobody removed it" if is_lost else "")
                + (" and changed here" if what == "conflict" else "")
                + ("; created again" if mode.sends else "; it stays here")
            )
            self.side.note(what, DATASET, item.local_id, text)
            self._forget(item)
            self.side.write(lambda tx: work_queue.mark(tx, self._link_id, [(str(DATASET), item.local_id)]))
            return
        self.side.check_deletion(Where.HERE, part.doc["name", ""])

        def remove(tx: Tx) -> None:
            datasets.remove(tx.by(f"link {self.side.link.name}"), item.local_id)
            item_store.forget_item(tx, self._link_id, DATASET, item.local_id)
            store.count(tx, self._link_id, taken_items=1)

        self.side.write(remove)

    def remove_there(self, item: Item) -> None:
        """What is a copy of ours no more is left alone."""
        if item.made_by is Made.US and not self.side.peer.keeps_ids:
            theirs = self.peer.read(item.remote_id)
            if theirs is not None and theirs.doc.get(("tag", reader.SOURCE_DATASET)) != item.local_id:
                return
        self.peer.remove(item.remote_id)

    def _forget(self, item: Item) -> None:
        self.side.write(lambda tx: item_store.forget_item(tx, self._link_id, DATASET, item.local_id))
