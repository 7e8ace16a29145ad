"""Links with a workspace in the shape of Databricks: absolute paths, its own ids and users, signed URLs, and a limit of calls."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.databricks import TOKEN, USER, Databricks
from support.links import add, check, link, log, put_file, settle, until
from support.servers import Server

LINK = "lakehouse"


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    workspace = Databricks()
    yield workspace
    workspace.close()


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


def test_what_is_logged_there_comes_here(server: Server, databricks: Databricks) -> None:
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


def test_a_limit_of_calls_is_kept_to(server: Server) -> None:
    databricks = Databricks(calls_a_second=25)
    here = server.api.new_workspace("north")
    for i in range(8):
        here.new_run(start_time=i + 1)
    try:
        add(here, LINK, databricks.url, kind="databricks", token=TOKEN)
        settle(here, LINK, 50)
    finally:
        databricks.close()

    assert len(databricks.runs) == 8
    assert databricks.throttled <= 25


def test_a_wrong_token_is_said(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    add(here, LINK, databricks.url, kind="databricks", token="wrong")

    until(lambda: link(here, LINK).get("last_error") is not None, "the error")

    assert "does not let this link in" in link(here, LINK)["last_error"]


def test_a_profile_of_the_servers_user_lets_in(
    start: Callable[..., Server], databricks: Databricks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".databrickscfg").write_text(f"[lab]\nhost = {databricks.url}\ntoken = {TOKEN}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    here = start().api
    run = here.new_run()

    add(here, LINK, "databricks://lab")
    settle(here, LINK)

    assert databricks.run_of(run)
