"""Sums of parts add up to those of the whole, and distances from sums equal those from rows."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from support.runner.examples import examples
from trackside.drift import distances, sums, tables
from trackside.drift.sums import ColumnSums, TableSums

NUMBERS = some.lists(some.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=60)


def column(values: Sequence[float | str | None]) -> ColumnSums:
    return tables.summed(tables.column_of("c", pa.chunked_array([pa.array(values)])))


@given(NUMBERS, NUMBERS)
@settings(max_examples=examples(60))
def test_sums_of_numeric_columns_can_be_merged(one: list[float], other: list[float]) -> None:
    found = sums.merged([column([*one, None]), column(list(other))])
    whole = column([*one, None, *other])

    assert np.array_equal(found.points.values, whole.points.values)
    assert np.array_equal(found.points.counts, whole.points.counts)
    assert (found.rows, found.nulls) == (whole.rows, whole.nulls)


@given(some.lists(some.text(max_size=3), min_size=1), some.lists(some.text(max_size=3), min_size=1))
@settings(max_examples=examples(60))
def test_counts_of_categories_can_be_merged(one: list[str], other: list[str]) -> None:
    assert sums.merged([column(list(one)), column(list(other))]).labels == column([*one, *other]).labels


def test_compressed_points_change_a_distance_by_their_weight_at_most() -> None:
    dice = np.random.default_rng(3)
    one, other = dice.normal(size=300_000), dice.normal(0.2, 1, size=200_000)
    exact = distances.ks_statistic(sums.of_numbers(one), sums.of_numbers(other))
    parts = [sums.compressed(sums.of_numbers(each)) for each in np.array_split(one, 7)]
    small = sums.compressed(sums.merged_points(parts))

    found = distances.ks_statistic(small, sums.compressed(sums.of_numbers(other)))

    assert len(small.values) <= sums.MOST_POINTS
    assert small.size == len(one)
    assert (small.values[0], small.values[-1]) == (one.min(), one.max())
    assert found == pytest.approx(exact, abs=3 / sums.KEPT_POINTS)


def test_stored_sums_are_read_as_they_were() -> None:
    table = TableSums(
        4,
        {"n": replace(column([1.5, None, 2.5, 1.5]), name="n"), "t": replace(column(["a", "b", None, "a"]), name="t")},
    )

    found = sums.decode(sums.encode(table))

    assert found.rows == 4
    assert found.columns["n"].points.rows().tolist() == [1.5, 1.5, 2.5]
    assert (found.columns["t"].labels, found.columns["t"].nulls) == ({"a": 2, "b": 1}, 1)


def test_rare_categories_are_merged_into_a_rest() -> None:
    many = column([str(number) for number in range(2000)] + ["often"] * 5)

    found = sums.with_labels(many, many.labels.items())

    assert (found.labels["often"], len(found.labels), found.rest, found.size) == (5, sums.MOST_LABELS, 1001, 2005)
