"""Enqueues all items of a workspace in batches, so that writers do not wait while a large store is enqueued.

Reads and writes only the store. The progress is saved in the link's row, so it continues after a crash.
"""

from enum import IntEnum

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.links.model import Link
from trackside.links.state import item_store, work_queue
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import items

PIECE = 1000


class Depth(IntEnum):
    """How thoroughly an item is compared."""

    TRUST_BASE = 0  # the agreed state is trusted
    COMPARE = 1  # the remote is read too
    COMPARE_BYTES = 2  # and points and files are read on both sides


class BackfillCursor(Struct, frozen=True):
    """The position of a backfill.  `step` counts the kinds of local items, then those of agreed items; `end` is the first kind
    that is not enqueued."""

    depth: Depth
    step: int
    end: int
    after: str = ""


Found = list[tuple[str, str]]
KINDS = list(Entity)


def backfill() -> str:
    """Return the backfill of a new link: all local items."""
    return _text(BackfillCursor(Depth.TRUST_BASE, 0, len(KINDS)))


def whole(mode: Mode, depth: Depth, before: str) -> str:
    """Return the backfill of a full sync: all items of either side.  `before`: an unfinished backfill, whose depth is kept."""
    if before:
        depth = max(depth, _cursor(before).depth)
    return _text(BackfillCursor(depth, 0 if mode.sends else len(KINDS), 2 * len(KINDS)))


def piece(tx: Tx, link: Link) -> tuple[Found, str]:
    """Return the next items to enqueue, and the cursor after them."""
    cursor = _cursor(link.backfill_cursor)
    entity = KINDS[cursor.step % len(KINDS)]
    found: list[str] = []
    if link.options.registry or not entity.is_of_registry:
        if cursor.step < len(KINDS):
            found = items.ids(tx, entity, cursor.after, PIECE, link.options.since)
        else:
            found = [item.local_id for item in item_store.items(tx, link.link_id, entity, cursor.after, PIECE)]
    queued = [(str(entity), each) for each in found]
    if len(found) == PIECE:
        return queued, _text(msgspec.structs.replace(cursor, after=found[-1]))
    following = msgspec.structs.replace(cursor, step=cursor.step + 1, after="")
    return queued, _text(following) if following.step < following.end else ""


def enqueue(tx: Tx, link: Link, found: Found, following: str) -> None:
    """Enqueue the batch, unless the backfill was restarted meanwhile."""
    moved = tx.run(
        """
        UPDATE links SET backfill_cursor = :following
        WHERE workspace_id = :ws AND link_id = :id AND backfill_cursor = :before
        """,
        id=link.link_id,
        following=following,
        before=link.backfill_cursor,
    )
    if moved:
        work_queue.enqueue(tx, link.link_id, found, depth=_cursor(link.backfill_cursor).depth)


def _cursor(text: str) -> BackfillCursor:
    return msgspec.json.decode(text, type=BackfillCursor)


def _text(cursor: BackfillCursor) -> str:
    return msgspec.json.encode(cursor).decode()
