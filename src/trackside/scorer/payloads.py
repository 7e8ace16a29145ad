"""Converts the body of a scoring request to the input of the engine.

Two kinds of requests are made of a body.  `Rows` are plain: the columns that the signature names, each value a JSON number or
boolean of the column's type.  A data frame is built from `Rows` directly, and several of them can be scored as one.  Everything
else is `Whole`: its bytes go to MLflow's own parser, so that answers and errors are MLflow's own.
"""

import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from trackside.scorer import tables
from trackside.scorer.answers import AZURE, JSON, MLFLOW
from trackside.scorer.tables import Column

MOST_PARSED_BYTES = 1 << 20  # larger bodies are parsed in a worker thread, by MLflow's parser

# The parser of pydantic, which MLflow needs, takes a sixth of the time of Python's for numbers; pydantic 1 has none.
_fast_loads: Optional[Callable[[bytes], Any]]
try:
    from pydantic_core import from_json as _fast_loads
except ImportError:
    _fast_loads = None

INT_RANGES = {"int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1)}


class Rows(NamedTuple):
    """Plain rows: `values[i][j]` belongs to the j-th column of the signature.

    `values` is an array where all columns have one type, else a list of rows."""

    values: Any
    dialect: str
    body: bytes
    content_type: str

    def whole(self) -> "RawBody":
        """Return the same request for MLflow's parser."""
        if self.dialect == MLFLOW:
            return RawBody(self.body, self.content_type)
        return RawBody(_encoded(_translated(loads(self.body))[1]), self.content_type, self.dialect)


class RawBody(NamedTuple):
    """A body for MLflow's parser."""

    body: bytes
    content_type: str
    dialect: str = MLFLOW


Request = Union[Rows, RawBody]


def read(body: bytes, content_type: Optional[str], columns: Optional[Sequence[Column]]) -> Request:
    """Parse a body.  `columns` is None for a model whose signature has other than plain columns."""
    media = JSON if content_type is None else content_type  # curl and some clients send none
    if not _is_plain_json(media) or len(body) > MOST_PARSED_BYTES:
        return RawBody(body, media)
    if columns:
        found = tables.of_floats(body, columns)
        if found is not None:
            return Rows(found[0], AZURE if found[1] else MLFLOW, body, media)
    try:
        parsed = loads(body)
    except (ValueError, RecursionError):
        return RawBody(body, media)
    if not isinstance(parsed, dict):
        return RawBody(body, media)
    dialect, document = _translated(parsed)
    if columns:
        values = _plain(document, columns)
        if values is not None:
            return Rows(values, dialect, body, media)
    return RawBody(body if dialect == MLFLOW else _encoded(document), media, dialect)


def loads(body: bytes) -> Any:
    """Return what `json.loads` returns.  Raise ValueError, RecursionError."""
    if _fast_loads is not None:
        try:
            return _fast_loads(body)
        except (
            ValueError
        ):  # Python's parser takes more: UTF-16, halves of surrogate pairs, documents that are nested deeper
            pass
    return json.loads(body)


def _is_plain_json(media: str) -> bool:
    kind, _, rest = media.partition(";")
    return kind.strip() == JSON and rest.strip().lower() in ("", "charset=utf-8")


def _translated(parsed: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
    """Return the dialect of a document, and the document in MLflow's dialect.

    Azure's clients send raw pandas split (`{"columns": ..., "data": ...}`, `mlflow.azureml.deploy` of 2021), or
    `{"input_data": ...}` with pandas split, a tensor, or named tensors."""
    if "input_data" in parsed and len(parsed.keys() - {"params"}) == 1:
        data = parsed["input_data"]
        inner = "dataframe_split" if _is_split(data) else "inputs"
        rest = {"params": parsed["params"]} if "params" in parsed else {}
        return AZURE, {inner: data, **rest}
    if _is_split(parsed):
        return AZURE, {"dataframe_split": parsed}
    return MLFLOW, parsed


def _is_split(data: Any) -> bool:
    return isinstance(data, dict) and {"columns", "data"} <= data.keys() <= {"columns", "data", "index"}


def _encoded(document: Dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _plain(document: Dict[str, Any], columns: Sequence[Column]) -> Any:
    """Return the rows of a document in the order of the signature, or None where MLflow's parser has to look."""
    if len(document) != 1:
        return None
    if "dataframe_split" in document:
        rows = _of_split(document["dataframe_split"], columns)
    elif "dataframe_records" in document:
        rows = _of_records(document["dataframe_records"], columns)
    else:
        return None
    if not rows:
        return None
    table = tables.of_rows(rows, columns)
    if table is not None:
        return table
    is_mixed = len({column.dtype for column in columns}) > 1
    return rows if is_mixed and all(_fits(row, columns) for row in rows) else None


def _of_split(split: Any, columns: Sequence[Column]) -> Optional[List[Sequence[Any]]]:
    if not isinstance(split, dict) or {"columns", "data"} != split.keys():
        return None
    names, data = split["columns"], split["data"]
    if not isinstance(names, list) or not isinstance(data, list) or not data:
        return None
    width = len(names)
    if not all(type(row) is list and len(row) == width for row in data):
        return None
    wanted = [column.name for column in columns]
    if names == wanted:
        return data
    if not all(isinstance(name, str) for name in names) or len(set(names)) != width or not set(wanted) <= set(names):
        return None
    places = [names.index(name) for name in wanted]
    return [[row[place] for place in places] for row in data]


def _of_records(records: Any, columns: Sequence[Column]) -> Optional[List[Sequence[Any]]]:
    if not isinstance(records, list) or not records:
        return None
    names = [column.name for column in columns]
    try:
        return [[record[name] for name in names] for record in records]
    except (KeyError, TypeError):
        return None


def _fits(row: Sequence[Any], columns: Sequence[Column]) -> bool:
    """Return whether each value has exactly its column's type, so that none of MLflow's casts applies."""
    for value, column in zip(row, columns):
        kind, dtype = type(value), column.dtype
        if kind is float:
            if dtype not in tables.FLOATS:
                return False
        elif kind is int:
            if dtype == "bool":
                return False
            if dtype in INT_RANGES:
                least, most = INT_RANGES[dtype]
                if not least <= value <= most:
                    return False
            elif not -tables.EXACT <= value <= tables.EXACT:
                return False
        elif kind is bool:
            if dtype != "bool":
                return False
        else:
            return False
    return True
