"""Decodes scoring requests and answers into columns.  Pure.

The formats are those of the scorer: MLflow's, and Azure's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

PREDICTION = "prediction"
INPUT = "input"  # the column of a model with an unnamed input

Columns = dict[str, list[Any]]


class Unreadable(Exception):
    """The bytes are not a table."""


def inputs(body: bytes, names: Sequence[str]) -> tuple[Columns, int]:
    """Return the columns of a JSON request, and the number of rows.  `names` are those of the signature, for rows without names.

    Raise Unreadable."""
    document = _decoded(body)
    if not isinstance(document, Mapping):
        raise Unreadable
    for key in ("dataframe_split", "dataframe_records", "instances", "inputs", "input_data"):
        if key in document:
            return _table(document[key], names)
    if {"columns", "data"} <= document.keys():
        return _table(document, names)
    raise Unreadable


def outputs(body: bytes, rows: int) -> Columns:
    """Return the columns of an answer: `prediction`, or `prediction.<name>` for named predictions.

    The column is empty if the predictions do not correspond to the rows.  Raise Unreadable."""
    document = _decoded(body)
    found = document.get("predictions", document) if isinstance(document, Mapping) else document
    if isinstance(found, list) and len(found) == rows:
        if found and all(isinstance(each, Mapping) for each in found):
            columns, _ = _of_records(found)
            return {f"{PREDICTION}.{name}": values for name, values in columns.items()}
        return {PREDICTION: found}
    if isinstance(found, Mapping) and all(isinstance(each, list) and len(each) == rows for each in found.values()):
        return {f"{PREDICTION}.{name}": list(values) for name, values in found.items()}
    return {}


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(body)  # it accepts NaN, like MLflow
    except (ValueError, RecursionError):
        raise Unreadable from None


def _table(data: Any, names: Sequence[str]) -> tuple[Columns, int]:
    if isinstance(data, Mapping):
        if "data" in data and data.keys() <= {"columns", "data", "index"}:
            given = data.get("columns")
            if not isinstance(data["data"], list):
                raise Unreadable
            return _of_rows(data["data"], [str(each) for each in given] if isinstance(given, list) else names)
        return _of_columns(data)
    if not isinstance(data, list):
        return {INPUT: [data]}, 1
    if data and all(isinstance(row, Mapping) for row in data):
        return _of_records(data)
    return _of_rows(data, names)


def _of_columns(data: Mapping[str, Any]) -> tuple[Columns, int]:
    sizes = {len(each) if isinstance(each, list) else 1 for each in data.values()}
    if len(sizes) != 1:
        raise Unreadable
    return {name: each if isinstance(each, list) else [each] for name, each in data.items()}, sizes.pop()


def _of_records(records: Sequence[Mapping[str, Any]]) -> tuple[Columns, int]:
    names = list(dict.fromkeys(name for record in records for name in record))
    return {name: [record.get(name) for record in records] for name in names}, len(records)


def _of_rows(rows: Sequence[Any], names: Sequence[str]) -> tuple[Columns, int]:
    widths = {len(row) if isinstance(row, list) else -1 for row in rows}
    if widths == {len(names)} and names:
        return {name: [row[at] for row in rows] for at, name in enumerate(names)}, len(rows)
    if widths == {-1} and len(names) == 1:
        return {names[0]: list(rows)}, len(rows)
    return {INPUT: list(rows)}, len(rows)
