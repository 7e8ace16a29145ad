"""Evaluation datasets as items of a link.

`compare` decides what is compared; `records` syncs the records in addition to the document.
"""

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
        return "" if self.remote.is_known else "the remote does not support evaluation datasets: they are not sent"

    def called(self, snapshot: Snapshot) -> str:
        return f"evaluation dataset {snapshot.doc.get(fields.NAME, snapshot.item_id)}"

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        return datasets.read(tx, local_id)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        return self.remote.read(remote_id)

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, remote: Snapshot | None) -> bool:
        return self.comparison.is_wanted(snapshot, item) or (
            remote is not None and self.comparison.wants_remote(remote)
        )

    def is_before(self, remote: Snapshot) -> bool:
        return self.context.is_before(touched(remote))

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return self.comparison.is_as_agreed(item, listed)

    def match(self, snapshot: Snapshot) -> str | None:
        """Return the remote's id: another link may have copied the dataset there, from this workspace or from the same
        source."""
        context = self.context
        is_brought, age_ms = identity.brought(context, self.entity, snapshot.item_id)
        found = self.remote.find_copy(snapshot.item_id, is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_creator(context, age_ms)
        return found

    def create_remote(self, snapshot: Snapshot) -> Created:
        doc = self.comparison.there(self.comparison.local_doc(snapshot))
        self.context.save(self.entity, snapshot.item_id, "", CreatedBy.US, None)
        return Created(self.remote.make(snapshot.item_id, doc))

    def create_local(self, remote: Snapshot) -> str | None:
        if self.is_before(remote) or not self.comparison.wants_remote(remote):
            return None
        local_id = identity.find_local_id(self.context, self.entity, remote, SOURCE, self.remote.read)
        if local_id is None:
            return None
        exists = self.context.read(datasets.read, local_id) is not None
        is_by_us = local_id == remote.doc.get(SOURCE) and identity.was_created_here(self.context, remote)
        doc = {field: value for field, value in remote.doc.items() if field.kind in datasets.AT_BIRTH}

        def make(tx: Tx) -> None:
            datasets.make(tx, local_id, doc)
            made_by = CreatedBy.HERE if not exists else CreatedBy.US if is_by_us else CreatedBy.THEM
            identity.save_pair(tx, self.context, self.entity, local_id, remote.item_id, made_by)

        self.context.write(make)
        return local_id

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        del snapshot, item
        return self.context.link.mode is Mode.BOTH

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        agreed = item.base or {}
        base, local = without_version(agreed), self.comparison.local_doc(snapshot)
        merged = self.comparison.merge(agreed, local, base if remote is None else self.comparison.remote_doc(remote))
        version = (agreed if remote is None else remote.doc).get(fields.VERSION)
        return Compared(merged, base, {} if version is None else {fields.VERSION: version})

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        """Send the fields that follow from the records after all records are sent."""
        del snapshot
        sends, merged = self.context.link.mode.sends, compared.merged
        early, late = document.split(merged.for_them, LATE)
        if sends and early:
            self.remote.change(item.remote_id, self.comparison.remote_patch(early))
        looks = remote is not None and (verify or not self.comparison.has_agreed_version(item, remote))
        moved = self.comparison.records(item).run(look=looks)
        if sends and late:
            self.remote.change(item.remote_id, self.comparison.remote_patch(late))
        has_sent = sends and (bool(merged.for_them) or moved.sent > 0)
        return Sent(item.remote_id, merged, has_sent=has_sent, has_taken=moved.taken > 0)

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent) -> None:
        if remote is not None and not self.context.remote.preserves_ids and (patch or sent.has_taken):
            patch = Patch({**patch.put, **self._times(tx, snapshot, remote)}, patch.drop)
        if patch:
            datasets.put(tx, snapshot.item_id, patch)

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        return self.comparison.differing(snapshot, item, remote)

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self.comparison.has_local_change(item, snapshot)

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return self.comparison.has_remote_change(item, remote)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        datasets.remove(tx, local_id)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        if item.made_by is CreatedBy.US and not self.context.remote.preserves_ids:
            remote = self.remote.read(item.remote_id)
            if remote is not None and remote.doc.get(SOURCE) != item.local_id:
                return True
        self.remote.remove(item.remote_id)
        return True

    def _times(self, tx: Tx, snapshot: Snapshot, remote: Snapshot) -> Doc:
        """Return the fields that follow from local changes, if only the local side sets them.  In a pull link the
        remote's values win."""
        found: Doc = {field: value for field, value in remote.doc.items() if field.kind in LATE}
        if self.context.link.mode is Mode.BOTH:
            found[fields.LAST_UPDATE_TIME] = str(tx.now)
            found[fields.DIGEST] = dm.digest(snapshot.doc[fields.NAME], tx.now)
        if fields.SCHEMA in found and snapshot.doc.get(fields.SCHEMA, found[fields.SCHEMA]) != found[fields.SCHEMA]:
            found[fields.SCHEMA] = record_merge.joined_schema(snapshot.doc[fields.SCHEMA], found[fields.SCHEMA])
        return found


def touched(snapshot: Snapshot) -> int:
    """Return the time of the last change or of the creation, in ms."""
    return max(int(snapshot.doc.get(each, "0")) for each in (fields.CREATION_TIME, fields.LAST_UPDATE_TIME))
