"""Snippets as items of a link.  They keep their ids, so the counterpart of one is the one of its id."""

from enum import StrEnum
from typing import cast

from links.items.snippets import table
from links.items.snippets.remote import Snippets
from trackside.core.db.tx import Tx
from trackside.links.model import Made
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Sent
from trackside.links.state import item_store
from trackside.links.state.item import Item
from trackside.sync import document, fields
from trackside.sync.document import Conflict, Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part


class Kind(StrEnum):
    SNIPPET = "snippet"


class SnippetType(ItemType):
    entity = cast("Entity", Kind.SNIPPET)

    def __init__(self, side: Side, remote: Snippets) -> None:
        self.side = side
        self._remote = remote

    def called(self, part: Part) -> str:
        return f"snippet {part.doc[fields.NAME]}"

    def read_local(self, tx: Tx, local_id: str) -> Part | None:
        doc = table.read(tx, local_id)
        return None if doc is None else Part(local_id, "", doc)

    def read_remote(self, remote_id: str) -> Part | None:
        return self._remote.read(remote_id)

    def is_as_agreed(self, item: Item, listed: Part) -> bool:
        return item.agreed == listed.doc

    def match(self, part: Part) -> str | None:
        return None if self._remote.read(part.item_id) is None else part.item_id

    def create_remote(self, part: Part) -> Created:
        return Created(self._remote.put(part.item_id, Patch(part.doc)))

    def create_local(self, theirs: Part) -> str | None:
        def make(tx: Tx) -> None:
            table.put(tx, theirs.item_id, Patch(theirs.doc))
            link_id = self.side.link.link_id
            item_store.save_item(tx, link_id, self.entity, theirs.item_id, theirs.item_id, Made.HERE, theirs.doc)

        self.side.write(make)
        return theirs.item_id

    def must_look(self, part: Part, item: Item) -> bool:
        return part.doc != item.agreed

    def merge(self, part: Part, item: Item, theirs: Part | None) -> Compared:
        base = item.agreed or {}
        return Compared(
            document.merge(base, part.doc, base if theirs is None else theirs.doc, self.side.link.mode), base
        )

    def describe(self, part: Part, conflict: Conflict) -> str:
        return f"{self.called(part)}: {conflict.field.kind}"

    def patch_remote(self, part: Part, item: Item, theirs: Part | None, compared: Compared, *, verify: bool) -> Sent:
        patch = compared.merged.for_them
        if patch and self.side.link.mode.sends:
            self._remote.put(item.remote_id, patch)
        return Sent(item.remote_id, compared.merged, has_sent=bool(patch))

    def apply_local(self, tx: Tx, part: Part, patch: Patch, theirs: Part | None, sent: Sent) -> None:
        if patch:
            table.put(tx, part.item_id, patch)

    def changed_here(self, item: Item, part: Part) -> bool:
        return part.doc != item.agreed

    def changed_there(self, item: Item, theirs: Part) -> bool:
        return theirs.doc != item.agreed

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        table.delete(tx, local_id)
        return True

    def delete_remote(self, item: Item) -> bool:
        self._remote.delete(item.remote_id)
        return True
