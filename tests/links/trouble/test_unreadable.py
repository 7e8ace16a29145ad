"""An unreadable item of a remote is named in the link's log, and the others are copied."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.client import Api
from support.faults.answering import Answered, Asked, answering
from support.links import add, link, log, until

API = "/api/2.0/mlflow/"
EXPERIMENT = {"experiment_id": "0", "name": "Default", "lifecycle_stage": "active"}


def run(run_id: str, **more: Any) -> dict[str, Any]:
    info = {"run_id": run_id, "experiment_id": "0", "status": "FINISHED", "start_time": 1, "end_time": 2}
    return {"info": {**info, "artifact_uri": "mlflow-artifacts:/0/x", **more}, "data": {}}


def mlflow(runs: list[Any], *, reads: bool = True) -> Callable[[Asked], Answered]:
    """An MLflow server with these runs; it answers nonsense to all calls about one item unless it `reads`."""

    def answer(asked: Asked) -> Answered:
        parts = urlsplit(asked.path)
        query = parse_qs(parts.query)
        match parts.path.removeprefix(API):
            case "experiments/get" | "experiments/get-by-name":
                return _json({"experiment": EXPERIMENT if reads else 1})
            case "experiments/search":
                return _json({"experiments": [EXPERIMENT]})
            case "runs/search":
                return _json({"runs": runs})
            case "runs/get":
                (found,) = [each for each in runs if each["info"].get("run_id") == query["run_id"][0]]
                return _json({"run": found if reads else 1})
            case "artifacts/list":
                return _json({"files": []})
        return Answered(404, b"")

    return answer


def _json(answer: object) -> Answered:
    return Answered(200, json.dumps(answer).encode())


def refused(here: Api) -> dict[str, str]:
    return {each["entity_id"]: each["message"] for each in log(here, "l") if each["kind"] == "refused"}


@pytest.mark.parametrize("bad", ["bad", None], ids=["an id", "no id"])
def test_an_unreadable_run_of_a_list_is_reported_and_the_others_are_copied(here: Api, bad: str | None) -> None:
    with answering(mlflow([run("a" * 32), run(bad, start_time="soon"), run("b" * 32)])) as url:  # type: ignore[arg-type]
        add(here, "l", url, mode="pull", kind="mlflow")

        until(lambda: len(here.post("runs/search", experiment_ids=["0"]).get("runs", [])) == 2, "both runs")
        until(lambda: (bad or "") in refused(here), "the run to be named", said=lambda: log(here, "l"))

        assert "cannot be read" in refused(here)[bad or ""]
        assert "last_error" not in link(here, "l")


def test_an_unreadable_item_waits_alone(here: Api) -> None:
    answer = mlflow([run("a" * 32), run("b" * 32, status="RUNNING")])

    def files_of_one_are_nonsense(asked: Asked) -> Answered:
        return _json({"files": 1}) if "artifacts/list" in asked.path and "a" * 32 in asked.path else answer(asked)

    with answering(files_of_one_are_nonsense) as url:
        add(here, "l", url, mode="pull", kind="mlflow")

        until(lambda: "a" * 32 in refused(here), "the run to be named", said=lambda: log(here, "l"))
        until(lambda: len(here.post("runs/search", experiment_ids=["0"]).get("runs", [])) == 2, "both runs")

        assert "last_error" not in link(here, "l")


def test_a_remote_with_only_invalid_answers_about_items_stops_the_link(here: Api) -> None:
    with answering(mlflow([run("a" * 32, start_time=None)], reads=False)) as url:
        add(here, "l", url, mode="pull", kind="mlflow")

        until(lambda: "cannot be read" in link(here, "l").get("last_error", ""), "the link to stop")
