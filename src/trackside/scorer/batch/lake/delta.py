"""Delta tables, by the library deltalake."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from trackside.scorer.batch.lake import rows
from trackside.scorer.batch.lake.main import Order
from trackside.scorer.batch.order import OrderError

APP = "trackside-{job}"  # the application of a job in the table's log: a job commits once
_ABSOLUTE = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*:")
_READ_AS_FILES = {"timestampNtz"}  # features of tables with rows that equal the contents of their files


def read(order: Order) -> dict[str, Any]:
    """Return the files of the newest version.  A table is copied if its rows differ from the contents of its files."""
    import pyarrow as pa

    deltalake = _library()
    folder = Path(order.table)
    table = _opened(deltalake, order.table)
    try:
        _check_inside(pa.table(table.get_add_actions(flatten=True)).column("path").to_pylist(), folder)
        schema = rows.plain(pa.schema(table.schema().to_arrow()))
        files = sorted(_below(each, folder) for each in table.file_uris())
        if not files or not _are_rows(table, files, schema):
            copy = Path(order.copy) / "rows.parquet"
            rows.write(pa.RecordBatchReader.from_stream(table.scan()), schema, copy)
            files = [str(copy)]
    except (deltalake.exceptions.DeltaError, pa.ArrowException, ValueError) as fault:
        raise OrderError(f"the Delta table {folder.name} cannot be read: {_first_line(fault)}") from None
    return {
        "files": files,
        "version": str(table.version()),
        "columns": [[each.name, str(each.type)] for each in schema],
    }


def write(order: Order) -> dict[str, Any]:
    """Commit the rows in one version of the table.  A job that has committed before commits nothing."""
    import pyarrow as pa

    deltalake = _library()
    folder = Path(order.table)
    app = APP.format(job=order.job_id)
    began = time.time()
    mode = "error"
    if deltalake.DeltaTable.is_deltatable(order.table):
        table = _opened(deltalake, order.table)
        if table.transaction_version(app) is not None:
            return rows.committed(str(table.version()), is_new=False)
        if order.mode == "create":
            raise OrderError(f"output is {order.shown!r}, which already exists; set overwrite or append")
        mode = order.mode
    elif any(folder.iterdir()) and not order.is_again:
        raise OrderError(f"output is {order.shown!r}, which is a folder with files and no Delta table")
    properties = deltalake.CommitProperties(
        custom_metadata={"tracksideJob": order.job_id, "tracksideModel": order.model_uri},
        app_transactions=[deltalake.Transaction(app, 1)],
    )
    try:
        deltalake.write_deltalake(
            order.table,
            rows.stream(order.source),
            mode=mode,
            schema_mode="overwrite" if mode == "overwrite" else None,
            commit_properties=properties,
        )
    except (deltalake.exceptions.DeltaError, pa.ArrowException, ValueError) as fault:
        raise OrderError(f"the Delta table {order.shown} cannot be written: {_first_line(fault)}") from None
    rows.sync(folder, began)
    version = _opened(deltalake, order.table).version()
    return rows.committed(str(version), f"_delta_log/{version:020d}.json")


def _library() -> Any:
    try:
        import deltalake
        import deltalake.exceptions
    except ImportError:
        raise OrderError(
            "the table is in format delta, and the Python that reads it has no deltalake: run `pip install deltalake pyarrow`"
        ) from None
    return deltalake


def _opened(deltalake: Any, place: str) -> Any:
    try:
        return deltalake.DeltaTable(place)
    except deltalake.exceptions.TableNotFoundError:
        raise OrderError(f"input is {place!r}, which is no Delta table: it has no folder _delta_log") from None
    except (deltalake.exceptions.DeltaError, ValueError) as fault:
        raise OrderError(f"the Delta table {place!r} cannot be read: {_first_line(fault)}") from None


def _check_inside(paths: list[str], folder: Path) -> None:
    """Raise Wrong for a table that names a data file outside of its folder, as a shallow clone does.

    The library reads such a file, and reports its location as if it were in the folder."""
    for path in paths:
        plain = unquote(path)
        if _ABSOLUTE.match(plain) or ".." in plain.split("/"):
            raise OrderError(
                f"the Delta table {folder.name} names the file {path[:200]!r}, which is outside of its folder"
            )


def _below(uri: str, folder: Path) -> str:
    """Return the path of a data file.  Raise Wrong for one that a link leads out of the table's folder."""
    text = uri[len("file://") :] if uri.startswith("file://") else uri
    for each in (text, unquote(text)):
        if not rows.is_below(Path(each), folder):
            raise OrderError(
                f"the Delta table {folder.name} names the file {uri[:200]!r}, which is outside of its folder"
            )
    return text if Path(text).exists() else unquote(text)


def _are_rows(table: Any, files: list[str], schema: Any) -> bool:
    """Return whether the files have exactly the rows of the table: all columns by their names and types, and no deleted
    row."""
    import pyarrow.parquet as pq

    protocol = table.protocol()
    if (
        table.metadata().partition_columns or protocol.min_reader_version == 2
    ):  # 2: columns have other names in the files
        return False
    if not set(protocol.reader_features or ()) <= _READ_AS_FILES:
        return False
    return all(rows.has_columns(pq.read_schema(each), schema) for each in files)


def _first_line(fault: BaseException) -> str:
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(fault).__name__
