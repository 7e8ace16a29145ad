"""Calls for the series of charts."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import LISTED, Route, query
from trackside.runs.charts.keys import read_keys
from trackside.runs.charts.model import GetKeys, GetSeries, GotKeys, GotSeries

OURS = "/api/trackside/v1"


def get_series(tx: Tx, call: GetSeries) -> GotSeries:
    """Return metric series of many runs, as buckets on one grid of x or as single points."""
    from trackside.runs.charts.read import read  # noqa: PLC0415  # numpy takes a while to load, and 20 MB

    return read(tx, call)


def get_keys(tx: Tx, call: GetKeys) -> GotKeys:
    """Return the metric keys of runs in alphabetical order, with summaries."""
    return read_keys(tx, call)


def routes() -> list[Route]:
    return [
        query(
            f"POST {OURS}/metrics/series", GetSeries, get_series, needs=Action.RUNS_READ, on=LISTED, answer=GotSeries
        ),
        query(f"POST {OURS}/metrics/keys", GetKeys, get_keys, needs=Action.RUNS_READ, on=LISTED, answer=GotKeys),
    ]
