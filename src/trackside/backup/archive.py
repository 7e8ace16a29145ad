"""Makes an archive of one workspace while the server runs: a backup of the rows and files of that workspace alone.

It has the format of a backup, so that the same checks apply.  Its manifest names the workspace.
"""

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import make_blobs
from trackside.backup import contents, create, model, rows, tables
from trackside.backup.create import THREADS, Copied, Say
from trackside.backup.model import Manifest, Refused, Table
from trackside.backup.place import Place
from trackside.backup.tables import Source
from trackside.core.errors import Fault
from trackside.core.settings import Settings
from trackside.core.work import backup_lease as lease


def export(settings: Settings, db: Any, name: str, to: str, *, say: Say = lambda _: None) -> Manifest:
    """Create the archive and return its manifest.  `db`: the store, for the lease.  Raise Refused if the workspace does not
    exist."""
    began = time.time_ns() // 1_000_000
    backup_id = model.new_id(began, secrets.token_hex(3))
    place = Place(to)
    with closing(place), lease.held(db, backup_id):
        try:
            return _export(settings, place, backup_id, began, name, say=say)
        except BaseException:
            with suppress(Fault):  # the first error is raised instead of this one
                place.blobs.delete(model.key(backup_id, "").rstrip("/"))  # its files stay: the next archive uses them
            raise


def _export(settings: Settings, place: Place, backup_id: str, began: int, name: str, *, say: Say) -> Manifest:
    writer = create.Writer(place, backup_id)
    with tables.opened(settings, settings.data) as source:
        workspace = _workspace(source, name)
        made = []
        for table in ["workspaces", *sorted(contents.INCLUDED)]:
            made.append(_table(source, table, int(workspace["workspace_id"]), writer))
            say(f"table {table}: {made[-1].row_count} rows")
        origin = create.origin_of(source)
    copied = Copied()
    with closing(make_blobs(str(settings.artifacts), durable=False)) as blobs:
        there = place.objects()
        for prefix in contents.prefixes(workspace):
            _copy(place, blobs, prefix, there, copied, say)
    writer.write(model.FILES, rows.packed((each.root, each.key, each.size_bytes, each.modified_ms, each.etag, each.sha256)
                                          for each in copied.files))  # fmt: skip
    own = workspace["default_artifact_root"]
    elsewhere = [own] if own and keys.of_proxied(own) is None else []
    found = create.manifest(backup_id, began, origin, made, copied, elsewhere=elsewhere, workspace=name)
    writer.end(found)
    return found


def _workspace(source: Source, name: str) -> dict[str, Any]:
    columns = source.columns("workspaces")
    for row in list(source.rows("workspaces", columns)):
        found = dict(zip(columns, row, strict=True))
        if found["name"] == name:
            return found
    raise Refused(f"there is no workspace {name!r}")


def _table(source: Source, name: str, workspace_id: int, writer: create.Writer) -> Table:
    columns = source.columns(name)
    count = 0

    def counted() -> Iterator[tuple[Any, ...]]:
        nonlocal count
        for row in source.rows(name, columns, workspace_id):
            count += 1
            yield row

    size = writer.write(model.table_name(name), rows.packed(counted()))
    return Table(name, columns, count, size, source.counter(name))


def _copy(place: Place, blobs: Blobs, prefix: str, there: set[str], copied: Copied, say: Say) -> None:
    """Copy the files below a prefix.  Their keys are those in the workspace, without it."""

    def one(path: str) -> None:
        create.copy_into(copied, place, blobs, model.ARTIFACTS, keys.join(prefix, path), {}, there, as_key=path)
        if len(copied.files) % 1000 == 0:
            say(f"{len(copied.files)} files")

    found = [entry.path for entry in blobs.walk(prefix) if prefix or not keys.is_reserved(entry.path)]
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(one, found):
            """Raises what a thread raised."""
