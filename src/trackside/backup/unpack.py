"""Imports an archive of one workspace into a store that exists, while its servers run.

1. All checksums of the tables are compared.  2. The tables fill a scratch SQLite file, which is upgraded to the schema of this
release.  3. A workspace without a name is made; the files are copied into its folder, and the rows, with new internal numbers,
in portions.  4. The workspace gets its name: from here on clients see it.  An import that was killed leaves an invisible
workspace; the same command removes its rows and begins again, and copies no file twice.  If the command is not repeated, a
server removes the workspace after a day (`cleanup.workspaces.imports`).
"""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import make_blobs
from trackside.backup import contents, fill, model
from trackside.backup.contents import Spelling
from trackside.backup.create import THREADS, Say
from trackside.backup.model import Damaged, File, Manifest, Refused
from trackside.backup.place import Place
from trackside.backup.restore import put_file
from trackside.backup.verify import known_migrations
from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists
from trackside.core.filters import trigrams
from trackside.core.settings import Settings
from trackside.quotas import usage
from trackside.traces.storage import offload
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import DEFAULT, Workspace, check_name

BATCH = 2000
RENEW_S = 60.0  # interval at which arriving files record that the import continues
MOST_NUMBERS = 1 << 48  # between the lowest and the highest number of a table's rows: an import uses all of them up
BATCH_BYTES = 4 << 20  # of bytes and text, in one transaction


class Imported(Struct, frozen=True):
    backup_id: str
    workspace: str
    row_count: int
    file_count: int
    file_bytes: int


Sweep = Callable[[Tx], int]  # removes some rows of the transaction's workspace, and returns how many


def check_new(db: Any, manifest: Manifest, name: str) -> None:
    """Raise AlreadyExists if the name is taken, Refused if the archive is of a newer release."""
    model.check_schema(manifest, known_migrations())
    fill.check_tables(manifest)
    check_name(name)
    with db.read(0) as tx:
        if name == DEFAULT or workspaces.find(tx, name) is not None:
            raise AlreadyExists(
                f"The workspace '{name}' already exists. Import under another name with --as NAME, or delete the workspace."
            )


def run(
    settings: Settings, db: Any, place: Place, manifest: Manifest, name: str, *, sweep: Sweep, say: Say
) -> Imported:
    """`name`: of the new workspace.  `sweep` removes leftovers of a killed import."""
    check_new(db, manifest, name)
    backup_id = manifest.backup_id
    place.check_sums(backup_id)
    scratch = settings.data / f"import-{backup_id}.db"
    try:
        _fill(scratch, place, manifest)
        with closing(sqlite3.connect(scratch)) as source:
            former = _former(source)
            workspace = _begin(db, former, backup_id, name, sweep)
            files = list(place.files(backup_id))
            with closing(make_blobs(str(settings.artifacts), durable=settings.durability == "full")) as blobs:
                size = sum(_put_files(db, place, blobs, workspace, files, say))
            count = _copy_rows(db, source, workspace, Spelling(former, workspace.folder), say)
        with db.write(workspace.workspace_id) as tx:
            offload.schedule_all(tx)
            usage.request_recount(tx)
            workspaces.show(tx, workspace, name)
    finally:
        for path in scratch.parent.glob(f"{scratch.name}*"):
            path.unlink()
    return Imported(backup_id, name, count, len(files), size)


def _fill(scratch: Path, place: Place, manifest: Manifest) -> None:
    now_ms = time.time_ns() // 1_000_000
    fill.sqlite_file(scratch, manifest, lambda table: place.rows(manifest.backup_id, table.name), now_ms)
    db: Any = SqliteDatabase(scratch, "relaxed")
    try:
        migrate.upgrade(db, None)
    finally:
        db.close()


def _former(source: sqlite3.Connection) -> dict[str, Any]:
    """The workspace as it was.  Raise Refused where the archive holds another number of them than one."""
    cursor = source.execute("SELECT * FROM workspaces")
    rows = cursor.fetchall()
    if len(rows) != 1:
        raise Refused(f"the archive holds {len(rows)} workspaces; an archive holds one")
    return dict(zip([each[0] for each in cursor.description], rows[0], strict=True))


def _begin(db: Any, former: dict[str, Any], backup_id: str, name: str, sweep: Sweep) -> Workspace:
    """Return a workspace without a name and without rows: a new one, or that of a killed import."""
    with db.write(0) as tx:
        workspace = workspaces.hidden(tx, backup_id, name, former, uuid.uuid4().hex)
    while True:
        with db.write(workspace.workspace_id) as tx:
            workspaces.renew_import(tx, workspace)
            if not sweep(tx):
                return workspace


def _put_files(db: Any, place: Place, blobs: Blobs, workspace: Workspace, files: list[File], say: Say) -> Iterator[int]:
    def one(file: File) -> int:
        return put_file(place, blobs, file, keys.join(keys.WORKSPACES, workspace.folder, keys.checked(file.key)))

    renewed = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        for number, size in enumerate(pool.map(one, files), 1):
            if number % 1000 == 0:
                say(f"{number} of {len(files)} files")
            if time.monotonic() > renewed + RENEW_S:
                renewed = time.monotonic()
                with db.write(0) as tx:
                    workspaces.renew_import(tx, workspace)
            yield size


def _copy_rows(db: Any, source: sqlite3.Connection, workspace: Workspace, spell: Spelling, say: Say) -> int:
    columns = {table: _columns(source, table) for table in sorted(contents.INCLUDED)}
    shifts = _reserve(db, source, columns)
    total = 0
    for table, names in columns.items():
        marks = ", ".join(":ws" if column == "workspace_id" else f":{column}" for column in names)
        insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        change = _changes(table, names, shifts, spell)
        for batch in _batches(source, table, names):
            with db.write(workspace.workspace_id) as tx:
                workspaces.renew_import(tx, workspace)
                tx.many(insert, [change(row) for row in batch])
            total += len(batch)
            say(f"{total} rows")
    return total


def _columns(source: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in source.execute(f"PRAGMA table_info({table})")]


def _batches(source: sqlite3.Connection, table: str, names: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    size = 0
    for row in source.execute(f"SELECT {', '.join(names)} FROM {table}"):
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _changes(
    table: str, names: list[str], shifts: dict[str, int], spell: Spelling
) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Return a function that maps a row to the new workspace: with new numbers and folder, without `workspace_id`."""
    uris = contents.URIS.get(table, ())
    plan: list[tuple[str, int, int, int, bool]] = []
    for at, column in enumerate(names):
        if column != "workspace_id":
            counted = contents.numbered(table, column)
            plan.append((column, at, shifts.get(counted or "", 0), _lowest(counted), column in uris))

    def change(row: tuple[Any, ...]) -> dict[str, Any]:
        made = {
            name: spell(row[at]) if is_uri else _shifted(row[at], shift, low) if shift else row[at]
            for name, at, shift, low, is_uri in plan
        }
        if table == "model_versions":
            made["source_grams"] = trigrams.of_text(spell(row[names.index("source")]))
        return made

    return change


def _shifted(value: Any, shift: int, low: int) -> Any:
    """Return the new number of a row.  A negative one is that of an experiment whose trace is in the trash: `-1 - number`."""
    if not isinstance(value, int):
        return value
    return value + shift if value >= low else value - shift if value < 0 else value


def _lowest(table: str | None) -> int:
    """Return the lowest number of a row.  Elsewhere 0 means no row; the first experiment of a store has it."""
    return 0 if table == "experiments" else 1


def _reserve(db: Any, source: sqlite3.Connection, columns: dict[str, list[str]]) -> dict[str, int]:
    """Reserve unique numbers for the rows of all tables.  Return the offset of each number."""
    ranges: dict[str, tuple[int, int]] = {}
    for table, names in columns.items():
        for column in names:
            counted = contents.numbered(table, column)
            if counted is None:
                continue
            low, high = source.execute(
                f"SELECT MIN({column}), MAX({column}) FROM {table} WHERE {column} >= {_lowest(counted)}"
            ).fetchone()
            if low is not None:
                before = ranges.get(counted, (low, high))
                ranges[counted] = (min(before[0], low), max(before[1], high))
    # A new experiment gets its number as its id: it must not meet an id that an imported one keeps.
    (highest_id,) = source.execute("SELECT MAX(experiment_id) FROM experiments").fetchone()
    _check_numbers("ids of experiments", 0, highest_id or 0)
    for table, (low, high) in ranges.items():
        _check_numbers(f"numbers of the table {table}", low, high)
    shifts = {}
    for table, (low, high) in ranges.items():
        with db.write(0) as tx:
            first = _take(tx, table, _own_key(table), high - low + 1, highest_id or 0 if table == "experiments" else 0)
        shifts[table] = first - low
    return shifts


def _check_numbers(what: str, low: int, high: int) -> None:
    """Raise Damaged for numbers that no store assigns: after them, the store would have none left for new rows."""
    if high - low >= MOST_NUMBERS:
        raise Damaged(f"the {what} go from {low} to {high}, which no store assigns")


def _own_key(table: str) -> str:
    return next((column for column, counted in contents.NUMBERS.items() if counted == table), "model_seq")


def _take(tx: Tx, table: str, column: str, count: int, at_least: int) -> int:
    """Reserve `count` numbers of a table, above `at_least`.  Return the first."""
    if tx.dialect == "sqlite":
        row = tx.one("SELECT seq FROM sqlite_sequence WHERE name = :table", table=table)
        last = max(row[0] if row is not None else 0, at_least)
        if row is None:
            tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)", table=table, last=last + count)
        else:
            tx.run("UPDATE sqlite_sequence SET seq = :last WHERE name = :table", table=table, last=last + count)
        return last + 1
    tx.run(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")  # later inserts get higher numbers
    row = tx.one("SELECT nextval(pg_get_serial_sequence(:table, :column))", table=table, column=column)
    last = max(row[0] if row is not None else 0, at_least)
    tx.one(
        "SELECT setval(pg_get_serial_sequence(:table, :column), :last)", table=table, column=column, last=last + count
    )
    return int(last) + 1
