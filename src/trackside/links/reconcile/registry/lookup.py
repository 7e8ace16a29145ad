"""Lookups for each step with a link's registered models and versions: counterparts and names.  Decides
nothing."""

from trackside.links.model import LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.state.item import ItemState
from trackside.registry import replica
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.registry_port import RemoteRegistry

MODEL, VERSION = Entity.REGISTERED_MODEL, Entity.MODEL_VERSION


class Items:
    def __init__(self, context: LinkContext) -> None:
        self.context = context
        self.remote: RemoteRegistry = context.remote.registry

    def read(self, entity: Entity, local_id: str) -> Snapshot | None:
        return self.context.read(registry.read, entity, local_id)

    def is_the_same(self, item: ItemState, theirs: Snapshot) -> bool:
        """Not another version of that number."""
        _, slash, uid = item.local_id.rpartition("/")
        return not slash or uid in (self.remote.uid_of(theirs), self.remote.own_uid_of(theirs))

    def is_before(self, snapshot: Snapshot) -> bool:
        """Return whether the item was created and last changed before the link's start time for pulls."""
        return self.context.is_before(touched(snapshot))

    def called(self, snapshot: Snapshot) -> str:
        """Return the item's name for the log."""
        if fields.NAME in snapshot.doc:
            return f"model {snapshot.doc[fields.NAME]}"
        model_id = registry.model_of(snapshot.item_id)
        model = self.read(MODEL, model_id)
        return f"model {model.doc[fields.NAME] if model else model_id} version {snapshot.doc.get(fields.NUMBER, '?')}"

    def number_words(self, value: str | None) -> str | None:
        """Return the value of an alias as a message has it."""
        found = None if value is None else self.context.read(replica.find_version, registry.alias_uid(value))
        return value if found is None else f"version {found.number}"

    def note_number(self, snapshot: Snapshot, which: str, number: str) -> None:
        text = f"{self.called(snapshot)}: {which}, since {number} cannot be the number of both"
        self.context.note(LogKind.CONFLICT, VERSION, snapshot.item_id, text)


def at_making(entity: Entity, doc: Doc) -> Doc:
    """Return the fields that are sent at the creation; the rest is compared afterwards."""
    kinds = (
        registry.AT_BIRTH
        if entity is VERSION
        else {FieldKind.NAME, FieldKind.DESCRIPTION, FieldKind.CREATED, FieldKind.TAG}
    )
    return {field: value for field, value in doc.items() if field.kind in kinds}


def touched(snapshot: Snapshot) -> int:
    """Return when a model or version was made or changed, in ms, as far as its side says."""
    return max(int(snapshot.doc.get(each, "0")) for each in (fields.CREATED, fields.UPDATED, fields.SEEN))
