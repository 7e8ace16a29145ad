"""Announces changes of single traces in the change log.  Knows which workspaces have a reader of these.

Ingest is a hot path, so nothing is announced until a link or another server mirrors the traces of the workspace.
"""

from collections.abc import Sequence

from trackside.core.db.tx import Change, Query, Tx

WATCHED = Query("SELECT COALESCE(MAX(traces_watched), 0) FROM workspaces WHERE workspace_id = :ws", {})
TRACE = "trace"  # the entity; its id is the trace's


def watch(tx: Tx) -> None:
    """Announce changes from now on.  A reader looks at what is there after this transaction."""
    if tx.dialect == "postgresql" and not is_watched(tx):
        tx.run("LOCK TABLE experiments IN EXCLUSIVE MODE")  # ingest, which locks a row of it first, has ended or waits
    tx.run("UPDATE workspaces SET traces_watched = 1 WHERE workspace_id = :ws AND traces_watched = 0")


def is_watched(tx: Tx) -> bool:
    ((found,),) = tx.all(WATCHED.sql)
    return bool(found)


def changed(tx: Tx, trace_ids: Sequence[str], action: str) -> None:
    if trace_ids and is_watched(tx):
        record(tx, trace_ids, action)


def record(tx: Tx, trace_ids: Sequence[str], action: str) -> None:
    """Announce traces of a watched workspace."""
    tx.record_all([Change(TRACE, trace_id, action) for trace_id in trace_ids])


def changed_seqs(tx: Tx, trace_seqs: Sequence[int], action: str) -> None:
    """Announce traces by their keys, as long as they are there."""
    if not trace_seqs or not is_watched(tx):
        return
    rows = tx.all(
        "SELECT trace_id FROM traces WHERE workspace_id = :ws AND trace_seq IN :seqs", seqs=sorted(set(trace_seqs))
    )
    record(tx, [trace_id for (trace_id,) in rows], action)
