"""A series and its summary equal those of plain Python for the same points in any blocks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.metrics import series as s
from trackside.metrics.series import DOUBLE_MAX, POINT, TAIL_POINTS, Point, Series

VALUES = [0.0, 1.0, -1.0, 2.5, math.nan, DOUBLE_MAX, -DOUBLE_MAX]
points = st.tuples(st.integers(-2, 6), st.integers(0, 4), st.sampled_from(VALUES))
rising = st.integers(0, 3 * TAIL_POINTS).map(lambda n: [(10 + step, 10 + step, float(step % 7)) for step in range(n)])
blocks = st.lists(st.lists(points, max_size=8) | rising, max_size=5)


@given(blocks=blocks)
def test_the_summary_is_that_of_all_points(blocks: list[list[Point]]) -> None:
    series = Series("loss")
    kept: set[bytes] = set()

    def is_kept(_: int, packed: bytes) -> bool:
        return packed in kept

    for block in blocks:
        series.add(block, is_kept)
        for chunk in series.chunks:
            left = {POINT.pack(*point) for point in s.unpack(chunk)}
            assert not left & kept
            kept |= left
        series.chunks = ()
        assert len(series.tail) < TAIL_POINTS * s.POINT_BYTES

    found = [*(POINT.unpack(packed) for packed in kept), *s.unpack(bytes(series.tail))]
    unique = list({POINT.pack(*point): point for block in blocks for point in block}.values())
    assert sorted(map(repr, found)) == sorted(map(repr, unique))
    assert series.point_count == len(unique)
    assert series.dirty == bool(unique)
    if unique:
        check(series, unique)


def check(series: Series, unique: list[Point]) -> None:
    numbers = [value for _, _, value in unique if not math.isnan(value)]
    assert (series.nan_count, series.value_count) == (len(unique) - len(numbers), len(numbers))
    assert (series.min_value, series.max_value) == (min(numbers, default=None), max(numbers, default=None))
    assert (series.max_step, series.max_timestamp) == (max(p[0] for p in unique), max(p[1] for p in unique))
    ranked = sorted((step, time, 0.0 if math.isnan(value) else value) for step, time, value in unique)
    assert (series.last_step, series.last_timestamp, series.last_value) == ranked[-1]
    assert (series.first_step, series.first_timestamp, series.first_value) == ranked[0]
    assert_is_nan(unique, ranked[-1], series.last_is_nan)
    assert_is_nan(unique, ranked[0], series.first_is_nan)
    if all(abs(value) < DOUBLE_MAX for value in numbers):
        assert series.sum_value == pytest.approx(sum(numbers))
    assert math.isfinite(series.sum_value)


def assert_is_nan(unique: list[Point], ranked: Point, is_nan: int) -> None:
    """Of a NaN and a zero that rank alike, either may be meant."""
    own = {
        math.isnan(value) for step, time, value in unique if (step, time, 0.0 if math.isnan(value) else value) == ranked
    }
    assert bool(is_nan) in own


def test_stored_chunks_are_searched_only_for_points_that_they_may_have() -> None:
    asked: list[int] = []

    def stored(step: int, _: bytes) -> bool:
        asked.append(step)
        return True

    series = Series("loss")
    series.add([(1, 1, 1.0)], stored)
    series.add([(1, 1, 1.0)], stored)  # in the tail
    series.add([(2, 0, 1.0)], stored)  # beyond the last step
    series.add([(0, 2, 1.0)], stored)  # beyond the last time
    assert asked == []
    series.add([(0, 0, 1.0)], stored)  # all points are in the tail
    assert (asked, series.point_count) == ([], 4)

    series.tail.clear()
    series.add([(1, 1, 5.0)], stored)
    assert (asked, series.point_count) == ([1], 4)


def test_a_full_tail_becomes_a_chunk(subtests: pytest.Subtests) -> None:
    for count in [1, TAIL_POINTS - 1, TAIL_POINTS, TAIL_POINTS + 1]:
        with subtests.test(count=count):
            one_by_one, at_once = Series("loss"), Series("loss")
            points = [(step, step, 1.0) for step in range(count)]
            for point in points:
                one_by_one.add([point], lambda *_: False)
            at_once.add(points, lambda *_: False)

            assert (
                b"".join([*one_by_one.chunks, one_by_one.tail])
                == b"".join([*at_once.chunks, at_once.tail])
                == s.pack(points)
            )
            assert bool(one_by_one.chunks) == bool(at_once.chunks) == (count >= TAIL_POINTS)


def test_a_point_is_found_at_the_beginning_of_a_packed_one_only() -> None:
    point, other = POINT.pack(1, 2, 3.0), POINT.pack(4, 5, 6.0)
    shifted = b"\1" * 8 + point + b"\1" * 16  # two points, and no such one

    assert s.contains(other + point, point)
    assert s.contains(bytearray(point + other), point)
    assert not s.contains(other, point)
    assert not s.contains(shifted, point)
    assert s.contains(shifted + point, point)
    assert not s.contains(b"", point)


def test_values_are_stored_as_mlflow_stores_them(subtests: pytest.Subtests) -> None:
    cases: list[tuple[float, float]] = [
        (math.inf, DOUBLE_MAX),
        (-math.inf, -DOUBLE_MAX),
        (-0.0, 0.0),
        (2.5, 2.5),
        (DOUBLE_MAX, DOUBLE_MAX),
    ]
    for value, stored in cases:
        with subtests.test(value=value, stored=stored):
            found = s.canonical(value)

            assert (found, math.copysign(1, found)) == (stored, math.copysign(1, stored))
            assert math.isnan(s.canonical(math.nan))


@given(found=st.lists(points, max_size=12))
def test_nan_is_ordered_as_zero(found: list[Point]) -> None:
    ranked = list(found)
    s.sort_by_rank(ranked)

    assert list(map(repr, ranked)) == list(map(repr, sorted(found, key=s.rank)))
    assert s.rank((1, 2, math.nan)) == (1, 2, 0.0, True)
    assert s.rank((1, 2, 3.0)) == (1, 2, 3.0, False)
    assert s.by_time((1, 2, math.nan)) == (2, 1, 0.0)
    assert s.by_time((1, 2, 3.0)) == (2, 1, 3.0)


@given(count=st.integers(0, 60), most=st.integers(1, 20))
def test_a_sample_has_the_first_of_each_bucket_and_the_last_of_all(count: int, most: int) -> None:
    """As SQL's NTILE: the first buckets have one more, and each has at least one."""
    buckets: dict[int, list[int]] = {}
    size, rest = divmod(count, most)
    for place in range(count):
        large = rest * (size + 1)
        bucket = place // (size + 1) if place < large else rest + (place - large) // size
        buckets.setdefault(bucket, []).append(place)
    chosen = [own[0] for own in buckets.values()]
    if count > most:
        chosen[-1] = count - 1

    assert s.places(count, most) == chosen
