"""Real Spark on loopback: an environment with pyspark, a cluster, a Spark Connect server, and models to score with."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from compat.test_flavors import check_java
from endpoints.conftest import register, save_model
from support.links import until
from support.processes import guard
from support.processes.ports import free_port, is_open
from support.processes.servers import Server
from support.processes.venvs import environment

ROOT = Path(__file__).parents[2]
LIMIT_S = 900.0  # a JVM takes minutes to start on a machine that other tests keep busy
QUIET = {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python that has pyspark, Ray and a stock mlflow."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("Spark needs Java 17 or newer, and there is no `java` on PATH")
    check_java(java)
    return environment("engines")


def variables(python: Path, folder: Path) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "TRACKSIDE_", "PYTHON"))
    }
    home = next(python.parent.parent.glob("lib/python3*/site-packages/pyspark"))
    folder.mkdir(exist_ok=True)
    return {
        **inherited,
        **QUIET,
        "PYSPARK_PYTHON": str(python),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_LOG_DIR": str(folder),
        "SPARK_WORKER_DIR": str(folder),
        "SPARK_PID_DIR": str(folder),
    }


def run(python: Path, folder: Path, *words: str | Path) -> str:
    """Run a script in the environment with pyspark and return what it prints."""
    done = subprocess.run(
        [python, *map(str, words)],
        cwd=folder,
        env=variables(python, folder / "spark-local"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words[0]} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def spawn(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Start a program of Spark by its words, and return the file of its output.  All of them end with the tests."""
    running: list[subprocess.Popen[bytes]] = []
    folder = tmp_path_factory.mktemp("spark-programs")

    def start(*words: str) -> Path:
        names = variables(python, folder / f"local-{len(running)}")
        log = folder / f"{len(running)}.log"
        with log.open("w") as output:
            command = ["bash", f"{names['SPARK_HOME']}/bin/{words[0]}", *words[1:]]
            running.append(guard.start(command, env=names, cwd=folder, log=output))
        return log

    yield start
    for process in running:
        guard.end(process)


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    """Where master and Spark Connect listen, once a test has started them."""
    return {"master": free_port(), "connect": free_port()}


@pytest.fixture(scope="session")
def master(spawn: Callable[..., Path], ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a standalone cluster of one master and two workers."""
    port, pages = ports["master"], free_port()
    of = "org.apache.spark.deploy"
    log = spawn(
        "spark-class", f"{of}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(pages)
    )
    url = f"spark://127.0.0.1:{port}"
    until(lambda: is_open(port) and is_open(pages), "the master to start", said=log.read_text, limit_s=LIMIT_S)
    for number in range(2):
        own = str(tmp_path_factory.mktemp(f"worker-{number}"))
        words = ("--host", "127.0.0.1", "--webui-port", str(free_port()), "-c", "1", "-m", "1g", "-d", own, url)
        spawn("spark-class", f"{of}.worker.Worker", *words)

    def workers() -> int:
        try:
            with urlopen(f"http://127.0.0.1:{pages}/json/") as answer:
                found: int = json.load(answer)["aliveworkers"]
        except (URLError, ValueError):  # its pages come a little after its port
            return 0
        return found

    until(lambda: workers() == 2, "two workers to register", said=log.read_text, limit_s=LIMIT_S)
    return url


@pytest.fixture(scope="session")
def connect(spawn: Callable[..., Path], ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a Spark Connect server with a catalog of Hive, which is kept in a database of Derby."""
    port = ports["connect"]
    metastore = tmp_path_factory.mktemp("metastore") / "derby"
    conf = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={metastore};create=true",
    }
    given = [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    log = spawn("spark-submit", "--master", "local[2]", *given, "--class", CONNECT, "spark-internal")
    until(lambda: is_open(port), "the Spark Connect server to start", said=log.read_text, limit_s=LIMIT_S)
    return f"sc://127.0.0.1:{port}"


CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that jobs may use."""
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="session")
def served(python: Path, tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which examples/train.py registered two versions of a model; version 2 is the champion."""
    folder = tmp_path_factory.mktemp("served")
    server = Server(folder / "data", ("--model-python", str(python), "--job-folders", str(tables))).start()
    try:
        run(python, folder, ROOT / "examples" / "train.py", server.url)
        server.api.post("registered-models/alias", {"name": "iris-classifier", "alias": "champion", "version": "2"})
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def summing(
    python: Path, tables: Path, ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server whose jobs may use the cluster and Spark Connect, with the model `sum`, whose version 2 doubles the sum."""
    folder = tmp_path_factory.mktemp("summing")
    options = (
        "--model-python",
        str(python),
        "--job-folders",
        str(tables),
        "--spark-masters",
        f"local,spark://127.0.0.1:{ports['master']},sc://127.0.0.1:{ports['connect']}",
    )
    server = Server(folder / "data", options).start()
    try:
        register(server.api, [save_model(folder / "one", 1.0), save_model(folder / "two", 2.0)])
        yield server
    finally:
        server.stop()
