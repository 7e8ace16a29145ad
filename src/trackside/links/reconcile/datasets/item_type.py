"""Evaluation datasets as items of a link.  `compare` says what is compared; `records` syncs the records beside the document."""

from trackside.core.db.tx import Tx
from trackside.evaluation_datasets import model as dm
from trackside.links.model import Made
from trackside.links.reconcile import identity
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.datasets.compare import Comparison, without_version
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, Sent
from trackside.links.state.item import Item
from trackside.sync import document, fields, record_merge
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import datasets, reader
from trackside.sync.local.datasets import KEPT, LATE
from trackside.sync.local.reader import Part

SOURCE: Field = Field(FieldKind.TAG, reader.SOURCE_DATASET)


class DatasetType(ItemType):
    entity = Entity.DATASET
    quiet = KEPT

    def __init__(self, side: Side, others: Others) -> None:
        self.side = side
        self.peer = side.peer.datasets
        self.comparison = Comparison(side, others)

    def unknown(self) -> str:
        return "" if self.peer.is_known else "the other side knows no evaluation datasets: they stay here"

    def called(self, part: Part) -> str:
        return f"evaluation dataset {part.doc.get(fields.NAME, part.item_id)}"

    def read_local(self, tx: Tx, local_id: str) -> Part | None:
        return datasets.read(tx, local_id)

    def read_remote(self, remote_id: str) -> Part | None:
        return self.peer.read(remote_id)

    def is_wanted(self, part: Part, item: Item | None, theirs: Part | None) -> bool:
        return self.comparison.is_wanted(part, item) or (theirs is not None and self.comparison.wants_theirs(theirs))

    def is_before(self, theirs: Part) -> bool:
        return self.side.is_before(touched(theirs))

    def is_as_agreed(self, item: Item, listed: Part) -> bool:
        return self.comparison.is_as_agreed(item, listed)

    def match(self, part: Part) -> str | None:
        """Another link may have brought it there: from here, or from where we have it."""
        side = self.side
        is_brought, age_ms = identity.brought(side, self.entity, part.item_id)
        found = self.peer.find_copy(part.item_id, is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_maker(side, age_ms)
        return found

    def create_remote(self, part: Part) -> Created:
        doc = self.comparison.there(self.comparison.mine(part))
        self.side.save(self.entity, part.item_id, "", Made.US, None)
        return Created(self.peer.make(part.item_id, doc))

    def create_local(self, theirs: Part) -> str | None:
        if self.is_before(theirs) or not self.comparison.wants_theirs(theirs):
            return None
        local_id = identity.id_here(self.side, self.entity, theirs, SOURCE, self.peer.read)
        if local_id is None:
            return None
        exists = self.side.read(lambda tx: datasets.read(tx, local_id)) is not None
        is_by_us = local_id == theirs.doc.get(SOURCE) and identity.is_known_as_ours(self.side, theirs)
        doc = {field: value for field, value in theirs.doc.items() if field.kind in datasets.AT_BIRTH}

        def make(tx: Tx) -> None:
            datasets.make(tx, local_id, doc)
            made_by = Made.HERE if not exists else Made.US if is_by_us else Made.THEM
            identity.save_met(self.side, tx, self.entity, local_id, theirs.item_id, made_by)

        self.side.write(make)
        return local_id

    def must_look(self, part: Part, item: Item) -> bool:
        del part, item
        return self.side.link.mode is Mode.BOTH

    def merge(self, part: Part, item: Item, theirs: Part | None) -> Compared:
        agreed = item.agreed or {}
        base, mine = without_version(agreed), self.comparison.mine(part)
        merged = self.comparison.merge(agreed, mine, base if theirs is None else self.comparison.home(theirs))
        version = (agreed if theirs is None else theirs.doc).get(fields.VERSION)
        return Compared(merged, base, {} if version is None else {fields.VERSION: version})

    def patch_remote(self, part: Part, item: Item, theirs: Part | None, compared: Compared, *, verify: bool) -> Sent:
        """Send the fields that follow from the records when all records are there."""
        del part
        sends, merged = self.side.link.mode.sends, compared.merged
        early, late = document.split(merged.for_them, LATE)
        if sends and early:
            self.peer.change(item.remote_id, self.comparison.patch_there(early))
        looks = theirs is not None and (verify or not self.comparison.has_agreed_version(item, theirs))
        moved = self.comparison.records(item).run(look=looks)
        if sends and late:
            self.peer.change(item.remote_id, self.comparison.patch_there(late))
        has_sent = sends and (bool(merged.for_them) or moved.sent > 0)
        return Sent(item.remote_id, merged, has_sent=has_sent, has_taken=moved.taken > 0)

    def apply_local(self, tx: Tx, part: Part, patch: Patch, theirs: Part | None, sent: Sent) -> None:
        if theirs is not None and not self.side.peer.keeps_ids and (patch or sent.has_taken):
            patch = Patch({**patch.put, **self._times(tx, part, theirs)}, patch.drop)
        if patch:
            datasets.put(tx, part.item_id, patch)

    def differing(self, part: Part, item: Item, theirs: Part) -> list[str]:
        return self.comparison.differing(part, item, theirs)

    def changed_here(self, item: Item, part: Part) -> bool:
        return self.comparison.changed_here(item, part)

    def changed_there(self, item: Item, theirs: Part) -> bool:
        return self.comparison.changed_there(item, theirs)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        datasets.remove(tx, local_id)
        return True

    def delete_remote(self, item: Item) -> bool:
        if item.made_by is Made.US and not self.side.peer.keeps_ids:
            theirs = self.peer.read(item.remote_id)
            if theirs is not None and theirs.doc.get(SOURCE) != item.local_id:
                return True
        self.peer.remove(item.remote_id)
        return True

    def _times(self, tx: Tx, part: Part, theirs: Part) -> Doc:
        """Return the fields that follow from a change of ours, where only we can set them.  In a link that only takes, they are
        what theirs says."""
        found: Doc = {field: value for field, value in theirs.doc.items() if field.kind in LATE}
        if self.side.link.mode is Mode.BOTH:
            found[fields.LAST_UPDATE_TIME] = str(tx.now)
            found[fields.DIGEST] = dm.digest(part.doc[fields.NAME], tx.now)
        if fields.SCHEMA in found and part.doc.get(fields.SCHEMA, found[fields.SCHEMA]) != found[fields.SCHEMA]:
            found[fields.SCHEMA] = record_merge.joined_schema(part.doc[fields.SCHEMA], found[fields.SCHEMA])
        return found


def touched(part: Part) -> int:
    """Return when it was made or changed, in ms."""
    return max(int(part.doc.get(each, "0")) for each in (fields.CREATION_TIME, fields.LAST_UPDATE_TIME))
