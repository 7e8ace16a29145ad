"""Logged models of links: their deletion, and points of runs that are deleted or are not mirrored."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, check, log, settle, until, url_of
from support.processes.servers import Server

LINK = "twin"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy


@pytest.fixture(params=["trackside", "mlflow"])
def to(request: pytest.FixtureRequest, server: Server, there: Api, flaky: Flaky) -> dict[str, Any]:
    """Each kind of remote in turn."""
    del there
    if request.param == "trackside":
        return {"to": url_of(server, "south")}
    return {"to": f"{flaky.url}/ws/south", "kind": "mlflow"}


@pytest.mark.parametrize("mode", [pytest.param("push", marks=pytest.mark.slow), "both"])
def test_a_locally_deleted_model_is_deleted_remotely_and_does_not_return(
    here: Api, there: Api, to: dict[str, Any], mode: str
) -> None:
    kept, gone = _new_model(here, "kept"), _new_model(here, "gone")
    add(here, LINK, mode=mode, **to)
    until(lambda: len(_models(there)) == 2, "the models to arrive")
    settle(here, LINK)

    here.ask("DELETE", f"/api/2.0/mlflow/logged-models/{gone}")
    until(lambda: len(_models(there)) == 1, "the deletion to arrive")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/sync")
    settle(here, LINK)

    assert [each["info"]["name"] for each in _models(there)] == ["kept"]
    assert [each["info"]["model_id"] for each in _models(here)] == [kept]
    assert log(here, LINK) == []
    assert check(here, LINK) == []


@pytest.mark.slow
def test_a_model_that_was_deleted_before_the_link_is_not_reported_as_different(
    here: Api, there: Api, to: dict[str, Any]
) -> None:
    """MLflow does not return such a model, so it is neither created remotely nor reported as missing."""
    gone = _new_model(here, "gone")
    here.ask("DELETE", f"/api/2.0/mlflow/logged-models/{gone}")
    add(here, LINK, **to)
    settle(here, LINK)

    assert check(here, LINK) == []
    assert _models(there) == []


def test_points_of_a_deleted_run_arrive_and_the_run_stays_deleted(here: Api, there: Api, to: dict[str, Any]) -> None:
    run = here.new_run()
    model = _new_model(here, "m")
    _log_point(here, run, model)
    here.post("runs/delete", run_id=run)

    add(here, LINK, **to)
    settle(here, LINK)

    (copy,) = _models(there)
    assert [point["value"] for point in copy["data"]["metrics"]] == [1]
    assert [each["info"]["lifecycle_stage"] for each in all_runs(there)] == ["deleted"]
    assert log(here, LINK) == []


def test_points_of_a_run_that_is_not_mirrored_are_skipped_until_it_is(
    here: Api, there: Api, to: dict[str, Any]
) -> None:
    experiment = here.new_experiment("private")
    run = here.new_run(experiment)
    model = _new_model(here, "m")
    _log_point(here, run, model)
    add(here, LINK, experiments=["Default", "public"], **to)
    settle(here, LINK)
    (without,) = _models(there)
    said = [entry["message"] for entry in log(here, LINK)]

    here.post("experiments/update", experiment_id=experiment, new_name="public")
    here.post("runs/outputs", run_id=run, models=[{"model_id": model, "step": 0}])
    until(lambda: len(all_runs(there)) == 1, "the run to arrive")
    settle(here, LINK)

    assert not without["data"].get("metrics")
    assert said == [f"a point of the run {run} is left out: the remote does not have the run"]
    (copy,) = _models(there)
    assert [point["value"] for point in copy["data"]["metrics"]] == [1]


def _new_model(api: Api, name: str) -> str:
    made = api.post("logged-models", experiment_id="0", name=name)
    return str(made["model"]["info"]["model_id"])


def _log_point(api: Api, run: str, model: str) -> None:
    point = {"key": "m", "value": 1, "timestamp": 1, "step": 1, "model_id": model}
    api.post("runs/log-batch", run_id=run, metrics=[point])


def _models(api: Api) -> list[Any]:
    found: list[Any] = api.post("logged-models/search", experiment_ids=["0"]).get("models", [])
    return found
