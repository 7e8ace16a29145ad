"""A backup of a store on PostgreSQL as a gzipped file of SQL, and its restore.

`psql` can read the file: the schema of the migrations, then each table by COPY, then the states of the sequences, in one
transaction.  Backup and restore hold some rows in memory, never a whole table.
"""

import gzip
import os
import re
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from trackside import __version__
from trackside.core import disk
from trackside.core.db import migrate
from trackside.core.db.migrate import OWN_TABLE, Migration, migrations, statements
from trackside.core.db.pg.wire import Wire

SUFFIX = ".sql.gz"
PIECE_BYTES = 1 << 18
LEVEL = 1  # binary values are written as hex digits, which any level compresses to half
_HEAD = re.compile(rb"-- Trackside backup, schema version ([0-9]+),")
_LAST, _END_OF_ROWS = b"COMMIT;\n", b"\\.\n"

_APPLIED = "SELECT number FROM schema_migrations ORDER BY number"
# Only the tables of the migrations are copied: the database may have others.
_COLUMNS = """
SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), a.attidentity <> '' FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = CAST(current_schema() AS REGNAMESPACE) AND c.relkind = 'r' AND c.relname = ANY ($1)
ORDER BY c.relname, a.attnum
"""


class NotABackup(ValueError):
    """The file is not a complete backup of a store on PostgreSQL."""


def write(wire: Wire, target: Path) -> None:
    """Write a snapshot of the store; writes continue and are not included.  Raises OSError if the file cannot be written."""
    wire.command("SET statement_timeout = 0")
    wire.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    with os.fdopen(disk.create(target), "wb") as raw, gzip.GzipFile("", "wb", LEVEL, raw) as file:
        _write(wire, file)
    wire.command("ROLLBACK")


def read(wire: Wire, source: Path) -> int:
    """Fill an empty database in one transaction and return its schema version.  Raises NotABackup."""
    wire.command("SET statement_timeout = 0")
    try:
        with gzip.open(source) as file:
            while file.read(PIECE_BYTES):
                """To its end, where gzip compares a checksum."""
            file.seek(0)
            return _read(wire, file)
    except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError) as fault:
        raise NotABackup(f"{source} is not a complete backup of a store on PostgreSQL ({fault})") from None


def _write(wire: Wire, file: gzip.GzipFile) -> None:
    known = {each.number: each for each in migrations()}
    applied = [known[number] for (number,) in wire.execute(_APPLIED, ()).rows]
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    file.write(
        f"-- Trackside backup, schema version {applied[-1].number}, made {made} by Trackside {__version__}\n"
        "-- Into an empty database: trackside db restore FILE --store URL, or gunzip -t FILE && gunzip -c FILE | psql "
        "URL\n"
        "BEGIN;\n".encode()
    )
    file.writelines(f"{statement};\n".encode() for statement in _schema(applied))
    tables = _tables(wire, applied)
    file.write(f"TRUNCATE {', '.join(tables)};\n".encode())  # migrations insert rows into some tables
    for table, columns in tables.items():
        named = f"{table} ({', '.join(columns)})"
        file.write(f"COPY {named} FROM STDIN;\n".encode())
        file.writelines(wire.copy_out(f"COPY {named} TO STDOUT"))
        file.write(_END_OF_ROWS)
    for table, columns in tables.items():
        file.writelines(_counter(wire, table, column) for column, is_counted in columns.items() if is_counted)
    file.write(_LAST)


def _schema(applied: Sequence[Migration]) -> list[str]:
    """Return the statements that create the current tables; no line of them ends in a semicolon."""
    return [
        f"CREATE TABLE {OWN_TABLE}",
        *(statement for each in applied for statement in statements(each.text, "postgresql")),
    ]


def _tables(wire: Wire, applied: Sequence[Migration]) -> dict[str, dict[str, bool]]:
    """Return the tables of the migrations, and for each column whether it has a sequence."""
    made = ["schema_migrations", *migrate.tables(applied, "postgresql")]
    tables: dict[str, dict[str, bool]] = {}
    for table, column, is_counted in wire.execute(_COLUMNS, (made,)).rows:
        tables.setdefault(table, {})[column] = is_counted
    return tables


def _counter(wire: Wire, table: str, column: str) -> bytes:
    """Return the statement that sets a sequence.  Sequences are outside of snapshots: the current value is never too low."""
    of = f"pg_get_serial_sequence('{table}', '{column}')"
    ((name,),) = wire.execute(f"SELECT {of}", ()).rows
    ((last, is_used),) = wire.execute(f"SELECT last_value, is_called FROM {name}", ()).rows
    return f"SELECT setval({of}, {last}, {str(is_used).lower()});\n".encode()


def _read(wire: Wire, file: gzip.GzipFile) -> int:
    head = _HEAD.match(file.readline(200))
    if head is None:
        raise EOFError("its header is missing")
    statement = b""
    for line in file:
        if line.startswith(b"--"):
            continue
        statement += line
        if not line.endswith(b";\n"):
            continue
        if statement.startswith(b"COPY "):
            wire.copy_in(statement.decode(), _pieces(file))
        else:
            wire.command(statement.decode())
        if statement == _LAST:
            return int(head[1])
        statement = b""
    raise EOFError("its end is missing")


def _pieces(file: gzip.GzipFile) -> Iterator[bytes]:
    """Yield the rows of a table, several at a time."""
    piece = bytearray()
    for line in file:
        if line == _END_OF_ROWS:
            yield bytes(piece)
            return
        piece += line
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    raise EOFError("the end of a table is missing")
