"""`create-promptlab-run` of MLflow's UI: a run of a prompt, with a table and a model."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.client import Api

CALL = "/ajax-api/2.0/mlflow/runs/create-promptlab-run"
ASKED: dict[str, Any] = {
    "run_name": "tried",
    "prompt_template": "Summarize {{text}}",
    "prompt_parameters": [{"key": "text", "value": "näïve \u2028 \U0001f600: #"}],
    "model_route": "chat",
    "model_parameters": [{"key": "temperature", "value": 0.1}, {"key": "top", "value": 100}],
    "model_input": "Summarize \\u0000 it",
    "model_output": "short",
    "model_output_parameters": [{"key": "latency", "value": "100"}],
    "mlflow_version": "3.17.2",
    "user_id": "ann",
    "start_time": 456,
}


def read(api: Api, run_id: str, path: str) -> bytes:
    reply = api.ask("GET", f"/get-artifact?run_id={run_id}&path={path}")
    assert reply.status == 200
    return reply.body


def test_a_prompt_becomes_a_run_with_a_table_and_a_model(api: Api) -> None:
    experiment_id = api.new_experiment("prompts")
    text = ASKED["prompt_parameters"][0]["value"]

    run = api.post(CALL, {**ASKED, "experiment_id": experiment_id, "tags": [{"key": "k", "value": "v"}]})["run"]
    run_id = run["info"]["run_id"]

    info = [run["info"][name] for name in ("run_name", "experiment_id", "user_id", "status", "start_time")]
    assert info == ["tried", experiment_id, "ann", "FINISHED", 456]
    assert api.params(run_id) == {
        "temperature": "0.1", "top": "100", "model_route": "chat", "prompt_template": "Summarize {{text}}",
    }  # fmt: skip
    tags = api.tags(run_id)
    assert (tags["k"], tags["mlflow.runSourceType"]) == ("v", "PROMPT_ENGINEERING")
    assert json.loads(tags["mlflow.loggedArtifacts"]) == [{"path": "eval_results_table.json", "type": "table"}]
    (logged,) = json.loads(tags["mlflow.log-model.history"])
    assert (logged["artifact_path"], logged["run_id"]) == ("model", run_id)
    assert json.loads(read(api, run_id, "eval_results_table.json")) == {
        "columns": ["text", "prompt", "output", "latency"], "data": [[text, ASKED["model_input"], "short", "100"]],
    }  # fmt: skip
    model = yaml.safe_load(read(api, run_id, "model/MLmodel"))
    assert (model["run_id"], model["model_uuid"]) == (run_id, logged["model_uuid"])
    assert yaml.safe_load(read(api, run_id, "model/parameters.yaml")) == {
        "prompt_template": "Summarize {{text}}", "prompt_parameters": {"text": text},
        "model_parameters": {"temperature": "0.1", "top": "100"}, "model_route": "chat",
    }  # fmt: skip
    assert read(api, run_id, "model/requirements.txt") == b"mlflow[gateway]==3.17.2\n"


def test_a_missing_field_is_named_with_mlflows_message_and_creates_no_run(sqlite_api: Api) -> None:
    experiment_id = sqlite_api.new_experiment("prompts")
    asked = {"experiment_id": experiment_id, **ASKED}
    for name in (
        "experiment_id",
        "prompt_template",
        "prompt_parameters",
        "model_route",
        "model_input",
        "mlflow_version",
    ):
        for given in ({}, {name: None}, {name: "" if name != "prompt_parameters" else []}):
            body = {key: value for key, value in asked.items() if key != name} | given
            assert sqlite_api.fault(CALL, body) == (
                400, "INVALID_PARAMETER_VALUE", f"CreatePromptlabRun request must specify {name}.",
            )  # fmt: skip
    for wrong, words in (
        ({"mlflow_version": "1.0\n--no-deps"}, "must be a version"),
        ({"prompt_parameters": [{"key": "k" * 1000, "value": "v"}]}, "must have 1 to"),
        ({"prompt_parameters": ["x"]}, "prompt_parameters[0]"),
        ({"model_input": "a\0b"}, "NUL"),
        ({"model_input": "a\\\0b"}, "NUL"),
        ({"start_time": 1 << 70}, "start_time"),
        ({"model_parameters": [{"key": "model_route", "value": "other"}]}, "model_route"),
        ({"model_parameters": [{"key": "../x", "value": "other"}]}, "../x"),
    ):
        status, _, message = sqlite_api.fault(CALL, {**asked, **wrong})
        assert (status, words in message) == (400, True), message
    assert sqlite_api.fault(CALL, {**asked, "experiment_id": "4711"})[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    assert sqlite_api.ask("POST", CALL, b"[").status == 400
    assert sqlite_api.post("runs/search", experiment_ids=[experiment_id]) == {}


@pytest.mark.slow
def test_mlflows_client_loads_the_model(sqlite_api: Api, tmp_path: Path) -> None:
    run_id = sqlite_api.post(CALL, {**ASKED, "experiment_id": "0"})["run"]["info"]["run_id"]
    listed = sqlite_api.get("artifacts/list", run_id=run_id, path="model")["files"]
    for each in listed:
        (tmp_path / Path(each["path"]).name).write_bytes(read(sqlite_api, run_id, each["path"]))
    from mlflow.models import Model  # slow to import
    from mlflow.prompt import promptlab_model

    loaded = Model.load(str(tmp_path))
    made = promptlab_model._load_pyfunc(str(tmp_path))

    assert loaded.signature is not None
    assert loaded.signature.inputs.input_names() == ["text"]
    assert loaded.load_input_example(str(tmp_path)) is not None
    assert (made.model_route, [(each.key, each.value) for each in made.model_parameters]) == (
        "chat",
        [("temperature", "0.1"), ("top", "100")],
    )
