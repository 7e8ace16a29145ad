"""A server that serves models by the Python of the tests, with a registered model of two versions."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.processes.servers import Server

COLUMNS = ["a", "b"]
ENDPOINTS = "/api/trackside/v1/endpoints"
LOCAL = {"env": "local"}
ROW = {"dataframe_split": {"columns": COLUMNS, "data": [[1.0, 2.0]]}}


def save_model(folder: Path, factor: float) -> Path:
    """A linear regression that answers `factor * (a + b)`."""
    import mlflow
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], columns=COLUMNS)
    model = LinearRegression()
    model.coef_, model.intercept_ = np.array([factor, factor]), 0.0
    model.feature_names_in_, model.n_features_in_ = np.array(COLUMNS, dtype=object), 2
    signature = infer_signature(frame, frame["a"])
    mlflow.sklearn.save_model(
        model, folder, signature=signature, serialization_format="cloudpickle", pip_requirements=["scikit-learn"]
    )
    return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Version 1 adds its columns, version 2 doubles that."""
    folder = tmp_path_factory.mktemp("models")
    return [save_model(folder / "one", 1.0), save_model(folder / "two", 2.0)]


def register(api: Api, folders: list[Path], name: str = "sum") -> None:
    """Log each folder as the model of a run, and register it."""
    api.post("registered-models/create", name=name)
    for folder in folders:
        run = api.post("runs/create", experiment_id="0")["run"]["info"]
        below = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            target = f"/api/2.0/mlflow-artifacts/artifacts/{below}/model/{file.relative_to(folder).as_posix()}"
            assert api.ask("PUT", target, file.read_bytes()).status == 200
        source = f"{run['artifact_uri']}/model"
        api.post("model-versions/create", name=name, source=source, run_id=run["run_id"])


@pytest.fixture
def serving(start: Callable[..., Server], models: list[Path]) -> Server:
    server = start("--model-python", sys.executable)
    register(server.api, models)
    return server


def endpoint(api: Api, name: str) -> Any:
    return api.get(f"{ENDPOINTS}/{name}")["endpoint"]


def wait_for(condition: Callable[[], Any]) -> Any:
    """Repeat a call until it returns something; the test's timeout limits the wait."""
    import time

    while not (found := condition()):
        time.sleep(0.05)  # the condition asks a server: it needs the processor, too
    return found


def wait_healthy(api: Api, name: str) -> Any:
    def settled() -> Any:
        found = endpoint(api, name)
        return found if found["state"] in ("Healthy", "Failed") else None

    found = wait_for(settled)
    assert found["state"] == "Healthy", found
    return found


def key_of(api: Api, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {api.get(f'{ENDPOINTS}/{name}/keys')['primary']}"}
