"""Filters and orders in plain Python, by cases: random tests compare the SQL with this module."""

import math

import pytest

from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_python import Record, matches, number, ordered

NAN = math.nan
RECORD = Record(
    attributes={"status": "FINISHED", "start_time": 5, "end_time": None},
    params={"size": "10", "text": "b", "odd": "1x"},
    tags={"a": "Ab"},
    metrics={"m": {Aggregate.LAST: 2.0, Aggregate.MIN: -1.0}, "nan": {Aggregate.LAST: NAN}},
    datasets=[{"name": "d", "digest": "1"}, {"name": "e"}],
)


def test_a_clause_is_true_and_its_opposite_false(subtests: pytest.Subtests) -> None:
    cases = [
        "metrics.m = 2",
        "metrics.m != 3",
        "metrics.m < 3",
        "metrics.m <= 2",
        "metrics.m > 1",
        "metrics.m >= 2",
        "metrics.m BETWEEN 2 AND 3",
        "metrics.m BETWEEN 1 AND 2",
        "metrics.m NOT BETWEEN 3 AND 4",
        "metrics.m IN (1, 2)",
        "metrics.m NOT IN (1, 3)",
        "min(metrics.m) = -1",
        "metrics.m IS NOT NULL",
        "max(metrics.m) IS NULL",
        "metrics.none IS NULL",
        "end_time IS NULL",
        "params.none IS NULL",
        "tags.a IS NOT NULL",
        "metrics.nan != 1",
        "metrics.nan NOT IN (1)",
        "metrics.nan NOT BETWEEN 0 AND 1",
        "metrics.nan IS NOT NULL",
        "params.size = 10",
        "params.size < 11",
        "params.text = 'b'",
        "params.text BETWEEN 'b' AND 'b'",
        "status = 'FINISHED'",
        "start_time > 4",
        "tags.a LIKE 'A%'",
        "tags.a NOT LIKE 'a%'",
        "tags.a ILIKE 'AB'",
        "tags.a NOT ILIKE 'b%'",
        "tags.a CONTAINS 'B'",
        "tags.a NOT CONTAINS '_'",
        "tags.a = 'Ab'",
        "datasets.name = 'e'",
        "datasets.digest = '1'",
        "datasets.name != 'd'",
        "metrics.m = 1 OR tags.a = 'Ab'",
        "metrics.m = 2 AND tags.a = 'Ab'",
        "NOT metrics.m = 1",
        "NOT (metrics.m = 2 AND tags.a = 'x')",
    ]
    for text in cases:
        with subtests.test(text=text):
            assert matches(parse_filter(text, RUNS), RECORD)
            assert not matches(parse_filter(f"NOT ({text})", RUNS), RECORD)


def test_a_clause_is_false(subtests: pytest.Subtests) -> None:
    cases = [
        "metrics.m < 2",
        "metrics.m > 2",
        "metrics.m != 2",
        "metrics.m NOT BETWEEN 2 AND 3",
        "metrics.m NOT BETWEEN 1 AND 2",
        "metrics.m BETWEEN 3 AND 4",
        "metrics.none = 1",
        "metrics.none != 1",
        "metrics.nan = 1",
        "metrics.nan < 1",
        "metrics.nan IN (1)",
        "params.odd = 1",
        "params.odd != 1",
        "params.none != 'x'",
        "datasets.digest = '2'",
        "datasets.digest != '1'",
        "datasets.context = 'x'",
        "datasets.context != 'x'",
        "end_time < 9",
        "tags.none LIKE '%'",
        "metrics.m = 1 AND tags.a = 'Ab'",
    ]
    for text in cases:
        with subtests.test(text=text):
            assert not matches(parse_filter(text, RUNS), RECORD)


def test_every_run_matches_an_empty_filter() -> None:
    assert matches(None, RECORD)


def test_values_come_before_nan_and_nan_before_what_is_missing_in_both_directions() -> None:
    records = [
        Record({"run_id": str(i)}, params={} if text is None else {"p": text}, metrics=metric)
        for i, (text, metric) in enumerate(
            [
                (None, {}),
                ("x", {"m": {Aggregate.LAST: NAN}}),
                ("10", {"m": {Aggregate.LAST: 1.0}}),
                ("9", {"m": {Aggregate.LAST: 2.0}}),
                (" 9 ", {"m": {Aggregate.LAST: 2.0}}),
            ]
        )
    ]

    def by(*orders: str) -> list[int]:
        return [int(str(each.attributes["run_id"])) for each in ordered(records, parse_order_by(orders, RUNS))]

    assert by("metrics.m") == [2, 3, 4, 1, 0]  # those that are equal keep their places
    assert by("metrics.m DESC") == [3, 4, 2, 1, 0]
    assert by("number(params.p)") == [3, 4, 2, 1, 0]
    assert by("number(params.p) DESC") == [2, 3, 4, 1, 0]
    assert by("params.p") == [4, 2, 3, 1, 0]
    assert by("metrics.m DESC", "params.p DESC") == [3, 4, 2, 1, 0]
    assert by("metrics.m DESC", "params.p") == [4, 3, 2, 1, 0]


def test_a_text_is_a_number(subtests: pytest.Subtests) -> None:
    for text in ["0", "-1", "1.5", "1e5", "1E+05", " 1\t", "\n1\r", "0.0"]:
        with subtests.test(text=text):
            assert number(text) == float(text)


def test_a_text_is_not_a_number(subtests: pytest.Subtests) -> None:
    cases = ["", "01", "+1", ".5", "5.", "1e", "nan", "inf", "1_0", "٣", "0x1", "\x0b1", "1 2"]
    for text in cases:
        with subtests.test(text=text):
            assert number(text) is None
