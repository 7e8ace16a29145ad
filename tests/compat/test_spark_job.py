"""Spark jobs that name no server log to the workspace of their environment, from the driver and from tasks."""

import json
import shutil
import uuid
from pathlib import Path
from typing import Protocol

import pytest

from compat.conftest import Client
from compat.test_flavors import check_java
from support.processes.venvs import environment
from trackside_mlflow import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Server(Protocol):
    url: str


@pytest.fixture
def spark() -> Client:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no `java` on PATH")
    check_java(java)
    return Client(environment("flavors-3"))


@pytest.mark.parametrize("names_registry", [True, False])
def test_driver_and_tasks_log_by_the_environment_alone(
    server: Server, spark: Client, our_client: Path, tmp_path: Path, names_registry: bool
) -> None:
    uri = Workspace.create(f"spark-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()
    registry = uri if names_registry else ""

    said = spark.run(
        "spark_job.py",
        cwd=tmp_path,
        MLFLOW_TRACKING_URI=uri,
        MLFLOW_REGISTRY_URI=registry,
        PYTHONPATH=our_client,
        PYSPARK_PYTHON=spark.python,
        SPARK_LOCAL_DIRS=tmp_path,
        SPARK_LOCAL_IP="127.0.0.1",
    )
    seen = json.loads(said)

    assert (seen["total"], seen["steps"]) == (499500.0, [0, 1, 2, 3])
    assert seen["version"]
    # Without its own variable the registry is the session's: so the init script sets both.
    assert seen["registry"] == (registry or "databricks-uc")
