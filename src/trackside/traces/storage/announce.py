"""Records changes of single traces in the change log, for workspaces that have a reader of them.

Ingest is a hot path, so changes are recorded only after a link or another server began to mirror the traces of the workspace.
"""

from collections.abc import Sequence

from trackside.core.db.tx import Change, Query, Tx

WATCHED = Query("SELECT COALESCE(MAX(traces_watched), 0) FROM workspaces WHERE workspace_id = :ws", {})
TRACE = "trace"  # the entity in the change log; its id is the trace's


def watch(tx: Tx) -> None:
    """Record changes of traces from now on.  The reader then scans the state after this transaction."""
    if tx.dialect == "postgresql" and not is_watched(tx):
        tx.run("LOCK TABLE experiments IN EXCLUSIVE MODE")  # waits for ingest, which locks a row of it first
    tx.run("UPDATE workspaces SET traces_watched = 1 WHERE workspace_id = :ws AND traces_watched = 0")


def is_watched(tx: Tx) -> bool:
    ((found,),) = tx.all(WATCHED.sql)
    return bool(found)


def changed(tx: Tx, trace_ids: Sequence[str], action: str) -> None:
    if trace_ids and is_watched(tx):
        record(tx, trace_ids, action)


def record(tx: Tx, trace_ids: Sequence[str], action: str) -> None:
    """Record changes of traces, if the workspace is watched."""
    tx.record_all([Change(TRACE, trace_id, action) for trace_id in trace_ids])


def changed_seqs(tx: Tx, trace_seqs: Sequence[int], action: str) -> None:
    """Record changes of existing traces by their keys."""
    if not trace_seqs or not is_watched(tx):
        return
    rows = tx.all(
        "SELECT trace_id FROM traces WHERE workspace_id = :ws AND trace_seq IN :seqs", seqs=sorted(set(trace_seqs))
    )
    record(tx, [trace_id for (trace_id,) in rows], action)
