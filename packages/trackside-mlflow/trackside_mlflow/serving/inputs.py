"""Converts data of the caller to the JSON of an endpoint.  Imports neither numpy nor pandas."""

from __future__ import annotations

import base64
import json
from datetime import date, time
from typing import Any

from trackside_mlflow.errors import ConfigError

# Keys by which a server recognizes its formats.
FORMATS = frozenset({"dataframe_split", "dataframe_records", "instances", "inputs", "input_data", "messages", "input"})


def encoded(data: Any) -> bytes:
    """Return the body for a DataFrame, a Series, an array, a list, a dict, or for JSON that is text already.

    A dict with a key of MLflow's formats (or Azure's `input_data`) is sent unchanged; any other dict has a value for each
    input."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        try:
            json.loads(data)
        except ValueError as fault:
            raise ConfigError(
                f"the data is text that is not JSON ({fault}); pass JSON, a DataFrame, an array or a dict"
            ) from None
        return data.encode()
    try:
        return json.dumps(document(data), default=_plain, allow_nan=True).encode()
    except TypeError as fault:
        raise ConfigError(f"the data cannot be sent as JSON: {fault}") from None


def document(data: Any) -> Any:
    """Return the JSON object for the data; its values may still be numpy or pandas objects."""
    if _is_frame(data):
        return {"dataframe_split": _split(data)}
    if hasattr(data, "to_frame"):  # a Series
        return {"dataframe_split": _split(data.to_frame())}
    if isinstance(data, dict):
        is_azures_split = {"columns", "data"} <= set(data)
        return data if FORMATS & set(data) or is_azures_split else {"inputs": data}
    if isinstance(data, (list, tuple)) and data and all(isinstance(row, dict) for row in data):
        return {"dataframe_records": list(data)}
    if isinstance(data, (list, tuple)) or hasattr(data, "tolist"):
        return {"inputs": data}
    raise ConfigError(
        f"the data is a {type(data).__name__}; it must be a DataFrame, a Series, an array, a list, a dict, or JSON as text"
    )


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") and hasattr(data, "iloc")


def _split(frame: Any) -> Any:
    # One column at a time keeps the type of each: `values` of the whole would make 1 and True of two columns 1.0.
    columns = [frame.iloc[:, place] for place in range(len(frame.columns))]
    values = [column.astype(object).where(column.notna(), None).tolist() for column in columns]
    rows = [list(row) for row in zip(*values)] if columns else [[] for _ in range(len(frame))]
    return {"columns": list(frame.columns), "data": rows}


def _plain(value: Any) -> Any:
    """Return a JSON value for objects that the encoder does not support."""
    if isinstance(value, (date, time)):  # a Timestamp is a datetime, which is a date
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    if hasattr(value, "tolist"):  # an array, or a number of numpy
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")
