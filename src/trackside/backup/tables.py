"""The tables of a store at one moment, read on SQLite and on PostgreSQL.

SQLite is copied first, and the copy is read: one step of the backup API blocks the writer for milliseconds.  PostgreSQL has one
snapshot for all statements of a transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from trackside.backup.model import LEFT_OUT, Damaged
from trackside.core.db.migrate import migrations, tables
from trackside.core.settings import PostgresStore, Settings, SqliteStore

FETCH = 5000


class Source(Protocol):
    """A snapshot of a store."""

    dialect: str

    def applied(self) -> list[tuple[int, str, str]]:
        """Return number, name and checksum of each migration."""
        ...

    def columns(self, table: str) -> list[str]: ...

    def rows(self, table: str, columns: list[str], workspace_id: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table, of all workspaces or of one."""
        ...

    def counter(self, table: str) -> int | None:
        """Return the last number that a row of the table got; None for a table without a sequence."""
        ...

    def values(self, sql: str) -> list[Any]: ...


def names(applied: list[tuple[int, str, str]]) -> list[str]:
    """The tables that the migrations made, without those that are left out."""
    numbers = {number for number, _, _ in applied}
    return sorted({*tables((each for each in migrations() if each.number in numbers), "sqlite")} - LEFT_OUT)


@contextmanager
def opened(settings: Settings, scratch: Path) -> Iterator[Source]:
    """`scratch`: a folder for a copy of a SQLite file, which is deleted afterwards."""
    store = settings.store
    if isinstance(store, SqliteStore):
        copy = scratch / "snapshot.db"
        with _copied(store, copy) as connection:
            yield SqliteSource(connection)
    else:
        with _snapshot(store) as wire:
            yield PostgresSource(wire)


class SqliteSource:
    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def applied(self) -> list[tuple[int, str, str]]:
        return self._connection.execute(
            "SELECT number, name, checksum FROM schema_migrations ORDER BY number"
        ).fetchall()

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]

    def rows(self, table: str, columns: list[str], workspace_id: int | None = None) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.execute(f"SELECT {', '.join(columns)} FROM {table}{_of(workspace_id)}")
        cursor.arraysize = FETCH
        while found := cursor.fetchmany():
            yield from found

    def counter(self, table: str) -> int | None:
        row = self._connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        if "AUTOINCREMENT" not in row[0]:
            return None
        found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return 0 if found is None else int(found[0])

    def values(self, sql: str) -> list[Any]:
        return [row[0] for row in self._connection.execute(sql)]


class PostgresSource:
    dialect = "postgresql"

    def __init__(self, wire: Any) -> None:
        self._wire = wire

    def applied(self) -> list[tuple[int, str, str]]:
        return [tuple(row) for row in self._all("SELECT number, name, checksum FROM schema_migrations ORDER BY number")]

    def columns(self, table: str) -> list[str]:
        return self.values(
            "SELECT CAST(attname AS TEXT) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid ="
            f" CAST('{table}' AS REGCLASS) ORDER BY attnum"
        )

    def rows(self, table: str, columns: list[str], workspace_id: int | None = None) -> Iterator[tuple[Any, ...]]:
        cursor = f"backup_{table}"  # a separate one: the connection caches the columns of a statement by its text
        self._wire.command(
            f"DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {', '.join(columns)} FROM {table}{_of(workspace_id)}"
        )
        while found := self._all(f"FETCH {FETCH} FROM {cursor}"):
            yield from found
        self._wire.command(f"CLOSE {cursor}")

    def counter(self, table: str) -> int | None:
        counted = self.values(
            "SELECT CAST(attname AS TEXT) FROM pg_attribute WHERE attidentity <> '' AND attrelid ="
            f" CAST('{table}' AS REGCLASS)"
        )
        if not counted:
            return None
        (sequence,) = self.values(f"SELECT pg_get_serial_sequence('{table}', '{counted[0]}')")
        ((last, is_used),) = self._all(f"SELECT last_value, is_called FROM {sequence}")
        return int(last) if is_used else int(last) - 1

    def values(self, sql: str) -> list[Any]:
        return [row[0] for row in self._all(sql)]

    def _all(self, sql: str) -> list[Any]:
        rows: list[Any] = self._wire.execute(sql, ()).rows
        return rows


def _of(workspace_id: int | None) -> str:
    return "" if workspace_id is None else f" WHERE workspace_id = {workspace_id:d}"


@contextmanager
def _copied(store: SqliteStore, copy: Path) -> Iterator[sqlite3.Connection]:
    """A copy of the file as it is now, checked."""
    copy.unlink(missing_ok=True)
    uri = f"{store.path.as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=60)) as live, closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA journal_mode = OFF")
        live.backup(target)
    try:
        with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
            ((health,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
            if health != "ok":
                raise Damaged(f"the store {store} is damaged ({health})")
            yield connection
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _snapshot(store: PostgresStore) -> Iterator[Any]:
    setup = import_module("trackside.core.db.pg.setup")  # its driver is an extra
    wire = setup.connect(store)
    try:
        wire.command("SET statement_timeout = 0")
        wire.command("SET idle_in_transaction_session_timeout = 0")
        wire.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield wire
        wire.command("ROLLBACK")
    finally:
        wire.close()
