"""Registered models and their versions as items of a link.

`identity` finds the counterpart, `compare` says what is compared, and `files` moves the files of a version.
"""

from collections.abc import Sequence

from trackside.core.db.tx import Tx
from trackside.links.model import LogKind, Made
from trackside.links.reconcile import files, identity
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, Sent
from trackside.links.reconcile.merging import words
from trackside.links.reconcile.registry.compare import QUIET, Comparison
from trackside.links.reconcile.registry.identity import RegistryIdentity
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items
from trackside.links.state.item import Item
from trackside.registry.files import mirrored_files
from trackside.sync import document, fields
from trackside.sync.document import Conflict, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.local import registry
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import Unmirrored


class RegistryType(ItemType):
    quiet = QUIET

    def __init__(
        self, entity: Entity, items: Items, comparison: Comparison, identity_of_both: RegistryIdentity
    ) -> None:
        self.entity = entity
        self.side = items.side
        self.peer = items.peer
        self.comparison = comparison
        self._items = items
        self._identity = identity_of_both

    def called(self, part: Part) -> str:
        return self._items.called(part)

    def read_local(self, tx: Tx, local_id: str) -> Part | None:
        return registry.read(tx, self.entity, local_id)

    def read_remote(self, remote_id: str) -> Part | None:
        return self.peer.read(self.entity, remote_id)

    def is_before(self, theirs: Part) -> bool:
        return self._items.is_before(theirs)

    def is_same(self, item: Item, theirs: Part) -> bool:
        return self._items.is_the_same(item, theirs)

    def is_as_agreed(self, item: Item, listed: Part) -> bool:
        return self.comparison.is_as_agreed(self.entity, item, listed)

    def match(self, part: Part) -> str | None:
        return self._identity.match_model(part) if self.entity is MODEL else self._identity.match_version(part)

    def create_remote(self, part: Part) -> Created:
        return self._identity.create_model(part) if self.entity is MODEL else self._identity.create_version(part)

    def create_local(self, theirs: Part) -> str | None:
        if theirs.failed:
            raise Unmirrored(f"version {theirs.item_id} of the other side is left out: {theirs.failed}")
        return self._identity.adopt(self.entity, theirs)

    def must_look(self, part: Part, item: Item) -> bool:
        """An item that has a name and a number there may be another one by now."""
        is_shared = self.side.link.mode is Mode.BOTH or not self.side.peer.keeps_ids
        return is_shared and self.comparison.comparable(self.entity, part.doc) != item.agreed

    def check_usable(self, part: Part, item: Item, theirs: Part) -> None:
        """A copy of ours that can never be used is removed, and created again when the version, or its model, changes or by a
        sync: not before that, since its files may have to be sent again."""
        if not theirs.failed:
            return
        said = f"{self.called(part)} is left out: {theirs.failed}"
        if not self.side.link.mode.sends or not identity.is_known_as_ours(self.side, theirs):
            raise Unmirrored(said)
        self.peer.remove(VERSION, item.remote_id)
        self._items.forget(VERSION, item)
        raise Unmirrored(f"{said}; it is created again when it changes or by `link sync`")

    def merge(self, part: Part, item: Item, theirs: Part | None) -> Compared:
        base = agreed = item.agreed or {}
        mine = self.comparison.comparable(self.entity, part.doc)
        doc = agreed if theirs is None else self.comparison.home(self.entity, item, theirs)
        if self.entity is MODEL:
            mine = self.comparison.with_known_aliases(part, mine)
        agreed, mine, doc, stage = self.comparison.with_known_stages(part, agreed, mine, doc)
        can = self.peer.can
        merged = document.merge(
            agreed, mine, doc, self.side.link.mode, lambda field, verb: can(self.entity, field, verb)
        )
        return Compared(merged, base, stage)

    def differing(self, part: Part, item: Item, theirs: Part) -> list[str]:
        return self.comparison.differing(self.entity, part, item, theirs)

    def describe(self, part: Part, conflict: Conflict) -> str:
        return f"{self.called(part)}: {words(conflict)}"

    def patch_remote(self, part: Part, item: Item, theirs: Part | None, compared: Compared, *, verify: bool) -> Sent:
        del theirs, verify
        merged = compared.merged
        if not (self.side.link.mode.sends and merged.for_them):
            return Sent(item.remote_id, merged)
        changed = self.peer.change(self.entity, item.remote_id, self.comparison.there(part, merged.for_them))
        for reason in changed.left_out.values():
            self.side.note_once(LogKind.SKIPPED, self.entity, part.item_id, reason)
        if changed.left_out:  # what they could not take was not agreed on
            merged = document.without(merged, set(changed.left_out), compared.base)
        return Sent(changed.id, merged, has_sent=True)

    def apply_local(self, tx: Tx, part: Part, patch: Patch, theirs: Part | None, sent: Sent) -> None:
        del theirs, sent
        if patch:
            registry.put(tx, self.entity, part.item_id, patch, self.side.server_root)

    def finish(self, part: Part, item: Item, theirs: Part | None, sent: Sent, *, verify: bool) -> None:
        del item, theirs
        if not (verify and self.has_own_files(part)):
            return
        try:
            if self.side.link.mode.sends:
                files.send(self.side, VERSION, part.item_id, sent.remote_id, verify=True)
            if self.side.link.mode.takes:
                files.receive(self.side, VERSION, part.item_id, sent.remote_id)
        except Unmirrored as reason:
            self.side.note_once(LogKind.SKIPPED, VERSION, part.item_id, str(reason))

    def has_own_files(self, part: Part) -> bool:
        """Return whether it is a version whose files were copied for it; else they lie with a run or logged model, or nobody
        reads them."""
        if self.entity is not VERSION:
            return False
        uri = self.side.read(lambda tx: mirrored_files.files_of(tx, registry.uid_of(part.item_id)))
        if uri is not None and mirrored_files.is_own_folder(uri):
            return True
        what, _, rest = part.doc[fields.ORIGIN].partition("/")
        if not what:
            return False
        owner = self.side.item(Entity.RUN if what == "run" else Entity.MODEL, rest.partition("/")[0])
        return owner is None or not owner.remote_id

    def changed_here(self, item: Item, part: Part) -> bool:
        return self.comparison.changed_here(self.entity, item, part)

    def changed_there(self, item: Item, theirs: Part) -> bool:
        return self.comparison.changed_there(self.entity, item, theirs)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        return registry.remove(tx, self.entity, local_id)

    def delete_remote(self, item: Item) -> bool:
        theirs = self.peer.read(self.entity, item.remote_id)
        if theirs is None or not self._items.is_the_same(item, theirs):
            return True
        if self.entity is MODEL and item.made_by is Made.US and self.peer.model_uid_of(theirs) != item.local_id:
            return True
        return self.peer.remove(self.entity, item.remote_id)

    def below_remote(self, remote_id: str) -> Sequence[str]:
        return self.peer.versions_of(remote_id) if self.entity is MODEL else ()


def types_of_registry(side: Side, others: Others) -> tuple[RegistryType, RegistryType]:
    """Return both kinds of items of a registry, which need each other: a version its model, an alias its version."""
    items = Items(side)
    comparison = Comparison(items, others)
    identity_of_both = RegistryIdentity(items, others)
    return RegistryType(MODEL, items, comparison, identity_of_both), RegistryType(
        VERSION, items, comparison, identity_of_both
    )
