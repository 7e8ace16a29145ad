"""Every event of webhooks, caused by calls of users."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from support.client import Api
from support.receiver import Receiver
from support.registry import OWN, Registry
from trackside.core.settings import Settings
from trackside.webhooks.model import EVENTS

NEVER = {
    "budget_policy.exceeded",  # of MLflow's AI gateway, which is not here
    *("deployment.healthy", "deployment.failed"),  # of the controller of replicas, see test_formats
    *("drift.detected", "drift.continues", "drift.ended"),  # of the jobs of monitors, see tests/drift/monitors
    # When the server looks at what is used and measured, see tests/quotas and tests/alerts.
    *("quota.warning", "quota.exceeded", "quota.eased", "alert.fired", "alert.resolved"),
}
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
STAGES = ("None", "Staging", "Production", "Archived")
TEXT = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}


@pytest.fixture
def calls(chosen: Settings, make_api: Callable[..., Api]) -> Api:
    """The application, which may call private addresses."""
    return make_api(replace(chosen, allow_private_webhooks=True, webhook_schemes=("http", "https")))


def test_actions_of_users_create_every_event_and_no_other(calls: Api, receiver: Receiver) -> None:
    calls.post(f"{OWN}/webhooks", name="all", url=receiver.url, events=sorted(EVENTS))

    runs_and_experiments(calls)
    models_and_versions(Registry(calls))
    prompts(Registry(calls))
    stage_requests(Registry(calls))
    calls.post(f"{OWN}/endpoints", name="iris")
    calls.ask("DELETE", f"{OWN}/endpoints/iris")
    calls.new_experiment("the last")
    told = told_until(receiver, "the last")

    assert {event for event, _ in told} == EVENTS - NEVER
    assert [data for event, data in told if event == "registered_model.renamed"] == [{"name": "lily", "before": "iris"}]
    assert [data for event, data in told if event == "prompt_version_tag.deleted"] == [
        {"name": "greeting", "version": "1", "key": "k"}
    ]
    assert [data for event, data in told if event == "prompt_alias.created"] == [
        {"name": "greeting", "alias": "best", "version": "1"}
    ]
    assert [(event, data["name"], data["version"], data["stage"]) for event, data in told if "request" in event] == [
        ("stage_request.created", "rose", "1", "Production"),
        ("stage_request.rejected", "rose", "1", "Production"),
        ("stage_request.created", "rose", "1", "Production"),
        ("stage_request.approved", "rose", "1", "Production"),
    ]
    killed = next(data for event, data in told if event == "run.killed")
    assert (killed["status"], killed["end_time"], killed["experiment_name"]) == ("KILLED", 9, "renamed")
    renamed = next(data for event, data in told if event == "experiment.renamed")
    assert renamed["name"] == "renamed"


def test_deleting_a_model_creates_an_event_for_each_version(calls: Api, receiver: Receiver) -> None:
    registry = Registry(calls)
    for name in ("iris", "rose"):
        registry.new_model(name)
        for _ in range(3):
            registry.new_version(name)
    registry.delete_version(2, "iris")
    calls.post(
        f"{OWN}/webhooks",
        name="ends",
        url=receiver.url,
        events=["model_version.deleted", "registered_model.deleted", "experiment.created"],
    )

    registry.delete_model("iris")
    calls.new_experiment("the last")

    assert told_until(receiver, "the last")[:-1] == [
        ("model_version.deleted", {"name": "iris", "version": "1"}),
        ("model_version.deleted", {"name": "iris", "version": "3"}),
        ("registered_model.deleted", {"name": "iris"}),
    ]


def runs_and_experiments(calls: Api) -> None:
    experiment = calls.new_experiment("first")
    calls.post("experiments/update", experiment_id=experiment, new_name="renamed")
    for status in ("FINISHED", "FAILED", "KILLED"):
        run = calls.new_run(experiment)
        calls.post("runs/update", run_id=run, status=status, end_time=9)
    calls.post("runs/delete", run_id=run)
    calls.post("runs/restore", run_id=run)
    calls.post("experiments/delete", experiment_id=experiment)
    calls.post("experiments/restore", experiment_id=experiment)


def models_and_versions(registry: Registry) -> None:
    registry.new_model("iris")
    registry.new_version("iris")
    of_version = {"name": "iris", "version": "1"}
    registry.call("POST", "model-versions/set-tag", **of_version, key="k", value="v")
    registry.call("DELETE", "model-versions/delete-tag", **of_version, key="k")
    registry.alias("best", 1, "iris")
    registry.call("DELETE", "registered-models/alias", name="iris", alias="best")
    registry.move(1, "Staging", name="iris")
    registry.call("POST", "registered-models/rename", name="iris", new_name="lily")
    registry.delete_version(1, "lily")
    registry.delete_model("lily")


def prompts(registry: Registry) -> None:
    registry.new_model("greeting", tags=[PROMPT])
    registry.new_version("greeting", source="prompt-template", tags=[PROMPT, TEXT])
    registry.call("POST", "registered-models/set-tag", name="greeting", key="k", value="v")
    registry.call("DELETE", "registered-models/delete-tag", name="greeting", key="k")
    of_version = {"name": "greeting", "version": "1"}
    registry.call("POST", "model-versions/set-tag", **of_version, key="k", value="v")
    registry.call("DELETE", "model-versions/delete-tag", **of_version, key="k")
    registry.alias("best", 1, "greeting")
    registry.call("DELETE", "registered-models/alias", name="greeting", alias="best")


def stage_requests(registry: Registry) -> None:
    stages = [{"name": name, "needs_approval": name == "Production"} for name in STAGES]
    registry.call("PUT", f"{OWN}/registry/stages", stages=stages)
    registry.new_model("rose")
    registry.new_version("rose")
    path = f"{OWN}/model-versions/rose/1/stage-requests"
    for decision in ("reject", "approve"):
        request = registry.call("POST", path, stage="Production")["stage_request"]["request_id"]
        registry.call("POST", f"{path}/{request}/{decision}")


def told_until(receiver: Receiver, experiment: str) -> list[tuple[str, Any]]:
    """Everything up to the making of that experiment: deliveries come in order."""
    count = 0
    while True:
        count += 1
        last = receiver.wait_for(count)[count - 1]
        if last.event == "experiment.created" and last.json["data"]["name"] == experiment:
            return [(each.event, each.json["data"]) for each in receiver.received[:count]]
