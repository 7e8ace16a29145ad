"""Brings a registered model or a version to the same state on both sides.  Re-runnable at any moment, as `reconcile.runs` is.

`identity` finds the counterpart, `compare` says what is compared, and `delete` decides about an item whose counterpart is gone.
"""

from collections.abc import Iterable
from functools import partial
from typing import NoReturn

from trackside.core.db.tx import Tx
from trackside.core.http_client.client import Refused
from trackside.links import store
from trackside.links.reconcile import files, identity
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.deletions import Losses
from trackside.links.reconcile.registry.compare import QUIET, Comparison
from trackside.links.reconcile.registry.delete import Removal
from trackside.links.reconcile.registry.identity import Meeting
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items
from trackside.links.reconcile.runs import Mirror, words
from trackside.links.state import item_store
from trackside.links.state.item_store import Item
from trackside.registry.files import mirrored_files
from trackside.sync import document
from trackside.sync.document import Doc, Merged, Mode
from trackside.sync.entities import Entity
from trackside.sync.local import registry
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import Unmirrored

PAGE = 500


class RegistryMirror:
    def __init__(self, side: Side, runs: Mirror) -> None:
        self.side = side
        self._items = Items(side)
        self.peer = self._items.peer
        self.comparison = Comparison(self._items, self)
        self.removal = Removal(self._items, self.comparison, Losses(side), self)
        self._meeting = Meeting(self._items, runs, self)

    def ours(self, entity: Entity, local_id: str, *, verify: bool, theirs: Part | None = None) -> None:
        """An item of ours that may have changed or gone, or that the peer says may have changed (`theirs`)."""
        part = self._items.read(entity, local_id)
        item = self.side.item(entity, local_id)
        if part is None:
            if item is not None:
                self.removal.here(entity, item)
            return
        if item is None or not item.remote_id:
            if not self.side.link.mode.sends and theirs is None:
                return
            item, theirs = self._meeting.first(entity, part, item, theirs)
        self._converge(entity, part, item, theirs, verify=verify)

    def theirs(self, entity: Entity, remote_id: str, *, verify: bool, known: Part | None = None) -> None:
        """An item of theirs that may have changed or gone; `known`: what it was like in a list."""
        if not self.side.link.mode.takes:
            return
        item = self._items.by_remote(entity, remote_id)
        if known is not None and item is None and self._items.is_before(known):
            return
        if known is not None and item is not None and not verify and self.comparison.is_as_agreed(entity, item, known):
            self.side.confirm(entity, item)
            return
        part = self.peer.read(entity, remote_id)
        if (
            part is not None and item is not None and not self._items.is_the_same(item, part)
        ):  # its number was given again
            self.removal.there(entity, item)
            item = None
        if part is None:
            if item is not None:
                self.removal.there(entity, item)
            return
        if part.failed and item is None:
            raise Unmirrored(f"version {part.item_id} of the other side is left out: {part.failed}")
        local_id = item.local_id if item is not None else self._meeting.adopt(entity, part)
        if local_id is not None:
            self.ours(entity, local_id, verify=verify, theirs=part)

    def gone(self, listed: Iterable[tuple[Entity, str]]) -> list[tuple[Entity, str]]:
        """What both sides had and a list of all that the other side has does not name."""
        there = set(listed)
        found: list[tuple[Entity, str]] = []
        for entity in (VERSION, MODEL):
            after = ""
            while True:
                items = self.side.read(
                    partial(item_store.items, link_id=self._items.link_id, entity=entity, after=after, most=PAGE)
                )
                found += [(entity, item.remote_id) for item in items if (entity, item.remote_id) not in there]
                if len(items) < PAGE:
                    break
                after = items[-1].local_id
        return found

    def _converge(self, entity: Entity, part: Part, item: Item, theirs: Part | None, *, verify: bool) -> None:
        side, mode = self.side, self.side.link.mode
        mine = self.comparison.comparable(entity, part.doc)
        # What goes by a name and a number there may be another one by now.
        is_unsure = mine != item.agreed and (mode is Mode.BOTH or not side.peer.keeps_ids)
        if theirs is None and (verify or item.agreed is None or is_unsure):
            theirs = self.peer.read(entity, item.remote_id)
            if theirs is None or not self._items.is_the_same(item, theirs):
                self.removal.there(entity, item)
                return
        if theirs is not None and theirs.failed:
            self._leave_out(part, item, theirs)
        if theirs is not None:
            side.confirm(entity, item)
        agreed = item.agreed or {}
        doc = agreed if theirs is None else self.comparison.home(entity, item, theirs)
        if entity is MODEL:
            mine = self.comparison.with_known_aliases(part, mine)
        agreed, mine, doc, stage = self.comparison.with_known_stages(part, agreed, mine, doc)
        merged = document.merge(agreed, mine, doc, mode, lambda field, verb: self.peer.can(entity, field, verb))
        for conflict in merged.conflicts:
            if conflict.field[0] not in QUIET:
                side.note_conflict(entity, part.item_id, f"{self._items.called(part)}: {words(conflict)}")
        remote_id = item.remote_id
        if mode.sends and merged.for_them:
            self.peer.left_out = {}  # of one that failed half-way
            try:
                remote_id = self.peer.change(entity, remote_id, self.comparison.there(part, merged.for_them))
            except Refused as refused:
                if not refused.is_missing:
                    raise
                self.removal.there(entity, item)
                return
            side.write(lambda tx: store.count(tx, self._items.link_id, sent_items=1))
            merged = self._without_left_out(entity, part, merged, agreed)
        now = {**merged.agreed, **stage}

        def hear(tx: Tx) -> None:
            kept = self._without_changed_here(tx, entity, part, item, merged)
            if kept.for_us:
                registry.put(tx.by(self._items.user), entity, part.item_id, kept.for_us, side.server_root)
                store.count(tx, self._items.link_id, taken_items=1)
            if remote_id != item.remote_id:
                item_store.rename_remote(tx, self._items.link_id, VERSION, item.remote_id, remote_id)
            agreed = {**kept.agreed, **stage}
            item_store.save_item(tx, self._items.link_id, entity, part.item_id, remote_id, item.made_by, agreed)

        if merged.for_us or now != item.agreed or remote_id != item.remote_id:
            side.write(hear)
        if verify and self.has_own_files(entity, part):
            self._converge_files(part.item_id, remote_id)

    def _leave_out(self, part: Part, item: Item, theirs: Part) -> NoReturn:
        """A version that can never be used there.  If it is a copy of ours it goes, and is created again when the version, or its
        model, changes or somebody has all compared: not before that, since its files may have to go over again."""
        said = f"{self._items.called(part)} is left out: {theirs.failed}"
        if not self.side.link.mode.sends or not identity.is_known_as_ours(self.side, theirs):
            raise Unmirrored(said)
        self.peer.remove(VERSION, item.remote_id)
        self._items.forget(VERSION, item)
        raise Unmirrored(f"{said}; it is created again when it changes or by `link sync`")

    def _without_left_out(self, entity: Entity, part: Part, merged: Merged, agreed: Doc) -> Merged:
        """What they could not take was not agreed on."""
        left_out, self.peer.left_out = self.peer.left_out, {}
        for reason in left_out.values():
            self.side.note_once("skipped", entity, part.item_id, reason)
        return document.without(merged, set(left_out), agreed) if left_out else merged

    def _without_changed_here(self, tx: Tx, entity: Entity, part: Part, item: Item, merged: Merged) -> Merged:
        """As that of `reconcile.runs`."""
        here = registry.read(tx, entity, part.item_id) if self.side.link.mode is Mode.BOTH else None
        if here is None:
            return merged
        return document.without(merged, document.changed_since(merged, part.doc, here.doc), item.agreed or {})

    def has_own_files(self, entity: Entity, part: Part) -> bool:
        """Whether it is a version whose files were copied for it; else they lie with a run or logged model, or nobody reads
        them."""
        if entity is not VERSION:
            return False
        uri = self.side.read(lambda tx: mirrored_files.files_of(tx, registry.uid_of(part.item_id)))
        if uri is not None and mirrored_files.is_own_folder(uri):
            return True
        what, _, rest = part.doc["origin", ""].partition("/")
        if not what:
            return False
        owner = self.side.item(Entity.RUN if what == "run" else Entity.MODEL, rest.partition("/")[0])
        return owner is None or not owner.remote_id

    def _converge_files(self, local_id: str, remote_id: str) -> None:
        try:
            if self.side.link.mode.sends:
                files.send(self.side, VERSION, local_id, remote_id, verify=True)
            if self.side.link.mode.takes:
                files.receive(self.side, VERSION, local_id, remote_id)
        except Unmirrored as reason:
            self.side.note_once("skipped", VERSION, local_id, str(reason))
