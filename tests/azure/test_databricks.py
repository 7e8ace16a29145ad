"""Clients with the tracking URI `databricks`: their calls in addition to MLflow's."""

from urllib.parse import urlsplit

from support.client import Api
from support.people import signed

SDK = {"user-agent": "unknown/0.0.0 databricks-sdk-py/0.156.0 python/3.11"}


def test_clients_of_the_sdk_get_dbfs_uris(api: Api) -> None:
    run = api.new_run()
    sdk = signed(api, SDK)

    assert sdk.run(run)["info"]["artifact_uri"] == f"dbfs:/databricks/mlflow-tracking/0/{run}/artifacts"
    found = sdk.post("runs/search", experiment_ids=["0"])["runs"]
    assert found[0]["info"]["artifact_uri"].startswith("dbfs:/")
    assert api.run(run)["info"]["artifact_uri"].startswith("mlflow-artifacts:/")
    answer = api.ask("GET", "/databricks/api/2.0/mlflow/runs/get", arguments={"run_id": run})
    assert answer.json["run"]["info"]["artifact_uri"].startswith("dbfs:/")


def test_workspaces_serve_the_calls_of_databricks(api: Api) -> None:
    team = api.new_workspace("team")
    run = team.new_run(team.new_experiment("e"))
    answer = api.ask("GET", "/databricks/ws/team/api/2.0/mlflow/runs/get", arguments={"run_id": run})

    assert answer.json["run"]["info"]["artifact_uri"].startswith("dbfs:/databricks/mlflow-tracking/")


def test_files_are_transferred_by_signed_urls(api: Api) -> None:
    run = api.new_run()
    [write] = api.post("artifacts/credentials-for-write", run_id=run, path=["a/b.txt"])["credential_infos"]
    there = urlsplit(write["signed_uri"])
    assert api.ask("PUT", f"{there.path}?{there.query}", b"hello").status == 201

    [read] = api.post("artifacts/credentials-for-read", run_id=run, path=["a/b.txt"])["credential_infos"]
    there = urlsplit(read["signed_uri"])
    assert api.ask("GET", f"{there.path}?{there.query}").body == b"hello"
    assert api.fault("artifacts/credentials-for-write", run_id=run, path=["../x"])[:2] == (
        400,
        "INVALID_PARAMETER_VALUE",
    )
    assert api.fault("artifacts/credentials-for-write", run_id="f" * 32, path=["x"])[0] == 404


def test_unsupported_requests_are_refused_with_a_remedy(api: Api) -> None:
    status, _, message = api.fault("/api/2.0/mlflow/unity-catalog/registered-models/create", name="a.b.c")

    assert status == 400
    assert "MLFLOW_REGISTRY_URI=databricks" in message
    assert api.ask("HEAD", "/api/2.0/fs/directories/WorkspaceInternal/x").status == 501
    assert api.ask("PUT", "/api/2.0/fs/files/WorkspaceInternal/x", b"x").status == 501


def test_clients_find_themselves_and_the_workspace(api: Api) -> None:
    assert api.ask("GET", "/.well-known/databricks-config").json == {"workspace_id": "0"}
    assert api.ask("GET", "/databricks/.well-known/databricks-config").status == 200
    assert api.ask("GET", "/api/2.0/preview/scim/v2/Me").json["active"] is True


def test_a_call_of_databricks_moves_a_version_to_a_stage(api: Api) -> None:
    api.post("registered-models/create", name="m")
    run = api.new_run()
    root = api.run(run)["info"]["artifact_uri"]
    api.post("model-versions/create", name="m", source=f"{root}/model", run_id=run)

    moved = api.post(
        "databricks/model-versions/transition-stage",
        {"name": "m", "version": "1", "stage": "Production", "archive_existing_versions": False},
    )

    assert moved["model_version_databricks"]["current_stage"] == "Production"
    got = api.get("databricks/registered-models/get", name="m")
    assert got["registered_model_databricks"]["name"] == "m"
