"""Registered models and their versions as items of a link.

`identity` finds the counterpart, `compare` decides what is compared, and `files` transfers the files of a version.
"""

from collections.abc import Sequence

import msgspec

from trackside.core.db.tx import Tx
from trackside.links.model import CreatedBy, LogKind
from trackside.links.reconcile import files, identity
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, RetryLater, Sent
from trackside.links.reconcile.merging import as_created, describe
from trackside.links.reconcile.registry.compare import QUIET, Comparison
from trackside.links.reconcile.registry.identity import RegistryIdentity
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items
from trackside.links.state.item import ItemState
from trackside.registry import replica
from trackside.registry.files import replica_files
from trackside.sync import document, fields
from trackside.sync.document import Conflict, Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored


class RegistryType(ItemType):
    quiet = QUIET

    def __init__(
        self, entity: Entity, items: Items, comparison: Comparison, identity_of_both: RegistryIdentity
    ) -> None:
        self.entity = entity
        self.has_names = entity is MODEL
        self.context = items.context
        self.remote = items.remote
        self.comparison = comparison
        self._items = items
        self._identity = identity_of_both

    def called(self, snapshot: Snapshot) -> str:
        return self._items.called(snapshot)

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        return registry.read(tx, self.entity, local_id)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        return self.remote.read(self.entity, remote_id)

    def is_before(self, remote: Snapshot) -> bool:
        return self._items.is_before(remote)

    def is_same(self, item: ItemState, remote: Snapshot) -> bool:
        return self._items.is_the_same(item, remote)

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return self.comparison.is_as_agreed(self.entity, item, listed)

    def match(self, snapshot: Snapshot) -> str | None:
        return self._identity.match_model(snapshot) if self.entity is MODEL else self._identity.match_version(snapshot)

    def create_remote(self, snapshot: Snapshot) -> Created:
        return (
            self._identity.create_model(snapshot) if self.entity is MODEL else self._identity.create_version(snapshot)
        )

    def as_created(self, snapshot: Snapshot, remote: Snapshot) -> Doc | None:
        """Return the agreed state of a new copy: an MLflow server may omit a description or tags, another Trackside
        stores all."""
        if self.context.remote.preserves_ids or remote.failed:
            return None
        copy = self.comparison.comparable(self.entity, self.context.to_local(remote.doc, self.entity))
        return {**as_created(copy, self.comparison.comparable(self.entity, snapshot.doc)), **self._made(remote)}

    def moved_to(self, item: ItemState) -> str | None:
        return self._identity.moved_to(item) if self.entity is MODEL else None

    def create_local(self, remote: Snapshot) -> str | None:
        if remote.failed:
            raise Unmirrored(f"version {remote.item_id} of the remote is left out: {remote.failed}")
        return self._identity.adopt(self.entity, remote)

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        """Return whether the item is still the same: another item may have its name and number by now."""
        is_shared = self.context.link.mode is Mode.BOTH or not self.context.remote.preserves_ids
        base = item.base or {}
        agreed = {field: value for field, value in base.items() if field != fields.CREATED}
        is_changed = self.comparison.comparable(self.entity, snapshot.doc) != agreed
        return is_changed and (is_shared or fields.UPDATED not in base)  # never compared: immutable

    def named_remotely(self, name: str) -> str | None:
        return self.remote.find_model_of_name(name)

    def named_locally(self, tx: Tx, name: str) -> str | None:
        return replica.uid_of_name(tx, name)

    def rename_remote(self, item: ItemState, patch: Patch) -> str:
        return self.remote.change(self.entity, item.remote_id, patch).id

    def rename_local(self, tx: Tx, local_id: str, patch: Patch) -> None:
        registry.put(tx, self.entity, local_id, patch, self.context.server_root)

    def check_usable(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> None:
        """Remove a copy that can never be used.

        It is created again when the version or its model changes, or by a sync, and not earlier, because its files may have to
        be sent again.
        """
        if not remote.failed:
            return
        said = f"{self.called(snapshot)} is left out: {remote.failed}"
        if not self.context.link.mode.sends or not identity.was_created_here(self.context, remote):
            raise Unmirrored(said)
        self.remote.remove(VERSION, item.remote_id)
        self.context.forget(VERSION, item)
        raise Unmirrored(f"{said}; it is created again when it changes or by `link sync`")

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        base = item.base or {}
        local = self.comparison.comparable(self.entity, snapshot.doc)
        doc = base if remote is None else self.comparison.remote_doc(self.entity, item, remote)
        if self.entity is MODEL:
            local = self.comparison.with_known_aliases(snapshot, local)
        agreed, local, doc, stage = self.comparison.with_known_stages(snapshot, base, local, doc)
        can = self.remote.can
        merged = document.merge(
            agreed, local, doc, self.context.link.mode, lambda field, verb: can(self.entity, field, verb)
        )
        made = _made_of(base) if remote is None else self._made(remote)
        return Compared(merged, base, {**stage, **made})

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        return self.comparison.differing(self.entity, snapshot, item, remote)

    def describe(self, snapshot: Snapshot, conflict: Conflict) -> str:
        if conflict.field.kind is FieldKind.ALIAS:
            local, remote, kept = (
                self._items.describe_number(each) for each in (conflict.local, conflict.remote, conflict.kept)
            )
            conflict = msgspec.structs.replace(conflict, local=local, remote=remote, kept=kept)
        return f"{self.called(snapshot)}: {describe(conflict)}"

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        del remote, verify
        merged = compared.merged
        if not (self.context.link.mode.sends and merged.for_them):
            return Sent(item.remote_id, merged)
        now = self.context.item(self.entity, snapshot.item_id)
        if now is None or now.remote_id != item.remote_id:  # another model was found to have the name meanwhile
            raise RetryLater(0)
        changed = self.remote.change(self.entity, item.remote_id, self.comparison.there(snapshot, merged.for_them))
        for reason in changed.left_out.values():
            self.context.note_once(LogKind.SKIPPED, self.entity, snapshot.item_id, reason)
        if changed.left_out:  # fields that the remote rejected are not agreed
            merged = document.without(merged, set(changed.left_out), compared.base)
        return Sent(changed.id, merged, has_sent=True)

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent) -> None:
        del remote, sent
        if patch:
            registry.put(tx, self.entity, snapshot.item_id, patch, self.context.server_root)

    def finish(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        del item, remote
        if not (verify and self.has_own_files(snapshot)):
            return
        try:
            if self.context.link.mode.sends:
                files.push(self.context, VERSION, snapshot.item_id, sent.remote_id, verify=True)
            if self.context.link.mode.takes:
                files.pull(self.context, VERSION, snapshot.item_id, sent.remote_id)
        except Unmirrored as reason:
            self.context.note_once(LogKind.SKIPPED, VERSION, snapshot.item_id, str(reason))

    def has_own_files(self, snapshot: Snapshot) -> bool:
        """Return whether it is a version with a folder to which its files were copied.

        Files of other versions belong to a run or logged model, or are not accessible.
        """
        if self.entity is not VERSION:
            return False
        uri = self.context.read(replica_files.files_of, registry.uid_of(snapshot.item_id))
        if uri is not None and replica_files.is_own_folder(uri):
            return True
        what, _, rest = snapshot.doc[fields.ORIGIN].partition("/")
        if not what:
            return False
        owner = self.context.item(Entity.RUN if what == "run" else Entity.LOGGED_MODEL, rest.partition("/")[0])
        return owner is None or not owner.remote_id

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self.comparison.has_local_change(self.entity, item, snapshot)

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return self.comparison.has_remote_change(self.entity, item, remote)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        return registry.remove(tx, self.entity, local_id)

    def delete_remote(self, item: ItemState) -> bool:
        remote = self.remote.read(self.entity, item.remote_id)
        if remote is None or not self._items.is_the_same(item, remote):
            return True
        if self.entity is MODEL and item.made_by is CreatedBy.US and self.remote.model_uid_of(remote) != item.local_id:
            return True
        return self.remote.remove(self.entity, item.remote_id)

    def below_remote(self, remote_id: str) -> Sequence[str]:
        return self.remote.versions_of(remote_id) if self.entity is MODEL else ()

    def _made(self, remote: Snapshot) -> Doc:
        """Return the field that distinguishes a remote model from another one of its name, to be saved with the agreed state."""
        is_known_by_name = self.entity is MODEL and not self.context.remote.preserves_ids
        return _made_of(remote.doc) if is_known_by_name else {}


def _made_of(doc: Doc) -> Doc:
    return {fields.CREATED: doc[fields.CREATED]} if doc.get(fields.CREATED, "0") != "0" else {}


def types_of_registry(context: LinkContext, others: Others) -> tuple[RegistryType, RegistryType]:
    """Return both item types of a registry, which depend on each other: a version requires its model, an alias its version."""
    items = Items(context)
    comparison = Comparison(items, others)
    identity_of_both = RegistryIdentity(items, comparison, others)
    return RegistryType(MODEL, items, comparison, identity_of_both), RegistryType(
        VERSION, items, comparison, identity_of_both
    )
