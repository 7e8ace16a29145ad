"""Removes the copies that a link created, on either side, when the link ends.  Idempotent; never blocks.

A remote copy is removed if its source is local. A local copy is removed if its source is remote, and if it has no
change, point or file that exists only here. Items that existed before the link stay, and so do experiments that are not
empty and items that another link replicates too. Items that are not known to be copies stay; the server's log has their
number. Runs, logged models and experiments are deleted as users delete them, so they can be restored.
"""

import logging
from collections.abc import Callable

from trackside.core.errors import Fault
from trackside.links.model import CreatedBy
from trackside.links.reconcile.attempt import attempt
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.runs import metrics
from trackside.links.state import item_store
from trackside.links.state.item import ItemState
from trackside.sync import fields, file_plan
from trackside.sync.entities import Entity
from trackside.sync.local import files, registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored

log = logging.getLogger("trackside.links")

AT_ONCE = 100
HERE = (
    Entity.REGISTERED_MODEL,
    Entity.MODEL_VERSION,
    Entity.EVALUATION_DATASET,
    Entity.TRACE,
    Entity.RUN,
    Entity.LOGGED_MODEL,
    Entity.EXPERIMENT,
)
THERE = (
    Entity.MODEL_VERSION,
    Entity.REGISTERED_MODEL,
    Entity.EVALUATION_DATASET,
    Entity.TRACE,
    Entity.RUN,
    Entity.LOGGED_MODEL,
    Entity.EXPERIMENT,
)


class CopyRemover:
    """`beat` is called before each item; an exception of it ends the step."""

    def __init__(self, context: LinkContext, beat: Callable[[], None]) -> None:
        self._context = context
        self._beat = beat
        self._link_id = context.link_id
        self._reconcilers = Reconcilers(context)

    def here(self) -> bool:
        """Delete some local copies, without calls to the remote.  Return whether there may be more."""
        for entity in HERE:
            found = self._items(entity, CreatedBy.HERE)
            for item in found:
                self._beat()
                self._end(entity, item, lambda e=entity, i=item: self._remove_local(e, i))  # type: ignore[misc]
            if found:
                return True
        return False

    def there(self) -> bool:
        """Delete some remote copies.  Return whether there may be more."""
        for entity in THERE:
            found = self._items(entity, CreatedBy.US)
            for item in found:
                self._beat()
                self._end(entity, item, lambda e=entity, i=item: self._remove_remote(e, i))  # type: ignore[misc]
            if found:
                return True
        if self._context.link.options.registry:
            self._context.remote.registry.tidy()
        return False

    def tell(self) -> None:
        """Log the number of items that stay on both sides, after all copies are removed."""
        rest = self._context.read(item_store.mirrored, self._link_id, CreatedBy.THEM)
        if rest:
            said = ", ".join(f"{entity}: {count}" for entity, count in rest.items())
            log.info("link %s: not known to be copies made by it, so they stay: %s", self._context.link.name, said)

    def _items(self, entity: Entity, made_by: CreatedBy) -> list[ItemState]:
        return self._context.read(item_store.items, self._link_id, entity, "", AT_ONCE, made_by)

    def _end(self, entity: Entity, item: ItemState, remove: Callable[[], None]) -> None:
        reason = attempt(remove, log.warning)
        if reason is not None:
            log.warning("link %s: its copy %s stays: %s", self._context.link.name, item.local_id, reason)
        self._context.forget(entity, item)

    def _remove_remote(self, entity: Entity, item: ItemState) -> None:
        if self._context.read(item_store.is_shared, self._link_id, entity, item.remote_id):
            raise Unmirrored(
                f"{entity.label} {item.remote_id} stays on the remote: another link of this server also mirrors it"
            )
        if not self._reconcilers.of(entity).type.delete_remote(item):
            raise Unmirrored(
                f"{entity.label} {item.remote_id} stays on the remote: it has content that the link did not create"
            )

    def _remove_local(self, entity: Entity, known: ItemState) -> None:
        context = self._context
        item, snapshot = context.item(entity, known.local_id), self._reconcilers.of(entity).read(known.local_id)
        if item is None or snapshot is None:
            return
        if context.read(item_store.is_of_another_link, self._link_id, entity, item.local_id):
            raise Unmirrored(
                f"{entity} {item.local_id} stays in this workspace: the remote of another link also has it"
            )
        if entity is Entity.REGISTERED_MODEL:
            self._remove_model(item, snapshot)
            return
        if self._is_own(entity, item, snapshot):
            raise Unmirrored(f"{entity} {item.local_id} stays in this workspace: it was changed after it was copied")

        context.write(self._reconcilers.of(entity).type.delete_local, item.local_id)

    def _remove_model(self, item: ItemState, snapshot: Snapshot) -> None:
        """Delete a model with its versions: a model without them would look changed."""
        context = self._context
        is_own = self._reconcilers.models.comparison.has_local_change(
            Entity.REGISTERED_MODEL, item, snapshot, alone=True
        )
        for version in context.items_below(Entity.MODEL_VERSION, item.local_id):
            if version.made_by is CreatedBy.HERE:
                self._beat()
                self._end(
                    Entity.MODEL_VERSION,
                    version,
                    lambda v=version: self._remove_local(Entity.MODEL_VERSION, v),  # type: ignore[misc]
                )
        if is_own or not context.write(registry.remove, Entity.REGISTERED_MODEL, item.local_id):
            raise Unmirrored(
                f"registered model {snapshot.doc[fields.NAME]} stays in this workspace: it was changed "
                f"after it was copied"
            )

    def _is_own(self, entity: Entity, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether a part of the item exists only here."""
        if self._reconcilers.of(entity).type.has_local_change(item, snapshot):
            return True
        if entity is Entity.RUN and metrics.is_behind(self._context, item.local_id):
            return True
        return entity in (Entity.RUN, Entity.LOGGED_MODEL) and self._has_own_files(entity, item.local_id)

    def _has_own_files(self, entity: Entity, local_id: str) -> bool:
        context = self._context
        place = context.read(files.place, entity, local_id)
        known = context.read(item_store.files, self._link_id, entity, local_id)
        try:
            spot = place.spot(context.roots)
        except Fault:  # this server does not access the artifact root: no file was copied, and none can be deleted
            return False
        listed = files.listing(spot)
        return any(step.what is file_plan.FileAction.SEND for step in file_plan.blind(known, listed))
