"""Reads a complete backup again: every checksum, every table, every file.  Changes nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from trackside.backup import fill, model
from trackside.backup.model import Damaged, Manifest
from trackside.backup.place import Place
from trackside.core.db.migrate import migrations

MOST = 20  # reported faults


class Verified(Struct, frozen=True):
    """`faults` is empty where the backup is whole."""

    backup_id: str
    file_count: int
    row_count: int
    faults: list[str]


def known_migrations() -> dict[str, str]:
    return {f"{each.number:04}_{each.name}": each.checksum for each in migrations()}


def verify(place: Place, manifest: Manifest, scratch: Path | None, say: Callable[[str], None]) -> Verified:
    """`scratch`: a folder in which the tables are also filled into a new store, which is deleted afterwards."""
    model.check_schema(manifest, known_migrations())
    fill.check_tables(manifest)
    faults: list[str] = []
    file_count = row_count = 0
    backup_id = manifest.backup_id
    for name, sha256 in place.sums(backup_id).items():
        _try(faults, lambda name=name, sha256=sha256: _read(place, model.key(backup_id, name), sha256))  # type: ignore[misc]  # mypy knows no defaults of lambdas
    if not faults:
        for table in manifest.tables:
            found = sum(1 for _ in place.rows(backup_id, table.name))
            row_count += found
            if found != table.row_count:
                faults.append(f"table {table.name}: {found} rows, and the manifest says {table.row_count}")
            say(f"table {table.name}: {found} rows")
        seen: set[str] = set()
        for file in place.files(backup_id):
            file_count += 1
            if file.sha256 not in seen:
                seen.add(file.sha256)
                key = model.object_key(file.sha256)
                _try(faults, lambda key=key, file=file: _read(place, key, file.sha256, f"{file.root}/{file.key}"))  # type: ignore[misc]  # as above
            if file_count % 1000 == 0:
                say(f"{file_count} files")
        if file_count != manifest.file_count:
            faults.append(f"{file_count} files, and the manifest says {manifest.file_count}")
    if not faults and scratch is not None:
        target = scratch / f"verify-{backup_id}.db"
        try:
            fill.sqlite_file(target, manifest, lambda table: place.rows(backup_id, table.name), manifest.created_at)
            faults += _orphans(target)
        finally:
            target.unlink(missing_ok=True)
    return Verified(backup_id, file_count, row_count, faults[:MOST])


def _read(place: Place, key: str, sha256: str, title: str = "") -> None:
    try:
        for _ in place.checked(key, sha256):
            """To its end, where the digests are compared."""
    except Damaged as fault:
        raise Damaged(f"{title}: {fault}" if title else str(fault)) from None


def _try(faults: list[str], work: Callable[[], None]) -> None:
    try:
        work()
    except Damaged as fault:
        faults.append(str(fault))


def _orphans(path: Path) -> list[str]:
    """Return the rows of the filled store without an owner."""
    parents = (
        ("runs", "experiment_seq", "experiments"),
        ("logged_models", "experiment_seq", "experiments"),
        ("model_versions", "model_seq", "registered_models"),
        ("experiments", "workspace_id", "workspaces"),
    )
    faults = []
    with closing(sqlite3.connect(path)) as connection:
        for child, column, parent in parents:
            ((count,),) = connection.execute(
                f"SELECT COUNT(*) FROM {child} WHERE {column} NOT IN (SELECT {column} FROM {parent})"
            )
            if count:
                faults.append(f"{count} rows of {child} belong to no row of {parent}")
    return faults
