"""The columns and groups that a table of runs can have; on both databases."""

from typing import Any

import pytest

from support.client import Api

COLUMNS = "/api/trackside/v1/runs/columns"
GROUPS = "/api/trackside/v1/runs/groups"
TABLE = "/api/trackside/v1/runs/table"


@pytest.fixture
def experiment(api: Api) -> str:
    found = api.new_experiment("tuning")
    for lr, loss, team in (("0.1", 1.0, "a"), ("0.1", 3.0, 'it\'s "b"'), ("10", 5.0, "a"), ("many", "NaN", "a")):
        run_id = api.new_run(found, start_time=1)
        api.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[{"key": "loss", "value": loss, "timestamp": 1, "step": 1}],
            params=[{"key": "lr", "value": lr}, {"key": "same", "value": "x"}],
            tags=[{"key": "team name", "value": team}],
        )
    api.new_run(found, start_time=2)
    return found


def columns(api: Api, experiment: str, **more: Any) -> dict[str, Any]:
    found = api.post(COLUMNS, experiment_ids=[experiment], **more)
    return {column["key"]: column for column in found["columns"]}


@pytest.mark.both
def test_a_column_has_the_kinds_of_its_values(api: Api, experiment: str) -> None:
    found = columns(api, experiment)

    assert found["lr"] == {
        "field": "params.lr",
        "kind": "param",
        "key": "lr",
        "runs": 4,
        "varies": True,
        "numeric": 3,
        "min": 0.1,
        "max": 10.0,
        "p5": 0.1,
        "p95": 0.1,
        "values": ["0.1", "10", "many"],
    }
    assert (found["loss"]["runs"], found["loss"]["numeric"], found["loss"]["max"]) == (4, 3, 5.0)
    assert found["team name"]["field"] == "tags.`team name`"


def test_a_column_varies_if_one_run_lacks_the_value(api: Api, experiment: str) -> None:
    whole = columns(api, experiment)
    some = columns(api, experiment, filter="params.same = 'x'")

    assert (whole["same"]["varies"], some["same"]["varies"]) == (True, False)


def test_columns_are_found_by_a_part_of_their_key_and_by_kind(api: Api, experiment: str) -> None:
    assert list(columns(api, experiment, search="LOS")) == ["loss"]
    assert list(columns(api, experiment, kinds=["param"])) == ["lr", "same"]
    assert api.post(COLUMNS, experiment_ids=[experiment], max_results=1)["more"] is True


def test_groups_have_counts_and_aggregates(api: Api, experiment: str) -> None:
    found = api.post(GROUPS, experiment_ids=[experiment], by=["params.lr"], metrics=["metrics.loss"])

    assert (found["matching"], found["groups_total"]) == (5, 4)
    first = found["groups"][0]
    assert first == {
        "values": ["0.1"],
        "count": 2,
        "filter": "params.lr = '0.1'",
        "metrics": [{"runs": 2, "odd": 0, "mean": 2.0, "sd": pytest.approx(2**0.5), "min": 1.0, "max": 3.0}],
    }
    assert [group["values"] for group in found["groups"]] == [["0.1"], ["10"], ["many"], [None]]
    assert found["groups"][2]["metrics"] == [{"runs": 0, "odd": 1, "mean": None, "sd": None, "min": None, "max": None}]


@pytest.mark.both
def test_the_filter_of_each_group_selects_its_runs(api: Api, experiment: str) -> None:
    found = api.post(GROUPS, experiment_ids=[experiment], by=["tags.`team name`", "params.lr"])

    for group in found["groups"]:
        rows = api.post(TABLE, experiment_ids=[experiment], filter=group["filter"])
        assert rows["matching"] == group["count"], group


@pytest.mark.both
def test_groups_are_ordered_and_paged(api: Api, experiment: str) -> None:
    def values(**more: Any) -> list[Any]:
        found = api.post(GROUPS, experiment_ids=[experiment], by=["params.lr"], metrics=["metrics.loss"], **more)
        return [group["values"][0] for group in found["groups"]]

    assert values(order_by="params.lr DESC") == ["many", "10", "0.1", None]
    assert values(order_by="mean of metrics.loss DESC") == ["10", "0.1", "many", None]
    assert values(order_by="mean of metrics.loss") == ["0.1", "10", "many", None]
    assert values(offset=1, max_results=2) == ["10", "many"]


def test_an_invalid_value_is_quoted(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        (COLUMNS, {"kinds": ["dataset"]}, "dataset"),
        (COLUMNS, {"max_results": 0}, "0"),
        (GROUPS, {}, "by is 0"),
        (GROUPS, {"by": ["metrics.a"]}, "metrics.a"),
        (GROUPS, {"by": ["start_time"]}, "start_time"),
        (GROUPS, {"by": ["params.a"], "metrics": ["params.b"]}, "params.b"),
        (GROUPS, {"by": ["params.a"], "order_by": "mean of metrics.x"}, "metrics.x"),
        (GROUPS, {"by": ["params.a"], "offset": -1}, "-1"),
    ]

    for path, fields, word in cases:
        with subtests.test(path=path, fields=fields):
            status, code, message = api.fault(path, {"experiment_ids": ["0"], **fields})

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert word in message


def test_a_missing_experiment_has_neither_columns_nor_groups(api: Api) -> None:
    assert api.post(COLUMNS, experiment_ids=["4711"])["columns"] == []
    assert api.post(GROUPS, experiment_ids=["4711"], by=["params.a"])["groups"] == []
