"""The summary, the deletion and the pages of records, on both databases."""

import hashlib
import json

import pytest

from support.client import Api
from support.evaluation_datasets import USER, V3, all_of, delete_records, get, new, new_id, page, upsert
from trackside.evaluation_datasets import records


def test_the_dataset_has_a_summary_of_its_records(api: Api) -> None:
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


def test_an_upsert_without_records_is_accepted(api: Api) -> None:
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


def test_records_of_a_missing_dataset_are_not_found(api: Api, subtests: pytest.Subtests) -> None:
    cases = [("GET", {}), ("POST", {"records": "[]"}), ("DELETE", {"dataset_record_ids": ["dr-1"]})]

    for method, body in cases:
        with subtests.test(method=method):
            assert api.fault("datasets/d-x/records", body, method=method, version=V3) == (
                404,
                "RESOURCE_DOES_NOT_EXIST",
                "Dataset 'd-x' not found",
            )


@pytest.mark.both
def test_pages_of_records_continue_after_the_last_record(api: Api) -> None:
    dataset_id = new_id(api)
    upsert(api, dataset_id, *({"inputs": {"i": i}} for i in range(5)))

    first, token = page(api, dataset_id, max_results=2)
    delete_records(api, dataset_id, [first[0]["dataset_record_id"]])
    upsert(api, dataset_id, {"inputs": {"i": 5}})
    second, token = page(api, dataset_id, max_results=2, page_token=token)
    third, none = page(api, dataset_id, max_results=2, page_token=token)

    assert [[record["inputs"]["i"] for record in each] for each in (first, second, third)] == [[0, 1], [2, 3], [4, 5]]
    assert none is None


def test_a_forged_page_token_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    dataset_id = new_id(api)

    for token in ("zz", "e30=", "eyJhIjoxfQ=="):
        with subtests.test(token=token):
            fault = api.fault(f"datasets/{dataset_id}/records", method="GET", page_token=token, version=V3)
            assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert api.fault(f"datasets/{dataset_id}/records", method="GET", max_results=-1, version=V3)[0] == 400


def test_a_page_ends_early_before_it_is_too_large() -> None:
    assert records.fitting([5, 5, 5], most_chars=10) == 2
    assert records.fitting([50, 5], most_chars=10) == 1
    assert records.fitting([5, 5], most_chars=10) == 2
    assert records.fitting([], most_chars=10) == 0


@pytest.mark.slow
def test_large_records_are_read_page_by_page(api: Api) -> None:
    dataset_id = new_id(api)
    for i in range(3):
        upsert(api, dataset_id, {"inputs": {"i": i}, "outputs": "x" * (6 << 20)})

    first, token = page(api, dataset_id)
    second, none = page(api, dataset_id, page_token=token)

    assert [[record["inputs"]["i"] for record in each] for each in (first, second)] == [[0, 1], [2]]
    assert none is None
