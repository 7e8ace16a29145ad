"""Data on a server without a change log is copied, even if no search returns it."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, all_runs, get_file, link, put_file, until

LINK = "stock"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy


def test_points_of_lower_steps_are_copied_when_the_run_ends(here: Api, stock: Api, flaky: Flaky) -> None:
    run = stock.new_run()
    stock.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=10, step=10)
    _link(here, flaky)
    until(lambda: _history(here, run) == [(10, 10, 1)], "the first point to come")

    stock.post("runs/log-metric", run_id=run, key="m", value=2, timestamp=5, step=5)
    stock.post("runs/update", run_id=run, status="FINISHED", end_time=11)
    until(lambda: here.run(run)["info"]["status"] == "FINISHED", "the end to come")

    until(lambda: len(_history(here, run)) == 2, "the point of the lower step to come")


@pytest.mark.slow
def test_points_that_are_logged_after_the_end_of_a_run_are_copied(here: Api, stock: Api, flaky: Flaky) -> None:
    run = stock.new_run()
    stock.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=10, step=10)
    stock.post("runs/update", run_id=run, status="FINISHED", end_time=_now(stock))
    _link(here, flaky)
    until(lambda: len(all_runs(here)) == 1 and here.run(run)["info"]["status"] == "FINISHED", "the run to come")
    until(lambda: _history(here, run) == [(10, 10, 1)], "its point to come")

    stock.post("runs/log-metric", run_id=run, key="m", value=2, timestamp=11, step=11)
    stock.post("runs/log-metric", run_id=run, key="n", value=3, timestamp=1, step=1)

    until(lambda: len(_history(here, run)) == 2, "the next point to come")
    until(lambda: here.history(run, "n") == [(1, 1, 3)], "the new metric to come")


@pytest.mark.slow
def test_objects_that_no_search_returns_are_found_by_a_sweep(here: Api, stock: Api, flaky: Flaky) -> None:
    run = stock.new_run()
    stock.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=10, step=10)
    stock.post("runs/update", run_id=run, status="FINISHED", end_time=9)
    _link(here, flaky)
    until(lambda: link(here, LINK)["lag_items"] == 0 and len(all_runs(here)) == 1, "the run to come")

    stock.post("runs/log-metric", run_id=run, key="m", value=2, timestamp=5, step=5)
    put_file(stock, run, "late.txt", b"late")

    until(lambda: len(_history(here, run)) == 2, "the point of the lower step to come")
    until(lambda: len(here.get("artifacts/list", run_id=run).get("files", [])) == 1, "the file to come")
    assert get_file(here, run, "late.txt") == b"late"


@pytest.mark.slow
def test_logged_models_are_copied(here: Api, stock: Api, flaky: Flaky) -> None:
    run = stock.new_run()
    experiment = {"experiment_id": "0", "source_run_id": run}
    params = [{"key": "depth", "value": "3"}]
    old = stock.post("logged-models", name="old", params=params, **experiment)["model"]["info"]["model_id"]
    stock.post("runs/outputs", run_id=run, models=[{"model_id": old, "step": 4}])
    _link(here, flaky)
    until(lambda: len(_models(here)) == 1, "the old model to come")

    new = stock.post("logged-models", name="new", **experiment)["model"]["info"]["model_id"]
    point = {"key": "m", "value": 1, "timestamp": 1, "step": 1, "model_id": new}
    stock.post("runs/log-batch", run_id=run, metrics=[point])
    until(lambda: len(_models(here)) == 2, "the new model to come")
    stock.ask("PATCH", f"/api/2.0/mlflow/logged-models/{new}", {"status": "LOGGED_MODEL_READY"})
    until(lambda: _models(here)[new]["info"]["status"] == "LOGGED_MODEL_READY", "its end to come")

    there = _models(stock)
    assert _models(here)[old]["data"] == there[old]["data"]
    assert _models(here)[new]["info"]["source_run_id"] == run
    assert [point["value"] for point in _models(here)[new]["data"]["metrics"]] == [1]
    assert here.run(run)["outputs"]["model_outputs"] == [{"model_id": old, "step": 4}]


def test_a_link_from_a_date_on_copies_no_older_model(here: Api, stock: Api, flaky: Flaky) -> None:
    stock.post("logged-models", name="old", experiment_id="0")
    _link(here, flaky, backfill="none")

    stock.post("logged-models", name="new", experiment_id="0")
    until(lambda: len(_models(here)) == 1, "the new model to come")

    assert [model["info"]["name"] for model in _models(here).values()] == ["new"]


def _link(api: Api, flaky: Flaky, **more: Any) -> None:
    add(api, LINK, f"{flaky.url}/ws/stock", mode="pull", kind="mlflow", **more)


def _history(api: Api, run_id: str) -> Any:
    if api.ask("GET", "runs/get", arguments={"run_id": run_id}).status != 200:
        return []
    return api.history(run_id, "m")


def _models(api: Api) -> Any:
    found = api.post("logged-models/search", experiment_ids=["0"]).get("models", [])
    return {each["info"]["model_id"]: each for each in found}


def _now(api: Api) -> int:
    """The server's time, by a run of another experiment that is made now."""
    return int(api.get("experiments/get", experiment_id=api.new_experiment("clock"))["experiment"]["creation_time"])
