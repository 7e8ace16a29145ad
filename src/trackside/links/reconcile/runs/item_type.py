"""Experiments, runs and logged models as items of a link: one adapter for each of the three.

`metrics` and `reconcile.files` sync what is beside the document of a run or a logged model.  A status that ends a run, and a
deletion, are sent after them.
"""

from collections.abc import Set
from functools import partial

import msgspec

from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import LogKind, Made
from trackside.links.reconcile import files, identity, merging
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.item_type import Compared, Created, ItemType, Others, Sent
from trackside.links.reconcile.merging import TIMES
from trackside.links.reconcile.runs import metrics
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.item import Item
from trackside.registry.files.origins import VERSIONS_TAG
from trackside.sync import document, fields, portions
from trackside.sync.document import Doc, Merged, Mode, Patch
from trackside.sync.entities import LATE, Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import reader, writer
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import LeftOut

AT_MAKING = frozenset(
    {FieldKind.NAME, FieldKind.USER, FieldKind.START_TIME, FieldKind.MODEL_TYPE, FieldKind.SOURCE_RUN}
)


class TrackedType(ItemType):
    quiet = TIMES
    keeps_deleted = True

    def __init__(self, entity: Entity, side: Side, others: Others) -> None:
        self.entity = entity
        self.side = side
        self._others = others
        self._creating: set[str] = set()  # so that items that name each other in a circle end

    def called(self, part: Part) -> str:
        return part.doc.get(fields.NAME) or part.item_id

    def read_local(self, tx: Tx, local_id: str) -> Part | None:
        part = _READ[self.entity](tx, local_id)
        if part is None or self.side.peer.keeps_ids:
            return part
        return msgspec.structs.replace(part, doc={f: v for f, v in part.doc.items() if f.kind not in TIMES})

    def read_remote(self, remote_id: str) -> Part | None:
        return self.side.look(self.entity, remote_id)

    def is_wanted(self, part: Part, item: Item | None, theirs: Part | None) -> bool:
        has_copy = theirs is not None or (item is not None and item.remote_id != "")
        if not has_copy and self._is_hidden(part):
            return False
        return self.wants(part)

    def wants(self, part: Part) -> bool:
        """Return whether the link's filter of experiments lets the item through."""
        found = self.side.read(lambda tx: reader.experiment(tx, part.experiment_id))
        return found is not None and self.side.link.options.wants(found.doc[fields.NAME])

    def is_before(self, theirs: Part) -> bool:
        """MLflow's runs say when they began and ended, and nothing of other changes."""
        options = self.side.link.options
        if self.entity is Entity.EXPERIMENT:
            return False
        if self.side.peer.keeps_ids:
            # Whatever the log of changes names has changed since the link was added.
            began = theirs.doc.get(fields.START_TIME) or theirs.doc.get(fields.CREATION_TIME)
            return not self.side.link.has_seen_all and began is not None and int(began) < options.since
        return theirs.touched < options.since

    def is_same(self, item: Item, theirs: Part) -> bool:
        return self.entity is not Entity.EXPERIMENT or not identity.is_another_experiment(self.side, item, theirs)

    def is_purged(self, item: Item, part: Part) -> bool:
        return self._is_hidden(part) or generations.is_purged(self.side.link, item, part.doc)

    def is_as_agreed(self, item: Item, listed: Part) -> bool:
        if item.agreed != self.side.ours(listed.doc, self.entity) or listed.doc.get(fields.STATUS) == "RUNNING":
            return False  # points and files of a running run may be others all the same
        return self.entity is not Entity.RUN or metrics.has_seen(self.side, item.local_id, listed.fingerprints)

    def match(self, part: Part) -> str | None:
        side = self.side
        if self.entity is Entity.EXPERIMENT:
            again = lambda other: self._others.ours(self.entity, other, verify=True)  # noqa: E731
            return identity.match_experiment(side, part.item_id, part.doc[fields.NAME], again)
        experiment_id = self._experiment_there(part)
        if experiment_id is None:
            return None
        # Another link may have brought it there: from here, or from where we have it.
        is_brought, age_ms = identity.brought(side, self.entity, part.item_id)
        found = side.peer.find_copy(self.entity, part.item_id, experiment_id, is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_maker(side, age_ms)
        return found

    def create_remote(self, part: Part) -> Created | None:
        if self.entity is Entity.EXPERIMENT:
            self.side.save(
                self.entity, part.item_id, "", Made.US, {fields.NAME: part.doc[fields.NAME], fields.STAGE: "active"}
            )
            found = self.side.peer.make_experiment(part.doc[fields.NAME])
            return Created(found.id, found.existed)
        experiment_id = self._experiment_there(part)
        if experiment_id is None or part.item_id in self._creating:
            return None
        self._creating.add(part.item_id)
        try:
            return self._create(part, experiment_id)
        finally:
            self._creating.discard(part.item_id)

    def _create(self, part: Part, experiment_id: str) -> Created:
        side, entity = self.side, self.entity
        doc = {field: value for field, value in part.doc.items() if field.kind in AT_MAKING}
        made: Doc = {**doc, fields.STAGE: "active", fields.STATUS: "RUNNING" if entity is Entity.RUN else "PENDING"}
        side.save(entity, part.item_id, "", Made.US, made)
        if entity is Entity.RUN:
            note_restore(side, Entity.EXPERIMENT, part.experiment_id)
        created = side.peer.make(entity, part.item_id, experiment_id, Patch(self._there(doc)))
        models = [key for kind, key in part.doc if kind in (FieldKind.INPUT, FieldKind.OUTPUT)]
        if entity is Entity.RUN and models:  # these may have points that waited for the run
            side.write(lambda tx: item_store.enqueue_mirrored(tx, side.link.link_id, Entity.MODEL, models))
        known = None if created.existed else Part(created.id, experiment_id, self._there(made))
        return Created(created.id, created.existed, known)

    def create_local(self, theirs: Part) -> str | None:
        side, entity = self.side, self.entity
        if entity is Entity.EXPERIMENT:
            note = lambda tx, made: self._save_as_made(tx, made, theirs.item_id)  # noqa: E731
            again = lambda other: self._others.theirs(entity, other, None, verify=True)  # noqa: E731
            return identity.adopt_experiment(side, theirs, note, again)
        # A run with SOURCE_UID keeps the files of a version of ours.
        if self.is_before(theirs) or Field(FieldKind.TAG, reader.SOURCE_UID) in theirs.doc:
            return None
        experiment_id = self._others.experiment_here(theirs.experiment_id)
        if experiment_id is None:
            return None
        # A copy of something of ours, or of what we have from elsewhere, is no new item: so no circle of links makes two.
        tag: Field = Field(FieldKind.TAG, reader.SOURCE_RUN if entity is Entity.RUN else reader.SOURCE_MODEL)
        local_id = identity.id_here(side, entity, theirs, tag, partial(side.look, entity))
        if local_id is None:
            return None
        is_by_us = local_id == theirs.doc.get(tag) and identity.is_known_as_ours(side, theirs)
        making = Patch({f: v for f, v in side.ours(theirs.doc, entity).items() if f.kind in AT_MAKING})

        def make(tx: Tx) -> None:
            exists = self.read_local(tx, local_id) is not None
            if not exists:
                (writer.run if entity is Entity.RUN else writer.model)(tx, local_id, experiment_id, making)
            made_by = Made.HERE if not exists else Made.US if is_by_us else Made.THEM
            identity.save_met(side, tx, entity, local_id, theirs.item_id, made_by)
            if not exists:
                self._save_as_made(tx, local_id, theirs.item_id)

        side.write(make)
        return local_id

    def must_look(self, part: Part, item: Item) -> bool:
        """Changes of the other side must not be overwritten unseen."""
        return self.side.link.mode is Mode.BOTH and part.doc != item.agreed

    def merge(self, part: Part, item: Item, theirs: Part | None) -> Compared:
        side, base = self.side, item.agreed or {}
        doc = base if theirs is None else side.ours(theirs.doc, self.entity)
        was_read = theirs is not None
        merged = merging.compare(self.entity, item, part.doc, doc, side.link.mode, side.peer.can, was_read=was_read)
        shown = [each for each in merged.conflicts if each.field != Field(FieldKind.TAG, VERSIONS_TAG)]
        return Compared(msgspec.structs.replace(merged, conflicts=shown), base)

    def patch_remote(self, part: Part, item: Item, theirs: Part | None, compared: Compared, *, verify: bool) -> Sent:
        side, merged = self.side, compared.merged
        uncertain: frozenset[str] = frozenset()
        if self.entity is Entity.RUN and side.reads_all:
            uncertain = frozenset(metrics.recount(side, part.item_id, item.remote_id))
        if not side.link.mode.sends:
            return Sent(item.remote_id, merged, uncertain=uncertain)
        is_run = self.entity is Entity.RUN
        if verify and is_run:
            metrics.doubt(side, part.item_id, item.remote_id, uncertain)
        is_behind = is_run and metrics.is_behind(side, part.item_id)
        stage_there = (compared.base if theirs is None else side.ours(theirs.doc, self.entity)).get(fields.STAGE)
        early, late = self._parts(part, merged, stage_there, is_behind=is_behind)
        left_out = self._send(part, item, early)
        behind = self._send_points(part.item_id, item.remote_id, verify=verify) if is_behind else ""
        has_files = self.entity is not Entity.EXPERIMENT
        if self.entity is Entity.MODEL and not (late or verify) and merged.agreed.get(fields.STATUS) == "PENDING":
            has_files = False  # its client is still about to send them
        if has_files:
            files.send(side, self.entity, part.item_id, item.remote_id, verify=verify)
        left_out |= self._send(part, item, late)
        has_sent = bool(merged.for_them) or is_behind
        kept = self._without_left_out(part, compared, left_out)
        return Sent(item.remote_id, kept, has_sent=has_sent, behind=behind, uncertain=uncertain)

    def portions(self, patch: Patch) -> list[Patch]:
        return portions.of_item(self.entity, patch)

    def changed_meanwhile(self, tx: Tx, part: Part, merged: Merged) -> Set[Field]:
        is_shared = self.side.link.mode is Mode.BOTH
        if not merged.for_us or not (is_shared or self.entity is Entity.EXPERIMENT):
            return set()
        if self.entity is Entity.RUN:
            writer.hold(tx, part.item_id)
        here = self.read_local(tx, part.item_id)
        if here is None:
            return set()
        if is_shared:
            return document.changed_since(merged, part.doc, here.doc)
        return merging.outdone(merged, part.doc, here.doc)  # another link took it from another workspace, perhaps

    def apply_local(self, tx: Tx, part: Part, patch: Patch, theirs: Part | None, sent: Sent) -> Set[Field]:
        del theirs, sent
        return set(writer.item(tx, self.entity, part.item_id, part.experiment_id, patch, self.side.server_root))

    def finish(self, part: Part, item: Item, theirs: Part | None, sent: Sent, *, verify: bool) -> None:
        side = self.side
        if theirs is None or not side.link.mode.takes or self.entity is Entity.EXPERIMENT or self._is_hidden(part):
            return
        came = 0
        if self.entity is Entity.RUN:
            # Points of lower steps leave the last one as it is: at the end histories are read whole.
            reads_all = verify or (_is_over(theirs.doc) and not _is_over(item.agreed or {}))
            came += metrics.receive(side, part.item_id, item.remote_id, verify=reads_all, doubted=sent.uncertain)
        came += files.receive(side, self.entity, part.item_id, item.remote_id)
        if came and not sent.merged.for_us:
            side.write(lambda tx: store.count(tx, side.link.link_id, taken_items=1))

    def changed_here(self, item: Item, part: Part) -> bool:
        return part.doc != item.agreed

    def changed_there(self, item: Item, theirs: Part) -> bool:
        return self.side.ours(theirs.doc, self.entity) != item.agreed

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        part = self.read_local(tx, local_id)
        if part is not None and (self.entity is not Entity.EXPERIMENT or reader.is_empty(tx, local_id)):
            deleted = Patch({fields.STAGE: "deleted"})
            writer.item(tx, self.entity, local_id, part.experiment_id, deleted, self.side.server_root)
        return True

    def delete_remote(self, item: Item) -> bool:
        if self.entity is Entity.EXPERIMENT and not self.side.peer.is_empty(item.remote_id):
            return False
        self.side.peer.remove(self.entity, item.remote_id)
        return True

    def _parts(self, part: Part, merged: Merged, stage_there: str | None, *, is_behind: bool) -> tuple[Patch, Patch]:
        """Return what is sent before points and files, and what is sent after them.

        MLflow does not write to a deleted item: it is restored first, and deleted again at the end."""
        if self.entity is Entity.EXPERIMENT:
            return merged.for_them, Patch()
        early, late = document.split(merged.for_them, LATE)
        if self.side.peer.keeps_ids or stage_there != "deleted" or not (early or is_behind):
            return early, late
        note_restore(self.side, self.entity, part.item_id)
        stage = merged.agreed.get(fields.STAGE, "deleted")
        early = Patch({**early.put, fields.STAGE: "active"}, early.drop)
        return early, late if stage == "active" else Patch({**late.put, fields.STAGE: stage}, late.drop)

    def _send(self, part: Part, item: Item, patch: Patch) -> LeftOut:
        if not patch:
            return {}
        if self.entity is not Entity.EXPERIMENT:
            patch = Patch(self._there(patch.put), list(self._there(dict.fromkeys(patch.drop, ""))))
        experiment_id = self._experiment_there(part) or ""
        return dict(self.side.peer.change(self.entity, item.remote_id, experiment_id, patch))

    def _send_points(self, local_id: str, remote_id: str, *, verify: bool) -> str:
        behind = metrics.send(self.side, local_id, remote_id, at_once=verify)
        if behind:  # the rest goes on, and they are tried again
            self.side.enqueue(self.entity, local_id)
        return behind

    def _without_left_out(self, part: Part, compared: Compared, left_out: LeftOut) -> Merged:
        """Leave fields that they could not take out of the agreed state: else their absence there would look like a deletion."""
        merged = compared.merged
        if not left_out:
            return merged
        for said in sorted(set(left_out.values())):
            self.side.note_once(LogKind.SKIPPED, self.entity, part.item_id, said)
        sent = {**merged.for_them.put, **dict.fromkeys(merged.for_them.drop, "")}
        fields = {field for field, value in sent.items() if not left_out.keys().isdisjoint(self._there({field: value}))}
        return document.without(merged, fields, compared.base)  # they still have what they had

    def _there(self, doc: Doc) -> Doc:
        return self.side.theirs(doc, self.entity, self._others.remote_of)

    def _experiment_there(self, part: Part) -> str | None:
        return self._others.remote_of(Entity.EXPERIMENT, part.experiment_id)

    def _save_as_made(self, tx: Tx, local_id: str, remote_id: str) -> None:
        """Save the fields of an item that was just made here as agreed: they are nobody's change, and theirs replace them."""
        part = self.read_local(tx, local_id)
        if part is not None:
            link_id = self.side.link.link_id
            item_store.save_item(tx, link_id, self.entity, local_id, remote_id, Made.HERE, part.doc)

    def _is_hidden(self, part: Part) -> bool:
        """Whether it is a logged model that is deleted here: MLflow shows none, so there is nothing to compare or to create."""
        return self.entity is Entity.MODEL and part.doc[fields.STAGE] == "deleted" and not self.side.peer.keeps_ids


_READ = {Entity.EXPERIMENT: reader.experiment, Entity.RUN: reader.run, Entity.MODEL: reader.model}


def note_restore(side: Side, entity: Entity, local_id: str) -> None:
    """Where what is deleted there has to be restored to be written to: it counts as agreed to be active before it is, so that
    it is deleted again also after a crash, and does not come back here."""
    part, item = side.read(lambda tx: _READ[entity](tx, local_id)), side.item(entity, local_id)
    if side.peer.keeps_ids or part is None or item is None or part.doc[fields.STAGE] != "deleted":
        return
    agreed = {**(item.agreed or {}), fields.STAGE: "active"}

    def save(tx: Tx) -> None:
        item_store.save_item(tx, side.link.link_id, entity, local_id, item.remote_id, item.made_by, agreed)
        work_queue.enqueue(tx, side.link.link_id, [(str(entity), local_id)], depth=Depth.COMPARE)

    side.write(save)


def _is_over(doc: Doc) -> bool:
    return doc.get(fields.STATUS, "RUNNING") not in document.UNFINISHED
