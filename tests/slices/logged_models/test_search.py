"""Searches of logged models: filters, orders, pages; on both databases."""

from typing import Any

import pytest

from support.client import Api
from support.logged_models import change, found, new_model, on, point


@pytest.mark.both("each case")
def test_searches_find_the_newest_first_and_page_without_loss(api: Api) -> None:
    names = [f"m{i}" for i in range(7)]
    for name in names:
        new_model(api, name=name)
    deleted = new_model(api, name="deleted")
    change(api, "DELETE", deleted)

    seen: list[str] = []
    token = None
    while token or not seen:
        page = api.post("logged-models/search", experiment_ids=["0"], max_results=3, page_token=token)
        seen += [each["info"]["name"] for each in page["models"]]
        token = page.get("next_page_token")

    assert sorted(seen) == names
    created = [
        model["info"]["creation_timestamp_ms"]
        for model in api.post("logged-models/search", experiment_ids=["0"])["models"]
    ]
    assert created == sorted(created, reverse=True)


def test_a_page_token_belongs_to_its_search(api: Api) -> None:
    for _ in range(2):
        new_model(api, name="m")
    asked = {"experiment_ids": ["0"], "max_results": 1}
    token = api.post("logged-models/search", asked)["next_page_token"]

    def message(**other: Any) -> str:
        return api.fault("logged-models/search", {**asked, "page_token": token, **other})[2]

    assert message(experiment_ids=["0", "1"]).startswith("Experiment IDs in the page token do not match")
    assert message(filter="name = 'm'").startswith("Filter string in the page token does not match")
    assert message(order_by=[{"field_name": "name"}]).startswith("Order by in the page token does not match")
    assert message(datasets=[{"dataset_name": "d"}]).startswith("Datasets in the page token do not match")
    assert message(page_token="garbage") == "Invalid page token, could not base64-decode"


@pytest.fixture
def three(api: Api) -> dict[str, str]:
    """Models a, b and c, with metrics on two datasets: `acc` of c is NaN, and a has been better before."""
    run_id = api.new_run()
    ids = {
        "a": new_model(api, name="a", params=[{"key": "lr", "value": "0.1"}], tags=[{"key": "k", "value": "v"}]),
        "b": new_model(api, name="b", params=[{"key": "lr", "value": "10"}], source_run_id=run_id),
        "c": new_model(api, name="c", model_type="agent"),
        "d": new_model(api, name="d"),
    }
    api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[
            point("acc", 0.9, ids["a"], 1, **on("train")),
            point("acc", 0.3, ids["a"], 2, **on("test")),
            point("acc", 0.8, ids["b"], 3, **on("train")),
            point("acc", 0.4, ids["b"], 3, **on("test", "other")),
            point("acc", "NaN", ids["c"], 4),
        ],
    )
    change(api, "PATCH", ids["b"], {"status": "READY"})
    return ids


@pytest.mark.both("each case")
def test_a_filter_finds(api: Api, three: dict[str, str], subtests: pytest.Subtests) -> None:
    cases = [
        ("name = 'a'", "a"),
        ("attributes.name IN ('a', 'b')", "ab"),
        ("name NOT IN ('a')", "bcd"),
        ("name LIKE 'A%'", ""),
        ("name ILIKE 'A%'", "a"),
        ("creation_timestamp > 0 AND last_updated_timestamp_ms > 0 AND creation_time > 0", "abcd"),
        ("model_type = 'agent'", "c"),
        ("source_run_id IS NULL", "acd"),
        ("source_run_id IS NOT NULL", "b"),
        ("status = 'READY'", "b"),
        ("status = 'LOGGED_MODEL_READY'", "b"),
        ("status != 'ready'", "acd"),
        ("experiment_id = '0'", "abcd"),
        ("params.lr = '0.1'", "a"),
        ("params.lr > 9", "b"),
        ("params.`lr` LIKE '1%'", "b"),
        ("params.lr IS NULL", "cd"),
        ("tags.k = 'v' AND params.lr = '0.1'", "a"),
        ("tags.k = 'v' and params.lr = '10'", ""),
        ("metrics.acc > 0.85", "a"),  # any point, as on stock
        ("metrics.acc < 0.5", "ab"),
        ("metrics.acc != 0.9", "abc"),
        ("metrics.acc = 0.4", "b"),
        ("metrics.none > 0", ""),
        ("metrics.acc IS NULL", "d"),
        ("(name = 'a' OR name = 'd')", "ad"),
        ("NOT metrics.acc > 0.85", "bcd"),
    ]

    for wanted, names in cases:
        with subtests.test(wanted=wanted):
            assert sorted(found(api, wanted)) == list(names)


def test_an_invalid_filter_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("Foo", "Invalid filter string: 'Foo'"),
        ("name = 'a' OR name = 'b'", "Invalid filter string"),
        ("foo.bar = 'a'", "Invalid entity type: 'foo'. Expected one of ['attributes', 'metrics', 'params', 'tags']."),
        ("name > 'a'", "Invalid comparison operator for name: '>'"),
        ("metrics.a LIKE 0", "Invalid comparison operator for metrics.a: 'LIKE'"),
        ("foo = 'a'", "Invalid attribute key 'foo'"),
        ("min(metrics.a) > 1", "min() is not supported here: a comparison holds if any point"),
        ("metrics.a = 'x'", "Expected numeric value type for metric."),
    ]

    for wanted, message in cases:
        with subtests.test(wanted=wanted):
            status, code, told = api.fault("logged-models/search", experiment_ids=["0"], filter=wanted)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert told.startswith(message)


@pytest.mark.both("each case")
def test_datasets_narrow_the_metrics_that_count(api: Api, three: dict[str, str], subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[dict[str, str]], str | None, str]] = [
        ([{"dataset_name": "test"}], None, "ab"),
        ([{"dataset_name": "test", "dataset_digest": "d"}], None, "a"),
        ([{"dataset_name": "test"}, {"dataset_name": "train"}], "metrics.acc > 0.5", "ab"),
        ([{"dataset_name": "test"}], "metrics.acc > 0.35", "b"),
        ([{"dataset_name": "nothing"}], None, ""),
        ([{"dataset_name": "nothing"}], "metrics.acc > 0", ""),
        ([{"dataset_name": "test"}], "name = 'a'", "a"),
    ]

    for datasets, wanted, names in cases:
        with subtests.test(datasets=datasets, wanted=wanted):
            assert sorted(found(api, wanted, datasets=datasets)) == list(names)


@pytest.mark.both("each case")
def test_an_order_holds_across_pages(api: Api, three: dict[str, str], subtests: pytest.Subtests) -> None:
    cases: list[tuple[list[dict[str, Any]], str]] = [
        ([{"field_name": "name"}], "abcd"),
        ([{"field_name": "attributes.name", "ascending": False}], "dcba"),
        ([{"field_name": "metrics.acc"}], "abcd"),  # the newest point of each; NaN, then nothing
        ([{"field_name": "metrics.acc", "ascending": False}], "bacd"),
        ([{"field_name": "metrics.acc", "ascending": False, **on("train")}], "abcd"),
        ([{"field_name": "metrics.acc", "dataset_name": "test"}, {"field_name": "name"}], "abcd"),
        (
            [{"field_name": "metrics.acc", "dataset_digest": "other"}, {"field_name": "name", "ascending": False}],
            "bdca",
        ),
        ([{"field_name": "metrics.none"}, {"field_name": "name"}, {"field_name": "name", "ascending": False}], "abcd"),
    ]

    for order, names in cases:
        with subtests.test(order=order):
            orders = order if len(order) > 1 else [*order, {"field_name": "name"}]
            seen: list[str] = []
            token = None
            wanted: dict[str, Any] = {"experiment_ids": ["0"], "max_results": 1, "order_by": orders}
            for _ in names:
                page = api.post("logged-models/search", {**wanted, "page_token": token})
                seen += [each["info"]["name"] for each in page["models"]]
                token = page.get("next_page_token")

            assert (seen, token) == (list(names), None)


def test_an_order_by_a_missing_metric_is_reported(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], str]] = [
        ({"field_name": "foo"}, "Invalid order by field name: foo"),
        ({"field_name": "params.p"}, "Invalid order by field name: params.p. Only metrics are supported."),
        ({}, "Invalid order by field name: "),
    ]

    for order, message in cases:
        with subtests.test(order=order):
            fault = api.fault("logged-models/search", experiment_ids=["0"], order_by=[order])

            assert fault == (400, "INVALID_PARAMETER_VALUE", message)


def test_a_search_needs_experiments_and_ignores_missing_ones(api: Api) -> None:
    new_model(api, name="here")

    assert found(api, experiment_ids=["0", "999"]) == ["here"]
    assert found(api, experiment_ids=["999"]) == []
    assert api.fault("logged-models/search", {})[2].startswith("Missing value for required parameter 'experiment_ids'")
    assert api.fault("logged-models/search", experiment_ids=["0"], max_results=-1)[0] == 400
    assert api.fault("logged-models/search", experiment_ids=["0"], datasets=[{"dataset_digest": "d"}])[2] == (
        "`dataset_name` in the `datasets` clause must be specified."
    )
