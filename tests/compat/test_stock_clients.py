"""Stock mlflow 1.20, 1.30, 2.22 and 3.17 train against a server, in processes and environments of their own."""

import json
import uuid
from pathlib import Path
from typing import Protocol

import pytest
import requests

from trackside_mlflow import Workspace


class Server(Protocol):
    url: str


class Client(Protocol):
    """One of the stock clients; see conftest.py."""

    def run(self, script: str, *arguments: str | Path, **variables: str | Path) -> str: ...


@pytest.fixture
def workspace(server: Server) -> str:
    """The tracking URI of a new workspace."""
    return Workspace.create(f"compat-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()


def is_seen(tracking_uri: str, run_id: str) -> bool:
    answer = requests.get(f"{tracking_uri}/api/2.0/mlflow/runs/get", params={"run_id": run_id}, timeout=120)
    assert answer.ok or answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST", answer.text
    return answer.ok


def test_a_stock_client_trains_logs_searches_reads_back_and_registers_in_any_workspace(
    each_client: Client, server: Server, workspace: str, iris: Path, tmp_path: Path
) -> None:
    here, there = json.loads(each_client.run("train.py", iris, tmp_path, server.url, workspace))

    assert (is_seen(server.url, here), is_seen(workspace, there)) == (True, True)
    assert (is_seen(server.url, there), is_seen(workspace, here)) == (False, False)


@pytest.mark.slow
def test_the_articles_flow_runs_with_our_client_beside_the_stock_one(
    client: Client, server: Server, our_client: Path, tmp_path: Path
) -> None:
    client.run("article.py", server.url, tmp_path, PYTHONPATH=our_client, TRACKSIDE_URL=server.url)


@pytest.mark.slow
def test_a_variable_chooses_the_workspace_for_clients_without_workspaces(
    client: Client, server: Server, workspace: str, our_client: Path
) -> None:
    name = workspace.rpartition("/")[2]

    run_id = client.run(
        "log_one.py",
        PYTHONPATH=our_client,
        MLFLOW_TRACKING_URI=server.url,
        TRACKSIDE_WORKSPACE=name,
        SLURM_JOB_ID="42",
    )

    assert (is_seen(workspace, run_id), is_seen(server.url, run_id)) == (True, False)


@pytest.mark.slow
def test_a_newer_client_chooses_the_workspace_by_mlflows_own_variable(
    newest: Client, server: Server, workspace: str
) -> None:
    name = workspace.rpartition("/")[2]

    run_id = newest.run("log_one.py", MLFLOW_TRACKING_URI=server.url, MLFLOW_WORKSPACE=name, SLURM_JOB_ID="")

    assert (is_seen(workspace, run_id), is_seen(server.url, run_id)) == (True, False)


@pytest.mark.slow
def test_mlflow_without_proxied_artifacts_stores_files_by_the_client_package(
    earliest: Client, server: Server, our_client: Path, tmp_path: Path
) -> None:
    run_id = earliest.run("early.py", tmp_path, PYTHONPATH=our_client, TRACKSIDE_URL=server.url)

    assert is_seen(f"{server.url}/ws/Early", run_id)
