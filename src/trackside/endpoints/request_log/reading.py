"""Reads rows of a request log from Parquet files: as JSON values, or into one Parquet file."""

import base64
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import compute, parquet

from trackside.core.errors import Invalid
from trackside.endpoints.request_log.files import HOUR_MS, Parquet, Place
from trackside.endpoints.request_log.model import Range


def newest(place: Place, wanted: Range, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` rows, the newest first, with JSON values."""
    found: list[dict[str, Any]] = []
    hour = None
    for file in reversed(files_of(place, wanted)):
        if len(found) >= limit and file.hour != hour:  # the files of an hour are not ordered by time
            break
        hour = file.hour
        for table in _tables(file, wanted):
            ordered = table.sort_by([("_time", "descending"), ("_request_id", "ascending"), ("_row", "ascending")])
            found += ordered.slice(0, limit).to_pylist()
    found.sort(key=lambda row: row["_time"], reverse=True)
    return [{name: _plain(value) for name, value in row.items()} for row in found[:limit]]


def write(place: Place, wanted: Range, target: Path) -> int:
    """Write the rows of a range to one Parquet file; return their number.

    Raise Invalid if a later model changed the type of a column, so that no type fits both."""
    files = files_of(place, wanted)
    schema = schema_of(files)
    rows = 0
    with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        for table in tables_of(files, wanted, schema):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def files_of(place: Place, wanted: Range) -> list[Parquet]:
    """Return the files with rows of a range, by hour."""
    return [each for each in place.all() if each.hour + HOUR_MS > wanted.since and each.hour < wanted.until]


def schema_of(files: Iterable[Parquet]) -> pa.Schema:
    """Return a schema for the rows of all files.  Raise Invalid without files, or if no type fits a column."""
    schemas = []
    for file in files:
        with suppress(FileNotFoundError):
            schemas.append(parquet.read_schema(file.path))
    if not schemas:
        raise Invalid("There are no logged requests in this range of times.")
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Invalid(
            f"The columns of this range do not fit into one table: {error}. Request one deployment, or a shorter time."
        ) from None


def tables_of(files: Iterable[Parquet], wanted: Range, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of a range, file by file, with the columns of the schema."""
    for file in files:
        for table in _tables(file, wanted):
            missing = [name for name in schema.names if name not in table.column_names]
            for name in missing:
                table = table.append_column(name, pa.nulls(table.num_rows, schema.field(name).type))
            yield table.select(schema.names).cast(schema)


def _tables(file: Parquet, wanted: Range) -> Iterator[pa.Table]:
    try:
        table = parquet.ParquetFile(file.path).read()
    except FileNotFoundError:  # deleted meanwhile
        return
    time = compute.cast(table["_time"], pa.int64())
    keep = compute.and_(compute.greater_equal(time, wanted.since), compute.less(time, wanted.until))
    if wanted.deployment:
        keep = compute.and_(keep, compute.equal(table["_deployment"], wanted.deployment))
    yield table.filter(keep)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
