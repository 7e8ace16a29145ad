"""Rows of JSON numbers as arrays.

An array takes a third of the memory of Python's numbers.  Requests that wait for the model therefore hold arrays, and the
numbers of each body are freed before the next body is parsed.
"""

import struct
from itertools import chain
from typing import Any, List, NamedTuple, Optional, Sequence, Set, Tuple

try:
    import msgspec
except ImportError:
    HAS_MSGSPEC = False  # the environment of a model may lack it: `payloads.loads` reads the body then
else:
    HAS_MSGSPEC = True

FLOATS = frozenset({"float64", "float32"})
INTEGERS = frozenset({"int64", "int32"})
EXACT = 2**53  # float64 holds each integer up to this one
_FORMATS = {"int64": "q", "int32": "i"}
_KEY_WITHIN = 64  # bytes: where the first key of a document is looked for


class Column(NamedTuple):
    """A column of the signature: its name and its numpy type (float64, float32, int64, int32 or bool)."""

    name: str
    dtype: str


if HAS_MSGSPEC:

    class _Floats(msgspec.Struct, forbid_unknown_fields=True, gc=False):
        columns: List[str]
        data: List[List[float]]

    class _FloatsOfMlflow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
        dataframe_split: _Floats

    class _FloatsOfAzure(msgspec.Struct, forbid_unknown_fields=True, gc=False):
        input_data: _Floats

    _of_mlflow = msgspec.json.Decoder(_FloatsOfMlflow)
    _of_azure = msgspec.json.Decoder(_FloatsOfAzure)


def of_floats(body: bytes, columns: Sequence[Column]) -> Optional[Tuple[Any, bool]]:
    """Return the array of a document in pandas split format, and whether the document is in Azure's dialect (`input_data`).

    Return None for a body that has to be read in another way: it has other columns, other types, or a number that float64 does
    not hold exactly."""
    dtype = columns[0].dtype
    if not HAS_MSGSPEC or dtype not in FLOATS or any(column.dtype != dtype for column in columns):
        return None
    start = body[:_KEY_WITHIN]
    is_azure = b'"input_data"' in start
    if not is_azure and b'"dataframe_split"' not in start:
        return None
    try:
        split = _of_azure.decode(body).input_data if is_azure else _of_mlflow.decode(body).dataframe_split
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if split.columns != [column.name for column in columns]:
        return None
    table = _packed(split.data, len(columns), dtype)
    # The decoder makes floats of integers: a large one may have been rounded.
    if table is None or table.max() >= EXACT or table.min() <= -EXACT:
        return None
    return table, is_azure


def of_rows(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Optional[Any]:
    """Return the array of rows if all columns have one type and each value has exactly that type; None for other rows."""
    import numpy as np

    dtype = columns[0].dtype
    if any(column.dtype != dtype for column in columns):
        return None
    kinds: Set[Any] = set(map(type, chain.from_iterable(rows)))
    if dtype == "bool":
        return np.array(rows, dtype=bool) if kinds == {bool} else None
    if dtype in INTEGERS:
        return _packed(rows, len(columns), dtype) if kinds == {int} else None
    if not kinds <= {float, int} or (int in kinds and not _are_exact(rows)):
        return None
    return _packed(rows, len(columns), dtype)


def joined(tables: Sequence[Any]) -> Any:
    """Return the rows of all tables, each an array or a list of rows."""
    if all(isinstance(table, list) for table in tables):
        return list(chain.from_iterable(tables))
    import numpy as np

    return np.concatenate(tables)


def _packed(rows: Sequence[Sequence[Any]], width: int, dtype: str) -> Optional[Any]:
    """Return an array of the rows; None if one has another width or a number does not fit.

    `struct` takes a fourth of the time of `numpy.array`, which looks for the shape and the type first."""
    import numpy as np

    if set(map(len, rows)) != {width}:
        return None
    table: Any = np.empty((len(rows), width), "float64" if dtype in FLOATS else dtype)
    try:
        struct.pack_into(f"={table.size}{_FORMATS.get(dtype, 'd')}", table, 0, *chain.from_iterable(rows))
    except (struct.error, OverflowError):
        return None
    if dtype != "float32":
        return table
    with np.errstate(over="ignore"):  # too large a number is an infinity, as in MLflow
        return table.astype(np.float32)


def _are_exact(rows: Sequence[Sequence[Any]]) -> bool:
    return all(type(value) is float or -EXACT <= value <= EXACT for value in chain.from_iterable(rows))
