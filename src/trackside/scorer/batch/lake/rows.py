"""Move rows between tables and Parquet files, a row group at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterable

from trackside.scorer.batch.inputs import UNIT_ROWS


def plain(schema: Any) -> Any:
    """Return the schema with types that Delta and Iceberg have: no dictionaries, views, large strings or nanoseconds."""
    import pyarrow as pa

    return pa.schema([pa.field(field.name, _plain_type(field.type)) for field in schema])


def has_columns(there: Any, wanted: Any) -> bool:
    """Return whether a file has these columns, by their names, order and types."""
    return [(each.name, each.type) for each in there] == [(each.name, each.type) for each in wanted]


def stream(path: str) -> Any:
    """Return the rows of a Parquet file as a stream of batches with plain types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    schema = plain(file.schema_arrow)

    def batches() -> Any:
        for batch in file.iter_batches(UNIT_ROWS):
            yield from pa.Table.from_batches([batch]).cast(schema, safe=False).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def write(batches: Iterable[Any], schema: Any, path: Path) -> None:
    """Write batches to a Parquet file, with row groups of the size that is scored at once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    waiting: list[Any] = []
    count = 0
    with pq.ParquetWriter(draft, schema) as writer:
        for batch in batches:
            waiting.append(pa.Table.from_batches([batch]).cast(schema, safe=False))
            count += batch.num_rows
            if count >= UNIT_ROWS:
                writer.write_table(pa.concat_tables(waiting))
                waiting, count = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
    draft.replace(path)


def committed(version: str, head: str = "", *, is_new: bool = True) -> dict[str, Any]:
    """Return the result of a commit.  `head` is the file, relative to the table, whose creation is the commit."""
    return {"version": version, "is_new": is_new, "head": head}


def sync(folder: Path, since: float) -> None:
    """Sync the files of the folder that were written since a time to the disk."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            if path.stat().st_mtime >= since:
                with path.open("rb") as file:
                    os.fsync(file.fileno())


def is_below(path: Path, folder: Path) -> bool:
    """Return whether the real path is in the real folder."""
    return folder.resolve() in path.resolve().parents


def _plain_type(kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_large_string(kind) or str(kind) == "string_view":
        return pa.string()
    if pa.types.is_large_binary(kind) or str(kind) == "binary_view":
        return pa.binary()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind
