"""Compares the fields of a registered model or version, with the ids of either side, and finds the side that changed them."""

from trackside.core.errors import BadState, Fault
from trackside.core.http_client.errors import RequestRejected
from trackside.links.model import LogKind
from trackside.links.reconcile.item_type import Others
from trackside.links.reconcile.merging import differing
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items, saved_time
from trackside.links.state.item import ItemState
from trackside.registry import stages
from trackside.sync import document, fields
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored

QUIET = frozenset(
    {FieldKind.UPDATED, FieldKind.LAST_VERSION, FieldKind.CREATED}
)  # derived fields, or fields of one side only: their conflicts are not logged


class Comparison:
    def __init__(self, items: Items, others: Others) -> None:
        self.context = items.context
        self.remote = items.remote
        self._items = items
        self._others = others

    def differing(self, entity: Entity, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        """Return descriptions of the fields that differ from the result of a merge."""
        local, doc = self.comparable(entity, snapshot.doc), self.remote_doc(entity, item, remote, is_quiet=True)
        agreed, local, doc, _ = self.with_known_stages(snapshot, item.base or {}, local, doc, is_quiet=True)
        can = self.remote.can
        merged = document.merge(
            agreed, local, doc, self.context.link.mode, lambda field, verb: can(entity, field, verb)
        )
        return differing(merged, local, doc)

    def is_as_agreed(self, entity: Entity, item: ItemState, remote: Snapshot) -> bool:
        if item.base is None or not self._items.is_the_same(item, remote):
            return False
        if entity is MODEL and not self.context.remote.preserves_ids and not saved_time(item):
            return False  # an earlier release did not save it
        return plain(item.base) == plain(self.remote_doc(entity, item, remote))

    def has_remote_change(self, entity: Entity, item: ItemState, remote: Snapshot) -> bool:
        """Return whether the remote item changed since the agreed state, in the fields that the remote supports."""
        agreed = _by_uid(item.base or {})
        doc = _by_uid(self.remote_doc(entity, item, remote, is_quiet=True))
        merged = document.merge(
            agreed, agreed, doc, Mode.BOTH, lambda field, verb: self.remote.can(entity, field, verb)
        )
        if plain({**merged.for_us.put, **dict.fromkeys(merged.for_us.drop, "")}):
            return True
        if entity is VERSION:
            return self._has_new_remote_alias(item)
        for version_id in self.remote.versions_of(item.remote_id):
            known = self.context.by_remote(VERSION, version_id)
            version = self.remote.read(VERSION, version_id)
            if version is not None and (known is None or self.has_remote_change(VERSION, known, version)):
                return True
        return False

    def has_local_change(self, entity: Entity, item: ItemState, snapshot: Snapshot, *, alone: bool = False) -> bool:
        """Return whether the local item changed since the agreed state.  `alone`: a model without its versions."""
        if plain(self.comparable(entity, snapshot.doc)) != plain(item.base or {}):
            return True
        if entity is VERSION:
            return self._has_new_local_alias(item)
        if alone:
            return False
        known = {each.local_id: each for each in self.context.items_below(VERSION, item.local_id)}
        for version_id in self.context.read(registry.versions_of, item.local_id):
            version = self._items.read(VERSION, version_id)
            if version is None:
                continue
            if version_id not in known or self.has_local_change(VERSION, known[version_id], version):
                return True
        return False

    def _has_new_local_alias(self, item: ItemState) -> bool:
        """Return whether a version received an alias since the agreed state: deleting the version would lose this change of the
        model."""
        model_id, uid = registry.model_of(item.local_id), registry.uid_of(item.local_id)
        model = self._items.read(MODEL, model_id)
        agreed = self._agreed_aliases(model_id)
        named = {} if model is None else document.of_kind(model.doc, FieldKind.ALIAS)
        return any(registry.alias_uid(value) == uid != agreed.get(alias) for alias, value in named.items())

    def _has_new_remote_alias(self, item: ItemState) -> bool:
        remote = self.remote.read(MODEL, registry.model_of(item.remote_id))
        agreed = self._agreed_aliases(registry.model_of(item.local_id))
        uid = registry.uid_of(item.local_id)
        named = {} if remote is None else document.of_kind(remote.doc, FieldKind.ALIAS)
        return remote is not None and any(
            self.remote.named_by(remote.item_id, value) == item.remote_id and agreed.get(alias) != uid
            for alias, value in named.items()
        )

    def _agreed_aliases(self, model_id: str) -> dict[str, str]:
        """Return the uids of the versions that both sides agreed on last, by alias."""
        known = self.context.item(MODEL, model_id)
        agreed = {} if known is None else document.of_kind(known.base or {}, FieldKind.ALIAS)
        return {alias: registry.alias_uid(value) for alias, value in agreed.items()}

    def comparable(self, entity: Entity, doc: Doc) -> Doc:
        """Return the compared fields: no immutable ones, and no empty ones if a side does not show these."""
        skipped = registry.BIRTH if entity is VERSION else frozenset({FieldKind.CREATED})
        preserves_ids = self.context.remote.preserves_ids
        return {
            field: value
            for field, value in doc.items()
            if field.kind not in skipped
            and field.kind != FieldKind.SEEN
            and (value or preserves_ids or field.kind == FieldKind.TAG)
        }

    def remote_doc(self, entity: Entity, item: ItemState, remote: Snapshot, *, is_quiet: bool = False) -> Doc:
        """Return the remote document with local ids.  The target of an alias is created first, unless `is_quiet`."""
        doc = self.comparable(entity, self.context.to_local(remote.doc, entity))
        found: Doc = {}
        for field, value in doc.items():
            if field.kind != FieldKind.ALIAS:
                found[field] = value
                continue
            version_id = self.remote.named_by(remote.item_id, value)
            known = self.context.by_remote(VERSION, version_id)
            if known is None and self.context.link.mode.takes and not is_quiet:
                self._others.reconcile_remote(VERSION, version_id, None, verify=False)
                known = self.context.by_remote(VERSION, version_id)
            if known is not None:
                local_id = known.local_id
                found[field] = self.context.read(registry.alias_value, registry.uid_of(local_id))
            elif is_quiet or (item.base is not None and field in item.base and not self.context.link.mode.takes):
                found[field] = ""  # not the local version
        return found

    def there(self, snapshot: Snapshot, patch: Patch) -> Patch:
        """Return a patch in the remote's terms."""
        put: Doc = {}
        for field, value in patch.put.items():
            if field.kind == FieldKind.ALIAS:
                item = self.context.item(VERSION, registry.id_of(snapshot.item_id, registry.alias_uid(value)))
                if item is None or not item.remote_id:
                    raise BadState(f"the version that the alias {field.key!r} names is not on the remote")
                put[field] = self.remote.alias_of(item.remote_id, value)
            else:
                put[field] = value
        return Patch(put, patch.drop)

    def with_known_aliases(self, snapshot: Snapshot, doc: Doc) -> Doc:
        """Return the document without aliases of versions that the other side cannot have.  Other versions are created first."""
        found: Doc = {}
        model_id = snapshot.item_id
        for field, value in doc.items():
            if field.kind == FieldKind.ALIAS and self.context.link.mode.sends:
                if not self.remote.can(MODEL, field, "add"):
                    text = f"{self._items.called(snapshot)}: the remote does not support aliases; {field.key!r} is not sent"
                    self.context.note_once(LogKind.SKIPPED, MODEL, model_id, text)
                    found[field] = value
                    continue
                local_id = registry.id_of(model_id, registry.alias_uid(value))
                item = self.context.item(VERSION, local_id)
                if item is None or not item.remote_id:
                    try:
                        self._others.reconcile_local(VERSION, local_id, verify=False)
                    except (RequestRejected, Unmirrored, Fault) as reason:
                        self.context.note(LogKind.SKIPPED, MODEL, model_id, f"the alias {field.key!r} waits: {reason}")
                        continue
            found[field] = value
        return found

    def with_known_stages(
        self, snapshot: Snapshot, agreed: Doc, local: Doc, remote: Doc, *, is_quiet: bool = False
    ) -> tuple[Doc, Doc, Doc, Doc]:
        """Return the documents without a stage that one side lacks.  The last value of the result is the stage that stays
        agreed."""
        used = {doc[fields.STAGE] for doc in (local, remote) if fields.STAGE in doc}
        foreign = used - {stage.name for stage in stages.MLFLOW}
        if foreign:
            foreign -= {each.name for each in self.context.read(stages.of)} & self.remote.stages()
        if not foreign:
            return agreed, local, remote, {}
        if not is_quiet:
            names = ", ".join(sorted(foreign))
            text = f"{self._items.called(snapshot)}: not both sides have the stage {names}; each keeps its own"
            self.context.note_once(LogKind.SKIPPED, VERSION, snapshot.item_id, text)
        without = [
            {field: value for field, value in doc.items() if field != fields.STAGE} for doc in (agreed, local, remote)
        ]
        return (
            without[0],
            without[1],
            without[2],
            {fields.STAGE: agreed[fields.STAGE]} if fields.STAGE in agreed else {},
        )


def _by_uid(doc: Doc) -> Doc:
    """Reduce the values of aliases to uids: the time of a version that was deleted locally is unknown."""
    return {
        field: registry.alias_uid(value) if field.kind == FieldKind.ALIAS else value for field, value in doc.items()
    }


def plain(doc: Doc) -> Doc:
    return {field: value for field, value in doc.items() if field.kind not in QUIET}
