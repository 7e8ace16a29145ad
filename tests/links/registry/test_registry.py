"""Registered models and versions on both sides of a link between two Tracksides."""

import sqlite3
from contextlib import closing

import pytest

from support.client import Api
from support.links import add, link, log, put_file, registry_of, settle, until, url_of
from support.processes.servers import Server
from support.registry import OWN, Registry, files_of

LINK = "twin"


def test_the_registry_is_copied_unchanged(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    registry = Registry(here, "ann")
    run = a_run_with_a_model(here)
    root = here.run(run)["info"]["artifact_uri"]
    registry.new_model("iris", description="flowers", tags=[{"key": "team", "value": "blue"}])
    for _ in range(4):
        registry.new_version("iris", source=f"{root}/model", run_id=run, description="d", run_link="http://x/1")
    registry.delete_version(1, "iris")
    registry.delete_version(2, "iris")
    registry.move(3, "Production", name="iris")
    registry.alias("best", 4, "iris")
    registry.call("POST", "model-versions/set-tag", name="iris", version="4", key="k", value="v")
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_model("greeting", tags=prompt)
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
    registry.new_version("greeting", source="prompt-template", tags=[*prompt, text])
    before = registry_of(here)

    added = add(here, LINK, url_of(server, "south"), registry=True)
    settle(here, LINK)

    assert added["options"]["registry"] is True
    assert registry_of(there) == before == registry_of(here)
    assert sorted(before["iris"]["versions"]) == ["3", "4"]
    assert Registry(there).version(4, "iris")["source"] == f"{there.run(run)['info']['artifact_uri']}/model"
    assert files_of(there, "iris", 4) == {"MLmodel": b"flavors: {}", "data/weights.bin": b"\x01" * 1000}
    assert Registry(there).new_version("iris", source="s3://b/k")["version"] == "5"
    assert log(here, LINK) == []
    assert link(here, LINK)["mirrored"] == {"experiment": 2, "run": 1, "registered_model": 2, "model_version": 3}


@pytest.mark.slow
def test_stages_from_before_the_link_stay_on_their_side(any_server: Server) -> None:
    here, there = any_server.api.new_workspace("north"), any_server.api.new_workspace("south")
    stages = {"1": "Archived", "2": "Staging", "3": "Production", "4": "None"}
    for api, name in ((here, "ours"), (there, "theirs")):
        registry = Registry(api, "ann")
        registry.new_model(name)
        for number, stage in stages.items():
            registry.new_version(name)
            if stage != "None":
                registry.move(int(number), stage, name=name)

    add(here, LINK, url_of(any_server, "south"), mode="both", registry=True)
    settle(here, LINK)

    for api in (here, there):
        found = registry_of(api)
        assert {
            name: {number: version["current_stage"] for number, version in found[name]["versions"].items()}
            for name in found
        } == {"ours": stages, "theirs": stages}
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] == []


def test_later_changes_are_copied_and_are_in_the_history(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    registry = Registry(here, "ann")
    add(here, LINK, url_of(server, "south"), registry=True)
    registry.new_model("iris")
    registry.new_version("iris")
    registry.alias("best", 1, "iris")
    settle(here, LINK)

    registry.call("POST", "registered-models/rename", name="iris", new_name="flowers")
    registry.move(1, "Staging", name="flowers")
    registry.new_version("flowers")
    registry.alias("best", 2, "flowers")
    registry.call("PATCH", "registered-models/update", name="flowers", description="new")
    registry.call("PATCH", "model-versions/update", name="flowers", version="2", description="second")
    settle(here, LINK)
    renamed = registry_of(there)
    registry.call("DELETE", "registered-models/alias", name="flowers", alias="best")
    registry.delete_version(1, "flowers")
    settle(here, LINK)
    shrunk = registry_of(there)
    history = Registry(there).call("GET", f"{OWN}/registered-models/flowers/history")["events"]
    registry.delete_model("flowers")
    settle(here, LINK)

    assert renamed["flowers"]["aliases"] == [{"alias": "best", "version": "2"}]
    assert renamed["flowers"]["description"] == "new"
    assert renamed["flowers"]["versions"]["1"]["current_stage"] == "Staging"
    assert renamed["flowers"]["versions"]["2"]["description"] == "second"
    assert list(shrunk["flowers"]["versions"]) == ["2"]
    assert "aliases" not in shrunk["flowers"]
    moves = [(each["kind"], each.get("before"), each.get("after")) for each in history if each["kind"] == "stage"]
    assert moves == [("stage", "None", "Staging")]
    assert {each["user"] for each in history} == {f"link {LINK}"}
    assert "made by ann" in {each.get("comment") for each in history}
    assert registry_of(there) == registry_of(here) == {}
    assert {entry["kind"] for entry in log(here, LINK)} == {"skipped"}  # files in a bucket that nobody opens


@pytest.mark.slow
def test_a_model_that_is_deleted_and_created_again_is_a_new_model_on_the_other_side(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    registry = Registry(here)
    registry.new_model("iris", description="old")
    registry.new_version("iris")
    registry.new_version("iris")
    add(here, LINK, url_of(server, "south"), registry=True)
    settle(here, LINK)

    registry.delete_model("iris")
    registry.new_model("iris", description="new")
    registry.new_version("iris")
    settle(here, LINK)
    until(lambda: registry_of(there) == registry_of(here), "both to be the same")

    assert list(registry_of(there)["iris"]["versions"]) == ["1"]


def test_a_pull_link_copies_the_registry_and_restores_local_deletions(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    registry = Registry(there)
    registry.new_model("iris")
    registry.new_version("iris")
    add(here, LINK, url_of(server, "south"), mode="pull", registry=True)
    until(lambda: registry_of(here) == registry_of(there), "what was there to come")

    registry.new_version("iris")
    registry.alias("best", 2, "iris")
    registry.move(2, "Production", name="iris")
    until(lambda: registry_of(here) == registry_of(there), "what changed to come")
    registry.delete_version(1, "iris")
    until(lambda: registry_of(here) == registry_of(there), "the deletion to come")
    Registry(here).delete_version(2, "iris")
    here.post(f"/api/trackside/v1/links/{LINK}/sync")
    until(lambda: registry_of(here) == registry_of(there), "what was removed here to come back")
    registry.call("POST", "registered-models/rename", name="iris", new_name="flowers")
    until(lambda: registry_of(here) == registry_of(there), "the new name to come")
    registry.delete_model("flowers")
    until(lambda: registry_of(here) == {}, "the model to go")


def test_a_model_deleted_on_one_side_is_deleted_on_the_other_despite_its_aliases(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    ours, theirs = Registry(here), Registry(there)
    for name in ("iris", "rose"):
        ours.new_model(name)
        for number in (1, 2):
            ours.new_version(name)
            ours.alias(f"best-{number}", number, name)
    add(here, LINK, url_of(server, "south"), mode="both", registry=True)
    settle(here, LINK)
    assert list(registry_of(there)) == ["iris", "rose"]

    ours.delete_model("iris")
    theirs.delete_model("rose")
    until(lambda: registry_of(here) == registry_of(there) == {}, "both models to go")

    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []


def test_a_link_without_the_flag_does_not_copy_the_registry(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    Registry(here).new_model("iris")
    add(here, LINK, url_of(server, "south"), mode="both")
    Registry(there).new_model("other")
    here.new_run()

    settle(here, LINK)

    assert list(registry_of(here)) == ["iris"]
    assert list(registry_of(there)) == ["other"]


def test_files_of_versions_without_a_mirrored_run_are_copied(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = a_run_with_a_model(here)
    root = here.run(run)["info"]["artifact_uri"]
    registry = Registry(here)
    registry.new_model("iris")
    registry.new_version("iris", source=f"{root}/model", run_id=run)
    registry.new_version("iris", source="s3://elsewhere/model")
    add(here, LINK, url_of(server, "south"), exclude=["*"], registry=True)

    settle(here, LINK)

    source = Registry(there).version(1, "iris")["source"]
    assert there.ask("GET", "/api/2.0/mlflow/runs/get", arguments={"run_id": run}).status == 404
    assert "/registry/" in source
    assert files_of(there, "iris", 1) == {"MLmodel": b"flavors: {}", "data/weights.bin": b"\x01" * 1000}
    assert Registry(there).version(2, "iris")["source"] == "s3://elsewhere/model"
    said = [entry["message"] for entry in log(here, LINK)]
    assert [text for text in said if "version 2: its files stay where they are, at s3://elsewhere/model" in text]


@pytest.mark.parametrize("source", [pytest.param("/etc", marks=pytest.mark.slow), "file:///etc/passwd"])
def test_a_link_refuses_a_source_that_callers_may_not_use(server: Server, source: str) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    registry = Registry(there)
    registry.new_model("iris")
    registry.new_version("iris")
    registry.new_version("iris")
    with (
        closing(sqlite3.connect(server.data / "trackside.db", timeout=120)) as store,
        store,
    ):  # as an older release let it in
        store.execute("UPDATE model_versions SET source = ?, storage_location = ? WHERE version = 1", (source, source))

    add(here, LINK, url_of(server, "south"), mode="pull", registry=True)
    until(lambda: "2" in registry_of(here).get("iris", {}).get("versions", {}), "the other version to come")
    until(lambda: any(source in entry["message"] for entry in log(here, LINK)), "the refusal to be told")

    assert list(registry_of(here)["iris"]["versions"]) == ["2"]


def a_run_with_a_model(api: Api) -> str:
    run = api.new_run(api.new_experiment("training"))
    put_file(api, run, "model/MLmodel", b"flavors: {}")
    put_file(api, run, "model/data/weights.bin", b"\x01" * 1000)
    return run
