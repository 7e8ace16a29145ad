"""The registry of a Databricks workspace: models and versions with their stages and files; aliases and prompts stay here."""

from typing import Any

import pytest

from support.client import Api
from support.databricks.workspace import TOKEN, Databricks
from support.links import LINKS, add, check, link, log, put_file, registry_of, settle, sync, until
from support.processes.servers import Server
from support.registry import Registry

LINK = "lakehouse"


def trained(api: Api, experiment: str) -> tuple[str, str]:
    """A run with a model's files, and where they lie."""
    run = api.new_run(api.new_experiment(experiment))
    put_file(api, run, "model/MLmodel", b"flavors: {}")
    put_file(api, run, "model/data/w.bin", b"\x01" * 1000)
    root = api.run(run)["info"]["artifact_uri"]
    return run, f"{root}/model"


def test_models_and_versions_are_pushed_with_their_stages_and_files(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    registry = Registry(here)
    run, source = trained(here, "training")
    registry.new_model("iris", description="flowers", tags=[{"key": "team", "value": "blue"}])
    for number in (1, 2):
        registry.new_version("iris", source=source, run_id=run, description=f"version {number}")
    registry.move(2, "Production", name="iris")
    registry.alias("best", 2, "iris")
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_model("greeting", tags=prompt)
    registry.new_version(
        "greeting", source="prompt-template", tags=[*prompt, {"key": "mlflow.prompt.text", "value": "Hello"}]
    )
    databricks.registry.pending = 1
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, registry=True)
    settle(here, LINK)

    there = databricks.registry
    copy = databricks.run_of(run)["info"]
    assert list(there.models) == ["iris"]
    assert there.models["iris"]["description"] == "flowers"
    assert there.models["iris"]["tags"]["team"] == "blue"
    assert sorted(there.versions) == [("iris", "1"), ("iris", "2")]
    version = there.versions["iris", "2"]
    assert (version["current_stage"], version["run_id"]) == ("Production", copy["run_id"])
    assert version["source"] == f"{copy['artifact_uri']}/model"
    assert version["tags"]["trackside.source_version"] == "iris/2"
    assert databricks.files["v/iris/2", "data/w.bin"] == b"\x01" * 1000
    said = [entry["message"] for entry in log(here, LINK) if entry["kind"] == "skipped"]
    assert "model iris: the remote does not support aliases; 'best' is not sent" in said
    assert "the registry of a Databricks workspace does not support prompts; it is not sent" in said
    assert check(here, LINK) == []
    # Nothing of it is tried again and again.
    asked = len(databricks.asked)
    registry.call("PATCH", "registered-models/update", name="iris", description="new")
    settle(here, LINK)
    assert there.models["iris"]["description"] == "new"
    assert len(databricks.asked) - asked <= 5


def test_remote_versions_are_pulled_with_their_files(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    run = theirs(databricks, "/Shared/notebook")
    call = databricks._calls()
    source = f"{databricks.runs[run]['info']['artifact_uri']}/model"
    call["POST", "registered-models/create"]({"name": "lily", "description": "theirs"})
    call["POST", "model-versions/create"]({"name": "lily", "source": source, "run_id": run})
    call["POST", "databricks/model-versions/transition-stage"](
        {"name": "lily", "version": "1", "stage": "Staging", "archive_existing_versions": False}
    )
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="pull", registry=True)
    until(lambda: link(here, LINK)["mirrored"].get("model_version") == 1, "the version to come")
    settle(here, LINK)  # its stage comes after it

    version = Registry(here).version(1, "lily")
    assert (version["current_stage"], version["run_id"]) == ("Staging", run)
    assert version["source"] == f"{here.run(run)['info']['artifact_uri']}/model"
    assert Registry(here).model("lily")["description"] == "theirs"


@pytest.mark.slow
def test_the_files_of_a_version_whose_run_is_not_mirrored_come_by_the_registrys_own_urls(
    server: Server, databricks: Databricks
) -> None:
    here = server.api.new_workspace("north")
    run = theirs(databricks, "/Users/ann@example.com/private")
    call = databricks._calls()
    source = f"{databricks.runs[run]['info']['artifact_uri']}/model"
    call["POST", "registered-models/create"]({"name": "lily"})
    call["POST", "model-versions/create"]({"name": "lily", "source": source, "run_id": run})
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="pull", registry=True, exclude=["/Users/*"])
    until(lambda: link(here, LINK)["mirrored"].get("model_version") == 1, "the version to come")

    uri = Registry(here).call("GET", "model-versions/get-download-uri", name="lily", version="1")["artifact_uri"]
    root = uri.removeprefix("mlflow-artifacts:/")
    reply = here.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{root}/MLmodel")
    assert (reply.status, reply.body) == (200, b"flavors: {}")
    assert "model-versions/list-artifacts" in str(databricks.asked)


@pytest.mark.slow
def test_files_without_a_mirrored_run_get_a_run_that_keeps_them(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    run, source = trained(here, "private")
    Registry(here).new_model("kept")
    Registry(here).new_version("kept", source=source, run_id=run)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, registry=True, experiments=["nothing"])
    settle(here, LINK)

    version = databricks.registry.versions["kept", "1"]
    assert databricks.files["v/kept/1", "MLmodel"] == b"flavors: {}"
    keeper = databricks.runs[version["run_id"]]
    experiment = databricks.experiments[keeper["info"]["experiment_id"]]
    assert experiment["name"] == "/Shared/trackside/trackside/registry"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push", "both"])
def test_a_failed_remote_registration_does_not_prevent_deleting_its_model(
    server: Server, databricks: Databricks, mode: str
) -> None:
    here = server.api.new_workspace("north")
    registry, there = Registry(here), databricks.registry
    run, source = trained(here, "training")
    registry.new_model("iris")
    registry.new_version("iris", source=source, run_id=run)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode=mode, registry=True)
    settle(here, LINK)
    there.versions["iris", "2"] = {**there.versions["iris", "1"], "version": "2", "status": "FAILED_REGISTRATION"}

    registry.delete_model("iris")
    settle(here, LINK)

    assert there.models == {}
    assert [entry["message"] for entry in log(here, LINK)] == []


@pytest.mark.parametrize("mode", ["push", pytest.param("both", marks=pytest.mark.slow)])
def test_a_copy_with_a_failed_registration_is_skipped_and_a_sync_creates_it_again(
    server: Server, databricks: Databricks, mode: str
) -> None:
    """The link used to wait for it without a limit."""
    here = server.api.new_workspace("north")
    registry, there = Registry(here), databricks.registry
    run, source = trained(here, "training")
    registry.new_model("iris")
    registry.new_version("iris", source=source, run_id=run)
    there.failing = 2
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode=mode, registry=True)
    settle(here, LINK)
    said = [entry["message"] for entry in log(here, LINK)]
    first = dict(there.versions)

    sync(here, LINK)
    until(lambda: there.failing == 0, "it to be created again, and to fail again")
    settle(here, LINK)
    made = sum(1 for call in databricks.asked if "model-versions/create" in call)
    sync(here, LINK)
    until(lambda: [each["status"] for each in there.versions.values()] == ["READY"], "it to be created again")
    settle(here, LINK)

    assert first == {}
    assert made == 2
    assert said[0].startswith(
        "model iris version 1 is left out: its registration on the remote failed: no room; it is created again"
    )
    assert list(registry_of(here)["iris"]["versions"]) == ["1"]


def test_changes_and_deletions_on_either_side_reach_the_other(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    registry, there = Registry(here), databricks.registry
    run, source = trained(here, "training")
    for name in ("iris", "doomed"):
        registry.new_model(name)
        for _ in range(2):
            registry.new_version(name, source=source, run_id=run)
    registry.move(1, "Staging", name="iris")
    registry.move(1, "Production", name="doomed")
    registry.alias("best", 2, "doomed")  # which stays here, and is no reason to keep it
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both", registry=True)
    settle(here, LINK)
    assert len(there.versions) == 4

    call = databricks._calls()
    call["POST", "model-versions/set-tag"]({"name": "iris", "version": "2", "key": "who", "value": "they"})
    call["PATCH", "registered-models/update"]({"name": "iris", "description": "theirs"})
    registry.delete_version(1, "iris")  # which is in Staging there: it leaves that first
    registry.delete_model("doomed")  # and this one Production
    settle(here, LINK)
    sync(here, LINK)
    until(lambda: registry.model("iris").get("description") == "theirs", "the description to come")
    until(lambda: tag(registry.version(2, "iris"), "who") == "they", "the tag to come")
    settle(here, LINK)
    assert check(here, LINK) == []
    assert sorted(there.versions) == [("iris", "2")]
    assert list(there.models) == ["iris"]
    assert ("doomed", "1", "Archived") in there.moves

    registry.call("POST", "registered-models/rename", name="iris", new_name="lily")
    settle(here, LINK)
    assert sorted(there.versions) == [("lily", "2")]
    call["POST", "registered-models/rename"]({"name": "lily", "new_name": "rose"})
    sync(here, LINK)
    until(lambda: names(here) == ["rose"], "the new name to come:", said=lambda: log(here, LINK))
    call["DELETE", "model-versions/delete"]({"name": "rose", "version": "2"})
    sync(here, LINK)
    until(lambda: versions(here, "rose") == [], "the deletion of the version to come")
    call["DELETE", "registered-models/delete"]({"name": "rose"})
    sync(here, LINK)
    until(lambda: names(here) == [], "the deletion of the model to come")


@pytest.mark.slow  # it waits as the link does
def test_a_remote_model_in_use_keeps_its_name_and_the_rest_is_synced(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    registry, there = Registry(here), databricks.registry
    run, source = trained(here, "training")
    registry.new_model("iris")
    registry.new_version("iris", source=source, run_id=run)
    registry.move(1, "Production", name="iris")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, registry=True)
    settle(here, LINK)

    registry.call("POST", "registered-models/rename", name="iris", new_name="lily")
    registry.call("PATCH", "registered-models/update", name="lily", description="new")
    until(lambda: there.models["iris"]["description"] == "new", "the description to be sent")
    until(lambda: log(here, LINK) != [], "the reason to be said")
    assert "only while none of its versions is in Staging or Production" in log(here, LINK)[-1]["message"]
    registry.move(1, "Archived", name="lily")
    settle(here, LINK)

    assert sorted(there.versions) == [("lily", "1")]


def test_a_link_reports_that_models_are_only_in_unity_catalog(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    databricks.registry.is_disabled = True
    call = {"name": LINK, "to": databricks.url, "kind": "databricks", "token": TOKEN, "registry": True}
    refused = here.ask("POST", LINKS, call)
    assert refused.status == 400
    for words in (
        "registry is disabled",
        "not Unity Catalog's (CATALOG.SCHEMA.MODEL)",
        "Add the link without registry",
    ):
        assert words in refused.json["message"]

    databricks.registry.is_disabled = False
    run, source = trained(here, "training")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both", registry=True)
    settle(here, LINK)
    databricks.registry.is_disabled = True  # later
    Registry(here).new_model("iris")
    Registry(here).new_version("iris", source=source, run_id=run)
    late = here.new_run(start_time=5)
    until(lambda: late in databricks.sources(), "the next run to go all the same")
    until(lambda: log(here, LINK) != [], "the reason to be said")
    assert "not Unity Catalog's (CATALOG.SCHEMA.MODEL)" in log(here, LINK)[0]["message"]
    assert "last_error" not in link(here, LINK)


def theirs(databricks: Databricks, experiment: str) -> str:
    """A run that somebody logged there, with a model."""
    call = databricks._calls()
    databricks.folders.add(experiment.rpartition("/")[0])
    made = call["POST", "experiments/create"]({"name": experiment})["experiment_id"]
    run = str(call["POST", "runs/create"]({"experiment_id": made, "start_time": 3})["run"]["info"]["run_id"])
    databricks.files[run, "model/MLmodel"] = b"flavors: {}"
    return run


def names(api: Api) -> list[str]:
    found = Registry(api).call("GET", "registered-models/search", max_results=1000).get("registered_models", [])
    return [each["name"] for each in found]


def versions(api: Api, name: str) -> list[Any]:
    found = Registry(api).call("GET", "model-versions/search", filter=f"name = '{name}'")
    return list(found.get("model_versions", []))


def tag(version: Any, key: str) -> str | None:
    found: dict[str, str] = {each["key"]: each["value"] for each in version.get("tags", [])}
    return found.get(key)
