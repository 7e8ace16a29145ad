"""Compares the fields of an evaluation dataset, with the ids of either side, and finds which side changed them."""

from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.datasets.records import RecordSync
from trackside.links.reconcile.item_type import Others
from trackside.links.reconcile.merging import differing
from trackside.links.state.item import ItemState
from trackside.sync import document, fields, record_merge
from trackside.sync.document import Doc, Merged, Mode, Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import reader
from trackside.sync.local.datasets import COMPARED, KEPT
from trackside.sync.local.reader import Snapshot

WORDS = {
    record_merge.Step.TAKE: "missing in this workspace, or different on the remote",
    record_merge.Step.DROP_HERE: "removed on the remote",
    record_merge.Step.SEND: "missing on the remote, or different in this workspace",
    record_merge.Step.DROP_THERE: "removed in this workspace",
    record_merge.Step.JOIN: "changed on both sides",
}


class Comparison:
    def __init__(self, context: LinkContext, others: Others) -> None:
        self.context = context
        self.remote = context.remote.datasets
        self._others = others
        self._kinds = COMPARED | KEPT if context.remote.preserves_ids else COMPARED

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None) -> bool:
        """Return whether the link replicates the dataset.

        One of its experiments must be included, or have been in the agreed state, so that its removal is replicated. A
        dataset without experiments is included unless the link names experiments.
        """
        known = of_kind(item.base or {}, FieldKind.EXPERIMENT) if item is not None else {}
        experiments = {*of_kind(snapshot.doc, FieldKind.EXPERIMENT), *known}
        return any(map(self._wants, experiments)) if experiments else not self.context.link.options.experiments

    def wants_remote(self, snapshot: Snapshot) -> bool:
        """Return whether the link replicates a remote dataset."""
        experiments = of_kind(snapshot.doc, FieldKind.EXPERIMENT)
        if not experiments:
            return not self.context.link.options.experiments
        return any(
            found is not None and self.context.link.options.wants(found.doc[fields.NAME])
            for found in (self.context.look(Entity.EXPERIMENT, each) for each in experiments)
        )

    def local_doc(self, snapshot: Snapshot, *, is_quiet: bool = False) -> Doc:
        """Return the local document with remote ids of experiments.

        Experiments that the link includes are created on the remote, unless `is_quiet`.
        """
        return {
            field: value
            for field, value in snapshot.doc.items()
            if field.kind in self._kinds
            and (field.kind != FieldKind.EXPERIMENT or self._is_there(field.key, is_quiet=is_quiet))
        }

    def remote_doc(self, remote: Snapshot, *, is_quiet: bool = False) -> Doc:
        """Return the remote document with local ids and the replicated experiments."""
        found: Doc = {}
        for field, value in remote.doc.items():
            if field.kind is FieldKind.EXPERIMENT:
                local_id = self._local_experiment(field.key, is_quiet=is_quiet)
                if local_id is not None and self._wants(local_id):
                    found[Field(field.kind, local_id)] = value
            elif field.kind in self._kinds and not (field.kind is FieldKind.TAG and field.key in reader.OWN_TAGS):
                found[field] = value
        return found

    def there(self, doc: Doc) -> Doc:
        """Return the document with the remote's ids."""
        found: Doc = {}
        for field, value in doc.items():
            if field.kind is not FieldKind.EXPERIMENT:
                found[field] = value
                continue
            item = self.context.item(Entity.EXPERIMENT, field.key)
            if item is not None and item.remote_id:
                found[Field(field.kind, item.remote_id)] = value
        return found

    def remote_patch(self, patch: Patch) -> Patch:
        return Patch(self.there(patch.put), list(self.there(dict.fromkeys(patch.drop, ""))))

    def merge(self, agreed: Doc, local: Doc, remote: Doc) -> Merged:
        base = without_version(agreed)
        merged = document.merge(base, local, remote, self.context.link.mode, self.remote.can)
        for conflict in merged.conflicts:
            if conflict.field == fields.SCHEMA and conflict.mode is Mode.BOTH and conflict.local and conflict.remote:
                both = record_merge.joined_schema(conflict.local, conflict.remote)
                for doc in (merged.for_them.put, merged.for_us.put, merged.agreed):
                    doc[fields.SCHEMA] = both
        return merged

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        """Return descriptions of the fields that differ from the link's rules."""
        local, doc = self.local_doc(snapshot, is_quiet=True), self.remote_doc(remote, is_quiet=True)
        merged = self.merge(item.base or {}, local, doc)
        counts = self.records(item).differences()
        return differing(merged, local, doc) + [
            f"{count} {'record is' if count == 1 else 'records are'} {WORDS[step]}" for step, count in counts.items()
        ]

    def records(self, item: ItemState) -> RecordSync:
        return RecordSync(self.context, self.remote, item.local_id, item.remote_id)

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether the local dataset changed since the agreed state."""
        local = self.local_doc(snapshot, is_quiet=True)
        return _plain(local) != _plain(item.base or {}) or not self.records(item).is_as_agreed()

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        """Return whether the remote dataset changed since the agreed state."""
        if _plain(self.remote_doc(remote, is_quiet=True)) != _plain(item.base or {}):
            return True
        return not self.has_agreed_version(item, remote) and not self.records(item).is_remote_as_agreed()

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        """Compare a dataset as a list shows it, without its experiments: a change of those changes the version."""
        tags, agreed = (
            {field: value for field, value in doc.items() if field.kind in (FieldKind.TAG, FieldKind.NULL_TAG)}
            for doc in (self.remote_doc(listed), item.base or {})
        )
        return self.has_agreed_version(item, listed) and tags == agreed

    def has_agreed_version(self, item: ItemState, remote: Snapshot) -> bool:
        """Return whether the remote records have the agreed version, as far as this is known without reading them."""
        version = remote.doc.get(fields.VERSION)
        return version is not None and item.base is not None and item.base.get(fields.VERSION) == version

    def _wants(self, experiment_id: str) -> bool:
        found = self.context.read(reader.experiment, experiment_id)
        return found is not None and self.context.link.options.wants(found.doc[fields.NAME])

    def _is_there(self, experiment_id: str, *, is_quiet: bool) -> bool:
        if not self.context.link.mode.sends:
            return self._wants(experiment_id)
        if not is_quiet:
            return self._wants(experiment_id) and self._others.remote_of(Entity.EXPERIMENT, experiment_id) is not None
        item = self.context.item(Entity.EXPERIMENT, experiment_id)
        return item is not None and bool(item.remote_id) and self._wants(experiment_id)

    def _local_experiment(self, remote_id: str, *, is_quiet: bool) -> str | None:
        if not is_quiet:
            return self._others.local_experiment(remote_id)
        known = self.context.by_remote(Entity.EXPERIMENT, remote_id)
        return None if known is None else known.local_id


def without_version(agreed: Doc) -> Doc:
    return {field: value for field, value in agreed.items() if field != fields.VERSION}


def _plain(doc: Doc) -> Doc:
    return {field: value for field, value in doc.items() if field.kind in COMPARED}
