"""Lookups of a link's registered models and versions: counterparts and names.  Decides nothing."""

from trackside.links.model import CreatedBy, LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.state.item import ItemState
from trackside.registry import replica
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import registry
from trackside.sync.local.reader import SOURCE_UID, Snapshot
from trackside.sync.remote.registry_port import RemoteRegistry

MODEL, VERSION = Entity.REGISTERED_MODEL, Entity.MODEL_VERSION


class Items:
    def __init__(self, context: LinkContext) -> None:
        self.context = context
        self.remote: RemoteRegistry = context.remote.registry

    def read(self, entity: Entity, local_id: str) -> Snapshot | None:
        return self.context.read(registry.read, entity, local_id)

    def is_the_same(self, item: ItemState, remote: Snapshot) -> bool:
        """Return whether the remote item is the known one, and not another version of that number or another model of that
        name."""
        model_id, slash, uid = item.local_id.rpartition("/")
        if slash:
            return uid in self.uids_of(model_id, remote)
        return self.context.remote.preserves_ids or self._is_the_same_model(item, remote)

    def uids_of(self, model_id: str, remote: Snapshot) -> list[str]:
        """Return the uids that a remote version may have in a local model, the preferred one first.

        A user may copy a version with its tags, also into another model. Two versions registered at the same time cannot be
        distinguished.
        """
        own = self.remote.own_uid_of(remote)
        found = [self.remote.uid_of(remote), own]
        return found if self.context.remote.preserves_ids else [*found, replica.derived_uid("version", own, model_id)]

    def _is_the_same_model(self, item: ItemState, remote: Snapshot) -> bool:
        """Return whether both are the same model, by the tag of a copy, otherwise by the remote creation time; True without
        both."""
        if remote.doc.get(Field(FieldKind.TAG, SOURCE_UID)) == item.local_id:
            return True
        known, made = self.remote_creation(item), remote.doc.get(fields.CREATED, "0")
        return "0" in (known or "0", made) or known == made

    def remote_creation(self, item: ItemState) -> str:
        """Return the remote creation time of a model in ms; an empty text if it is unknown."""
        known = saved_time(item)
        if known or item.made_by is not CreatedBy.HERE:
            return known
        local = self.read(
            MODEL, item.local_id
        )  # saved by an earlier release: the local model was created at the same time
        return "" if local is None else local.doc[fields.CREATED]

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

    def describe_number(self, value: str | None) -> str | None:
        """Return the value of an alias for messages."""
        found = None if value is None else self.context.read(replica.find_version, registry.alias_uid(value))
        return value if found is None else f"version {found.number}"

    def note_number(self, snapshot: Snapshot, which: str, number: str) -> None:
        text = f"{self.called(snapshot)}: {which}, since {number} cannot be the number of both"
        self.context.note(LogKind.CONFLICT, VERSION, snapshot.item_id, text)


def saved_time(item: ItemState) -> str:
    """Return the saved remote creation time of a model in ms, if any, since a name alone does not identify a model."""
    return (item.base or {}).get(fields.CREATED, "")


def creation_fields(entity: Entity, doc: Doc) -> Doc:
    """Return the fields that are sent at the creation; the rest is compared afterwards."""
    kinds = (
        registry.AT_BIRTH
        if entity is VERSION
        else {FieldKind.NAME, FieldKind.DESCRIPTION, FieldKind.CREATED, FieldKind.TAG}
    )
    return {field: value for field, value in doc.items() if field.kind in kinds}


def touched(snapshot: Snapshot) -> int:
    """Return when a model or version was created or changed, in ms, as reported by its side."""
    return max(int(snapshot.doc.get(each, "0")) for each in (fields.CREATED, fields.UPDATED, fields.SEEN))
