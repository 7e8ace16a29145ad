"""Links with a real `mlflow server`, which chooses its own ids."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.client import Api, Socket
from support.faults.flaky import Flaky
from support.links import add, all_runs, check, get_file, log, put_file, settle, until
from support.processes.servers import Server

pytestmark = pytest.mark.slow
LINK = "stock"


@pytest.fixture
def stock(stock_url: str) -> Iterator[Api]:
    transport = Socket(int(stock_url.rpartition(":")[2]))
    yield Api(transport)
    transport.close()


def test_runs_are_pushed_with_their_nesting_points_files_and_models(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("/people/ann/push")
    parent = here.new_run(experiment, run_name="parent", user_id="ann", start_time=1_700_000_000_000)
    child = here.new_run(experiment, tags=[{"key": "mlflow.parentRunId", "value": parent}], start_time=5)
    add(here, LINK, stock_url)
    points = [{"key": "loss", "value": i / 7, "timestamp": i, "step": i} for i in range(1000)]
    here.post("runs/log-batch", run_id=child, metrics=points)
    odd = [
        {"key": "odd", "value": v, "timestamp": 5, "step": i} for i, v in enumerate(("NaN", "Infinity", "-Infinity"))
    ]
    here.post("runs/log-batch", run_id=child, metrics=odd, params=[{"key": "depth", "value": "3"}])
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": "s"}
    here.post("runs/log-inputs", run_id=child, datasets=[{"dataset": dataset, "tags": [{"key": "k", "value": "v"}]}])
    model = here.post("logged-models", experiment_id=experiment, name="m", source_run_id=child)["model"]["info"]
    here.post("runs/outputs", run_id=child, models=[{"model_id": model["model_id"], "step": 4}])
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{model['model_id']}", {"status": "LOGGED_MODEL_READY"})
    put_file(here, child, "plots/ü.png", b"\x89PNG" * 1000)
    here.post("runs/update", run_id=child, status="KILLED", end_time=1_700_000_000_500)
    here.post("runs/delete", run_id=parent)

    settle(here, LINK)

    copies = {
        _tag(run, "trackside.source_run_id"): run for run in all_runs(stock) if _tag(run, "trackside.source_run_id")
    }
    copy = copies[child]["info"]["run_id"]
    info = stock.run(copy)["info"]
    assert (info["status"], info["end_time"], info["start_time"]) == ("KILLED", 1_700_000_000_500, 5)
    assert stock.tags(copy)["mlflow.parentRunId"] == copies[parent]["info"]["run_id"]
    assert stock.params(copy) == {"depth": "3"}
    assert stock.history(copy, "loss") == here.history(child, "loss")
    assert stock.history(copy, "odd") == here.history(child, "odd")
    assert stock.run(copy)["inputs"]["dataset_inputs"] == here.run(child)["inputs"]["dataset_inputs"]
    assert len(stock.run(copy)["outputs"]["model_outputs"]) == 1
    assert get_file(stock, copy, "plots/ü.png") == b"\x89PNG" * 1000
    assert copies[parent]["info"]["lifecycle_stage"] == "deleted"
    assert copies[parent]["info"]["user_id"] == "ann"
    assert check(here, LINK) == []
    assert log(here, LINK) == []


def test_points_are_sent_to_a_deleted_run_that_stays_deleted(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("deleted")
    run = here.new_run(experiment)
    add(here, LINK, stock_url)
    settle(here, LINK)
    here.post(f"/api/trackside/v1/links/{LINK}/pause")
    here.post("runs/set-tag", run_id=run, key="late", value="1")
    here.post("runs/log-metric", run_id=run, key="m", value=2.5, timestamp=2, step=3)
    here.post("experiments/delete", experiment_id=experiment)
    unborn = here.new_experiment("deleted before it was seen")
    inside = here.new_run(unborn)
    here.post("runs/log-metric", run_id=inside, key="m", value=1.5, timestamp=2, step=3)
    here.post("experiments/delete", experiment_id=unborn)
    here.post(f"/api/trackside/v1/links/{LINK}/resume")

    settle(here, LINK)

    copies = {_tag(each, "trackside.source_run_id"): each for each in all_runs(stock)}
    assert copies[run]["info"]["lifecycle_stage"] == "deleted"
    assert _tag(copies[run], "late") == "1"
    assert stock.history(copies[run]["info"]["run_id"], "m") == [(3, 2, 2.5)]
    assert copies[inside]["info"]["lifecycle_stage"] == "deleted"
    assert stock.history(copies[inside]["info"]["run_id"], "m") == [(3, 2, 1.5)]
    assert check(here, LINK) == []


def test_runs_of_either_side_reach_both(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    add(here, LINK, stock_url, mode="both", experiments=["shared*"])
    ours = here.new_run(here.new_experiment("shared/ours"))
    theirs = stock.new_run(stock.new_experiment("shared/theirs"), start_time=3, tags=[{"key": "who", "value": "they"}])
    stock.post("runs/log-batch", run_id=theirs, metrics=[{"key": "m", "value": 1, "timestamp": 1, "step": 1}])
    stock.post("runs/log-batch", run_id=theirs, params=[{"key": "p", "value": "q"}])

    until(lambda: {run["info"]["run_id"] for run in all_runs(here)} == {ours, theirs}, "their run to come")
    until(lambda: here.history(theirs, "m") == [(1, 1, 1)], "its points to come")
    stock.post("runs/log-metric", run_id=theirs, key="m", value=2, timestamp=2, step=2)
    here.post("runs/set-tag", run_id=theirs, key="who", value="we")
    here.post("runs/log-metric", run_id=theirs, key="n", value=7, timestamp=7, step=7)
    stock.post("runs/update", run_id=theirs, status="FINISHED", end_time=9)
    until(lambda: here.run(theirs)["info"]["status"] == "FINISHED", "its end to come")
    until(lambda: len(here.history(theirs, "m")) == 2, "its last point to come")
    settle(here, LINK)

    assert stock.tags(theirs)["who"] == "we"
    assert stock.history(theirs, "n") == [(7, 7, 7)]
    assert len([run for run in all_runs(stock) if _tag(run, "trackside.source_run_id") == ours]) == 1
    assert len([run for run in all_runs(stock) if _tag(run, "who")]) == 1
    assert check(here, LINK) == []


def test_no_lost_answer_creates_a_duplicate(server: Server, stock: Api, stock_url: str) -> None:
    """Each kind of call that creates an object is executed once with a lost answer."""
    here = server.api.new_workspace("north")
    flaky = Flaky(int(stock_url.rpartition(":")[2]))
    lost: set[str] = set()

    def faults(method: str, path: str) -> str | None:
        call = path.removeprefix("/api/2.0/mlflow/")
        if method != "POST" or call in lost or call.endswith("/search"):
            return None
        lost.add(call)
        return "lost"

    flaky.faults = faults
    try:
        experiment = here.new_experiment("lost answers")
        runs = [_fill(here, experiment, i) for i in range(4)]
        here.post("registered-models/create", name="lost")
        here.post("model-versions/create", name="lost", source=f"runs:/{runs[0]}/f", run_id=runs[0])
        add(here, LINK, flaky.url, experiments=["lost*"], registry=True)
        settle(here, LINK)

        assert {"experiments/create", "runs/create", "logged-models", "model-versions/create", "runs/log-batch"} <= lost
        _assert_once(here, stock, "lost answers", runs)
        versions = stock.get("model-versions/search", filter="name = 'lost'")["model_versions"]
        assert [each["version"] for each in versions] == ["1"]
    finally:
        flaky.close()


def test_a_link_survives_a_kill_of_its_server_at_any_moment(
    start: Callable[..., Server], stock: Api, stock_url: str
) -> None:
    near = start("--durability", "relaxed")
    here = near.api.new_workspace("north")
    experiment = here.new_experiment("killed")
    runs = [_fill(here, experiment, i) for i in range(12)]
    add(here, LINK, stock_url, experiments=["killed"])

    def copies() -> int:
        found = stock.ask("GET", "experiments/get-by-name", arguments={"experiment_name": "killed"})
        if found.status != 200:
            return 0
        ids = [found.json["experiment"]["experiment_id"]]
        return len(stock.post("runs/search", experiment_ids=ids, run_view_type="ALL").get("runs", []))

    for turn in range(6):
        until(lambda wanted=2 * turn + 1: copies() >= wanted, "some runs to be pushed")  # type: ignore[misc]
        near.kill9()
        near.start()
    here = near.api.within("north")
    settle(here, LINK)

    _assert_once(here, stock, "killed", runs)


def _fill(api: Api, experiment: str, number: int) -> str:
    run = api.new_run(experiment, run_name=f"run {number}", start_time=number + 1)
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(500)]
    api.post("runs/log-batch", run_id=run, metrics=points, params=[{"key": "p", "value": str(number)}])
    api.post("logged-models", experiment_id=experiment, name=f"m{number}", source_run_id=run)
    put_file(api, run, "f/small.txt", b"x" * 1000)
    api.post("runs/update", run_id=run, status="FINISHED", end_time=number + 10)
    return run


def _assert_once(here: Api, stock: Api, name: str, runs: list[str]) -> None:
    """Each run and its model has one copy there, with all that it has."""
    ids = [stock.get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]]
    copies = stock.post("runs/search", experiment_ids=ids, run_view_type="ALL")["runs"]
    models = stock.post("logged-models/search", experiment_ids=ids)["models"]
    assert sorted(_tag(run, "trackside.source_run_id") or "" for run in copies) == sorted(runs)
    assert sorted(model["info"]["name"] for model in models) == sorted(f"m{i}" for i in range(len(runs)))
    for copy in copies:
        assert len(stock.history(copy["info"]["run_id"], "m")) == 500
        assert get_file(stock, copy["info"]["run_id"], "f/small.txt") == b"x" * 1000
    assert check(here, LINK) == []


def _tag(run: Any, key: str) -> str | None:
    found: dict[str, str] = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
    return found.get(key)
