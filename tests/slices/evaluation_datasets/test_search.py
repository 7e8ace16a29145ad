"""Searches of evaluation datasets; on both databases."""

import pytest

from support.client import Api
from support.evaluation_datasets import USER, V3, Fields, get, new, search


@pytest.fixture
def shelf(api: Api) -> Api:
    """Three datasets, in the order of their creation."""
    api.new_experiment("iris")
    new(api, "alpha", {"level": "high", USER: "ada"}, experiment_ids=["0"])
    new(api, "Beta", {"level": "low"}, experiment_ids=["0", "1"])
    new(api, "gamma", {USER: "bob"})
    return api


@pytest.mark.both("each case")
def test_a_filter_finds_matching_datasets(shelf: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, list[str]]] = [
        ("", ["Beta", "alpha", "gamma"]),
        ("name = 'alpha'", ["alpha"]),
        ('name = "alpha"', ["alpha"]),
        ("name != 'alpha'", ["Beta", "gamma"]),
        ("name LIKE '%a'", ["Beta", "alpha", "gamma"]),
        ("name ILIKE 'b%'", ["Beta"]),
        ("name IN ('alpha', 'gamma')", ["alpha", "gamma"]),
        ("tags.level = 'high'", ["alpha"]),
        ("tags.level != 'high'", ["Beta"]),
        ("tags.`level` LIKE '%o%'", ["Beta"]),
        ("tags.level = 'low' AND name LIKE 'B%'", ["Beta"]),
        ("created_by = 'ada'", ["alpha"]),
        ("created_by != 'ada'", ["gamma"]),
        ("last_updated_by = 'bob'", ["gamma"]),
        ("created_time > 0 AND last_update_time >= 1", ["Beta", "alpha", "gamma"]),
        ("created_time < 5", []),
        ("name = 'alpha' OR name = 'gamma'", ["alpha", "gamma"]),
        ("NOT tags.level = 'high'", ["Beta", "gamma"]),
        ("tags.level IS NULL", ["gamma"]),
    ]

    for text, names in cases:
        with subtests.test(text=text):
            assert search(shelf, filter_string=text, order_by=["name"]) == names


def test_an_invalid_search_is_refused(shelf: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ({"filter_string": "foo = 'x'"}, "Invalid attribute key 'foo' specified. Valid keys are"),
        ({"filter_string": "dataset_id = 'x'"}, "Invalid attribute key 'dataset_id' specified."),
        ({"filter_string": "attributes.name = 'x'"}, "Invalid identifier token 'attributes' specified"),
        ({"filter_string": "params.x = 'x'"}, "Invalid identifier token 'params' specified"),
        ({"filter_string": "created_time > '5'"}, "Expected numeric value type for numeric attribute: created_time."),
        ({"filter_string": "created_time > 1.5"}, "Invalid value for numeric attribute 'created_time': '1.5'"),
        ({"filter_string": "name = 5"}, "Expected a quoted string value for attributes. Got value 5"),
        ({"order_by": ["created_by"]}, "Invalid attribute key 'created_by' specified."),
        ({"order_by": ["tags.level"]}, "Invalid order_by entity: tag"),
        ({"order_by": ["name FOO"]}, "Invalid ordering key in order_by clause 'name FOO'."),
        ({"max_results": 0}, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        ({"max_results": 50_001}, "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"),
        ({"page_token": "xx"}, "Invalid page token"),
    ]

    for wanted, message in cases:
        with subtests.test(wanted=wanted):
            fault = shelf.fault("datasets/search", wanted, version=V3)

            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert fault[2].startswith(message), fault


@pytest.mark.both("each case")
def test_a_search_is_newest_first_or_as_ordered(shelf: Api) -> None:
    times = {each["name"]: each["created_time"] for each in shelf.get("datasets/search", version=V3)["datasets"]}
    assert search(shelf, order_by=["created_time", "name"]) == sorted(times, key=lambda name: (times[name], name))
    assert search(shelf, order_by=["name DESC"]) == ["gamma", "alpha", "Beta"]
    assert sorted(search(shelf)) == ["Beta", "alpha", "gamma"]
    arguments = {"order_by": "name ASC", "max_results": 2}
    found = shelf.get("datasets/search", version=V3, **arguments)
    assert [each["name"] for each in found["datasets"]] == ["Beta", "alpha"]


@pytest.mark.both("each case")
def test_a_search_is_limited_to_its_experiments(shelf: Api) -> None:
    assert search(shelf, experiment_ids=["0"], order_by=["name"]) == ["Beta", "alpha"]
    assert search(shelf, experiment_ids=["1"]) == ["Beta"]
    assert search(shelf, experiment_ids=["0", "1"], filter_string="tags.level = 'low'") == ["Beta"]
    assert search(shelf, experiment_ids=["999", "abc"]) == []


@pytest.mark.both("each case")
def test_the_pages_of_a_search_have_each_dataset_once(api: Api, subtests: pytest.Subtests) -> None:
    orders: list[list[str]] = [[], ["name"], ["created_time ASC"], ["last_update_time DESC", "name"]]
    for i in range(7):
        new(api, f"n{i % 3}", tags={"i": i})

    for order_by in orders:
        with subtests.test(order_by=order_by):
            whole = search(api, order_by=order_by)

            wanted: Fields = {"order_by": order_by, "max_results": 2}
            paged: list[str] = []
            while True:
                found = api.post("datasets/search", wanted, version=V3)
                paged += [each["dataset_id"] for each in found["datasets"]]
                if "next_page_token" not in found:
                    break
                wanted["page_token"] = found["next_page_token"]

            assert len(set(paged)) == len(paged) == 7
            assert [get(api, each)["name"] for each in paged] == whole
