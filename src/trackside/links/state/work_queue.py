"""The work queue of a link, in the table `link_dirty`: items that have to be compared.

Items are processed in FIFO order. A queued item keeps its position however often it changes. An item that changes again during
its comparison, or uses up its time slice, rejoins at the end, so a busy run cannot starve the others. Items that are queued
together are ordered: experiments, runs, logged models, the registry, evaluation datasets. An item creates what it requires on
the other side.
"""

from collections.abc import Iterable

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.links.model import Lag, Link
from trackside.sync.entities import Entity

MAX_WAIT_MS = 3_600_000
UNHEARD_MS = 10_000  # time without a poll that does not count as lag
_NEVER = 2**62
_ORDER = tuple(Entity)

DUE = """
    SELECT entity, entity_id, is_remote, depth, generation, attempts, queue_position, may_delete FROM link_dirty
    WHERE workspace_id = :ws AND link_id = :link AND due_at BETWEEN :low AND :high
    ORDER BY due_at, queue_position, entity_id LIMIT :most
    """


class QueuedItem(Struct, frozen=True):
    entity: Entity
    entity_id: str
    is_remote: bool
    depth: int  # of `backfill.Depth`
    generation: int
    attempts: int
    position: int
    may_delete: bool  # its deletion was accepted


def enqueue(tx: Tx, link_id: int, items: Iterable[tuple[str, str]], *, is_remote: bool = False, depth: int = 0) -> None:
    """Add items to the end of the queue.

    A queued item keeps its position and is compared once. Entities that no link replicates are ignored.
    """
    known = set(Entity)
    found = sorted((Entity(entity), entity_id) for entity, entity_id in items if entity in known)
    if not found:
        return
    end = _end(tx, link_id)
    tx.many(
        """
        INSERT INTO link_dirty (workspace_id, link_id, entity, entity_id, is_remote, depth, generation, dirty_since,
            attempts, due_at, queue_position)
        VALUES (:ws, :link, :entity, :id, :is_remote, :depth, 1, :now, 0, 0, :position)
        ON CONFLICT (link_id, entity, entity_id, is_remote) DO UPDATE SET generation = link_dirty.generation + 1,
            depth = CASE WHEN excluded.depth > link_dirty.depth THEN excluded.depth ELSE link_dirty.depth END,
            due_at = 0, held_items = 0, may_delete = 0
        """,
        [{"entity": str(e), "id": entity_id, "position": end + _ORDER.index(e)} for e, entity_id in found],
        link=link_id,
        is_remote=int(is_remote),
        depth=depth,
    )


def enqueue_mirrored(tx: Tx, link_id: int) -> None:
    """Add all agreed items to the end of the queue."""
    tx.run(
        """
        INSERT INTO link_dirty (workspace_id, link_id, entity, entity_id, is_remote, depth, generation, dirty_since,
            attempts, due_at, queue_position)
        SELECT workspace_id, link_id, entity, local_id, 0, 0, 1, CAST(:now AS BIGINT), 0, 0,
            CAST(:end AS BIGINT) + CASE entity WHEN 'experiment' THEN 0 WHEN 'run' THEN 1 WHEN 'logged_model' THEN 2
                WHEN 'registered_model' THEN 3 WHEN 'model_version' THEN 4 ELSE 5 END
        FROM link_items WHERE workspace_id = :ws AND link_id = :link
        ON CONFLICT (link_id, entity, entity_id, is_remote) DO UPDATE SET generation = link_dirty.generation + 1,
            due_at = 0, held_items = 0, may_delete = 0
        """,
        link=link_id,
        end=_end(tx, link_id),
    )


def forget_remote(tx: Tx, link_id: int) -> None:
    """Remove queued items by remote ids that now belong to other items."""
    tx.run("DELETE FROM link_dirty WHERE workspace_id = :ws AND link_id = :link AND is_remote = 1", link=link_id)


def next_items(tx: Tx, link_id: int, most: int) -> list[QueuedItem]:
    """Return the next due items in the order of the queue.  If the clock is set back, a postponed item waits at most an hour."""
    found = []
    far = tx.now + MAX_WAIT_MS
    for low, high in ((0, 0), (1, tx.now), (far + 1, _NEVER)):
        rows = tx.all(DUE, link=link_id, low=low, high=high, most=most)
        found += [QueuedItem(Entity(e), i, bool(r), v, g, a, t, bool(d)) for e, i, r, v, g, a, t, d in rows]
    return sorted(found, key=lambda each: (each.position, each.entity_id))[:most]


def next_due_at(tx: Tx, link_id: int) -> int | None:
    """Return when the first postponed item is due, in ms; None if no item is postponed."""
    row = tx.one(
        "SELECT MIN(due_at) FROM link_dirty WHERE workspace_id = :ws AND link_id = :link AND due_at > 0", link=link_id
    )
    return None if row is None or row[0] is None else int(row[0])


def complete(tx: Tx, link_id: int, queued: QueuedItem) -> None:
    """Remove an item that was compared.  If it changed meanwhile, move it to the end of the queue."""
    gone = tx.run(
        """
        DELETE FROM link_dirty WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND entity_id = :id
            AND is_remote = :is_remote AND generation = :generation
        """,
        link=link_id,
        entity=str(queued.entity),
        id=queued.entity_id,
        is_remote=int(queued.is_remote),
        generation=queued.generation,
    )
    if not gone:
        _move(tx, link_id, queued, "dirty_since = :now, attempts = 0, due_at = 0, may_delete = 0")


def requeue(tx: Tx, link_id: int, queued: QueuedItem) -> None:
    """Move an item whose time slice ended to the end of the queue."""
    _move(tx, link_id, queued, "attempts = attempts")


def defer(tx: Tx, link_id: int, queued: QueuedItem, wait_ms: int) -> None:
    """Retry an item after a delay, behind the queued items, also if it was queued again meanwhile."""
    due = tx.now + min(wait_ms, MAX_WAIT_MS)
    _move(tx, link_id, queued, "attempts = attempts + 1, due_at = :due", due=due)


def _move(tx: Tx, link_id: int, queued: QueuedItem, change: str, **values: int) -> None:
    """Move an item to the end of the queue, with a change of its row."""
    tx.run(
        f"""
        UPDATE link_dirty SET queue_position = :position, {change}
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND entity_id = :id AND is_remote = :is_remote
        """,
        link=link_id,
        entity=str(queued.entity),
        id=queued.entity_id,
        is_remote=int(queued.is_remote),
        position=_end(tx, link_id) + _ORDER.index(queued.entity),
        **values,
    )


def lag(tx: Tx, link: Link) -> Lag:
    """Return the number of queued items and unread changes, and the lag.

    The number of unread remote changes is known only with a change log. A backfill and the first scan of a remote count as one
    item each. In a pull link, the time since the last poll counts if it exceeds the poll interval.
    """
    row = tx.one(
        """
        SELECT COUNT(*), MIN(dirty_since), COALESCE(SUM(CASE WHEN attempts > 0 AND due_at > :now THEN 1 ELSE 0 END), 0)
        FROM link_dirty WHERE workspace_id = :ws AND link_id = :link
        """,
        link=link.link_id,
    )
    unread = tx.one(
        """
        SELECT COUNT(DISTINCT entity_id), MIN(changed_at) FROM changes
        WHERE workspace_id = :ws AND seq > :seen AND entity IN :entities
        """,
        seen=link.seen_seq,
        entities=[str(each) for each in Entity if link.options.registry or not each.is_of_registry],
    )
    assert row is not None
    assert unread is not None
    items = row[0] + int(link.backfill_cursor != "")
    since = [row[1]] if row[1] is not None else []
    if link.mode.sends and unread[0]:
        items += unread[0]
        since.append(unread[1])
    if link.mode.takes:
        items += link.unread_changes + int(not link.has_seen_all)
        heard = link.created_at if link.heard_at is None else link.heard_at
        is_late = tx.now - heard > UNHEARD_MS + 2000 * link.longest_poll_s
        if is_late or link.unread_changes or not link.has_seen_all:
            since.append(heard)
    return Lag(items, max(0.0, (tx.now - min(since)) / 1000) if since else 0.0, row[2])


def _end(tx: Tx, link_id: int) -> int:
    """Return the first of new positions behind all others: one for each kind."""
    row = tx.one(
        """
        UPDATE links SET next_position = next_position + :kinds
        WHERE workspace_id = :ws AND link_id = :link RETURNING next_position
        """,
        link=link_id,
        kinds=len(_ORDER),
    )
    return 0 if row is None else int(row[0])
