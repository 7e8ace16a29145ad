"""The metric keys of some runs, with combined summaries."""

from collections.abc import Sequence

from trackside.core.db.tx import Row, Tx
from trackside.core.filters.patterns import fold


def find(tx: Tx, run_seqs: Sequence[int], search: str, after: str, limit: int) -> list[Row]:
    """Return the keys of the runs after `after`, in order.

    A row is (key, runs, points, least, greatest, max_step, time of the first point).
    """
    found = "instr(lower(key), :search)" if tx.dialect == "sqlite" else "strpos(lower(key), :search)"
    return tx.all(
        f"""
        SELECT key, COUNT(*), SUM(point_count), MIN(min_value), MAX(max_value), MAX(max_step), MIN(first_timestamp)
        FROM metric_series
        WHERE workspace_id = :ws AND run_seq IN :runs AND key > :after AND (:search = '' OR {found} > 0)
        GROUP BY key ORDER BY key LIMIT :limit
        """,
        runs=list(run_seqs),
        search=fold(search),
        after=after,
        limit=limit,
    )


def count(tx: Tx, run_seqs: Sequence[int], search: str) -> int:
    found = "instr(lower(key), :search)" if tx.dialect == "sqlite" else "strpos(lower(key), :search)"
    row = tx.one(
        f"""
        SELECT COUNT(DISTINCT key) FROM metric_series
        WHERE workspace_id = :ws AND run_seq IN :runs AND (:search = '' OR {found} > 0)
        """,
        runs=list(run_seqs),
        search=fold(search),
    )
    assert row is not None
    return int(row[0])
