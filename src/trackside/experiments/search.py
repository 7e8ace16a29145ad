"""The call `experiments/search`.  `search_sql` has the SQL."""

from trackside.core.access import Action
from trackside.core.db.tx import Condition, Tx
from trackside.core.errors import Invalid
from trackside.experiments import model as m
from trackside.experiments import search_sql, store


def search(tx: Tx, call: m.SearchExperiments) -> m.Found:
    """Return a page of experiments.  `max_results` is required, as in MLflow, where a missing value is read as 0."""
    most = call.max_results or 0
    if most < 1:
        raise Invalid(
            f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer, but got {most}"
        )
    if most > m.MAX_RESULTS:
        raise Invalid(
            f"Invalid value {most} for parameter 'max_results' supplied. It must be at most {m.MAX_RESULTS}, but got {most}"
        )
    wanted = search_sql.parse(call.filter, call.order_by or [], m.view_type(call.view_type).stages)
    readable = _readable(tx)
    runs_readable = tx.only_readable("experiment", Action.RUNS_READ, "e.experiment_id", "readable_runs")
    query = search_sql.query(wanted, most, call.page_token, tx.dialect, readable, runs_readable)
    page, token = search_sql.cut(wanted, tx.all(query.sql, **query.params), most)
    return m.Found(experiments=store.by_seqs(tx, page), next_page_token=token)


def _readable(tx: Tx) -> Condition:
    """Return the condition that excludes hidden experiments.  If the caller may read only a few, it lists their keys."""
    limit = tx.rights.limit("experiment", Action.EXPERIMENTS_READ)
    if limit is None or not limit.is_only:
        return tx.only_readable("experiment", Action.EXPERIMENTS_READ, "e.experiment_id")
    rows = tx.all(
        "SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids",
        ids=[int(each) for each in limit.ids],
    )
    return Condition(" AND e.experiment_seq IN :readable", {"readable": [seq for (seq,) in rows]})
