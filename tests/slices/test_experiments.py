"""Experiments, as a client sees them; on both databases."""

from pathlib import Path
from typing import Any

import pytest

from support.client import Api


def ids(api: Api, **search: object) -> list[str]:
    found = api.post("experiments/search", {"max_results": 100, **search})
    return [each["experiment_id"] for each in found.get("experiments", [])]


def get(api: Api, experiment_id: str) -> dict[str, object]:
    found: dict[str, object] = api.get("experiments/get", experiment_id=experiment_id)["experiment"]
    return found


def test_a_new_store_has_the_default_experiment(api: Api) -> None:
    experiment = get(api, "0")

    assert experiment.pop("creation_time") == experiment.pop("last_update_time")
    assert experiment == {
        "experiment_id": "0",
        "name": "Default",
        "artifact_location": "mlflow-artifacts:/0",
        "lifecycle_stage": "active",
        "workspace": "default",
    }


def test_ids_count_up_from_one_and_are_never_used_again(api: Api) -> None:
    first, second = api.new_experiment("a"), api.new_experiment("b")
    api.post("experiments/delete", experiment_id=second)
    third = api.new_experiment("c")

    assert first == "1"
    assert int(first) < int(second) < int(third)


def test_a_fault_that_users_meet_often_has_a_reason_as_data(api: Api) -> None:
    api.new_experiment("iris")

    taken = api.ask("POST", "experiments/create", {"name": "iris"}).json
    too_long = api.ask("POST", "experiments/create", {"name": "x" * 501}).json
    missing = api.ask("GET", "experiments/get", arguments={"experiment_id": "9" * 15}).json
    no_model = api.ask("POST", "model-versions/create", {"name": "iris", "source": "s3://b/m"}).json
    no_version = api.ask("POST", "model-versions/create", {"name": "iris", "source": "models:/iris/1"}).json
    rare = api.ask("POST", "experiments/search", {"max_results": 0}).json

    assert taken["message"] == "Experiment(name=iris) already exists."
    assert taken["reason"] == {"key": "taken", "values": {"kind": "experiment", "name": "iris"}}
    assert too_long["reason"] == {"key": "too-long", "values": {"field": "name", "most": "500"}}
    assert missing["reason"] == {"key": "missing", "values": {"kind": "experiment", "name": "9" * 15}}
    assert no_model["reason"] == no_version["reason"]
    assert no_model["reason"] == {"key": "missing", "values": {"kind": "registered_model", "name": "iris"}}
    assert "reason" not in rare


@pytest.mark.both
def test_a_reason_quotes_no_more_than_500_characters(api: Api) -> None:
    refused = api.ask("GET", "experiments/get-by-name", arguments={"experiment_name": "\U0001f600" * 501}).json

    assert refused["reason"]["values"]["name"] == "\U0001f600" * 500


def test_an_experiment_is_returned_as_it_was_created(api: Api) -> None:
    made = api.new_experiment("iris é", tags=[{"key": "b", "value": "2"}, {"key": "a", "value": ""}])

    experiment = get(api, made)

    assert experiment["name"] == "iris é"
    assert experiment["artifact_location"] == f"mlflow-artifacts:/{made}"
    assert experiment["tags"] == [{"key": "a", "value": ""}, {"key": "b", "value": "2"}]
    assert api.get("experiments/get-by-name", experiment_name="iris é")["experiment"] == experiment


def test_a_relative_location_is_a_folder_of_the_server(api: Api) -> None:
    made = api.new_experiment("here", artifact_location="some/folder")

    assert get(api, made)["artifact_location"] == str(Path.cwd() / "some/folder")


def test_an_unsafe_location_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    locations = [
        "runs:/abc/def",
        "s3://bucket/a#fragment",
        "s3://bucket/a;b",
        "s3://bucket/?x=../..",
        "file://host/share",
    ]

    for location in locations:
        with subtests.test(location=location):
            status, code, _ = sqlite_api.fault("experiments/create", name="x", artifact_location=location)
            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert ids(sqlite_api) == ["0"]


def test_the_name_of_a_deleted_experiment_is_free_and_the_active_one_is_found_by_it(api: Api) -> None:
    old = api.new_experiment("iris")
    api.post("experiments/delete", experiment_id=old)
    found = api.get("experiments/get-by-name", experiment_name="iris")["experiment"]
    assert (found["experiment_id"], found["lifecycle_stage"]) == (old, "deleted")

    new = api.new_experiment("iris")

    assert api.get("experiments/get-by-name", experiment_name="iris")["experiment"]["experiment_id"] == new
    assert api.fault("experiments/create", name="iris")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    status, code, message = api.fault("experiments/restore", experiment_id=old)
    assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
    assert f"the experiment {new} has the name by now" in message
    api.post("experiments/update", experiment_id=new, new_name="iris2")
    api.post("experiments/restore", experiment_id=old)
    assert api.get("experiments/get-by-name", experiment_name="iris")["experiment"]["experiment_id"] == old
    api.post("experiments/delete", experiment_id=new)
    api.post("experiments/delete", experiment_id=old)
    assert api.get("experiments/get-by-name", experiment_name="iris")["experiment"]["experiment_id"] == old


def test_several_deleted_experiments_have_one_name(api: Api) -> None:
    made = ["0", api.new_experiment("iris")]
    for experiment_id in made:
        api.post("experiments/delete", experiment_id=experiment_id)

    again = [api.new_experiment(name) for name in ("Default", "iris")]
    for experiment_id in again:
        api.post("experiments/delete", experiment_id=experiment_id)

    assert sorted(ids(api, view_type="DELETED_ONLY")) == sorted([*made, *again])
    for name in ("Default", "iris"):
        api.new_experiment(name)
        assert api.fault("experiments/create", name=name)[:2] == (400, "RESOURCE_ALREADY_EXISTS")


@pytest.mark.both
def test_a_notebook_gets_its_existing_experiment_again(api: Api) -> None:
    """A Databricks notebook creates its experiment in each session, and must get the existing one."""
    mine = [{"key": "mlflow.experiment.sourceId", "value": "42"}]
    other = [{"key": "mlflow.experiment.sourceId", "value": "43"}]
    made = api.post("experiments/create", name="/Shared/iris", tags=mine)["experiment_id"]

    assert api.post("experiments/create", name="/Shared/iris", tags=mine)["experiment_id"] == made
    taken = (400, "RESOURCE_ALREADY_EXISTS")
    for tags in (other, []):
        assert api.fault("experiments/create", name="/Shared/iris", tags=tags)[:2] == taken
    api.post("experiments/delete", experiment_id=made)
    assert api.post("experiments/create", name="/Shared/iris", tags=mine)["experiment_id"] != made


@pytest.mark.parametrize("name", ["", "x" * 501])
def test_a_name_is_required_and_limited_in_length(sqlite_api: Api, name: str) -> None:
    assert sqlite_api.fault("experiments/create", name=name)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_a_missing_experiment_is_a_404(api: Api) -> None:
    assert api.fault("experiments/get", method="GET", experiment_id="77") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "No Experiment with id=77 exists",
    )
    assert api.fault("experiments/get-by-name", method="GET", experiment_name="nope") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Could not find experiment with name 'nope'",
    )
    for call in ("delete", "restore"):
        assert api.fault(f"experiments/{call}", experiment_id="77")[0] == 404
    assert api.fault("experiments/update", experiment_id="77", new_name="x")[0] == 404
    assert api.fault("experiments/set-experiment-tag", experiment_id="77", key="k", value="v")[0] == 404


def test_an_id_must_be_a_number(api: Api) -> None:
    assert api.fault("experiments/get", method="GET", experiment_id="abc") == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
    )
    assert api.fault("experiments/get", method="GET", experiment_id="9" * 19)[0] in (400, 404)


def test_a_rename_changes_the_time_of_the_last_update(api: Api) -> None:
    made = api.new_experiment("before")
    at_first = get(api, made)

    api.post("experiments/update", experiment_id=made, new_name="after")

    experiment = get(api, made)
    assert experiment["name"] == "after"
    assert int(str(experiment["last_update_time"])) >= int(str(at_first["last_update_time"]))
    assert experiment["creation_time"] == at_first["creation_time"]


def test_a_rename_to_a_name_that_is_taken_is_refused(api: Api) -> None:
    api.new_experiment("taken")
    made = api.new_experiment("free")

    assert api.fault("experiments/update", experiment_id=made, new_name="taken")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    assert get(api, made)["name"] == "free"
    api.post("experiments/update", experiment_id=made, new_name="free")  # its own name is free for it


def test_a_deleted_experiment_cannot_be_renamed_or_tagged(api: Api) -> None:
    made = api.new_experiment("gone")
    api.post("experiments/delete", experiment_id=made)

    status, _, message = api.fault("experiments/update", experiment_id=made, new_name="x")
    assert (status, message) == (400, "Cannot rename a non-active experiment.")
    assert api.fault("experiments/set-experiment-tag", experiment_id=made, key="k", value="v")[0] == 400
    assert get(api, made)["name"] == "gone"


def test_tags_are_overwritten_and_deleted(api: Api) -> None:
    made = api.new_experiment("tagged")
    before = get(api, made)["last_update_time"]

    for value in ("1", "2"):
        api.post("experiments/set-experiment-tag", experiment_id=made, key="k", value=value)
    api.post("experiments/set-experiment-tag", experiment_id=made, key="gone", value="x")
    api.post("experiments/delete-experiment-tag", experiment_id=made, key="gone")

    experiment = get(api, made)
    assert experiment["tags"] == [{"key": "k", "value": "2"}]
    assert experiment["last_update_time"] == before
    assert api.fault("experiments/delete-experiment-tag", experiment_id=made, key="gone")[0] == 404


def test_a_long_tag_is_refused_whole(api: Api) -> None:
    made = api.new_experiment("tagged")

    api.post("experiments/set-experiment-tag", experiment_id=made, key="k", value="x" * 20_000)
    assert api.fault("experiments/set-experiment-tag", experiment_id=made, key="k", value="x" * 20_001)[0] == 400
    assert api.fault("experiments/set-experiment-tag", experiment_id=made, key="k" * 251, value="x")[0] == 400


def test_deleting_an_experiment_deletes_its_active_runs(api: Api) -> None:
    made = api.new_experiment("ends")
    lively, gone_before = api.new_run(made), api.new_run(made)
    elsewhere = api.new_run("0")
    api.post("runs/delete", run_id=gone_before)

    api.post("experiments/delete", experiment_id=made)

    def stages(*run_ids: str) -> list[str]:
        return [api.run(run_id)["info"]["lifecycle_stage"] for run_id in run_ids]

    assert get(api, made)["lifecycle_stage"] == "deleted"
    assert stages(lively, gone_before, elsewhere) == ["deleted", "deleted", "active"]
    assert api.fault("experiments/delete", experiment_id=made)[0] == 404
    assert api.fault("runs/create", experiment_id=made)[0] == 400

    api.post("experiments/restore", experiment_id=made)

    assert get(api, made)["lifecycle_stage"] == "active"
    assert stages(lively, gone_before, elsewhere) == ["active", "deleted", "active"]
    assert api.fault("experiments/restore", experiment_id=made)[0] == 404


def test_the_default_experiment_can_be_deleted_and_comes_back(api: Api) -> None:
    api.post("experiments/delete", experiment_id="0")
    assert ids(api) == []

    api.post("experiments/restore", experiment_id="0")
    assert ids(api) == ["0"]


@pytest.mark.both
def test_a_search_returns_matching_experiments_with_the_newest_first(api: Api) -> None:
    a, b, c = (api.new_experiment(name) for name in ("a", "b", "c"))
    api.post("experiments/delete", experiment_id=b)

    assert set(ids(api)) == {"0", a, c}
    assert ids(api, view_type="DELETED_ONLY") == [b]
    assert set(ids(api, view_type="ALL")) == {"0", a, b, c}
    assert ids(api, filter="name = 'c'") == [c]
    assert ids(api, order_by=["name ASC"]) == ["0", a, c]  # `Default` before `a`: by bytes, on both databases


@pytest.mark.both
def test_clients_of_mlflow_1_list_experiments_by_id(api: Api) -> None:
    made = [api.new_experiment(name) for name in ("a", "b", "c")]
    api.post("experiments/delete", experiment_id=made[1])

    def ids(**arguments: Any) -> tuple[list[str], str]:
        found = api.get("experiments/list", **arguments)
        return [each["experiment_id"] for each in found.get("experiments", [])], found.get("next_page_token", "")

    first, token = ids(max_results=2)

    assert ids()[0] == ["0", made[0], made[2]]
    assert (first, ids(max_results=2, page_token=token)) == (["0", made[0]], ([made[2]], ""))
    assert ids(view_type="DELETED_ONLY")[0] == [made[1]]
    assert api.ask("GET", "experiments/list", arguments={"max_results": 0}).status == 400


@pytest.mark.both
def test_search_pages(api: Api) -> None:
    made = {api.new_experiment(f"e{i}") for i in range(5)} | {"0"}

    seen: list[str] = []
    token = ""
    while True:
        page = api.post("experiments/search", {"max_results": 2, **({"page_token": token} if token else {})})
        seen += [each["experiment_id"] for each in page["experiments"]]
        token = page.get("next_page_token", "")
        if not token:
            break

    assert len(seen) == 6
    assert set(seen) == made
