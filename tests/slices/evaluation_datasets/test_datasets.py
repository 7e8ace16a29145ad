"""Evaluation datasets, as a client sees them: their life, tags and experiments; on both databases."""

import hashlib
import json
import re
from typing import Any

import pytest

from support.client import Api
from support.evaluation_datasets import (
    USER,
    V3,
    all_of,
    experiments_of,
    get,
    new,
    new_id,
    search,
    tags_of,
    upsert,
)
from trackside.evaluation_datasets import record_store, records, store


def test_a_new_dataset_returns_all_fields(api: Api) -> None:
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


def test_an_invalid_dataset_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
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
    ]

    for fields, status, message in cases:
        with subtests.test(fields=fields):
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


def test_tags_of_a_missing_dataset_are_not_found(api: Api) -> None:
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


def test_experiments_of_a_missing_dataset_are_not_found(api: Api, subtests: pytest.Subtests) -> None:
    for what in ("add", "remove"):
        with subtests.test(what=what):
            assert api.fault(f"datasets/d-x/{what}-experiments", experiment_ids=["0"], version=V3) == (
                404,
                "RESOURCE_DOES_NOT_EXIST",
                "Dataset 'd-x' not found",
            )


def test_no_experiment_is_added_if_one_is_missing(api: Api) -> None:
    dataset_id = new_id(api)

    fault = api.fault(f"datasets/{dataset_id}/add-experiments", experiment_ids=["0", "777"], version=V3)

    assert fault == (404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=777")
    assert experiments_of(api, dataset_id) == []


@pytest.mark.both
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
