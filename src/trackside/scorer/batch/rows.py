"""Scores the rows of a frame.  A failing row is isolated by bisection and reported with its reason; the other rows are scored."""

from __future__ import annotations

from typing import Any, NamedTuple

from trackside.scorer.batch.order import OrderError
from trackside.scorer.model import Model

_NUMBERS = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32"}
_WHOLE = {"int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1)}
TRUTH = {"true": True, "false": False, "1": True, "0": False}
MAX_REASON = 500


class Failure(NamedTuple):
    place: int  # in the frame
    reason: str


class TooMany(Exception):
    """More rows failed than may."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__()
        self.failures = failures


class Scored(NamedTuple):
    """`places` are the rows of the frame that have a prediction, in order; `predictions` is a frame of as many rows."""

    places: Any
    predictions: Any
    failures: list[Failure]


def check_columns(model: Model, there: list[str]) -> list[str]:
    """Return the columns that the model reads.  Raise Wrong if the input lacks one; without a signature, all are read."""
    needed, optional = model.input_names()
    if needed is None:
        return there
    missing = [name for name in needed if name not in there]
    if missing:
        raise OrderError(f"the input lacks {_some(missing)}, which the model's signature needs; it has {_some(there)}")
    return [*needed, *(name for name in optional if name in there)]


def score(model: Model, frame: Any, most_failures: int) -> Scored:
    """Score a frame of the model's columns.  Raise TooMany beyond `most_failures`."""
    import numpy as np
    import pandas as pd

    frame = frame.reset_index(drop=True)
    frame, failures = cast(model, frame)
    if len(failures) > most_failures:
        raise TooMany(failures)
    lost = {failure.place for failure in failures}
    places = np.array([place for place in range(len(frame)) if place not in lost]) if lost else np.arange(len(frame))
    found: list[tuple[Any, Any]] = []
    waiting = [places] if len(places) else []
    while waiting:
        part = waiting.pop()
        rows = frame if len(part) == len(frame) else frame.iloc[part].reset_index(drop=True)
        try:
            found.append((part, _columns(model.predict_frame(_typed(model, rows)), len(part))))
        except Exception as fault:
            if isinstance(fault, OrderError):
                raise
            if len(part) == 1:
                failures.append(Failure(int(part[0]), _reason(fault)))
                if len(failures) > most_failures:
                    raise TooMany(failures) from None
                continue
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
    if not found:
        return Scored(np.array([], dtype="int64"), None, failures)
    kept = np.concatenate([part for part, _ in found])
    predictions = found[0][1] if len(found) == 1 else pd.concat([columns for _, columns in found], ignore_index=True)
    return Scored(kept, predictions, sorted(failures))


def cast(model: Model, frame: Any) -> tuple[Any, list[Failure]]:
    """Convert text to the numbers of the signature, and return the rows with invalid values."""
    import pandas as pd

    failures: dict[int, str] = {}
    changed = {}
    for name, kind, is_required in model.input_types():
        if name not in frame or kind not in {*_NUMBERS, "boolean"}:
            continue
        column = frame[name]
        if column.dtype.kind in "fiub" and not column.hasnans and _fits(column.dtype, kind):
            continue
        values, wrong = _numbers(column, kind) if kind != "boolean" else _booleans(column)
        missing = column.isna() | (
            column.astype(str).str.strip() == "" if column.dtype.kind == "O" or _is_text(column) else False
        )
        wrong &= ~missing
        if missing.any() and is_required and kind in ("long", "integer", "boolean"):
            for place in missing.to_numpy().nonzero()[0]:
                failures.setdefault(int(place), f"column {name!r} has no value, and the signature requires a {kind}")
        for place in wrong.to_numpy().nonzero()[0]:
            failures.setdefault(int(place), f"column {name!r} is {str(column.iloc[place])[:100]!r}, which is no {kind}")
        changed[name] = values
    if changed:
        frame = frame.assign(**{name: pd.Series(values, index=frame.index) for name, values in changed.items()})
    return frame, [Failure(place, reason) for place, reason in sorted(failures.items())]


def _typed(model: Model, frame: Any) -> Any:
    """Return the frame with the types of the signature, for columns with only valid values."""
    types = {}
    for name, kind, is_required in model.input_types():
        if name not in frame:
            continue
        dtype = "bool" if kind == "boolean" else _NUMBERS.get(kind)
        if dtype is None or str(frame[name].dtype) == dtype or (not is_required and frame[name].isna().any()):
            continue
        types[name] = dtype
    return frame.astype(types) if types else frame


def _fits(dtype: Any, kind: str) -> bool:
    if kind == "boolean":
        return bool(dtype.kind == "b")
    if kind in ("double", "float"):
        return dtype.kind in "fiu"
    return dtype.kind in "iu" and (kind == "long" or dtype.itemsize <= 4)


def _numbers(column: Any, kind: str) -> tuple[Any, Any]:
    import numpy as np
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce")
    if hasattr(values, "to_numpy") and str(values.dtype)[:1].isupper():  # a nullable type of pandas
        values = pd.Series(values.to_numpy(dtype="float64", na_value=np.nan), index=column.index)
    wrong = values.isna()
    if kind in ("long", "integer") and values.dtype.kind == "f":
        low, high = _WHOLE[_NUMBERS[kind]]
        wrong |= (values != values.round()) | (values < low) | (values > high)
    elif kind == "integer":
        low, high = _WHOLE["int32"]
        wrong |= (values < low) | (values > high)
    return values, wrong


def _booleans(column: Any) -> tuple[Any, Any]:
    values = column.map(lambda value: value if isinstance(value, bool) else TRUTH.get(str(value).strip().lower()))
    return values, values.isna()


def _is_text(column: Any) -> bool:
    return "str" in str(column.dtype).lower()


def _columns(found: Any, rows: int) -> Any:
    """Return predictions as a frame with a row for each row of the input.  Raise Wrong for other shapes."""
    import numpy as np
    import pandas as pd

    if isinstance(found, pd.DataFrame):
        frame = found.reset_index(drop=True)
        frame.columns = ["prediction" if len(frame.columns) == 1 else f"prediction_{name}" for name in frame.columns]
    elif isinstance(found, pd.Series):
        frame = pd.DataFrame({"prediction": found.reset_index(drop=True)})
    elif isinstance(found, np.ndarray) and found.ndim == 1:
        frame = pd.DataFrame({"prediction": found})
    elif isinstance(found, (np.ndarray, list)):
        frame = pd.DataFrame({"prediction": list(found)})
    elif isinstance(found, dict):
        frame = pd.DataFrame({f"prediction_{name}": list(values) for name, values in found.items()})
    else:
        raise OrderError(f"the model answers with a {type(found).__name__}; one value for each row is needed")
    if len(frame) != rows:
        raise OrderError(f"the model answers {rows} rows with {len(frame)} predictions; one for each row is needed")
    return frame


def _reason(fault: BaseException) -> str:
    text = f"{type(fault).__name__}: {fault}"
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"


def _some(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")
