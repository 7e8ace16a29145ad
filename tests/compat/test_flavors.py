"""Models of several libraries through the registry: each logged and registered twice by the stock client, and loaded back
by version, `latest`, stage, alias, logged model and run, with the predictions that it was logged with."""

import json
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Protocol

import pytest

from compat.conftest import Client
from support.processes.venvs import environment
from trackside_mlflow import Workspace


class Server(Protocol):
    url: str


@pytest.fixture
def uri(server: Server) -> str:
    """That of a workspace of one's own."""
    return Workspace.create(f"flavors-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()


def files_of(client: Client, uri: str, folder: Path, *flavors: str) -> list[str]:
    """Logs and loads the flavors; the files of the last one's second model."""
    (folder / "spark").mkdir()
    elsewhere = {"MLFLOW_DFS_TMP": folder / "dfs", "SPARK_LOCAL_DIRS": folder / "spark"}
    found: list[str] = json.loads(client.run("flavors.py", uri, folder, *flavors, cwd=folder, **elsewhere))
    return found


@pytest.mark.slow
def test_scikit_learn_and_a_model_of_ones_own(uri: str, tmp_path: Path) -> None:
    files = files_of(Client(Path(sys.executable)), uri, tmp_path, "sklearn", "pyfunc")

    assert {"MLmodel", "artifacts/summand 2.txt", "python_model.pkl"} <= set(files)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", ["1.30", "2.22"])
def test_scikit_learn_by_an_older_client(uri: str, tmp_path: Path, version: str) -> None:
    client = Client(environment(f"flavors-{version[0]}"))

    files = files_of(client, uri, tmp_path, "sklearn")

    assert {"MLmodel", "model.pkl"} <= set(files)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lightgbm_and_onnx(uri: str, tmp_path: Path) -> None:
    files = files_of(Client(environment("flavors-3")), uri, tmp_path, "lightgbm", "onnx")

    assert {"MLmodel", "model.onnx"} <= set(files)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_spark_ml_with_the_files_that_spark_writes(uri: str, tmp_path: Path) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no `java` on PATH")
    check_java(java)

    files = files_of(Client(environment("flavors-3")), uri, tmp_path, "spark")

    names = [Path(file).name for file in files]
    assert all(file.startswith("sparkml/") for file in files if "/" in file)
    assert names.count("_SUCCESS") >= 3
    assert [name for name in names if name.startswith("part-") and name.endswith(".snappy.parquet")]
    assert [name for name in names if name.startswith(".part-") and name.endswith(".snappy.parquet.crc")]


def check_java(java: str) -> None:
    """Fail, and do not skip, for an installed but unsuitable Java, which a user may also have."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"{java} does not run: {told.stderr.strip()}"
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr)
    assert found is not None, f"{java} does not say which version it is: {told.stderr.strip()}"
    assert int(found[1]) >= 17, f"{java} is Java {found[1]}; Spark needs 17 or newer"
