"""Items that both sides deleted and `mlflow gc` purged remotely stay deleted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.links import add, check, link, settle, sync, until
from support.processes.servers import Server

LINK = "stock"


def purge(database: Path, run_id: str) -> None:
    """As `mlflow gc` does."""
    with closing(sqlite3.connect(database)) as db, db:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            db.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push", "both"])
def test_a_run_that_was_deleted_and_purged_remotely_is_not_restored(
    server: Server, stock_url: str, stock_database: Path, mode: str
) -> None:
    here = server.api.new_workspace("north")
    run_id = here.new_run(here.new_experiment(f"purged-{mode}"))
    here.post("runs/log-metric", run_id=run_id, key="loss", value=1.5, timestamp=1, step=0)
    add(here, LINK, stock_url, mode=mode)
    here.post("runs/delete", run_id=run_id)
    settle(here, LINK)
    [copy] = copies(stock_database, run_id)
    until(lambda: stage(stock_database, copy) == "deleted", "the deletion to go over")
    settle(here, LINK)

    purge(stock_database, copy)
    sync(here, LINK)
    settle(here, LINK)
    assert copies(stock_database, run_id) == []
    assert check(here, LINK) == []
    assert link(here, LINK).get("lost_store_at") is None

    here.post("runs/restore", run_id=run_id)
    until(lambda: len(copies(stock_database, run_id)) == 1, "the run to come back when it is restored")
    settle(here, LINK)
    assert check(here, LINK) == []


def copies(database: Path, run_id: str) -> list[str]:
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT run_uuid FROM tags WHERE key = 'trackside.source_run_id' AND value = ?", (run_id,))
        return [run for (run,) in rows]


def stage(database: Path, run_id: str) -> str:
    with closing(sqlite3.connect(database)) as db:
        return str(db.execute("SELECT lifecycle_stage FROM runs WHERE run_uuid = ?", (run_id,)).fetchone()[0])
