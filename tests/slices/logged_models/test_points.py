"""Points of models in any order and repetition: searches equal a search in a list of the points."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside.core.db.tx import Tx
from trackside.experiments import store as experiments
from trackside.logged_models import model as m
from trackside.logged_models import search, store
from trackside.runs import batch, lifecycle, limits
from trackside.runs.model import GivenMetric, LogBatch

pytestmark = pytest.mark.both

MODELS = ("a", "b", "c")
RUNS = 2
_names = count()


@dataclass(frozen=True)
class Point:
    model: str
    run: int
    value: float
    timestamp: int
    step: int
    dataset: str  # empty: none


POINTS = st.builds(
    Point,
    model=st.sampled_from(MODELS),
    run=st.integers(0, RUNS - 1),
    value=st.sampled_from([-1.0, 0.0, 0.5, 2.0, math.nan]),
    timestamp=st.integers(0, 2),
    step=st.integers(0, 1),
    dataset=st.sampled_from(["", "x", "y"]),
)
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


class World:
    """Three models in an experiment of their own, with points logged call by call."""

    def __init__(self, tx: Tx, calls: Sequence[Sequence[Point]]) -> None:
        self.tx = tx
        self.points = {point for call in calls for point in call}
        self.experiment = experiments.create(tx, f"points-{next(_names)}", "mlflow-artifacts:/")
        self.models = {name: store.create(tx, self.experiment, name=name) for name in MODELS}
        self.runs = [
            lifecycle.create(tx, self.experiment, run_name=None, user_id="", start_time=0, tags={}) for _ in range(RUNS)
        ]
        for call in calls:
            batch.log(tx, [limits.batch(self._call(run, call)) for run in range(RUNS)])

    def found(self, **asked: Any) -> list[str]:
        call = m.SearchModels(experiment_ids=[self.experiment], **asked)
        return [each.info.name for each in search.search(self.tx, call).models]

    def counted(self, dataset: str | None) -> set[Point]:
        return {point for point in self.points if dataset in (None, point.dataset)}

    def _call(self, run: int, points: Sequence[Point]) -> LogBatch:
        metrics = [
            GivenMetric(
                key="k",
                value=point.value,
                timestamp=point.timestamp,
                step=point.step,
                model_id=self.models[point.model],
                dataset_name=point.dataset or None,
            )
            for point in points
            if point.run == run
        ]
        return LogBatch(run_id=self.runs[run], metrics=metrics)


def newest(points: set[Point], model: str) -> Point | None:
    of_model = [point for point in points if point.model == model]
    return max(of_model, key=lambda p: (p.timestamp, p.step, -p.run, _rank(p.value), p.value != p.value), default=None)


def _rank(value: float) -> float:
    return 0.0 if value != value else value


CALLS = st.lists(st.lists(POINTS, max_size=6), max_size=4)
QUIET = settings(suppress_health_check=NOT_CHECKED_WITH_FIXTURE, max_examples=examples(60))


@QUIET
@given(CALLS)
def test_a_model_keeps_each_point_once(db: Any, calls: list[list[Point]]) -> None:
    with db.write(1) as tx:
        world = World(tx, calls)
        kept = [
            (name, world.runs.index(each.run_id), str(each.value), each.timestamp, each.step, each.dataset_name or "")
            for name, model_id in world.models.items()
            for each in store.get(tx, model_id).data.metrics
        ]

    wanted = {
        (p.model, p.run, str(p.value).replace("nan", "NaN"), p.timestamp, p.step, p.dataset) for p in world.points
    }
    assert sorted(kept) == sorted(wanted)


@QUIET
@given(CALLS, st.booleans(), st.sampled_from([None, "x", "y"]))
def test_models_are_ordered_by_the_newest_point_that_counts(
    db: Any, calls: list[list[Point]], ascending: bool, dataset: str | None
) -> None:
    def place(world: World, name: str) -> tuple[int, float, str]:
        point = newest(world.counted(dataset), name)
        if point is None:
            return 2, 0.0, name
        if point.value != point.value:
            return 1, 0.0, name
        return 0, point.value if ascending else -point.value, name

    with db.write(1) as tx:
        world = World(tx, calls)
        by_metric = m.GivenOrder(field_name="metrics.k", ascending=ascending, dataset_name=dataset)
        found = world.found(order_by=[by_metric, m.GivenOrder(field_name="name")])

    assert found == sorted(MODELS, key=lambda name: place(world, name))


@QUIET
@given(CALLS, st.sampled_from(sorted(OPERATORS)), st.sampled_from([-1.0, 0.0, 1.5]), st.sampled_from([None, "x"]))
def test_a_filter_matches_if_any_counted_point_matches(
    db: Any, calls: list[list[Point]], operator: str, bound: float, dataset: str | None
) -> None:
    with db.write(1) as tx:
        world = World(tx, calls)
        datasets = [m.GivenDataset(dataset_name=dataset)] if dataset else None
        found = world.found(filter=f"metrics.k {operator} {bound}", datasets=datasets)

    assert set(found) == {p.model for p in world.counted(dataset) if OPERATORS[operator](p.value, bound)}
