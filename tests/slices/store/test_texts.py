"""Texts of many rows are those that the rows have, on both databases."""

import sqlite3
from typing import Any

import pytest

from trackside.core.db.texts import texts

pytestmark = pytest.mark.both

ODD = ("", '"', "\\", "\x01\x1f\x7f", "\u2028", "\U0001f600", "null", "1", "[]", "'")


@pytest.fixture
def select(db: Any) -> str:
    with db.write(1) as tx:
        for number, value in enumerate(ODD):
            tx.run(
                """
                INSERT INTO experiment_tags (workspace_id, experiment_seq, key, value)
                SELECT :ws, experiment_seq, :key, :value FROM experiments WHERE workspace_id = :ws AND experiment_id = 0
                """,
                key=f"{number}{value}",
                value=value,
            )
    return "SELECT experiment_seq AS seq, key, value FROM experiment_tags WHERE workspace_id = :ws ORDER BY key DESC"


def test_joined_texts_have_the_rows_in_order(db: Any, select: str) -> None:
    with db.read(1) as tx:
        assert texts(tx, select) == [tuple(row) for row in tx.all(select)]
        assert sorted(value for _, _, value in texts(tx, select)) == sorted(ODD)
        assert texts(tx, f"{select} LIMIT 0") == []


def test_more_than_one_row_of_sqlite_may_have_is_read_row_by_row(db: Any, select: str) -> None:
    with db.read(1) as tx:
        rows = texts(tx, select)
        if db.dialect == "sqlite":  # PostgreSQL has no such limit
            tx._session.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100)

        assert texts(tx, select) == rows
