"""Writes the rows of a backup into an empty store, SQLite or PostgreSQL, atomically: one transaction, or one new file."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from trackside.backup import model
from trackside.backup.model import Damaged, Manifest, Refused, Table
from trackside.core import disk
from trackside.core.db.migrate import OWN_TABLE, Migration, migrations, statements, tables
from trackside.core.locations import PostgresStore

Rows = Callable[[Table], Iterator[list[Any]]]
PIECE_BYTES = 1 << 18
_MISFITS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, OverflowError)
_MISFIT_CODES = ("22", "23", "42")  # classes of SQLSTATE: data exception, integrity violation, unknown column
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def schema(manifest: Manifest) -> list[Migration]:
    return [each for each in migrations() if f"{each.number:04}_{each.name}" in manifest.sources]


def check_tables(manifest: Manifest) -> None:
    """Raise Damaged for a table that the migrations of the backup do not make."""
    made = set(tables(schema(manifest), "sqlite"))
    for table in manifest.tables:
        if table.name not in made:
            raise Damaged(
                f"{model.key(manifest.backup_id, model.MANIFEST)} names the table {table.name}, which schema version"
                f" {manifest.schema} does not have"
            )


def sqlite_file(path: Path, manifest: Manifest, rows: Rows, now_ms: int) -> None:
    """A new file.  The caller renames it when everything else is complete."""
    path.unlink(missing_ok=True)
    os.close(disk.create(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -64000")
        connection.execute("BEGIN")
        for statement in _schema_statements(schema(manifest), "sqlite"):
            connection.execute(statement)
        connection.executemany("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", _applied(manifest, now_ms))
        for table in manifest.tables:
            connection.execute(f"DELETE FROM {table.name}")  # migrations put rows into some
            there = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
            for column in table.columns:
                if column not in there:
                    raise _schema_mismatch(table, f"it has no column {column}")
            marks = ", ".join("?" * len(table.columns))
            insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
            try:
                connection.executemany(insert, _fitting(table, rows))
            except _MISFITS as fault:
                raise _schema_mismatch(table, fault) from None
            if table.counter is not None:
                connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
                connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, table.counter))
        connection.execute("COMMIT")
        ((health,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
        if health != "ok":
            raise Refused(f"the new file {path} is damaged ({health}); is the disk sound?")
        connection.execute("PRAGMA journal_mode = WAL")


def postgres(store: PostgresStore, manifest: Manifest, rows: Rows, now_ms: int) -> None:
    """Fill an empty database.  Raise Refused where it is not empty."""
    wire = import_module("trackside.core.db.postgres").connect(store, "full")  # its driver is an extra
    try:
        wire.command("SET statement_timeout = 0")
        wire.command("BEGIN")
        taken = wire.execute(
            "SELECT to_regclass('schema_migrations') IS NOT NULL OR to_regclass('runs') IS NOT NULL", ()
        )
        if taken.rows[0][0]:
            raise Refused(f"{store} is not an empty database; create one, and name it with --store")
        for statement in _schema_statements(schema(manifest), "postgresql"):
            wire.command(statement)
        _copy(wire, "schema_migrations", ["number", "name", "checksum", "applied_at"], _applied(manifest, now_ms))
        for table in manifest.tables:
            wire.command(f"DELETE FROM {table.name}")  # migrations put rows into some
            try:
                _copy(wire, table.name, table.columns, _fitting(table, rows))
            except RuntimeError as fault:  # the class is in a module of an extra
                if getattr(fault, "code", "")[:2] not in _MISFIT_CODES:
                    raise
                raise _schema_mismatch(table, fault) from None
            if table.counter is not None:
                _count(wire, table)
        wire.command("COMMIT")
    finally:
        wire.close()


def _fitting(table: Table, rows: Rows) -> Iterator[list[Any]]:
    """Yield the rows of a table.  Raise Damaged for more rows than the manifest names, and for one that is no row of the
    table."""
    for number, row in enumerate(rows(table), 1):
        if number > table.row_count:
            raise Damaged(f"the table {table.name} has more rows than the {table.row_count} that the manifest names")
        if len(row) != len(table.columns):
            raise Damaged(
                f"row {number} of the table {table.name} has {len(row)} values for {len(table.columns)} columns"
            )
        yield row


def _schema_mismatch(table: Table, fault: object) -> Damaged:
    return Damaged(f"the table {table.name} of the backup does not fit its schema: {fault}")


def _schema_statements(made: Sequence[Migration], dialect: Any) -> Iterator[str]:
    yield f"CREATE TABLE {OWN_TABLE}"
    for each in made:
        yield from statements(each.text, dialect)


def _applied(manifest: Manifest, now_ms: int) -> list[tuple[int, str, str, int]]:
    return [(each.number, each.name, each.checksum, now_ms) for each in schema(manifest)]


def _copy(wire: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    wire.copy_in(f"COPY {table} ({', '.join(columns)}) FROM STDIN", _pieces(rows))


def _pieces(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    lines: list[str] = []
    size = 0
    for row in rows:
        line = "\t".join([_text(value) for value in row])
        lines.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield "".join([f"{each}\n" for each in lines]).encode()
            lines, size = [], 0
    if lines:
        yield "".join([f"{each}\n" for each in lines]).encode()


def _text(value: Any) -> str:
    """A value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return repr(value)  # PostgreSQL reads `nan` and `inf`, too


def _count(wire: Any, table: Table) -> None:
    """The next number follows the last one that the database gave before."""
    found = wire.execute(
        "SELECT CAST(attname AS TEXT) FROM pg_attribute WHERE attidentity <> '' AND attrelid ="
        f" CAST('{table.name}' AS REGCLASS)",
        (),
    )
    of = f"pg_get_serial_sequence('{table.name}', '{found.rows[0][0]}')"
    last = table.counter or 0
    wire.execute(f"SELECT setval({of}, {max(last, 1)}, {'true' if last else 'false'})", ())
