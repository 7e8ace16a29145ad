"""Converts columns of Python values to Arrow tables by the model's signature.

A value that does not fit its column's type becomes null, and the row's `_misfits` names the column.
"""

import base64
import json
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from msgspec import Struct

from trackside.endpoints.request_log.columns import PREDICTION, Columns

# MLflow's names of types.
_TYPES: dict[str, pa.DataType] = {
    "double": pa.float64(),
    "float": pa.float32(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "datetime": pa.timestamp("us"),
}
META = pa.schema(
    [
        ("_request_id", pa.string()),
        ("_row", pa.int32()),  # of the request
        ("_time", pa.timestamp("ms", "UTC")),
        ("_deployment", pa.string()),
        ("_generation", pa.int32()),
        ("_model", pa.string()),
        ("_latency_ms", pa.float32()),
        ("_misfits", pa.list_(pa.string())),
    ]
)


class Signature(Struct, frozen=True):
    """Names and types of a model's inputs and outputs, in MLflow's terms; empty for a model without a signature."""

    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []

    @property
    def names(self) -> list[str]:
        return [each["name"] for each in self.inputs if each.get("name")]

    def types(self) -> dict[str, pa.DataType]:
        """Return the Arrow type of each column; columns of other types are stored as JSON text."""
        found = {each["name"]: _type(each) for each in self.inputs if each.get("name")}
        named = [each for each in self.outputs if each.get("name")]
        found |= {f"{PREDICTION}.{each['name']}": _type(each) for each in named}
        if len(self.outputs) == 1:
            found[PREDICTION] = _type(self.outputs[0], is_tensor_of_rows=True)
        return found


def table(inputs: Columns, outputs: Columns, meta: Mapping[str, list[Any]], signature: Signature) -> pa.Table:
    """Return a table of the meta columns, the inputs by their names, and the predictions.

    An input with the name of another column gets the prefix `input.`"""
    types = signature.types()
    arrays: dict[str, pa.Array] = {}
    misfits: list[list[str]] = [[] for _ in meta["_row"]]
    taken = {*META.names, *outputs}
    for is_input, columns in ((True, inputs), (False, outputs)):
        for name, values in columns.items():
            arrays[f"input.{name}" if is_input and name in taken else name] = _array(
                name, values, types.get(name), misfits
            )
    fields = {name: pa.array(values, META.field(name).type) for name, values in meta.items()}
    fields["_misfits"] = pa.array([each or None for each in misfits], META.field("_misfits").type)
    return pa.table({**{name: fields[name] for name in META.names}, **arrays})


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of all tables.  A column without a common type, such as numbers and text, becomes text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        mixed = {name for name in {name for each in tables for name in each.column_names} if _is_mixed(name, tables)}
        return pa.concat_tables([_as_texts(each, mixed) for each in tables], promote_options="permissive")


def _is_mixed(name: str, tables: Sequence[pa.Table]) -> bool:
    kinds = [pa.schema([each.schema.field(name)]) for each in tables if name in each.column_names]
    try:
        pa.unify_schemas(kinds, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return True
    return False


def _as_texts(given: pa.Table, mixed: Container[str]) -> pa.Table:
    kinds = [pa.field(each.name, pa.string()) if each.name in mixed else each for each in given.schema]
    return given.cast(pa.schema(kinds))


def _type(column: Mapping[str, Any], *, is_tensor_of_rows: bool = False) -> pa.DataType:
    given = column.get("type", "")
    if given == "tensor" and is_tensor_of_rows:
        tensor = column.get("tensor-spec", {})
        if tensor.get("shape") == [-1]:
            return _OF_NUMPY.get(tensor.get("dtype", ""), pa.string())
    return _TYPES.get(given, pa.string()) if isinstance(given, str) else pa.string()


_OF_NUMPY: dict[str, pa.DataType] = {
    "float64": pa.float64(), "float32": pa.float32(), "int64": pa.int64(), "int32": pa.int32(), "bool": pa.bool_(),
    "str": pa.string(), "object": pa.string(),
}  # fmt: skip


def _array(name: str, values: list[Any], wanted: pa.DataType | None, misfits: list[list[str]]) -> pa.Array:
    if wanted is None:
        wanted = _guessed(values)
    if pa.types.is_string(wanted):
        return pa.array([_text(value) for value in values], wanted)
    if pa.types.is_timestamp(wanted):
        wanted, values = pa.string(), [_text(value) for value in values]
        try:
            return pa.array(values, wanted).cast(pa.timestamp("us"))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return pa.array(values, wanted)
    try:
        return pa.array(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, TypeError, ValueError):
        fitting = [_fitted(value, wanted) for value in values]
        for at, (value, kept) in enumerate(zip(values, fitting, strict=True)):
            if value is not None and kept is None:
                misfits[at].append(name)
        return pa.array(fitting, wanted)


def _fitted(value: Any, wanted: pa.DataType) -> Any:
    """Return the value converted to the type; None if it does not fit."""
    if value is None or isinstance(value, list | dict):
        return None
    convert: Callable[[Any], Any] = bool if pa.types.is_boolean(wanted) else float
    if pa.types.is_integer(wanted):
        convert = int
    if pa.types.is_boolean(wanted) and not isinstance(value, bool):
        return None
    if isinstance(value, str):
        return None
    try:
        return pa.scalar(convert(value), wanted).as_py()
    except (pa.ArrowInvalid, OverflowError, ValueError, TypeError):
        return None


def _guessed(values: Sequence[Any]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {bool}:
        return pa.bool_()
    if kinds and kinds <= {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pa.int64()
    return pa.float64() if kinds and kinds <= {int, float} else pa.string()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | time | timedelta | Decimal):  # of CSV and Parquet
        return str(value)
    return json.dumps(value, default=str)
