"""Makes a backup while the server runs: claim, tables, files, manifest.

1. A lease keeps permanent deletions waiting.  2. The tables are read as they are in one moment.  3. The files that are there
after that moment are copied: each file that a row of the tables names is among them.  4. The checksums are written last: a
backup without them is not whole.
"""

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trackside import __version__
from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs, Stat
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import make_blobs
from trackside.backup import model, rows, tables
from trackside.backup.model import File, Manifest, Table
from trackside.backup.place import Place
from trackside.backup.tables import Source
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, NotFound
from trackside.core.settings import Settings
from trackside.core.work import backup_lease as lease

SMALL_BYTES = 8 << 20  # a file up to this size is read once
TRIES = 3
THREADS = 4

Say = Callable[[str], None]


class Copied:
    """The counts of copied files so far, for several threads."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.vanished: list[str] = []
        self.new_bytes = 0
        self.lock = threading.Lock()


def create(settings: Settings, db: Any, to: str, *, with_secrets: bool = False, say: Say = lambda _: None) -> Manifest:
    """Create the backup and return its manifest.  `db`: the store, for the lease.

    Raise OSError or a Fault if something cannot be written.
    """
    began = time.time_ns() // 1_000_000
    backup_id = model.new_id(began, secrets.token_hex(3))
    place = Place(to)
    with closing(place), lease.held(db, backup_id):
        try:
            made = _create(settings, place, backup_id, began, with_secrets=with_secrets, say=say)
        except BaseException:
            with suppress(Fault):  # the first error is raised instead of this one
                place.blobs.delete(model.key(backup_id, "").rstrip("/"))  # its files stay: the next backup uses them
            raise
        with db.write(0) as tx:
            _note_success(tx, backup_id)
        return made


def _note_success(tx: Tx, backup_id: str) -> None:
    """Store when the last backup ended, for `GET /metrics`."""
    tx.run(
        """
        INSERT INTO last_backup (kind, backup_id, ended_at) VALUES ('last', :backup_id, :now)
        ON CONFLICT (kind) DO UPDATE SET backup_id = excluded.backup_id, ended_at = excluded.ended_at
        """,
        backup_id=backup_id,
    )


def _create(settings: Settings, place: Place, backup_id: str, began: int, *, with_secrets: bool, say: Say) -> Manifest:
    writer = Writer(place, backup_id)
    write = writer.write
    with tables.opened(settings, settings.data) as source:
        made = []
        for name in tables.names(source.applied()):
            made.append(_table(source, name, write))
            say(f"table {name}: {made[-1].row_count} rows")
        elsewhere = _elsewhere(source)
        origin = origin_of(source)
    copied = _copy_files(settings, place, say)
    write(model.FILES, rows.packed(msgspec.structs.astuple(each) for each in copied.files))
    secret = settings.data / model.KEY_FILE
    if with_secrets and secret.is_file():
        write(model.KEY_FILE, iter([secret.read_bytes()]))
    has_secrets = model.KEY_FILE in writer.digests
    found = manifest(backup_id, began, origin, made, copied, elsewhere=elsewhere, has_secrets=has_secrets)
    writer.end(found)
    return found


class Origin(Struct, frozen=True):
    """The description of the store in a manifest."""

    schema: int
    sources: dict[str, str]
    store_uid: str
    dialect: str


def origin_of(source: Source) -> Origin:
    applied = source.applied()
    (store_uid,) = source.values("SELECT uid FROM workspaces WHERE workspace_id = 1") or ("",)
    checksums = {f"{number:04}_{name}": checksum for number, name, checksum in applied}
    return Origin(applied[-1][0], checksums, store_uid, source.dialect)


def manifest(
    backup_id: str,
    began: int,
    origin: Origin,
    made: list[Table],
    copied: Copied,
    *,
    elsewhere: list[str],
    has_secrets: bool = False,
    workspace: str = "",
) -> Manifest:
    """Return the manifest of a backup, or of the archive of a workspace."""
    return Manifest(
        format=model.ARCHIVE_FORMAT if workspace else model.FORMAT,
        backup_id=backup_id,
        product=__version__,
        schema=origin.schema,
        sources=origin.sources,
        store_uid=origin.store_uid,
        dialect=origin.dialect,
        created_at=began,
        took_ms=time.time_ns() // 1_000_000 - began,
        tables=made,
        file_count=len(copied.files),
        file_bytes=sum(each.size_bytes for each in copied.files),
        new_bytes=copied.new_bytes,
        vanished=copied.vanished,
        elsewhere=elsewhere,
        has_secrets=has_secrets,
        workspace=workspace,
    )


class Writer:
    """Writes the files of one backup, with their checksums."""

    def __init__(self, place: Place, backup_id: str) -> None:
        self.digests: dict[str, str] = {}
        self._place = place
        self._backup_id = backup_id

    def write(self, name: str, pieces: Iterator[bytes]) -> int:
        """Return the size."""
        self.digests[name], size = self._place.write(model.key(self._backup_id, name), pieces)
        return size

    def end(self, found: Manifest) -> None:
        """Write the checksums, which complete the backup."""
        self.write(model.MANIFEST, iter([msgspec.json.format(msgspec.json.encode(found), indent=1)]))
        if isinstance(self._place.blobs, LocalBlobs):
            os.sync()  # once for all files, before the checksums complete the backup
        self._place.write(model.key(self._backup_id, model.SUMS), [model.sums(self.digests)])


def _table(source: Source, name: str, write: Callable[[str, Iterator[bytes]], int]) -> Table:
    columns = source.columns(name)
    count = 0

    def counted() -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for row in source.rows(name, columns):
            count += 1
            yield row

    size = write(model.table_name(name), rows.packed(counted()))
    return Table(name, columns, count, size, source.counter(name))


def _elsewhere(source: Source) -> list[str]:
    """Roots of experiments and workspaces that are no places of the proxy: their files are not copied."""
    found = source.values("SELECT DISTINCT artifact_location FROM experiments") + source.values(
        "SELECT DISTINCT default_artifact_root FROM workspaces WHERE default_artifact_root IS NOT NULL"
    )
    return sorted({uri for uri in found if uri and keys.of_proxied(uri) is None})[:1000]


def _copy_files(settings: Settings, place: Place, say: Say) -> Copied:
    before = _before(place)
    there = place.objects()
    copied = Copied()
    for root, blobs in _roots(settings):

        def one(key: str, root: str = root, blobs: Blobs = blobs) -> None:
            copy_into(copied, place, blobs, root, key, before, there)
            if len(copied.files) % 1000 == 0:
                say(f"{len(copied.files)} files")

        with closing(blobs), ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(one, [entry.path for entry in blobs.walk("")]):
                """Raises what a thread raised."""
    return copied


def copy_into(
    copied: Copied,
    place: Place,
    blobs: Blobs,
    root: str,
    key: str,
    before: dict[tuple[str, str], File],
    there: set[str],
    *,
    as_key: str = "",
) -> None:
    """Copy one file.  `as_key`: the key that the backup names it by, if another."""
    file, is_new = _copy(place, blobs, root, key, before.get((root, key)), there, copied.lock)
    with copied.lock:
        if file is None:
            copied.vanished.append(f"{root}/{key}")
        else:
            copied.files.append(msgspec.structs.replace(file, key=as_key) if as_key else file)
            copied.new_bytes += file.size_bytes if is_new else 0


def _copy(
    place: Place, blobs: Blobs, root: str, key: str, before: File | None, there: set[str], lock: threading.Lock
) -> tuple[File | None, bool]:
    """Return the copied file, None if it was deleted; and whether its bytes are new in the location."""
    for _ in range(TRIES):
        try:
            with closing(blobs.open(key)) as download:
                stat = download.stat
                if before is not None and _is_same(before, stat) and before.sha256 in there:
                    return before, False
                whole = b"".join(download.chunks()) if stat.size_bytes <= SMALL_BYTES else None
                sha256 = model.digest(whole) if whole is not None else _digest(download.chunks())
                file = File(root, key, stat.size_bytes, stat.modified_ms, stat.etag, sha256)
                with lock:
                    is_known = sha256 in there
                if is_known:
                    return file, False
                written, size = place.write(
                    model.object_key(sha256), iter([whole]) if whole is not None else download.chunks()
                )
        except NotFound:
            return None, False
        if (written, size) == (sha256, stat.size_bytes):
            with lock:
                is_new = sha256 not in there  # another thread may have copied the same bytes
                there.add(sha256)
            return file, is_new
    raise model.Damaged(f"{root}/{key} changed each time while it was read")


def _digest(pieces: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _is_same(before: File, stat: Stat) -> bool:
    return (before.size_bytes, before.modified_ms, before.etag) == (stat.size_bytes, stat.modified_ms, stat.etag)


def _before(place: Place) -> dict[tuple[str, str], File]:
    """Return the files of the newest complete backup: unchanged ones are not read again."""
    whole = [each for each in place.all() if each.manifest is not None and not each.manifest.workspace]
    return {(each.root, each.key): each for each in place.files(whole[-1].backup_id)} if whole else {}


def _roots(settings: Settings) -> Iterator[tuple[str, Blobs]]:
    yield model.ARTIFACTS, make_blobs(str(settings.artifacts), durable=False)
    requests = requests_folder(settings)
    if requests.is_dir():
        yield model.REQUESTS, make_blobs(str(requests), durable=False)


def requests_folder(settings: Settings) -> Path:
    """Return the folder of endpoints' request logs."""
    return settings.data / "endpoints" / "requests"
