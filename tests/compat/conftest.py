"""Stock clients, each in a separate virtual environment, and the wheel of Trackside's client."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.processes.venvs import environment

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
MLFLOWS = {"1.30": "compat-1", "2.22": "compat-2", "3.17": "compat-3"}
NEWEST = "3.17"
WEBHOOKS = ("--allow-private-webhooks", "--webhook-schemes", "http,https")


@dataclass(frozen=True)
class Client:
    """A stock mlflow-skinny.  `run` runs one of the scripts and returns the last line that it prints."""

    python: Path

    def run(self, script: str, *arguments: str | Path, cwd: Path | None = None, **variables: str | Path) -> str:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLFLOW_", "TRACKSIDE_", "DATABRICKS_", "PYTHON"))
        }
        done = subprocess.run(
            [self.python, SCRIPTS / script, *map(str, arguments)],
            cwd=cwd,
            env={
                **inherited,
                "DO_NOT_TRACK": "1",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # a failure shows at once
                "PYTHONIOENCODING": "utf-8",
                "PYTHONWARNINGS": "ignore",
                **{name: str(value) for name, value in variables.items()},
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
        return (done.stdout.strip().splitlines() or [""])[-1]


@dataclass(frozen=True)
class Server:
    """Yield a `trackside server` in a separate process."""

    url: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", "0", "--data", str(data), *WEBHOOKS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listening = re.search(r"http://\S+", process.stdout.readline())
        assert listening is not None, "the server did not start"
        yield Server(listening[0])
        process.terminate()


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.slow if name == "2.22" else []) for name in sorted(MLFLOWS)],
)
def each_client(request: pytest.FixtureRequest) -> Client:
    """Each stock client in turn; in `make test` the oldest and the newest.  For the main test of a release."""
    return Client(environment(MLFLOWS[request.param]))


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=[] if name == NEWEST else pytest.mark.slow) for name in sorted(MLFLOWS)],
)
def client(request: pytest.FixtureRequest) -> Client:
    """Each stock client in turn; in `make test` the newest one."""
    return Client(environment(MLFLOWS[request.param]))


@pytest.fixture(scope="session")
def earliest() -> Client:
    """Of 2021: before 1.24, mlflow had no repository for `mlflow-artifacts:`."""
    return Client(environment("compat-0"))


@pytest.fixture(scope="session")
def newest() -> Client:
    return Client(environment(MLFLOWS[NEWEST]))


@pytest.fixture(scope="session")
def our_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel of `trackside-mlflow`, for PYTHONPATH: the environments stay stock."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT / "packages" / "trackside-mlflow",
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture(scope="session")
def iris() -> Path:
    """The flowers as scikit-learn ships them."""
    sklearn = find_spec("sklearn")
    assert sklearn is not None
    assert sklearn.origin is not None
    return Path(sklearn.origin).parent / "datasets" / "data" / "iris.csv"
