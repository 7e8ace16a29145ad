"""The SQL of experiments/search equals the filter in plain Python; pages are complete and in order."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from support.runner.examples import NOT_CHECKED_WITH_FIXTURE, examples
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.fields import EXPERIMENTS
from trackside.core.filters.parse import parse_filter, parse_order_by
from trackside.core.filters.to_python import Record, matches, ordered
from trackside.experiments import search_sql

pytestmark = pytest.mark.both

workspaces = count(1000)
ids = count(1)

names = st.sampled_from(["a", "A", "ab", "a%b", "é", "10"]) | st.text("aA%_é", min_size=1, max_size=4)
tags = st.dictionaries(st.sampled_from(["k", "c d"]), st.sampled_from(["", "x", "X", "xy"]), max_size=2)


class Experiment(Struct):
    name: str
    times: tuple[int, int]
    tags: dict[str, str]
    stage: str
    experiment_id: int = 0

    @property
    def record(self) -> Record:
        attributes: dict[str, str | int | float | None] = {
            "name": self.name,
            "experiment_id": self.experiment_id,
            "creation_time": self.times[0],
            "last_update_time": self.times[1],
        }
        return Record(attributes, tags=self.tags)


experiments = st.lists(
    st.builds(
        Experiment, names, st.tuples(st.integers(0, 2), st.integers(0, 2)), tags, st.sampled_from(["active", "deleted"])
    ),
    max_size=7,
    unique_by=lambda experiment: experiment.name,
)
clauses = st.sampled_from(
    [
        "name = 'a'",
        "name != 'a'",
        "name LIKE 'a%'",
        "name ILIKE '%A%'",
        "name CONTAINS 'A'",
        "name NOT CONTAINS '_'",
        "tags.k CONTAINS 'X'",
        "name IN ('a', 'é')",
        "creation_time >= 1",
        "last_update_time BETWEEN 1 AND 2",
        "tags.k = 'x'",
        "tags.k != 'x'",
        "tags.`c d` ILIKE 'x%'",
        "tags.k IS NULL",
        "tags.k IS NOT NULL",
        "NOT tags.k = 'x'",
        "(tags.k = 'x' OR name = 'ab')",
    ]
)
orders = st.lists(
    st.builds(
        lambda name, direction: f"{name} {direction}",
        st.sampled_from(["name", "experiment_id", "creation_time", "last_update_time"]),
        st.sampled_from(["ASC", "DESC"]),
    ),
    max_size=3,
    unique_by=lambda order: order.split()[0],
)


@settings(max_examples=examples(120), suppress_health_check=NOT_CHECKED_WITH_FIXTURE)
@given(stored=experiments, filters=st.lists(clauses, max_size=3), order_by=orders, size=st.integers(1, 4))
def test_pages_have_the_matching_experiments_in_order(
    tx: Tx, stored: list[Experiment], filters: list[str], order_by: list[str], size: int
) -> None:
    tx = Tx(tx._session, next(workspaces), 0)
    save(tx, stored)
    text = " AND ".join(filters)
    ties = [] if any("experiment_id" in order for order in order_by) else ["experiment_id DESC"]
    wanted = parse_order_by([*order_by, *ties] if order_by else ["creation_time DESC", "experiment_id"], EXPERIMENTS)

    found = searched(tx, text, order_by, ["active"], size)

    met = [
        one.record for one in stored if one.stage == "active" and matches(parse_filter(text, EXPERIMENTS), one.record)
    ]
    assert found == [record.attributes["experiment_id"] for record in ordered(met, wanted)]


def test_an_experiment_is_found_by_its_id(tx: Tx) -> None:
    tx = Tx(tx._session, next(workspaces), 0)
    stored = [Experiment(name, (0, 0), {}, "active") for name in ("a", "b", "c")]
    save(tx, stored)
    a, b, c = (one.experiment_id for one in stored)

    assert searched(tx, f"experiment_id = '{b}'", [], ["active"], 9) == [b]
    assert searched(tx, f"experiment_id NOT IN ('{b}')", ["name"], ["active"], 9) == [a, c]
    assert searched(tx, f"experiment_id IN ('{c}', '{a}')", ["name DESC"], ["active", "deleted"], 9) == [c, a]


def test_a_token_of_another_search_is_refused(tx: Tx) -> None:
    tx = Tx(tx._session, next(workspaces), 0)
    save(tx, [Experiment(name, (0, 0), {}, "active") for name in ("a", "b")])
    one = search_sql.parse("", [], ["active"])
    query = search_sql.query(one, 1, None, tx.dialect)
    token = search_sql.cut(one, tx.all(query.sql, **query.params), 1)[1]

    with pytest.raises(Invalid, match="belongs to another search"):
        search_sql.query(search_sql.parse("", [], ["deleted"]), 1, token, tx.dialect)


def save(tx: Tx, stored: Sequence[Experiment]) -> None:
    for experiment in stored:
        experiment.experiment_id = seq = next(ids)
        tx.run(
            """
            INSERT INTO experiments (experiment_seq, workspace_id, experiment_id, name, artifact_location,
                lifecycle_stage, creation_time, last_update_time)
            VALUES (:seq, :ws, :seq, :name, '', :stage, :created, :updated)
            """,
            seq=seq,
            name=experiment.name,
            stage=experiment.stage,
            created=experiment.times[0],
            updated=experiment.times[1],
        )
        tx.many(
            "INSERT INTO experiment_tags (workspace_id, experiment_seq, key, value) VALUES (:ws, :seq, :key, :value)",
            [{"seq": seq, "key": key, "value": value} for key, value in experiment.tags.items()],
        )


def searched(tx: Tx, text: str, order_by: list[str], stages: list[str], size: int) -> list[int]:
    """The ids of all pages, which are the seqs here."""
    wanted = search_sql.parse(text, order_by, stages)
    found: list[int] = []
    token = None
    while True:
        query = search_sql.query(wanted, size, token, tx.dialect)
        page, token = search_sql.cut(wanted, tx.all(query.sql, **query.params), size)
        found += page
        if token is None:
            return found
