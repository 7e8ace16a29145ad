"""Brings an evaluation dataset to the same state on both sides.  Re-runnable at any moment, as `reconcile.runs` is.

`identity` finds the counterpart, `compare` says what is compared, `records` syncs the records, and `delete` decides about a
dataset whose counterpart is gone.
"""

from collections.abc import Set

from trackside.core.db.tx import Tx
from trackside.core.http_client.client import Refused
from trackside.evaluation_datasets import model as dm
from trackside.links import store
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.datasets.compare import SCHEMA, VERSION, Comparison, without_version
from trackside.links.reconcile.datasets.delete import Removal
from trackside.links.reconcile.datasets.identity import Meeting, touched
from trackside.links.reconcile.datasets.records import Moved
from trackside.links.reconcile.runs import Mirror, words
from trackside.links.state import item_store
from trackside.links.state.item_store import Item
from trackside.sync import document, record_merge
from trackside.sync.document import Doc, Merged, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.local import datasets
from trackside.sync.local.datasets import KEPT, LATE
from trackside.sync.local.reader import Part

DATASET = Entity.DATASET
PAGE = 500
UNKNOWN = "the other side knows no evaluation datasets: they stay here"


class DatasetMirror:
    def __init__(self, side: Side, runs: Mirror) -> None:
        self.side = side
        self.peer = side.peer.datasets
        self.comparison = Comparison(side, runs)
        self.removal = Removal(self.comparison, lambda remote_id: self.theirs(remote_id, verify=True))
        self._meeting = Meeting(self.comparison, runs)
        self._link_id = side.link.link_id

    def ours(self, local_id: str, *, verify: bool, theirs: Part | None = None) -> None:
        """One of ours that may have changed or gone, or of which the peer says so (`theirs`)."""
        if not self.peer.is_known:
            self.side.note_once("skipped", DATASET, "", UNKNOWN)
            return
        part = self.side.read(lambda tx: datasets.read(tx, local_id))
        item = self.side.item(DATASET, local_id)
        if part is None:
            if item is not None:
                self.removal.here(item)
            return
        if not self.comparison.is_wanted(part, item) and not (theirs and self.comparison.wants_theirs(theirs)):
            return
        if item is None or not item.remote_id:
            if not self.side.link.mode.sends and theirs is None:
                return
            item, theirs = self._meeting.first(part, item, theirs)
        self._converge(part, item, theirs, verify=verify)

    def theirs(self, remote_id: str, *, verify: bool, known: Part | None = None) -> None:
        """One of theirs that may have changed or gone; `known`: what it was like in a list."""
        if not self.side.link.mode.takes:
            return
        item = self.side.read(lambda tx: item_store.by_remote(tx, self._link_id, DATASET, remote_id))
        if known is not None and item is None and touched(known) < self.side.link.options.since:
            return
        if known is not None and item is not None and not verify and self.comparison.is_as_agreed(item, known):
            self.side.confirm(DATASET, item)
            return
        part = self.peer.read(remote_id)
        if part is None:
            if item is not None:
                self.removal.there(item)
            return
        local_id = item.local_id if item is not None else self._meeting.adopt(part)
        if local_id is not None:
            self.ours(local_id, verify=verify, theirs=part)

    def gone(self, listed: Set[str]) -> list[str]:
        """What both sides had and a list of all that the other side has does not name."""
        found: list[str] = []
        items = self._items("")
        while items:
            found += [item.remote_id for item in items if item.remote_id not in listed]
            items = self._items(items[-1].local_id)
        return found

    def _items(self, after: str) -> list[Item]:
        return self.side.read(lambda tx: item_store.items(tx, self._link_id, DATASET, after, PAGE))

    def _converge(self, part: Part, item: Item, theirs: Part | None, *, verify: bool) -> None:
        side, mode = self.side, self.side.link.mode
        if theirs is None and (verify or item.agreed is None or mode is Mode.BOTH):
            theirs = self.peer.read(item.remote_id)
            if theirs is None:
                self.removal.there(item)
                return
        if theirs is not None:
            side.confirm(DATASET, item)
        agreed = item.agreed or {}
        mine = self.comparison.mine(part)
        doc = without_version(agreed) if theirs is None else self.comparison.home(theirs)
        merged = self.comparison.merge(agreed, mine, doc)
        for conflict in merged.conflicts:
            if conflict.field[0] not in KEPT:
                side.note_conflict(DATASET, part.item_id, words(conflict))
        looks = theirs is not None and (verify or not self.comparison.has_agreed_version(item, theirs))
        try:
            early, late = _parts(merged.for_them)
            if mode.sends and early:
                self.peer.change(item.remote_id, self.comparison.patch_there(early))
            moved = self.comparison.records(item).run(look=looks)
            if mode.sends and late:
                self.peer.change(item.remote_id, self.comparison.patch_there(late))
        except Refused as refused:
            if not refused.is_missing or self.peer.read(item.remote_id) is not None:
                raise  # it is there: something in it was not
            self.removal.there(item)
            return
        self._hear(part, item, merged, moved, theirs)

    def _hear(self, part: Part, item: Item, merged: Merged, moved: Moved, theirs: Part | None) -> None:
        """Takes their part, and remembers what both have now: in one transaction."""
        side = self.side
        version = (item.agreed or {}) if theirs is None else theirs.doc
        has_sent = side.link.mode.sends and (bool(merged.for_them) or moved.sent > 0)

        def work(tx: Tx) -> None:
            here = datasets.read(tx, part.item_id) if side.link.mode is Mode.BOTH else None
            kept = merged
            if here is not None:
                changed = document.changed_since(merged, part.doc, here.doc)
                kept = document.without(merged, changed, without_version(item.agreed or {}))
            patch = kept.for_us
            if theirs is not None and not side.peer.keeps_ids and (patch or moved.taken):
                patch = Patch({**patch.put, **self._times(tx, part, theirs)}, patch.drop)
            if patch:
                datasets.put(tx.by(f"link {side.link.name}"), part.item_id, patch)
            agreed = dict(kept.agreed)
            if VERSION in version:
                agreed[VERSION] = version[VERSION]
            item_store.save_item(tx, self._link_id, DATASET, part.item_id, item.remote_id, item.made_by, agreed)
            store.count(
                tx, self._link_id, sent_items=int(has_sent), taken_items=int(bool(kept.for_us) or moved.taken > 0)
            )

        agreed_now = {**merged.agreed, **({VERSION: version[VERSION]} if VERSION in version else {})}
        if merged.for_us or moved or has_sent or agreed_now != item.agreed:
            side.write(work)

    def _times(self, tx: Tx, part: Part, theirs: Part) -> Doc:
        """What a change of ours makes of the rest, where only we can set it: what theirs says in a link that only takes."""
        found: Doc = {field: value for field, value in theirs.doc.items() if field[0] in LATE}
        if self.side.link.mode is Mode.BOTH:
            found["last_update_time", ""] = str(tx.now)
            found["digest", ""] = dm.digest(part.doc["name", ""], tx.now)
        if SCHEMA in found and part.doc.get(SCHEMA, found[SCHEMA]) != found[SCHEMA]:
            found[SCHEMA] = record_merge.joined_schema(part.doc[SCHEMA], found[SCHEMA])
        return found


def _parts(patch: Patch) -> tuple[Patch, Patch]:
    """What is told at once, and what is told when all records are there."""
    early = {field: value for field, value in patch.put.items() if field[0] not in LATE}
    late = {field: value for field, value in patch.put.items() if field[0] in LATE}
    drops = [field for field in patch.drop if field[0] not in LATE]
    return Patch(early, drops), Patch(late, [field for field in patch.drop if field[0] in LATE])
