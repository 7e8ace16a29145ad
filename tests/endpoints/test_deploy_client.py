"""MLflow's deployment plug-in and `mlflow.azureml.deploy`, with real scorers behind them."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import wait_for
from support.processes.ports import free_port
from support.processes.servers import Server, environment
from trackside_mlflow import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LOCAL = {"env": "local"}


@pytest.fixture
def mlflow(serving: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """MLflow, set to the default workspace of a server that has two versions of the model `sum`."""
    import mlflow

    monkeypatch.chdir(tmp_path)  # without a tracking URI, MLflow creates its store in the current folder
    monkeypatch.setenv("TRACKSIDE_URL", serving.url)
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"{serving.url}/ws/default")
    mlflow.set_registry_uri(f"{serving.url}/ws/default")
    yield mlflow
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.fixture
def frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})


def test_a_client_deploys_scores_splits_and_deletes(mlflow: Any, frame: Any) -> None:
    from mlflow.deployments import get_deploy_client
    from mlflow.exceptions import MlflowException

    client: Any = get_deploy_client("trackside")

    made = client.create_deployment("adder", "models:/sum/1", config=LOCAL)
    client.create_deployment("green", "models:/sum/2", config=LOCAL, endpoint="adder")

    assert (made["name"], made["flavor"], made["state"]) == ("adder", "python_function", "Healthy")
    by_frame = client.predict("adder", frame), client.predict(endpoint="adder", df=frame)
    by_records = client.predict(inputs=frame.to_dict("records"), endpoint="adder", deployment_name="green")
    assert [dict(each) for each in by_frame] == [{"predictions": [4.0, 6.0]}] * 2
    assert dict(by_records) == {"predictions": [8.0, 12.0]}
    assert client.update_endpoint("adder", {"traffic": "adder=0,green=100"})["traffic"] == {"adder": 0, "green": 100}
    assert dict(client.predict("adder", frame)) == {"predictions": [8.0, 12.0]}
    assert [each["name"] for each in client.list_deployments("adder")] == ["adder", "green"]
    client.delete_deployment("adder", endpoint="adder")
    client.delete_deployment("adder", endpoint="adder")
    assert [each["name"] for each in client.list_deployments()] == ["green"]
    assert client.update_deployment("green", "models:/sum/1", endpoint="adder")["model_version"] == "1"
    faults: list[tuple[Callable[[], object], str]] = [
        (lambda: client.create_deployment("adder", "models:/sum/1", config=LOCAL), "already exists"),
        (
            lambda: client.create_deployment("x", "models:/sum/9", config=LOCAL),
            "models:/sum/9 was not found in workspace",
        ),
        (lambda: client.create_deployment("x", "models:/sum/1", config={"speed": 1}), "unknown field 'speed'"),
        (lambda: client.get_deployment("none"), "not found"),
        (lambda: client.predict("adder", {"inputs": {"z": [1]}}), "HTTP status 400"),
        (lambda: client.predict("adder"), "exactly one of the arguments"),
    ]
    for fault, words in faults:
        with pytest.raises(MlflowException, match=words):
            fault()
    client.delete_endpoint("adder")
    client.delete_endpoint("adder")
    assert client.list_endpoints() == []


def test_the_command_line_of_mlflow_deploys(mlflow: Any, serving: Server, tmp_path: Path) -> None:
    target = f"{serving.url.replace('http', 'trackside')}/default"
    (tmp_path / "rows.json").write_text('[{"a": 1, "b": 2}]', "utf-8")

    def run(verb: str, *words: str) -> str:
        command = [sys.executable, "-m", "mlflow", "deployments", verb, "-t", target, *words]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "python_function deployment adder is created" in run(
        "create", "--name", "adder", "-m", "models:/sum/1", "-C", "env=local"
    )
    assert json.loads(run("predict", "--name", "adder", "-I", str(tmp_path / "rows.json"))) == {"predictions": [3.0]}
    assert "is updated (with flavor python_function)" in run("update", "--name", "adder", "-m", "models:/sum/2")
    assert "model_uri: models:/sum/2" in run("get", "--name", "adder")
    assert "'name': 'adder'" in run("list")
    run("update-endpoint", "--endpoint", "adder", "-C", "description=adds")
    assert "description: adds" in run("get-endpoint", "--endpoint", "adder")
    assert "deploy-config-file" in run("help")
    assert "Deployment adder is deleted" in run("delete", "--name", "adder")


def test_a_model_is_served_on_this_machine(serving: Server, tmp_path: Path) -> None:
    port = free_port()
    target = f"{serving.url.replace('http', 'trackside')}/default"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "deployments",
        "run-local",
        "-t",
        target,
        "--name",
        "x",
        "-m",
        "models:/sum/2",
    ]
    process = subprocess.Popen(
        [*command, "-C", f"port={port}"],
        cwd=tmp_path,
        env=environment(MLFLOW_TRACKING_URI=serving.url),
        start_new_session=True,
    )
    try:

        def answer() -> Any:
            body = json.dumps({"inputs": [{"a": 1.0, "b": 2.0}]}).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations", body, {"content-type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as found:
                    return json.load(found)
            except OSError:
                assert process.poll() is None
                return None

        assert wait_for(answer) == {"predictions": [6.0]}
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


def test_the_articles_call_serves_a_model_of_the_workspace(mlflow: Any, frame: Any, tmp_path: Path) -> None:
    from trackside_mlflow.azureml import install_as_azureml

    install_as_azureml()
    from azureml.core import Workspace as AzuresWorkspace  # type: ignore[import-not-found]
    from azureml.core.webservice import AciWebservice, Webservice  # type: ignore[import-not-found]
    from mlflow.azureml import deploy  # the article's own names, from here on

    ws = AzuresWorkspace.get("default")
    webservice, azure_model = deploy(
        model_uri="models:/sum/1",
        workspace=ws,
        deployment_config=AciWebservice.deploy_configuration(env="local"),
        service_name="adder",
        model_name="not-needed",
    )

    assert (webservice.state, azure_model.id) == ("Healthy", "sum:1")
    assert webservice.run(json.dumps({"input_data": {"columns": ["a", "b"], "data": [[1, 2]]}})) == [3.0]
    assert Webservice(ws, "adder").run(frame) == {"predictions": [4.0, 6.0]}
    assert "ready" in webservice.get_logs()
    assert azure_model.download(str(tmp_path)) == str(tmp_path / "sum")
    assert (tmp_path / "sum" / "MLmodel").exists()


def test_a_model_of_another_registry_is_registered_under_its_new_name(mlflow: Any) -> None:
    from trackside_mlflow.serving.azureml import deploy
    from trackside_mlflow.serving.webservices import AksWebservice

    other = Workspace.create("other")
    config = AksWebservice.deploy_configuration(env="local", num_replicas=1)

    service, model = deploy(
        "models:/sum/2", other, config, service_name="adder", model_name="sum-here", tags={"x": "y"}
    )
    _, again = deploy("models:/sum/2", other, config, service_name="adder-2", model_name="sum-here", synchronous=False)

    assert (model.id, again.id, model.tags["trackside.origin.uri"]) == ("sum-here:1", "sum-here:1", "models:/sum/2")
    assert model.tags["x"] == "y"
    assert service.run({"inputs": [{"a": 1.0, "b": 1.0}]}) == {"predictions": [4.0]}


def test_a_model_of_a_linked_workspace_is_registered_locally(mlflow: Any, serving: Server) -> None:
    from trackside_mlflow.serving.azureml import deploy

    here = Workspace.create("here")
    here.add_link("twin", f"{serving.url}/ws/default", experiments=["none"])
    mlflow.set_registry_uri(here.get_mlflow_tracking_uri())

    _, model = deploy("models:/sum/latest", here, None, service_name="adder", model_name="copied", synchronous=False)

    assert (model.id, model.tags["trackside.origin.uri"]) == ("copied:1", "models:/sum/2")


def test_folders_and_runs_are_registered_too(mlflow: Any, models: list[Path], tmp_path: Path) -> None:
    from mlflow.exceptions import MlflowException

    from trackside_mlflow.serving import registration

    ws = Workspace.get("default")
    run_id = ws.server.ask("/api/2.0/mlflow/model-versions/get", {"name": "sum", "version": "1"}, within="default")
    run = run_id["model_version"]["run_id"]

    of_folder = registration.registered(ws, str(models[0]), "mine")
    of_run = registration.registered(ws, f"runs:/{run}/model")

    assert of_folder.uri == "models:/mine/1"
    assert of_run.name == f"mlflow-model-{run}"[:32]
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "MLmodel").write_text("flavors: {spark: {}}\n", "utf-8")
    with pytest.raises(MlflowException, match="has no flavor python_function"):
        registration.registered(ws, str(tmp_path / "none"), "none")
