"""Snippets as items of a link.  They keep their ids, so the counterpart of one is the one of its id."""

from enum import StrEnum
from typing import cast

from links.items.snippets import table
from links.items.snippets.remote import Snippets
from trackside.core.db.tx import Tx
from trackside.links.model import CreatedBy
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Sent
from trackside.links.state import item_store
from trackside.links.state.item import ItemState
from trackside.sync import document, fields
from trackside.sync.document import Conflict, Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot


class Kind(StrEnum):
    SNIPPET = "snippet"


class SnippetType(ItemType):
    entity = cast("Entity", Kind.SNIPPET)

    def __init__(self, context: LinkContext, remote: Snippets) -> None:
        self.context = context
        self._remote = remote

    def called(self, snapshot: Snapshot) -> str:
        return f"snippet {snapshot.doc[fields.NAME]}"

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        doc = table.read(tx, local_id)
        return None if doc is None else Snapshot(local_id, "", doc)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        return self._remote.read(remote_id)

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return item.base == listed.doc

    def match(self, snapshot: Snapshot) -> str | None:
        return None if self._remote.read(snapshot.item_id) is None else snapshot.item_id

    def create_remote(self, snapshot: Snapshot) -> Created:
        return Created(self._remote.put(snapshot.item_id, Patch(snapshot.doc)))

    def create_local(self, remote: Snapshot) -> str | None:
        def make(tx: Tx) -> None:
            table.put(tx, remote.item_id, Patch(remote.doc))
            link_id = self.context.link.link_id
            item_store.save_item(tx, link_id, self.entity, remote.item_id, remote.item_id, CreatedBy.HERE, remote.doc)

        self.context.write(make)
        return remote.item_id

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        return snapshot.doc != item.base

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        base = item.base or {}
        return Compared(
            document.merge(base, snapshot.doc, base if remote is None else remote.doc, self.context.link.mode), base
        )

    def describe(self, snapshot: Snapshot, conflict: Conflict) -> str:
        return f"{self.called(snapshot)}: {conflict.field.kind}"

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        patch = compared.merged.for_them
        if patch and self.context.link.mode.sends:
            self._remote.put(item.remote_id, patch)
        return Sent(item.remote_id, compared.merged, has_sent=bool(patch))

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent) -> None:
        if patch:
            table.put(tx, snapshot.item_id, patch)

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        return snapshot.doc != item.base

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return remote.doc != item.base

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        table.delete(tx, local_id)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        self._remote.delete(item.remote_id)
        return True
