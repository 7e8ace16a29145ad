"""Writes rows of a request log as CSV: one file, or a zip with files for each day, in the layout of Azure's data collection.

Text that a spreadsheet would run as a formula gets a leading quote, as in exports of runs.  Parquet files have it unchanged.
"""

import base64
import json
import re
import shutil
import zipfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from msgspec import Struct
from pyarrow import compute, csv

from trackside.core import disk
from trackside.endpoints.request_log import reading
from trackside.endpoints.request_log.columns import INPUT, PREDICTION
from trackside.endpoints.request_log.files import Parquet, Place
from trackside.endpoints.request_log.model import Range
from trackside.endpoints.request_log.types import META

INPUTS, PREDICTIONS = "inputs", "predictions"
NAME = "data.csv"
# The columns that link a row of the inputs with its prediction, by the log's own names.
TIES = {"_request_id": "CorrelationId", "_row": "Row", "_time": "Time"}
_FORMULA = r"^[=+\-@\t\r]"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Prefix(Struct, frozen=True):
    """The parent folders of the models' folders: subscription, resource group, workspace and endpoint."""

    subscription_id: str
    resource_group: str
    workspace: str
    endpoint: str

    @property
    def path(self) -> str:
        return "/".join(map(_segment, (self.subscription_id, self.resource_group, self.workspace, self.endpoint)))


def write(place: Place, wanted: Range, target: Path) -> None:
    """Write the rows of a range to one file, with all columns of the log.

    Raise Invalid if a later model changed the type of a column."""
    files = reading.files_of(place, wanted)
    schema = reading.schema_of(files)
    out = _Csv(target, list(schema.names), {})
    try:
        for table in reading.tables_of(files, wanted, schema):
            out.add(table)
    finally:
        out.close()


def write_days(place: Place, wanted: Range, prefix: Prefix, target: Path) -> None:
    """Write a zip: PREFIX/MODEL/VERSION/inputs|predictions/YYYY/MM/DD/data.csv.  Days are in UTC.

    Raise Invalid if the type of a column changed within a day."""
    folder = target.with_name(f"{target.name}.days")
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for day, files in groupby(reading.files_of(place, wanted), key=lambda file: file.day):
                _add_day(archive, prefix, day, list(files), wanted, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _add_day(
    archive: zipfile.ZipFile, prefix: Prefix, day: str, files: list[Parquet], wanted: Range, folder: Path
) -> None:
    disk.make_folder(folder)
    schema = reading.schema_of(files)
    of = {kind: [*TIES, *(name for name in schema.names if _kind(name) == kind)] for kind in (INPUTS, PREDICTIONS)}
    made: dict[tuple[str, str], _Csv] = {}
    try:
        for table in reading.tables_of(files, wanted, schema):
            for model in compute.unique(table["_model"]).to_pylist():
                rows = table.filter(compute.equal(table["_model"], model))
                for kind, names in of.items():
                    if (model, kind) not in made:
                        made[model, kind] = _Csv(folder / f"{len(made)}.csv", names, TIES)
                    made[model, kind].add(rows)
    finally:
        for file in made.values():
            file.close()
    for (model, kind), file in sorted(made.items()):
        archive.write(file.path, f"modeldata/{prefix.path}/{model_path(model)}/{kind}/{day.replace('-', '/')}/{NAME}")
        file.path.unlink()


def model_path(uri: str) -> str:
    """Return `iris/2` of `models:/iris/2`, and the parts of any other URI without its scheme."""
    return "/".join(_segment(part) for part in uri.partition(":")[2].split("/") if part)


def _segment(text: str) -> str:
    """Return a text as a valid folder name."""
    return quote(text, safe=" ") if text.strip(".") else text.replace(".", "%2E") or "_"


def _kind(name: str) -> str:
    if name in META.names:
        return ""
    return PREDICTIONS if name == PREDICTION or name.startswith(f"{PREDICTION}.") else INPUTS


class _Csv:
    """A file to which tables are appended, with columns by their names in the log, renamed by `names`."""

    def __init__(self, path: Path, columns: list[str], names: dict[str, str]) -> None:
        self.path = path
        self._columns = columns
        self._names = names
        self._file = path.open("wb")
        self._has_header = False

    def add(self, table: pa.Table) -> None:
        shown = pa.Table.from_arrays(
            [_shown(table[name]) for name in self._columns], list(map(self._named, self._columns))
        )
        csv.write_csv(shown, self._file, csv.WriteOptions(include_header=not self._has_header))
        self._has_header = True

    def close(self) -> None:
        self._file.close()

    def _named(self, name: str) -> str:
        if name in self._names:
            return self._names[name]
        # as the log does for a column with one of its own names
        other = f"{INPUT}.{name}" if name in self._names.values() else name
        return f"'{other}" if re.match(_FORMULA, other) else other


def _shown(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with values that CSV can hold."""
    if pa.types.is_timestamp(column.type):
        return compute.strftime(column, format=_TIME)
    if pa.types.is_nested(column.type):
        return pa.chunked_array([_as_json(column.to_pylist())])
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return pa.chunked_array([_encoded(column.to_pylist())])
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        is_formula = compute.match_substring_regex(column, _FORMULA)
        return compute.if_else(is_formula, compute.binary_join_element_wise("'", column, ""), column)
    return column


def _as_json(values: Iterable[Any]) -> pa.Array:
    return pa.array([None if value is None else json.dumps(value, default=str) for value in values], pa.string())


def _encoded(values: Iterable[bytes | None]) -> pa.Array:
    return pa.array([None if value is None else base64.b64encode(value).decode() for value in values], pa.string())
