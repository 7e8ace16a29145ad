"""A server that scores with the Python of the tests, and tables to score."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import COLUMNS, register, save_model
from support.client import Api
from support.links import until
from support.processes.servers import Server

JOBS = "/api/trackside/v1/jobs"


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scored-models")
    return [save_model(folder / "one", 1.0), save_model(folder / "two", 2.0)]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The folder that jobs may use."""
    folder = tmp_path / "tables"
    folder.mkdir()
    return folder


@pytest.fixture
def scoring(start: Callable[..., Server], model_folders: list[Path], tables: Path) -> Server:
    server = start("--model-python", sys.executable, "--job-folders", str(tables))
    register(server.api, model_folders)
    return server


def table(rows: int) -> Any:
    import pandas as pd

    return pd.DataFrame({"id": range(rows), COLUMNS[0]: [float(n) for n in range(rows)], COLUMNS[1]: [1.0] * rows})


def score(api: Api, **params: Any) -> Any:
    """Start a job and return it when it has ended."""
    body = {"kind": "score", "params": {"model": "models:/sum/2", "env": "local", "processes": 2, **params}}
    job_id = api.post(JOBS, body)["job"]["job_id"]
    return ended(api, job_id)


def ended(api: Api, job_id: str) -> Any:
    def job() -> Any:
        return api.get(f"{JOBS}/{job_id}")["job"]

    until(lambda: job()["state"] not in ("queued", "running"), f"job {job_id} to end")
    return job()
