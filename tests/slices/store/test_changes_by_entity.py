"""Entries of the change log that are looked up by their entity are found by an index, however long the log is; on SQLite."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from trackside.artifacts import store as artifacts
from trackside.cleanup.orphans import store as orphans
from trackside.core.db import migrate
from trackside.core.db.changes import LOOKED_UP
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.tx import Change
from trackside.links.state import item_store
from trackside.runs import batch, lifecycle
from trackside.runs.limits import Logged
from trackside.sync.entities import Entity

STEPS: list[Callable[[Any, str], object]] = [
    lambda tx, run: batch.log(tx, [Logged(run, {"m": [(0, 0, 1.0)]}, [], {}, [], False)]),
    lambda tx, run: artifacts.record_files(tx, "run", run, "a.txt"),
    lambda tx, run: artifacts.record_removal(tx, "run", run, "a.txt"),
    lambda tx, run: artifacts.removals(tx, "run", run),
    lambda tx, run: orphans.runs(tx, 0),
    lambda tx, run: orphans.logged_models(tx, 0),
    lambda tx, run: item_store.brought_at(tx, 1, Entity.RUN, run),
]


def begin(db: SqliteDatabase) -> str:
    store: Any = db
    migrate.upgrade(store)
    with db.write(1) as tx:
        tx.run(
            """
            INSERT INTO experiments (workspace_id, experiment_id, name, artifact_location, lifecycle_stage, creation_time,
                last_update_time) VALUES (:ws, 1, 'e', 'file:///e', 'active', 0, 0)
            """
        )
        return lifecycle.create(tx, "1", run_name="r", user_id="", start_time=0, tags={})


@pytest.mark.parametrize("step", STEPS)
def test_no_look_up_reads_the_whole_log(tmp_path: Path, step: Callable[[Any, str], object]) -> None:
    with closing(SqliteDatabase(tmp_path / "store.db", "relaxed")) as db:
        run_id = begin(db)
        with db.write(1) as tx:
            session: Any = tx._session
            connection = session.connection
            asked: list[str] = []
            connection.set_trace_callback(asked.append)
            step(tx, run_id)
            connection.set_trace_callback(None)
            looks = [
                sql for sql in asked if "changes" in sql and "entity_id" in sql and "INSERT INTO changes" not in sql
            ]
            plans = [str(connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in looks]

    assert looks
    assert all("changes_by_entity" in plan and "SCAN c" not in plan for plan in plans), plans


def test_a_new_run_and_a_change_of_its_status_are_in_no_index_by_their_entity(tmp_path: Path) -> None:
    with closing(SqliteDatabase(tmp_path / "store.db", "relaxed")) as db:
        run_id = begin(db)
        with db.write(1) as tx:
            lifecycle.update(tx, run_id, None, 1, None)
            tx.record(Change("run", run_id, "import"))
        with db.read(1) as tx:
            found = tx.all(
                f"SELECT action FROM changes INDEXED BY changes_by_entity WHERE workspace_id = :ws AND {LOOKED_UP}"
            )

    assert found == [("import",)]
