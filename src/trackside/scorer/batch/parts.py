"""Writes scored rows: a file for each unit, atomically, and one file of all of them.

The file of a unit is a stream of Arrow, which costs a quarter of writing Parquet, and nothing to read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Iterator, Sequence

from trackside.scorer.batch import arrays, json_lines, texts
from trackside.scorer.batch.order import Order, OrderError

MODEL, JOB, ROW = "trackside_model", "trackside_job", "trackside_row"
ADDED = (MODEL, JOB, ROW)
SUFFIX = ".arrow"


class Part:
    """The files of one unit."""

    def __init__(self, order: Order, number: int) -> None:
        self._order = order
        self._path = _path(order, number)
        self._errors: list[str] = []
        self._file: Any = None
        self._writer: Any = None
        self._schema: Any = None

    @property
    def is_done(self) -> bool:
        return self._path.exists()

    def add(self, kept: Any, predictions: Any, numbers: Any) -> None:
        """Add scored rows: columns of the input and those of the predictions, as tables of Arrow.

        Raise Wrong where both have a column of one name."""
        import numpy as np

        both = [name for name in predictions.column_names if name in kept.column_names]
        if both:
            raise OrderError(
                f"the input has a column {both[0]!r}, which is that of the prediction too; choose others by --columns"
            )
        table = kept
        for name in predictions.column_names:
            table = table.append_column(name, predictions[name])
        for name, text in ((MODEL, self._order.model_uri), (JOB, self._order.job_id)):
            table = table.append_column(name, arrays.repeated(text, len(numbers)))
        table = table.append_column(ROW, arrays.of_numpy(np.asarray(numbers, np.int64)))
        if self._writer is None:
            self._begin(table.schema)
        self._writer.write_table(table if table.schema == self._schema else table.cast(self._schema))

    def add_errors(self, failures: list[tuple[int | None, str, Any]]) -> None:
        for number, reason, values in failures:
            self._errors.append(json.dumps({"row": number, "reason": reason, "values": values}, default=str))

    def finish(self) -> None:
        import pyarrow as pa

        if self._writer is None:  # no row has a prediction
            self._begin(pa.schema([]))
        self._writer.close()
        self._file.close()
        if self._errors:
            errors = self._path.with_suffix(".errors")
            draft = errors.with_name(errors.name + ".new")
            draft.write_text("\n".join(self._errors) + "\n", "utf-8")
            draft.replace(errors)
        self._draft.replace(self._path)

    def _begin(self, schema: Any) -> None:
        import pyarrow as pa

        self._schema = schema
        self._file = pa.OSFile(str(self._draft), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema)

    @property
    def _draft(self) -> Path:
        return self._path.with_name(f"{self._path.name}.{os.getpid()}.new")


def _path(order: Order, number: int) -> Path:
    return Path(order.parts) / f"{number:08d}{SUFFIX}"


def _done(order: Order) -> list[Path]:
    """Return the files of the units that are done, in order."""
    return sorted(Path(order.parts).glob(f"*{SUFFIX}"))


def _tables(path: Path) -> Iterator[Any]:
    """Yield the content of a file of Arrow or Parquet, a piece at a time; nothing of one that has no columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == SUFFIX:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
            if stream.schema.names:
                yield stream.read_all()
        return
    with pq.ParquetFile(path) as parquet:
        if parquet.schema_arrow.names:
            yield from (parquet.read_row_group(group) for group in range(parquet.num_row_groups))


def counts(order: Order) -> tuple[int, int, set[int]]:
    """Return rows and failed rows of the units that are done, and the numbers of these."""
    files = _done(order)
    done = {int(path.stem) for path in files}
    rows = sum(table.num_rows for path in files for table in _tables(path))
    failed = 0
    for path in Path(order.parts).glob("*.errors"):
        if int(path.stem) in done:
            failed += len(path.read_bytes().splitlines())
    return rows, failed, done


def a_reason(order: Order) -> str:
    """Return why one of the rows failed."""
    first = min(Path(order.parts).glob("*.errors"))
    with first.open(encoding="utf-8") as file:
        reason: str = json.loads(file.readline())["reason"]
    return reason


class Output:
    """The output, which grows part by part and has its name when it is whole."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._draft = Path(order.output + ".new")
        self._writer: Any = None
        self._schema: Any = None
        self.rows = 0

    def add(self, path: Path) -> None:
        """Append a file.  All files have one schema, but for those without rows, which may have no columns."""
        for table in _tables(path):
            if self._writer is None:
                self._begin(table.schema)
            self._writer.write(table if table.schema == self._schema else table.cast(self._schema))
            self.rows += table.num_rows

    def finish(self) -> None:
        if self._writer is None:
            import pyarrow as pa

            self._begin(pa.schema([]))
        self._writer.close()
        with self._draft.open("rb") as file:
            os.fsync(file.fileno())
        self._draft.replace(self._order.output)

    def _begin(self, schema: Any) -> None:
        self._schema = schema
        self._writer = _writer(self._order, self._draft, schema)


class Parts:
    """The parts of a run, which join the output in the order of their numbers while later ones are being scored."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._output = Output(order)
        self._next = 0

    def add_ready(self) -> None:
        """Append the parts that follow those in the output, as far as they are there."""
        while (path := _path(self._order, self._next)).exists():
            self._output.add(path)
            self._next += 1

    def finish(self) -> tuple[int, int]:
        """Write the output and the file of failed rows, each whole or not at all.  Return rows and failures."""
        self.add_ready()
        there = len(_done(self._order))
        if self._next != there:
            raise OrderError(f"part {self._next} of the result is lost, but {there - self._next} later ones exist")
        self._output.finish()
        failed = 0
        errors = Path(self._order.errors + ".new")
        with errors.open("wb") as file:
            for path in sorted(Path(self._order.parts).glob("*.errors")):
                lines = path.read_bytes()
                file.write(lines)
                failed += len(lines.splitlines())
        if failed:
            errors.replace(self._order.errors)
        else:
            errors.unlink()
        return self._output.rows, failed


def join_files(paths: Sequence[Path], order: Order) -> int:
    """Write the output from Parquet files of one schema, whole or not at all.  Return the number of rows."""
    output = Output(order)
    for path in paths:
        output.add(path)
    output.finish()
    return output.rows


def _repeating(schema: Any) -> list[str]:
    """Return the columns that a dictionary makes smaller.  Floats and row numbers hardly repeat, and a dictionary of them costs
    eight times the time of writing them."""
    import pyarrow as pa

    return [field.name for field in schema if not pa.types.is_floating(field.type) and field.name != ROW]


class _Parquet:
    def __init__(self, path: Path, schema: Any) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(path, schema, use_dictionary=_repeating(schema))

    def write(self, table: Any) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class _Text:
    """Write CSV by pandas, and JSON lines: they support values that Arrow's writer does not, such as lists."""

    def __init__(self, path: Path, order: Order) -> None:
        self._kinds = texts.kinds(order)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._kind = order.output_format
        self._is_first = True

    def write(self, table: Any) -> None:
        if self._kind == "csv":
            # A whole number beside a missing one would become a fraction, and a list would lose digits.
            frame = _with_json(table).to_pandas(integer_object_nulls=True)
            frame.to_csv(self._file, index=False, header=self._is_first)
        else:
            self._file.write(json_lines.lines([(name, self._json(table, name)) for name in table.column_names]))
        self._is_first = False

    def _json(self, table: Any, name: str) -> list[str]:
        kind = self._kinds.get(name)
        if kind is None:
            return json_lines.texts(table.column(name))
        return json_lines.texts_of_series(texts.values(table.column(name).to_pandas(), kind))

    def close(self) -> None:
        self._file.close()


def _with_json(table: Any) -> Any:
    """Return the table with lists and the like as JSON texts."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            values = [
                None if each is None else json.dumps(json_lines.plain(each)) for each in table.column(at).to_pylist()
            ]
            table = table.set_column(at, field.name, pa.array(values, pa.string()))
    return table


def _writer(order: Order, path: Path, schema: Any) -> Any:
    return _Parquet(path, schema) if order.output_format == "parquet" else _Text(path, order)
