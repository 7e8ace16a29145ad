"""Traces as items of a link.  `compare` says what is compared; `spans` syncs the spans beside the document.

A trace has the same id on both sides, also on an MLflow server.
"""

from collections.abc import Sequence

import msgspec

from trackside.core.db.tx import Tx
from trackside.links.model import CreatedBy
from trackside.links.reconcile import identity
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, RetryLater, Sent
from trackside.links.reconcile.merging import as_made
from trackside.links.reconcile.reconciler import Reconciler
from trackside.links.reconcile.traces.batches import Batches
from trackside.links.reconcile.traces.compare import Comparison, was_compared
from trackside.links.reconcile.traces.spans import SpanSync
from trackside.links.state import item_store
from trackside.links.state.item import ItemState
from trackside.sync import document, fields, trace_document
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import reader, traces
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.traces_port import TracePatch
from trackside.traces.model import SIZE_STATS, State, json_object, whole

COMING_MS = 60_000  # as long spans of a trace that are missing may still be on their way to an MLflow server
LOOK_AGAIN_S = 5.0


class TraceType(ItemType):
    entity = Entity.TRACE

    def __init__(self, context: LinkContext, others: Others) -> None:
        self.context = context
        self.remote = context.remote.traces
        self.comparison = Comparison(context, others)
        self._others = others
        self._known: dict[str, Snapshot] = {}  # of theirs, as `prepare` found them; each is used once
        self._are_coming = False  # spans of the trace that was worked at last

    def unknown(self) -> str:
        return "" if self.remote.is_known else "the other side keeps no traces: they stay here"

    def called(self, snapshot: Snapshot) -> str:
        return f"trace {snapshot.item_id}"

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        return traces.read(tx, local_id)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        known = self._known.pop(remote_id, None)
        return self.remote.read(remote_id) if known is None else known

    def prepare(self, trace_ids: Sequence[str]) -> None:
        """Send new ones of the traces, which the reconciler takes next, by a few calls."""
        if (
            self.context.link.mode.sends
            and self.context.remote.preserves_ids
            and len(trace_ids) > 1
            and self.remote.is_known
        ):
            self._known = Batches(self.context, self.comparison, self._experiment_there).send(trace_ids)

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, theirs: Snapshot | None) -> bool:
        del item, theirs
        return self.comparison.is_wanted(snapshot)

    def is_before(self, theirs: Snapshot) -> bool:
        return self.context.is_before(int(theirs.doc.get(fields.REQUEST_TIME, "0")))

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return self.comparison.is_as_agreed(item, listed) and not _lacks_spans(listed.doc, item.base or {})

    def match(self, snapshot: Snapshot) -> str | None:
        known = self._known.get(snapshot.item_id) or self.remote.read(snapshot.item_id)
        return None if known is None else snapshot.item_id

    def create_remote(self, snapshot: Snapshot) -> Created:
        experiment_id = self._experiment_there(snapshot)
        self.context.save(self.entity, snapshot.item_id, "", CreatedBy.US, self.comparison.as_given(snapshot))
        doc = self.comparison.there(self.comparison.mine(snapshot.doc))
        self.remote.put(snapshot.item_id, experiment_id, TracePatch(doc, doc))
        if fields.SPANS in snapshot.doc:
            SpanSync(self.context, snapshot.item_id).send_all(experiment_id, doc)
        return Created(snapshot.item_id)

    def as_made(self, snapshot: Snapshot, theirs: Snapshot) -> Doc | None:
        """An MLflow server has values of its own of a trace, such as shorter previews."""
        if self.context.remote.preserves_ids:
            return None
        return as_made(self.comparison.home(theirs.doc), self.comparison.mine(snapshot.doc))

    def create_local(self, theirs: Snapshot) -> str | None:
        if self.is_before(theirs) or not self.comparison.wants_theirs(theirs):
            return None
        experiment_id = self._others.experiment_here(theirs.experiment_id)
        if experiment_id is None:
            return None
        trace_id = theirs.item_id
        doc = self.comparison.home(theirs.doc)

        def make(tx: Tx) -> None:
            exists = traces.read(tx, trace_id) is not None
            if not exists:
                traces.put(tx, self._brought(trace_id, experiment_id, doc, doc))
            made_by = CreatedBy.THEM if exists else CreatedBy.HERE
            identity.save_met(tx, self.context, self.entity, trace_id, trace_id, made_by)
            made = None if exists else traces.read(tx, trace_id)
            if made is not None:
                agreed = as_made(self.comparison.mine(made.doc), doc)
                item_store.save_item(tx, self.context.link_id, self.entity, trace_id, trace_id, made_by, agreed)

        self.context.write(make)
        return trace_id

    def must_look(self, snapshot: Snapshot, item: ItemState) -> bool:
        is_shared = self.context.link.mode is Mode.BOTH
        return (is_shared or not was_compared(item)) and self.comparison.changed_here(item, snapshot)

    def merge(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None) -> Compared:
        base, mine = self.comparison.mine(item.base or {}), self.comparison.mine(snapshot.doc)
        doc = base if theirs is None else self.comparison.home(theirs.doc)
        merged = self.comparison.merge(base, mine, doc)
        return Compared(merged, base, {fields.EXPERIMENT: snapshot.experiment_id})

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        del verify
        merged, agreed = compared.merged, item.base or {}
        sends = self.context.link.mode.sends
        before = compared.base if theirs is None else self.comparison.home(theirs.doc)
        doc = self.comparison.there(document.apply(before, merged.for_them))
        place = self._experiment_there(snapshot) if sends else ""
        if sends and merged.for_them:
            changed = self.comparison.there(merged.for_them.put)
            self.remote.put(snapshot.item_id, place, TracePatch(doc, changed, merged.for_them.drop))
        has_sent, has_taken = sends and bool(merged.for_them), False
        there = (agreed if theirs is None else theirs.doc).get(fields.SPANS)
        kept = {field: snapshot.doc[field] for field in (fields.SPANS, fields.SPAN_COUNT) if field in snapshot.doc}
        if snapshot.doc.get(fields.SPANS) != there:
            made = SpanSync(self.context, snapshot.item_id).run(snapshot, place, doc)
            kept = trace_document.spans_fields(made.agreed)
            has_sent, has_taken = has_sent or bool(made.send), bool(made.take)
        merged = msgspec.structs.replace(merged, agreed={**merged.agreed, **kept})
        self._are_coming = theirs is not None and self._is_incomplete(theirs.doc, kept)
        return Sent(item.remote_id, merged, has_sent=has_sent, has_taken=has_taken)

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, theirs: Snapshot | None, sent: Sent) -> None:
        del theirs, sent
        if patch:
            doc = document.apply(self.comparison.mine(snapshot.doc), patch)
            traces.put(tx, self._brought(snapshot.item_id, snapshot.experiment_id, doc, patch.put, patch.drop))

    def finish(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        del snapshot, item, theirs, sent, verify
        if self._are_coming:
            raise RetryLater(LOOK_AGAIN_S)

    def differing(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot) -> list[str]:
        return self.comparison.differing(snapshot, item, theirs)

    def changed_here(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self.comparison.changed_here(item, snapshot)

    def changed_there(self, item: ItemState, theirs: Snapshot) -> bool:
        return self.comparison.changed_there(item, theirs)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        traces.remove(tx, local_id)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        theirs = self.remote.read(item.remote_id)
        if theirs is not None:
            self.remote.remove(item.remote_id, theirs.experiment_id)
        return True

    def _is_incomplete(self, theirs: Doc, kept: Doc) -> bool:
        """Return whether spans of a recent trace are missing on an MLflow server, whose list does not show when they come: a
        client sends these beside the rest, in any order."""
        if self.context.remote.preserves_ids or not self.context.link.mode.takes:
            return False
        age_ms = self.context.read(lambda tx: tx.now) - int(theirs.get(fields.REQUEST_TIME, "0"))
        return 0 <= age_ms < COMING_MS and _lacks_spans(theirs, kept)

    def _brought(
        self, trace_id: str, experiment_id: str, doc: Doc, changed: Doc, drop: Sequence[tuple[str, str]] = ()
    ) -> traces.Brought:
        """Return what makes `doc` of a trace of ours.  An MLflow server does not say whether the start call came."""
        if not self.remote.keeps_final and doc.get(fields.STATE) != State.IN_PROGRESS:
            doc = {**doc, fields.FINAL: "true"}
        return msgspec.convert(traces.brought(trace_id, experiment_id, doc, changed, drop), traces.Brought)

    def _experiment_there(self, snapshot: Snapshot) -> str:
        found = self._others.remote_of(Entity.EXPERIMENT, snapshot.experiment_id)
        if found is None:
            raise RetryLater(LOOK_AGAIN_S)
        return found


class TraceReconciler(Reconciler):
    """Traces that went with their experiment stay on the other side, as its runs do."""

    def deleted_here(self, item: ItemState) -> None:
        full = self.context.item(self.entity, item.local_id) or item
        experiment_id = (full.base or {}).get(fields.EXPERIMENT, "")
        found = self.context.read(reader.experiment, experiment_id) if experiment_id else None
        if experiment_id and (found is None or found.doc.get(fields.STAGE) != "active"):
            self.forget(item)
            return
        super().deleted_here(item)


def _wanted_spans(doc: Doc) -> int:
    """Return how many spans the client says the trace has; 0 if it does not."""
    return whole(json_object(doc.get(Field(FieldKind.METADATA, SIZE_STATS))).get("num_spans")) or 0


def _lacks_spans(listed: Doc, agreed: Doc) -> bool:
    has_new = fields.PLACE in listed and fields.SPANS not in agreed
    return has_new or _wanted_spans(listed) > int(agreed.get(fields.SPAN_COUNT, "0"))
