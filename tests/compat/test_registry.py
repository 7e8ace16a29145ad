"""Stock mlflow with its model registry, in processes of its own."""

import sys
import uuid
from pathlib import Path
from typing import Protocol

import pytest

from compat.conftest import Client
from trackside_mlflow import Workspace


class Server(Protocol):
    url: str


@pytest.fixture
def uri(server: Server) -> str:
    """That of a workspace of one's own."""
    return Workspace.create(f"registry-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()


@pytest.mark.slow
def test_stock_mlflow_registers_promotes_loads_and_deletes_models(uri: str, tmp_path: Path) -> None:
    newest = Client(Path(sys.executable)).run("registry.py", uri, tmp_path)

    assert newest == "4"
