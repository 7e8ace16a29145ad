"""The steps of the article as the calls of azureml-core 1.61 and azureml-mlflow 1.62, in their order.

The packages themselves run in tests/compat/test_azure.py, which is slow."""

from typing import Any
from urllib.parse import unquote, urlsplit

from support.client import Api
from support.people import OURS, People, bearer, signed

AGENT = "mlflow-python-client/3.15.0 azureml-mlflow/1.62.0.post6"
SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces/team"
MLFLOW = f"/mlflow/v2.0{SCOPE}/api/2.0/mlflow"
BLOB = {"content-type": "application/octet-stream", "x-ms-blob-type": "BlockBlob", "if-none-match": "*"}


def signed_in(people: People) -> Api:
    """A client of ana, with the JWT that a managed identity's endpoint gives for her token."""
    people.admin.post(f"{OURS}/workspaces", name="team", subscription_id="S1", resource_group="R1")
    people.add("ana", "AzureML Data Scientist", "/ws/team")
    asked = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
    given = people.open.ask(
        "GET", "/msi/token", arguments=asked, headers={"x-identity-header": people.token("ana")}
    ).json
    return signed(people.open, {**bearer(given["access_token"]), "user-agent": AGENT})


def upload(ana: Api, run: str, path: str, body: bytes) -> None:
    where = f"/history/v1.0{SCOPE}/experiments/any/runs/{run}/artifacts/batch/metadata"
    told = ana.post(where, paths=[{"path": path}])
    address = urlsplit(told["artifactContentInformation"][path]["contentUri"])
    put = ana.ask("PUT", f"{unquote(address.path)}?{address.query}", body, headers=BLOB)
    assert put.status == 201


def ranged(ana: Api, run: str, path: str, span: str) -> Any:
    where = f"/history/v1.0{SCOPE}/experiments/any/runs/{run}/artifacts/contentinfo"
    address = urlsplit(ana.get(where, path=path)["contentUri"])
    return ana.ask("GET", f"{unquote(address.path)}?{address.query}", headers={"x-ms-range": f"bytes={span}"})


def test_the_steps_of_the_article_work_call_by_call(people: People) -> None:
    ana = signed_in(people)

    # Workspace.get, get_mlflow_tracking_uri
    subscriptions = ana.ask("GET", "/subscriptions?api-version=2022-12-01").json["value"]
    assert [each["subscriptionId"] for each in subscriptions] == ["S1"]
    found = ana.ask("GET", f"{SCOPE}?api-version=2022-05-01").json
    discovered = people.open.ask("GET", urlsplit(found["properties"]["discoveryUrl"]).path).json
    assert urlsplit(discovered["api"]).netloc == "localhost"

    # set_experiment, start_run, log_metric, asynchronous logging, a nested run
    name = "/Shared/churn"
    missing = ana.ask("GET", f"{MLFLOW}/experiments/get-by-name", arguments={"experiment_name": name})
    assert (missing.status, missing.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    experiment = ana.post(f"{MLFLOW}/experiments/create", name=name)["experiment_id"]
    info = ana.post(f"{MLFLOW}/runs/create", experiment_id=experiment, start_time=1, tags=[])["run"]["info"]
    run, root = info["run_id"], info["artifact_uri"]
    assert root == f"azureml://localhost/mlflow/v2.0{SCOPE}/experiments/{experiment}/runs/{run}/artifacts"
    point: dict[str, Any] = {"key": "epoch_loss", "value": 0.25, "timestamp": 2, "step": 1}
    ana.post(f"{MLFLOW}/runs/log-metric", run_id=run, **point)
    later = f"/mlflow/v2.0{SCOPE}/api/2.0/preview/mlflow/runs/log-batch-async"
    assert ana.post(later, run_id=run, params=[{"key": "lr", "value": "0.1"}]) == {}
    parent = [{"key": "mlflow.parentRunId", "value": run}]
    ana.post(f"{MLFLOW}/runs/create", experiment_id=experiment, start_time=3, tags=parent)
    ana.post(f"{MLFLOW}/runs/update", run_id=run, status="FINISHED", end_time=4)

    # log_artifact, download
    for path, body in (("empty", b""), ("model/MLmodel", b"flavors: {}"), ("model/one", b"1")):
        upload(ana, run, path, body)
    listed = ana.get(f"/history/v1.0{SCOPE}/experiments/any/runs/{run}/artifacts")["value"]
    assert [each["path"] for each in listed] == ["empty", "model/MLmodel", "model/one"]
    whole = ranged(ana, run, "model/MLmodel", "0-33554431")
    assert (whole.status, whole.body) == (206, b"flavors: {}")
    beyond = ranged(ana, run, "model/one", "5-9")
    assert (beyond.status, beyond.headers["x-ms-error-code"]) == (416, "InvalidRange")

    # register_model twice, and search
    ana.post(f"{MLFLOW}/registered-models/create", name="churn")
    made = [
        ana.post(f"{MLFLOW}/model-versions/create", name="churn", source=f"{root}/model", run_id=run)["model_version"]
        for _ in range(2)
    ]
    assert [(each["version"], each["source"]) for each in made] == [("1", f"{root}/model"), ("2", f"{root}/model")]
    runs = ana.post(f"{MLFLOW}/runs/search", experiment_ids=[experiment], filter="metrics.epoch_loss < 1")["runs"]
    assert [each["info"]["run_id"] for each in runs] == [run]

    # What ana may not do
    assert ana.ask("POST", f"{OURS}/users", {"name": "eve"}).status == 403
    assert ana.ask("POST", "experiments/create", {"name": "elsewhere"}).status == 403
