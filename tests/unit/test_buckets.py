"""Buckets equal those of plain Python for the same points in any blocks."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.metrics import buckets as b
from trackside.metrics.columns import Columns, Odd
from trackside.metrics.series import DOUBLE_MAX, Point, pack, rank

VALUES = [0.0, 1.0, -1.0, 2.5, math.nan, DOUBLE_MAX, -DOUBLE_MAX]
STEPS = st.integers(-3, 12) | st.sampled_from([-(2**63), 2**63 - 1])
points = st.lists(st.tuples(STEPS, st.integers(0, 5), st.sampled_from(VALUES)), max_size=30, unique_by=repr)


@given(points=points, most=st.integers(1, 8), size=st.integers(1, 30))
def test_blocks_of_points_give_the_buckets_of_all_of_them(points: list[Point], most: int, size: int) -> None:
    steps = [step for step, _, _ in points] or [0]
    grid = b.whole_grid(min(steps), max(steps), most)
    made = b.Buckets(grid)

    for start in range(0, len(points), size):
        block = b.ordered(b.unpacked(pack(points[start : start + size])), "step")
        made.add(block, block["step"], block["step"], block["time"])

    assert grid.count <= most
    assert made.columns() == expected(points, grid)


@given(points=points)
def test_points_are_ordered_as_mlflow_ranks_them(points: list[Point]) -> None:
    ordered = b.ordered(b.unpacked(pack(points)), "step").tolist()

    assert list(map(repr, ordered)) == list(map(repr, sorted(points, key=rank)))


@given(
    x=st.lists(st.floats(-10, 10), min_size=1, max_size=60),
    most=st.integers(1, 6),
    size=st.integers(1, 60),
)
def test_a_grid_of_reals_has_a_place_for_each(x: list[float], most: int, size: int) -> None:
    grid = b.real_grid(min(x), max(x), most)
    made = b.Buckets(grid)
    block = b.unpacked(pack([(i, 0, float(i)) for i in range(len(x))]))

    for start in range(0, len(x), size):
        some = slice(start, start + size)
        made.add(block[some], np.array(x)[some], block["step"][some], block["time"][some])

    columns = made.columns()
    places: dict[int, list[int]] = {}
    for i, value in enumerate(x):
        place = math.floor((value - grid.start) / grid.width)
        places.setdefault(min(max(place, 0), grid.count - 1), []).append(i)
    assert columns.bucket == sorted(places)
    assert all(0 <= bucket < most for bucket in columns.bucket)
    own = [places[bucket] for bucket in columns.bucket]
    assert columns.count == list(map(len, own))
    assert columns.x == [x[some[-1]] for some in own]  # of the last point
    assert (columns.last, columns.min) == ([some[-1] for some in own], [some[0] for some in own])


def test_of_points_at_one_place_the_greater_is_the_last_one_and_nan_comes_after_zero() -> None:
    for values, last in (([1.0, -1.0], 1.0), ([-1.0, 1.0], 1.0), ([0.0, math.nan], None), ([math.nan, 0.0], None)):
        made = b.Buckets(b.whole_grid(0, 0, 1))
        for value in values:
            block = b.unpacked(pack([(0, 0, value)]))
            made.add(block, block["step"], block["step"], block["time"])

        assert made.columns().last == [last]


def test_a_metric_on_x_is_matched_by_step() -> None:
    steps, values = b.last_of_steps(b.unpacked(pack([(2, 0, 5.0), (1, 9, 3.0), (1, 4, 2.0), (4, 0, math.nan)])))
    found, x = b.matched(b.unpacked(pack([(1, 0, 10.0), (2, 0, 20.0), (3, 0, 30.0), (4, 0, 40.0)])), steps, values)

    assert steps.tolist() == [1, 2, 4]
    assert (found["value"].tolist(), x.tolist()) == ([10.0, 20.0], [3.0, 5.0])


logged = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from(VALUES)), max_size=12, unique_by=repr)


@given(x=logged, y=logged, is_same=st.booleans())
def test_points_have_the_last_value_of_another_metric_at_their_step(
    x: list[Point], y: list[Point], is_same: bool
) -> None:
    if is_same:  # most metrics are logged at the same steps
        y = [(step, 9, float(step)) for step in sorted({step for step, _, _ in x})]
    last = {step: value for step, _, value in sorted(x, key=rank)}

    steps, values = b.last_of_steps(b.unpacked(pack(x)))
    block = b.ordered(b.unpacked(pack(y)), "step")
    found, matched = b.matched(block, steps, values)

    assert list(map(repr, zip(steps.tolist(), values.tolist(), strict=True))) == list(map(repr, sorted(last.items())))
    fits = [point for point in block.tolist() if abs(last.get(point[0], math.inf)) < DOUBLE_MAX]
    assert list(map(repr, found.tolist())) == list(map(repr, fits))
    assert matched.tolist() == [last[point[0]] for point in fits]


def expected(points: Sequence[Point], grid: b.Grid) -> Columns:
    places: dict[int, list[Point]] = {}
    for point in sorted(points, key=rank):
        places.setdefault(int((point[0] - grid.start) // grid.width), []).append(point)
    columns = Columns([], [], [], [], [], [], [], Odd([], [], [], [], []))
    for bucket, own in sorted(places.items()):
        finite = [value for _, _, value in own if abs(value) < DOUBLE_MAX]
        last = own[-1][2]
        columns.bucket.append(bucket)
        columns.x.append(own[-1][0])
        columns.last.append(last if abs(last) < DOUBLE_MAX else None)
        columns.min.append(min(finite, default=None))
        columns.max.append(max(finite, default=None))
        columns.mean.append(pytest.approx(sum(finite) / len(finite)) if finite else None)  # type: ignore[arg-type]
        columns.count.append(len(own))
        if len(finite) < len(own):
            columns.odd.bucket.append(bucket)
            columns.odd.last.append(word(last))
            columns.odd.nan.append(sum(math.isnan(value) for _, _, value in own))
            columns.odd.inf.append(sum(value == DOUBLE_MAX for _, _, value in own))
            columns.odd.minus_inf.append(sum(value == -DOUBLE_MAX for _, _, value in own))
    return columns


def word(value: float) -> str | None:
    if math.isnan(value):
        return "NaN"
    return {DOUBLE_MAX: "Infinity", -DOUBLE_MAX: "-Infinity"}.get(value)
