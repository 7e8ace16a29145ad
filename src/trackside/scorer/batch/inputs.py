"""Split a table into units that are scored one by one, the same way each time, and read their rows as frames."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

from trackside.scorer.batch.order import Order, OrderError

UNIT_ROWS = 131_072  # of a Parquet row group: a larger one is scored in several units
BLOCK_BYTES = 4 << 20  # of CSV and JSON lines


class Unit(NamedTuple):
    """A piece of the input.  `first_row` is the number of its first row in the whole input, from 0.

    Of Parquet it names rows of a row group; of other formats it carries `data`."""

    number: int
    first_row: int
    path: str
    row_group: int = 0
    start: int = 0
    stop: int = 0
    data: Any = None


class Piece:
    """Rows with their numbers: an Arrow table for Parquet, otherwise a frame.

    `bad` are unreadable rows with the reason and the content; unreadable rows of CSV have no number."""

    def __init__(
        self, numbers: Any, bad: Sequence[tuple[int | None, str, Any]] = (), *, rows: Any = None, frame: Any = None
    ) -> None:
        self.numbers = numbers
        self.bad = list(bad)
        self.rows = rows
        self._frame = frame

    @property
    def frame(self) -> Any:
        """Return the rows as a frame of pandas, which is imported only here because that takes a third of a second."""
        if self._frame is None:
            self._frame = self.rows.to_pandas()
            self._frame = self._frame.reset_index(drop=True)
        return self._frame

    def chosen(self, choice: Any) -> Piece:
        """Return the rows at which an array of truth values is true."""
        import pyarrow as pa

        if self.rows is not None:
            return Piece(self.numbers[choice], rows=self.rows.filter(pa.array(choice)))
        return Piece(self.numbers[choice], frame=self.frame[choice].reset_index(drop=True))

    def columns(self, names: list[str], places: Any = None) -> Any:
        """Return columns as a table of Arrow, of all rows or of those at `places`.  Parquet's types are unchanged."""
        import pyarrow as pa

        if self.rows is None:
            kept = self.frame[names] if places is None else self.frame[names].iloc[places]
            return pa.Table.from_pandas(kept, preserve_index=False).replace_schema_metadata(None)
        table = pa.Table.from_batches([self.rows.select(names)]).replace_schema_metadata(None)
        return table if places is None else table.take(pa.array(places))


def total_rows(order: Order) -> int | None:
    """Return the number of rows if the file contains it."""
    if order.input_format != "parquet":
        return None
    import pyarrow.parquet as pq

    return int(sum(pq.read_metadata(path).num_rows for path in order.inputs))


def columns_of(order: Order) -> list[str]:
    """Return the names of the input's columns.  Raise Wrong for files that are not tables, or that have different columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[str] | None = None
    for path in order.inputs:
        try:
            if order.input_format == "parquet":
                names = list(pq.read_schema(path).names)
            elif order.input_format == "csv":
                with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
                    names = next(csv.reader(file), [])
            else:
                names = _keys_of_first_line(path)
        except (pa.ArrowException, OSError, ValueError, csv.Error) as fault:
            raise OrderError(f"{_name(path)} cannot be read as {order.input_format}: {fault}") from None
        if len(set(names)) != len(names):
            raise OrderError(
                f"{_name(path)} has two columns of one name: {sorted({n for n in names if names.count(n) > 1})}"
            )
        if found is not None and set(names) != set(found) and order.input_format != "jsonl":
            raise OrderError(
                f"{_name(path)} has other columns than {_name(order.inputs[0])}: {sorted(set(names) ^ set(found))}"
            )
        found = names if found is None else found + [name for name in names if name not in found]
    return found or []


def types_of(order: Order) -> list[list[str]]:
    """Return name and type of each column of the input; empty where the format has no types."""
    if order.input_format != "parquet":
        return []
    import pyarrow.parquet as pq

    schema = pq.read_schema(order.inputs[0])
    return [[field.name, str(field.type)] for field in schema]


def units(order: Order) -> Iterator[Unit]:
    if order.input_format == "parquet":
        return _of_parquet(order)
    return _of_csv(order) if order.input_format == "csv" else _of_lines(order)


def pieces(unit: Unit, order: Order, wanted: list[str] | None) -> Iterator[Piece]:
    """Read the rows of a unit, some at a time; `wanted` are the columns to read, None for all."""
    import numpy as np

    if order.input_format == "parquet":
        yield from _rows_of_parquet(unit, order, wanted)
    elif order.input_format == "csv":
        rows, bad = unit.data
        frame = rows.to_pandas()
        numbers = np.arange(unit.first_row, unit.first_row + len(frame))
        yield Piece(numbers, bad, frame=frame if wanted is None else frame[wanted])
    else:
        yield _rows_of_lines(unit, wanted)


def _of_parquet(order: Order) -> Iterator[Unit]:
    import pyarrow.parquet as pq

    number = first = 0
    for path in order.inputs:
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            for start in range(0, rows, UNIT_ROWS):
                stop = min(start + UNIT_ROWS, rows)
                yield Unit(number, first + start, path, group, start, stop)
                number += 1
            first += rows


def _rows_of_parquet(unit: Unit, order: Order, wanted: list[str] | None) -> Iterator[Piece]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = 0
    try:
        with pq.ParquetFile(unit.path) as file:
            for batch in file.iter_batches(order.batch_rows, row_groups=[unit.row_group], columns=wanted):
                start, stop = max(unit.start - at, 0), min(unit.stop - at, batch.num_rows)
                if stop > start:
                    first = unit.first_row - unit.start + at + start
                    rows = batch.slice(start, stop - start)
                    yield Piece(np.arange(first, first + rows.num_rows), rows=rows)
                at += batch.num_rows
                if at >= unit.stop:
                    return
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as fault:
        raise OrderError(f"row group {unit.row_group} of {_name(unit.path)} cannot be read: {fault}") from None


def _of_csv(order: Order) -> Iterator[Unit]:
    """Yield units of a CSV file.  All columns are read as text, so that an invalid number fails its row and not the whole
    column."""
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    number = first = 0
    for path in order.inputs:
        names = columns_of(Order(**{**order.__dict__, "inputs": [path]}))
        bad: list[Any] = []

        def skip(row: Any, bad: list[Any] = bad) -> str:
            where = "a line" if row.number is None else f"line {row.number}"
            bad.append((None, f"{where} has {row.actual_columns} values in place of {row.expected_columns}", row.text))
            return "skip"

        try:
            with pa_csv.open_csv(
                path,
                read_options=pa_csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
                parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
                convert_options=pa_csv.ConvertOptions(column_types={name: pa.string() for name in names}),
            ) as reader:
                for batch in reader:
                    lost, bad[:] = list(bad), []
                    if batch.num_rows or lost:
                        yield Unit(number, first, path, data=(batch, lost))
                        number += 1
                        first += batch.num_rows
                if bad:  # lines after the last row, for which the reader gives no batch
                    yield Unit(number, first, path, data=(pa.RecordBatch.from_pylist([], reader.schema), list(bad)))
                    number += 1
        except (pa.ArrowInvalid, OSError) as fault:
            raise OrderError(f"{_name(path)} cannot be read as csv: {fault}") from None


def _of_lines(order: Order) -> Iterator[Unit]:
    number = first = 0
    for path in order.inputs:
        with open(path, "rb") as file:  # noqa: PTH123
            while lines := file.readlines(BLOCK_BYTES):
                lines = [line for line in lines if line.strip()]
                if lines:
                    yield Unit(number, first, path, data=lines)
                    number += 1
                    first += len(lines)


def _rows_of_lines(unit: Unit, wanted: list[str] | None) -> Piece:
    import numpy as np
    import pandas as pd

    good, numbers = [], []
    bad: list[tuple[int | None, str, Any]] = []
    for place, line in enumerate(unit.data):
        number = unit.first_row + place
        try:
            row = json.loads(line)
        except ValueError as fault:
            bad.append((number, f"the line is no JSON: {fault}", line.decode("utf-8", "replace").strip()))
            continue
        if not isinstance(row, dict):
            bad.append((number, "the line is no JSON object", line.decode("utf-8", "replace").strip()))
            continue
        good.append(row)
        numbers.append(number)
    frame = pd.DataFrame(good)
    if wanted is not None:
        frame = frame.reindex(columns=wanted)
    return Piece(np.array(numbers, dtype="int64"), bad, frame=frame)


def _keys_of_first_line(path: str) -> list[str]:
    with open(path, "rb") as file:  # noqa: PTH123
        for line in file:
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("its first line is no JSON object")
                return list(row)
    return []


def _name(path: str) -> str:
    return Path(path).name
