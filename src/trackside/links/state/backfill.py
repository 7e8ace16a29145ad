"""Enqueues a workspace piece by piece, so that no writer waits while a large store is enqueued.
Reads and writes the store only; sends no request.

How far that has come is a text in the link's row, so a server that was killed goes on.
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

    TRUST_BASE = 0  # what was agreed is trusted
    COMPARE = 1  # the other side is looked at too
    COMPARE_BYTES = 2  # and points and files are read on both sides


class BackfillCursor(Struct, frozen=True):
    """`step` counts the kinds of what is here, then those of what both sides have; `end` is the first that is not enqueued."""

    depth: Depth
    step: int
    end: int
    after: str = ""


Found = list[tuple[str, str]]
KINDS = list(Entity)


def backfill() -> str:
    """Return what a new link sends: everything that exists here."""
    return _text(BackfillCursor(Depth.TRUST_BASE, 0, len(KINDS)))


def whole(mode: Mode, depth: Depth, before: str) -> str:
    """Return what a full sync compares: everything that either side should have; `before` is an unfinished backfill, whose depth
    is kept."""
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
    """Enqueue what `piece` found, unless the backfill was started again meanwhile."""
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
