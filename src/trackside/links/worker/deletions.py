"""Holds deletions of a link until their number is known, and then carries them out or pauses the link."""

import time

from trackside.core.db.tx import Tx
from trackside.links import store
from trackside.links.model import Link
from trackside.links.reconcile import deletion_guard
from trackside.links.reconcile.context import Database, LinkContext, in_link
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.state import held_deletions, item_store
from trackside.sync.entities import Entity

HOLD_MS = 60_000  # that a deletion waits at most for the rest of the queue


def hold(context: LinkContext, entity: Entity, entity_id: str, held: DeletionHeld, *, is_remote: bool) -> None:
    """Hold the deletion of an item until it is decided."""
    context.write(held_deletions.hold, context.link_id, entity, entity_id, is_remote=is_remote, deletion=held.deletion)


def decide(db: Database, ws: int, link: Link, *, is_idle: bool) -> bool:
    """Accept held deletions, or pause the link if there are too many.  Return True if they are accepted.

    The rest of the queue is processed first, so that all deletions are known, unless that takes longer than HOLD_MS.
    """
    with db.read(ws) as tx:
        items, since = held_deletions.count(tx, link.link_id), held_deletions.held_since(tx, link.link_id)
    if not items or (not is_idle and since is not None and time.time_ns() // 1_000_000 - since < HOLD_MS):
        return False

    def settle(tx: Tx) -> bool:
        if not store.is_active(tx, link.link_id):
            return False  # paused since: part of the queue was not compared
        items, before = held_deletions.count(tx, link.link_id), held_deletions.counted(tx, link)
        synced = sum(item_store.mirrored(tx, link.link_id).values()) + before
        if not deletion_guard.is_too_much(items + before, synced, link.options):
            held_deletions.accept_held(tx, link, items)
            return True
        held = held_deletions.listed(tx, link.link_id, deletion_guard.NAMED + 1)
        said = deletion_guard.message(link.name, items, synced, link.options, held)
        store.pause(tx, link, f"{store.PAUSED}{said}")
        return False

    return bool(in_link(db, ws, link.link_id, settle))
