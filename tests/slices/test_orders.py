"""Cached orders: a page equals the result of the database without the cache, after any changes."""

import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import Any

import pytest

from support.client import Api, Inside
from support.links import until
from trackside import app, opening
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid
from trackside.core.settings import Settings
from trackside.events.store import DAY_MS
from trackside.experiments import store as experiments
from trackside.runs import batch, lifecycle, orders, search_sql
from trackside.runs import bulk as bulk_runs
from trackside.runs import store as runs
from trackside.runs.limits import Logged
from trackside.runs.model import Status
from trackside.runs.orders import Orders
from trackside.runs.search_sql import Search

pytestmark = pytest.mark.both

RUNS = 240
PAGES = 3  # of each search
FILTERS = (
    None,
    "metrics.a > 1",
    "metrics.b < 3 AND params.p = 'v1'",
    "tags.t = 'v2' OR metrics.a = 0",
    "status = 'FINISHED'",
)
ORDERS = (
    ["metrics.a DESC"],
    ["metrics.a"],
    ["metrics.c"],
    ["params.p", "metrics.b DESC"],
    ["end_time"],
    ["run_name DESC"],
)


def create(tx: Tx, n: int, experiment: str = "0") -> str:
    return lifecycle.create(tx, experiment, run_name=f"r{n % 7}", user_id="", start_time=n % 5, tags={"t": f"v{n % 3}"})


def create_many(tx: Tx, count: int) -> list[str]:
    calls = [
        lifecycle.NewRun(experiment_id="0", run_name="r", user_id="", start_time=n % 5, tags={}) for n in range(count)
    ]
    return [answer.run.info.run_id for answer in lifecycle.create_all(tx, calls) if not isinstance(answer, Fault)]


def log(tx: Tx, run_id: str, dice: random.Random, step: int) -> None:
    value = dice.choice([0.0, 1.0, 1.0, 2.5, float("nan"), 5.0])
    points = {dice.choice("abc"): [(step, step, value)] for _ in range(2)}
    batch.log(tx, [Logged(run_id, points, [], {"t": f"v{dice.randrange(3)}"}, [], True)])


@pytest.fixture
def stored(db: Any) -> list[str]:
    """Some runs: of each metric, param and end some runs have none."""
    dice = random.Random(1)
    with db.write(1) as tx:
        made = [create(tx, n) for n in range(RUNS)]
        for n, run_id in enumerate(made):
            batch.log(tx, [Logged(run_id, {}, [("p", f"v{n % 2}")] if n % 4 else [], {}, [], True)])
            log(tx, run_id, dice, 1)
            if n % 3 == 0:
                lifecycle.update(tx, run_id, Status.FINISHED, n, None)
    return made


def searches(tx: Tx) -> Iterator[Search]:
    seqs = experiments.seqs_of(tx, ["0"])
    for filter_text in FILTERS:
        for order_by in ORDERS:
            yield search_sql.parse(filter_text, order_by, seqs, ["active"])


def pages(tx: Tx, kept: Orders, search: Search, size: int) -> None:
    """Assert that the first pages are those of the database."""
    token = None
    for _ in range(PAGES):
        found = kept.page(tx, search, size, token)
        assert found == orders.asked(tx, search, size, token), (search, token)
        _, token = search_sql.cut(search, found, size)
        if token is None:
            return


def change(tx: Tx, made: list[str], other: str, dice: random.Random, n: int) -> None:
    run_id = dice.choice(made)
    match dice.randrange(8):
        case 0:
            made.append(create(tx, n))
        case 1:
            runs.delete(tx, run_id)
        case 2:
            runs.restore(tx, run_id)
        case 3:
            lifecycle.update(tx, run_id, Status.FINISHED, n, f"r{dice.randrange(7)}")
        case 4:
            move = bulk_runs.step_of(bulk_runs.ChangeRuns(action="move", experiment_id=dice.choice(["0", other])))
            move(tx, [run_id])
        case 5:
            runs.delete_tag(tx, run_id, "t")
        case _:
            log(tx, run_id, dice, n)


def test_pages_equal_those_of_the_database_after_any_change(db: Any, stored: list[str]) -> None:
    kept = Orders(min_runs=1)
    dice = random.Random(2)
    with db.write(1) as tx:
        other = experiments.create(tx, "other", "mlflow-artifacts:/")
    for round_ in range(2):
        with db.read(1) as tx:
            for search in searches(tx):
                pages(tx, kept, search, 6)
        while kept.step(db):
            pass
        for n in range(round_ * 10, round_ * 10 + 10):
            with suppress(Fault), db.write(1) as tx:
                change(tx, stored, other, dice, 100 + n)

    with db.read(1) as tx:
        for search in searches(tx):
            pages(tx, kept, search, 6)


def unannounced(db: Any, run_ids: Sequence[str], value: float) -> None:
    """Change what the order goes by without a word to the change log: only who sorts all runs sees it."""
    with db.write(1) as tx:
        tx.run(
            "UPDATE metric_series SET last_value = :value WHERE workspace_id = :ws AND key = 'a' AND run_seq IN :runs",
            value=value,
            runs=list(runs.find_seqs(tx, run_ids).values()),
        )


def test_a_page_of_a_kept_order_does_not_sort_all_runs(db: Any) -> None:
    kept = Orders(min_runs=1)
    with db.write(1) as tx:
        made = [create(tx, n) for n in range(RUNS)]
        for n, run_id in enumerate(made):
            batch.log(tx, [Logged(run_id, {"a": [(1, 1, float(n))]}, [], {}, [], True)])
        search = search_sql.parse("metrics.a >= 0", ["metrics.a DESC"], experiments.seqs_of(tx, ["0"]), ["active"])
    with db.read(1) as tx:
        first = kept.page(tx, search, 5, None)
    kept.step(db)

    unannounced(db, made[:1], 1000.0)

    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) == first
        assert orders.asked(tx, search, 5, None) != first


@pytest.mark.slow
def test_few_runs_are_sorted_by_the_database(db: Any, stored: list[str]) -> None:
    del stored
    kept = Orders(min_runs=RUNS + 1)
    woken: list[bool] = []
    kept.wake = lambda: woken.append(True)
    with db.read(1) as tx:
        search = search_sql.parse(None, ["metrics.a DESC"], experiments.seqs_of(tx, ["0"]), ["active"])
        kept.page(tx, search, 5, None)
    assert woken == [True]

    kept.step(db)

    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) == orders.asked(tx, search, 5, None)
    assert woken == [True]  # it is not counted again at once


@pytest.mark.slow
def test_an_order_is_made_again_when_too_much_has_changed(db: Any) -> None:
    now = [0.0]
    kept = Orders(min_runs=1, clock=lambda: now[0])
    woken: list[bool] = []
    kept.wake = lambda: woken.append(True)
    with db.write(1) as tx:
        made = create_many(tx, orders.MAX_CHANGED + 10)
        search = search_sql.parse(None, ["metrics.a DESC"], experiments.seqs_of(tx, ["0"]), ["active"])
    with db.read(1) as tx:
        kept.page(tx, search, 5, None)
    kept.step(db)
    now[0] += 100.0

    with db.write(1) as tx:
        batch.log(tx, [Logged(run_id, {"a": [(1, 1, float(n))]}, [], {}, [], True) for n, run_id in enumerate(made)])

    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) == orders.asked(tx, search, 5, None)
    assert len(woken) == 2
    kept.step(db)
    unannounced(db, made[:1], 1e6)
    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) != orders.asked(tx, search, 5, None)


@pytest.mark.slow
def test_an_order_is_made_again_before_its_changes_are_pruned(db: Any, stored: list[str]) -> None:
    now = [0.0]
    kept = Orders(min_runs=1, clock=lambda: now[0])
    with db.read(1) as tx:
        search = search_sql.parse(None, ["metrics.a DESC"], experiments.seqs_of(tx, ["0"]), ["active"])
        kept.page(tx, search, 5, None)
    kept.step(db)
    with db.write(1) as tx:
        batch.log(tx, [Logged(stored[0], {"a": [(9, 9, 1e6)]}, [], {}, [], True)])
        create(tx, 1)
        tx.run("DELETE FROM changes WHERE workspace_id = :ws AND seq < (SELECT MAX(seq) FROM changes)")
    assert orders.MAX_AGE_S < DAY_MS / 1000  # `--change-log-days` keeps a day at least

    now[0] += orders.MAX_AGE_S + 1

    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) == orders.asked(tx, search, 5, None)
    kept.step(db)
    unannounced(db, stored[1:], 1e7)
    with db.read(1) as tx:
        assert kept.page(tx, search, 5, None) != orders.asked(tx, search, 5, None)


def test_a_token_of_another_search_is_refused(db: Any, stored: list[str]) -> None:
    del stored
    kept = Orders(min_runs=1)
    with db.read(1) as tx:
        seqs = experiments.seqs_of(tx, ["0"])
        search = search_sql.parse(None, ["metrics.a DESC"], seqs, ["active"])
        _, token = search_sql.cut(search, kept.page(tx, search, 5, None), 5)
    kept.step(db)

    with db.read(1) as tx, pytest.raises(Invalid, match="belongs to another search"):
        kept.page(tx, search_sql.parse(None, ["metrics.b DESC"], seqs, ["active"]), 5, token)


def test_a_server_keeps_the_order_that_was_asked_for(sqlite_settings: Settings) -> None:
    with closing(opening.open_database(sqlite_settings)) as db:
        with db.write(1) as tx:
            made = create_many(tx, orders.MIN_RUNS)
            batch.log(tx, [Logged(run_id, {"a": [(1, 1, 1.0)]}, [], {}, [], True) for run_id in made])
        application = app.build(sqlite_settings)
        api = Api(Inside(application.asgi))
        numbers = itertools.count(2)

        def is_kept() -> bool:
            def first() -> str:
                found = api.post("runs/search", experiment_ids=["0"], order_by=["metrics.a DESC"], max_results=1)
                return str(found["runs"][0]["info"]["run_id"])

            before, n = first(), next(numbers)
            unannounced(db, [made[n]], float(n))  # each time another run, which the order does not have among its first
            return first() == before

        until(is_kept, "an order in memory")
        api.post("runs/log-metric", run_id=made[-1], key="a", value=1e9, timestamp=2, step=2)
        found = api.post("runs/search", experiment_ids=["0"], order_by=["metrics.a DESC"], max_results=1)
        application.close()

    assert found["runs"][0]["info"]["run_id"] == made[-1]
