"""Deletions that a link holds until their number is known.  SQL on the work queue; decides nothing.

A held item stays in the queue with `due_at` HELD, which no query for due items returns. A further change of the item ends the
hold: the item is compared again.
"""

from trackside.core.db.tx import Tx
from trackside.links.model import Deletion, HeldDeletion, Link, Side
from trackside.sync.entities import Entity

HELD = -1
WINDOW_MS = 3_600_000  # the window in which deletions are counted


def hold(tx: Tx, link_id: int, entity: Entity, entity_id: str, *, is_remote: bool, deletion: Deletion) -> None:
    """Mark the queued item as held, unless its deletion was accepted already."""
    tx.run(
        """
        INSERT INTO link_dirty (workspace_id, link_id, entity, entity_id, is_remote, depth, generation, dirty_since,
            attempts, due_at, queue_position, held_items, held_on, held_name)
        VALUES (:ws, :link, :entity, :id, :is_remote, 0, 1, :now, 0, :held, 0, :items, :side, :name)
        ON CONFLICT (link_id, entity, entity_id, is_remote) DO UPDATE SET due_at = excluded.due_at,
            held_items = excluded.held_items, held_on = excluded.held_on, held_name = excluded.held_name
        WHERE link_dirty.may_delete = 0
        """,
        link=link_id,
        entity=str(entity),
        id=entity_id,
        is_remote=int(is_remote),
        held=HELD,
        items=deletion.items,
        side=str(deletion.side),
        name=deletion.name[:300],
    )


def count(tx: Tx, link_id: int) -> int:
    row = tx.one(
        "SELECT COALESCE(SUM(held_items), 0) FROM link_dirty WHERE workspace_id = :ws AND link_id = :link AND due_at = :held",
        link=link_id,
        held=HELD,
    )
    return 0 if row is None else int(row[0])


def held_since(tx: Tx, link_id: int) -> int | None:
    """Return when the first held item entered the queue, in ms."""
    row = tx.one(
        "SELECT MIN(dirty_since) FROM link_dirty WHERE workspace_id = :ws AND link_id = :link AND due_at = :held",
        link=link_id,
        held=HELD,
    )
    return None if row is None or row[0] is None else int(row[0])


def listed(tx: Tx, link_id: int, most: int) -> list[HeldDeletion]:
    rows = tx.all(
        """
        SELECT entity, entity_id, held_on, held_name, held_items FROM link_dirty
        WHERE workspace_id = :ws AND link_id = :link AND due_at = :held ORDER BY entity, held_name, entity_id LIMIT :most
        """,
        link=link_id,
        held=HELD,
        most=most,
    )
    return [
        HeldDeletion(entity=Entity(entity), id=item_id, side=Side(side), name=name, items=items)
        for entity, item_id, side, name, items in rows
    ]


def counted(tx: Tx, link: Link) -> int:
    """Return the number of accepted deletions in the current window."""
    row = tx.one(
        """
        SELECT deleted_items FROM links
        WHERE workspace_id = :ws AND link_id = :id AND deleted_since BETWEEN :since AND :now
        """,
        id=link.link_id,
        since=tx.now - WINDOW_MS,
    )
    return 0 if row is None else int(row[0])


def accept_held(tx: Tx, link: Link, items: int) -> None:
    """Accept the held deletions, and count them in the window, which starts now if there is none."""
    before = counted(tx, link)
    tx.run(
        """
        UPDATE links SET deleted_items = :items, deleted_since = CASE WHEN :before > 0 THEN deleted_since ELSE :now END
        WHERE workspace_id = :ws AND link_id = :id
        """,
        id=link.link_id,
        items=before + items,
        before=before,
    )
    tx.run(
        """
        UPDATE link_dirty SET due_at = 0, may_delete = 1
        WHERE workspace_id = :ws AND link_id = :link AND due_at = :held
        """,
        link=link.link_id,
        held=HELD,
    )


def accept(tx: Tx, link: Link) -> int:
    """Release the held deletions, which a user accepted, and restart the count.  Return their number."""
    items = count(tx, link.link_id)
    accept_held(tx, link, items)
    tx.run("UPDATE links SET deleted_items = 0 WHERE workspace_id = :ws AND link_id = :id", id=link.link_id)
    return items


def compare_again(tx: Tx, link_id: int) -> None:
    """Queue the held items again: they may have been restored."""
    tx.run(
        """
        UPDATE link_dirty SET due_at = 0, held_items = 0, held_on = '', held_name = ''
        WHERE workspace_id = :ws AND link_id = :link AND due_at = :held
        """,
        link=link_id,
        held=HELD,
    )
