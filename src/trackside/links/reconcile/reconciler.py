"""Brings an item to the same state on both sides of a link: one algorithm for all kinds of items with an `ItemType`.

Can run again at any time, also after a crash half-way. The agreed state is saved last, in the transaction that applies
the remote's changes. The intention to create a copy is saved before the call that creates it, so that after a crash the
copy is searched for instead of created twice.

Items of most kinds disappear when they are deleted. If an item is missing on one side, and the other side did not
change it since the agreed state, it is deleted there too. An item that was changed meanwhile is created again, and so
is a lost one (`deletions`). Runs, experiments and logged models remain after a deletion (`ItemType.keeps_deleted`):
their deletion changes a field, and a missing one is created again.
"""

from collections.abc import Callable, Set
from functools import partial

import msgspec

from trackside.core.db.tx import Tx
from trackside.core.http_client.errors import RequestRejected
from trackside.links import store
from trackside.links.model import CreatedBy, LogKind
from trackside.links.model import Side as Where
from trackside.links.reconcile import identity, renames
from trackside.links.reconcile.item_type import Compared, ItemType, Sent
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.item import ItemState
from trackside.sync import document, fields
from trackside.sync.document import Merged, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field
from trackside.sync.local.reader import Snapshot

PAGE = 500
IsLost = Callable[
    [Entity, ItemState], bool
]  # whether an item that the remote lacks was lost with its store, and not removed


class Reconciler:
    """`parent` reconciles the items above those of this kind, whose id is the first half of theirs: `PARENT/ID`."""

    def __init__(self, item_type: ItemType, is_lost: IsLost, parent: "Reconciler | None" = None) -> None:
        self.type = item_type
        self.context = item_type.context
        self.entity: Entity = item_type.entity
        self._is_lost = is_lost
        self._link_id = self.context.link_id
        self._parent = parent
        self.child: Reconciler | None = None
        if parent is not None:
            parent.child = self

    def reconcile_local(
        self, local_id: str, *, verify: bool, remote: Snapshot | None = None, is_new: bool = False
    ) -> str:
        """Reconcile a local item that may have changed or been deleted, locally or on the remote (`remote`).

        `is_new`: the local item was just created. Return why it has to be reconciled again; empty if both sides are
        equal.
        """
        unknown = self.type.unknown()
        if unknown:
            self.context.note_once(LogKind.SKIPPED, self.entity, "", unknown)
            return ""
        snapshot, item = self.read(local_id), self.context.item(self.entity, local_id)
        if snapshot is None:
            if item is not None and not self.type.keeps_deleted:
                self.deleted_locally(item)
            return ""
        if not self.type.is_wanted(snapshot, item, remote):
            return ""
        if item is None or not item.remote_id:
            if not self.context.link.mode.sends and remote is None:
                return ""
            is_new = True
            item, remote = self.meet(snapshot, item, remote)
            if item is None:
                return ""
        return self._converge(snapshot, item, remote, verify=verify, is_new=is_new)

    def reconcile_remote(self, remote_id: str, *, verify: bool, known: Snapshot | None = None) -> None:
        """Reconcile a remote item that may have changed or been deleted.  `known`: its state in a list."""
        if not self.context.link.mode.takes:
            return
        item = self.context.by_remote(self.entity, remote_id)
        if known is not None and item is None and self.type.is_before(known):
            return
        if known is not None and item is not None and not verify and self.type.is_as_agreed(item, known):
            self.context.confirm(self.entity, item)
            return
        snapshot = self.type.read_remote(remote_id)
        if snapshot is None and self.type.keeps_deleted:
            return
        if item is not None and (snapshot is None or not self.type.is_same(item, snapshot)):
            self.missing_remotely(item, snapshot)
            item = self.context.by_remote(self.entity, remote_id)  # another item, if names changed hands
            if item is not None and snapshot is not None and not self.type.is_same(item, snapshot):
                return
        if snapshot is None:
            return
        local_id = item.local_id if item is not None else self.type.create_local(snapshot)
        if local_id is not None:
            self.reconcile_local(local_id, verify=verify, remote=snapshot, is_new=item is None)

    def missing(self, listed: Set[str]) -> list[str]:
        """Reconcile what both sides had and a complete list of the remote does not contain."""
        found: list[str] = []
        items = self._page("")
        while items:
            found += [item.remote_id for item in items if item.remote_id not in listed]
            items = self._page(items[-1].local_id) if len(items) == PAGE else []
        return found

    def read(self, local_id: str) -> Snapshot | None:
        return self.context.read_local(self.type.read_local, local_id)

    def meet(
        self, snapshot: Snapshot, item: ItemState | None, remote: Snapshot | None
    ) -> tuple[ItemState | None, Snapshot | None]:
        """Find or create the counterpart of a local item, and save it.  None: there is none by the link's rules."""
        if remote is not None:
            remote_id = remote.item_id
        else:
            found = self.type.match(snapshot)
            created = self.type.create_remote(snapshot) if found is None else None
            if found is None and created is None:
                return None, None
            if created is not None and not created.existed:
                self.context.save(self.entity, snapshot.item_id, created.id, CreatedBy.US, None)
                made = created.snapshot or self.type.read_remote(created.id)
                agreed = None if made is None else self.type.as_created(snapshot, made)
                if agreed is not None:
                    self.context.save(self.entity, snapshot.item_id, created.id, CreatedBy.US, agreed)
                return self._saved(snapshot.item_id), made
            remote_id = created.id if created is not None else found or ""
            remote = self.type.read_remote(remote_id)
        # If its creation was intended before a crash, this link created it, unless the item says otherwise.
        created_here = item is not None and remote is not None and identity.was_created_here(self.context, remote)
        made_by = CreatedBy.US if created_here else CreatedBy.THEM
        self.context.write(identity.save_pair, self.context, self.entity, snapshot.item_id, remote_id, made_by)
        return self._saved(snapshot.item_id), remote

    def forget(self, item: ItemState) -> None:
        self.context.forget(self.entity, item)

    def below(self, item: ItemState) -> list[tuple["Reconciler", ItemState]]:
        """Return the items below one of this kind, with their reconciler."""
        child = self.child
        if child is None:
            return []
        return [(child, each) for each in self.context.items_below(child.entity, item.local_id)]

    def _converge(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, *, verify: bool, is_new: bool
    ) -> str:
        context = self.context
        if remote is None and (verify or item.base is None or self.type.must_read_remote(snapshot, item)):
            remote = self.type.read_remote(item.remote_id)
            if remote is None or not self.type.is_same(item, remote):
                self.missing_remotely(item, remote)
                return ""
        if remote is not None:
            self.type.check_usable(snapshot, item, remote)
            context.confirm(self.entity, item)
        compared = self.type.merge(snapshot, item, remote)
        if self.type.keeps_deleted and not is_new:  # an item deleted before it was copied is not lost
            self._check_deletion(snapshot, compared.merged)
        for conflict in compared.merged.conflicts:
            if conflict.field.kind not in self.type.quiet:
                context.note_conflict(self.entity, snapshot.item_id, self.type.describe(snapshot, conflict))
        if self.type.has_names:
            below = None if self.child is None else self.child.entity
            renames.wait_for_rename(self.type, item, compared.merged, below)
        with context.whole():
            try:
                sent = self.type.patch_remote(snapshot, item, remote, compared, verify=verify)
            except RequestRejected as refused:
                if not refused.is_missing or self.type.read_remote(item.remote_id) is not None:
                    raise  # the item exists: something that it refers to does not
                self.missing_remotely(item)
                return ""
            self._save(snapshot, item, remote, compared, sent)
        self.type.finish(snapshot, item, remote, sent, verify=verify)
        return sent.behind

    def _check_deletion(self, snapshot: Snapshot, merged: Merged) -> None:
        """Raise DeletionHeld if the item is to be deleted on a side and that was not accepted."""
        for where, patch in ((Where.THERE, merged.for_them), (Where.HERE, merged.for_us)):
            if patch.put.get(fields.STAGE) == "deleted":
                self.context.check_deletion(where, self.type.called(snapshot))

    def _save(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, sent: Sent
    ) -> None:
        """Apply the remote's changes, and save the agreed state in the transaction of the last part."""
        merged = sent.merged
        *early, last = self.type.portions(merged.for_us)
        stale: set[Field] = set()
        left: set[Field] = set()

        def apply(tx: Tx, patch: Patch) -> bool:
            some = msgspec.structs.replace(merged, for_us=patch)
            changed = self.type.changed_meanwhile(tx, snapshot, some)
            stale.update(changed)
            kept = document.without(some, changed, compared.base).for_us
            left.update(self.type.apply_local(tx, snapshot, kept, remote, sent) or ())
            return bool(kept)

        def work(tx: Tx) -> None:
            has_taken = apply(tx, last)
            if sent.remote_id != item.remote_id and self.child is not None:
                item_store.rename_remote(tx, self._link_id, self.child.entity, item.remote_id, sent.remote_id)
            both = {**document.without(merged, stale, compared.base).agreed, **compared.kept}
            agreed = {field: value for field, value in both.items() if field not in left}
            base = None if agreed == item.base else agreed
            item_store.save_item(tx, self._link_id, self.entity, snapshot.item_id, sent.remote_id, item.made_by, base)
            taken = int(has_taken or sent.has_taken)
            store.count(tx, self._link_id, sent_items=int(sent.has_sent), taken_items=taken)

        for patch in early:
            self.context.write(partial(apply, patch=patch))
        is_moved = sent.has_sent or sent.has_taken or sent.remote_id != item.remote_id
        if merged.for_us or is_moved or {**merged.agreed, **compared.kept} != item.base:
            self.context.write(work)

    def deleted_locally(self, item: ItemState) -> None:
        """Reconcile an item that was deleted locally."""
        mode = self.context.link.mode
        remote = self.type.read_remote(item.remote_id) if item.remote_id else None
        if remote is None or not self.type.is_same(item, remote):
            self.forget(item)
            return
        above = self._above(item)
        if above is not None and self._parent is not None and self._parent.read(above.local_id) is None:
            self._parent.deleted_locally(above)
            return
        is_changed = mode is Mode.BOTH and self.type.has_remote_change(item, remote)
        if is_changed:
            text = (
                f"{self.type.called(remote)}: removed in this workspace and changed on the remote; it is copied again"
            )
            self.context.note(LogKind.CONFLICT, self.entity, item.local_id, text)
        if is_changed or mode is Mode.PULL:
            self._bring_back(item)
            return
        below = self.below(item)
        self.context.check_deletion(Where.THERE, self.type.called(remote), 1 + len(below))
        with self.context.whole():
            for child, each in below:
                child.type.delete_remote(each)
                child.forget(each)
            if not self.type.delete_remote(item):
                text = (
                    f"removed in this workspace; {item.remote_id} stays on the remote, which has other versions in it"
                )
                self.context.note(LogKind.SKIPPED, self.entity, item.local_id, text)
            self.forget(item)
            self.context.write(store.count, self._link_id, sent_items=1)

    def missing_remotely(self, item: ItemState, other: Snapshot | None = None) -> None:
        """Reconcile an item that the remote lacks.  `other`: another item with that id."""
        if not self.type.keeps_deleted:
            self.deleted_remotely(item)
            return
        snapshot = self.read(item.local_id)
        if other is None and snapshot is not None and self.type.is_purged(item, snapshot):
            self.context.save(self.entity, item.local_id, item.remote_id, item.made_by, snapshot.doc)
            return
        mode = self.context.link.mode

        def forget(tx: Tx) -> None:
            generations.report_missing(tx, self.context.link, self.entity, item)
            item_store.forget_item(tx, self._link_id, self.entity, item.local_id)
            if other is not None and mode.takes:
                work_queue.enqueue(tx, self._link_id, [(str(self.entity), other.item_id)], is_remote=True)
            if mode.sends:
                work_queue.enqueue(tx, self._link_id, [(str(self.entity), item.local_id)])
                text = f"its copy {item.remote_id} is gone; created again"
                store.note(tx, self._link_id, LogKind.REFUSED, self.entity, item.local_id, text)

        self.context.write(forget)

    def deleted_remotely(self, item: ItemState) -> None:
        """Reconcile an item that was deleted remotely."""
        mode, snapshot = self.context.link.mode, self.read(item.local_id)
        if snapshot is None:
            self.forget(item)
            return
        above = self._above(item)
        if above is not None and self._parent is not None and self._parent.is_gone(above):
            self._parent.deleted_remotely(above)
            return
        moved_to = self.type.moved_to(item)
        if moved_to is not None and mode.takes:
            self.reconcile_remote(moved_to, verify=True)
            return
        if moved_to is not None:
            self.reconcile_local(item.local_id, verify=True)
            return
        is_lost = mode.takes and self._is_lost(self.entity, item)
        if mode is Mode.PUSH or is_lost or (mode is Mode.BOTH and self.type.has_local_change(item, snapshot)):
            self._create_again(item, snapshot, is_lost=is_lost)
            return
        below = self.below(item)
        self.context.check_deletion(Where.HERE, self.type.called(snapshot), 1 + len(below))

        def remove(tx: Tx) -> None:
            for child, each in below:
                child.type.delete_local(tx, each.local_id)
                item_store.forget_item(tx, self._link_id, child.entity, each.local_id)
            if not self.type.delete_local(tx, item.local_id):
                text = "removed on the remote; stays in this workspace, which has other versions in it"
                store.note(tx, self._link_id, LogKind.SKIPPED, self.entity, item.local_id, text)
            item_store.forget_item(tx, self._link_id, self.entity, item.local_id)
            store.count(tx, self._link_id, taken_items=1)

        self.context.write(remove)

    def is_gone(self, item: ItemState) -> bool:
        """Return whether the remote lacks an item, or has another one with its id."""
        remote = self.type.read_remote(item.remote_id)
        return remote is None or not self.type.is_same(item, remote)

    def _create_again(self, item: ItemState, snapshot: Snapshot, *, is_lost: bool) -> None:
        mode = self.context.link.mode
        is_refused = mode is Mode.PUSH or is_lost
        text = (
            f"{self.type.called(snapshot)}: missing on the remote"
            + (", without a recorded deletion" if is_lost else "")
            + ("" if is_refused else " and changed in this workspace")
            + ("; created again" if mode.sends else "; it stays in this workspace")
        )
        self.context.note(LogKind.REFUSED if is_refused else LogKind.CONFLICT, self.entity, item.local_id, text)
        again = [(str(self.entity), item.local_id)]
        for child, each in self.below(item):
            child.forget(each)
            again.append((str(child.entity), each.local_id))
        self.forget(item)
        self.context.write(work_queue.enqueue, self._link_id, again)

    def _bring_back(self, item: ItemState) -> None:
        """Pull the remote item as a new one."""
        for child, each in self.below(item):
            child.forget(each)
        self.forget(item)
        self.reconcile_remote(item.remote_id, verify=True)
        if self.child is not None:
            for remote_id in self.type.below_remote(item.remote_id):
                self.child.reconcile_remote(remote_id, verify=True)

    def _above(self, item: ItemState) -> ItemState | None:
        """Return the item above this one.

        If it is gone too, both were deleted together: changes of this item by that deletion do not count as changes.
        """
        if self._parent is None:
            return None
        above = self.context.item(self._parent.entity, item.local_id.partition("/")[0])
        return above if above is not None and above.remote_id else None

    def _saved(self, local_id: str) -> ItemState:
        item = self.context.item(self.entity, local_id)
        assert item is not None
        return item

    def _page(self, after: str) -> list[ItemState]:
        return self.context.read(item_store.items, self._link_id, self.entity, after, PAGE)
