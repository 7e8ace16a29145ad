"""Runs and filters that Hypothesis draws, and how the runs are saved."""

import math
from collections.abc import Sequence
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Filter, Not, Operator, Or, Order
from trackside.core.filters.to_python import Record

MOST_POSITIVE = 1.7976931348623157e308
KEYS = ["a", "größe/é.x y", 'quo"ted']
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "a%b",
    "a_b",
    "50%",
    r"back\slash",
    "it's",
    "日本",
    "ä",
    "Ä",
    "1",
    "0.5",
    "-3",
    "1e2",
    "007",
]
TEXTS += ["nan", "1_000", " 2 ", "0x1", ".5", "1."]
PATTERNS = ["%", "_", "a%", "%A%", "a_b", "%\\%", "a%b", "", "%5%", "日_", "Ä%"]
NUMBERS = [0.0, 1.0, -1.0, 0.5, 2.0, 100.0, 7.0, math.inf, -MOST_POSITIVE]
POINTS = [math.nan, 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, MOST_POSITIVE, -MOST_POSITIVE]
NATURAL = (Order(Field(Entity.ATTRIBUTE, "start_time"), ascending=False), Order(Field(Entity.ATTRIBUTE, "run_id")))
STATUSES = ["RUNNING", "FINISHED", "FAILED"]

run_numbers = count(1)
experiment_numbers = count(1)


class Run(Struct):
    """A run as logged.  `record` is what may be asked of it."""

    run_id: str
    stage: str
    record: Record
    run_seq: int = 0


texts = st.sampled_from(TEXTS) | st.text("aA1%_'\"\\é ", max_size=4)
keys = st.sampled_from(KEYS)
points = st.just(math.nan) | st.sampled_from(POINTS)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    start = draw(st.integers(0, 5))
    end = draw(st.none() | st.integers(3, 9))
    run_id = f"{draw(st.integers(0, 2**32)):08x}{next(run_numbers):024x}"
    attributes: dict[str, str | int | float | None] = {
        "run_id": run_id,
        "run_name": draw(texts),
        "user_id": draw(st.sampled_from(["", "ann", "Bob"])),
        "status": draw(st.sampled_from(STATUSES)),
        "start_time": start,
        "end_time": end,
        "duration": None if end is None else end - start,
        "artifact_uri": f"s3://bucket/{run_id}",
    }
    record = Record(
        attributes=attributes,
        params=draw(st.dictionaries(keys, texts, max_size=3)),
        tags=draw(st.dictionaries(keys, texts, max_size=3)),
        metrics={
            key: aggregates(logged)
            for key, logged in draw(st.dictionaries(keys, st.lists(points, min_size=1, max_size=3), max_size=3)).items()
        },
        datasets=draw(
            st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from(["iris", "Wine"]), "digest": st.sampled_from(["d1", "d2"])},
                    optional={"context": st.sampled_from(["train", "eval"])},
                ),
                max_size=2,
                unique_by=lambda dataset: (dataset["name"], dataset["digest"]),
            )
        ),
    )
    return Run(run_id, draw(st.sampled_from(["active", "active", "active", "deleted"])), record)


def aggregates(points: Sequence[float]) -> dict[Aggregate, float]:
    values = [point for point in points if not math.isnan(point)]
    return {
        Aggregate.FIRST: points[0],
        Aggregate.LAST: points[-1],
        Aggregate.MIN: min(values, default=math.nan),
        Aggregate.MAX: max(values, default=math.nan),
        Aggregate.MEAN: sum(values) / len(values) if values else math.nan,
        Aggregate.COUNT: float(len(points)),
    }


NUMERIC = [Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE]
LISTS = [Operator.IN, Operator.NOT_IN]
RANGES = [Operator.BETWEEN, Operator.NOT_BETWEEN]
LIKES = [Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE, Operator.CONTAINS, Operator.NOT_CONTAINS]


def compared(
    field: SearchStrategy[Field], values: SearchStrategy[Any], single: list[Operator]
) -> SearchStrategy[Filter]:
    return st.one_of(
        st.builds(lambda f, o, v: Comparison(f, o, (v,)), field, st.sampled_from(single), values),
        st.builds(
            lambda f, o, v: Comparison(f, o, tuple(v)),
            field,
            st.sampled_from(LISTS),
            st.lists(values, min_size=1, max_size=3),
        ),
        st.builds(lambda f, o, a, b: Comparison(f, o, (a, b)), field, st.sampled_from(RANGES), values, values),
    )


def textual(field: SearchStrategy[Field], values: SearchStrategy[str]) -> SearchStrategy[Filter]:
    likes = st.builds(
        lambda f, o, v: Comparison(f, o, (v,)), field, st.sampled_from(LIKES), st.sampled_from(PATTERNS) | values
    )
    return compared(field, values, [Operator.EQ, Operator.NE]) | likes


numbers = st.sampled_from(NUMBERS)
metrics = st.builds(Field, st.just(Entity.METRIC), keys, st.just(Aggregate.LAST) | st.sampled_from(Aggregate))
params = st.builds(Field, st.just(Entity.PARAM), keys)
logged = st.builds(Field, st.sampled_from([Entity.PARAM, Entity.TAG]), keys)
timed = st.builds(Field, st.just(Entity.ATTRIBUTE), st.sampled_from(["start_time", "end_time", "duration"]))
named = st.builds(
    Field, st.just(Entity.ATTRIBUTE), st.sampled_from(["run_id", "run_name", "user_id", "status", "artifact_uri"])
)
datasets = st.builds(Field, st.just(Entity.DATASET), st.sampled_from(["name", "digest", "context"]))
missable = metrics | logged | st.builds(Field, st.just(Entity.ATTRIBUTE), st.sampled_from(["end_time", "duration"]))

clauses = st.one_of(
    compared(metrics, numbers, NUMERIC),
    compared(params, numbers, NUMERIC),
    textual(logged, texts),
    compared(timed, st.integers(0, 9) | st.sampled_from([0.5, 3.0, 1e300]), NUMERIC),
    textual(named, texts | st.sampled_from(STATUSES)),
    textual(datasets, st.sampled_from(["iris", "Wine", "d1", "train", "IRIS"])),
    st.builds(Comparison, missable, st.sampled_from([Operator.IS_NULL, Operator.IS_NOT_NULL])),
)
trees = st.recursive(
    clauses,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=2, max_size=4).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
conjunctions = st.builds(And, st.lists(clauses, min_size=2, max_size=4).map(tuple))
filters = trees | conjunctions

numbered = st.builds(Field, st.sampled_from([Entity.PARAM, Entity.TAG]), keys, is_number=st.just(True))
orderable = metrics | logged | numbered | timed | named
orderings = st.lists(st.builds(Order, orderable, st.booleans()), max_size=3, unique_by=lambda order: order.field)


def with_metric(point: float) -> Run:
    return Run(f"{next(run_numbers):032x}", "active", Record({"start_time": 0}, metrics={"a": aggregates([point])}))


def active(stored: Sequence[Run]) -> list[Run]:
    return [run for run in stored if run.stage == "active"]


def save(tx: Tx, stored: Sequence[Run]) -> int:
    experiment = next(experiment_numbers)
    for run in stored:
        run.run_seq = next(run_numbers)
        given: dict[str, Any] = {
            "run_name": "n",
            "user_id": "",
            "status": "RUNNING",
            "end_time": None,
            "artifact_uri": "",
        }
        given |= {key: value for key, value in run.record.attributes.items() if key not in ("duration", "run_id")}
        tx.run(
            """
            INSERT INTO runs (run_seq, workspace_id, experiment_seq, run_id, run_name, user_id, status, start_time,
                end_time, lifecycle_stage, artifact_uri)
            VALUES (:seq, :ws, :e, :run_id, :run_name, :user_id, :status, :start_time, :end_time, :stage, :artifact_uri)
            """,
            **given,
            seq=run.run_seq,
            e=experiment,
            run_id=run.run_id,
            stage=run.stage,
        )
        for table, values in (("params", run.record.params), ("tags", run.record.tags)):
            tx.many(
                f"""
                INSERT INTO {table} (workspace_id, experiment_seq, key, run_seq, value)
                VALUES (:ws, :e, :key, :run, :value)
                """,
                [{"key": key, "value": value} for key, value in values.items()],
                e=experiment,
                run=run.run_seq,
            )
        for key, aggregated in run.record.metrics.items():
            save_metric(tx, experiment, run.run_seq, key, aggregated)
        for dataset in run.record.datasets:
            save_dataset(tx, experiment, run.run_seq, dataset)
    return experiment


def save_metric(tx: Tx, experiment: int, run_seq: int, key: str, values: Any) -> None:
    def stored(aggregate: Aggregate) -> float:
        return 0.0 if math.isnan(values[aggregate]) else values[aggregate]

    has_values = not math.isnan(values[Aggregate.MIN])
    tx.run(
        """
        INSERT INTO metric_series (workspace_id, experiment_seq, key, run_seq, last_value, last_is_nan, last_step,
            last_timestamp, first_value, first_is_nan, first_step, first_timestamp, min_value, max_value, sum_value,
            value_count, point_count, nan_count, max_step, max_timestamp, small_points)
        VALUES (:ws, :e, :key, :run, :last, :last_nan, 0, 0, :first, :first_nan, 0, 0, :min, :max, :sum, :n, :points, 0,
            0, 0, 0)
        """,
        e=experiment,
        key=key,
        run=run_seq,
        last=stored(Aggregate.LAST),
        last_nan=int(math.isnan(values[Aggregate.LAST])),
        first=stored(Aggregate.FIRST),
        first_nan=int(math.isnan(values[Aggregate.FIRST])),
        min=values[Aggregate.MIN] if has_values else None,
        max=values[Aggregate.MAX] if has_values else None,
        # One value that counts, so that the mean is exactly what the record says.
        sum=stored(Aggregate.MEAN),
        n=int(has_values),
        points=int(values[Aggregate.COUNT]),
    )


def save_dataset(tx: Tx, experiment: int, run_seq: int, dataset: Any) -> None:
    seq = next(run_numbers)
    tx.run(
        """
        INSERT INTO datasets (dataset_seq, workspace_id, experiment_seq, name, digest, source_type, source)
        VALUES (:seq, :ws, :e, :name, :digest, '', '') ON CONFLICT DO NOTHING
        """,
        seq=seq,
        e=experiment,
        name=dataset["name"],
        digest=dataset["digest"],
    )
    found = tx.one(
        """
        SELECT dataset_seq FROM datasets
        WHERE workspace_id = :ws AND experiment_seq = :e AND name = :name AND digest = :digest
        """,
        e=experiment,
        name=dataset["name"],
        digest=dataset["digest"],
    )
    assert found is not None
    tx.run("INSERT INTO inputs (workspace_id, run_seq, dataset_seq) VALUES (:ws, :run, :d)", run=run_seq, d=found[0])
    if "context" in dataset:
        tx.run(
            """
            INSERT INTO input_tags (workspace_id, run_seq, dataset_seq, key, value)
            VALUES (:ws, :run, :d, 'mlflow.data.context', :context)
            """,
            run=run_seq,
            d=found[0],
            context=dataset["context"],
        )
