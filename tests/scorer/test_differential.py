"""The scorer answers what MLflow's own scoring server answers, byte for byte."""

import io
import json
import random
from typing import Any

import pytest

from scorer.conftest import COLUMNS, Scoring

pytestmark = pytest.mark.slow  # MLflow's server and ours take ten seconds to start

JSON = {"content-type": "application/json"}
ROWS: list[list[float]] = [[0.1, 1.0, 2.0], [1.5, -2.25, 3e-7], [0, 1, 2]]
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def of(document: Any) -> tuple[bytes, dict[str, str]]:
    return json.dumps(document).encode(), JSON


ALIKE: dict[str, tuple[bytes, dict[str, str]]] = {
    "split": of({"dataframe_split": {"columns": COLUMNS, "data": ROWS}}),
    "split with an index": of({"dataframe_split": {"columns": COLUMNS, "index": [5, 6, 7], "data": ROWS}}),
    "split in another order": of({"dataframe_split": {"columns": COLUMNS[::-1], "data": ROWS}}),
    "split with more columns": of({"dataframe_split": {"columns": [*COLUMNS, "d"], "data": [[*row, 1] for row in ROWS]}}),
    "split with a column twice": of({"dataframe_split": {"columns": ["a", "a", "b", "c"], "data": [[0, *row] for row in ROWS]}}),
    "split without columns": of({"dataframe_split": {"data": ROWS}}),
    "split that is a list": of({"dataframe_split": ROWS}),
    "split with an unknown field": of({"dataframe_split": {"columns": COLUMNS, "data": ROWS, "rows": 3}}),
    "split with a short row": of({"dataframe_split": {"columns": COLUMNS, "data": [[1.0, 2.0]]}}),
    "split without rows": of({"dataframe_split": {"columns": COLUMNS, "data": []}}),
    "records": of({"dataframe_records": RECORDS}),
    "one record": of({"dataframe_records": RECORDS[:1]}),
    "records that lack a column": of({"dataframe_records": [{"a": 1.0, "b": 2.0}]}),
    "records that are no list": of({"dataframe_records": RECORDS[0]}),
    "instances of records": of({"instances": RECORDS}),
    "inputs by column": of({"inputs": {name: [row[i] for row in ROWS] for i, name in enumerate(COLUMNS)}}),
    "inputs of records": of({"inputs": RECORDS}),
    "params": of({"dataframe_split": {"columns": COLUMNS, "data": ROWS}, "params": {"k": 1}}),
    "booleans in doubles": of({"dataframe_split": {"columns": COLUMNS, "data": [[True, 1.0, 2.0]]}}),
    "text in doubles": of({"dataframe_split": {"columns": COLUMNS, "data": [["x", 1.0, 2.0]]}}),
    "numbers as text": of({"dataframe_split": {"columns": COLUMNS, "data": [["1.5", 1.0, 2.0]]}}),
    "large integers": of({"dataframe_split": {"columns": COLUMNS, "data": [[2**60 + 1, 1, 2]]}}),
    "two formats": of({"dataframe_split": {"columns": COLUMNS, "data": ROWS}, "instances": ROWS}),
    "no format": of({"rows": ROWS}),
    "a list": of(ROWS),
    "a number": of(3),
    "no JSON": (b"{", JSON),
    "no UTF-8": (b'{"dataframe_split": "\xff"}', JSON),
    "an empty body": (b"", JSON),
    "CSV": (b"a,b,c\n0.1,1.0,2.0\n1.5,-2.25,3e-07\n0.0,1.0,2.0\n", {"content-type": "text/csv"}),
    "CSV in another charset": (b"a,b,c\n1,2,3\n", {"content-type": "text/csv; charset=latin-1"}),
    "a parameter of the type": (of({"dataframe_records": RECORDS})[0], {"content-type": "application/json; format=x"}),
    "a charset": (of({"dataframe_records": RECORDS})[0], {"content-type": "application/json; charset=UTF-8"}),
    "another type": (b"x", {"content-type": "application/xml"}),
}  # fmt: skip


def parquet() -> bytes:
    import pandas as pd  # takes a second: for the process that asks

    target = io.BytesIO()
    pd.DataFrame(ROWS, columns=COLUMNS).to_parquet(target)
    return target.getvalue()


def answer(scoring: Scoring, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, str]:
    reply = scoring.call("POST", "/invocations", body, headers)
    return reply.status, _without_trace(reply.body), reply.headers["content-type"].partition(";")[0]


def test_every_answer_equals_the_answer_of_mlflow(regression_scorer: Scoring, stock_scorer: Scoring) -> None:
    """One test for all bodies, because each test process with some of them would start both servers."""

    asked = {**ALIKE, "Parquet": (parquet(), {"content-type": "application/vnd.apache.parquet"})}

    ours = {name: answer(regression_scorer, *case) for name, case in asked.items()}
    theirs = {name: answer(stock_scorer, *case) for name, case in asked.items()}

    assert ours == theirs


def test_random_rows_are_scored_as_mlflow_scores_them(regression_scorer: Scoring, stock_scorer: Scoring) -> None:
    dice = random.Random(11)
    for _ in range(20):
        rows = [
            [dice.choice((dice.uniform(-9, 9), dice.randrange(-9, 9))) for _ in COLUMNS]
            for _ in range(dice.randrange(1, 9))
        ]
        document = {"dataframe_split": {"columns": COLUMNS, "data": rows}}

        assert regression_scorer.score(document).body == stock_scorer.score(document).body


@pytest.mark.parametrize("path", ["/ping", "/health", "/version"])
def test_health_and_version_are_those_of_mlflow(regression_scorer: Scoring, stock_scorer: Scoring, path: str) -> None:
    ours, theirs = regression_scorer.call("GET", path), stock_scorer.call("GET", path)

    assert (ours.status, ours.body) == (theirs.status, theirs.body)


def _without_trace(body: bytes) -> bytes:
    """A stack trace names lines of the code that ran."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    if isinstance(document, dict) and "stack_trace" in document:
        return json.dumps({**document, "stack_trace": ""}).encode()
    return body
