"""Links with a workspace in the shape of Databricks: absolute paths, its own ids and users, signed URLs, and a limit of calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.client import Api
from support.databricks.workspace import CLIENT_ID, CLIENT_SECRET, TOKEN, USER, Databricks
from support.links import LINKS, add, check, get_file, link, log, put_file, settle, sync, until
from support.processes.servers import Server

LINK = "lakehouse"


def test_runs_are_pushed_with_their_files(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    plain, absolute = here.new_experiment("team/iris"), here.new_experiment("/Users/ann@example.com/iris")
    parent = here.new_run(absolute, user_id="ann", start_time=5)
    run = here.new_run(plain, start_time=7, tags=[{"key": "mlflow.parentRunId", "value": parent}])
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(1000)]
    here.post("runs/log-batch", run_id=run, metrics=points)
    here.post("runs/log-batch", run_id=run, metrics=[{"key": "n", "value": "NaN", "timestamp": 1, "step": 1}])
    here.post("runs/log-batch", run_id=run, params=[{"key": f"p{i}", "value": str(i)} for i in range(100)])
    here.post("runs/log-batch", run_id=run, params=[{"key": f"q{i}", "value": str(i)} for i in range(50)])
    put_file(here, run, "model/ü/weights.bin", b"\x01\x02" * 50_000)
    here.post("runs/update", run_id=run, status="FINISHED", end_time=11)
    added = add(here, LINK, databricks.url, kind="databricks", token=TOKEN)
    settle(here, LINK)

    copy = databricks.run_of(run)
    assert added["has_secret"] is True
    assert TOKEN not in str(added)
    assert {each["name"] for each in databricks.experiments.values()} == {
        "/Shared/trackside/Default",
        "/Shared/trackside/team/iris",
        "/Users/ann@example.com/iris",
    }
    assert copy["info"]["experiment_id"] == databricks.experiment("/Shared/trackside/team/iris")["experiment_id"]
    assert (copy["info"]["status"], copy["info"]["start_time"], copy["info"]["end_time"]) == ("FINISHED", 7, 11)
    assert copy["info"]["user_id"] == USER
    assert copy["tags"]["mlflow.parentRunId"] == databricks.run_of(parent)["info"]["run_id"]
    assert len(copy["params"]) == 150
    assert len(databricks.histories[copy["info"]["run_id"], "m"]) == 1000
    assert databricks.histories[copy["info"]["run_id"], "n"][0]["value"] == "NaN"
    assert databricks.files[copy["info"]["run_id"], "model/ü/weights.bin"] == b"\x01\x02" * 50_000
    assert check(here, LINK) == []
    assert log(here, LINK) == []


def test_remote_runs_are_pulled(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    call = databricks._calls()
    call["POST", "experiments/create"]({"name": "/Shared/notebook"})
    experiment = databricks.experiment("/Shared/notebook")["experiment_id"]
    run = call["POST", "runs/create"]({"experiment_id": experiment, "start_time": 3})["run"]["info"]["run_id"]
    metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(900)]
    call["POST", "runs/log-batch"]({"run_id": run, "metrics": metrics})
    databricks.files[run, "a/b.txt"] = b"from there"

    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="pull")
    until(lambda: link(here, LINK)["mirrored"].get("run") == 1, "the run to come")
    until(lambda: check(here, LINK) == [], "points and files to come")

    assert here.run(run)["info"]["user_id"] == USER
    assert len(here.history(run, "m")) == 900


def test_changes_on_either_side_reach_the_other(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    call = databricks._calls()
    call["POST", "experiments/create"]({"name": "/Shared/theirs"})
    far = databricks.experiment("/Shared/theirs")["experiment_id"]
    theirs = call["POST", "runs/create"]({"experiment_id": far, "start_time": 3})["run"]["info"]["run_id"]
    experiment = here.new_experiment("ours")
    ours, doomed, killed = (here.new_run(experiment, start_time=i + 5, user_id="ann") for i in range(3))
    put_file(here, ours, "a.txt", b"mine")
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both")
    until(lambda: link(here, LINK)["mirrored"].get("run") == 4, "all runs to be mirrored")
    settle(here, LINK)

    copy = databricks.run_of(ours)["info"]["run_id"]
    here.post("runs/set-tag", run_id=ours, key="who", value="we")
    here.post("runs/log-metric", run_id=theirs, key="m", value=2, timestamp=2, step=2)
    here.post("runs/delete", run_id=doomed)
    here.post("runs/update", run_id=killed, status="KILLED", end_time=50)
    here.post("experiments/update", experiment_id=experiment, new_name="renamed/by us")
    call["POST", "runs/log-batch"]({"run_id": copy, "tags": [{"key": "whom", "value": "they"}]})
    call["POST", "runs/log-batch"]({"run_id": theirs, "metrics": [{"key": "m", "value": 1, "timestamp": 1, "step": 1}]})
    call["POST", "runs/update"]({"run_id": theirs, "status": "FAILED", "end_time": 77})
    call["POST", "experiments/update"]({"experiment_id": far, "new_name": "/Shared/trackside/by them"})
    databricks.files[theirs, "b.txt"] = b"yours"
    settle(here, LINK)
    sync(here, LINK)
    until(lambda: here.tags(ours).get("whom") == "they", "their tag to come")
    until(lambda: check(here, LINK) == [], "both to be the same:", said=lambda: check(here, LINK))

    names = {each["name"] for each in databricks.experiments.values()}
    assert names == {"/Shared/trackside/Default", "/Shared/trackside/renamed/by us", "/Shared/trackside/by them"}
    assert (
        here.get("experiments/get", experiment_id=here.run(theirs)["info"]["experiment_id"])["experiment"]["name"]
        == "by them"
    )
    assert databricks.run_of(ours)["tags"]["who"] == "we"
    assert (here.run(ours)["info"]["user_id"], here.run(theirs)["info"]["user_id"]) == ("ann", USER)
    assert databricks.run_of(doomed)["info"]["lifecycle_stage"] == "deleted"
    assert databricks.run_of(killed)["info"]["status"] == "KILLED"
    assert here.run(theirs)["info"]["status"] == "FAILED"
    assert sorted(each["value"] for each in databricks.histories[theirs, "m"]) == [1, 2]
    assert [point[2] for point in here.history(theirs, "m")] == [1, 2]
    assert get_file(here, theirs, "b.txt") == b"yours"
    call["POST", "runs/delete"]({"run_id": theirs})
    call["POST", "runs/restore"]({"run_id": databricks.run_of(doomed)["info"]["run_id"]})
    sync(here, LINK)
    until(lambda: here.run(theirs)["info"]["lifecycle_stage"] == "deleted", "their deletion to come")
    until(lambda: here.run(doomed)["info"]["lifecycle_stage"] == "active", "their restoration to come")
    assert len(databricks.runs) == 4
    assert [entry for entry in log(here, LINK) if entry["kind"] == "refused"] == []


def test_logged_models_and_their_files_are_pushed_and_pulled(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("training")
    run = here.new_run(experiment)
    model = here.post("logged-models", experiment_id=experiment, name="m", source_run_id=run)["model"]["info"]
    model_id = model["model_id"]
    params = [{"key": "depth", "value": "3"}]
    here.post(f"logged-models/{model_id}/params", model_id=model_id, params=params)
    place = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert here.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/MLmodel", b"flavors: {}").status == 200
    here.post("runs/outputs", run_id=run, models=[{"model_id": model_id, "step": 4}])
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{model_id}", {"status": "LOGGED_MODEL_READY"})
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both")
    settle(here, LINK)

    (copy,) = databricks.models.models.values()
    assert copy["info"]["source_run_id"] == databricks.run_of(run)["info"]["run_id"]
    assert (copy["params"], copy["info"]["status"]) == ({"depth": "3"}, "LOGGED_MODEL_READY")
    assert databricks.files[copy["info"]["model_id"], "MLmodel"] == b"flavors: {}"
    assert databricks.run_of(run)["outputs"] == [{"model_id": copy["info"]["model_id"], "step": 4}]
    copy["tags"]["seen"] = "there"
    databricks.files[copy["info"]["model_id"], "data/w.bin"] = b"weights"
    sync(here, LINK)
    until(lambda: "seen" in str(here.get(f"logged-models/{model_id}")["model"]), "their tag to come")
    until(lambda: file_of_model(here, model_id, "data/w.bin") == b"weights", "their file to come")


def test_a_killed_server_and_broken_files_create_no_second_copy_of_a_run(
    start: Callable[..., Server], databricks: Databricks
) -> None:
    server = start("--durability", "relaxed")
    server.options = (*server.options, "--port", str(server.port))
    here = server.api.new_workspace("north")
    runs = [here.new_run(start_time=i + 1) for i in range(20)]
    for run in runs[:5]:
        put_file(here, run, "weights.bin", b"\x07" * 300_000)
    databricks.store.cut_in = 2
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)
    for least in (3, 8):
        until(lambda least=least: len(databricks.runs) >= least, "some to be sent")  # type: ignore[misc]
        server.kill9()
        server.start()
        here = server.api.within("north")
    settle(here, LINK)

    assert len(databricks.runs) == 20
    assert all(databricks.files[databricks.run_of(run)["info"]["run_id"], "weights.bin"] for run in runs[:5])
    assert {len(content) for content in databricks.files.values()} == {300_000}
    assert check(here, LINK) == []


@pytest.mark.slow
def test_names_that_would_collide_on_the_remote_are_kept_apart(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    plain, path = here.new_experiment("x"), here.new_experiment("/Shared/trackside/x")
    mine, left_out = here.new_run(plain), here.new_run(path)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN, mode="both")
    settle(here, LINK)
    here.post("experiments/update", experiment_id=plain, new_name="/Shared/trackside/y")
    here.post("experiments/set-experiment-tag", experiment_id=plain, key="k", value="v")
    settle(here, LINK)
    sync(here, LINK)
    settle(here, LINK)

    (found,) = [each for each in databricks.experiments.values() if not each["name"].endswith("Default")]
    assert (found["name"], found["tags"]) == ("/Shared/trackside/x", [{"key": "k", "value": "v"}])
    differences = [each["what"] for each in check(here, LINK)]
    assert differences == [["name is '/Shared/trackside/y' in this workspace and 'x' on the remote"]]
    assert [run["tags"]["trackside.source_run_id"] for run in databricks.runs.values()] == [mine]
    assert here.run(left_out)["info"]["experiment_id"] == path
    named = here.get("experiments/get", experiment_id=plain)["experiment"]["name"]
    assert named == "/Shared/trackside/y"
    said = [entry["message"] for entry in log(here, LINK)]
    assert len(said) == 2
    assert all("is left out: its name in Databricks would be" in message for message in said)


def test_all_links_together_keep_the_rate_limits(server: Server) -> None:
    """The limit is 22 calls a second, and 7 for expensive ones; two workspaces together make at most 20."""
    databricks = Databricks(calls_a_second=22)
    try:
        for name in ("north", "south"):
            here = server.api.new_workspace(name)
            for i in range(8):
                here.new_run(start_time=i + 1)
            add(here, LINK, databricks.url, kind="databricks", token=TOKEN, prefix=f"/Shared/{name}")
        for name in ("north", "south"):
            here = server.api.within(name)
            check(here, LINK)  # beside the workers
            settle(here, LINK)
            assert check(here, LINK) == []
    finally:
        databricks.close()

    assert len([run for run in databricks.runs.values() if "trackside.source_run_id" in run["tags"]]) == 16
    assert len(databricks.asked) > 60
    assert databricks.throttled == 0


def test_a_folder_without_permission_does_not_delay_others(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    closed = here.new_run(here.new_experiment("/Users/bea@example.com/x"), start_time=1)
    other = here.new_run(here.new_experiment("open"), start_time=2)
    databricks.closed_folders = ("/Users/bea@example.com",)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)

    until(lambda: other in str(databricks.runs), "the other run to be sent")
    until(lambda: log(here, LINK) != [], "the reason to be said")

    assert "last_error" not in link(here, LINK)
    assert "does not have permission in /Users/bea@example.com" in log(here, LINK)[0]["message"]
    assert closed not in str(databricks.runs)


def test_a_wrong_token_is_reported(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    add(here, LINK, databricks.url, kind="databricks", token="wrong")

    until(lambda: link(here, LINK).get("last_error") is not None, "the error")

    assert "does not accept the credentials" in link(here, LINK)["last_error"]


@pytest.mark.parametrize("given", [{}, {"token": ""}, {"username": CLIENT_ID}, {"password": CLIENT_SECRET}])
def test_a_link_to_databricks_without_credentials_is_refused(
    server: Server, databricks: Databricks, given: dict[str, str]
) -> None:
    here = server.api.new_workspace("north")

    faults = [
        here.fault(LINKS, name=LINK, to=databricks.url, kind="databricks", **given),
        here.fault(LINKS, name=LINK, to="https://adb-1.7.azuredatabricks.net", **given),
    ]

    for status, code, message in faults:
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert "is a Databricks workspace, which requires a token" in message
        assert CLIENT_SECRET not in message
    assert here.get(LINKS) == {}


def test_a_service_principal_signs_in_with_its_secret(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    run = here.new_run()
    databricks.tokens = set()
    add(here, LINK, databricks.url, kind="databricks", username=CLIENT_ID, password=CLIENT_SECRET)
    settle(here, LINK)
    add(here, "wrong", databricks.url, kind="databricks", username=CLIENT_ID, password="of another one")
    until(lambda: link(here, "wrong").get("last_error") is not None, "the error")

    assert databricks.run_of(run)
    assert len(databricks.tokens) == 1  # one token for all the calls of the link
    assert "does not accept the credentials (401" in link(here, "wrong")["last_error"]


@pytest.mark.parametrize("way", [f"token = {TOKEN}", f"client_id = {CLIENT_ID}\nclient_secret = {CLIENT_SECRET}"])
def test_a_profile_of_the_servers_user_signs_in(
    start: Callable[..., Server], databricks: Databricks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (tmp_path / ".databrickscfg").write_text(
        f"[lab]\nhost = {databricks.url}\n{way}\n\n[cli]\nhost = https://x\nauth_type = databricks-cli\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    here = start().api
    run = here.new_run()

    add(here, LINK, "databricks://lab")
    settle(here, LINK)
    refused = here.ask("POST", LINKS, {"name": "cli", "to": "databricks://cli"})

    assert databricks.run_of(run)
    assert refused.status == 400
    assert "its auth_type is databricks-cli, which no link knows" in refused.json["message"]


def file_of_model(api: Api, model_id: str, path: str) -> bytes | None:
    where = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
    reply = api.ask("GET", where, arguments={"artifact_file_path": path})
    return reply.body if reply.status == 200 else None
