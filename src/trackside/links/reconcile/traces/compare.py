"""The fields of a trace that a link compares, with the ids of either side, and which side changed them since both agreed."""

from collections.abc import Callable

from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Others
from trackside.links.reconcile.merging import as_made, differing
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
        self._wanted: dict[str, bool] = {}  # by their ids of experiments, for one pass

    def is_wanted(self, snapshot: Snapshot) -> bool:
        """Return whether the link mirrors a trace of ours: those of deleted experiments stay as they are."""
        found = self.context.read(reader.experiment, snapshot.experiment_id)
        return (
            found is not None
            and found.doc.get(fields.STAGE) == "active"
            and self.context.link.options.wants(found.doc[fields.NAME])
        )

    def wants_theirs(self, snapshot: Snapshot) -> bool:
        known = self._wanted.get(snapshot.experiment_id)
        if known is None:
            found = self.context.look(Entity.EXPERIMENT, snapshot.experiment_id)
            known = found is not None and self.context.link.options.wants(found.doc[fields.NAME])
            self._wanted[snapshot.experiment_id] = known
        return known

    def mine(self, doc: Doc) -> Doc:
        """Return the fields of ours that are merged."""
        return {
            field: value
            for field, value in merged_only(doc).items()
            if self.remote.keeps_final or field != fields.FINAL
        }

    def home(self, doc: Doc) -> Doc:
        """Return theirs with our ids of runs and models."""
        return self.mine(self._renamed(doc, self._here))

    def there(self, doc: Doc) -> Doc:
        """Return ours with their ids of runs and models, which are made there if they shall be."""
        return self._renamed(doc, self._there)

    def as_given(self, snapshot: Snapshot) -> Doc | None:
        """Return what a copy of a trace of ours that is created there has for certain: nothing on an MLflow server."""
        if not self.remote.keeps_final:
            return None
        doc = self.mine(snapshot.doc)
        return as_made(doc, doc)

    def merge(self, agreed: Doc, mine: Doc, theirs: Doc) -> Merged:
        return document.merge(merged_only(agreed), mine, theirs, self.context.link.mode, self.remote.can)

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        """Compare a trace as a list has it: without its spans and, on MLflow, without its links."""
        if not was_compared(item):
            return False
        agreed = item.base or {}
        plain = {field: value for field, value in self.mine(agreed).items() if field.kind != FieldKind.LINK}
        return {field: value for field, value in self.home(listed.doc).items() if field.kind != FieldKind.LINK} == plain

    def changed_here(self, item: ItemState, snapshot: Snapshot) -> bool:
        agreed = item.base or {}
        return self.mine(snapshot.doc) != self.mine(agreed) or snapshot.doc.get(fields.SPANS) != agreed.get(
            fields.SPANS
        )

    def changed_there(self, item: ItemState, theirs: Snapshot) -> bool:
        return not self.is_as_agreed(item, theirs) or theirs.doc.get(fields.SPANS) != (item.base or {}).get(
            fields.SPANS
        )

    def differing(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot) -> list[str]:
        """Return in words what is not what the link's rules make of it."""
        mine, doc = self.mine(snapshot.doc), self.home(theirs.doc)
        merged = self.merge(item.base or {}, mine, doc)
        has_other_spans = snapshot.doc.get(fields.SPANS) != theirs.doc.get(fields.SPANS)
        return differing(merged, mine, doc) + (["spans differ"] if has_other_spans else [])

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
    """Return whether a trace was compared since a link made it: else what it has is agreed, and its spans may be missing."""
    return item.base is not None and fields.EXPERIMENT in item.base
