"""Compares the fields of a trace, with the ids of either side, and finds which side changed them."""

from collections.abc import Callable

from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Others
from trackside.links.reconcile.merging import as_created, differing
from trackside.links.state.item import ItemState
from trackside.sync import document, fields
from trackside.sync.document import Doc, Merged
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import reader
from trackside.sync.local.reader import Snapshot
from trackside.sync.trace_document import link_field, link_of, merged_only
from trackside.traces.model import MODEL_ID, SOURCE_RUN

IDS = {SOURCE_RUN: Entity.RUN, MODEL_ID: Entity.LOGGED_MODEL}  # metadata whose values are ids of items


class Comparison:
    def __init__(self, context: LinkContext, others: Others) -> None:
        self.context = context
        self.remote = context.remote.traces
        self._others = others
        self._wanted: dict[str, bool] = {}  # by remote ids of experiments, for one pass

    def is_wanted(self, snapshot: Snapshot) -> bool:
        """Return whether the link replicates a local trace: traces of deleted experiments are not replicated."""
        found = self.context.read(reader.experiment, snapshot.experiment_id)
        return (
            found is not None
            and found.doc.get(fields.STAGE) == "active"
            and self.context.link.options.wants(found.doc[fields.NAME])
        )

    def wants_remote(self, snapshot: Snapshot) -> bool:
        known = self._wanted.get(snapshot.experiment_id)
        if known is None:
            found = self.context.look(Entity.EXPERIMENT, snapshot.experiment_id)
            known = found is not None and self.context.link.options.wants(found.doc[fields.NAME])
            self._wanted[snapshot.experiment_id] = known
        return known

    def local_doc(self, doc: Doc) -> Doc:
        """Return the fields of the local document that are merged."""
        return {
            field: value
            for field, value in merged_only(doc).items()
            if self.remote.keeps_final or field != fields.FINAL
        }

    def remote_doc(self, doc: Doc) -> Doc:
        """Return the remote document with local ids of runs and models."""
        return self.local_doc(self._renamed(doc, self._here))

    def there(self, doc: Doc) -> Doc:
        """Return the local document with remote ids of runs and models, which are created there if the link includes them."""
        return self._renamed(doc, self._there)

    def as_given(self, snapshot: Snapshot) -> Doc | None:
        """Return the fields that a new remote copy of a trace certainly has: none on an MLflow server."""
        if not self.remote.keeps_final:
            return None
        doc = self.local_doc(snapshot.doc)
        return as_created(doc, doc)

    def merge(self, agreed: Doc, local: Doc, remote: Doc) -> Merged:
        return document.merge(merged_only(agreed), local, remote, self.context.link.mode, self.remote.can)

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        """Compare a trace as a list shows it: without its spans and, on MLflow, without its links."""
        if not was_compared(item):
            return False
        agreed = item.base or {}
        plain = {field: value for field, value in self.local_doc(agreed).items() if field.kind != FieldKind.LINK}
        return {
            field: value for field, value in self.remote_doc(listed.doc).items() if field.kind != FieldKind.LINK
        } == plain

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        agreed = item.base or {}
        return self.local_doc(snapshot.doc) != self.local_doc(agreed) or snapshot.doc.get(fields.SPANS) != agreed.get(
            fields.SPANS
        )

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return not self.is_as_agreed(item, remote) or remote.doc.get(fields.SPANS) != (item.base or {}).get(
            fields.SPANS
        )

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        """Return descriptions of the fields that differ from the result of a merge."""
        local, doc = self.local_doc(snapshot.doc), self.remote_doc(remote.doc)
        merged = self.merge(item.base or {}, local, doc)
        has_other_spans = snapshot.doc.get(fields.SPANS) != remote.doc.get(fields.SPANS)
        return differing(merged, local, doc) + (["spans differ"] if has_other_spans else [])

    def _renamed(self, doc: Doc, find: Callable[[Entity, str], str]) -> Doc:
        if self.context.remote.preserves_ids:
            return doc
        found: Doc = {}
        for field, value in doc.items():
            if field.kind is FieldKind.METADATA and field.key in IDS:
                found[field] = find(IDS[field.key], value)
            elif field.kind is FieldKind.LINK and link_of(field.key)[0] == "run":
                found[link_field("run", find(Entity.RUN, link_of(field.key)[1]))] = value
            else:
                found[field] = value
        return found

    def _here(self, entity: Entity, remote_id: str) -> str:
        found = self.context.by_remote(entity, remote_id)
        return remote_id if found is None else found.local_id

    def _there(self, entity: Entity, local_id: str) -> str:
        return self._others.remote_of(entity, local_id) or local_id


def was_compared(item: ItemState) -> bool:
    """Return whether a trace was compared since a link created it: if not, its fields are agreed, and its spans may be
    missing."""
    return item.base is not None and fields.EXPERIMENT in item.base
