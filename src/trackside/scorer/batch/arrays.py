"""Columns of Arrow as arrays of numpy and back, without pandas, which `pyarrow.array` imports.

For models that take arrays (`plain_sklearn`), a table of numbers never becomes a frame.
"""

from __future__ import annotations

from typing import Any

from trackside.scorer.model import Model


def of_numpy(values: Any) -> Any:
    """Return a one-dimensional array of numbers as Arrow's, which shares its memory."""
    import numpy as np
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def repeated(text: str, count: int) -> Any:
    """Return an array that has the same text `count` times."""
    import numpy as np
    import pyarrow as pa

    content = text.encode()
    bounds = np.array([0, len(content)], np.int32)
    once = pa.StringArray.from_buffers(1, pa.py_buffer(bounds), pa.py_buffer(content))
    return pa.DictionaryArray.from_arrays(of_numpy(np.zeros(count, np.int8)), once)


def predictions(model: Model, rows: Any) -> Any:
    """Return a table with the predictions for a batch of Arrow; None where a frame is needed.

    That is so for other models, for values that are missing or have another type, and if the model raises or does not answer each
    row with one number."""
    import pyarrow as pa

    if not model.takes_arrays or model.columns is None:
        return None
    found = []
    for name, dtype in model.columns:
        values = _plain(rows.column(name), dtype)
        if values is None:
            return None
        found.append(values)
    try:
        answer = model.predict_columns(found)
    except Exception:  # noqa: BLE001  # the failing rows are found row by row
        return None
    is_plain = getattr(answer, "ndim", 0) == 1 and len(answer) == rows.num_rows
    if not is_plain or str(answer.dtype) not in ("float64", "float32", "int64", "int32"):
        return None
    return pa.table([of_numpy(answer)], names=["prediction"])


def _plain(column: Any, dtype: str) -> Any:
    """Return a view of a column that has exactly this type, and a value in each row; None for any other."""
    import numpy as np
    import pyarrow as pa

    if dtype == "bool" or column.null_count or column.type != pa.from_numpy_dtype(np.dtype(dtype)):
        return None
    return np.frombuffer(column.buffers()[1], dtype, len(column), column.offset * np.dtype(dtype).itemsize)
