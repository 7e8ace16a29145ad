"""The index of spans by name on SQLite, filled for many traces at a time.

An entry for each arriving span would write a page for each name of a trace.  So the spans of the newest traces are searched by a
scan, until enough traces have arrived to index them together.  PostgreSQL logs entries instead of pages, so it has an ordinary
index.
"""

from collections.abc import Collection, Sequence

from trackside.core.db.tx import Tx

AT_ONCE = 256  # traces that are indexed together
MOST_AT_ONCE = 2_048  # after many arrived in another way, such as an archive
_UPTO = ("trace_span_names_upto", 0, "")


def note(tx: Tx, trace_seqs: Collection[int]) -> None:
    """Index the names that are due, after spans of these traces were stored."""
    if tx.dialect != "sqlite" or not trace_seqs:
        return
    upto = _upto(tx)
    add(tx, [seq for seq in trace_seqs if seq <= upto])
    newest = max(trace_seqs)
    if newest - upto >= AT_ONCE:
        _file(tx, upto, min(newest, upto + MOST_AT_ONCE))


def add(tx: Tx, trace_seqs: Sequence[int]) -> None:
    """Index the names of traces that are indexed already, and have changed."""
    if tx.dialect == "sqlite" and trace_seqs:
        tx.run(
            """
            INSERT OR IGNORE INTO trace_span_names (workspace_id, experiment_seq, name, trace_seq)
            SELECT DISTINCT workspace_id, experiment_seq, name, trace_seq FROM trace_spans
            WHERE workspace_id = :ws AND trace_seq IN :seqs
            """,
            seqs=list(trace_seqs),
        )


def remove(tx: Tx, trace_seqs: Sequence[int]) -> None:
    """Remove the names of traces; called before their spans are removed or moved."""
    if tx.dialect == "sqlite" and trace_seqs:
        tx.run(
            """
            DELETE FROM trace_span_names WHERE workspace_id = :ws AND (experiment_seq, name, trace_seq) IN (
                SELECT experiment_seq, name, trace_seq FROM trace_spans WHERE workspace_id = :ws AND trace_seq IN :seqs
            )
            """,
            seqs=list(trace_seqs),
        )


def _file(tx: Tx, upto: int, until: int) -> None:
    tx.run(
        """
        INSERT OR IGNORE INTO trace_span_names (workspace_id, experiment_seq, name, trace_seq)
        SELECT DISTINCT workspace_id, experiment_seq, name, trace_seq FROM trace_spans
        WHERE trace_seq > :upto AND trace_seq <= :until ORDER BY experiment_seq, name, trace_seq
        """,
        upto=upto,
        until=until,
    )
    tx.run("DELETE FROM trace_span_names_upto")
    tx.run("INSERT INTO trace_span_names_upto (trace_seq) VALUES (:until)", until=until)
    if tx.memory is not None:
        tx.memory[_UPTO] = until


def _upto(tx: Tx) -> int:
    """Return the newest indexed trace; the only writer of a store caches it."""
    found: int | None = None if tx.memory is None else tx.memory.get(_UPTO)
    if found is None:
        ((found,),) = tx.all("SELECT COALESCE(MAX(trace_seq), 0) FROM trace_span_names_upto")
        if tx.memory is not None:
            tx.memory[_UPTO] = found
    return found
