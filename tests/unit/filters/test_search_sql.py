"""The SQL of runs/search equals the filter in plain Python; pages are complete, without duplicates, in order."""

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Aggregate, Comparison, Entity, Field, Filter, Operator, Order
from trackside.core.filters.parse import MAX_CLAUSES, MAX_DEPTH, MAX_ORDERS, MAX_VALUES, parse_filter
from trackside.core.filters.to_python import Record, matches, ordered
from trackside.runs import search_sql
from unit.filters.runs import (
    MOST_POSITIVE,
    NATURAL,
    Run,
    active,
    filters,
    orderings,
    run_numbers,
    runs,
    save,
    with_metric,
)
from unit.filters.written import normal, written

pytestmark = pytest.mark.both

SETTINGS = settings(
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SETTINGS
@given(stored=st.lists(runs(), max_size=6), wanted=st.lists(filters, min_size=1, max_size=4))
def test_sql_finds_the_runs_that_python_matches(tx: Tx, stored: list[Run], wanted: list[Filter]) -> None:
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
def test_pages_have_each_run_once_and_in_order(
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
def test_a_written_filter_is_parsed_to_the_same_tree(tree: Filter) -> None:
    try:
        text = written(tree)
    except ValueError:
        return  # it holds what no quotes can hold

    read = parse_filter(text, RUNS)

    assert read is not None
    assert normal(read) == normal(tree), text


def test_an_infinity_in_a_list_matches_no_stored_value(tx: Tx, subtests: pytest.Subtests) -> None:
    stored = [with_metric(point) for point in (MOST_POSITIVE, -MOST_POSITIVE, 1.0)]
    experiment = save(tx, stored)

    lists: list[tuple[float, ...]] = [(math.inf,), (-math.inf, 1.0)]
    for operator, values in itertools.product([Operator.IN, Operator.NOT_IN], lists):
        with subtests.test(operator=operator, values=values):
            tree = Comparison(Field(Entity.METRIC, "a", Aggregate.LAST), operator, values)

            found = searched(tx, [experiment], search(tree, [], [experiment]))

            assert sorted(found) == sorted(run.run_id for run in stored if matches(tree, run.record))


def test_params_with_a_common_prefix_are_distinguished(tx: Tx, subtests: pytest.Subtests) -> None:
    for length in (search_sql.INDEXED - 1, search_sql.INDEXED, search_sql.INDEXED + 1, 2000):
        values = ["é" * length, "é" * (length - 1), "é" * (length + 1), "é" * (length - 1) + "e"]
        stored = [
            Run(f"{n:032x}", "active", Record({"start_time": 0}, params={"p": value}))
            for n, value in zip((next(run_numbers) for _ in values), values, strict=True)
        ]
        experiment = save(tx, stored)

        for operator in (Operator.EQ, Operator.IN):
            with subtests.test(length=length, operator=operator):
                tree = Comparison(Field(Entity.PARAM, "p"), operator, (values[0],))

                found = searched(tx, [experiment], search(tree, [], [experiment]))

                assert found == [stored[0].run_id]


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


@pytest.mark.slow
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
