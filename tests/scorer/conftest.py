"""Models in folders, and scorers and MLflow's own scoring server on them, as processes."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import trackside.scorer

SCORER = Path(trackside.scorer.__file__).parent
COLUMNS = ["a", "b", "c"]


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Scoring(NamedTuple):
    """A process that scores on a port of this machine."""

    port: int
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        finally:
            connection.close()

    def score(self, document: Any, path: str = "/invocations") -> Reply:
        return self.call("POST", path, json.dumps(document).encode(), {"content-type": "application/json"})


def environment(**more: str) -> dict[str, str]:
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONHASHSEED": "0",
    }
    return {**os.environ, **quiet, **more}


def save(folder: Path, estimator: Any, *, output: bool = True) -> Path:
    import mlflow
    import pandas as pd
    from mlflow.models import infer_signature

    frame = pd.DataFrame([[0.1, 1.0, 2.0], [1.5, 0.0, 3.0]], columns=COLUMNS)
    signature = infer_signature(frame, estimator.predict(frame) if output else None)
    mlflow.sklearn.save_model(
        estimator, folder, signature=signature, serialization_format="cloudpickle", pip_requirements=["scikit-learn"]
    )
    return folder


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear regression on three columns of doubles."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    dice = np.random.default_rng(7)
    frame = pd.DataFrame(dice.normal(size=(50, 3)), columns=COLUMNS)
    model = LinearRegression().fit(frame, frame["a"] * 2 + frame["b"] - 1)
    return save(tmp_path_factory.mktemp("regression") / "model", model)


@pytest.fixture(scope="session")
def serve_model() -> Iterator[Callable[..., Scoring]]:
    """Start scorers, which end with this process: `serve_model(folder, "--batching", "off")`."""
    started: list[subprocess.Popen[bytes]] = []

    def make(folder: Path, *more: str) -> Scoring:
        command = [sys.executable, str(SCORER), "--model", str(folder), "--port", "0", "--lifeline", *more]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        started.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            word, _, port = line.decode().strip().partition(" ")
            if word == "ready":
                return Scoring(int(port), process)
        raise AssertionError(f"the scorer ended with {process.wait()}")

    yield make
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def regression_scorer(serve_model: Callable[..., Scoring], regression: Path) -> Scoring:
    return serve_model(regression)


@contextmanager
def stock(model: Path) -> Iterator[Scoring]:
    """MLflow's own scoring server, as `mlflow models serve` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(
        [*command, "mlflow.pyfunc.scoring_server.app:app"], env=environment(__pyfunc_model_path__=str(model))
    )
    scoring = Scoring(port, process)
    try:
        while process.poll() is None:
            with suppress(OSError):
                if scoring.call("GET", "/ping").status == 200:
                    break
        yield scoring
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def stock_scorer(regression: Path) -> Iterator[Scoring]:
    with stock(regression) as scoring:
        yield scoring
