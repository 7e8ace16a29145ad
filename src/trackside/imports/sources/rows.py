"""Reads another application's database, SQLite or PostgreSQL, by single statements, so that no transaction blocks it."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

from trackside.core import locations
from trackside.core.db.tx import Row
from trackside.core.locations import LocationError, PostgresStore, SqliteStore
from trackside.imports.source import SourceError

WAIT_S = 30.0  # for the lock of a writer of the source


class Rows(Protocol):
    """A connection to a source; `?` in the SQL is a parameter."""

    def all(self, sql: str, *values: Any) -> list[Row]: ...

    def columns(self, table: str) -> set[str]:
        """Return the columns of a table; empty if it does not exist."""
        ...

    def close(self) -> None: ...


def connect(url: str) -> Rows:
    try:
        store = locations.store(url)
    except LocationError as error:
        raise SourceError(f"{locations.redact(url)}: {error}") from None
    return _Sqlite(store) if isinstance(store, SqliteStore) else _postgres(store)


def some(values: Sequence[Any]) -> str:
    """Return the placeholders of `IN (…)`."""
    return f"({', '.join('?' * len(values))})"


class _Sqlite:
    def __init__(self, store: SqliteStore) -> None:
        if not store.path.is_file():
            raise SourceError(f"{store.path} is not a file")
        self._name = str(store)
        self._connection = sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True, timeout=WAIT_S)

    def all(self, sql: str, *values: Any) -> list[Row]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise SourceError(f"{self._name} cannot be read: {error}") from None

    def columns(self, table: str) -> set[str]:
        return {name for (name,) in self.all("SELECT name FROM pragma_table_info(?)", table)}

    def close(self) -> None:
        self._connection.close()


def _postgres(store: PostgresStore) -> Rows:
    try:
        from trackside.imports.sources.postgres_rows import PostgresRows  # noqa: PLC0415  # an extra
    except ImportError:
        raise SourceError(
            "a PostgreSQL database is read by the package psycopg, which is not installed; run: pip install 'trackside[postgres]'"
        ) from None
    return PostgresRows(store)
