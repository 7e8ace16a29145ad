"""Lookups for each step with a link's registered models and versions: counterparts and names.  Decides
nothing."""

from trackside.links.model import LogKind
from trackside.links.reconcile.context import Side
from trackside.links.state import item_store
from trackside.links.state.item import Item
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import registry
from trackside.sync.local.reader import Part
from trackside.sync.remote.registry_port import RegistryPeer

MODEL, VERSION = Entity.REGISTERED, Entity.VERSION


class Items:
    def __init__(self, side: Side) -> None:
        self.side = side
        self.peer: RegistryPeer = side.peer.registry
        self.link_id = side.link.link_id

    def read(self, entity: Entity, local_id: str) -> Part | None:
        return self.side.read(lambda tx: registry.read(tx, entity, local_id))

    def forget(self, entity: Entity, item: Item) -> None:
        self.side.write(lambda tx: item_store.forget_item(tx, self.link_id, entity, item.local_id))

    def versions_of(self, model: Item) -> list[Item]:
        return self.side.read(lambda tx: item_store.items_below(tx, self.link_id, VERSION, model.local_id))

    def is_the_same(self, item: Item, theirs: Part) -> bool:
        """Not another version of that number."""
        _, slash, uid = item.local_id.rpartition("/")
        return not slash or uid in (self.peer.uid_of(theirs), self.peer.own_uid_of(theirs))

    def is_before(self, part: Part) -> bool:
        """Whether it was made, and changed, before the moment from which on the link takes."""
        return self.side.is_before(touched(part))

    def called(self, part: Part) -> str:
        """By name, for the log."""
        if fields.NAME in part.doc:
            return f"model {part.doc[fields.NAME]}"
        model_id = registry.model_of(part.item_id)
        model = self.read(MODEL, model_id)
        return f"model {model.doc[fields.NAME] if model else model_id} version {part.doc.get(fields.NUMBER, '?')}"

    def note_number(self, part: Part, which: str, number: str) -> None:
        text = f"{self.called(part)}: {which}, since {number} cannot be the number of both"
        self.side.note(LogKind.CONFLICT, VERSION, part.item_id, text)


def at_making(entity: Entity, doc: Doc) -> Doc:
    """Return the fields that are sent at the creation; the rest is compared afterwards."""
    kinds = (
        registry.AT_BIRTH
        if entity is VERSION
        else {FieldKind.NAME, FieldKind.DESCRIPTION, FieldKind.CREATED, FieldKind.TAG}
    )
    return {field: value for field, value in doc.items() if field.kind in kinds}


def touched(part: Part) -> int:
    """Return when a model or version was made or changed, in ms, as far as its side says."""
    return max(int(part.doc.get(each, "0")) for each in (fields.CREATED, fields.UPDATED, fields.SEEN))
