"""The calls about runs as a table.  Knows HTTP's side of them only."""

from dataclasses import dataclass

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, query
from trackside.runs.table import window
from trackside.runs.table.model import RunsTable, Window
from trackside.runs.table.snapshots import Snapshots

OURS = "/api/trackside/v1"


@dataclass(frozen=True)
class Calls:
    kept: Snapshots

    def table(self, tx: Tx, call: RunsTable) -> Window:
        """Return a window of runs with the chosen columns."""
        return window.read(tx, call, self.kept)


def routes() -> list[Route]:
    calls = Calls(Snapshots())
    return [query(f"POST {OURS}/runs/table", RunsTable, calls.table, needs=Action.RUNS_READ, answer=Window)]
