"""Links to runs that arrive before their trace: a client sends a trace in a separate thread and may link it meanwhile."""

from collections.abc import Mapping, Sequence

from trackside.core.db.tx import Tx

AWAITED_MS = 24 * 3_600_000  # a client has stopped retrying by then


def put(tx: Tx, run_id: str, trace_ids: Sequence[str]) -> None:
    """Store links of missing traces, until they arrive or a day has passed."""
    there = {
        trace_id
        for (trace_id,) in tx.all(
            "SELECT trace_id FROM traces WHERE workspace_id = :ws AND trace_id IN :ids AND trash_seq = 0",
            ids=list(trace_ids),
        )
    }
    tx.run(
        "DELETE FROM awaited_trace_links WHERE workspace_id = :ws AND awaited_since < :before",
        before=tx.now - AWAITED_MS,
    )
    tx.many(
        """
        INSERT INTO awaited_trace_links (workspace_id, trace_id, run_id, awaited_since) VALUES (:ws, :id, :run, :now)
        ON CONFLICT DO NOTHING
        """,
        [{"id": trace_id} for trace_id in dict.fromkeys(trace_ids) if trace_id not in there],
        run=run_id,
    )


def take(tx: Tx, made: Mapping[int, str]) -> None:
    """Link the traces that were just created, by key and id, to the runs that await them."""
    if not made:
        return
    tx.post(
        """
        INSERT INTO trace_links (workspace_id, trace_seq, kind, target)
        SELECT a.workspace_id, t.trace_seq, 'run', a.run_id
        FROM traces t JOIN awaited_trace_links a ON a.workspace_id = t.workspace_id AND a.trace_id = t.trace_id
        WHERE t.workspace_id = :ws AND t.trace_seq IN :seqs
        ON CONFLICT DO NOTHING
        """,
        seqs=list(made),
    )
    tx.post("DELETE FROM awaited_trace_links WHERE workspace_id = :ws AND trace_id IN :ids", ids=list(made.values()))
