"""Filters and orders equal those of stock MLflow's own Python code.  Lists the intended differences."""

import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.core.errors import Invalid
from trackside.core.filters.fields import EXPERIMENTS, RUNS
from trackside.core.filters.nodes import Aggregate
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_python import Record, matches, ordered
from trackside.runs import search_sql


class Later:
    """A module of mlflow, imported when a test first asks for something of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks for its own marks when it collects
            raise AttributeError(attribute)
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="1")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(import_module(self._name), attribute)


entities = Later("mlflow.entities")
stock = Later("mlflow.utils.search_utils")

KEYS = ["a", "a.b", "c d", "x/y", "and"]
TEXTS = ["", "x", "X", "xy", "x%", "x_y", "1", "it's", 'say "x"', "é"]
STATUSES = ["RUNNING", "FINISHED", "FAILED"]

texts = st.sampled_from(TEXTS)
keyed = st.sampled_from(KEYS)
points = st.sampled_from([0.0, 1.0, -1.0, 2.5, math.nan, math.inf])


@st.composite
def runs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "run_id": f"{draw(st.integers(0, 2**64)):032x}",
        "run_name": draw(texts),
        "user_id": draw(st.sampled_from(["ann", "bob"])),
        "status": draw(st.sampled_from(STATUSES)),
        "start_time": draw(st.integers(0, 3)),
        "end_time": draw(st.none() | st.integers(3, 5)),
        "artifact_uri": draw(texts),
        "params": draw(st.dictionaries(keyed, texts, max_size=3)),
        "tags": draw(st.dictionaries(keyed, texts, max_size=3)),
        "metrics": draw(st.dictionaries(keyed, points, max_size=3)),
        "datasets": draw(
            st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from(["iris", "wine"]), "digest": st.sampled_from(["d1", "d2"])},
                    optional={"context": st.sampled_from(["train", "eval"])},
                ),
                max_size=2,
            )
        ),
    }


def theirs(run: Mapping[str, Any]) -> Any:
    return entities.Run(
        entities.RunInfo(
            run_id=run["run_id"],
            experiment_id="1",
            user_id=run["user_id"],
            status=run["status"],
            start_time=run["start_time"],
            end_time=run["end_time"],
            lifecycle_stage="active",
            artifact_uri=run["artifact_uri"],
            run_name=run["run_name"],
        ),
        entities.RunData(
            metrics=[entities.Metric(key, value, 0, 0) for key, value in run["metrics"].items()],
            params=[entities.Param(key, value) for key, value in run["params"].items()],
            tags=[entities.RunTag(key, value) for key, value in run["tags"].items()],
        ),
        entities.RunInputs(
            [
                entities.DatasetInput(
                    entities.Dataset(dataset["name"], dataset["digest"], "local", "/"),
                    [entities.InputTag("mlflow.data.context", dataset["context"])] if "context" in dataset else [],
                )
                for dataset in run["datasets"]
            ]
        ),
    )


def ours(run: Mapping[str, Any]) -> Record:
    return Record(
        attributes=run,
        params=run["params"],
        tags=run["tags"],
        metrics={key: {Aggregate.LAST: value} for key, value in run["metrics"].items()},
        datasets=run["datasets"],
    )


def quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def named(prefixes: Sequence[str]) -> st.SearchStrategy[str]:
    bare = st.sampled_from(["a", "a.b", "and"])
    in_quotes = st.builds(lambda key, quote: f"{quote}{key}{quote}", keyed, st.sampled_from(['"', "`", "'"]))
    return st.builds(lambda prefix, key: f"{prefix}.{key}", st.sampled_from(prefixes), bare | in_quotes)


signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
equals = st.sampled_from(["=", "!="])
likes = st.sampled_from(["LIKE", "like", "ILIKE", "iLike"])
lists = st.sampled_from(["IN", "in", "NOT IN", "not in"])
spaces = st.sampled_from([" ", "  ", "\n", " \t"])
patterns = st.sampled_from(["x%", "%x", "%X%", "x_", "_", "%", "x", "", "x%y"])
strings = texts.map(quoted)
joined = st.lists(strings, min_size=1, max_size=3).map(lambda some: f"({', '.join(some)})")
figures = st.sampled_from(["0", "1", "-1", "2.5", "1e0", ".5", "1.", "-2.5E-1", "1e999"])
words = st.sampled_from(
    ["status", "attribute.status", "run.`status`", "attr.run_name", 'attributes."Run name"', "user_id"]
)
times = st.sampled_from(["start_time", "attribute.end_time", "created", "attr.Created"])
datasets = st.sampled_from(["dataset.name", "datasets.digest", "dataset.`context`"])
text_keys = named(["params", "param", "parameter", "parameters", "tags", "tag", "`tags`"])


def clause(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda gap, *some: gap.join(some), spaces, *parts)


good = st.one_of(
    clause(named(["metrics", "metric", "`metric`"]), signs, figures),
    clause(text_keys, equals, strings),
    clause(text_keys, likes, patterns.map(quoted)),
    clause(text_keys, st.sampled_from(["IS NULL", "is not null", "IS NOT NULL"])),
    clause(words, equals, strings | st.sampled_from(STATUSES).map(quoted)),
    clause(words, likes, patterns.map(quoted)),
    clause(times, signs, st.sampled_from(["0", "1", "2", "3", "4", "1.5"])),
    clause(datasets, equals | likes, st.sampled_from(["'iris'", "'i%'", "'d1'", "'train'", "'TRAIN'"])),
    clause(datasets, lists, st.sampled_from(["('iris', 'd1')", '("train")', "('d2',)"])),
    clause(st.just("run_id"), lists, joined),
)
filters = st.lists(good, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" AND ", " and ", "\nAND\n", " AND AND "]).map(lambda word: word.join(parts))
)
# Near misses: what MLflow makes of them is its own affair, but what it takes, we take.
PIECES = [
    "metrics.a",
    "params.a",
    "tags.`x`",
    "status",
    "created",
    "run_id",
    "dataset.name",
    "=",
    "!=",
    "<",
    ">=",
    "IN",
]
PIECES += [
    "LIKE",
    "'x'",
    '"x"',
    "1",
    "2.5",
    "-1",
    "(",
    ")",
    "('x', \"y\")",
    ",",
    "AND",
    "IS NULL",
    "NOT",
    "IS NOT NULL",
]
PIECES += ["''", "null", "x"]
near = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map(" ".join) | st.builds(
    lambda text, at, junk: text[: at % (len(text) + 1)] + junk + text[at % (len(text) + 1) :],
    filters,
    st.integers(0, 200),
    st.sampled_from([" ", "'", '"', "`", ".", "(", ")", "=", "AND", " x ", ";", "1", "-", "\\"]),
)

SETTINGS = settings(max_examples=examples(120))


@SETTINGS
@given(stored=st.lists(runs(), max_size=5), text=filters)
def test_a_filter_finds_the_same_as_in_mlflow(stored: list[dict[str, Any]], text: str) -> None:
    tree = parse_filter(text, RUNS)

    found = [run["run_id"] for run in stored if matches(tree, ours(run))]

    assert found == [run.info.run_id for run in stock.SearchUtils.filter([theirs(run) for run in stored], text)]


@SETTINGS
@given(stored=st.lists(runs(), min_size=1, max_size=4), text=near)
def test_filters_that_mlflow_accepts_are_accepted(stored: list[dict[str, Any]], text: str) -> None:
    try:
        expected = stock.SearchUtils.filter([theirs(run) for run in stored], text)
    except Exception:  # noqa: BLE001 MLflow has many ways to fail on odd text
        return
    assume(not any(map(is_accident, stock.SearchUtils.parse_search_filter(text))) and not re.search(r"\dAND", text))

    tree = parse_filter(text, RUNS)

    assert [run["run_id"] for run in stored if matches(tree, ours(run))] == [run.info.run_id for run in expected]


def is_accident(comparison: dict[str, Any]) -> bool:
    """MLflow's parser of SQL makes one name of `a b` and of `a . b`, and one value of `"a"."b"`."""
    key, value = comparison["key"], comparison["value"]
    return (any(map(str.isspace, key)) and key not in (*KEYS, "Run name")) or '"."' in str(value)


orders = st.lists(
    st.builds(
        lambda name, direction: f"{name}{direction}",
        st.one_of(
            named(["metrics", "metric"]),
            named(["params", "tags"]),
            st.sampled_from(
                ["status", "attribute.start_time", "end_time", "attr.run_id", "run_name", "created", "user_id"]
            ),
        ),
        st.sampled_from(["", " ASC", " DESC", "  desc"]),
    ),
    max_size=3,
)


@SETTINGS
@given(stored=st.lists(runs(), max_size=6, unique_by=lambda run: run["run_id"]), order_by=orders)
def test_an_order_equals_mlflows_order(stored: list[dict[str, Any]], order_by: list[str]) -> None:
    try:
        wanted = search_sql.parse(None, order_by, [1], ["active"]).orders
    except Invalid as fault:
        assume("duplicate" not in fault.message)
        raise

    found = [record.attributes["run_id"] for record in ordered([ours(run) for run in stored], wanted)]

    assert found == [run.info.run_id for run in stock.SearchUtils.sort([theirs(run) for run in stored], order_by)]


@SETTINGS
@given(
    st.builds(
        lambda name, gap, rest: f"{name}{gap}{rest}",
        st.sampled_from(
            ["metrics.a", "`metrics.a`", "params.'a b'", "status", "x.y", "nonsense", "dataset.name", "metrics", ""]
        ),
        st.sampled_from([" ", "  "]),
        st.sampled_from(["ASC", "desc", "down", "DESC x", "!= 1", ", status"]),
    )
)
def test_orders_that_mlflow_accepts_are_accepted(text: str) -> None:
    try:
        kind, key, ascending = stock.SearchUtils.parse_order_by_for_search_runs(text)
    except Exception:  # noqa: BLE001 as above
        return
    assume(kind != "dataset")  # read by MLflow, refused a little later

    (order,) = parse_order_by([text], RUNS)

    assert (order.field.entity, order.field.key, order.ascending) == (kind, key, ascending)


experiment_filters = st.lists(
    st.one_of(
        clause(st.sampled_from(["name", "attribute.name", "attribute.`name`"]), equals, strings),
        clause(st.just("name"), st.sampled_from(["LIKE", "ILIKE"]), patterns.map(quoted)),
        clause(
            st.sampled_from(["creation_time", "attribute.last_update_time"]), signs, st.sampled_from(["0", "1", "2"])
        ),
        clause(named(["tag", "tags"]), equals, strings),
        clause(named(["tag", "tags"]), st.sampled_from(["IS NULL", "IS NOT NULL"])),
    ),
    min_size=1,
    max_size=3,
).map(" AND ".join)


@SETTINGS
@given(
    name=texts, tags=st.dictionaries(keyed, texts, max_size=3), times=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    text=experiment_filters,
)  # fmt: skip
def test_an_experiment_is_found_as_in_mlflow(
    name: str, tags: dict[str, str], times: tuple[int, int], text: str
) -> None:
    experiment = entities.Experiment(
        "1", name, "", "active", [entities.ExperimentTag(*tag) for tag in tags.items()], times[0], times[1]
    )
    record = Record({"name": name, "creation_time": times[0], "last_update_time": times[1]}, tags=tags)

    found = matches(parse_filter(text, EXPERIMENTS), record)

    assert found == bool(stock.SearchExperimentsUtils.filter([experiment], text))


def test_filters_that_mlflow_accepts_by_accident_are_refused(subtests: pytest.Subtests) -> None:
    cases = [
        ("metrics. a > 1", "a space is no part of a bare name"),
        ("metrics.a . b > 1", "a space is no part of a bare name"),
        ("run_id = ('a', 'b')", "a list is for IN"),
        ("run_id IN (('a', 'b'))", "a list in a list"),
        ("run_id IN (u'a')", "Python's prefixes"),
    ]
    for text, why in cases:
        with subtests.test(text=text, why=why):
            assert stock.SearchUtils.parse_search_filter(text), why

            with pytest.raises(Invalid):
                parse_filter(text, RUNS)
