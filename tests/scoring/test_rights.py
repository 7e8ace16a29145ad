"""What the caller of a job that calls a model must be allowed."""

from collections.abc import Callable

import pytest
from msgspec import structs

from scoring.conftest import JOBS
from support.people import People
from trackside.core.settings import Settings

SCHEDULES = "/api/trackside/v1/job-schedules"


@pytest.fixture
def people(chosen: Settings, make_people: Callable[..., People]) -> People:
    return make_people(structs.replace(chosen, default_role=()))


@pytest.mark.parametrize("kind", ["score", "profile"])
def test_a_job_logs_its_run_only_where_the_caller_may_write(people: People, kind: str) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    run_id = admin.new_run(mine)
    admin.post("registered-models/create", name="iris")
    admin.post("model-versions/create", name="iris", source=f"runs:/{run_id}/model", run_id=run_id)
    bo = people.add("bo", "Contributor")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{other}")
    params = {"model": "models:/iris/1", "input": f"runs:/{run_id}/rows.csv", "env": "auto"}

    refused = bo.ask("POST", JOBS, {"kind": kind, "params": {**params, "experiment_id": f"0{other}"}})
    allowed = bo.ask("POST", JOBS, {"kind": kind, "params": {**params, "experiment_id": mine}})

    assert (refused.status, allowed.status) == (403, 201), (refused.json, allowed.json)
    action = "Microsoft.MachineLearningServices/workspaces/experiments/runs/write"
    assert refused.json["message"] == f"Permission denied: experiment_id needs {action} on experiment {other}."


def test_a_job_is_hidden_from_callers_who_are_denied_its_experiment_or_model(people: People) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    runs = {each: admin.new_run(each) for each in (mine, other)}
    for name in ("iris", "secret"):
        admin.post("registered-models/create", name=name)
        admin.post("model-versions/create", name=name, source=f"runs:/{runs[mine]}/model", run_id=runs[mine])

    def job(model: str, **fields: str) -> str:
        params = {"model": f"models:/{model}/1", "input": f"runs:/{runs[mine]}/rows.csv", **fields}
        return str(admin.ask("POST", JOBS, {"kind": "score", "params": params}).json["job"]["job_id"])

    hidden = [job("iris", experiment_id=other), job("iris", run_id=runs[other]), job("secret", experiment_id=mine)]
    shown = [job("iris", experiment_id=mine), job("iris", run_id=runs[mine])]
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{other}")
    people.deny("bo", "MLflow DENY", "/ws/default/models/secret")

    assert {each["job_id"] for each in bo.get(JOBS)["jobs"]} == set(shown)
    assert len(admin.get(JOBS)["jobs"]) == 5
    for job_id in hidden:
        for method, path in (("GET", ""), ("GET", "/logs"), ("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")):
            assert bo.ask(method, f"{JOBS}/{job_id}{path}", {} if method == "POST" else None).status == 404
    assert bo.get(f"{JOBS}/{shown[0]}")["job"]["job_id"] == shown[0]


def test_a_schedule_is_hidden_from_callers_who_are_denied_its_experiment_or_model(people: People) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    run_id = admin.new_run(mine)
    for name in ("iris", "secret"):
        admin.post("registered-models/create", name=name)
        admin.post("model-versions/create", name=name, source=f"runs:/{run_id}/model", run_id=run_id)
    scored = {"shown": ("iris", mine), "of-experiment": ("iris", other), "of-model": ("secret", mine)}
    for name, (model, experiment_id) in scored.items():
        params = {"model": f"models:/{model}/1", "input": f"runs:/{run_id}/rows.csv", "experiment_id": experiment_id}
        admin.post(SCHEDULES, name=name, kind="score", params=params, interval_s=3600)
    bo = people.add("bo", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{other}")
    people.deny("bo", "MLflow DENY", "/ws/default/models/secret")

    assert [each["name"] for each in bo.get(SCHEDULES)["schedules"]] == ["shown"]
    assert len(admin.get(SCHEDULES)["schedules"]) == 3
    for name in ("of-experiment", "of-model"):
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/run"), ("DELETE", "")):
            body = {"is_paused": True} if method == "PATCH" else {} if method == "POST" else None
            assert bo.ask(method, f"{SCHEDULES}/{name}{path}", body).status == 404, (name, method)
