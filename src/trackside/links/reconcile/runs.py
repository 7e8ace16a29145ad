"""Brings one item of a link to the same state on both sides.  Re-runnable at any moment, also after a crash half-way.

What both sides agreed on is saved last.  Before something is made there, it is noted that it will be and as what, so that after
a crash the copy is looked for rather than made twice, and does not count as something that somebody there changed.
"""

import logging
from collections.abc import Callable
from functools import partial

import msgspec

from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.core.http_client.client import Refused
from trackside.links import store
from trackside.links.model import Made
from trackside.links.model import Side as Where
from trackside.links.reconcile import files, identity, merging, metrics
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.merging import TIMES
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.item import Item
from trackside.registry.files.origins import VERSIONS_TAG
from trackside.sync import document, portions
from trackside.sync.document import Doc, Field, Merged, Mode, Patch
from trackside.sync.entities import LATE, Entity
from trackside.sync.local import reader, writer
from trackside.sync.local.reader import Part
from trackside.sync.remote import faults
from trackside.sync.remote.port import Unmirrored

log = logging.getLogger("trackside.links")

PATIENCE_MS = 5000
STAGE: Field = ("stage", "")
AT_MAKING = frozenset({"name", "user", "start_time", "model_type", "source_run"})


class Early(Exception):
    """The side that made an item may be about to make its copy where ids are not kept: two would look for it in vain at once, and
    make two.  So those who have it from elsewhere wait for a moment."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"its copy is made in {wait_s} s, unless there is one then")
        self.wait_s = wait_s


class Mirror:
    """One pass over the items of a link; remembers whom it is just making, so that parents in a circle end."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._making: set[str] = set()

    def ours(
        self, entity: Entity, local_id: str, *, verify: bool, theirs: Part | None = None, is_new: bool = False
    ) -> None:
        """An item of ours that may have changed, or that the peer says may have (`theirs`).  `is_new`: just created here."""
        side = self.side
        part = self.read(entity, local_id)
        if part is None or not self._is_wanted(part):
            return
        item = side.item(entity, local_id)
        is_new = is_new or item is None or not item.remote_id
        if item is None or not item.remote_id:
            if theirs is None and (not side.link.mode.sends or self._is_gone(entity, part)):
                return
            item, theirs = self._first(entity, part, item, theirs)
            if item is None:
                return
        self._converge(entity, part, item, theirs, verify=verify, is_new=is_new)

    def theirs(self, entity: Entity, remote_id: str, known: Part | None, *, verify: bool) -> None:
        """An item of theirs that may have changed."""
        side = self.side
        if not side.link.mode.takes:
            return
        link_id = side.link.link_id
        item = side.read(lambda tx: item_store.by_remote(tx, link_id, entity, remote_id))
        if (
            item is not None
            and known is not None
            and not verify
            and item.agreed == side.ours(known.doc, entity)
            and known.doc.get(("status", "")) != "RUNNING"  # whose points and files may be others all the same
            and (entity is not Entity.RUN or metrics.has_seen(side, item.local_id, known.marks))
        ):
            side.confirm(entity, item)
            return
        part = side.look(entity, remote_id)
        if part is None:
            return
        if item is None:
            local_id = self._adopt(entity, part)
            if local_id is None:
                return
        else:
            local_id = item.local_id
        self.ours(entity, local_id, verify=verify, theirs=part, is_new=item is None)

    def remote_of(self, entity: Entity, local_id: str) -> str | None:
        """The peer's id of an item of ours, which is made there if it shall be."""
        item = self.side.item(entity, local_id)
        if item is not None and item.remote_id:
            return item.remote_id
        if local_id in self._making or not self.side.link.mode.sends:
            return None
        part = self.read(entity, local_id)
        if part is None or not self._is_wanted(part):
            return None
        # Only what it needs to be there is made now: the rest comes when it is its turn.
        side = self.side
        side.write(lambda tx: work_queue.mark(tx, side.link.link_id, [(str(entity), local_id)]))
        try:
            made, _ = self._first(entity, part, item, None)
        except Unmirrored:
            return None
        return None if made is None else made.remote_id

    def read(self, entity: Entity, local_id: str) -> Part | None:
        part = self.side.read(lambda tx: _ours(tx, entity, local_id))
        if part is None or self.side.peer.keeps_ids:
            return part
        return msgspec.structs.replace(part, doc={f: v for f, v in part.doc.items() if f[0] not in TIMES})

    def _is_wanted(self, part: Part) -> bool:
        found = self.side.read(lambda tx: reader.experiment(tx, part.experiment_id))
        return found is not None and self.side.link.options.wants(found.doc["name", ""])

    def _first(
        self, entity: Entity, part: Part, item: Item | None, theirs: Part | None
    ) -> tuple[Item | None, Part | None]:
        """The first meeting of an item of ours with its counterpart, which is made if there is none."""
        side = self.side
        if entity is Entity.EXPERIMENT:
            again = lambda other: self.ours(entity, other, verify=True)  # noqa: E731
            return identity.first_experiment(side, part, theirs, again)
        if theirs is not None:
            self.meet(entity, part.item_id, theirs.item_id, Made.THEM)
            return side.item(entity, part.item_id), theirs
        experiment_id = self.remote_of(Entity.EXPERIMENT, part.experiment_id)
        if experiment_id is None:
            return None, None
        self._making.add(part.item_id)
        try:
            return self._find_or_make(entity, part, item, experiment_id)
        finally:
            self._making.discard(part.item_id)

    def _find_or_make(
        self, entity: Entity, part: Part, item: Item | None, experiment_id: str
    ) -> tuple[Item | None, Part | None]:
        side = self.side
        link_id = side.link.link_id
        # Another link may have brought it there: from here, or from where we have it.
        is_brought, age_ms = side.read(lambda tx: brought(tx, link_id, entity, part.item_id))
        remote_id = side.peer.find_copy(entity, part.item_id, experiment_id, is_brought=is_brought)
        if remote_id is not None:
            theirs = side.look(entity, remote_id)
            is_ours = item is not None and theirs is not None and identity.is_known_as_ours(side, theirs)
            self.meet(entity, part.item_id, remote_id, Made.US if is_ours else Made.THEM)
            return side.item(entity, part.item_id), theirs
        if is_brought and not side.peer.keeps_ids and 0 <= age_ms < PATIENCE_MS:
            raise Early((PATIENCE_MS - age_ms) / 1000)
        doc = {field: value for field, value in part.doc.items() if field[0] in AT_MAKING}
        made: Doc = {**doc, ("stage", ""): "active", ("status", ""): "RUNNING" if entity is Entity.RUN else "PENDING"}
        side.save(entity, part.item_id, "", Made.US, made)
        if entity is Entity.RUN:
            self._note_waking(Entity.EXPERIMENT, part.experiment_id)
        remote_id = side.peer.make(entity, part.item_id, experiment_id, Patch(side.theirs(doc, entity, self.remote_of)))
        self.meet(entity, part.item_id, remote_id, Made.THEM if side.peer.was_there else Made.US)
        if entity is Entity.RUN:  # that had to wait, perhaps: models may have points of it
            models = [key for kind, key in part.doc if kind in ("input", "output")]
            if models:
                side.write(lambda tx: item_store.mark_mirrored(tx, link_id, Entity.MODEL, models))
        return side.item(entity, part.item_id), Part(
            remote_id, experiment_id, side.theirs(made, entity, self.remote_of)
        )

    def meet(self, entity: Entity, local_id: str, remote_id: str, made_by: Made) -> None:
        self.side.write(lambda tx: identity.save_met(self.side, tx, entity, local_id, remote_id, made_by))

    def _note_waking(self, entity: Entity, local_id: str) -> None:
        """Where what is deleted there has to be restored to be written to: it counts as agreed to be active before it is, so
        that it goes again also after a crash, and does not come back here."""
        side = self.side
        part, item = self.read(entity, local_id), side.item(entity, local_id)
        if side.peer.keeps_ids or part is None or item is None or part.doc["stage", ""] != "deleted":
            return
        agreed = {**(item.agreed or {}), ("stage", ""): "active"}

        def save(tx: Tx) -> None:
            item_store.save_item(tx, side.link.link_id, entity, local_id, item.remote_id, item.made_by, agreed)
            work_queue.mark(tx, side.link.link_id, [(str(entity), local_id)], depth=Depth.LOOK)

        side.write(save)

    def _adopt(self, entity: Entity, part: Part) -> str | None:
        """Our id of an item of theirs that no one of ours is known to match; it is made here if it shall be."""
        side = self.side
        if entity is Entity.EXPERIMENT:
            note = lambda tx, made: self._note_as_made(tx, entity, made, part.item_id)  # noqa: E731
            again = lambda other: self.theirs(entity, other, None, verify=True)  # noqa: E731
            return identity.adopt_experiment(side, part, note, again)
        if (
            self._is_before(part) or ("tag", reader.SOURCE_UID) in part.doc
        ):  # a run that keeps the files of a version of ours
            return None
        found = side.read(lambda tx: item_store.by_remote(tx, side.link.link_id, Entity.EXPERIMENT, part.experiment_id))
        experiment_id = None if found is None else found.local_id
        if experiment_id is None:
            theirs = side.look(Entity.EXPERIMENT, part.experiment_id)
            experiment_id = None if theirs is None else self._adopt(Entity.EXPERIMENT, theirs)
        if experiment_id is None:
            return None
        # A copy of something of ours, or of what we have from elsewhere, is no new item: so no circle of links makes two.
        tag: Field = ("tag", reader.SOURCE_RUN if entity is Entity.RUN else reader.SOURCE_MODEL)
        local_id = identity.id_here(side, entity, part, tag, partial(side.look, entity))
        if local_id is None:
            return None
        is_by_us = local_id == part.doc.get(tag) and identity.is_known_as_ours(side, part)
        making = Patch({f: v for f, v in side.ours(part.doc, entity).items() if f[0] in AT_MAKING})

        def make(tx: Tx) -> None:
            exists = _ours(tx, entity, local_id) is not None
            if not exists:
                (writer.run if entity is Entity.RUN else writer.model)(tx, local_id, experiment_id, making)
            made_by = Made.HERE if not exists else Made.US if is_by_us else Made.THEM
            identity.save_met(side, tx, entity, local_id, part.item_id, made_by)
            if not exists:
                self._note_as_made(tx, entity, local_id, part.item_id)

        side.write(make)
        return local_id

    def _note_as_made(self, tx: Tx, entity: Entity, local_id: str, remote_id: str) -> None:
        """What it is like when it was just made here is nobody's change: it gives way to theirs."""
        part = _ours(tx, entity, local_id)
        if part is not None:
            agreed = {f: v for f, v in part.doc.items() if self.side.peer.keeps_ids or f[0] not in TIMES}
            item_store.save_item(tx, self.side.link.link_id, entity, local_id, remote_id, Made.HERE, agreed)

    def _is_before(self, part: Part) -> bool:
        """Whether it is from before the moment from which on the link takes runs, and did not change since as far as that is
        told: MLflow's runs say when they began and ended."""
        options = self.side.link.options
        if self.side.peer.keeps_ids:
            # Whatever the log of changes names has changed since the link was added.
            began = part.doc.get(("start_time", "")) or part.doc.get(("creation_time", ""))
            return not self.side.link.has_seen_all and began is not None and int(began) < options.since
        return part.touched < options.since

    def _converge(
        self, entity: Entity, part: Part, item: Item, theirs: Part | None, *, verify: bool, is_new: bool
    ) -> None:
        side = self.side
        mode = side.link.mode
        # What the other side did meanwhile must not be overwritten unseen.
        is_shared = mode is Mode.BOTH and part.doc != item.agreed
        looked = theirs is not None or verify or item.agreed is None or is_shared
        if theirs is None and looked:
            theirs = side.look(entity, item.remote_id)
            if theirs is None:
                if self._is_gone(entity, part) or generations.is_purged(side.link, item, part.doc):
                    side.save(entity, part.item_id, item.remote_id, item.made_by, part.doc)
                else:
                    self._lost(entity, item)
                return
        if theirs is not None and entity is Entity.EXPERIMENT and identity.is_another_experiment(side, item, theirs):
            self._lost(entity, item)
            if mode.takes:
                which = (str(entity), theirs.item_id)
                side.write(lambda tx: work_queue.mark(tx, side.link.link_id, [which], is_remote=True))
            return
        if theirs is not None:
            side.confirm(entity, item)
        agreed = item.agreed or {}
        doc = side.ours(theirs.doc, entity) if theirs is not None else agreed
        was_read = theirs is not None
        merged = merging.compare(entity, item, part.doc, doc, mode, side.peer.can, was_read=was_read)
        if not is_new:  # what was deleted before it was copied is not lost
            self._check_deletion(part, merged)
        for conflict in merged.conflicts:
            if conflict.field[0] in TIMES or conflict.field == ("tag", VERSIONS_TAG):
                continue
            side.note_conflict(entity, part.item_id, words(conflict))
        side.peer.left_out = {}  # of one that failed half-way
        is_run = entity is Entity.RUN
        doubted: set[str] = set()
        try:
            if is_run and side.reads_all:
                doubted = metrics.recount(side, part.item_id, item.remote_id)
            if verify and is_run and mode.sends:
                metrics.doubt(side, part.item_id, item.remote_id, doubted)
            self._tell(entity, part, item, merged, doc, verify=verify)
        except Refused as refused:
            if not refused.is_missing or side.look(entity, item.remote_id) is not None:
                raise  # it is there: something in it was not
            self._lost(entity, item)
            return
        self._hear(entity, part, item, self._without_left_out(entity, part, item, merged))
        if looked and mode.takes and entity is not Entity.EXPERIMENT and not self._is_gone(entity, part):
            came = 0
            if entity is Entity.RUN:
                # Points of lower steps leave the last one as it is: at the end histories are read whole.
                ends = _is_over(doc) and not _is_over(agreed)
                came += metrics.receive(side, part.item_id, item.remote_id, verify=verify or ends, doubted=doubted)
            came += files.receive(side, entity, part.item_id, item.remote_id)
            if came and not merged.for_us:
                side.write(lambda tx: store.count(tx, side.link.link_id, taken_items=1))

    def _check_deletion(self, part: Part, merged: Merged) -> None:
        """Raise DeletionHeld if the item is to be deleted on one of the sides and that was not let through."""
        for where, patch in ((Where.THERE, merged.for_them), (Where.HERE, merged.for_us)):
            if patch.put.get(STAGE) == "deleted":
                self.side.check_deletion(where, part.doc.get(("name", "")) or part.item_id)

    def _tell(self, entity: Entity, part: Part, item: Item, merged: Merged, theirs: Doc, *, verify: bool) -> None:
        """Sends the patch, points and files; what ends the run last."""
        side, peer = self.side, self.side.peer
        if not side.link.mode.sends:
            return
        patch = merged.for_them
        experiment_id = self.remote_of(Entity.EXPERIMENT, part.experiment_id) or ""
        if entity is Entity.EXPERIMENT:
            if patch:
                peer.change(entity, item.remote_id, experiment_id, patch)
                self._count()
            return
        early = Patch(
            {field: value for field, value in patch.put.items() if field[0] not in LATE},
            [field for field in patch.drop if field[0] not in LATE],
        )
        late = Patch(
            {field: value for field, value in patch.put.items() if field[0] in LATE},
            [field for field in patch.drop if field[0] in LATE],
        )
        behind = entity is Entity.RUN and metrics.is_behind(side, part.item_id)
        if theirs.get(("stage", "")) == "deleted" and (early or behind) and not peer.keeps_ids:
            self._note_waking(entity, part.item_id)
            stage = merged.agreed.get(("stage", ""), "deleted")
            early = Patch({**early.put, ("stage", ""): "active"}, early.drop)
            if stage != "active":
                late = Patch({**late.put, ("stage", ""): stage}, late.drop)
        if early:
            peer.change(entity, item.remote_id, experiment_id, self._there(entity, early))
        if behind:
            metrics.send(side, part.item_id, item.remote_id, at_once=verify)
            if part.item_id in side.behind:  # the rest goes on, and they are tried again
                side.write(lambda tx: work_queue.mark(tx, side.link.link_id, [(str(entity), part.item_id)]))
        if entity is not Entity.MODEL or late or verify or merged.agreed.get(("status", "")) != "PENDING":
            files.send(side, entity, part.item_id, item.remote_id, verify=verify)
        if late:
            peer.change(entity, item.remote_id, experiment_id, self._there(entity, late))
        if patch or behind:
            self._count()

    def _there(self, entity: Entity, patch: Patch) -> Patch:
        put = self.side.theirs(patch.put, entity, self.remote_of)
        drop = list(self.side.theirs(dict.fromkeys(patch.drop, ""), entity, self.remote_of))
        return Patch(put, drop)

    def _without_left_out(self, entity: Entity, part: Part, item: Item, merged: Merged) -> Merged:
        """What they could not take was not agreed on: else its absence there would look like a deletion."""
        side = self.side
        left_out, side.peer.left_out = side.peer.left_out, {}
        if not left_out:
            return merged
        for words in sorted(set(left_out.values())):
            side.note_once("skipped", entity, part.item_id, words)
        fields: set[Field] = set()
        for field in (*merged.for_them.put, *merged.for_them.drop):
            (there,) = side.theirs({field: merged.for_them.put.get(field, "")}, entity, self.remote_of)
            if there in left_out:
                fields.add(field)
        return document.without(merged, fields, item.agreed or {})  # they still have what they had

    def _hear(self, entity: Entity, part: Part, item: Item, merged: Merged) -> None:
        """Takes their part, and remembers what both have now, with the last of it: what came before comes again otherwise."""
        side = self.side
        *early, last = portions.of_item(entity, merged.for_us)
        untaken: set[Field] = set()

        def take_some(tx: Tx, patch: Patch) -> Merged:
            kept = self._without_changed_here(tx, entity, part, item, msgspec.structs.replace(merged, for_us=patch))
            untaken.update(({*patch.put} - {*kept.for_us.put}) | ({*patch.drop} - {*kept.for_us.drop}))
            left.update(writer.item(tx, entity, part.item_id, part.experiment_id, kept.for_us, side.server_root))
            return kept

        def work(tx: Tx) -> None:
            if take_some(tx, last).for_us:
                store.count(tx, side.link.link_id, taken_items=1)
            both = document.without(merged, untaken, item.agreed or {}).agreed
            agreed = {field: value for field, value in both.items() if field not in left}
            item_store.save_item(tx, side.link.link_id, entity, part.item_id, item.remote_id, item.made_by, agreed)

        left: set[Field] = set()
        for portion in early:
            side.write(partial(take_some, patch=portion))
        if merged.for_us or merged.agreed != item.agreed:
            side.write(work)

    def _without_changed_here(self, tx: Tx, entity: Entity, part: Part, item: Item, merged: Merged) -> Merged:
        """What was changed here while the other side was asked is not overwritten unseen: it is compared by itself."""
        mode = self.side.link.mode
        if not merged.for_us or not (mode is Mode.BOTH or entity is Entity.EXPERIMENT):
            return merged
        if entity is Entity.RUN:
            writer.hold(tx, part.item_id)
        now = _ours(tx, entity, part.item_id)
        if now is None:
            return merged
        if mode is not Mode.BOTH:  # another link took it from another workspace, perhaps
            return document.without(merged, merging.outdone(merged, part.doc, now.doc), item.agreed or {})
        return document.without(merged, document.changed_since(merged, part.doc, now.doc), item.agreed or {})

    def _is_gone(self, entity: Entity, part: Part) -> bool:
        """A logged model that is deleted here: MLflow does not show such, so there is nothing to compare or to make."""
        return entity is Entity.MODEL and part.doc["stage", ""] == "deleted" and not self.side.peer.keeps_ids

    def _lost(self, entity: Entity, item: Item) -> None:
        """What was mirrored is not there any more, not even as deleted: it starts again."""
        side = self.side
        link_id = side.link.link_id

        def forget(tx: Tx) -> None:
            generations.miss(tx, side.link, entity, item)
            item_store.forget_item(tx, link_id, entity, item.local_id)
            if side.link.mode.sends:
                work_queue.mark(tx, link_id, [(entity, item.local_id)])
                store.note(
                    tx, link_id, "refused", entity, item.local_id, f"its copy {item.remote_id} is gone; created again"
                )

        side.write(forget)

    def _count(self) -> None:
        self.side.write(lambda tx: store.count(tx, self.side.link.link_id, sent_items=1))


def brought(tx: Tx, link_id: int, entity: Entity, local_id: str) -> tuple[bool, int]:
    """Whether it is from elsewhere, and how long it has been here, in ms."""
    at = item_store.brought_at(tx, link_id, entity, local_id)
    return at is not None, tx.now - (at or 0)


def _ours(tx: Tx, entity: Entity, local_id: str) -> Part | None:
    match entity:
        case Entity.EXPERIMENT:
            return reader.experiment(tx, local_id)
        case Entity.RUN:
            return reader.run(tx, local_id)
        case _:
            return reader.model(tx, local_id)


def attempt(work: Callable[[], None], leave_out: Callable[[str], None]) -> str | None:
    """Why an item could not be brought to the same state; None if it was, or is left out, which `leave_out` is told in
    words.  Raises Down: the remote is in trouble."""
    try:
        work()
    except Unmirrored as reason:
        leave_out(str(reason))
    except Refused as reason:
        return str(reason)
    except Fault as fault:
        return fault.message
    except faults.OF_VALUES as error:
        invalid = faults.of_remote(error)
        log.exception("an item of a link cannot be reconciled")
        if invalid is not None:
            raise invalid from error
        return faults.bug(error)
    return None


def _is_over(doc: Doc) -> bool:
    return doc.get(("status", ""), "RUNNING") not in document.UNFINISHED


def words(conflict: document.Conflict) -> str:
    kind, key = conflict.field
    what = f"{kind} {key}" if key else kind
    if conflict.mode is document.Mode.PUSH:
        return f"the copy's {what} was changed there, to {conflict.theirs!r}; now it is {conflict.kept!r} again"
    if conflict.mode is document.Mode.PULL:
        return f"the copy's {what} was changed here, to {conflict.ours!r}; now it is {conflict.kept!r} again"
    return f"both sides changed {what}: {conflict.ours!r} here, {conflict.theirs!r} there; kept {conflict.kept!r}"
