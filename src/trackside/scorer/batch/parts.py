"""Write what was scored: a file for each unit, whole or absent, and at the end one file of all of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Sequence

from trackside.scorer.batch.order import Order

MODEL, JOB, ROW = "trackside_model", "trackside_job", "trackside_row"
ADDED = (MODEL, JOB, ROW)


class Part:
    """The files of one unit."""

    def __init__(self, order: Order, number: int) -> None:
        self._order = order
        self._path = Path(order.parts) / f"{number:08d}.parquet"
        self._errors: list[str] = []
        self._writer: Any = None
        self._schema: Any = None

    @property
    def is_done(self) -> bool:
        return self._path.exists()

    def add(self, rows: Any, numbers: Any) -> None:
        """Add scored rows: the columns of the output but for those of `ADDED`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
        for name, text in ((MODEL, self._order.model_uri), (JOB, self._order.job_id)):
            once = pa.DictionaryArray.from_arrays(pa.array([0] * len(rows), pa.int8()), pa.array([text]))
            table = table.append_column(name, once)
        table = table.append_column(ROW, pa.array(numbers, pa.int64()))
        if self._writer is None:
            self._schema = table.schema
            self._writer = pq.ParquetWriter(self._draft, table.schema, use_dictionary=_repeating(table.schema))
        self._writer.write_table(table if table.schema == self._schema else table.cast(self._schema))

    def add_errors(self, failures: list[tuple[int | None, str, Any]]) -> None:
        for number, reason, values in failures:
            self._errors.append(json.dumps({"row": number, "reason": reason, "values": values}, default=str))

    def finish(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:  # no row has a prediction
            pq.write_table(pa.table({}), self._draft)
        else:
            self._writer.close()
        if self._errors:
            errors = self._path.with_suffix(".errors")
            draft = errors.with_name(errors.name + ".new")
            draft.write_text("\n".join(self._errors) + "\n", "utf-8")
            draft.replace(errors)
        self._draft.replace(self._path)

    @property
    def _draft(self) -> Path:
        return self._path.with_name(f"{self._path.name}.{os.getpid()}.new")


def counts(order: Order) -> tuple[int, int, set[int]]:
    """Return rows and failed rows of the units that are done, and the numbers of these."""
    import pyarrow.parquet as pq

    done = {int(path.stem) for path in Path(order.parts).glob("*.parquet")}
    rows = sum(pq.read_metadata(Path(order.parts) / f"{number:08d}.parquet").num_rows for number in done)
    failed = 0
    for path in Path(order.parts).glob("*.errors"):
        if int(path.stem) in done:
            failed += len(path.read_bytes().splitlines())
    return rows, failed, done


def join(order: Order) -> tuple[int, int]:
    """Write the output and the file of failed rows from all parts, each whole or not at all.  Return rows and failures."""
    rows = join_files(sorted(Path(order.parts).glob("*.parquet")), order)
    failed = 0
    errors = Path(order.errors + ".new")
    with errors.open("wb") as file:
        for path in sorted(Path(order.parts).glob("*.errors")):
            lines = path.read_bytes()
            file.write(lines)
            failed += len(lines.splitlines())
    if failed:
        errors.replace(order.errors)
    else:
        errors.unlink()
    return rows, failed


def join_files(paths: Sequence[Path], order: Order) -> int:
    """Write the output from Parquet files of one schema, whole or not at all.  Return the number of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = Path(order.output + ".new")
    rows = 0
    writer: Any = None
    schema: Any = None
    try:
        for path in paths:
            with pq.ParquetFile(path) as file:
                if not file.schema_arrow.names:
                    continue
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    if writer is None:
                        schema = table.schema
                        writer = _writer(order.output_format, draft, schema)
                    writer.write(table if table.schema == schema else table.cast(schema))
                    rows += table.num_rows
        if writer is None:
            writer = _writer(order.output_format, draft, pa.schema([]))
    finally:
        if writer is not None:
            writer.close()
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(order.output)
    return rows


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
    """CSV and JSON lines, by pandas: they hold what Arrow's own writer does not, such as lists."""

    def __init__(self, path: Path, kind: str) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._kind = kind
        self._is_first = True

    def write(self, table: Any) -> None:
        frame = table.to_pandas()
        if self._kind == "csv":
            frame.to_csv(self._file, index=False, header=self._is_first)
        else:
            text = frame.to_json(orient="records", lines=True, double_precision=15)
            self._file.write(text if text.endswith("\n") or not text else text + "\n")
        self._is_first = False

    def close(self) -> None:
        self._file.close()


def _writer(kind: str, path: Path, schema: Any) -> Any:
    return _Parquet(path, schema) if kind == "parquet" else _Text(path, kind)
