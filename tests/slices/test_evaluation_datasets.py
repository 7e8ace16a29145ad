"""Evaluation datasets, as a client sees them; on both databases."""

import hashlib
import json
import re
from typing import Any

import pytest

from support.client import Api
from trackside.evaluation_datasets import record_store, records, store

V3 = "3.0"
USER = "mlflow.user"
Fields = dict[str, Any]


def new(api: Api, name: str = "questions", tags: Fields | None = None, **fields: Any) -> Any:
    if tags is not None:
        fields["tags"] = json.dumps(tags)
    return api.post("datasets/create", name=name, version=V3, **fields)["dataset"]


def new_id(api: Api, name: str = "questions", **fields: Any) -> str:
    dataset_id: str = new(api, name, **fields)["dataset_id"]
    return dataset_id


def get(api: Api, dataset_id: str) -> Any:
    return api.get(f"datasets/{dataset_id}", version=V3)["dataset"]


def tags_of(api: Api, dataset_id: str) -> Any:
    return json.loads(get(api, dataset_id)["tags"])


def upsert(api: Api, dataset_id: str, *given: Any) -> tuple[int, int]:
    counts = api.post(f"datasets/{dataset_id}/records", records=json.dumps(given), version=V3)
    return counts["inserted_count"], counts["updated_count"]


def page(api: Api, dataset_id: str, **arguments: Any) -> tuple[list[Any], str | None]:
    answer = api.get(f"datasets/{dataset_id}/records", version=V3, **arguments)
    return json.loads(answer["records"]), answer.get("next_page_token")


def all_of(api: Api, dataset_id: str) -> list[Any]:
    return page(api, dataset_id)[0]


def delete_records(api: Api, dataset_id: str, ids: list[str]) -> int:
    reply = api.ask("DELETE", f"datasets/{dataset_id}/records", {"dataset_record_ids": ids}, version=V3)
    assert reply.status == 200, reply
    deleted: int = reply.json["deleted_count"]
    return deleted


def search(api: Api, **wanted: Any) -> list[str]:
    found = api.post("datasets/search", wanted, version=V3)
    return [each["name"] for each in found.get("datasets", [])]


def experiments_of(api: Api, dataset_id: str) -> list[str]:
    found: list[str] = api.get(f"datasets/{dataset_id}/experiment-ids", version=V3).get("experiment_ids", [])
    return found


# Datasets


def test_a_new_dataset_says_all_it_knows(api: Api) -> None:
    experiment = api.new_experiment("iris")

    made = new(api, "qa", {"team": "north", "level": 3, "none": None, USER: "ada"}, experiment_ids=["0", experiment])

    assert re.fullmatch("d-[0-9a-f]{32}", made["dataset_id"])
    created = made["created_time"]
    assert {**made, "tags": json.loads(made["tags"])} == {
        "dataset_id": made["dataset_id"],
        "name": "qa",
        "tags": {"team": "north", "level": "3", "none": None, USER: "ada"},
        "digest": hashlib.sha256(f"qa:{created}".encode()).hexdigest()[:8],
        "created_time": created,
        "last_update_time": created,
        "created_by": "ada",
        "last_updated_by": "ada",
        "experiment_ids": ["0", experiment],
    }
    del made["experiment_ids"]  # which the other calls leave to `experiment-ids`
    assert get(api, made["dataset_id"]) == made
    assert experiments_of(api, made["dataset_id"]) == ["0", experiment]


def test_a_dataset_needs_a_name_only_and_shares_it(api: Api) -> None:
    first, second = new(api), new(api)

    assert first["dataset_id"] != second["dataset_id"]
    assert (first["tags"], "created_by" in first, "experiment_ids" in first) == ("{}", False, False)
    assert experiments_of(api, first["dataset_id"]) == []
    assert search(api) == ["questions", "questions"]


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({}, 400, "Missing value for required parameter 'name'."),
        ({"name": ""}, 400, "Missing value for required parameter 'name'."),
        ({"name": "n" * 256}, 400, "'name' exceeds the maximum length of 255 characters"),
        ({"name": "n", "tags": "no json"}, 400, "The parameter 'tags' is no JSON"),
        ({"name": "n", "tags": "[1]"}, 400, "The parameter 'tags' must be a JSON object"),
        ({"name": "n", "tags": "[" * 100_000}, 400, "The parameter 'tags' is no JSON"),
        ({"name": "n", "tags": json.dumps({"k" * 256: "v"})}, 400, "'tags key' exceeds"),
        ({"name": "n", "tags": json.dumps({"k": "v" * 5001})}, 400, "'tags value' exceeds"),
        ({"name": "n", "tags": json.dumps({"k": "\0"})}, 400, "The parameter 'tags' has the character NUL"),
        ({"name": "n", "tags": json.dumps({USER: "u" * 256})}, 400, "'mlflow.user' exceeds"),
        ({"name": "n", "experiment_ids": ["0", "999"]}, 404, "No Experiment with id=999"),
        ({"name": "n", "experiment_ids": ["abc"]}, 404, "No Experiment with id=abc"),
    ],
)
def test_what_is_no_dataset_is_refused(api: Api, fields: Fields, status: int, message: str) -> None:
    fault = api.fault("datasets/create", fields, version=V3)

    assert fault[0] == status
    assert fault[2].startswith(message), fault
    assert search(api) == []


def test_a_deleted_dataset_is_gone_with_its_records(api: Api, application: Any) -> None:
    kept, gone = new_id(api, experiment_ids=["0"], tags={"k": "v"}), new_id(api, experiment_ids=["0"], tags={"k": "v"})
    for dataset_id in (kept, gone):
        upsert(api, dataset_id, {"inputs": {"q": 1}})

    for _ in range(2):
        assert api.ask("DELETE", f"datasets/{gone}", version=V3).json == {}

    assert api.fault(f"datasets/{gone}", method="GET", version=V3) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        f"Evaluation dataset with id '{gone}' not found",
    )
    assert experiments_of(api, gone) == []
    assert len(all_of(api, kept)) == 1
    with application.asgi._database.read(1) as tx:
        for table in ("evaluation_dataset_records", "evaluation_dataset_tags", "evaluation_dataset_experiments"):
            assert tx.one(f"SELECT COUNT(*) FROM {table} WHERE workspace_id = :ws") == (1,), table


def test_tags_are_added_to_and_the_dataset_counts_as_unchanged(api: Api) -> None:
    made = new(api, tags={"a": "1", "b": "2"})
    dataset_id = made["dataset_id"]

    api.ask("PATCH", f"datasets/{dataset_id}/tags", {"tags": json.dumps({"a": "x", "b": None, "c/d": 4})}, version=V3)
    for _ in range(2):
        assert api.ask("DELETE", f"datasets/{dataset_id}/tags/a", version=V3).json == {}

    assert tags_of(api, dataset_id) == {"b": "2", "c/d": "4"}
    api.ask("DELETE", f"datasets/{dataset_id}/tags/c/d", version=V3)
    assert {**get(api, dataset_id), "tags": made["tags"]} == made
    assert tags_of(api, dataset_id) == {"b": "2"}


def test_tags_of_what_is_not_there(api: Api) -> None:
    fault = api.fault("datasets/d-x/tags", method="PATCH", tags="{}", version=V3)

    assert fault == (404, "RESOURCE_DOES_NOT_EXIST", "Could not find evaluation dataset with ID d-x")
    assert api.ask("DELETE", "datasets/d-x/tags/k", version=V3).status == 200
    assert api.fault(f"datasets/{new_id(api)}/tags", method="PATCH", version=V3)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_experiments_are_added_and_removed(api: Api) -> None:
    first, second = api.new_experiment("first"), api.new_experiment("second")
    made = new(api, experiment_ids=[second])
    dataset_id = made["dataset_id"]

    def change(what: str, *ids: str) -> Any:
        return api.post(f"datasets/{dataset_id}/{what}-experiments", experiment_ids=list(ids), version=V3)["dataset"]

    added = change("add", first, second, "0", first)
    assert (added["dataset_id"], "experiment_ids" in added) == (dataset_id, False)
    assert added["last_update_time"] >= made["last_update_time"]
    assert set(experiments_of(api, dataset_id)) == {second, "0", first}
    change("remove", second, "999", "abc")
    assert experiments_of(api, dataset_id) == ["0", first]
    assert change("remove", second)["digest"] == made["digest"]


@pytest.mark.parametrize("what", ["add", "remove"])
def test_experiments_of_what_is_not_there(api: Api, what: str) -> None:
    assert api.fault(f"datasets/d-x/{what}-experiments", experiment_ids=["0"], version=V3) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Dataset 'd-x' not found",
    )


def test_no_experiment_is_added_if_one_of_them_is_not_there(api: Api) -> None:
    dataset_id = new_id(api)

    fault = api.fault(f"datasets/{dataset_id}/add-experiments", experiment_ids=["0", "777"], version=V3)

    assert fault == (404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=777")
    assert experiments_of(api, dataset_id) == []


# Search


@pytest.fixture
def shelf(api: Api) -> Api:
    """Three datasets, in the order of their creation."""
    api.new_experiment("iris")
    new(api, "alpha", {"level": "high", USER: "ada"}, experiment_ids=["0"])
    new(api, "Beta", {"level": "low"}, experiment_ids=["0", "1"])
    new(api, "gamma", {USER: "bob"})
    return api


@pytest.mark.parametrize(
    ("text", "names"),
    [
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
    ],
)
def test_a_filter_finds_what_it_says(shelf: Api, text: str, names: list[str]) -> None:
    assert search(shelf, filter_string=text, order_by=["name"]) == names


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
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
    ],
)
def test_a_search_that_means_nothing_is_refused(shelf: Api, wanted: Fields, message: str) -> None:
    fault = shelf.fault("datasets/search", wanted, version=V3)

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert fault[2].startswith(message), fault


def test_a_search_is_newest_first_or_as_ordered(shelf: Api) -> None:
    assert search(shelf, order_by=["created_time", "name"])[0] == "alpha"
    assert search(shelf, order_by=["name DESC"]) == ["gamma", "alpha", "Beta"]
    assert sorted(search(shelf)) == ["Beta", "alpha", "gamma"]
    arguments = {"order_by": "name ASC", "max_results": 2}
    found = shelf.get("datasets/search", version=V3, **arguments)
    assert [each["name"] for each in found["datasets"]] == ["Beta", "alpha"]


def test_a_search_keeps_to_experiments(shelf: Api) -> None:
    assert search(shelf, experiment_ids=["0"], order_by=["name"]) == ["Beta", "alpha"]
    assert search(shelf, experiment_ids=["1"]) == ["Beta"]
    assert search(shelf, experiment_ids=["0", "1"], filter_string="tags.level = 'low'") == ["Beta"]
    assert search(shelf, experiment_ids=["999", "abc"]) == []


@pytest.mark.parametrize("order_by", [[], ["name"], ["created_time ASC"], ["last_update_time DESC", "name"]])
def test_the_pages_of_a_search_are_all_of_it_once(api: Api, order_by: list[str]) -> None:
    for i in range(7):
        new(api, f"n{i % 3}", tags={"i": i})
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


# Records


def test_a_record_comes_back_as_it_went(api: Api) -> None:
    dataset_id = new_id(api)

    counts = upsert(
        api,
        dataset_id,
        {
            "inputs": {"question": "What is 1 + 1, in “words”?", "n": [1, 2.5, None, True], "deep": {"a": {}}},
            "outputs": {"answer": "two"},
            "expectations": {"score": 0.5},
            "tags": {USER: "ada", "k": "v"},
            "source": {"source_type": "trace", "source_data": {"trace_id": "tr-1", "span": 7}},
        },
    )

    assert counts == (1, 0)
    (record,) = all_of(api, dataset_id)
    updated = get(api, dataset_id)["last_update_time"]
    assert re.fullmatch("dr-[0-9a-f]{32}", record["dataset_record_id"])
    assert record == {
        "dataset_record_id": record["dataset_record_id"],
        "dataset_id": dataset_id,
        "inputs": {"question": "What is 1 + 1, in “words”?", "n": [1, 2.5, None, True], "deep": {"a": {}}},
        "outputs": {"answer": "two"},
        "expectations": {"score": 0.5},
        "tags": {USER: "ada", "k": "v"},
        "source": {"source_type": "TRACE", "source_data": {"trace_id": "tr-1", "span": 7}},
        "source_id": "tr-1",
        "source_type": "TRACE",
        "created_time": updated,
        "last_update_time": updated,
        "created_by": "ada",
        "last_updated_by": "ada",
    }


def test_a_record_that_says_little_has_empty_outputs_and_tags(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, {}, {"inputs": {"q": 1}, "outputs": None, "tags": None, "bogus": 1}) == (2, 0)

    first, second = all_of(api, dataset_id)
    kept = ("inputs", "outputs", "expectations", "tags", "source", "created_by")
    assert {name: first[name] for name in kept if name in first} == {"inputs": {}, "outputs": {}, "tags": {}}
    assert {name: second[name] for name in kept if name in second} == {"inputs": {"q": 1}, "tags": {}}


@pytest.mark.parametrize(
    ("source", "source_id"),
    [
        ({"source_type": "HUMAN", "source_data": {"source_id": "s"}}, "s"),
        ({"source_type": "document", "source_data": {"trace_id": "t"}}, None),
        ({"source_type": "Code"}, None),
        ({"source_type": "unspecified", "source_data": None}, None),
    ],
)
def test_a_source_has_a_type_and_may_have_an_id(api: Api, source: Fields, source_id: str | None) -> None:
    dataset_id = new_id(api)

    upsert(api, dataset_id, {"inputs": {"q": 1}, "source": source})

    (record,) = all_of(api, dataset_id)
    kind = source["source_type"].upper()
    assert (record["source_type"], record.get("source_id")) == (kind, source_id)
    assert record["source"] == {"source_type": kind, "source_data": source.get("source_data") or {}}


def test_the_same_inputs_are_the_same_record_and_are_merged(api: Api) -> None:
    dataset_id = new_id(api)
    first = {
        "inputs": {"a": 1, "b": 2},
        "outputs": "one",
        "expectations": {"x": 1, "y": 1},
        "tags": {USER: "ada", "k": "1"},
        "source": {"source_type": "HUMAN"},
    }
    again = {
        "inputs": {"b": 2, "a": 1},
        "expectations": {"y": 2, "z": 2},
        "tags": {"l": "2"},
        "source": {"source_type": "CODE"},
    }

    assert upsert(api, dataset_id, first, again, {"inputs": {"a": 1}}) == (2, 1)
    (before, _) = all_of(api, dataset_id)
    assert upsert(api, dataset_id, {"inputs": {"a": 1, "b": 2}, "outputs": {"o": 3}, "tags": {USER: "bob"}}) == (0, 1)

    (after, _) = all_of(api, dataset_id)
    assert (before["outputs"], before["expectations"]) == ("one", {"x": 1, "y": 2, "z": 2})
    assert (before["tags"], before["source_type"]) == ({USER: "ada", "k": "1", "l": "2"}, "HUMAN")
    assert (before["created_by"], before["last_updated_by"]) == ("ada", "ada")
    assert after == {
        **before,
        "outputs": {"o": 3},
        "tags": {USER: "bob", "k": "1", "l": "2"},
        "last_updated_by": "bob",
        "last_update_time": after["last_update_time"],
    }
    assert upsert(api, dataset_id, {"inputs": {"a": 1, "b": 2}, "outputs": None}) == (0, 1)
    assert "outputs" not in all_of(api, dataset_id)[0]


def test_inputs_are_told_apart_as_json_and_not_as_python_compares(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, *({"inputs": {"a": a}} for a in (1, 1.0, True, "1", None, [1]))) == (6, 0)


def test_what_only_python_calls_json_comes_back_to_python(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, {"inputs": {"a": float("nan"), "b": float("-inf")}}) == (1, 0)
    assert upsert(api, dataset_id, {"inputs": {"a": float("nan"), "b": float("-inf")}}) == (0, 1)

    assert repr(all_of(api, dataset_id)[0]["inputs"]) == "{'a': nan, 'b': -inf}"


def test_half_characters_and_nul_in_a_record_break_nothing(api: Api) -> None:
    dataset_id = new_id(api)

    upsert(
        api, dataset_id, {"inputs": {"half \ud800": "\udc00", "nul": "\0", "smile": "😀"}, "tags": {USER: "a\ud800"}}
    )

    (record,) = all_of(api, dataset_id)
    assert record["inputs"] == {"half ?": "?", "nul": "\0", "smile": "😀"}
    assert record["created_by"] == "a?"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "Missing value for required parameter 'records'."),
        ("x", "The parameter 'records' is no JSON"),
        ("{}", "The parameter 'records' must be a JSON list of records."),
        ("[1]", "records[0] must be a JSON object, but is of type 'int'."),
        ('[{}, {"inputs": null}]', "records[1].inputs must be a JSON object, but is null."),
        ('[{"inputs": [1]}]', "records[0].inputs must be a JSON object, but is of type 'list'."),
        ('[{"expectations": [1]}]', "records[0].expectations must be a JSON object or null"),
        ('[{"tags": "x"}]', "records[0].tags must be a JSON object or null"),
        ('[{"source": "x"}]', "The source of a record must be a JSON object"),
        ('[{"source": {"source_type": "HUMAN", "more": 1}}]', "The source of a record must be a JSON object"),
        ('[{"source": {"source_type": "HUMAN", "source_data": [1]}}]', "The source of a record must be a JSON object"),
        (
            '[{"source": {"source_data": {}}}]',
            "Invalid dataset record source type: . Valid source types: ['UNSPECIFIED'",
        ),
        (
            '[{"source": {"source_type": "bogus"}}]',
            f"Invalid dataset record source type: BOGUS. Valid source types: {list(records.SOURCE_TYPES)}",
        ),
        ('[{"tags": {"mlflow.user": "' + "u" * 256 + '"}}]', "'mlflow.user' exceeds"),
        ('[{"tags": {"mlflow.user": "\\u0000"}}]', "The parameter 'mlflow.user' has the character NUL"),
        ('[{"inputs": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}]", "The parameter 'records' is no JSON"),
    ],
)
def test_records_that_mean_nothing_are_refused(api: Api, given: str, message: str) -> None:
    made = new(api)
    dataset_id = made["dataset_id"]

    fault = api.fault(f"datasets/{dataset_id}/records", records=given, version=V3)

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert fault[2].startswith(message), fault[2][:300]
    assert all_of(api, dataset_id) == []
    assert get(api, dataset_id) == made


def test_one_record_that_means_nothing_keeps_out_all_that_came_along(api: Api) -> None:
    made = new(api)
    dataset_id = made["dataset_id"]
    given = [{"inputs": {"fine": 1}}, {"inputs": {"a": 1}, "source": {"source_type": "bogus"}}]

    assert api.fault(f"datasets/{dataset_id}/records", records=json.dumps(given), version=V3)[0] == 400

    assert all_of(api, dataset_id) == []
    assert get(api, dataset_id) == made


def test_a_call_has_a_limited_number_of_records(sqlite_api: Api) -> None:
    dataset_id = new_id(sqlite_api)
    given = f"[{','.join(['{}'] * 50_001)}]"

    fault = sqlite_api.fault(f"datasets/{dataset_id}/records", records=given, version=V3)

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert fault[2].startswith("One call has 50001 records; at most 50000 are allowed.")
    assert all_of(sqlite_api, dataset_id) == []


def test_records_may_be_larger_than_other_calls(sqlite_api: Api) -> None:
    dataset_id = new_id(sqlite_api)

    assert upsert(sqlite_api, dataset_id, *({"inputs": {"i": i, "t": "x" * (9 << 20)}} for i in range(2))) == (2, 0)


def test_the_dataset_tells_of_its_records(api: Api) -> None:
    made = new(api, tags={USER: "ada"})
    dataset_id = made["dataset_id"]
    assert ("schema" in made, "profile" in made) == (False, False)

    upsert(
        api,
        dataset_id,
        {"inputs": {"s": "x", "i": 1, "f": 0.5, "b": True, "l": [], "o": {}, "n": None}, "outputs": "text"},
        {"inputs": {"s": 5}, "expectations": {"e": 1}, "outputs": {"k": 1}, "tags": {USER: "bob"}},
        {"inputs": {"s": 6}, "expectations": {"e": "first stays", "g": []}},
    )

    found = get(api, dataset_id)
    types = {"s": "string", "i": "integer", "f": "float", "b": "boolean", "l": "array", "o": "object", "n": "null"}
    assert json.loads(found["schema"]) == {
        "inputs": types,
        "outputs": "string",
        "expectations": {"e": "integer", "g": "array"},
        "version": "1.0",
    }
    assert json.loads(found["profile"]) == {"num_records": 3}
    assert (found["created_by"], found["last_updated_by"]) == ("ada", "bob")
    assert found["digest"] == hashlib.sha256(f"questions:{found['last_update_time']}".encode()).hexdigest()[:8]
    upsert(api, dataset_id, {"inputs": {"s": 6}, "outputs": {"later": 1}})
    again = get(api, dataset_id)
    assert (again["schema"], again["profile"]) == (found["schema"], found["profile"])
    assert "last_updated_by" not in again  # as on stock: nobody said who did this


def test_no_records_are_an_upsert_too(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id) == (0, 0)

    assert "schema" not in get(api, dataset_id)
    assert all_of(api, dataset_id) == []


def test_records_are_deleted_by_their_ids(api: Api) -> None:
    dataset_id, other = new_id(api), new_id(api)
    for each in (dataset_id, other):
        upsert(api, each, *({"inputs": {"i": i}} for i in range(4)))
    ids = [record["dataset_record_id"] for record in all_of(api, dataset_id)]
    before = get(api, dataset_id)

    assert delete_records(api, dataset_id, [ids[1], ids[1], "nope"]) == 1
    assert delete_records(api, dataset_id, [ids[1]]) == 0
    assert delete_records(api, other, ids) == 0

    assert [record["inputs"]["i"] for record in all_of(api, dataset_id)] == [0, 2, 3]
    assert get(api, dataset_id) == {**before, "profile": '{"num_records": 3}'}
    assert delete_records(api, dataset_id, ids) == 3
    assert get(api, dataset_id) == {**before, "profile": "null"}
    assert len(all_of(api, other)) == 4
    assert upsert(api, dataset_id, {"inputs": {"i": 1}}) == (1, 0)


@pytest.mark.parametrize(
    ("method", "body"), [("GET", {}), ("POST", {"records": "[]"}), ("DELETE", {"dataset_record_ids": ["dr-1"]})]
)
def test_records_of_what_is_not_there(api: Api, method: str, body: Fields) -> None:
    assert api.fault("datasets/d-x/records", body, method=method, version=V3) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Dataset 'd-x' not found",
    )


def test_pages_of_records_go_on_after_what_was_seen(api: Api) -> None:
    dataset_id = new_id(api)
    upsert(api, dataset_id, *({"inputs": {"i": i}} for i in range(5)))

    first, token = page(api, dataset_id, max_results=2)
    delete_records(api, dataset_id, [first[0]["dataset_record_id"]])
    upsert(api, dataset_id, {"inputs": {"i": 5}})
    second, token = page(api, dataset_id, max_results=2, page_token=token)
    third, none = page(api, dataset_id, max_results=2, page_token=token)

    assert [[record["inputs"]["i"] for record in each] for each in (first, second, third)] == [[0, 1], [2, 3], [4, 5]]
    assert none is None


@pytest.mark.parametrize("token", ["zz", "e30=", "eyJhIjoxfQ=="])
def test_a_page_token_that_nobody_gave_is_refused(api: Api, token: str) -> None:
    dataset_id = new_id(api)

    fault = api.fault(f"datasets/{dataset_id}/records", method="GET", page_token=token, version=V3)

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert api.fault(f"datasets/{dataset_id}/records", method="GET", max_results=-1, version=V3)[0] == 400


def test_a_page_ends_early_where_it_would_be_too_large() -> None:
    assert records.fitting([5, 5, 5], most_chars=10) == 2
    assert records.fitting([50, 5], most_chars=10) == 1
    assert records.fitting([5, 5], most_chars=10) == 2
    assert records.fitting([], most_chars=10) == 0


def test_large_records_come_page_by_page(api: Api) -> None:
    dataset_id = new_id(api)
    for i in range(3):
        upsert(api, dataset_id, {"inputs": {"i": i}, "outputs": "x" * (6 << 20)})

    first, token = page(api, dataset_id)
    second, none = page(api, dataset_id, page_token=token)

    assert [[record["inputs"]["i"] for record in each] for each in (first, second)] == [[0, 1], [2]]
    assert none is None


# Others


def test_every_change_is_in_the_log(db: Any) -> None:
    with db.write(1) as tx:
        dataset_id = store.create(tx, "qa", {"k": "v"}, ["0"]).dataset_id
        store.set_tags(tx, dataset_id, {"k": "w"})
        store.delete_tag(tx, dataset_id, "k")
        store.delete_tag(tx, dataset_id, "k")  # changes nothing
        record_store.upsert(tx, dataset_id, records.read('[{"inputs": {"q": 1}}]'))
        record_store.delete(tx, dataset_id, ["nope"])  # nor this
        store.remove_experiments(tx, dataset_id, ["0"])
        store.add_experiments(tx, dataset_id, ["0"])
        store.delete(tx, dataset_id)
        store.delete(tx, dataset_id)

    with db.read(1) as tx:
        rows = tx.all("SELECT entity, entity_id, action FROM changes WHERE workspace_id = :ws ORDER BY seq")
    assert {row[:2] for row in rows} == {("evaluation_dataset", dataset_id)}
    assert [row[2] for row in rows] == [
        *("create", "set-tags", "delete-tag", "upsert-records"),
        *("remove-experiments", "add-experiments", "delete"),
    ]


def test_a_dataset_stays_in_its_workspace(api: Api) -> None:
    north = api.new_workspace("north")
    theirs = north.new_experiment("theirs")
    dataset_id = new_id(api, "ours", experiment_ids=["0"])

    assert search(north, experiment_ids=["0"]) == []
    assert north.fault(f"datasets/{dataset_id}", method="GET", version=V3)[0] == 404
    assert api.fault("datasets/create", {"name": "n", "experiment_ids": [theirs]}, version=V3)[0] == 404
    assert api.fault(f"datasets/{dataset_id}/add-experiments", experiment_ids=[theirs], version=V3)[0] == 404
    assert search(api, experiment_ids=[theirs]) == []
