"""Fixed statistics for SQLite's query planner.

Without statistics the planner assumes ten rows for each value of the first column of an index, also for a workspace or an
experiment.  It then reads all rows of a workspace where another index, or the key, would find the few rows of the query.  These
statistics (https://www.sqlite.org/fileformat2.html#stat1tab) say that a workspace or an experiment has a large part of a table.
They are the same for each store and are not counted, so plans do not depend on the content of a store and need no ANALYZE as it
grows.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter

from trackside.core.db.tx import Tx

CONTAINERS = ("workspace_id", "experiment_seq")
TABLE_ROWS = 1_048_576  # the planner's assumption for a table without statistics
# The numbers of distinct values. They are small, but large enough that the planner prefers an index to a full scan.
VALUES = {
    "workspace_id": 20,
    "experiment_seq": 100,
    "key": 20,
    "name": 20,
    "kind": 4,
    "state": 4,
    "status": 4,
    "lifecycle_stage": 2,
    "is_prompt": 2,
}
MANY_VALUES = (10, 9, 8, 7, 6)  # rows for a value of one other column, of two, and so on; then 5


def write(tx: Tx) -> None:
    """Replace all statistics by those of the indexes that begin with a workspace or an experiment.

    A partial index gets none: it has few rows, or the query must contain its condition."""
    tx.run("ANALYZE schema_migrations")  # creates the table of statistics
    tx.run("DELETE FROM sqlite_stat1")
    columns = tx.all(
        """
        SELECT m.name, i.name, i."unique", c.name FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
        WHERE m.type = 'table' AND i.partial = 0 ORDER BY m.name, i.name, c.seqno
        """
    )
    rows = []
    for (table, index, is_unique), found in groupby(columns, key=itemgetter(0, 1, 2)):
        names = [name for *_, name in found]
        if names[0] in CONTAINERS:
            counts = _rows(names, is_unique=bool(is_unique))
            # No skip-scan over the workspaces: there may be many.
            stat = " ".join(map(str, (TABLE_ROWS, *counts, "noskipscan")))
            rows.append({"table": table, "index": index, "stat": stat})
    tx.many("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :index, :stat)", rows)
    tx.run("ANALYZE sqlite_master")  # the open connection loads the statistics


def _rows(columns: Sequence[str], *, is_unique: bool) -> Iterable[int]:
    """Return the average number of rows with equal values in the first column, in the first two, and so on."""
    alike, rows = [], TABLE_ROWS
    many = chain(MANY_VALUES, repeat(5))
    for name in columns:
        rows = max(rows // VALUES[name], MANY_VALUES[0]) if name in VALUES and rows > MANY_VALUES[0] else next(many)
        alike.append(rows)
    if is_unique:
        alike[-1] = 1
    return alike
