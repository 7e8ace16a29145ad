"""Experiments, runs and logged models as items of a link: one adapter for all three.

`metrics` and `reconcile.files` sync the data besides the document of a run or a logged model. A final status and a deletion are
sent last.
"""

from collections.abc import Set
from functools import partial

import msgspec

from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import CreatedBy, LogKind
from trackside.links.reconcile import files, identity, merging
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, Sent
from trackside.links.reconcile.merging import TIMES
from trackside.links.reconcile.runs import metrics
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.item import ItemState
from trackside.registry.files.origins import VERSIONS_TAG
from trackside.sync import document, fields, portions
from trackside.sync.document import Doc, Merged, Mode, Patch
from trackside.sync.entities import LATE, Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import reader, writer
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import LeftOut

AT_MAKING = frozenset(
    {FieldKind.NAME, FieldKind.USER, FieldKind.START_TIME, FieldKind.MODEL_TYPE, FieldKind.SOURCE_RUN}
)


class TrackedType(ItemType):
    quiet = TIMES
    keeps_deleted = True

    def __init__(self, entity: Entity, context: LinkContext, others: Others) -> None:
        self.entity = entity
        self.has_names = entity is Entity.EXPERIMENT
        self.context = context
        self._others = others
        self._creating: set[str] = set()  # ends cycles of items that refer to each other

    def called(self, snapshot: Snapshot) -> str:
        return snapshot.doc.get(fields.NAME) or snapshot.item_id

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None:
        snapshot = _READ[self.entity](tx, local_id)
        if snapshot is None or self.context.remote.preserves_ids:
            return snapshot
        return msgspec.structs.replace(snapshot, doc={f: v for f, v in snapshot.doc.items() if f.kind not in TIMES})

    def read_remote(self, remote_id: str) -> Snapshot | None:
        return self.context.look(self.entity, remote_id)

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, remote: Snapshot | None) -> bool:
        has_copy = remote is not None or (item is not None and item.remote_id != "")
        if not has_copy and self._is_hidden(snapshot):
            return False
        return self.wants(snapshot)

    def wants(self, snapshot: Snapshot) -> bool:
        """Return whether the link's filter of experiments lets the item through."""
        found = self.context.read(reader.experiment, snapshot.experiment_id)
        return found is not None and self.context.link.options.wants(found.doc[fields.NAME])

    def is_before(self, remote: Snapshot) -> bool:
        """Return whether the item is older than the link's start time.  MLflow's runs only have start and end times."""
        options = self.context.link.options
        if self.entity is Entity.EXPERIMENT:
            return False
        if self.context.remote.preserves_ids:
            # An item in the change log changed after the link was added.
            began = remote.doc.get(fields.START_TIME) or remote.doc.get(fields.CREATION_TIME)
            return not self.context.link.has_seen_all and began is not None and int(began) < options.since
        return remote.touched < options.since

    def is_same(self, item: ItemState, remote: Snapshot) -> bool:
        return self.entity is not Entity.EXPERIMENT or not identity.is_another_experiment(self.context, item, remote)

    def is_purged(self, item: ItemState, snapshot: Snapshot) -> bool:
        return self._is_hidden(snapshot) or generations.is_purged(self.context.link, item, snapshot.doc)

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        if item.base != self.context.to_local(listed.doc, self.entity) or listed.doc.get(fields.STATUS) == "RUNNING":
            return False  # points and files of a running run may still differ
        return self.entity is not Entity.RUN or metrics.has_seen(self.context, item.local_id, listed.fingerprints)

    def match(self, snapshot: Snapshot) -> str | None:
        context = self.context
        if self.entity is Entity.EXPERIMENT:
            again = lambda other: self._others.reconcile_local(self.entity, other, verify=True)  # noqa: E731
            return identity.match_experiment(context, snapshot.item_id, snapshot.doc[fields.NAME], again)
        experiment_id = self._remote_experiment(snapshot)
        if experiment_id is None:
            return None
        # Another link may have copied it there, from this workspace or from the same source.
        is_brought, age_ms = identity.brought(context, self.entity, snapshot.item_id)
        found = context.remote.find_copy(self.entity, snapshot.item_id, experiment_id, is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_creator(context, age_ms)
        return found

    def create_remote(self, snapshot: Snapshot) -> Created | None:
        if self.entity is Entity.EXPERIMENT:
            self.context.save(
                self.entity,
                snapshot.item_id,
                "",
                CreatedBy.US,
                {fields.NAME: snapshot.doc[fields.NAME], fields.STAGE: "active"},
            )
            found = self.context.remote.make_experiment(snapshot.doc[fields.NAME])
            return Created(found.id, found.existed)
        experiment_id = self._remote_experiment(snapshot)
        if experiment_id is None or snapshot.item_id in self._creating:
            return None
        self._creating.add(snapshot.item_id)
        try:
            return self._create(snapshot, experiment_id)
        finally:
            self._creating.discard(snapshot.item_id)

    def _create(self, snapshot: Snapshot, experiment_id: str) -> Created:
        context, entity = self.context, self.entity
        doc = {field: value for field, value in snapshot.doc.items() if field.kind in AT_MAKING}
        made: Doc = {**doc, fields.STAGE: "active", fields.STATUS: "RUNNING" if entity is Entity.RUN else "PENDING"}
        context.save(entity, snapshot.item_id, "", CreatedBy.US, made)
        if entity is Entity.RUN:
            note_restore(context, Entity.EXPERIMENT, snapshot.experiment_id)
        created = context.remote.make(entity, snapshot.item_id, experiment_id, Patch(self._there(doc)))
        models = [key for kind, key in snapshot.doc if kind in (FieldKind.INPUT, FieldKind.OUTPUT)]
        if entity is Entity.RUN and models:  # it may have points that waited for the run
            context.write(item_store.enqueue_mirrored, context.link_id, Entity.LOGGED_MODEL, models)
        known = None if created.existed else Snapshot(created.id, experiment_id, self._there(made))
        return Created(created.id, created.existed, known)

    def create_local(self, remote: Snapshot) -> str | None:
        context, entity = self.context, self.entity
        if entity is Entity.EXPERIMENT:
            note = lambda tx, made: self._save_as_created(tx, made, remote.item_id)  # noqa: E731
            again = lambda other: self._others.reconcile_remote(entity, other, None, verify=True)  # noqa: E731
            return identity.adopt_experiment(context, remote, note, again)
        # A run with SOURCE_UID holds the files of a local version.
        if self.is_before(remote) or Field(FieldKind.TAG, reader.SOURCE_UID) in remote.doc:
            return None
        experiment_id = self._others.local_experiment(remote.experiment_id)
        if experiment_id is None:
            return None
        # A copy of a local item, or of an item that came from elsewhere, is not new: this breaks circles of links.
        tag: Field = Field(FieldKind.TAG, reader.SOURCE_RUN if entity is Entity.RUN else reader.SOURCE_MODEL)
        local_id = identity.find_local_id(context, entity, remote, tag, partial(context.look, entity))
        if local_id is None:
            return None
        is_by_us = local_id == remote.doc.get(tag) and identity.was_created_here(context, remote)
        making = Patch({f: v for f, v in context.to_local(remote.doc, entity).items() if f.kind in AT_MAKING})

        def make(tx: Tx) -> None:
            exists = self.read_local(tx, local_id) is not None
            if not exists:
                (writer.run if entity is Entity.RUN else writer.model)(tx, local_id, experiment_id, making)
            made_by = CreatedBy.HERE if not exists else CreatedBy.US if is_by_us else CreatedBy.THEM
            identity.save_pair(tx, context, entity, local_id, remote.item_id, made_by)
            if not exists:
                self._save_as_created(tx, local_id, remote.item_id)

        context.write(make)
        return local_id

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        """Return whether the remote item must be read first, so that its changes are not overwritten."""
        return self.context.link.mode is Mode.BOTH and snapshot.doc != item.base

    def named_remotely(self, name: str) -> str | None:
        return self.context.remote.find_experiment(name)

    def named_locally(self, tx: Tx, name: str) -> str | None:
        return reader.experiment_of_name(tx, name)

    def rename_remote(self, item: ItemState, patch: Patch) -> str:
        self.context.remote.change(self.entity, item.remote_id, item.remote_id, patch)
        return item.remote_id

    def rename_local(self, tx: Tx, local_id: str, patch: Patch) -> None:
        writer.item(tx, self.entity, local_id, local_id, patch, self.context.server_root)

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        context, base = self.context, item.base or {}
        doc = base if remote is None else context.to_local(remote.doc, self.entity)
        was_read = remote is not None
        merged = merging.compare(
            self.entity, item, snapshot.doc, doc, context.link.mode, context.remote.can, was_read=was_read
        )
        shown = [each for each in merged.conflicts if each.field != Field(FieldKind.TAG, VERSIONS_TAG)]
        return Compared(msgspec.structs.replace(merged, conflicts=shown), base)

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        context, merged = self.context, compared.merged
        uncertain: frozenset[str] = frozenset()
        if self.entity is Entity.RUN and context.reads_all:
            uncertain = frozenset(metrics.recount(context, snapshot.item_id, item.remote_id))
        if not context.link.mode.sends:
            return Sent(item.remote_id, merged, uncertain=uncertain)
        is_run = self.entity is Entity.RUN
        if verify and is_run:
            metrics.resend_if_missing(context, snapshot.item_id, item.remote_id, uncertain)
        is_behind = is_run and metrics.is_behind(context, snapshot.item_id)
        remote_stage = (compared.base if remote is None else context.to_local(remote.doc, self.entity)).get(
            fields.STAGE
        )
        early, late = self._parts(snapshot, merged, remote_stage, is_behind=is_behind)
        left_out = self._send(snapshot, item, early)
        self._keep(snapshot, item, early, left_out)
        behind = self._send_points(snapshot.item_id, item.remote_id, verify=verify) if is_behind else ""
        has_files = self.entity is not Entity.EXPERIMENT
        if (
            self.entity is Entity.LOGGED_MODEL
            and not (late or verify)
            and merged.agreed.get(fields.STATUS) == "PENDING"
        ):
            has_files = False  # its client is still sending them
        if has_files:
            files.push(context, self.entity, snapshot.item_id, item.remote_id, verify=verify)
        left_out |= self._send(snapshot, item, late)
        has_sent = bool(merged.for_them) or is_behind
        kept = self._without_left_out(snapshot, compared, left_out)
        return Sent(item.remote_id, kept, has_sent=has_sent, behind=behind, uncertain=uncertain)

    def portions(self, patch: Patch) -> list[Patch]:
        return portions.of_item(self.entity, patch)

    def changed_meanwhile(self, tx: Tx, snapshot: Snapshot, merged: Merged) -> Set[Field]:
        is_shared = self.context.link.mode is Mode.BOTH
        if not merged.for_us or not (is_shared or self.entity is Entity.EXPERIMENT):
            return set()
        if self.entity is Entity.RUN:
            writer.hold(tx, snapshot.item_id)
        here = self.read_local(tx, snapshot.item_id)
        if here is None:
            return set()
        if is_shared:
            return document.changed_since(merged, snapshot.doc, here.doc)
        return merging.superseded(
            merged, snapshot.doc, here.doc
        )  # possibly pulled by another link from another workspace

    def apply_local(self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent) -> Set[Field]:
        del remote, sent
        return set(
            writer.item(tx, self.entity, snapshot.item_id, snapshot.experiment_id, patch, self.context.server_root)
        )

    def finish(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        context = self.context
        if (
            remote is None
            or not context.link.mode.takes
            or self.entity is Entity.EXPERIMENT
            or self._is_hidden(snapshot)
        ):
            return
        came = 0
        if self.entity is Entity.RUN:
            # Points of lower steps do not change the last one: at the end histories are read completely.
            reads_all = verify or (_is_over(remote.doc) and not _is_over(item.base or {}))
            came += metrics.pull(context, snapshot.item_id, item.remote_id, verify=reads_all, doubted=sent.uncertain)
        came += files.pull(context, self.entity, snapshot.item_id, item.remote_id)
        if came and not sent.merged.for_us:
            context.write(store.count, context.link_id, taken_items=1)

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        return snapshot.doc != item.base

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool:
        return self.context.to_local(remote.doc, self.entity) != item.base

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        snapshot = self.read_local(tx, local_id)
        if snapshot is not None and (self.entity is not Entity.EXPERIMENT or reader.is_empty(tx, local_id)):
            deleted = Patch({fields.STAGE: "deleted"})
            writer.item(tx, self.entity, local_id, snapshot.experiment_id, deleted, self.context.server_root)
        return True

    def delete_remote(self, item: ItemState) -> bool:
        if self.entity is Entity.EXPERIMENT and not self.context.remote.is_empty(item.remote_id):
            return False
        self.context.remote.remove(self.entity, item.remote_id)
        return True

    def _parts(
        self, snapshot: Snapshot, merged: Merged, remote_stage: str | None, *, is_behind: bool
    ) -> tuple[Patch, Patch]:
        """Split a patch into the parts sent before and after points and files.

        MLflow does not write to a deleted item: it is restored first, and deleted again at the end.
        """
        if self.entity is Entity.EXPERIMENT:
            return merged.for_them, Patch()
        early, late = document.split(merged.for_them, LATE)
        if self.context.remote.preserves_ids or remote_stage != "deleted" or not (early or is_behind):
            return early, late
        note_restore(self.context, self.entity, snapshot.item_id)
        stage = merged.agreed.get(fields.STAGE, "deleted")
        early = Patch({**early.put, fields.STAGE: "active"}, early.drop)
        return early, late if stage == "active" else Patch({**late.put, fields.STAGE: stage}, late.drop)

    def _send(self, snapshot: Snapshot, item: ItemState, patch: Patch) -> LeftOut:
        if not patch:
            return {}
        if self.entity is not Entity.EXPERIMENT:
            patch = Patch(self._there(patch.put), list(self._there(dict.fromkeys(patch.drop, ""))))
        experiment_id = self._remote_experiment(snapshot) or ""
        return dict(self.context.remote.change(self.entity, item.remote_id, experiment_id, patch))

    def _keep(self, snapshot: Snapshot, item: ItemState, sent: Patch, left_out: LeftOut) -> None:
        """Save sent fields as agreed at once.  If a later step fails, they would count as changes of the remote."""
        if not sent:
            return
        put = {
            field: value for field, value in sent.put.items() if left_out.keys().isdisjoint(self._there({field: value}))
        }
        drop = [field for field in sent.drop if left_out.keys().isdisjoint(self._there({field: ""}))]
        base = document.apply(item.base or {}, Patch(put, drop))
        self.context.save(self.entity, snapshot.item_id, item.remote_id, item.made_by, base)

    def _send_points(self, local_id: str, remote_id: str, *, verify: bool) -> str:
        behind = metrics.push(self.context, local_id, remote_id, at_once=verify)
        if behind:  # transfers continue, and these are retried
            self.context.enqueue(self.entity, local_id)
        return behind

    def _without_left_out(self, snapshot: Snapshot, compared: Compared, left_out: LeftOut) -> Merged:
        """Remove fields that the remote rejected from the agreed state: otherwise their absence there would count as a
        deletion."""
        merged = compared.merged
        if not left_out:
            return merged
        for said in sorted(set(left_out.values())):
            self.context.note_once(LogKind.SKIPPED, self.entity, snapshot.item_id, said)
        sent = {**merged.for_them.put, **dict.fromkeys(merged.for_them.drop, "")}
        fields = {field for field, value in sent.items() if not left_out.keys().isdisjoint(self._there({field: value}))}
        return document.without(merged, fields, compared.base)  # the remote still has the old values

    def _there(self, doc: Doc) -> Doc:
        return self.context.to_remote(doc, self.entity, self._others.remote_of)

    def _remote_experiment(self, snapshot: Snapshot) -> str | None:
        return self._others.remote_of(Entity.EXPERIMENT, snapshot.experiment_id)

    def _save_as_created(self, tx: Tx, local_id: str, remote_id: str) -> None:
        """Save the fields of an item that was just created locally as agreed: they are no local change, and the remote's values
        replace them."""
        snapshot = self.read_local(tx, local_id)
        if snapshot is not None:
            link_id = self.context.link_id
            item_store.save_item(tx, link_id, self.entity, local_id, remote_id, CreatedBy.HERE, snapshot.doc)

    def _is_hidden(self, snapshot: Snapshot) -> bool:
        """Return whether it is a locally deleted logged model: MLflow does not return deleted ones, so nothing can be compared
        or created."""
        return (
            self.entity is Entity.LOGGED_MODEL
            and snapshot.doc[fields.STAGE] == "deleted"
            and not self.context.remote.preserves_ids
        )


_READ = {Entity.EXPERIMENT: reader.experiment, Entity.RUN: reader.run, Entity.LOGGED_MODEL: reader.model}


def note_restore(context: LinkContext, entity: Entity, local_id: str) -> None:
    """Record the agreed state `active` before a deleted remote item is restored for a write.

    Then it is deleted again even after a crash, and is not restored locally.
    """
    snapshot, item = context.read(_READ[entity], local_id), context.item(entity, local_id)
    if context.remote.preserves_ids or snapshot is None or item is None or snapshot.doc[fields.STAGE] != "deleted":
        return
    agreed = {**(item.base or {}), fields.STAGE: "active"}

    def save(tx: Tx) -> None:
        item_store.save_item(tx, context.link_id, entity, local_id, item.remote_id, item.made_by, agreed)
        work_queue.enqueue(tx, context.link_id, [(str(entity), local_id)], depth=Depth.COMPARE)

    context.write(save)


def _is_over(doc: Doc) -> bool:
    return doc.get(fields.STATUS, "RUNNING") not in document.UNFINISHED
