"""Stock mlflow 3 with its logged models, in a process of its own, with the scikit-learn of this environment."""

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
def test_stock_mlflow_logs_loads_finds_and_deletes_models(server: Server, tmp_path: Path) -> None:
    workspace = Workspace.create(f"models-{uuid.uuid4().hex[:8]}", url=server.url)

    model_id = Client(Path(sys.executable)).run("models.py", workspace.get_mlflow_tracking_uri(), tmp_path)

    assert model_id.startswith("m-")
