"""Traces as items of a link.

`compare` decides what is compared; `spans` syncs the spans in addition to the document. A trace has the same id on both sides,
also on an MLflow server.
"""

from collections.abc import Sequence

import msgspec

from trackside.core.db.tx import Tx
from trackside.links.model import CreatedBy
from trackside.links.reconcile import identity
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, RetryLater, Sent
from trackside.links.reconcile.merging import as_created
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

COMING_MS = 60_000  # how long missing spans of a trace may still be on their way to an MLflow server
LOOK_AGAIN_S = 5.0


class TraceType(ItemType):
    entity = Entity.TRACE

    def __init__(self, context: LinkContext, others: Others) -> None:
        self.context = context
        self.remote = context.remote.traces
        self.comparison = Comparison(context, others)
        self._others = others
        self._known: dict[str, Snapshot] = {}  # remote traces that `prepare` found; each is used once
        self._are_coming = False  # spans of the last processed trace

    def unknown(self) -> str:
        return "" if self.remote.is_known else "the remote does not support traces: they are not sent"

    def called(self, snapshot: Snapshot) -> str:
        return f"trace {snapshot.item_id}"

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        return traces.read(tx, local_id)

    def read_remote(self, remote_id: str) -> Snapshot | None:
        known = self._known.pop(remote_id, None)
        return self.remote.read(remote_id) if known is None else known

    def prepare(self, trace_ids: Sequence[str]) -> None:
        """Send new traces, which the reconciler processes next, in few calls."""
        if (
            self.context.link.mode.sends
            and self.context.remote.preserves_ids
            and len(trace_ids) > 1
            and self.remote.is_known
        ):
            self._known = Batches(self.context, self.comparison, self._remote_experiment).send(trace_ids)

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, remote: Snapshot | None) -> bool:
        del item, remote
        return self.comparison.is_wanted(snapshot)

    def is_before(self, remote: Snapshot) -> bool:
        return self.context.is_before(int(remote.doc.get(fields.REQUEST_TIME, "0")))

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        return self.comparison.is_as_agreed(item, listed) and not _lacks_spans(listed.doc, item.base or {})

    def match(self, snapshot: Snapshot) -> str | None:
        known = self._known.get(snapshot.item_id) or self.remote.read(snapshot.item_id)
        return None if known is None else snapshot.item_id

    def create_remote(self, snapshot: Snapshot) -> Created:
        experiment_id = self._remote_experiment(snapshot)
        self.context.save(self.entity, snapshot.item_id, "", CreatedBy.US, self.comparison.as_given(snapshot))
        doc = self.comparison.there(self.comparison.local_doc(snapshot.doc))
        self.remote.put(snapshot.item_id, experiment_id, TracePatch(doc, doc))
        if fields.SPANS in snapshot.doc:
            SpanSync(self.context, snapshot.item_id).send_all(experiment_id, doc)
        return Created(snapshot.item_id)

    def as_created(self, snapshot: Snapshot, remote: Snapshot) -> Doc | None:
        """Return the agreed state of a new copy: an MLflow server derives some values of a trace, such as shorter previews."""
        if self.context.remote.preserves_ids:
            return None
        return as_created(self.comparison.remote_doc(remote.doc), self.comparison.local_doc(snapshot.doc))

    def create_local(self, remote: Snapshot) -> str | None:
        if self.is_before(remote) or not self.comparison.wants_remote(remote):
            return None
        experiment_id = self._others.local_experiment(remote.experiment_id)
        if experiment_id is None:
            return None
        trace_id = remote.item_id
        doc = self.comparison.remote_doc(remote.doc)

        def make(tx: Tx) -> None:
            exists = traces.read(tx, trace_id) is not None
            if not exists:
                traces.put(tx, self._brought(trace_id, experiment_id, doc, doc))
            made_by = CreatedBy.THEM if exists else CreatedBy.HERE
            identity.save_pair(tx, self.context, self.entity, trace_id, trace_id, made_by)
            made = None if exists else traces.read(tx, trace_id)
            if made is not None:
                agreed = as_created(self.comparison.local_doc(made.doc), doc)
                item_store.save_item(tx, self.context.link_id, self.entity, trace_id, trace_id, made_by, agreed)

        self.context.write(make)
        return trace_id

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        is_shared = self.context.link.mode is Mode.BOTH
        return (is_shared or not was_compared(item)) and self.comparison.has_local_change(item, snapshot)

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        base, local = self.comparison.local_doc(item.base or {}), self.comparison.local_doc(snapshot.doc)
        doc = base if remote is None else self.comparison.remote_doc(remote.doc)
        merged = self.comparison.merge(base, local, doc)
        return Compared(merged, base, {fields.EXPERIMENT: snapshot.experiment_id})

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        del verify
        merged, agreed = compared.merged, item.base or {}
        sends = self.context.link.mode.sends
        before = compared.base if remote is None else self.comparison.remote_doc(remote.doc)
        doc = self.comparison.there(document.apply(before, merged.for_them))
        place = self._remote_experiment(snapshot) if sends else ""
        if sends and merged.for_them:
            changed = self.comparison.there(merged.for_them.put)
            self.remote.put(snapshot.item_id, place, TracePatch(doc, changed, merged.for_them.drop))
        has_sent, has_taken = sends and bool(merged.for_them), False
        there = (agreed if remote is None else remote.doc).get(fields.SPANS)
        kept = {field: snapshot.doc[field] for field in (fields.SPANS, fields.SPAN_COUNT) if field in snapshot.doc}
        if snapshot.doc.get(fields.SPANS) != there:
            made = SpanSync(self.context, snapshot.item_id).run(snapshot, place, doc)
            kept = trace_document.spans_fields(made.agreed)
            has_sent, has_taken = has_sent or bool(made.send), bool(made.take)
        merged = msgspec.structs.replace(merged, agreed={**merged.agreed, **kept})
        self._are_coming = remote is not None and self._is_incomplete(remote.doc, kept)
        return Sent(item.remote_id, merged, has_sent=has_sent, has_taken=has_taken)

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent) -> None:
        del remote, sent
        if patch:
            doc = document.apply(self.comparison.local_doc(snapshot.doc), patch)
            traces.put(tx, self._brought(snapshot.item_id, snapshot.experiment_id, doc, patch.put, patch.drop))

    def finish(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        del snapshot, item, remote, sent, verify
        if self._are_coming:
            raise RetryLater(LOOK_AGAIN_S)

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        return self.comparison.differing(snapshot, item, remote)

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self.comparison.has_local_change(item, snapshot)

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return self.comparison.has_remote_change(item, remote)

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        traces.remove(tx, local_id)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        remote = self.remote.read(item.remote_id)
        if remote is not None:
            self.remote.remove(item.remote_id, remote.experiment_id)
        return True

    def _is_incomplete(self, remote: Doc, kept: Doc) -> bool:
        """Return whether spans of a recent trace are missing on an MLflow server, whose list does not show their arrival.

        A client sends spans separately and in any order.
        """
        if self.context.remote.preserves_ids or not self.context.link.mode.takes:
            return False
        age_ms = self.context.read(lambda tx: tx.now) - int(remote.get(fields.REQUEST_TIME, "0"))
        return 0 <= age_ms < COMING_MS and _lacks_spans(remote, kept)

    def _brought(
        self, trace_id: str, experiment_id: str, doc: Doc, changed: Doc, drop: Sequence[tuple[str, str]] = ()
    ) -> traces.IncomingTrace:
        """Return the fields from which a remote trace is created.  An MLflow server does not report whether the start call
        arrived."""
        if not self.remote.keeps_final and doc.get(fields.STATE) != State.IN_PROGRESS:
            doc = {**doc, fields.FINAL: "true"}
        return msgspec.convert(traces.brought(trace_id, experiment_id, doc, changed, drop), traces.IncomingTrace)

    def _remote_experiment(self, snapshot: Snapshot) -> str:
        found = self._others.remote_of(Entity.EXPERIMENT, snapshot.experiment_id)
        if found is None:
            raise RetryLater(LOOK_AGAIN_S)
        return found


class TraceReconciler(Reconciler):
    """Delete the remote trace, unless it was deleted with its experiment: then it stays, as runs do."""

    def deleted_locally(self, item: ItemState) -> None:
        full = self.context.item(self.entity, item.local_id) or item
        experiment_id = (full.base or {}).get(fields.EXPERIMENT, "")
        found = self.context.read(reader.experiment, experiment_id) if experiment_id else None
        if experiment_id and (found is None or found.doc.get(fields.STAGE) != "active"):
            self.forget(item)
            return
        super().deleted_locally(item)


def _wanted_spans(doc: Doc) -> int:
    """Return the number of spans that the client reported; 0 if it did not."""
    return whole(json_object(doc.get(Field(FieldKind.METADATA, SIZE_STATS))).get("num_spans")) or 0


def _lacks_spans(listed: Doc, agreed: Doc) -> bool:
    has_new = fields.PLACE in listed and fields.SPANS not in agreed
    return has_new or _wanted_spans(listed) > int(agreed.get(fields.SPAN_COUNT, "0"))
