"""Calls for tables of runs."""

from dataclasses import dataclass

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import LISTED, Route, query
from trackside.runs.orders import Orders
from trackside.runs.table import check, columns, groups, totals, window
from trackside.runs.table.check import CheckedFilter, CheckFilter
from trackside.runs.table.columns import Columns, ListColumns
from trackside.runs.table.groups import GroupRuns, Groups
from trackside.runs.table.model import RunsTable, Window
from trackside.runs.table.snapshots import Snapshots
from trackside.runs.table.totals import CountRuns, Totals

OURS = "/api/trackside/v1"


@dataclass(frozen=True)
class Calls:
    kept: Snapshots
    orders: Orders

    def table(self, tx: Tx, call: RunsTable) -> Window:
        """Return a window of runs with the chosen columns."""
        return window.read(tx, call, self.kept, self.orders)


def list_columns(tx: Tx, call: ListColumns) -> Columns:
    """Return the params, metrics and tags that runs of the selection have, with the ranges of their values."""
    return columns.read(tx, call)


def count(tx: Tx, call: CountRuns) -> Totals:
    """Return the number of runs of experiments, and the last start time."""
    return totals.read(tx, call)


def group(tx: Tx, call: GroupRuns) -> Groups:
    """Group runs by params, tags or attributes and aggregate metrics over each group."""
    return groups.read(tx, call)


def check_filter(tx: Tx, call: CheckFilter) -> CheckedFilter:
    """Check a filter or an order without a search.  Return the position of an error, and completions at the caret."""
    return check.check(tx, call)


def routes(orders: Orders) -> list[Route]:
    calls = Calls(Snapshots(), orders)
    read = Action.RUNS_READ
    return [
        query(f"POST {OURS}/runs/table", RunsTable, calls.table, needs=read, on=LISTED, answer=Window),
        query(f"POST {OURS}/runs/columns", ListColumns, list_columns, needs=read, on=LISTED, answer=Columns),
        query(f"POST {OURS}/filters/check", CheckFilter, check_filter, needs=read, on=LISTED, answer=CheckedFilter),
        query(f"POST {OURS}/runs/groups", GroupRuns, group, needs=read, on=LISTED, answer=Groups),
        query(f"POST {OURS}/experiments/run-totals", CountRuns, count, needs=read, on=LISTED, answer=Totals),
    ]
