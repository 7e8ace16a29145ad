"""Creates a store from a backup: files first, then all tables in one transaction.  Overwrites no other store.

A killed restore is resumed by the same command: a file in the data folder names the backup that is being restored, and complete
files are not copied again.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from trackside.artifacts import blobs as port
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import make_blobs
from trackside.backup import fill, model
from trackside.backup.create import THREADS, requests_folder
from trackside.backup.model import Damaged, File, Manifest, Refused
from trackside.backup.place import Place
from trackside.backup.verify import known_migrations
from trackside.core import disk
from trackside.core.errors import NotFound
from trackside.core.settings import Settings, SqliteStore

NOTE = "restoring"
BESIDE = ("", "-wal", "-shm", "-journal")  # SQLite would use leftover files of another database

Say = Callable[[str], None]


class Restored(Struct, frozen=True):
    backup_id: str
    schema: int
    row_count: int
    file_count: int
    file_bytes: int
    has_secrets: bool
    paused_links: int


def restore(settings: Settings, place: Place, manifest: Manifest, *, keeps_links: bool, say: Say) -> Restored:
    """The caller holds the locks of the server.  Raise Refused for a store that is in use, Damaged for a backup that is not
    whole: then no table has been written."""
    model.check_schema(manifest, known_migrations())
    fill.check_tables(manifest)
    note = settings.data / NOTE
    place.check_sums(manifest.backup_id)
    is_again = note.is_file() and note.read_text("utf-8") == manifest.backup_id
    _check_empty(settings, is_again=is_again)
    disk.make_folder(settings.data)
    note.write_text(manifest.backup_id, "utf-8")
    count = size = 0
    for root, blobs in (
        (model.ARTIFACTS, make_blobs(str(settings.artifacts), durable=False)),
        (model.REQUESTS, make_blobs(str(requests_folder(settings)), durable=False)),
    ):
        with closing(blobs):
            files = [each for each in place.files(manifest.backup_id) if each.root == root]
            size += sum(_put_files(place, blobs, files, say))
            count += len(files)
    os.sync()
    if manifest.has_secrets:
        _put_secret(settings, place, manifest)
    now_ms = time.time_ns() // 1_000_000

    def rows(table: model.Table) -> Iterator[list[object]]:
        say(f"table {table.name}: {table.row_count} rows")
        found = place.rows(manifest.backup_id, table.name)
        if table.name == "links" and not keeps_links:
            return _paused(found, table.columns, now_ms)
        if table.name == model.SEALING_KEYS and not manifest.has_secrets:
            return iter(())  # the new server may have another key: it may seal secrets that are entered again
        return found

    if isinstance(settings.store, SqliteStore):
        part = settings.store.path.with_name(f"{settings.store.path.name}.part")
        disk.make_folder(settings.store.path.parent)
        try:
            fill.sqlite_file(part, manifest, rows, now_ms)
            disk.settle(part, settings.store.path)
        finally:
            part.unlink(missing_ok=True)
    else:
        fill.postgres(settings.store, manifest, rows, now_ms)
    note.unlink()
    return Restored(
        backup_id=manifest.backup_id,
        schema=manifest.schema,
        row_count=sum(each.row_count for each in manifest.tables),
        file_count=count,
        file_bytes=size,
        has_secrets=manifest.has_secrets,
        paused_links=0 if keeps_links else manifest.count("links"),
    )


def _check_empty(settings: Settings, *, is_again: bool) -> None:
    store = settings.store
    if isinstance(store, SqliteStore):
        for name in (store.path.name + more for more in BESIDE):
            if store.path.with_name(name).exists():
                raise Refused(
                    f"{store.path.with_name(name)} exists; move it first, or choose another file with --store"
                )
    if is_again:
        return
    with closing(make_blobs(str(settings.artifacts), durable=False)) as blobs:
        there = next(iter(blobs.walk("")), None)
    if there is not None:
        raise Refused(
            f"the artifact store {settings.artifacts} has files already, such as {there.path}; give an empty one with --artifacts"
        )


def _put_files(place: Place, blobs: Blobs, files: list[File], say: Say) -> Iterator[int]:
    with ThreadPoolExecutor(THREADS) as pool:
        for number, size in enumerate(pool.map(lambda file: put_file(place, blobs, file, file.key), files), 1):
            if number % 1000 == 0:
                say(f"{number} of {len(files)} files")
            yield size


def put_file(place: Place, blobs: Blobs, file: File, key: str) -> int:
    """Copy a file to a key, unless it exists completely.  Return its size."""
    try:
        with closing(blobs.open(key)) as download:
            if download.stat.size_bytes == file.size_bytes and _digest(download.chunks()) == file.sha256:
                return file.size_bytes
    except NotFound:
        """The usual case."""
    pieces = place.checked(model.object_key(file.sha256), file.sha256)
    try:
        port.put(blobs, key, ([piece] for piece in pieces))
    except Damaged as fault:
        raise Damaged(f"{file.root}/{file.key}: {fault}") from None
    return file.size_bytes


def _digest(pieces: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _put_secret(settings: Settings, place: Place, manifest: Manifest) -> None:
    target = settings.data / model.KEY_FILE
    raw = b"".join(
        place.checked(
            model.key(manifest.backup_id, model.KEY_FILE), place.sums(manifest.backup_id).get(model.KEY_FILE, "")
        )
    )
    if target.exists():
        if target.read_bytes() != raw:
            raise Refused(f"{target} exists, with another key; move it first")
        return
    part: Path = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(disk.create(part), "wb") as file:
        file.write(raw)
    disk.settle(part, target)


def _paused(rows: Iterator[list[object]], columns: list[str], now_ms: int) -> Iterator[list[object]]:
    """Pause the links of a restored store until a user resumes them: the original store may still run."""
    state, error, at = (columns.index(name) for name in ("state", "last_error", "last_error_at"))
    message = "Restored from a backup. Resume the link when this store is the one."
    for row in rows:
        if row[state] == "active":
            row[state], row[error], row[at] = "paused", message, now_ms
        yield row
