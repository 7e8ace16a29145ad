"""Stock mlflow 1.30, 2.22 and 3.17 train against a server, and read back what they and each other logged."""

import json
from pathlib import Path
from typing import Protocol

import pytest

pytestmark = pytest.mark.timeout(300)  # the first run installs the clients


class Server(Protocol):
    url: str


class Client(Protocol):
    """One of the stock clients; see conftest.py."""

    def run(self, script: str, *arguments: str | Path, **variables: str | Path) -> str: ...


def test_a_stock_client_trains_logs_searches_and_reads_back(
    client: Client, server: Server, iris: Path, tmp_path: Path
) -> None:
    logged = json.loads(client.run("train.py", server.url, iris, tmp_path))

    assert logged["accuracy"] > 0.9


def test_a_stock_client_works_in_a_workspace_by_its_address_alone(
    client: Client, newest: Client, server: Server, iris: Path, our_client: Path, tmp_path: Path
) -> None:
    newest.run("workspace.py", server.url, "compat", PYTHONPATH=our_client)

    logged = json.loads(client.run("train.py", f"{server.url}/ws/compat", iris, tmp_path))

    assert newest.run("where.py", f"{server.url}/ws/compat", logged["run_id"]) == "found"
    assert newest.run("where.py", server.url, logged["run_id"]) == "not found"


def test_the_articles_flow_runs_with_our_client_beside_the_stock_one(
    client: Client, server: Server, our_client: Path, tmp_path: Path
) -> None:
    client.run("article.py", server.url, tmp_path, PYTHONPATH=our_client, TRACKSIDE_URL=server.url)


def test_a_variable_chooses_the_workspace_for_clients_that_know_none(
    client: Client, newest: Client, server: Server, our_client: Path
) -> None:
    newest.run("workspace.py", server.url, "by-variable", PYTHONPATH=our_client)

    run_id = client.run(
        "log_one.py",
        PYTHONPATH=our_client,
        MLFLOW_TRACKING_URI=server.url,
        TRACKSIDE_WORKSPACE="by-variable",
        SLURM_JOB_ID="42",
    )

    assert newest.run("where.py", f"{server.url}/ws/by-variable", run_id) == "found"
    assert newest.run("where.py", server.url, run_id) == "not found"


def test_a_newer_client_chooses_the_workspace_by_mlflows_own_variable(
    newest: Client, server: Server, our_client: Path
) -> None:
    newest.run("workspace.py", server.url, "by-header", PYTHONPATH=our_client)

    run_id = newest.run("log_one.py", MLFLOW_TRACKING_URI=server.url, MLFLOW_WORKSPACE="by-header", SLURM_JOB_ID="")

    assert newest.run("where.py", f"{server.url}/ws/by-header", run_id) == "found"
