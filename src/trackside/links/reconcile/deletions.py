"""Decides whether an item that is missing on the remote was removed by a user, or lost with the remote's store.

A Trackside's change log records removals without a time limit. An MLflow server records none. But a lost or restored
store also lacks runs that no user deleted, since MLflow keeps deleted runs. If in doubt, the item counts as lost, and a
store generation ends (`state.generations`).
"""

import time

from trackside.links.model import CreatedBy
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.registry.lookup import MODEL, VERSION
from trackside.links.state import generations, item_store
from trackside.links.state.generations import Known
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.entities import Entity
from trackside.sync.local import registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import ChangePage

SOME_RUNS = 5
SOME_ITEMS = 20
ASK_EVERY_S = 30.0  # checks of the store's identity, unless the remote's change log shows it
REMEMBER_S = 2.0  # how long the result of a check is valid


class StoreIdentityCheck:
    """Checks the identity of the remote's store during a connection."""

    def __init__(self) -> None:
        self._asked = float("-inf")

    def is_another(self, context: LinkContext, page: ChangePage | None = None) -> bool:
        """Return whether the store was replaced or restored, so that everything must be read again.

        `page`: a page of the change log, which identifies the store; without one, the remote is asked from time to
        time.
        """
        if page is not None:
            return _is_another(context, page.store_id, was_put_back=page.was_put_back)
        if time.monotonic() - self._asked < ASK_EVERY_S:
            return False
        found = _is_another(context, context.remote.ask_store(), was_put_back=False)
        self._asked = time.monotonic()  # not if the result could not be written: then the check is repeated
        return found


def _is_another(context: LinkContext, store_id: str, *, was_put_back: bool) -> bool:
    """Record the identity of the store, and return whether everything must be read again."""
    link = context.link
    known = Known(link.store_id, link.store_generation)
    if store_id in ("", link.store_id):
        if was_put_back:
            why = "its log ends before where it was read, or goes on otherwise"
            context.write(generations.store_was_restored, link, known, why)
        return was_put_back
    if link.store_id == "" and not was_put_back:
        context.write(generations.remember, link.link_id, store_id)
        return False
    context.write(generations.store_was_replaced, link, known, store_id)
    return True


class LossCheck:
    """Checks for one pass over a link."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self._link_id = context.link_id
        self._whole: tuple[float, int] | None = None  # when the store was last confirmed, and in which generation

    def is_lost(self, entity: Entity, item: ItemState) -> bool:
        """Return whether an item that both sides had, and that the remote lacks now, was lost with its store."""
        context = self._context
        known = context.read(generations.of, self._link_id)
        if item.store_generation < known.store_generation:
            return True
        was_removed = None
        if entity.is_of_registry:
            was_removed = context.remote.registry.was_removed(entity, item.remote_id)
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
            case Entity.MODEL_VERSION:
                why = self._is_below(item)
            case _:
                why = self._is_last(entity, item, known)
        if why:
            context.write(generations.store_was_restored, context.link, known, why)
        return bool(why)

    def _is_the_same(self, known: Known) -> bool:
        """Return whether the store is the same and complete, judged by samples."""
        context = self._context
        store_id = context.remote.ask_store()
        if store_id and known.store_id and store_id != known.store_id:
            context.write(generations.store_was_replaced, context.link, known, store_id)
            return False
        runs = context.read(generations.newest, self._link_id, SOME_RUNS, store_generation=known.store_generation)
        lacking = next((run for run in runs if context.remote.read(Entity.RUN, run.remote_id) is None), None)
        if lacking is not None:
            why = f"it lacks the run {lacking.remote_id}, which was not deleted"
            context.write(generations.store_was_restored, context.link, known, why)
        return lacking is None

    def _is_below(self, item: ItemState) -> str:
        """Return whether the model of a missing version was last changed before that version was created: a removal by
        a user would have changed the model."""
        if item.made_by is not CreatedBy.HERE:  # otherwise the time of its creation on the remote is unknown
            return ""
        snapshot = self._context.read(registry.read, VERSION, item.local_id)
        model = self._context.remote.registry.read(MODEL, registry.model_of(item.remote_id))
        if snapshot is None or model is None or not int(model.doc.get(fields.SEEN, "0")):
            return ""
        is_below = int(model.doc[fields.SEEN]) < int(snapshot.doc[fields.CREATED])
        return f"the model {model.item_id} is as it was before its version {item.remote_id}" if is_below else ""

    def _is_last(self, entity: Entity, item: ItemState, known: Known) -> str:
        """Return whether no other item of the kind exists that both sides had.

        A registry may have a separate store. For other kinds this counts only if nothing else identifies the store.
        """
        context = self._context
        is_told = known.store_id or context.read(
            generations.newest, self._link_id, 1, store_generation=known.store_generation
        )
        if is_told and entity is not MODEL:
            return ""
        items = context.read(item_store.items, self._link_id, entity, "", SOME_ITEMS + 1)
        others = [
            each for each in items if each.local_id != item.local_id and each.store_generation == known.store_generation
        ]
        if any(self._read(entity, each.remote_id) is not None for each in others):
            return ""
        if others:
            return f"it lacks all the {entity.label}s that it had"
        return "" if is_told or entity is not MODEL else "nothing that was there is left"

    def _read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        remote = self._context.remote
        match entity:
            case Entity.EVALUATION_DATASET:
                return remote.datasets.read(remote_id)
            case Entity.TRACE:
                return remote.traces.read(remote_id)
        return remote.registry.read(entity, remote_id)
