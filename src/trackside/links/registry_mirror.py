"""Brings a registered model or a version to the same state on both sides.  Re-runnable at any moment, as `mirror` is.

Here nothing is kept as deleted: what is gone on one side, and unchanged on the other since both agreed, goes there too; what
was changed there meanwhile comes back.
"""

from collections.abc import Iterable

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Fault
from trackside.links import cursors, diff, filesync, registered, store
from trackside.links.cursors import Item
from trackside.links.diff import Doc, Field, Merged, Mode, Patch
from trackside.links.mirror import Mirror, words
from trackside.links.model import Entity, Made
from trackside.links.ours import Part
from trackside.links.peer import Unmirrored
from trackside.links.registry_files import Carrier
from trackside.links.registry_peer import RegistryPeer
from trackside.links.side import Side
from trackside.links.wire import Refused
from trackside.registry import mirrored, mirrored_files, stages

MODEL, VERSION = Entity.REGISTERED, Entity.VERSION
PAGE = 500
SOME_RUNS = 5
QUIET = frozenset({"updated", "last_version"})  # follow from the rest: no conflict worth a word
STAGE: Field = ("stage", "")


class RegistryMirror:
    def __init__(self, side: Side, runs: Mirror) -> None:
        self.side = side
        self._runs = runs
        self.peer: RegistryPeer = side.peer.registry
        self._carrier = Carrier(side, runs)
        self._link_id = side.link.link_id
        self._user = f"link {side.link.name}"
        self._in_order: set[str] = set()  # models whose versions were looked at from the first on

    def ours(self, entity: Entity, local_id: str, *, verify: bool, theirs: Part | None = None) -> None:
        """An item of ours that may have changed or gone, or that the peer says may have changed (`theirs`)."""
        part = self._read(entity, local_id)
        item = self.side.item(entity, local_id)
        if part is None:
            if item is not None:
                self._gone_here(entity, item)
            return
        if item is None or not item.remote_id:
            if not self.side.link.mode.sends and theirs is None:
                return
            item, theirs = self._first(entity, part, item, theirs)
        self._converge(entity, part, item, theirs, verify=verify)

    def theirs(self, entity: Entity, remote_id: str, *, verify: bool, known: Part | None = None) -> None:
        """An item of theirs that may have changed or gone; `known`: what it was like in a list."""
        if not self.side.link.mode.takes:
            return
        item = self._by_remote(entity, remote_id)
        if known is not None and item is None and self._is_before(known):
            return
        if known is not None and item is not None and not verify and self._is_as_agreed(entity, item, known):
            return
        part = self.peer.read(entity, remote_id)
        if part is not None and item is not None and not self._is_the_same(item, part):  # its number was given again
            self._gone_there(entity, item)
            item = None
        if part is None:
            if item is not None:
                self._gone_there(entity, item)
            return
        local_id = item.local_id if item is not None else self._adopt(entity, part)
        if local_id is not None:
            self.ours(entity, local_id, verify=verify, theirs=part)

    def _is_as_agreed(self, entity: Entity, item: Item, theirs: Part) -> bool:
        if item.agreed is None or not self._is_the_same(item, theirs):
            return False
        return _plain(item.agreed) == _plain(self._home(entity, item, theirs))

    def _is_the_same(self, item: Item, theirs: Part) -> bool:
        """Not another version of that number."""
        _, slash, uid = item.local_id.rpartition("/")
        return not slash or uid in (self.peer.uid_of(theirs), self.peer.own_uid_of(theirs))

    def _read(self, entity: Entity, local_id: str) -> Part | None:
        return self.side.read(lambda tx: registered.read(tx, entity, local_id))

    def _by_remote(self, entity: Entity, remote_id: str) -> Item | None:
        return self.side.read(lambda tx: cursors.by_remote(tx, self._link_id, entity, remote_id))

    # The first meeting of an item with its counterpart.

    def _first(self, entity: Entity, part: Part, item: Item | None, theirs: Part | None) -> tuple[Item, Part | None]:
        side = self.side
        if theirs is not None:
            side.save(entity, part.item_id, theirs.item_id, Made.THEM if item is None else Made.US, None)
            return self._saved(entity, part.item_id), theirs
        make = self._find_or_make_model if entity is MODEL else self._find_or_make_version
        remote_id, is_new = make(part)
        if is_new or item is None:
            side.save(entity, part.item_id, remote_id, Made.US if is_new else Made.THEM, None)
            return self._saved(entity, part.item_id), self.peer.read(entity, remote_id)
        # One that was about to be made before a crash was made by us, unless it says otherwise.
        theirs = self.peer.read(entity, remote_id)
        is_ours = theirs is not None and not self._runs.is_anothers(theirs)
        self._runs.meet(entity, part.item_id, remote_id, Made.US if is_ours else Made.THEM)
        return self._saved(entity, part.item_id), theirs

    def _find_or_make_model(self, part: Part) -> tuple[str, bool]:
        name = part.doc["name", ""]
        found = self.peer.find_model(part.item_id, name)
        other = None if found is None else self._by_remote(MODEL, found)
        if other is not None and other.local_id != part.item_id:
            # Theirs of that name is what another one of ours was mirrored as: that one has another name now, or is gone.
            self.ours(MODEL, other.local_id, verify=True)
            found = self.peer.find_model(part.item_id, name)
            if found is not None and self._by_remote(MODEL, found) is not None:
                raise BadState(f"the other side has another model of the name {name!r}; this one waits for it")
        if found is not None:
            return found, False
        self.side.save(MODEL, part.item_id, "", Made.US, None)
        return self.peer.make_model(part.item_id, _at_making(MODEL, part.doc)), True

    def _find_or_make_version(self, part: Part) -> tuple[str, bool]:
        model_id = self._remote_model(registered.model_of(part.item_id))
        if not self.side.peer.keeps_ids:
            self._make_earlier(part)
        uid = registered.uid_of(part.item_id)
        found = self.peer.find_version(model_id, uid, part.doc)
        if found is not None:
            return found, False
        self.side.save(VERSION, part.item_id, "", Made.US, None)
        doc, has_own = self._carrier.out(part)
        files_at = None
        if has_own:
            files_at = self.peer.prepare_files(model_id, uid, doc)
            filesync.send(self.side, VERSION, part.item_id, files_at, verify=True)
        version_id = self.peer.make_version(model_id, uid, _at_making(VERSION, doc), files_at)
        number = self.peer.number_of(version_id)
        if number != part.doc["number", ""]:
            self._note_number(part, f"version {part.doc['number', '']} here is {number} there", number)
        return version_id, True

    def _make_earlier(self, part: Part) -> None:
        """The other side counts by itself: versions of lower numbers come first, so that most have their number there."""
        model_id = registered.model_of(part.item_id)
        if model_id in self._in_order:
            return
        self._in_order.add(model_id)
        for version_id in self.side.read(lambda tx: registered.versions_of(tx, model_id)):
            if version_id == part.item_id:
                return
            earlier = self._read(VERSION, version_id)
            item = self.side.item(VERSION, version_id)
            if earlier is None or (item is not None and item.remote_id) or self._is_before(earlier):
                continue
            try:
                self.ours(VERSION, version_id, verify=False)
            except (Refused, Unmirrored, Fault) as reason:
                self.side.note("refused", VERSION, version_id, str(reason))

    def _remote_model(self, model_id: str) -> str:
        item = self.side.item(MODEL, model_id)
        if item is None or not item.remote_id:
            part = self._read(MODEL, model_id)
            if part is None:
                raise BadState("its model is gone")
            item, _ = self._first(MODEL, part, item, None)
            self.side.write(lambda tx: cursors.mark(tx, self._link_id, [(str(MODEL), model_id)]))
        return item.remote_id

    def _adopt(self, entity: Entity, part: Part) -> str | None:
        """Our id of an item of theirs that none of ours is known to match; it is made here if it shall be."""
        if self._is_before(part):
            return None
        return self._adopt_model(part) if entity is MODEL else self._adopt_version(part)

    def gone(self, listed: Iterable[tuple[Entity, str]]) -> list[tuple[Entity, str]]:
        """What both sides had and a list of all that the other side has does not name."""
        there = set(listed)
        found: list[tuple[Entity, str]] = []
        for entity in (VERSION, MODEL):
            after = ""
            while True:
                items = self.side.read(lambda tx, e=entity, a=after: cursors.items(tx, self._link_id, e, a, PAGE))  # type: ignore[misc]
                found += [(entity, item.remote_id) for item in items if (entity, item.remote_id) not in there]
                if len(items) < PAGE:
                    break
                after = items[-1].local_id
        return found

    def _renamed(self, part: Part) -> str | None:
        """Our id of a model that goes by another name there now, where models have no other id."""
        if self.side.peer.keeps_ids:
            return None
        made = part.doc.get(("created", ""), "0")
        uids = {self.peer.model_uid_of(part), *self.side.read(lambda tx: mirrored.made_at(tx, int(made)))}
        for uid in sorted(uids):
            item = self.side.item(MODEL, uid)
            if item is None or not item.remote_id or self.peer.read(MODEL, item.remote_id) is not None:
                continue

            def rename(tx: Tx, item: Item = item) -> None:
                cursors.rename_remote(tx, self._link_id, VERSION, item.remote_id, part.item_id)
                cursors.save_item(tx, self._link_id, MODEL, item.local_id, part.item_id, item.made_by, None)

            self.side.write(rename)
            return uid
        return None

    def _adopt_model(self, part: Part) -> str:
        renamed = self._renamed(part)
        if renamed is not None:
            return renamed
        uid = self.peer.model_uid_of(part)
        making = Patch(_at_making(MODEL, self.side.ours(part.doc, MODEL)))

        def make(tx: Tx) -> str:
            is_here = mirrored.find_model(tx, uid) or mirrored.uid_of_name(tx, part.doc["name", ""])
            local_id = registered.put_new(tx.by(self._user), MODEL, uid, making, self.side.server_root)
            known = cursors.item(tx, self._link_id, MODEL, local_id)
            if known is not None and known.remote_id not in ("", part.item_id):
                raise BadState(
                    f"its name {part.doc['name', '']!r} is that of another mirrored model here; it waits for that one"
                )
            made_by = Made.THEM if is_here else Made.HERE
            cursors.save_item(tx, self._link_id, MODEL, local_id, part.item_id, made_by, None)
            return local_id

        made: str = self.side.write(make)
        return made

    def _adopt_version(self, part: Part) -> str | None:
        remote_model = registered.model_of(part.item_id)
        model = self._by_remote(MODEL, remote_model)
        if model is None or self._read(MODEL, model.local_id) is None:
            theirs = self.peer.read(MODEL, remote_model)
            if theirs is None:
                return None
            model_id = self._adopt_model(theirs)
            self.side.write(lambda tx: cursors.mark(tx, self._link_id, [(str(MODEL), remote_model)], is_remote=True))
        else:
            model_id = model.local_id
        local_id = registered.id_of(model_id, self._uid_here(model_id, part))
        exists = self._read(VERSION, local_id) is not None
        doc = _at_making(VERSION, {} if exists else self._carrier.home(part, local_id))
        is_by_us = not self.side.peer.keeps_ids and not self._runs.is_anothers(part)

        def make(tx: Tx) -> str:
            made = registered.put_new(tx.by(self._user), VERSION, local_id, Patch(doc), self.side.server_root)
            made_by = Made.HERE if not exists else Made.US if is_by_us else Made.THEM
            self._runs.save_met(tx, VERSION, made, part.item_id, made_by)
            return made

        made: str = self.side.write(make)
        here = self._read(VERSION, made)
        there = self.peer.number_of(part.item_id)
        if here is not None and not exists and here.doc["number", ""] != there:
            self._note_number(here, f"version {there} there is {here.doc['number', '']} here", there)
        return made

    def _uid_here(self, model_id: str, part: Part) -> str:
        """The uid that it says, unless another version there says the same: one may be copied there, with its tags."""
        uid = self.peer.uid_of(part)
        known = self.side.item(VERSION, registered.id_of(model_id, uid))
        if known is None or known.remote_id in ("", part.item_id):
            return uid
        other = self.peer.read(VERSION, known.remote_id)
        return uid if other is None or self.peer.uid_of(other) != uid else self.peer.own_uid_of(part)

    def _is_before(self, part: Part) -> bool:
        """Whether it was made, and changed, before the moment from which on the link takes."""
        options = self.side.link.options
        if self.side.peer.keeps_ids and self.side.link.has_seen_all and options.backfill == "none":
            return False  # its log tells of it, since it changed
        return max(int(part.doc.get((kind, ""), "0")) for kind in ("created", "updated", "seen")) < options.since

    # Two that know each other.

    def _converge(self, entity: Entity, part: Part, item: Item, theirs: Part | None, *, verify: bool) -> None:
        side, mode = self.side, self.side.link.mode
        mine = self._comparable(entity, part.doc)
        # What goes by a name and a number there may be another one by now.
        is_unsure = mine != item.agreed and (mode is Mode.BOTH or not side.peer.keeps_ids)
        if theirs is None and (verify or item.agreed is None or is_unsure):
            theirs = self.peer.read(entity, item.remote_id)
            if theirs is None or not self._is_the_same(item, theirs):
                self._gone_there(entity, item)
                return
        agreed = item.agreed or {}
        doc = agreed if theirs is None else self._home(entity, item, theirs)
        if entity is MODEL:
            mine = self._with_known_aliases(part, mine)
        agreed, mine, doc, stage = self._with_known_stages(part, agreed, mine, doc)
        merged = diff.merge(agreed, mine, doc, mode, lambda field, verb: self.peer.can(entity, field, verb))
        for conflict in merged.conflicts:
            if conflict.field[0] not in QUIET:
                side.note_conflict(entity, part.item_id, f"{self._called(part)}: {words(conflict)}")
        remote_id = item.remote_id
        if mode.sends and merged.for_them:
            try:
                remote_id = self.peer.change(entity, remote_id, self._there(part, merged.for_them))
            except Refused as refused:
                if not refused.is_missing:
                    raise
                self._gone_there(entity, item)
                return
            side.write(lambda tx: store.count(tx, self._link_id, sent_items=1))
        now = {**merged.agreed, **stage}

        def hear(tx: Tx) -> None:
            kept = self._without_changed_here(tx, entity, part, item, merged)
            if kept.for_us:
                registered.put(tx.by(self._user), entity, part.item_id, kept.for_us, side.server_root)
                store.count(tx, self._link_id, taken_items=1)
            if remote_id != item.remote_id:
                cursors.rename_remote(tx, self._link_id, VERSION, item.remote_id, remote_id)
            agreed = {**kept.agreed, **stage}
            cursors.save_item(tx, self._link_id, entity, part.item_id, remote_id, item.made_by, agreed)

        if merged.for_us or now != item.agreed or remote_id != item.remote_id:
            side.write(hear)
        if verify and self.has_own_files(entity, part):
            self._converge_files(part.item_id, remote_id)

    def _without_changed_here(self, tx: Tx, entity: Entity, part: Part, item: Item, merged: Merged) -> Merged:
        """As that of `mirror`."""
        here = registered.read(tx, entity, part.item_id) if self.side.link.mode is Mode.BOTH else None
        if here is None:
            return merged
        return diff.without(merged, diff.changed_since(merged, part.doc, here.doc), item.agreed or {})

    def has_own_files(self, entity: Entity, part: Part) -> bool:
        """Whether it is a version whose files were copied for it; else they lie with a run or logged model, or nobody reads
        them."""
        if entity is not VERSION:
            return False
        uri = self.side.read(lambda tx: mirrored_files.files_of(tx, registered.uid_of(part.item_id)))
        if uri is not None and mirrored_files.is_own_folder(uri):
            return True
        what, _, rest = part.doc["origin", ""].partition("/")
        if not what:
            return False
        owner = self.side.item(Entity.RUN if what == "run" else Entity.MODEL, rest.partition("/")[0])
        return owner is None or not owner.remote_id

    def _converge_files(self, local_id: str, remote_id: str) -> None:
        try:
            if self.side.link.mode.sends:
                filesync.send(self.side, VERSION, local_id, remote_id, verify=True)
            if self.side.link.mode.takes:
                filesync.receive(self.side, VERSION, local_id, remote_id)
        except Unmirrored as reason:
            self.side.note_once("skipped", VERSION, local_id, str(reason))

    def compare(
        self, entity: Entity, part: Part, item: Item, theirs: Part
    ) -> list[tuple[Field, str | None, str | None]]:
        """The fields in which the two are not what the link's rules make of them, with both values."""
        mine, doc = self._comparable(entity, part.doc), self._home(entity, item, theirs, is_quiet=True)
        agreed, mine, doc, _ = self._with_known_stages(part, item.agreed or {}, mine, doc, is_quiet=True)
        can = self.peer.can
        merged = diff.merge(agreed, mine, doc, self.side.link.mode, lambda field, verb: can(entity, field, verb))
        fields = {*merged.for_them.put, *merged.for_them.drop, *merged.for_us.put, *merged.for_us.drop}
        return [(field, mine.get(field), doc.get(field)) for field in sorted(fields)]

    def _comparable(self, entity: Entity, doc: Doc) -> Doc:
        """What both sides compare: not what is given once and for all, and nothing empty where a side has no word for it."""
        skipped = registered.BIRTH if entity is VERSION else frozenset({"created"})
        keeps_ids = self.side.peer.keeps_ids
        return {
            field: value
            for field, value in doc.items()
            if field[0] not in skipped and field[0] != "seen" and (value or keeps_ids or field[0] == "tag")
        }

    def _home(self, entity: Entity, item: Item, theirs: Part, *, is_quiet: bool = False) -> Doc:
        """Their document in our words; what it names by an alias is here first, unless nothing is to be changed."""
        doc = self._comparable(entity, self.side.ours(theirs.doc, entity))
        found: Doc = {}
        for field, value in doc.items():
            if field[0] != "alias":
                found[field] = value
                continue
            version_id = self.peer.named_by(theirs.item_id, value)
            known = self._by_remote(VERSION, version_id)
            if known is None and self.side.link.mode.takes and not is_quiet:
                self.theirs(VERSION, version_id, verify=False)
                known = self._by_remote(VERSION, version_id)
            if known is not None:
                local_id = known.local_id
                found[field] = self.side.read(lambda tx, v=local_id: registered.alias_value(tx, registered.uid_of(v)))  # type: ignore[misc]
            elif is_quiet or (item.agreed is not None and field in item.agreed and not self.side.link.mode.takes):
                found[field] = ""  # another one than ours
        return found

    def _with_known_aliases(self, part: Part, doc: Doc) -> Doc:
        """Without aliases of versions that the other side cannot have; the others' are there first."""
        found: Doc = {}
        model_id = part.item_id
        for field, value in doc.items():
            if field[0] == "alias" and self.side.link.mode.sends:
                if not self.peer.can(MODEL, field, "add"):
                    text = f"{self._called(part)}: the other side knows no aliases; {field[1]!r} stays here"
                    self.side.note_once("skipped", MODEL, model_id, text)
                    found[field] = value
                    continue
                local_id = registered.id_of(model_id, registered.alias_uid(value))
                item = self.side.item(VERSION, local_id)
                if item is None or not item.remote_id:
                    try:
                        self.ours(VERSION, local_id, verify=False)
                    except (Refused, Unmirrored, Fault) as reason:
                        self.side.note("skipped", MODEL, model_id, f"the alias {field[1]!r} waits: {reason}")
                        continue
            found[field] = value
        return found

    def _there(self, part: Part, patch: Patch) -> Patch:
        """A patch in their words."""
        put: Doc = {}
        for field, value in patch.put.items():
            if field[0] == "alias":
                item = self.side.item(VERSION, registered.id_of(part.item_id, registered.alias_uid(value)))
                if item is None or not item.remote_id:
                    raise BadState(f"the version that the alias {field[1]!r} names is not on the other side")
                put[field] = self.peer.alias_of(item.remote_id, value)
            else:
                put[field] = value
        return Patch(put, patch.drop)

    def _with_known_stages(
        self, part: Part, agreed: Doc, mine: Doc, theirs: Doc, *, is_quiet: bool = False
    ) -> tuple[Doc, Doc, Doc, Doc]:
        """A stage that one of the sides does not have is left alone; the last of the answer is what stays agreed of it."""
        used = {doc[STAGE] for doc in (mine, theirs) if STAGE in doc}
        foreign = used - {stage.name for stage in stages.MLFLOW}
        if foreign:
            foreign -= {each.name for each in self.side.read(stages.of)} & self.peer.stages()
        if not foreign:
            return agreed, mine, theirs, {}
        if not is_quiet:
            text = (
                f"{self._called(part)}: not both sides have the stage {', '.join(sorted(foreign))}; each keeps its own"
            )
            self.side.note_once("skipped", VERSION, part.item_id, text)
        without = [{field: value for field, value in doc.items() if field != STAGE} for doc in (agreed, mine, theirs)]
        return without[0], without[1], without[2], {STAGE: agreed[STAGE]} if STAGE in agreed else {}

    # One of two is gone.

    def _gone_here(self, entity: Entity, item: Item) -> None:
        mode = self.side.link.mode
        theirs = self.peer.read(entity, item.remote_id) if item.remote_id else None
        if theirs is None or not self._is_the_same(item, theirs):
            self._forget(entity, item)
            return
        model = self._model_of(entity, item)
        if model is not None and self._read(MODEL, model.local_id) is None:
            self._gone_here(MODEL, model)
            return
        if mode is Mode.PULL:
            self._bring_back(entity, item)
            return
        if mode is Mode.BOTH and self._changed_there(entity, item, theirs):
            self.side.note("conflict", entity, item.local_id, "removed here and changed there: it comes back")
            self._bring_back(entity, item)
            return
        if entity is MODEL:
            for each in self._version_items(item):
                self.remove_there(VERSION, each)
                self._forget(VERSION, each)
        if not self.remove_there(entity, item):
            text = f"removed here; {item.remote_id} stays on the other side, which has versions of its own in it"
            self.side.note("skipped", entity, item.local_id, text)
        self._forget(entity, item)
        self.side.write(lambda tx: store.count(tx, self._link_id, sent_items=1))

    def remove_there(self, entity: Entity, item: Item) -> bool:
        """False: a model stays, since it has versions.  What has the name or number of ours by now, and is not ours, is
        left alone."""
        theirs = self.peer.read(entity, item.remote_id)
        if theirs is None or not self._is_the_same(item, theirs):
            return True
        if entity is MODEL and item.made_by is Made.US and self.peer.model_uid_of(theirs) != item.local_id:
            return True
        return self.peer.remove(entity, item.remote_id)

    def _gone_there(self, entity: Entity, item: Item) -> None:
        mode = self.side.link.mode
        part = self._read(entity, item.local_id)
        if part is None:
            self._forget(entity, item)
            return
        model = self._model_of(entity, item)
        if model is not None and self.peer.read(MODEL, model.remote_id) is None:
            self._gone_there(MODEL, model)
            return
        is_lost = mode.takes and self._has_lost_all()
        if mode is Mode.PUSH or is_lost or (mode is Mode.BOTH and self.changed_here(entity, item, part)):
            what = "refused" if mode is Mode.PUSH or is_lost else "conflict"
            text = (
                f"{self._called(part)}: gone there"
                + (" with all the runs that were mirrored" if is_lost else "")
                + (" and changed here" if what == "conflict" else "")
                + ("; made anew" if mode.sends else "; it stays here")
            )
            self.side.note(what, entity, item.local_id, text)
            versions = self._version_items(item) if entity is MODEL else []
            for each in versions:
                self._forget(VERSION, each)
            self._forget(entity, item)
            again = [(str(entity), item.local_id), *((str(VERSION), each.local_id) for each in versions)]
            self.side.write(lambda tx: cursors.mark(tx, self._link_id, again))
            return
        versions = self._version_items(item) if entity is MODEL else []

        def remove(tx: Tx) -> None:
            tx = tx.by(self._user)
            for each in versions:
                registered.remove(tx, VERSION, each.local_id)
                cursors.forget_item(tx, self._link_id, VERSION, each.local_id)
            if not registered.remove(tx, entity, item.local_id):
                store.note(
                    tx,
                    self._link_id,
                    "skipped",
                    entity,
                    item.local_id,
                    "removed there; stays here with our own versions",
                )
            cursors.forget_item(tx, self._link_id, entity, item.local_id)
            store.count(tx, self._link_id, taken_items=1)

        self.side.write(remove)

    def _model_of(self, entity: Entity, version: Item) -> Item | None:
        """That of a version.  If it is gone too they went together: its aliases, which go with the version on the side where
        that is deleted first, would look like a change of it."""
        if entity is MODEL:
            return None
        model = self.side.item(MODEL, version.local_id.partition("/")[0])
        return model if model is not None and model.remote_id else None

    def _has_lost_all(self) -> bool:
        """Whether the other side knows none of some runs that it had.  Then nobody removed anything: its store is another
        one."""
        runs = self.side.read(lambda tx: cursors.items(tx, self._link_id, Entity.RUN, "", SOME_RUNS))
        return bool(runs) and all(self.side.peer.read(Entity.RUN, each.remote_id) is None for each in runs)

    def _changed_there(self, entity: Entity, item: Item, theirs: Part) -> bool:
        """Since both agreed, by what the other side knows at all."""
        agreed = _by_uid(item.agreed or {})
        doc = _by_uid(self._home(entity, item, theirs, is_quiet=True))
        merged = diff.merge(agreed, agreed, doc, Mode.BOTH, lambda field, verb: self.peer.can(entity, field, verb))
        if _plain({**merged.for_us.put, **dict.fromkeys(merged.for_us.drop, "")}):
            return True
        if entity is VERSION:
            return False
        for version_id in self.peer.versions_of(item.remote_id):
            known = self._by_remote(VERSION, version_id)
            version = self.peer.read(VERSION, version_id)
            if version is not None and (known is None or self._changed_there(VERSION, known, version)):
                return True
        return False

    def changed_here(self, entity: Entity, item: Item, part: Part, *, alone: bool = False) -> bool:
        """Since both agreed; `alone`: a model without its versions."""
        if _plain(self._comparable(entity, part.doc)) != _plain(item.agreed or {}):
            return True
        if entity is VERSION or alone:
            return False
        known = {each.local_id: each for each in self._version_items(item)}
        for version_id in self.side.read(lambda tx: registered.versions_of(tx, item.local_id)):
            version = self._read(VERSION, version_id)
            if version is None:
                continue
            if version_id not in known or self.changed_here(VERSION, known[version_id], version):
                return True
        return False

    def _bring_back(self, entity: Entity, item: Item) -> None:
        """From there to here."""
        for each in self._version_items(item) if entity is MODEL else []:
            self._forget(VERSION, each)
        self._forget(entity, item)
        self.theirs(entity, item.remote_id, verify=True)
        for version_id in self.peer.versions_of(item.remote_id) if entity is MODEL else []:
            self.theirs(VERSION, version_id, verify=True)

    def _version_items(self, model: Item) -> list[Item]:
        return self.side.read(lambda tx: cursors.items_below(tx, self._link_id, VERSION, model.local_id))

    def _forget(self, entity: Entity, item: Item) -> None:
        self.side.write(lambda tx: cursors.forget_item(tx, self._link_id, entity, item.local_id))

    def _saved(self, entity: Entity, local_id: str) -> Item:
        item = self.side.item(entity, local_id)
        assert item is not None
        return item

    def _note_number(self, part: Part, which: str, number: str) -> None:
        text = f"{self._called(part)}: {which}, since {number} cannot be the number of both"
        self.side.note("conflict", VERSION, part.item_id, text)

    def _called(self, part: Part) -> str:
        """By name, for the log."""
        if ("name", "") in part.doc:
            return f"model {part.doc['name', '']}"
        model = self._read(MODEL, registered.model_of(part.item_id))
        return f"model {model.doc['name', ''] if model else '?'} version {part.doc.get(('number', ''), '?')}"


def _at_making(entity: Entity, doc: Doc) -> Doc:
    """What is told when it is made; the rest is compared afterwards."""
    kinds = registered.AT_BIRTH if entity is VERSION else {"name", "description", "created", "tag"}
    return {field: value for field, value in doc.items() if field[0] in kinds}


def _by_uid(doc: Doc) -> Doc:
    """Of what an alias names, the uid alone: when it was made cannot be said of a version that is gone here."""
    return {field: registered.alias_uid(value) if field[0] == "alias" else value for field, value in doc.items()}


def _plain(doc: Doc) -> Doc:
    return {field: value for field, value in doc.items() if field[0] not in QUIET}
