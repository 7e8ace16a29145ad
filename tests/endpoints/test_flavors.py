"""Models of each flavor behind an endpoint, in an environment that the server builds from the model's requirements."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import COLUMNS, ENDPOINTS, key_of, register, wait_healthy
from endpoints.test_serving import score
from support.processes.servers import Server, environment
from support.processes.venvs import CACHE
from support.processes.venvs import environment as pinned_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TENSORS = ("onnx", "pytorch")
SCRIPT = Path(__file__).with_name("flavor_models.py")


def saved(python: Path, flavor: str, folder: Path) -> Any:
    """Save a model of the flavor; return a row and its prediction."""
    quiet = {**environment(), "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [python, SCRIPT, flavor, folder / "model"], env=quiet, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def answered(server: Server, flavor: str, made: Any, folder: Path, env: str) -> Any:
    """Deploy the model; return the predictions of the row."""
    register(server.api, [folder / "model"], flavor)
    server.api.post(ENDPOINTS, name=flavor, model_uri=f"models:/{flavor}/1", spec={"env": env})
    wait_healthy(server.api, flavor)
    inputs = made["row"]
    document = {"inputs": inputs} if flavor in TENSORS else {"dataframe_split": {"columns": COLUMNS, "data": inputs}}
    reply = score(server.api, flavor, key_of(server.api, flavor), document)
    assert reply.status == 200, reply
    return reply.json["predictions"]


@pytest.mark.parametrize("flavor", ["sklearn", "xgboost", "lightgbm", "onnx", "pyfunc", "spark"])
def test_a_model_is_served_in_an_environment_of_its_requirements(
    start: Callable[..., Server], tmp_path: Path, flavor: str
) -> None:
    if shutil.which("uv") is None:
        pytest.skip("environments are built by uv, which is not installed")
    if flavor == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is no `java` on PATH")
    made = saved(pinned_environment("flavors-3"), flavor, tmp_path)

    found = answered(start(), flavor, made, tmp_path, "uv")

    assert leaves(found) == pytest.approx(leaves(made["expected"]), rel=1e-5)


def test_a_model_of_pytorch_is_served_by_the_operators_python(start: Callable[..., Server], tmp_path: Path) -> None:
    python = torch_environment()
    made = saved(python, "pytorch", tmp_path)

    found = answered(start("--model-python", str(python)), "pytorch", made, tmp_path, "local")

    assert leaves(found) == pytest.approx(leaves(made["expected"]), rel=1e-5)


def torch_environment() -> Path:
    """An environment with the torch that pip chooses: a CPU build where the machine's pip is set to one."""
    folder = CACHE / f"torch-python-{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / ".installed").exists():
        for command in (
            (sys.executable, "-m", "venv", "--clear", folder),
            (folder / "bin" / "pip", "install", "--quiet", "torch>=2.6", "mlflow==3.17.2", "httptools", "uvloop"),
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        (folder / ".installed").touch()
    return folder / "bin" / "python"


def leaves(value: Any) -> list[float]:
    """The numbers of nested lists and objects, in order."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [float(value)]
