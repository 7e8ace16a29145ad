"""Detects the columns of a CSV file with numbers or booleans, and their values in JSON lines.

The model's signature decides for the columns that it names.  Any other column is numeric if all of its values are numbers in
canonical form: `00123` is an id, and so is a whole number of more than 15 digits, which many JSON readers round.
"""

from __future__ import annotations

import json
from typing import Any

from trackside.scorer import without_mlflow
from trackside.scorer.batch import inputs, rows
from trackside.scorer.batch.order import Order

WHOLE, NUMBER, TRUTH = "whole", "number", "truth"
_OF_SIGNATURE = {"long": WHOLE, "integer": WHOLE, "double": NUMBER, "float": NUMBER, "boolean": TRUTH}
_WHOLE = r"^(-?(0|[1-9][0-9]{0,14}))?$"
_NUMBER = r"^(-?((0|[1-9][0-9]{0,14})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?)?$"


def kinds(order: Order) -> dict[str, str]:
    """Return the kind of each column of the output that is more than text; nothing unless CSV becomes JSON lines."""
    if (order.input_format, order.output_format) != ("csv", "jsonl"):
        return {}
    there = inputs.columns_of(order)
    named = _signature(order.model)
    kept = there if order.columns is None else order.columns
    found = {name: _OF_SIGNATURE[named[name]] for name in kept if named.get(name) in _OF_SIGNATURE}
    return found | _by_values(order, [name for name in kept if name not in named])


def values(column: Any, kind: str) -> Any:
    """Return a column of texts as numbers or truth values; one without a text is None."""
    import pandas as pd

    texts = column.fillna("").str.strip()  # Spark reads an empty cell as none
    if kind == TRUTH:
        return texts.map(lambda text: rows.TRUTH.get(text.lower()))
    if kind == NUMBER:
        return pd.to_numeric(texts, errors="coerce")
    return texts.map(_whole).astype("Int64")


def _whole(text: str) -> int | None:
    """Return a whole number, exactly; it may be written as `5.0`."""
    try:
        return int(text)
    except ValueError:
        return int(float(text)) if text else None


def _by_values(order: Order, names: list[str]) -> dict[str, str]:
    """Read all of the input.  A column without any value is text."""
    import pyarrow.compute as pc

    kinds, filled = dict.fromkeys(names, WHOLE), set()
    for unit in inputs.units(order):
        batch, _ = unit.data
        if not batch.num_rows:  # only lines that cannot be read
            continue
        for name in list(kinds):
            column = batch.column(name)
            if kinds[name] == WHOLE and not pc.all(pc.match_substring_regex(column, _WHOLE)).as_py():
                kinds[name] = NUMBER
            if kinds[name] == NUMBER and not pc.all(pc.match_substring_regex(column, _NUMBER)).as_py():
                del kinds[name]
            elif name not in filled and pc.any(pc.not_equal(column, "")).as_py():
                filled.add(name)
        if not kinds:
            break
    return {name: kind for name, kind in kinds.items() if name in filled}


def _signature(model: str) -> dict[str, str]:
    """Return MLflow's type of each column in the signature; empty for a model without a signature of columns."""
    document: Any = without_mlflow.described(model).get("signature")
    try:
        inputs_of = json.loads(document["inputs"])
        return {each["name"]: each["type"] for each in inputs_of if isinstance(each["type"], str)}
    except (KeyError, TypeError, ValueError):
        return {}
