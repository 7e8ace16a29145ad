"""Saved views of an experiment, as clients see them; on both databases."""

from typing import Any

import pytest

from support.client import Api

OURS = "/api/trackside/v1"


def create(api: Api, experiment: str, name: str, **more: Any) -> Any:
    return api.post(f"{OURS}/experiments/{experiment}/views", name=name, **more)["view"]


def names(api: Api, experiment: str) -> list[tuple[str, bool]]:
    found = api.get(f"{OURS}/experiments/{experiment}/views")["views"]
    return [(view["name"], view["is_default"]) for view in found]


def patch(api: Api, view_id: str, **fields: Any) -> Any:
    return api.ask("PATCH", f"{OURS}/views/{view_id}", fields)


def test_a_view_keeps_its_state_and_its_owner(api: Api) -> None:
    state = {"filter": "metrics.loss < 1", "columns": ["metrics.loss"], "deep": {"x": [1, None, "é"]}}
    reply = api.ask(
        "POST", f"{OURS}/experiments/0/views", {"name": " Mine ", "state": state}, headers={"X-Trackside-User": "ada"}
    )
    made = reply.json["view"]

    found = api.get(f"{OURS}/views/{made['view_id']}")["view"]

    assert found == made
    assert found["state"] == state
    assert (found["name"], found["owner"], found["version"], found["experiment_id"]) == ("Mine", "ada", 1, "0")
    assert found["is_default"] is False
    assert found["creation_time"] == found["last_update_time"] > 0


@pytest.mark.both
def test_an_experiment_has_one_default_at_most(api: Api) -> None:
    first = create(api, "0", "a", is_default=True)
    second = create(api, "0", "b", is_default=True)
    assert names(api, "0") == [("a", False), ("b", True)]

    patch(api, first["view_id"], version=1, is_default=True)
    assert names(api, "0") == [("a", True), ("b", False)]

    patch(api, first["view_id"], version=2, is_default=False)
    assert names(api, "0") == [("a", False), ("b", False)]
    assert second["is_default"] is True


@pytest.mark.both
def test_a_set_of_experiments_has_a_default_of_its_own(api: Api) -> None:
    one, two, three = (api.new_experiment(name) for name in ("one", "two", "three"))
    create(api, one, "alone", is_default=True)
    pair = create(api, one, "pair", is_default=True, experiment_ids=[one, two])
    assert names(api, one) == [("alone", True), ("pair", True)]

    create(api, one, "newer pair", is_default=True, experiment_ids=[two, one])
    assert names(api, one) == [("alone", True), ("newer pair", True), ("pair", False)]

    patch(api, pair["view_id"], version=1, is_default=True, experiment_ids=[one, two, three])
    assert names(api, one) == [("alone", True), ("newer pair", True), ("pair", True)]
    assert names(api, three) == [("pair", True)]

    patch(api, pair["view_id"], version=2, experiment_ids=[])
    assert names(api, one) == [("alone", False), ("newer pair", True), ("pair", True)]
    assert names(api, two) == [("newer pair", True)]


def test_a_view_that_somebody_else_changed_is_not_overwritten(api: Api) -> None:
    view = create(api, "0", "a", state={"n": 1})
    changed = patch(api, view["view_id"], version=1, state={"n": 2})

    late = patch(api, view["view_id"], version=1, state={"n": 3})

    assert (changed.status, changed.json["view"]["version"]) == (200, 2)
    assert (late.status, late.json["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert "version 2, not 1" in late.json["message"]
    assert api.get(f"{OURS}/views/{view['view_id']}")["view"]["state"] == {"n": 2}


@pytest.mark.both
def test_a_name_is_unique_in_its_experiment(api: Api) -> None:
    other = api.new_experiment("other")
    create(api, "0", "a")
    second = create(api, "0", "b")
    create(api, other, "a")

    assert api.fault(f"{OURS}/experiments/0/views", name="a")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    assert patch(api, second["view_id"], version=1, name="a").json["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert patch(api, second["view_id"], version=1, name="b").status == 200


@pytest.mark.both
def test_a_deleted_view_is_gone(api: Api) -> None:
    view = create(api, "0", "a")

    assert api.ask("DELETE", f"{OURS}/views/{view['view_id']}").status == 200

    assert names(api, "0") == []
    assert api.ask("DELETE", f"{OURS}/views/{view['view_id']}").status == 404
    assert patch(api, view["view_id"], version=1).status == 404


def test_an_invalid_view_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "  "}, "0 characters"),
        ({"name": "x" * 201}, "201"),
        ({"name": "a", "state": {"x": "y" * 300_000}}, "262144"),
        ({"name": "a", "state": [1]}, "state"),
        ({}, "name"),
    ]

    for fields, word in cases:
        with subtests.test(fields=fields):
            status, code, message = api.fault(f"{OURS}/experiments/0/views", fields)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert word in message


def test_an_experiment_that_does_not_exist_has_no_views(api: Api) -> None:
    assert api.fault(f"{OURS}/experiments/4711/views", method="GET")[0] == 404
    assert api.fault(f"{OURS}/experiments/4711/views", name="a")[0] == 404


def test_a_view_of_several_experiments_is_listed_on_each_of_them(api: Api) -> None:
    one, two, three = (api.new_experiment(name) for name in ("one", "two", "three"))
    made = create(api, one, "both", state={"q": ""}, experiment_ids=[two, one, two])
    create(api, two, "alone")

    assert made["experiment_ids"] == [one, two]
    assert names(api, one) == [("both", False)]
    assert names(api, two) == [("alone", False), ("both", False)]
    assert names(api, three) == []
    api.ask("DELETE", f"{OURS}/views/{made['view_id']}")
    assert names(api, two) == [("alone", False)]


def test_the_experiments_of_a_view_must_exist_and_contain_the_one_that_keeps_it(api: Api) -> None:
    one, two = (api.new_experiment(name) for name in ("one", "two"))
    views = f"{OURS}/experiments/{one}/views"

    for ids, word in (([one, "99"], "99"), ([two, "0"], one), ([one], "1 experiments"), ([one, "x"], "'x'")):
        refused = api.ask("POST", views, {"name": "v", "experiment_ids": ids})
        assert refused.status in (400, 404), ids
        assert word in refused.json["message"], ids
    assert names(api, one) == []

    view = create(api, one, "v")
    for ids, word in (([one, "99"], "99"), ([two, "0"], one), ([one], "1 experiments"), ([one, "x"], "'x'")):
        refused = patch(api, view["view_id"], version=1, experiment_ids=ids)
        assert refused.status in (400, 404), ids
        assert word in refused.json["message"], ids
    assert api.get(f"{OURS}/views/{view['view_id']}")["view"]["experiment_ids"] == []
