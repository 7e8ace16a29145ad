"""A table as JSON lines.  Every value is written exactly: a fraction with the digits that restore it, an integer with all of its
digits.

JSON lacks some values: NaN, infinities and missing values are `null`, times are ISO 8601 texts, and bytes are base64.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring_ascii  # also escapes U+2028, at which some readers divide lines
from typing import Any

_NONE = "null"


def lines(columns: list[tuple[str, list[str]]]) -> str:
    """Return a line for each row of columns of JSON texts; nothing for a table without columns."""
    names = [json.dumps(name).replace("%", "%%") for name, _ in columns]
    template = "{" + ",".join(f"{name}:%s" for name in names) + "}\n"
    return "".join([template % row for row in zip(*(texts for _, texts in columns))])


def texts(column: Any) -> list[str]:
    """Return the values of a column of Arrow as JSON."""
    return [text for chunk in column.chunks for text in _texts(chunk)]


def texts_of_series(column: Any) -> list[str]:
    """Return the values of a column of pandas as JSON."""
    pairs = zip(column.tolist(), column.isna().tolist())
    return [_NONE if is_missing else text_of(value) for value, is_missing in pairs]


def text_of(value: Any) -> str:
    if isinstance(value, float):  # the most frequent values
        return float.__repr__(value) if math.isfinite(value) else _NONE
    return str(value) if isinstance(value, Decimal) and value.is_finite() else json.dumps(plain(value))


def plain(value: Any) -> Any:
    """Return a value of Arrow as JSON has it, all the way down: a JSON text is as valid in a cell of CSV."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (Decimal, timedelta)):
        return str(value)
    return value


def _texts(chunk: Any) -> list[str]:
    import pyarrow as pa

    kind = chunk.type
    if pa.types.is_dictionary(kind):
        words = _texts(chunk.dictionary)
        return [_NONE if index is None else words[index] for index in chunk.indices.to_pylist()]
    if pa.types.is_floating(kind):
        values = chunk.to_numpy(zero_copy_only=False).astype("float64").tolist()  # missing values are NaN
        return [float.__repr__(value) if math.isfinite(value) else _NONE for value in values]
    if pa.types.is_integer(kind):
        return [_NONE if value is None else str(value) for value in chunk.to_pylist()]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [_NONE if value is None else encode_basestring_ascii(value) for value in chunk.to_pylist()]
    return [text_of(value) for value in chunk.to_pylist()]
