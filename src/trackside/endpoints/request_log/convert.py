"""Converts spool files to Parquet, in a separate process: `python -m trackside.endpoints.request_log.convert FOLDER`.

Idempotent: the Parquet files of a spool file are named after it, get their names when they are whole, and the spool file is
deleted after that.  If the process is killed in between, the next run writes the same files again.
"""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct
from pyarrow import csv, parquet

from trackside.core import disk
from trackside.endpoints.request_log import columns, files, spool
from trackside.endpoints.request_log.columns import Columns, Unreadable
from trackside.endpoints.request_log.files import Place
from trackside.endpoints.request_log.spool import Entry
from trackside.endpoints.request_log.types import META, Signature, joined, table

MAX_TABLE_ROWS = 50_000  # in a row group


class Report(Struct, frozen=True):
    unreadable: dict[int, int] = {}  # requests by endpoint


def convert(folder: Path) -> Report:
    """Convert the spool files of all endpoints, except those that a process writes."""
    unreadable: dict[int, int] = {}
    for seq, place in files.places(folder).items():
        for path in sorted(place.spool.glob(f"*{spool.SUFFIX}")):
            with spool.taken(path) as is_ours:
                if is_ours:
                    unreadable[seq] = unreadable.get(seq, 0) + _convert_file(place, path)
                    path.unlink()
    return Report({seq: count for seq, count in unreadable.items() if count})


def _convert_file(place: Place, path: Path) -> int:
    """Write a Parquet file for each hour and generation of a deployment; return the number of unreadable requests."""
    groups: dict[tuple[int, int, int], list[Entry]] = {}
    for entry in spool.read(path):
        groups.setdefault((entry.time // files.HOUR_MS, entry.deployment_seq, entry.generation), []).append(entry)
    unreadable = 0
    for (_, seq, generation), entries in groups.items():
        tables, lost = _tables(entries, _signature(place.signature(seq, generation)))
        unreadable += lost
        if tables:
            _write(joined(tables), place.parquet(entries[0].time, f"{path.stem}-{seq}-{generation}"))
    return unreadable


def _tables(entries: Sequence[Entry], signature: Signature) -> tuple[list[pa.Table], int]:
    """Return the tables of some requests, and the number of unreadable ones.

    Bodies come from callers: one that Arrow rejects must not keep the others from the log, so it is isolated by bisection."""
    try:
        return _by_shape(entries, signature)
    except (pa.ArrowException, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        if len(entries) == 1:
            return [], 1
    half = len(entries) // 2
    (first, lost), (second, more) = _tables(entries[:half], signature), _tables(entries[half:], signature)
    return [*first, *second], lost + more


def _by_shape(entries: Sequence[Entry], signature: Signature) -> tuple[list[pa.Table], int]:
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], _Rows] = {}
    unreadable = 0
    for entry in entries:
        try:
            inputs, rows = _inputs(entry, signature)
            outputs = columns.outputs(entry.answer, rows)
        except Unreadable:
            unreadable += 1
            continue
        shape = (tuple(inputs), tuple(outputs))
        shapes.setdefault(shape, _Rows(*shape)).add(entry, inputs, outputs, rows)
    return [each.table(signature) for each in shapes.values()], unreadable


class _Rows:
    """Requests whose columns have the same names, for one table: a table for each request would take ten times as long."""

    def __init__(self, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self._inputs: Columns = {name: [] for name in inputs}
        self._outputs: Columns = {name: [] for name in outputs}
        self._meta: dict[str, list[Any]] = {name: [] for name in META.names if name != "_misfits"}

    def add(self, entry: Entry, inputs: Columns, outputs: Columns, rows: int) -> None:
        for into, columns_of_it in ((self._inputs, inputs), (self._outputs, outputs)):
            for name, values in columns_of_it.items():
                into[name].extend(values)
        values_of_all: dict[str, Any] = {
            "_request_id": entry.request_id,
            "_time": entry.time,
            "_deployment": entry.deployment,
            "_generation": entry.generation,
            "_model": entry.model,
            "_latency_ms": entry.latency_ms,
        }
        for name, value in values_of_all.items():
            self._meta[name].extend([value] * rows)
        self._meta["_row"].extend(range(rows))

    def table(self, signature: Signature) -> pa.Table:
        return table(self._inputs, self._outputs, self._meta, signature)


def _write(whole: pa.Table, target: Path) -> None:
    disk.make_folder(target.parent)
    unfinished = target.with_name(f".{target.name}{files.PART}")
    with unfinished.open("wb") as file:
        parquet.write_table(whole, file, compression="zstd", row_group_size=MAX_TABLE_ROWS)
    files.settle(unfinished, target)


def _inputs(entry: Entry, signature: Signature) -> tuple[Columns, int]:
    media = entry.content_type.partition(";")[0].strip().lower()
    reader = _READERS.get(media)
    if reader is None:
        found, rows = columns.inputs(entry.body, signature.names)
    else:
        try:
            read = reader(entry.body, signature)
        except (pa.ArrowInvalid, OSError):
            raise Unreadable from None
        found, rows = read.to_pydict(), read.num_rows
    if not rows or any(len(values) != rows for values in found.values()):
        raise Unreadable
    return found, rows


def _read_csv(body: bytes, signature: Signature) -> pa.Table:
    texts = {name: kind for name, kind in signature.types().items() if pa.types.is_string(kind)}
    return csv.read_csv(io.BytesIO(body), convert_options=csv.ConvertOptions(column_types=texts))


_READERS: dict[str, Callable[[bytes, Signature], pa.Table]] = {
    "text/csv": _read_csv,
    "application/vnd.apache.parquet": lambda body, _: parquet.read_table(io.BytesIO(body)),
}


def _signature(path: Path) -> Signature:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Signature)
    except (FileNotFoundError, msgspec.DecodeError):
        return Signature()


def main(argv: list[str]) -> int:
    sys.stdout.write(msgspec.json.encode(convert(Path(argv[0]))).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
