"""Reads Parquet and CSV files as columns: numbers as arrays, categories as codes.  Needs pyarrow."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace
from pyarrow import csv, parquet

from trackside.drift import sums
from trackside.drift.sums import ColumnSums, Kind, TableSums

Values: TypeAlias = Any  # an array of numbers or codes
META_PREFIX = "_"  # of the request log's own columns
CHUNKS = 10  # of a reference


class Unreadable(Exception):
    """A file cannot be read as a table; the message says why."""


class Column(Struct, frozen=True):
    """A column of one table.  `values` are numbers, without nulls, NaN and the infinities; or codes of `labels`, without
    nulls."""

    name: str
    kind: Kind
    type: str  # an Arrow type name
    rows: int
    nulls: int
    infinite: int
    values: Values
    labels: tuple[str, ...] = ()
    is_integer: bool = False


class Table(Struct, frozen=True):
    name: str
    rows: int
    columns: dict[str, Column]

    def sums(self, *, with_chunks: bool = False) -> TableSums:
        """Return exact sums; `with_chunks`: also those of ten equal parts."""
        return TableSums(
            self.rows, {name: summed(each, with_chunks=with_chunks) for name, each in self.columns.items()}
        )


def summed(column: Column, *, with_chunks: bool = False) -> ColumnSums:
    """Return the exact sums of a column."""
    chunks: tuple[ColumnSums, ...] = ()
    if with_chunks and column.kind != "other":
        parts = np.array_split(column.values, CHUNKS)
        chunks = tuple(summed(replace(column, values=part, rows=len(part))) for part in parts)
    is_number = column.kind == "numeric"
    found = ColumnSums(
        name=column.name,
        kind=column.kind,
        type=column.type,
        rows=column.rows,
        nulls=column.nulls,
        infinite=column.infinite,
        is_integer=column.is_integer,
        points=sums.of_numbers(column.values) if is_number else sums.NO_POINTS,
        chunks=chunks,
    )
    if column.kind != "category" or not column.labels:
        return found
    counts = np.bincount(column.values, minlength=len(column.labels))
    return replace(found, labels={label: int(n) for label, n in zip(column.labels, counts, strict=True) if n})


def read(path: str, wanted: Iterable[str] | None = None) -> Table:
    """Read a file, or a folder of Parquet files: the wanted columns, by default all except the request log's own."""
    place = Path(path)
    if not place.exists():
        raise Unreadable(f"{path} does not exist; name a Parquet or CSV file, or a folder of Parquet files")
    files = sorted(place.rglob("*.parquet")) if place.is_dir() else [place]
    if not files:
        raise Unreadable(f"{path} has no Parquet file")
    found = [_file(each) for each in files]
    return of_arrow(path, found[0] if len(found) == 1 else _together(path, found), wanted)


def of_arrow(name: str, found: pa.Table, wanted: Iterable[str] | None = None) -> Table:
    repeated = sorted({each for each in found.column_names if found.column_names.count(each) > 1})
    if repeated:
        raise Unreadable(f"{name} has the column {repeated[0]!r} more than once")
    chosen = None if wanted is None else set(wanted)
    names = [
        each
        for each in found.column_names
        if (each in chosen if chosen is not None else not each.startswith(META_PREFIX))
    ]
    return Table(name, found.num_rows, {each: column_of(each, found[each]) for each in names})


def _file(path: Path) -> pa.Table:
    is_csv = path.suffix.lower() == ".csv"
    try:
        return csv.read_csv(path) if is_csv else parquet.ParquetFile(path).read()
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read as {'CSV' if is_csv else 'Parquet'}: {error}") from None


def _together(path: str, found: list[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(found, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise Unreadable(f"the files of {path} do not fit into one table: {error}") from None


def column_of(name: str, found: pa.ChunkedArray) -> Column:
    """Return an Arrow column as numbers or codes."""
    kind, rows = found.type, len(found)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = found.cast(pa.float64(), safe=False).drop_null().to_numpy()
        is_nan, is_infinite = np.isnan(values), np.isinf(values)
        finite = np.ascontiguousarray(values[~(is_nan | is_infinite)])
        nulls = found.null_count + int(is_nan.sum())
        whole = pa.types.is_integer(kind)
        return Column(name, "numeric", str(kind), rows, nulls, int(is_infinite.sum()), finite, is_integer=whole)
    if pa.types.is_dictionary(kind):
        found, kind = found.cast(kind.value_type), kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if is_text or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        encoded = found.cast(pa.string()).drop_null().combine_chunks().dictionary_encode()
        codes = np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
        return Column(
            name, "category", str(kind), rows, found.null_count, 0, codes, tuple(encoded.dictionary.to_pylist())
        )
    return Column(name, "other", str(kind), rows, found.null_count, 0, np.array([], dtype=np.float64))
