"""Our deployment plug-in in stock clients, with the wheel of `trackside-mlflow` beside them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compat.conftest import MLFLOWS, Client
from endpoints.conftest import save_model
from support.processes.servers import Server
from support.processes.venvs import environment


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", ["2.22", "3.17"])
def test_a_stock_client_deploys(start: Callable[..., Server], our_client: Path, tmp_path: Path, version: str) -> None:
    server = start("--model-python", sys.executable)
    model = save_model(tmp_path / "model", 1.0)

    said = Client(environment(MLFLOWS[version])).run(
        "deploy.py", server.url, model, cwd=tmp_path, PYTHONPATH=our_client
    )

    assert json.loads(said) == [{"predictions": [3.0]}, {"predictions": [3.0]}, "sum:1"]
