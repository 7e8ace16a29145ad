"""What SQLite's query planner is told about indexes.

Without statistics the planner assumes ten rows for each value of the first column of an index, also of a workspace or an
experiment.  So it reads all rows of a workspace by such an index where another one, or the key, would find the few that are
wanted.  These statistics (https://www.sqlite.org/fileformat2.html#stat1tab) say that a workspace or an experiment has a large
part of a table.  They are the same for each store and are not counted: plans do not depend on what a store has, and nothing
has to be counted again as it grows.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter

from trackside.core.db.tx import Tx

CONTAINERS = ("workspace_id", "experiment_seq")
TABLE_ROWS = 1_048_576  # what the planner assumes of a table without statistics
# The parts into which values of columns divide a table.  Few enough that an index is better than the whole table.
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
MANY_VALUES = (10, 9, 8, 7, 6)  # rows for a value of another column, of that and the next one, and so on: then 5


def write(tx: Tx) -> None:
    """Write the statistics of all indexes that begin with a workspace or an experiment, in place of all that there are.

    A partial index gets none: it has few rows, or its condition must be in the query for it to be used."""
    tx.run("ANALYZE schema_migrations")  # makes the table of statistics
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
            # Nothing skips over the workspaces to look up the column after them: there may be many.
            stat = " ".join(map(str, (TABLE_ROWS, *counts, "noskipscan")))
            rows.append({"table": table, "index": index, "stat": stat})
    tx.many("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :index, :stat)", rows)
    tx.run("ANALYZE sqlite_master")  # the open connection reads them


def _rows(columns: Sequence[str], *, is_unique: bool) -> Iterable[int]:
    """Return how many rows are alike in the first column, in the first two, and so on."""
    alike, rows = [], TABLE_ROWS
    many = chain(MANY_VALUES, repeat(5))
    for name in columns:
        rows = max(rows // VALUES[name], MANY_VALUES[0]) if name in VALUES and rows > MANY_VALUES[0] else next(many)
        alike.append(rows)
    if is_unique:
        alike[-1] = 1
    return alike
