"""The contents and the merge of records of evaluation datasets, on both databases."""

import json
import re

import pytest

from support.client import Api
from support.evaluation_datasets import USER, V3, Fields, all_of, get, new, new_id, upsert
from trackside.evaluation_datasets import records


def test_a_record_is_returned_as_it_was_sent(api: Api) -> None:
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


def test_a_minimal_record_has_empty_outputs_and_tags(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, {}, {"inputs": {"q": 1}, "outputs": None, "tags": None, "bogus": 1}) == (2, 0)

    first, second = all_of(api, dataset_id)
    kept = ("inputs", "outputs", "expectations", "tags", "source", "created_by")
    assert {name: first[name] for name in kept if name in first} == {"inputs": {}, "outputs": {}, "tags": {}}
    assert {name: second[name] for name in kept if name in second} == {"inputs": {"q": 1}, "tags": {}}


def test_a_source_has_a_type_and_may_have_an_id(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Fields, str | None]] = [
        ({"source_type": "HUMAN", "source_data": {"source_id": "s"}}, "s"),
        ({"source_type": "document", "source_data": {"trace_id": "t"}}, None),
        ({"source_type": "Code"}, None),
        ({"source_type": "unspecified", "source_data": None}, None),
    ]

    for source, source_id in cases:
        with subtests.test(source=source):
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


def test_inputs_are_compared_as_json_and_not_as_in_python(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, *({"inputs": {"a": a}} for a in (1, 1.0, True, "1", None, [1]))) == (6, 0)


@pytest.mark.both
def test_nan_and_infinity_in_a_record_are_returned(api: Api) -> None:
    dataset_id = new_id(api)

    assert upsert(api, dataset_id, {"inputs": {"a": float("nan"), "b": float("-inf")}}) == (1, 0)
    assert upsert(api, dataset_id, {"inputs": {"a": float("nan"), "b": float("-inf")}}) == (0, 1)

    assert repr(all_of(api, dataset_id)[0]["inputs"]) == "{'a': nan, 'b': -inf}"


@pytest.mark.both
def test_lone_surrogates_and_nul_in_a_record_are_handled(api: Api) -> None:
    dataset_id = new_id(api)

    upsert(
        api, dataset_id, {"inputs": {"half \ud800": "\udc00", "nul": "\0", "smile": "😀"}, "tags": {USER: "a\ud800"}}
    )

    (record,) = all_of(api, dataset_id)
    assert record["inputs"] == {"half ?": "?", "nul": "\0", "smile": "😀"}
    assert record["created_by"] == "a?"


def test_invalid_records_are_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
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
    ]

    made = new(api)
    dataset_id = made["dataset_id"]

    for given, message in cases:
        with subtests.test(given=given[:100]):
            fault = api.fault(f"datasets/{dataset_id}/records", records=given, version=V3)

            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
            assert fault[2].startswith(message), fault[2][:300]
            assert all_of(api, dataset_id) == []
            assert get(api, dataset_id) == made


def test_an_invalid_record_refuses_the_whole_call(api: Api) -> None:
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


@pytest.mark.slow
def test_records_may_be_larger_than_other_calls(sqlite_api: Api) -> None:
    dataset_id = new_id(sqlite_api)

    assert upsert(sqlite_api, dataset_id, *({"inputs": {"i": i, "t": "x" * (9 << 20)}} for i in range(2))) == (2, 0)


def test_the_schema_has_a_limited_number_of_fields(api: Api) -> None:
    dataset_id = new_id(api)
    half = records.MAX_SCHEMA_CHARS // 2
    large = [{"inputs": {f"{n}" + "x" * half: n}} for n in range(3)]

    assert upsert(api, dataset_id, *large) == (3, 0)
    assert upsert(api, dataset_id, {"inputs": {"small": 1}}) == (1, 0)

    found = get(api, dataset_id)["schema"]
    assert len(found) <= records.MAX_SCHEMA_CHARS
    assert [key[:5] for key in json.loads(found)["inputs"]] == ["0xxxx", "small"]
    assert len(all_of(api, dataset_id)) == 4
