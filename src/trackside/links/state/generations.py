"""The identity of the remote's store, and the generation in which an item was last found there.

A generation ends when the store is found to be replaced, or restored from a backup. An item that was found in an earlier
generation and is missing now was not removed by a user.
"""

from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.links import store
from trackside.links.model import Link, LogKind
from trackside.links.state import backfill, item_store, work_queue
from trackside.links.state.backfill import Depth
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity


class Known(Struct, frozen=True):
    store_id: str  # empty: unknown
    store_generation: int


def of(tx: Tx, link_id: int) -> Known:
    row = tx.one("SELECT store_id, store_generation FROM links WHERE workspace_id = :ws AND link_id = :id", id=link_id)
    return Known("", 0) if row is None else Known(*row)


def remember(tx: Tx, link_id: int, store_id: str) -> None:
    tx.run("UPDATE links SET store_id = :store WHERE workspace_id = :ws AND link_id = :id", id=link_id, store=store_id)


def confirm(tx: Tx, link_id: int, entity: Entity, local_id: str, store_generation: int) -> None:
    """Record that the item was found on the remote in that generation."""
    tx.run(
        """
        UPDATE link_items SET store_generation = :now_in
        WHERE workspace_id = :ws AND link_id = :link AND entity = :entity AND local_id = :id AND store_generation < :now_in
        """,
        link=link_id,
        entity=str(entity),
        id=local_id,
        now_in=store_generation,
    )


def store_was_restored(tx: Tx, link: Link, known: Known, why: str) -> None:
    """Start a generation because the remote's store was restored, and enqueue all agreed items for comparison.

    Does nothing if another process has started that generation already.
    """
    if not _begin_generation(
        tx, link, known, known.store_id, f"the store there was put back to an earlier state: {why}"
    ):
        return
    store.set_backfill_cursor(tx, link.link_id, backfill.whole(link.mode, Depth.COMPARE, _backfill_cursor(tx, link)))


def report_missing(tx: Tx, link: Link, entity: Entity, item: ItemState) -> None:
    """Start a generation because the remote lacks a run or experiment that was not deleted.

    Logged models do not count: MLflow's deleted ones are missing too.
    """
    known = of(tx, link.link_id)
    if (
        link.mode.takes
        and entity is not Entity.LOGGED_MODEL
        and is_active(item)
        and item.store_generation == known.store_generation
    ):
        store_was_restored(tx, link, known, f"it lacks the {entity} {item.remote_id}, which was not deleted")


def store_was_replaced(tx: Tx, link: Link, known: Known, store_id: str) -> None:
    """Reset the link: the store was replaced, and its ids may belong to other items."""
    text = "the store there is another one than before: the link starts again with it"
    if not _begin_generation(tx, link, known, store_id, text):
        return
    if link.mode.sends:
        work_queue.enqueue_mirrored(tx, link.link_id)
    work_queue.forget_remote(tx, link.link_id)
    for table in ("link_items", "link_files", "link_series", "link_records"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND link_id = :link", link=link.link_id)


def newest(
    tx: Tx, link_id: int, most: int, *, store_generation: int | None = None, experiment_id: str | None = None
) -> list[ItemState]:
    """Return the newest runs that were active on the remote: those found there in a generation, or those of a local
    experiment."""
    rows = tx.all(
        """
        SELECT i.local_id, i.remote_id, i.made_by, i.agreed, i.store_generation FROM runs r
        JOIN experiments e ON e.experiment_seq = r.experiment_seq AND e.workspace_id = :ws
        JOIN link_items i ON i.link_id = :link AND i.entity = 'run' AND i.local_id = r.run_id
        WHERE r.workspace_id = :ws AND i.workspace_id = :ws AND i.remote_id <> ''
            AND (:generation = -1 OR i.store_generation = :generation) AND (:experiment = -1 OR e.experiment_id = :experiment)
        ORDER BY r.start_time DESC, r.run_id LIMIT :most
        """,
        link=link_id,
        generation=-1 if store_generation is None else store_generation,
        experiment=-1 if experiment_id is None else int(experiment_id),
        most=most,
    )
    return [item for item in map(item_store.item_of, rows) if is_active(item)]


def is_active(item: ItemState) -> bool:
    """Return whether the item is active in the agreed state.  A deleted item may have been purged, for instance by
    `mlflow gc`."""
    return (item.base or {}).get(fields.STAGE) == "active"


def is_purged(link: Link, item: ItemState, doc: Doc) -> bool:
    """Return whether a missing item was deleted on both sides before, and then purged on the remote, for instance by `mlflow
    gc`.

    It may have been restored locally since.
    """
    is_deleted = "deleted" == doc.get(fields.STAGE) == (item.base or {}).get(fields.STAGE)
    return is_deleted and item.store_generation >= link.store_generation


def _begin_generation(tx: Tx, link: Link, known: Known, store_id: str, text: str) -> bool:
    moved = tx.run(
        """
        UPDATE links SET store_generation = store_generation + 1, store_generation_at = :now, store_id = :store,
            remote_cursor = ''
        WHERE workspace_id = :ws AND link_id = :id AND store_generation = :store_generation AND store_id = :before
        """,
        id=link.link_id,
        store=store_id,
        store_generation=known.store_generation,
        before=known.store_id,
    )
    if moved:
        said = f"{text}; items that are missing on the remote without a recorded deletion " + (
            "are created there again" if link.mode.sends else "stay in this workspace"
        )
        store.note(tx, link.link_id, LogKind.STATE, "", "", said)
        tx.record(Change("link", link.name, "store-lost"))
    return bool(moved)


def _backfill_cursor(tx: Tx, link: Link) -> str:
    row = tx.one("SELECT backfill_cursor FROM links WHERE workspace_id = :ws AND link_id = :id", id=link.link_id)
    return "" if row is None else str(row[0])
