"""The items of review queues (traces with a review status) in SQL.

A trace in the trash keeps its row, which no call returns, until it is restored.
"""

from collections.abc import Sequence
from typing import Any

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.core.filters.keyset import Term
from trackside.traces import paging
from trackside.traces.review_queues import model as rm
from trackside.traces.review_queues import store

# The columns are the fields of `ItemState` in their order.
_SELECT = f"""
SELECT q.queue_id, '{rm.TRACE}' AS item_type, t.trace_id, i.status, i.created_at, i.updated_at, i.completed_by, i.completed_at
FROM review_queue_items i JOIN review_queues q ON q.queue_seq = i.queue_seq JOIN traces t ON t.trace_seq = i.trace_seq
WHERE i.workspace_id = :ws AND q.queue_id = :queue AND t.trash_seq = 0
"""
_ORDER = (Term("x.created_at", ascending=False, kind="whole number"), Term("x.trace_id"))


def add(tx: Tx, queue_id: str, trace_ids: Sequence[str]) -> list[rm.Item]:
    """Add traces of the queue's experiment.  An existing item keeps its status."""
    seq, experiment_seq = store.lock(tx, queue_id)
    known: dict[str, int] = dict(
        tx.all(
            """
            SELECT trace_id, trace_seq FROM traces
            WHERE workspace_id = :ws AND experiment_seq = :experiment AND trace_id IN :ids FOR SHARE
            """,
            experiment=experiment_seq,
            ids=list(trace_ids),
        )
    )
    if unknown := [each for each in trace_ids if each not in known]:
        experiment_id = store.get(tx, queue_id).experiment_id
        raise NotFound(
            f"Cannot attach trace(s) {unknown[:20]} to review queue '{queue_id}': "
            f"they do not exist in experiment '{experiment_id}'."
        )
    tx.many(
        """
        INSERT INTO review_queue_items (workspace_id, queue_seq, trace_seq, experiment_seq, status, created_at, updated_at)
        VALUES (:ws, :queue, :trace, :experiment, :status, :now, :now) ON CONFLICT DO NOTHING
        """,
        [{"trace": known[each]} for each in trace_ids],
        queue=seq,
        experiment=experiment_seq,
        status=rm.PENDING,
    )
    tx.record(Change("review_queue", queue_id, "add-items"))
    found = {item.item_id: item for item in _some(tx, queue_id, trace_ids)}
    return [found[each] for each in trace_ids if each in found]


def remove(tx: Tx, queue_id: str, trace_ids: Sequence[str]) -> None:
    """Remove items; ids that are not in the queue are ignored."""
    seq, _ = store.lock(tx, queue_id)
    gone = tx.run(
        """
        DELETE FROM review_queue_items WHERE workspace_id = :ws AND queue_seq = :queue AND trace_seq IN (
            SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_id IN :ids AND trash_seq = 0)
        """,
        queue=seq,
        ids=list(trace_ids),
    )
    if gone:
        tx.record(Change("review_queue", queue_id, "remove-items"))


def page(tx: Tx, call: rm.ListItems) -> tuple[list[rm.Item], str | None]:
    """Return the items of a queue, the newest first, and the token of the next page."""
    queue_id = call.queue_id or ""
    most = paging.check_most(call.max_results, rm.DEFAULT_RESULTS)
    store.get(tx, queue_id)
    params: dict[str, Any] = {"queue": queue_id}
    only = ""
    if call.status not in (None, "REVIEW_STATUS_UNSPECIFIED"):
        only = " AND i.status = :status"
        params["status"] = rm.check_status(call.status)
    search = ("review_queue_items", queue_id, params.get("status", ""))
    rows, token = paging.page(tx, f"{_SELECT}{only}", _ORDER, most, call.page_token, search, **params)
    return [_of(row) for row in rows], token


def set_status(tx: Tx, queue_id: str, trace_id: str, status: str, completed_by: str | None) -> rm.Item:
    """Set the status of an item and return it.  Setting the same status again changes nothing, so that the first reviewer stays
    recorded."""
    user = rm.check_actor(status, completed_by)
    seq, _ = store.lock(tx, queue_id)
    changed = tx.run(
        """
        UPDATE review_queue_items SET status = :status, completed_by = :user, completed_at = :at, updated_at = :now
        WHERE workspace_id = :ws AND queue_seq = :queue AND status <> :status AND trace_seq = (
            SELECT trace_seq FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq = 0)
        """,
        status=status,
        user=user,
        at=None if user is None else tx.now,
        queue=seq,
        id=trace_id,
    )
    found = _some(tx, queue_id, [trace_id])
    if not found:
        raise NotFound(f"Item '{trace_id[:100]}' is not attached to review queue '{queue_id}'.")
    if changed:
        tx.record(Change("review_queue", queue_id, "set-status"))
    return found[0]


def _some(tx: Tx, queue_id: str, trace_ids: Sequence[str]) -> list[rm.Item]:
    rows = tx.all(f"{_SELECT} AND t.trace_id IN :ids", queue=queue_id, ids=list(trace_ids))
    return [_of(row) for row in rows]


def _of(row: Sequence[Any]) -> rm.Item:
    return rm.Item(**dict(zip(rm.Item.__struct_fields__, row, strict=False)))
