"""The stored series and its summary equal a set of points in Python, for any points in any order."""

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside import tenants
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.metrics import history
from trackside.metrics import store as metrics
from trackside.metrics.series import Point, canonical
from trackside.runs import batch, lifecycle
from trackside.runs import store as runs
from trackside.runs.limits import Logged

KEY = "m"
NAN = float("nan")

# Few values, so that points meet again; and long stretches, so that tails become chunks and chunks are merged.
odd_points = st.tuples(
    st.sampled_from([-(2**63), -2, -1, 0, 1, 2, 70, 500, 2**63 - 1]),
    st.integers(0, 3),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, NAN, math.inf, -math.inf]).map(canonical),
)
few = st.lists(odd_points, min_size=1, max_size=6)


@st.composite
def stretches(draw: st.DrawFn) -> list[Point]:
    start, count = draw(st.integers(-100, 600)), draw(st.integers(2, 450))
    pace = draw(st.sampled_from([-1, 0, 1]))
    stride = draw(st.sampled_from([0, 1, 2]))
    return [(start + i * stride, 1000 + i * pace, float(i % 50)) for i in range(count)]


@dataclass
class Model:
    """A series as a set of points, in the order in which they came."""

    points: dict[tuple[int, int, str], Point] = field(default_factory=dict)

    def add(self, points: list[Point]) -> None:
        for point in points:
            self.points.setdefault((point[0], point[1], repr(point[2])), point)

    def in_time(self) -> list[tuple[int, int, float]]:
        return sorted((t, s, _rank(v)) for s, t, v in self.points.values())

    def summary(self) -> dict[str, Any]:
        ranked = [(s, t, _rank(v)) for s, t, v in self.points.values()]
        values = [v for _, _, v in self.points.values() if not math.isnan(v)]
        return {
            "last": max(ranked),
            "first": min(ranked),
            "min_value": min(values, default=None),
            "max_value": max(values, default=None),
            "sum": sum(values) if max(map(abs, values), default=0) < 1e300 else None,
            "value_count": len(values),
            "nan_count": len(ranked) - len(values),
            "point_count": len(ranked),
            "max_step": max(s for s, _, _ in ranked),
            "max_timestamp": max(t for _, t, _ in ranked),
        }


def _rank(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def new_run(tx: Tx) -> tuple[str, int]:
    run_id = lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={})
    return run_id, runs.seq_of(tx, run_id)


def stored(tx: Tx, run_seq: int) -> dict[str, Any]:
    series = metrics.load(tx, [run_seq], [KEY])[run_seq, KEY]
    return {
        "last": (series.last_step, series.last_timestamp, series.last_value),
        "first": (series.first_step, series.first_timestamp, series.first_value),
        "min_value": series.min_value,
        "max_value": series.max_value,
        "sum": series.sum_value if max(map(abs, (series.min_value or 0, series.max_value or 0))) < 1e300 else None,
        "value_count": series.value_count,
        "nan_count": series.nan_count,
        "point_count": series.point_count,
        "max_step": series.max_step,
        "max_timestamp": series.max_timestamp,
    }


# The store lives as long as the test; each example has a run of its own in it.
@pytest.mark.both
@settings(max_examples=examples(40), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(
    groups=st.lists(st.lists(few | stretches(), min_size=1, max_size=3), min_size=1, max_size=8),
    forgets=st.sets(st.integers(0, 8)),
    data=st.data(),
)
def test_a_series_is_the_set_of_what_was_logged(
    db: Any, groups: list[list[list[Point]]], forgets: set[int], data: st.DataObject
) -> None:
    model = Model()
    with db.write(1) as tx:
        run_id, run_seq = new_run(tx)

    for i, group in enumerate(groups):
        with db.write(1) as tx:
            if i in forgets and tx.memory is not None:
                tx.memory.forget_all()  # as after a failed write, or a restart
            calls = [Logged(run_id, {KEY: points}, [], {}, [], True) for points in group]
            assert batch.log(tx, calls) == [batch.ANSWER] * len(group)
        for points in group:
            model.add(points)

    with db.read(1) as tx:
        assert stored(tx, run_seq) == model.summary()
        found = [point for part in history.in_time(tx, run_seq, KEY) for point in part]
        assert [(t, s, _rank(v)) for s, t, v in found] == model.in_time()
        assert sum(math.isnan(v) for _, _, v in found) == model.summary()["nan_count"]

        offset, limit = data.draw(st.integers(0, len(found) + 1)), data.draw(st.integers(1, len(found) + 1))
        page = [point for part in history.in_time(tx, run_seq, KEY, offset, limit) for point in part]
        assert list(map(repr, page)) == list(map(repr, found[offset : offset + limit]))

        chunks = tx.all(
            "SELECT point_count FROM metric_chunks WHERE workspace_id = :ws AND run_seq = :run", run=run_seq
        )
        event(f"chunks: {min(len(chunks), 3)}")
        assert sum(count for (count,) in chunks if count < 512) < 1024 + 450, "small chunks are merged"


@pytest.mark.both
def test_only_the_series_that_are_full_are_merged(db: Any) -> None:
    """Two runs log in one group; one key of each has enough points for a chunk."""
    full = {key: [(i, i, float(i)) for i in range(1100)] for key in ("a", "b")}
    with db.write(1) as tx:
        (first, first_seq), (second, second_seq) = new_run(tx), new_run(tx)
    for start in range(0, 1100, 100):
        some = slice(start, start + 100)
        with db.write(1) as tx:
            batch.log(
                tx,
                [
                    Logged(first, {"a": full["a"][some], "b": full["b"][some][:70]}, [], {}, [], True),
                    Logged(second, {"a": full["a"][some][:70], "b": full["b"][some]}, [], {}, [], True),
                ],
            )

    with db.read(1) as tx:
        counts = [
            [
                count
                for (count,) in tx.all(
                    "SELECT point_count FROM metric_chunks WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
                    run=run_seq,
                    key=key,
                )
            ]
            for run_seq in (first_seq, second_seq)
            for key in ("a", "b")
        ]
        told = [history.all_in_time(tx, first_seq, key, 2000) for key in ("a", "b")]
    assert counts == [[1100], [70] * 11, [70] * 11, [1100]]
    assert told == [full["a"], [point for point in full["b"] if point[0] % 100 < 70]]


@pytest.mark.both
@settings(max_examples=examples(40), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(
    batches=st.lists(few | stretches(), min_size=1, max_size=6),
    low=st.integers(-150, 700),
    width=st.integers(0, 900),
    most=st.integers(1, 200),
)
def test_a_sample_is_what_ntile_takes(db: Any, batches: list[list[Point]], low: int, width: int, most: int) -> None:
    model = Model()
    with db.write(1) as tx:
        run_id, run_seq = new_run(tx)
        for points in batches:
            model.add(points)
            batch.log(tx, [Logged(run_id, {KEY: points}, [], {}, [], True)])

    with db.read(1) as tx:
        found = history.sample(tx, run_seq, KEY, most, low, low + width)
        whole = history.sample(tx, run_seq, KEY, most)

    ranked = sorted(_ranked(list(model.points.values())))
    assert _ranked(whole) == _ntile(ranked, most)
    assert _ranked(found) == _ntile([point for point in ranked if low <= point[0] <= low + width], most)


def _ranked(points: list[Point]) -> list[tuple[int, int, float, bool]]:
    return [(s, t, _rank(v), math.isnan(v)) for s, t, v in points]


def _ntile(ordered: list[Any], most: int) -> list[Any]:
    """Return the first row of each bucket of SQL's NTILE, with the last row of all instead of the last of these."""
    if len(ordered) <= most:
        return ordered
    size, larger = divmod(len(ordered), most)
    firsts, at = [], 0
    for bucket in range(most):
        firsts.append(ordered[at])
        at += size + (bucket < larger)
    return [*firsts[:-1], ordered[-1]]


@st.composite
def spread_out(draw: st.DrawFn) -> list[Point]:
    """A stretch that overlaps some others in time, but not all."""
    start, count = draw(st.integers(0, 3000)), draw(st.integers(64, 450))
    return [(start + i, start + i // 2, float(i % 50)) for i in range(count)]


@pytest.mark.both
@settings(max_examples=examples(60), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(
    before=st.lists(few | spread_out(), min_size=2, max_size=6),
    meanwhile=st.lists(st.none() | few | spread_out(), max_size=15),
    at_once=st.integers(1, 200),
)
def test_a_slow_reader_gets_each_point_once_during_writes_and_merges(
    db: Any, before: list[list[Point]], meanwhile: list[list[Point] | None], at_once: int
) -> None:
    first, model = Model(), Model()
    with db.write(1) as tx:
        run_id, run_seq = new_run(tx)

    def log(points: list[Point]) -> None:
        model.add(points)
        with db.write(1) as tx:
            batch.log(tx, [Logged(run_id, {KEY: points}, [], {}, [], True)])

    for points in before:
        log(points)
        first.add(points)

    found: list[Point] = []
    reader = history.InTime(run_seq, KEY, at_once=at_once)
    writes = iter(meanwhile)
    while True:
        chunks = chunk_ids(db, run_seq)
        with db.read(1) as tx:
            part = reader.read(tx)
        if not part:
            break
        found += part
        if (logged := next(writes, None)) is not None:
            log(logged)
            event("merged" if chunks - chunk_ids(db, run_seq) else "not merged")

    ranked = [(t, s, _rank(v)) for s, t, v in found]
    seen = [(s, t, repr(v)) for s, t, v in found]
    assert ranked == sorted(ranked)
    assert len(seen) == len(set(seen))
    assert set(first.points) <= set(seen) <= set(model.points)
    assert ranked[-1][0] == first.in_time()[-1][0]


def test_a_reader_slower_than_the_writers_terminates(db: Any) -> None:
    with db.write(1) as tx:
        run_id, run_seq = new_run(tx)

    def log(start: int) -> None:
        points = [(step, step, 0.5) for step in range(start, start + 200)]
        with db.write(1) as tx:
            batch.log(tx, [Logged(run_id, {KEY: points}, [], {}, [], True)])

    for start in range(0, 1000, 200):
        log(start)
    before = chunk_ids(db, run_seq)
    reader = history.InTime(run_seq, KEY, at_once=1)
    found: list[Point] = []
    with db.read(1) as tx:
        found += reader.read(tx)
    for start in range(1000, 9000, 200):
        log(start)
        with db.read(1) as tx:
            found += reader.read(tx)

    assert before - chunk_ids(db, run_seq), "what was looked up at first has been merged"
    assert [step for step, _, _ in found] == list(range(1000))


def test_a_history_that_is_deleted_during_a_read_ends_with_an_error(db: Any) -> None:
    with db.write(1) as tx:
        run_id, run_seq = new_run(tx)
        for start in (0, 200):
            points = [(step, step, 0.5) for step in range(start, start + 200)]
            batch.log(tx, [Logged(run_id, {KEY: points}, [], {}, [], True)])
    reader = history.InTime(run_seq, KEY, at_once=1)
    with db.read(1) as tx:
        reader.read(tx)

    with db.write(1) as tx:
        tenants.remove(tx)

    with db.read(1) as tx, pytest.raises(NotFound, match="deleted while"):
        reader.read(tx)


def chunk_ids(db: Any, run_seq: int) -> set[int]:
    with db.read(1) as tx:
        return {
            chunk_id
            for (chunk_id,) in tx.all(
                "SELECT chunk_id FROM metric_chunks WHERE workspace_id = :ws AND run_seq = :run", run=run_seq
            )
        }
