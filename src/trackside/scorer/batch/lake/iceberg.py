"""Iceberg tables in a folder, by the library pyiceberg.

A table has its metadata in files `vN.metadata.json`, as in Iceberg's Hadoop catalog: the file with the highest number is the
current version.  A commit is the creation of the file with the next number, which the file system grants to one writer only.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

from trackside.scorer.batch.lake import rows
from trackside.scorer.batch.lake.main import Order
from trackside.scorer.batch.order import OrderError

JOB = "trackside-job"  # the property of a snapshot that names the job that made it
HINT = "version-hint.text"
MAX_TRIES = 3  # of a commit that other writers overtake
_OF_FOLDER = re.compile(r"v(?P<number>[0-9]{1,9})(\.gz)?\.metadata\.json")
_OF_CATALOG = re.compile(r"(?P<number>[0-9]{1,9})-[0-9A-Za-z-]+(\.gz)?\.metadata\.json")


def read(order: Order) -> dict[str, Any]:
    """Return the files of the newest snapshot.  A table is copied if its rows differ from the contents of its files."""
    import pyarrow as pa

    _library()
    from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow

    place = Path(order.table)
    folder = place.parent.parent if place.name.endswith(".metadata.json") else place
    metadata = place if place != folder else _newest(folder)
    if metadata is None:
        raise OrderError(
            f"input is {order.table!r}, which is no Iceberg table: it has no folder metadata with a *.metadata.json"
        )
    try:
        table = _opened(folder, metadata)
        scan = table.scan()
        tasks = sorted(scan.plan_files(), key=lambda task: task.file.file_path)
        schema = rows.plain(schema_to_pyarrow(scan.projection(), include_field_ids=False))
        files = [table.io.path_of(task.file.file_path) for task in tasks]
        if not files or not _are_rows(table, tasks, files, schema):
            copy = Path(order.copy) / "rows.parquet"
            arrow = ArrowScan(table.metadata, table.io, scan.projection(), scan.row_filter)
            rows.write((batch for task in tasks for batch in arrow.to_record_batches([task])), schema, copy)
            files = [str(copy)]
    except (pa.ArrowException, ValueError, LookupError, NotImplementedError, TypeError) as fault:
        raise OrderError(f"the Iceberg table {folder.name} cannot be read: {_first_line(fault)}") from None
    snapshot = table.current_snapshot()
    return {
        "files": files,
        "version": "" if snapshot is None else str(snapshot.snapshot_id),
        "columns": [[each.name, str(each.type)] for each in schema],
    }


def write(order: Order) -> dict[str, Any]:
    """Commit the rows in one snapshot of the table.  A job that has committed before commits nothing."""
    import pyarrow as pa

    _library()
    folder = Path(order.table)
    began = time.time()
    if _newest(folder) is None and any(folder.iterdir()) and not order.is_again:
        raise OrderError(f"output is {order.shown!r}, which is a folder with files and no Iceberg table")
    for _ in range(MAX_TRIES):
        newest = _newest(folder)
        number = 0 if newest is None else _number(newest)
        if newest is not None:
            there = _opened(folder, newest)
            _check_places(there, folder, order.location)
            found = _snapshot_of(there, order.job_id)
            if found:
                return rows.committed(found, is_new=False)
            if order.mode == "create":
                raise OrderError(f"output is {order.shown!r}, which already exists; set overwrite or append")
        try:
            made = _staged(folder, newest, order)
        except (pa.ArrowException, ValueError, LookupError, NotImplementedError, TypeError) as fault:
            raise OrderError(f"the Iceberg table {order.shown} cannot be written: {_first_line(fault)}") from None
        rows.sync(folder, began)
        target = folder / "metadata" / f"v{number + 1}.metadata.json"
        try:
            os.link(made, target)
        except FileExistsError:
            continue
        finally:
            made.unlink()
        _hint(folder, number + 1)
        snapshot = _snapshot_of(_opened(folder, target), order.job_id)
        return rows.committed(snapshot, f"metadata/{target.name}")
    raise OrderError(
        f"the Iceberg table {order.shown} was changed by other writers {MAX_TRIES} times; run the job again"
    )


def _library() -> None:
    try:
        import pyiceberg.io.pyarrow  # noqa: F401  # with pyarrow
    except ImportError:
        raise OrderError(
            "the table is in format iceberg, and the Python that reads it has no pyiceberg: run"
            " `pip install 'pyiceberg[pyarrow,sql-sqlite]'`"
        ) from None


def _opened(folder: Path, metadata: Path) -> Any:
    """Return the table of a metadata file.  Its properties choose no other file access."""
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.serializers import FromInputFile
    from pyiceberg.table import StaticTable

    from trackside.scorer.batch.lake.folder_io import FolderIO

    io = FolderIO(folder)
    try:
        found = FromInputFile.table_metadata(io.new_input(str(metadata)))
    except (ValueError, LookupError) as fault:
        raise OrderError(f"{metadata.name} is not the metadata of an Iceberg table: {_first_line(fault)}") from None
    io.location = found.location
    return StaticTable(("table",), found, str(metadata), io, NoopCatalog("folder"))


def _newest(folder: Path) -> Path | None:
    """Return the newest metadata file, by the folder's own numbers, or else by the numbers of a catalog."""
    names = [each.name for each in (folder / "metadata").glob("*.metadata.json")]
    for pattern in (_OF_FOLDER, _OF_CATALOG):
        found = [(int(match["number"]), match.group()) for match in map(pattern.fullmatch, names) if match]
        if found:
            return folder / "metadata" / max(found)[1]
    return None


def _number(metadata: Path) -> int:
    match = _OF_FOLDER.fullmatch(metadata.name)
    if match is None:
        raise OrderError(
            f"output is {str(metadata.parent.parent)!r}, an Iceberg table of a catalog, which would not see what is written"
            " past it; choose a folder of its own"
        )
    return int(match["number"])


def _check_places(table: Any, folder: Path, bucket: str) -> None:
    """Raise Wrong for a table that writes outside of its folder or its folder in a bucket, or with its own code."""
    location = table.metadata.location
    text = location[len("file:") :] if location.startswith("file:") else location
    is_own = text.rstrip("/") == bucket if bucket else text.startswith("/") and Path(text).resolve() == folder.resolve()
    if not is_own:
        raise OrderError(
            f"the Iceberg table {folder.name} has the location {location[:200]!r}, which is not its folder"
        )
    for name in table.metadata.properties:
        if name.startswith(("py-", "write.py-")) or name.endswith(".path"):
            raise OrderError(
                f"the Iceberg table {folder.name} has the property {name[:200]!r}, with which it cannot be written"
            )


def _snapshot_of(table: Any, job_id: str) -> str:
    """Return the id of the last snapshot of the job; empty if there is none."""
    for snapshot in reversed(table.metadata.snapshots):
        if snapshot.summary is not None and snapshot.summary.additional_properties.get(JOB) == job_id:
            return str(snapshot.snapshot_id)
    return ""


def _staged(folder: Path, newest: Path | None, order: Order) -> Path:
    """Write data and metadata of the next state, which is no part of the table yet, and return the metadata file."""
    from pyiceberg.catalog.sql import SqlCatalog

    from trackside.scorer.batch.lake import folder_io

    location = order.location or str(folder)
    access = {
        "py-io-impl": f"{folder_io.__name__}.StagingIO",
        folder_io.FOLDER: str(folder),
        folder_io.LOCATION: location,
    }
    catalog = SqlCatalog("staging", uri="sqlite:///:memory:", warehouse=location, **access)
    catalog.create_namespace("staging")
    name = ("staging", "table")
    reader = rows.stream(order.source)
    properties = {JOB: order.job_id, "trackside-model": order.model_uri}
    if newest is None:
        with catalog.create_table_transaction(name, reader.schema, location=location) as change:
            change.append(reader, snapshot_properties=properties)
        return folder_io.staged(folder, catalog.load_table(name).metadata_location)
    table = catalog.register_table(name, f"{location}/metadata/{newest.name}")
    data: Any = reader if table.spec().is_unpartitioned() else reader.read_all()
    if order.mode == "overwrite":
        with table.transaction() as change:
            with change.update_schema(allow_incompatible_changes=True) as update:
                for field in table.schema().fields:
                    if field.name not in reader.schema.names:
                        update.delete_column(field.name)
                update.union_by_name(reader.schema)
            change.overwrite(data, snapshot_properties=properties)
    else:
        table.append(data, snapshot_properties=properties)
    return folder_io.staged(folder, catalog.load_table(name).metadata_location)


def _hint(folder: Path, number: int) -> None:
    """Write the newest version number for readers of the folder."""
    draft = folder / "metadata" / f".{HINT}.{os.getpid()}"
    draft.write_text(str(number), "utf-8")
    draft.replace(folder / "metadata" / HINT)


def _are_rows(table: Any, tasks: list[Any], files: list[str], schema: Any) -> bool:
    """Return whether the files have exactly the rows of the table: all columns by their names and types, and no deleted
    row."""
    import pyarrow.parquet as pq

    ids = {field.name: str(field.field_id) for field in table.schema().fields}
    for task, path in zip(tasks, files):
        if task.delete_files or task.file.file_format.value != "PARQUET":
            return False
        there = pq.read_schema(path)
        if not rows.has_columns(there, schema):
            return False
        for field in there:
            own = (field.metadata or {}).get(b"PARQUET:field_id")
            if own is not None and own.decode() != ids[field.name]:
                return False
    return True


def _first_line(fault: BaseException) -> str:
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(fault).__name__
