"""What the SQL of runs/search finds is what the filter means in plain Python; pages are the whole, once, in order."""

import math
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from support.examples import examples
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate, And, Comparison, Entity, Field, Filter, Not, Operator, Or, Order
from trackside.core.filters.parse import MAX_CLAUSES, MAX_DEPTH, MAX_ORDERS, MAX_VALUES, parse_filter
from trackside.core.filters.to_python import Record, matches, ordered
from trackside.runs import search_sql

pytestmark = pytest.mark.both

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
LIKES = [Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE]


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

SETTINGS = settings(
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SETTINGS
@given(stored=st.lists(runs(), max_size=6), wanted=st.lists(filters, min_size=1, max_size=4))
def test_sql_finds_what_python_matches(tx: Tx, stored: list[Run], wanted: list[Filter]) -> None:
    experiment = save(tx, stored)

    for tree in wanted:
        found = searched(tx, [experiment], search(tree, [], [experiment]))

        assert sorted(found) == sorted(run.run_id for run in active(stored) if matches(tree, run.record)), tree


@SETTINGS
@given(
    stored=st.lists(runs(), max_size=9),
    tree=st.none() | filters,
    orders=orderings,
    size=st.integers(1, 4),
    spread=st.booleans(),
)
def test_pages_are_the_whole_once_and_in_order(
    tx: Tx, stored: list[Run], tree: Filter | None, orders: list[Order], size: int, spread: bool
) -> None:
    half = len(stored) // 2 if spread else 0
    experiments = [save(tx, stored[:half]), save(tx, stored[half:])]
    whole = [run for run in stored if tree is None or matches(tree, run.record)]
    stages = ["active", "deleted"] if spread else ["active"]
    wanted = search(tree, orders, experiments, stages)

    found = searched(tx, experiments, wanted, size)

    records = ordered([run.record for run in whole if run.stage in stages], wanted.orders)
    assert found == [record.attributes["run_id"] for record in records]
    assert listed(tx, wanted) == found
    assert counted(tx, wanted) == len(found)


@SETTINGS
@given(tree=filters)
def test_a_filter_written_out_is_read_back_as_it_was(tree: Filter) -> None:
    try:
        text = written(tree)
    except ValueError:
        return  # it holds what no quotes can hold

    read = parse_filter(text, RUNS)

    assert read is not None
    assert normal(read) == normal(tree), text


@pytest.mark.parametrize("operator", [Operator.IN, Operator.NOT_IN])
@pytest.mark.parametrize("values", [(math.inf,), (-math.inf, 1.0)])
def test_an_infinite_number_in_a_list_is_no_stored_value(tx: Tx, operator: Operator, values: tuple[float, ...]) -> None:
    stored = [with_metric(point) for point in (MOST_POSITIVE, -MOST_POSITIVE, 1.0)]
    experiment = save(tx, stored)
    tree = Comparison(Field(Entity.METRIC, "a", Aggregate.LAST), operator, values)

    found = searched(tx, [experiment], search(tree, [], [experiment]))

    assert sorted(found) == sorted(run.run_id for run in stored if matches(tree, run.record))


def test_without_an_order_the_newest_start_comes_first_and_the_id_decides() -> None:
    assert search_sql.parse(None, [], [1], ["active"]).orders == NATURAL
    assert search_sql.parse(None, ["start_time"], [1], ["active"]).orders == (
        Order(Field(Entity.ATTRIBUTE, "start_time")),
        Order(Field(Entity.ATTRIBUTE, "run_id")),
    )


def test_a_token_of_another_search_is_refused(tx: Tx) -> None:
    experiment = save(tx, [Run(f"{i:032x}{next(run_numbers)}", "active", Record({"start_time": 0})) for i in range(3)])
    one = search(None, [], [experiment])
    query = search_sql.query(one, 1, None, tx.dialect)
    token = search_sql.cut(one, tx.all(query.sql, **query.params), 1)[1]

    with pytest.raises(Invalid, match="belongs to another search"):
        search_sql.query(search(None, [], [experiment + 1]), 1, token, tx.dialect)


def test_a_token_of_stock_mlflow_is_an_offset(tx: Tx) -> None:
    stored = [Run(f"{i:032x}", "active", Record({"start_time": -i})) for i in (next(run_numbers) for _ in range(5))]
    experiment = save(tx, stored)
    wanted = search(None, [], [experiment])
    query = search_sql.query(wanted, 2, "eyJvZmZzZXQiOiAyfQ==", tx.dialect)

    page, token = search_sql.cut(wanted, tx.all(query.sql, **query.params), 2)

    assert page == [run.run_seq for run in stored[2:4]]
    assert searched(tx, [experiment], wanted, 2, token) == [stored[4].run_id]


def test_another_workspace_finds_nothing(tx: Tx) -> None:
    experiment = save(tx, [Run(f"{next(run_numbers):032x}", "active", Record({"start_time": 0}))])
    other = Tx(tx._session, tx.ws + 1, 0)

    assert searched(other, [experiment], search(None, [], [experiment])) == []
    assert searched(other, [experiment], search(None, [Order(Field(Entity.METRIC, "a"))], [experiment])) == []


def test_more_experiments_than_a_statement_has_parameters(tx: Tx) -> None:
    stored = [Run(f"{next(run_numbers):032x}", "active", Record({"start_time": 0}))]
    experiment = save(tx, stored)
    many = [*range(10_000_000, 10_040_000), experiment]

    assert searched(tx, many, search(None, [], many)) == [stored[0].run_id]


def test_the_largest_searches_are_answered(tx: Tx) -> None:
    experiment = save(tx, [Run(f"{next(run_numbers):032x}", "active", Record({"start_time": 0})) for _ in range(3)])
    deep = "tags.a = '1'"
    for i in range(MAX_DEPTH - 1):
        deep = f"NOT metrics.m{i} > {i} {'OR' if i % 2 else 'AND'} ({deep})"
    orders = [f"{name}.k{i} DESC" for i in range(MAX_ORDERS // 2) for name in ("metrics", "params")]
    texts = [
        " AND ".join(f"min(metrics.m{i}) >= {i}" for i in range(MAX_CLAUSES)),
        " AND ".join(f"NOT params.p{i} = 'x'" for i in range(MAX_CLAUSES)),
        " OR ".join(f"dataset.name = 'd{i}'" for i in range(MAX_CLAUSES)),
        f"params.a IN ({', '.join(map(str, range(MAX_VALUES)))})",
        f"run_id NOT IN ({','.join(map(repr, map(str, range(MAX_VALUES))))})",
        f"metrics.a NOT IN ({', '.join(['1e999'] * 600)})",
        f"tags.a LIKE '{'%_' * 44}'",
        deep.removeprefix("NOT "),
    ]

    sizes = [
        len(searched(tx, [experiment], search_sql.parse(text, orders, [experiment], ["active"]), 2)) for text in texts
    ]

    assert sizes == [0, 3, 0, 0, 3, 0, 0, sizes[-1]]


def search(
    tree: Filter | None, orders: Sequence[Order], experiments: Sequence[int], stages: Sequence[str] = ("active",)
) -> search_sql.Search:
    """A search as `search_sql.parse` gives it, of a tree that may say what no text can."""
    empty = search_sql.parse(None, [], experiments, stages)
    fields = [order.field for order in orders]
    ties = tuple(order for order in NATURAL if order.field not in fields)
    return search_sql.Search(tree, (*orders, *ties), empty.experiments, empty.stages, empty.fingerprint)


def listed(tx: Tx, wanted: search_sql.Search) -> list[str]:
    """The run_ids of a listing."""
    found = [
        seq
        for query in search_sql.listing(wanted, tx.dialect)
        for (seq,) in (tx.all(query.sql, **query.params) if wanted.experiments else [])
    ]
    return run_ids(tx, found)


def counted(tx: Tx, wanted: search_sql.Search) -> int:
    query = search_sql.count(wanted, tx.dialect)
    ((number,),) = tx.all(query.sql, **query.params)
    return int(number)


def searched(
    tx: Tx, experiments: Sequence[int], wanted: search_sql.Search, size: int = 1000, token: str | None = None
) -> list[str]:
    """The run_ids of all pages."""
    found: list[int] = []
    while True:
        query = search_sql.query(wanted, size, token, tx.dialect)
        rows = tx.all(query.sql, **query.params)
        assert len(rows) <= size + 1
        page, token = search_sql.cut(wanted, rows, size)
        found += page
        if token is None:
            break
    return run_ids(tx, found)


def run_ids(tx: Tx, found: list[int]) -> list[str]:
    names: dict[int, str] = dict(
        tx.all("SELECT run_seq, run_id FROM runs WHERE workspace_id = :ws AND run_seq IN :seqs", seqs=found)
    )
    return [names[seq] for seq in found]


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


def written(tree: Filter) -> str:
    match tree:
        case And(parts):
            return " AND ".join(f"({written(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({written(part)})" for part in parts)
        case Not(part):
            return f"NOT ({written(part)})"
        case Comparison(field, operator, values):
            pass
    key = field.key if field.entity is Entity.ATTRIBUTE else f"{field.entity}.`{field.key}`"
    name = key if field.aggregate is Aggregate.LAST else f"{field.aggregate}({key})"
    literals = [literal(value, in_list=operator in LISTS) for value in values]
    if operator in LISTS:
        return f"{name} {operator} ({', '.join(literals)})"
    return f"{name} {operator} {' AND '.join(literals)}".strip()


def literal(value: str | float, *, in_list: bool) -> str:
    if not isinstance(value, str):
        return "1e999" if value == math.inf else repr(value)
    if "\\" in value:
        raise ValueError(value)
    if in_list:
        return repr(value)
    if "'" in value and '"' in value:
        raise ValueError(value)
    return f'"{value}"' if "'" in value else f"'{value}'"


def normal(tree: Filter) -> Filter:
    """Without the groups that say nothing."""
    match tree:
        case And(parts):
            return And(
                tuple(flat for part in map(normal, parts) for flat in (part.parts if isinstance(part, And) else [part]))
            )
        case Or(parts):
            return Or(
                tuple(flat for part in map(normal, parts) for flat in (part.parts if isinstance(part, Or) else [part]))
            )
        case Not(Not(part)):
            return normal(part)
        case Not(part):
            inner = normal(part)
            return inner.part if isinstance(inner, Not) else Not(inner)
        case _:
            return tree
