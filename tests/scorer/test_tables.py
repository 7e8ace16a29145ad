"""Bodies of numbers become the arrays that the numbers of Python's JSON parser make."""

import json
import random
from typing import Any

import numpy as np
import pytest

from trackside.scorer import payloads, tables
from trackside.scorer.answers import AZURE, MLFLOW
from trackside.scorer.payloads import RawBody, Request, Rows, read
from trackside.scorer.tables import EXACT, Column

COLUMNS = ["a", "b", "c"]


def of_type(dtype: str) -> tuple[Column, ...]:
    return tuple(Column(name, dtype) for name in COLUMNS)


def split(rows: Any, **more: Any) -> bytes:
    return json.dumps({"dataframe_split": {"columns": COLUMNS, "data": rows, **more}}).encode()


def rows_of(request: Request) -> Rows:
    assert isinstance(request, Rows)
    return request


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_floats_are_those_of_pythons_parser(dtype: str) -> None:
    dice = random.Random(5)
    numbers = [
        dice.choice((dice.random(), dice.uniform(-1e300, 1e-300), dice.randrange(-EXACT, EXACT))) for _ in range(3000)
    ]
    body = split([numbers[at : at + 3] for at in range(0, 3000, 3)])

    found = rows_of(read(body, "application/json", of_type(dtype)))

    with np.errstate(over="ignore"):
        expected = np.array(json.loads(body)["dataframe_split"]["data"], dtype="float64").astype(dtype)
    assert found.values.dtype == dtype
    assert np.array_equal(found.values, expected)


@pytest.mark.parametrize(
    ("dtype", "row"),
    [("int64", [-(2**63), 2**63 - 1, 0]), ("int32", [-(2**31), 2**31 - 1, 0]), ("bool", [True, False, True])],
)
def test_integers_and_booleans_are_kept_exactly(dtype: str, row: list[int]) -> None:
    found = rows_of(read(split([row]), "application/json", of_type(dtype)))

    assert found.values.dtype == dtype
    assert found.values.tolist() == [row]


def test_a_value_that_does_not_fit_its_column_is_left_to_mlflow(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, list[Any]]] = [
        ("float64", [EXACT + 1, 0.5, 0.5]),
        ("float64", [-EXACT - 1, 0.5, 0.5]),
        ("float64", [2**70, 0.5, 0.5]),
        ("float64", [True, 0.5, 0.5]),
        ("float64", [None, 0.5, 0.5]),
        ("float64", ["1", 0.5, 0.5]),
        ("float64", [0.5, 0.5]),
        ("int64", [2**63, 0, 0]),
        ("int64", [1.0, 0, 0]),
        ("int32", [2**31, 0, 0]),
        ("int32", [True, 0, 0]),
        ("bool", [1, 0, 0]),
    ]
    for dtype, row in cases:
        with subtests.test(dtype=dtype, row=row):
            assert isinstance(read(split([row]), "application/json", of_type(dtype)), RawBody)


@pytest.mark.parametrize(
    "start",
    ['{"dataframe_split": ', ' {"params": {}, "dataframe_split": ', '{"dataframe_split": 1, "dataframe_split": '],
)
def test_other_documents_with_the_same_beginning_are_read_by_the_general_parser(start: str) -> None:
    body = f'{start}{{"columns": ["a", "b", "c"], "data": [[1.5, 2, 3]], "index": [7]}}}}'.encode()

    assert isinstance(read(body, "application/json", of_type("float64")), RawBody)


def test_azures_dialect_is_told_from_mlflows_and_can_be_given_to_its_parser() -> None:
    inner = {"columns": COLUMNS, "data": [[1.5, 2, 3]]}
    mlflow = rows_of(read(split([[1.5, 2, 3]]), None, of_type("float64")))
    azure = rows_of(read(json.dumps({"input_data": inner}).encode(), None, of_type("float64")))

    assert (mlflow.dialect, azure.dialect) == (MLFLOW, AZURE)
    assert mlflow.values.tolist() == azure.values.tolist() == [[1.5, 2.0, 3.0]]
    assert json.loads(azure.whole().body) == {"dataframe_split": inner}
    assert azure.whole().dialect == AZURE


def test_the_general_parser_makes_the_same_arrays_as_the_fast_one(monkeypatch: pytest.MonkeyPatch) -> None:
    body = split([[1, 2.5, -3], [0.1, 1e-9, 7]])
    fast = rows_of(read(body, None, of_type("float64")))

    monkeypatch.setattr(tables, "HAS_MSGSPEC", False)  # the environment of a model may lack it
    monkeypatch.setattr(payloads, "_fast_loads", None)
    slow = rows_of(read(body, None, of_type("float64")))

    assert np.array_equal(fast.values, slow.values)


def test_columns_of_several_types_stay_rows() -> None:
    mixed = (Column("a", "float64"), Column("b", "int64"), Column("c", "bool"))

    assert rows_of(read(split([[1.5, 2, True]]), None, mixed)).values == [[1.5, 2, True]]
    assert isinstance(read(split([[1.5, 2.5, True]]), None, mixed), RawBody)
