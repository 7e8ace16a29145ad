"""A check finds damage of any kind on either side, and a sync repairs it."""

import os
from pathlib import Path
from typing import Any

import pytest

from support.client import Api, Socket
from support.links import LINKS, add, all_runs, check, get_file, log, put_file, settle, until, url_of
from support.processes.servers import Server
from support.registry import Registry
from support.stock.server import stock_server

LINK = "twin"
OTHER = {"north": "south", "south": "north"}


class Pair:
    """Two workspaces with one item of each kind, alike; the link is paused, so that what is spoilt stays so."""

    def __init__(self, server: Server, mode: str) -> None:
        self.server = server
        self.apis = {name: self.server.api.new_workspace(name) for name in OTHER}
        self.here = self.apis["north"]
        source = self.apis["south" if mode == "pull" else "north"]
        self.experiment = source.new_experiment("/a/x", tags=[{"key": "team", "value": "blue"}])
        self.run = source.new_run(self.experiment)
        source.post("runs/log-batch", run_id=self.run, metrics=[point(i) for i in range(20)])
        put_file(source, self.run, "a/b.txt", b"12345678")
        self.model = source.post("logged-models", experiment_id=self.experiment, name="m")["model"]["info"]["model_id"]
        registry = Registry(source)
        registry.new_model("iris", tags=[{"key": "k", "value": "v"}])
        put_file(source, self.run, "model/MLmodel", b"flavors: {}")
        root = source.run(self.run)["info"]["artifact_uri"]
        registry.new_version("iris", source=f"{root}/model", run_id=self.run)
        add(self.here, LINK, url_of(self.server, "south"), mode=mode, registry=True)
        until(lambda: check(self.here, LINK) == [] and len(all_runs(self.copy_of(mode))) == 1, "both to be the same")
        settle(self.here, LINK)
        self.here.post(f"{LINKS}/{LINK}/pause")

    def copy_of(self, mode: str) -> Api:
        return self.apis["north" if mode == "pull" else "south"]

    def found(self, *, verify: bool = False) -> list[tuple[str, list[str]]]:
        return [(each["entity"], each["what"]) for each in check(self.here, LINK, verify=verify)]

    def mend(self, *, verify: bool = False) -> None:
        self.here.post(f"{LINKS}/{LINK}/sync", verify=verify)
        self.here.post(f"{LINKS}/{LINK}/resume")
        settle(self.here, LINK)
        until(lambda: self.found(verify=verify) == [], "all to be mended:", said=lambda: self.found(verify=verify))

    def file(self, workspace: str, path: str) -> Path:
        folder = self.apis[workspace].run(self.run)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
        return Path(self.server.data, "artifacts", folder, path)


def point(step: int) -> dict[str, Any]:
    return {"key": "m", "value": step / 7, "timestamp": step, "step": step}


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_a_damaged_copy_of_any_kind_is_found_and_repaired(server: Server, mode: str) -> None:
    pair = Pair(server, mode)
    copy = pair.copy_of(mode)
    where = "3 on the remote" if mode == "push" else "3 bytes in this workspace"
    experiment = copy.get("experiments/get-by-name", experiment_name="/a/x")["experiment"]["experiment_id"]
    copy.post("experiments/set-experiment-tag", experiment_id=experiment, key="team", value="red")
    copy.post("runs/update", run_id=pair.run, run_name="other")
    copy.ask("PATCH", f"/api/2.0/mlflow/logged-models/{pair.model}/tags", {"tags": [{"key": "k", "value": "w"}]})
    copy.ask("PATCH", f"/api/2.0/mlflow/logged-models/{pair.model}", {"status": "LOGGED_MODEL_UPLOAD_FAILED"})
    registry = Registry(copy)
    registry.call("POST", "registered-models/set-tag", name="iris", key="k", value="w")
    registry.move(1, "Staging", name="iris")
    file = pair.file("south" if mode == "push" else "north", "a/b.txt")
    file.write_bytes(b"123")

    found = dict(pair.found())
    pair.mend()

    assert set(found) == {"experiment", "run", "logged_model", "registered_model", "model_version"}
    assert any("tag team" in each for each in found["experiment"])
    assert any(each.startswith("name is") for each in found["run"])
    assert any(each.startswith("file a/b.txt has") for each in found["run"])
    assert any(each.startswith("status is") for each in found["logged_model"])
    assert any("tag k" in each for each in found["registered_model"])
    assert any("stage is" in each for each in found["model_version"])
    assert file.read_bytes() == b"12345678"
    assert where in str(found["run"])


def test_a_check_of_a_pull_link_finds_what_only_the_remote_has(server: Server) -> None:
    pair = Pair(server, "pull")
    there = pair.apis["south"]
    late = there.new_run(there.new_experiment("/a/late"))
    model = there.post("logged-models", experiment_id="0", name="n")["model"]["info"]["model_id"]
    Registry(there).new_model("late")
    Registry(there).new_version("iris", source="s3://elsewhere/model")
    Registry(pair.apis["north"]).delete_version(1, "iris")

    found = check(pair.here, LINK)
    pair.mend()

    missing = {
        (each["entity"], each["remote_id"]) for each in found if "is missing in this workspace" in each["what"][0]
    }
    assert {("run", late), ("logged_model", model)} <= missing
    assert {entity for entity, _ in missing} == {
        *("experiment", "run", "logged_model", "registered_model", "model_version")
    }
    assert {each["info"]["run_id"] for each in all_runs(pair.here)} == {pair.run, late}
    assert sorted(Registry(pair.here).version(number, "iris")["version"] for number in (1, 2)) == ["1", "2"]


@pytest.mark.slow
def test_objects_that_the_remote_lost_are_found_and_recreated(server: Server) -> None:
    pair = Pair(server, "push")
    Registry(pair.apis["south"]).delete_model("iris")
    pair.file("south", "a/b.txt").unlink()
    late = pair.here.new_run()

    found = pair.found()
    pair.mend()

    assert ("registered_model", ["the registered model is missing on the remote"]) in found
    assert ("model_version", ["the model version is missing on the remote"]) in found
    assert ("run", ["the run is missing on the remote"]) in found
    assert ("run", ["file a/b.txt is missing on the remote"]) in found
    assert pair.file("south", "a/b.txt").read_bytes() == b"12345678"
    assert Registry(pair.apis["south"]).version(1, "iris")["version"] == "1"
    assert late in {each["info"]["run_id"] for each in all_runs(pair.apis["south"])}


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "victim"), [("push", "south"), ("pull", "north")])
def test_unreported_changes_of_bytes_are_found_by_reading(server: Server, mode: str, victim: str) -> None:
    """By silent corruption of a disk: size and time of the file are unchanged."""
    pair = Pair(server, mode)
    file = pair.file(victim, "a/b.txt")
    times = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"X")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    unseen = pair.found()
    found = pair.found(verify=True)
    pair.mend(verify=True)

    assert unseen == []
    assert [entity for entity, _ in found] == ["run"]
    assert "SHA-256" in found[0][1][0]
    assert file.read_bytes() == b"12345678"
    assert [entry for entry in log(pair.here, LINK) if entry["kind"] == "conflict"] == []


@pytest.mark.slow
def test_files_of_an_mlflow_server_without_checksums_are_read_on_request(server: Server, tmp_path: Path) -> None:
    here = server.api.new_workspace("north")
    ours = here.new_run(here.new_experiment("shared/ours"))
    put_file(here, ours, "a.txt", b"12345678")
    with stock_server(tmp_path) as url:
        add(here, LINK, url, mode="both", experiments=["shared*"])
        settle(here, LINK)
        here.post(f"{LINKS}/{LINK}/pause")
        (file,) = (tmp_path / "files").rglob("a.txt")
        file.write_bytes(b"1234567X")
        transport = Socket(int(url.rpartition(":")[2]))
        there = Api(transport)
        theirs = there.new_run(there.new_experiment("shared/theirs"), start_time=3)
        transport.close()

        by_size = check(here, LINK)
        by_bytes = check(here, LINK, verify=True)
        here.post(f"{LINKS}/{LINK}/sync", verify=True)
        here.post(f"{LINKS}/{LINK}/resume")
        settle(here, LINK)
        until(lambda: check(here, LINK, verify=True) == [], "all to be mended")

    assert {(each["entity"], *each["what"]) for each in by_size} == {
        ("experiment", "the experiment is missing in this workspace"),
        ("run", "the run is missing in this workspace"),
    }
    assert [each["remote_id"] for each in by_size if each["entity"] == "run"] == [theirs]
    (spoilt,) = [each for each in by_bytes if each["local_id"] == ours]
    assert "file a.txt has the SHA-256" in spoilt["what"][0]
    assert (
        get_file(here, ours, "a.txt") == file.read_bytes() == b"1234567X"
    )  # what is not what both agreed on was changed
    assert {each["info"]["run_id"] for each in all_runs(here)} == {ours, theirs}


def test_a_check_does_not_report_older_runs_that_a_link_excludes(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    there.new_run(there.new_experiment("old"), start_time=5)
    here.new_run(here.new_experiment("old here"), start_time=5)
    add(here, LINK, url_of(server, "south"), mode="both", backfill="none")
    settle(here, LINK)

    before = check(here, LINK)
    here.post(f"{LINKS}/{LINK}/sync")
    settle(here, LINK)

    assert before == check(here, LINK) == []
    assert len(all_runs(here)) == len(all_runs(there)) == 1


def test_an_unknown_position_in_a_check_is_refused(server: Server) -> None:
    here = server.api.new_workspace("north")
    server.api.new_workspace("south")
    add(here, LINK, url_of(server, "south"))

    for after in ("elsewhere", "here nothing "):
        status, code, message = here.fault(f"{LINKS}/{LINK}/check", method="GET", after=after)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert "must be the `next` of the previous page" in message
