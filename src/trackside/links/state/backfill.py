"""Enqueues a workspace piece by piece, so that no writer waits while a large store is enqueued.
Knows our tables and what both sides have; asks nobody.

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

    CHANGED = 0  # what was agreed is trusted
    LOOK = 1  # the other side is looked at too
    READ = 2  # and points and files are read on both sides


class Sweep(Struct, frozen=True):
    """`step` counts the kinds of what is here, then those of what both sides have; `end` is the first that is not marked."""

    depth: Depth
    step: int
    end: int
    after: str = ""


Found = list[tuple[str, str]]
KINDS = list(Entity)


def backfill() -> str:
    """Everything here that a new link sends."""
    return _text(Sweep(Depth.CHANGED, 0, len(KINDS)))


def whole(mode: Mode, depth: Depth, before: str) -> str:
    """Everything that either side shall have; `before`: what was still to be marked, which is not marked less thoroughly."""
    if before:
        depth = max(depth, _sweep(before).depth)
    return _text(Sweep(depth, 0 if mode.sends else len(KINDS), 2 * len(KINDS)))


def piece(tx: Tx, link: Link) -> tuple[Found, str]:
    """Return the next items to enqueue, and the cursor after them."""
    sweep = _sweep(link.backfill_cursor)
    entity = KINDS[sweep.step % len(KINDS)]
    found: list[str] = []
    if link.options.registry or not entity.is_of_registry:
        if sweep.step < len(KINDS):
            found = items.ids(tx, entity, sweep.after, PIECE, link.options.since)
        else:
            found = [item.local_id for item in item_store.items(tx, link.link_id, entity, sweep.after, PIECE)]
    marks = [(str(entity), each) for each in found]
    if len(found) == PIECE:
        return marks, _text(msgspec.structs.replace(sweep, after=found[-1]))
    following = msgspec.structs.replace(sweep, step=sweep.step + 1, after="")
    return marks, _text(following) if following.step < following.end else ""


def mark(tx: Tx, link: Link, found: Found, following: str) -> None:
    """Unless the marking was started again meanwhile."""
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
        work_queue.enqueue(tx, link.link_id, found, depth=_sweep(link.backfill_cursor).depth)


def _sweep(text: str) -> Sweep:
    return msgspec.json.decode(text, type=Sweep)


def _text(sweep: Sweep) -> str:
    return msgspec.json.encode(sweep).decode()
