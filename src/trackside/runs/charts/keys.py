"""The metric keys of runs, for a list of charts."""

from trackside.core.db.tx import Tx
from trackside.metrics import keys
from trackside.metrics.series import DOUBLE_MAX
from trackside.runs import search_sql, selection
from trackside.runs.charts import model as m

SYSTEM_PREFIX = "system/"


def read_keys(tx: Tx, call: m.GetKeys) -> m.GotKeys:
    """Return a page of keys; its token is the last key of the page."""
    most = m.between("max_results", call.max_results, m.DEFAULT_KEYS, m.MAX_KEYS)
    search = selection.read(tx, call)
    if not search.experiments:
        return m.GotKeys(runs=0, total=0, keys=[])
    query = search_sql.query(search, m.MAX_KEY_RUNS, None, tx.dialect)
    seqs, _ = search_sql.cut(search, tx.all(query.sql, **query.params), m.MAX_KEY_RUNS)
    rows = keys.find(tx, seqs, call.search or "", call.page_token or "", most + 1)
    return m.GotKeys(
        runs=len(seqs),
        total=keys.count(tx, seqs, call.search or ""),
        keys=[
            m.KeySummary(
                key=key,
                runs=runs,
                points=int(points),
                min=_finite(low),
                max=_finite(high),
                max_step=max_step,
                first_time=first_time,
                is_system=key.startswith(SYSTEM_PREFIX),
            )
            for key, runs, points, low, high, max_step, first_time in rows[:most]
        ],
        next_page_token=rows[most - 1][0] if len(rows) > most else None,
    )


def _finite(value: float | None) -> float | None:
    """Return a stored value as a number for JSON: the store has the largest double instead of an infinity."""
    return None if value is None or abs(value) >= DOUBLE_MAX else value
