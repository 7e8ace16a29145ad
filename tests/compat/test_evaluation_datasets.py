"""Stock mlflow 3 with its evaluation datasets, in a process of its own."""

import sys
import uuid
from pathlib import Path
from typing import Protocol

import pytest

from compat.conftest import Client
from trackside_mlflow import Workspace


class Server(Protocol):
    url: str


@pytest.mark.slow
def test_stock_mlflow_makes_fills_finds_and_deletes_datasets(server: Server) -> None:
    workspace = Workspace.create(f"datasets-{uuid.uuid4().hex[:8]}", url=server.url)

    dataset_id = Client(Path(sys.executable)).run("evaluation_datasets.py", workspace.get_mlflow_tracking_uri())

    assert dataset_id.startswith("d-")
