"""Links with real `mlflow server` processes of three releases: data that an old release does not support is reported, and blocks
nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.client import Api
from support.links import LINKS, add, all_runs, check, get_file, link, log, put_file, settle, until
from support.processes.servers import Server
from support.registry import Registry
from support.stock.releases import PINS, StockServer

pytestmark = pytest.mark.slow
LINK = "stock"
KNOWS_DATASETS = ("2.22", "3.17")
KNOWS_MODELS = ("3.17",)
KNOWS_ALIASES = ("2.22", "3.17")
LONGEST_PARAM = {"1.30": 250, "2.22": 6000, "3.17": 6000}
T = 1_700_000_000_000


@pytest.fixture(scope="module", params=sorted(PINS))
def stock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockServer]:
    server = StockServer(request.param, tmp_path_factory.mktemp("mlflow"))
    yield server.start()
    server.stop()


def test_everything_that_the_release_supports_is_pushed(server: Server, stock: StockServer) -> None:
    here, there = server.api.new_workspace("north"), stock.api
    experiment = here.new_experiment("/people/ann/push", tags=[{"key": "team", "value": "blue"}])
    parent = here.new_run(experiment, run_name="parent", user_id="ann", start_time=T)
    child = here.new_run(experiment, tags=[{"key": "mlflow.parentRunId", "value": parent}], start_time=T + 1)
    add(here, LINK, stock.url, experiments=["/people/*"])
    points = [{"key": "loss", "value": i / 7, "timestamp": T + i, "step": i} for i in range(1000)]
    here.post("runs/log-batch", run_id=child, metrics=points)
    values = enumerate(("NaN", "Infinity", "-Infinity"))
    odd = [{"key": "odd", "value": value, "timestamp": T, "step": i} for i, value in values]
    long = "x" * 6000
    here.post("runs/log-batch", run_id=child, metrics=odd, params=[{"key": "depth", "value": "3"}])
    here.post("runs/log-batch", run_id=child, params=[{"key": "long", "value": long}, {"key": "short", "value": "s"}])
    here.post("runs/log-batch", run_id=child, tags=[{"key": "mlflow.note.content", "value": "a *note*"}])
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": "s"}
    here.post("runs/log-inputs", run_id=child, datasets=[{"dataset": dataset, "tags": [{"key": "k", "value": "v"}]}])
    model = here.post("logged-models", experiment_id=experiment, name="m", source_run_id=child)["model"]["info"]
    here.post("runs/outputs", run_id=child, models=[{"model_id": model["model_id"], "step": 4}])
    here.ask("PATCH", f"/api/2.0/mlflow/logged-models/{model['model_id']}", {"status": "LOGGED_MODEL_READY"})
    put_file(here, child, "plots/ü.png", b"\x89PNG" * 1000)
    put_file(here, child, "empty.txt", b"")
    here.post("runs/update", run_id=child, status="KILLED", end_time=T + 500)
    settle(here, LINK)
    copy = _copy_of(there, child)
    files = get_file(there, copy, "plots/ü.png"), get_file(there, copy, "empty.txt")

    here.post("runs/update", run_id=child, run_name="renamed")
    here.post("runs/delete-tag", run_id=child, key="mlflow.note.content")
    here.post("experiments/update", experiment_id=experiment, new_name="/people/ann/renamed")
    here.post("runs/delete", run_id=parent)
    settle(here, LINK)

    run = there.run(copy)
    info = run["info"]
    assert (info["status"], info["end_time"], info["start_time"]) == ("KILLED", T + 500, T + 1)
    assert files == (b"\x89PNG" * 1000, b"")
    assert there.tags(copy)["mlflow.parentRunId"] == _copy_of(there, parent)
    assert "mlflow.note.content" not in there.tags(copy)
    assert there.tags(copy)["mlflow.runName"] == "renamed"
    assert there.params(copy) == {"depth": "3", "short": "s"} | (
        {"long": long} if LONGEST_PARAM[stock.release] == 6000 else {}
    )
    assert _history(there, copy, "loss") == _history(here, child, "loss")
    assert _history(there, copy, "odd") == _history(here, child, "odd")
    named = there.get("experiments/get", experiment_id=info["experiment_id"])["experiment"]
    assert (named["name"], named["tags"]) == ("/people/ann/renamed", [{"key": "team", "value": "blue"}])
    assert there.run(_copy_of(there, parent))["info"]["lifecycle_stage"] == "deleted"
    assert there.run(_copy_of(there, parent))["info"]["user_id"] == "ann"
    if stock.release in KNOWS_DATASETS:
        assert run["inputs"]["dataset_inputs"] == here.run(child)["inputs"]["dataset_inputs"]
    if stock.release in KNOWS_MODELS:
        assert len(run["outputs"]["model_outputs"]) == 1
    said = " ".join(entry["message"] for entry in log(here, LINK))
    assert ("no place for datasets" in said) == (stock.release not in KNOWS_DATASETS)
    assert ("does not support logged models" in said) == (stock.release not in KNOWS_MODELS)
    assert ("does not take the param 'long'" in said) == (LONGEST_PARAM[stock.release] < 6000)
    assert "last_error" not in link(here, LINK)


def test_everything_is_pulled(server: Server, stock: StockServer) -> None:
    here, there = server.api.new_workspace("north"), stock.api
    experiment = there.new_experiment("pull/iris", tags=[{"key": "team", "value": "red"}])
    parent = there.new_run(experiment, start_time=T, user_id="bea")
    child = there.new_run(experiment, start_time=T + 1, tags=[{"key": "mlflow.parentRunId", "value": parent}])
    add(here, LINK, stock.url, mode="pull", experiments=["pull/*"])
    points = [{"key": "m", "value": i, "timestamp": T + i, "step": i} for i in range(999)]
    there.post("runs/log-batch", run_id=child, metrics=points, params=[{"key": "p", "value": "1"}])
    put_file(there, child, "a/b.txt", b"far")
    there.post("runs/update", run_id=child, status="FINISHED", end_time=T + 99)
    until(lambda: _status(here, child) == "FINISHED", "the end of the run to come")
    until(lambda: check(here, LINK) == [], "points and files to come")
    tags, files, history = here.tags(child), get_file(here, child, "a/b.txt"), _history(here, child, "m")

    there.post("runs/set-tag", run_id=child, key="late", value="1")  # of a run that ended long ago: a sweep finds it
    there.post("runs/delete", run_id=parent)
    until(lambda: here.tags(child).get("late") == "1", "the late tag to come")
    until(lambda: here.run(parent)["info"]["lifecycle_stage"] == "deleted", "the deletion to come")

    assert {run["info"]["run_id"] for run in all_runs(here)} == {parent, child}
    assert tags["mlflow.parentRunId"] == parent
    assert files == b"far"
    assert history == _history(there, child, "m")
    assert here.params(child) == {"p": "1"}
    assert here.run(parent)["info"]["user_id"] == "bea"
    found = here.get("experiments/get-by-name", experiment_name="pull/iris")["experiment"]
    assert found["tags"] == [{"key": "team", "value": "red"}]
    assert log(here, LINK) == []


def test_fields_that_the_remotes_release_lacks_are_kept_locally(server: Server, stock: StockServer) -> None:
    """In a link in both directions, a missing field does not count as deleted."""
    here = server.api.new_workspace("north")
    experiment = here.new_experiment("odd/things", tags=[{"key": "gone", "value": "1"}])
    run = here.new_run(experiment)
    here.post("runs/log-batch", run_id=run, params=[{"key": "long", "value": "x" * 6000}])
    here.post("runs/log-batch", run_id=run, tags=[{"key": "long", "value": "y" * 7500}])
    dataset = {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": "s"}
    here.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset}])
    model = here.post("logged-models", experiment_id=experiment, name="m", source_run_id=run)["model"]["info"]
    here.post("runs/outputs", run_id=run, models=[{"model_id": model["model_id"], "step": 4}])
    add(here, LINK, stock.url, mode="both", experiments=["odd/*"])
    settle(here, LINK)
    before = here.run(run)

    here.ask("DELETE", "experiments/delete-experiment-tag", {"experiment_id": experiment, "key": "gone"})
    here.ask("POST", "experiments/delete-experiment-tag", {"experiment_id": experiment, "key": "gone"})
    for i in range(3):  # each time both sides are compared
        here.post("runs/set-tag", run_id=run, key="round", value=str(i))
        settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/sync")
    settle(here, LINK)

    after = here.run(run)
    assert after["data"]["params"] == before["data"]["params"]
    assert here.tags(run)["long"] == "y" * 7500
    assert after["inputs"] == before["inputs"]
    assert after["outputs"] == before["outputs"]
    assert "tags" not in here.get("experiments/get", experiment_id=experiment)["experiment"]
    assert len([each for each in all_runs(stock.api) if _tag(each, "trackside.source_run_id") == run]) == 1
    assert len({entry["message"] for entry in log(here, LINK)}) == len(log(here, LINK))


def test_both_sides_converge_after_a_kill_of_the_remote(server: Server, stock: StockServer) -> None:
    here, there = server.api.new_workspace("north"), stock.api
    add(here, LINK, stock.url, mode="both", experiments=["both/*"])
    mine, yours = here.new_experiment("both/ours"), there.new_experiment("both/theirs")
    ours = [here.new_run(mine, start_time=T + i) for i in range(20)]
    theirs = [there.new_run(yours, start_time=T + 100 + i) for i in range(20)]
    until(lambda: link(here, LINK)["mirrored"].get("run") >= 3, "some to be sent")
    stock.stop()
    for i, run in enumerate(ours):
        here.post("runs/log-metric", run_id=run, key="m", value=i, timestamp=T, step=1)
    until(lambda: link(here, LINK).get("last_error") is not None, "the link to notice")
    there = stock.start().api
    for i, run in enumerate(theirs):
        there.post("runs/log-metric", run_id=run, key="m", value=i, timestamp=T, step=1)
        there.post("runs/update", run_id=run, status="FINISHED", end_time=T + 1000)

    until(lambda: len(all_runs(here)) == 40, "all to be here")
    until(lambda: all(_status(here, run) == "FINISHED" for run in theirs), "all ends to be here")
    settle(here, LINK)
    until(lambda: check(here, LINK) == [], "both to be the same")

    there = stock.api  # a connection that waited so long is no more
    ids = [there.get("experiments/get-by-name", experiment_name=f"both/{name}")["experiment"]["experiment_id"]
           for name in ("ours", "theirs")]  # fmt: skip
    found = there.post("runs/search", experiment_ids=ids, run_view_type="ALL", max_results=1000)["runs"]
    copies = [_tag(run, "trackside.source_run_id") for run in found]
    assert sorted(filter(None, copies)) == sorted(ours)
    assert len(found) == 40
    assert [here.latest(run)["m"][2] for run in theirs] == list(range(20))
    until(lambda: "last_error" not in link(here, LINK), "the error to be over")


def test_the_registry_is_pushed_as_far_as_the_release_supports_it(server: Server, stock: StockServer) -> None:
    """Unsupported data blocks neither its own model nor others."""
    here = server.api.new_workspace("north")
    ours = Registry(here)
    run = here.new_run(here.new_experiment("registry/push"))
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    source = f"{here.run(run)['info']['artifact_uri']}/model"
    for name in ("pushed", "doomed"):
        ours.new_model(name, description="d", tags=[{"key": "t", "value": "1"}])
        ours.new_version(name, source=source, run_id=run, description="first")
        ours.new_version(name, source=source, run_id=run)
        ours.alias("best", 2, name)
    add(here, LINK, stock.url, mode="both", experiments=["registry/*"], registry=True)
    settle(here, LINK)
    model, version = _registry(stock).model("pushed"), _registry(stock).version(1, "pushed")

    ours.move(2, "Production", name="pushed")
    ours.call("POST", "registered-models/rename", name="pushed", new_name="renamed")
    ours.call("POST", "model-versions/set-tag", name="renamed", version="2", key="k", value="v")
    ours.alias("worst", 1, "renamed")
    ours.delete_version(1, "doomed")
    settle(here, LINK)
    moved = _registry(stock).version(2, "renamed")
    left = _registry(stock).fault("GET", "model-versions/get", name="doomed", version="1")[0]
    ours.delete_model("doomed")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/sync")
    settle(here, LINK)

    knows = stock.release in KNOWS_ALIASES
    copy = stock.api.run(_copy_of(stock.api, run))["info"]
    assert (model["description"], version["description"]) == ("d", "first")
    assert {"key": "t", "value": "1"} in model["tags"]
    assert version["source"] == f"{copy['artifact_uri']}/model"
    assert [each["alias"] for each in model.get("aliases", [])] == (["best"] if knows else [])
    assert moved["current_stage"] == "Production"
    assert {"key": "k", "value": "v"} in moved["tags"]
    assert left == 404
    assert _registry(stock).fault("GET", "registered-models/get", name="doomed")[0] == 404
    here_now = {each["alias"]: each["version"] for each in ours.model("renamed")["aliases"]}
    there_now = {each["alias"]: each["version"] for each in _registry(stock).model("renamed").get("aliases", [])}
    assert here_now == {"best": "2", "worst": "1"}
    assert there_now == (here_now if knows else {})
    said = " ".join(entry["message"] for entry in log(here, LINK))
    assert ("does not support aliases; 'best' is not sent" in said) is not knows
    assert "last_error" not in link(here, LINK)


def test_the_registry_is_pulled(server: Server, stock: StockServer) -> None:
    here = server.api.new_workspace("north")
    there = stock.api
    run = there.new_run(there.new_experiment("registry/pull"))
    put_file(there, run, "model/MLmodel", b"flavors: {}")
    _registry(stock).new_model("pulled", description="d")
    for _ in range(2):
        _registry(stock).new_version("pulled", source=f"{there.run(run)['info']['artifact_uri']}/model", run_id=run)
    _registry(stock).move(2, "Staging", name="pulled")
    knows = stock.release in KNOWS_ALIASES
    if knows:
        _registry(stock).alias("best", 2, "pulled")
    add(here, LINK, stock.url, mode="pull", experiments=["registry/*"], registry=True)
    until(lambda: link(here, LINK)["mirrored"].get("model_version", 0) >= 2, "the versions to come")
    settle(here, LINK)

    ours = Registry(here)
    assert ours.version(2, "pulled")["current_stage"] == "Staging"
    assert ours.version(1, "pulled")["source"] == f"{here.run(run)['info']['artifact_uri']}/model"
    assert [each["alias"] for each in ours.model("pulled").get("aliases", [])] == (["best"] if knows else [])
    _registry(stock).call("POST", "registered-models/rename", name="pulled", new_name="pulled again")
    _registry(stock).delete_version(1, "pulled again")
    here.post(f"{LINKS}/{LINK}/sync")
    until(
        lambda: here.ask("GET", "registered-models/get", arguments={"name": "pulled again"}).status == 200,
        "the name",
    )
    gone = {"name": "pulled again", "version": "1"}
    until(lambda: here.ask("GET", "model-versions/get", arguments=gone).status == 404, "the deletion to come")
    _registry(stock).delete_model("pulled again")
    here.post(f"{LINKS}/{LINK}/sync")
    until(
        lambda: here.ask("GET", "registered-models/get", arguments={"name": "pulled again"}).status == 404,
        "the end",
    )


def _registry(stock: StockServer) -> Registry:
    """Over a connection of its own: one that waited long is no more."""
    return Registry(stock.api)


def _copy_of(there: Api, run_id: str) -> str:
    """What the other side calls a run of ours."""
    (found,) = [run for run in all_runs(there) if _tag(run, "trackside.source_run_id") == run_id]
    return str(found["info"]["run_id"])


def _history(api: Api, run_id: str, key: str) -> list[Any]:
    """In an order that no release has: some give points as they came."""
    return sorted(api.history(run_id, key), key=lambda point: (point[0], point[1]))


def _status(api: Api, run_id: str) -> str:
    reply = api.ask("GET", "runs/get", arguments={"run_id": run_id})
    return str(reply.json["run"]["info"]["status"]) if reply.status == 200 else ""


def _tag(run: Any, key: str) -> str | None:
    found: dict[str, str] = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
    return found.get(key)
