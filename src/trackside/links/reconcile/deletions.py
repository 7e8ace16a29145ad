"""Whether what is missing on the other side was removed there, or was lost with its store.  Decides; removes nothing.

A Trackside's history says what was removed, without a limit of time.  An MLflow server keeps nothing of the kind, but a store
that was lost or restored lacks more than what somebody removed: then runs that nobody deleted are missing too, since MLflow's
deleted runs stay.
When in doubt it is lost, and a store generation ends (`state.generations`).
"""

import time

from trackside.links.model import Made
from trackside.links.reconcile.context import Side
from trackside.links.reconcile.registry.lookup import MODEL, VERSION
from trackside.links.state import generations, item_store
from trackside.links.state.generations import Known
from trackside.links.state.item import Item
from trackside.sync import fields
from trackside.sync.entities import Entity
from trackside.sync.local import registry
from trackside.sync.local.reader import Part
from trackside.sync.remote.port import ChangePage

SOME_RUNS = 5
SOME_ITEMS = 20
ASK_EVERY_S = 30.0  # which store is there, unless what the other side tells says so
REMEMBER_S = 2.0  # how long a store counts as the same without another look


class StoreIdentityCheck:
    """Which store is there, as long as a connection lasts."""

    def __init__(self) -> None:
        self._asked = float("-inf")

    def is_another(self, side: Side, page: ChangePage | None = None) -> bool:
        """Return whether the store is not the one that the link knows, or that one at an earlier state: then all is to be read
        again.  `page`: says which store it is of; else the remote is asked now and then."""
        link = side.link
        if page is not None:
            store_id, was_put_back = page.store_id, page.was_put_back
        else:
            if time.monotonic() - self._asked < ASK_EVERY_S:
                return False
            store_id, was_put_back = side.peer.ask_store(), False
            self._asked = time.monotonic()
        known = Known(link.store_id, link.store_generation)
        is_known = link.store_id != "" or was_put_back
        if store_id in ("", link.store_id):
            if was_put_back:
                why = "its log ends before where it was read, or goes on otherwise"
                side.write(lambda tx: generations.end(tx, link, known, why))
            return was_put_back
        if not is_known:
            side.write(lambda tx: generations.remember(tx, link.link_id, store_id))
            return False
        side.write(lambda tx: generations.begin_anew(tx, link, known, store_id))
        return True


class LossCheck:
    """The questions of one pass over a link."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._link_id = side.link.link_id
        self._whole: tuple[float, int] | None = None  # when it was found to be the same, and in which generation

    def is_lost(self, entity: Entity, item: Item) -> bool:
        """Return whether an item that both had, and that is missing there now, was lost with its store."""
        side = self._side
        known = side.read(lambda tx: generations.of(tx, self._link_id))
        if item.store_generation < known.store_generation:
            return True
        was_removed = None
        if entity.is_of_registry:
            was_removed = side.peer.registry.was_removed(entity, item.remote_id)
        if was_removed is not None:
            return not was_removed
        if (
            self._whole is None
            or self._whole[1] != known.store_generation
            or time.monotonic() - self._whole[0] > REMEMBER_S
        ):
            if not self._is_the_same(known):
                return True
            self._whole = time.monotonic(), known.store_generation
        match entity:
            case Entity.VERSION:
                why = self._is_below(item)
            case _:
                why = self._is_last(entity, item, known)
        if why:
            side.write(lambda tx: generations.end(tx, side.link, known, why))
        return bool(why)

    def _is_the_same(self, known: Known) -> bool:
        """Whether the store is the one that was there, with all that it had, as far as some samples tell."""
        side = self._side
        store_id = side.peer.ask_store()
        if store_id and known.store_id and store_id != known.store_id:
            side.write(lambda tx: generations.begin_anew(tx, side.link, known, store_id))
            return False
        runs = side.read(
            lambda tx: generations.newest(tx, self._link_id, SOME_RUNS, store_generation=known.store_generation)
        )
        lacking = next((run for run in runs if side.peer.read(Entity.RUN, run.remote_id) is None), None)
        if lacking is not None:
            why = f"it lacks the run {lacking.remote_id}, which nobody deleted"
            side.write(lambda tx: generations.end(tx, side.link, known, why))
        return lacking is None

    def _is_below(self, item: Item) -> str:
        """Whether the model of a version says that it was changed last before that version was made.  Nobody who removes
        one leaves it so."""
        if item.made_by is not Made.HERE:  # else the moment is not known in which it was made there
            return ""
        part = self._side.read(lambda tx: registry.read(tx, VERSION, item.local_id))
        model = self._side.peer.registry.read(MODEL, registry.model_of(item.remote_id))
        if part is None or model is None or not int(model.doc.get(fields.SEEN, "0")):
            return ""
        is_below = int(model.doc[fields.SEEN]) < int(part.doc[fields.CREATED])
        return f"the model {model.item_id} is as it was before its version {item.remote_id}" if is_below else ""

    def _is_last(self, entity: Entity, item: Item, known: Known) -> str:
        """Whether no other item of the kind that both had is there.  A registry may have a store of its own; of other kinds that
        counts only if nothing else tells the store from another one."""
        side = self._side
        is_told = known.store_id or side.read(
            lambda tx: generations.newest(tx, self._link_id, 1, store_generation=known.store_generation)
        )
        if is_told and entity is not MODEL:
            return ""
        items = side.read(lambda tx: item_store.items(tx, self._link_id, entity, "", SOME_ITEMS + 1))
        others = [
            each for each in items if each.local_id != item.local_id and each.store_generation == known.store_generation
        ]
        if any(self._read(entity, each.remote_id) is not None for each in others):
            return ""
        if others:
            return f"it lacks all the {entity.words}s that it had"
        return "" if is_told or entity is not MODEL else "nothing that was there is left"

    def _read(self, entity: Entity, remote_id: str) -> Part | None:
        peer = self._side.peer
        match entity:
            case Entity.DATASET:
                return peer.datasets.read(remote_id)
            case Entity.TRACE:
                return peer.traces.read(remote_id)
        return peer.registry.read(entity, remote_id)
