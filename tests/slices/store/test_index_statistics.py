"""Statistics for SQLite's planner: a workspace and an experiment have many rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from trackside.core.db import migrate
from trackside.core.db.index_statistics import CONTAINERS
from trackside.core.db.sqlite import SqliteDatabase

EIGHT = ", ".join("?" * 8)


@pytest.fixture
def store(sqlite_template: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{sqlite_template}?mode=ro", uri=True)) as connection:
        yield connection


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]


@pytest.mark.parametrize(
    ("sql", "found_by"),
    [
        (f"SELECT run_id FROM runs WHERE workspace_id = ? AND run_seq IN ({EIGHT})", "INTEGER PRIMARY KEY"),
        (f"UPDATE runs SET end_time = 1 WHERE workspace_id = ? AND run_seq IN ({EIGHT})", "INTEGER PRIMARY KEY"),
        (
            f"SELECT run_seq FROM runs WHERE workspace_id = ? AND experiment_seq = ? AND run_id IN ({EIGHT})",
            "runs_by_id",
        ),
        (f"SELECT trace_id FROM traces WHERE workspace_id = ? AND trace_seq IN ({EIGHT})", "INTEGER PRIMARY KEY"),
        (f"SELECT value FROM trace_assessments WHERE workspace_id = ? AND trace_seq IN ({EIGHT})", "by_trace"),
        ("DELETE FROM model_versions WHERE workspace_id = ? AND model_seq = ?", "(model_seq=?)"),
        ("SELECT model_id FROM logged_models WHERE workspace_id = ? AND source_run_id = ?", "logged_models_by_run"),
        ("SELECT name FROM experiments WHERE workspace_id = ?", "(workspace_id=?)"),  # and not the whole table
    ],
)
def test_rows_are_found_by_the_most_selective_index(store: sqlite3.Connection, sql: str, found_by: str) -> None:
    (step,) = plan(store, sql)

    assert found_by in step


def test_each_whole_index_of_a_workspace_or_an_experiment_has_statistics(store: sqlite3.Connection) -> None:
    indexes = store.execute(
        """
        SELECT i.name, c.name FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
        WHERE m.type = 'table' AND NOT i.partial AND c.seqno = 0
        """
    )
    expected = {index for index, first in indexes if first in CONTAINERS}

    assert {index for (index,) in store.execute("SELECT idx FROM sqlite_stat1")} == expected != set()


def test_an_upgraded_store_gets_index_statistics_at_once(tmp_path: Path, sqlite_template: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        with closing(sqlite3.connect(sqlite_template)) as new:
            new.backup(old)
        old.execute("DELETE FROM sqlite_stat1")
        old.execute("DELETE FROM schema_migrations WHERE number = 201")
        old.commit()

    db: Any = SqliteDatabase(tmp_path / "old.db", "relaxed")
    with closing(db):
        migrate.upgrade(db)
        with db.write(0) as tx:
            (step,) = tx.all(
                "EXPLAIN QUERY PLAN UPDATE runs SET end_time = 1 WHERE workspace_id = :ws AND run_seq IN (1, 2)"
            )

    assert "INTEGER PRIMARY KEY" in step[3]
