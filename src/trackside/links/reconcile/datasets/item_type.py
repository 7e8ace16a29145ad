"""Evaluation datasets as items of a link.  `compare` says what is compared; `records` syncs the records beside the document."""

from trackside.core.db.tx import Tx
from trackside.evaluation_datasets import model as dm
from trackside.links.model import CreatedBy
from trackside.links.reconcile import identity
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.datasets.compare import Comparison, without_version
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, Sent
from trackside.links.state.item import ItemState
from trackside.sync import document, fields, record_merge
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import datasets, reader
from trackside.sync.local.datasets import KEPT, LATE
from trackside.sync.local.reader import Snapshot

SOURCE: Field = Field(FieldKind.TAG, reader.SOURCE_DATASET)


class DatasetType(ItemType):
    entity = Entity.EVALUATION_DATASET
    quiet = KEPT

    def __init__(self, context: LinkContext, others: Others) -> None:
        self.context = context
        self.remote = context.remote.datasets
        self.comparison = Comparison(context, others)

    def unknown(self) -> str:
        return "" if self.remote.is_known else "the other side knows no evaluation datasets: they stay here"

    def called(self, snapshot: Snapshot) -> str:
        return f"evaluation dataset {snapshot.doc.get(fields.NAME, snapshot.item_id)}"

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        return datasets.read(tx, local_id)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        return self.remote.read(remote_id)

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, theirs: Snapshot | None) -> bool:
        return self.comparison.is_wanted(snapshot, item) or (
            theirs is not None and self.comparison.wants_theirs(theirs)
        )

    def is_before(self, theirs: Snapshot) -> bool:
        return self.context.is_before(touched(theirs))

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return self.comparison.is_as_agreed(item, listed)

    def match(self, snapshot: Snapshot) -> str | None:
        """Another link may have brought it there: from here, or from where we have it."""
        context = self.context
        is_brought, age_ms = identity.brought(context, self.entity, snapshot.item_id)
        found = self.remote.find_copy(snapshot.item_id, is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_maker(context, age_ms)
        return found

    def create_remote(self, snapshot: Snapshot) -> Created:
        doc = self.comparison.there(self.comparison.mine(snapshot))
        self.context.save(self.entity, snapshot.item_id, "", CreatedBy.US, None)
        return Created(self.remote.make(snapshot.item_id, doc))

    def create_local(self, theirs: Snapshot) -> str | None:
        if self.is_before(theirs) or not self.comparison.wants_theirs(theirs):
            return None
        local_id = identity.id_here(self.context, self.entity, theirs, SOURCE, self.remote.read)
        if local_id is None:
            return None
        exists = self.context.read(datasets.read, local_id) is not None
        is_by_us = local_id == theirs.doc.get(SOURCE) and identity.is_known_as_ours(self.context, theirs)
        doc = {field: value for field, value in theirs.doc.items() if field.kind in datasets.AT_BIRTH}

        def make(tx: Tx) -> None:
            datasets.make(tx, local_id, doc)
            made_by = CreatedBy.HERE if not exists else CreatedBy.US if is_by_us else CreatedBy.THEM
            identity.save_met(tx, self.context, self.entity, local_id, theirs.item_id, made_by)

        self.context.write(make)
        return local_id

    def must_look(self, snapshot: Snapshot, item: ItemState) -> bool:
        del snapshot, item
        return self.context.link.mode is Mode.BOTH

    def merge(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None) -> Compared:
        agreed = item.base or {}
        base, mine = without_version(agreed), self.comparison.mine(snapshot)
        merged = self.comparison.merge(agreed, mine, base if theirs is None else self.comparison.home(theirs))
        version = (agreed if theirs is None else theirs.doc).get(fields.VERSION)
        return Compared(merged, base, {} if version is None else {fields.VERSION: version})

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        """Send the fields that follow from the records when all records are there."""
        del snapshot
        sends, merged = self.context.link.mode.sends, compared.merged
        early, late = document.split(merged.for_them, LATE)
        if sends and early:
            self.remote.change(item.remote_id, self.comparison.patch_there(early))
        looks = theirs is not None and (verify or not self.comparison.has_agreed_version(item, theirs))
        moved = self.comparison.records(item).run(look=looks)
        if sends and late:
            self.remote.change(item.remote_id, self.comparison.patch_there(late))
        has_sent = sends and (bool(merged.for_them) or moved.sent > 0)
        return Sent(item.remote_id, merged, has_sent=has_sent, has_taken=moved.taken > 0)

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, theirs: Snapshot | None, sent: Sent) -> None:
        if theirs is not None and not self.context.remote.preserves_ids and (patch or sent.has_taken):
            patch = Patch({**patch.put, **self._times(tx, snapshot, theirs)}, patch.drop)
        if patch:
            datasets.put(tx, snapshot.item_id, patch)

    def differing(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot) -> list[str]:
        return self.comparison.differing(snapshot, item, theirs)

    def changed_here(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self.comparison.changed_here(item, snapshot)

    def changed_there(self, item: ItemState, theirs: Snapshot) -> bool:
        return self.comparison.changed_there(item, theirs)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        datasets.remove(tx, local_id)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        if item.made_by is CreatedBy.US and not self.context.remote.preserves_ids:
            theirs = self.remote.read(item.remote_id)
            if theirs is not None and theirs.doc.get(SOURCE) != item.local_id:
                return True
        self.remote.remove(item.remote_id)
        return True

    def _times(self, tx: Tx, snapshot: Snapshot, theirs: Snapshot) -> Doc:
        """Return the fields that follow from a change of ours, where only we can set them.  In a link that only takes, they are
        what theirs says."""
        found: Doc = {field: value for field, value in theirs.doc.items() if field.kind in LATE}
        if self.context.link.mode is Mode.BOTH:
            found[fields.LAST_UPDATE_TIME] = str(tx.now)
            found[fields.DIGEST] = dm.digest(snapshot.doc[fields.NAME], tx.now)
        if fields.SCHEMA in found and snapshot.doc.get(fields.SCHEMA, found[fields.SCHEMA]) != found[fields.SCHEMA]:
            found[fields.SCHEMA] = record_merge.joined_schema(snapshot.doc[fields.SCHEMA], found[fields.SCHEMA])
        return found


def touched(snapshot: Snapshot) -> int:
    """Return when it was made or changed, in ms."""
    return max(int(snapshot.doc.get(each, "0")) for each in (fields.CREATION_TIME, fields.LAST_UPDATE_TIME))
