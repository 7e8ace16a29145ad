"""The init script that the command line prints, on a machine without settings, with the folders of Databricks."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.processes.servers import TRACKSIDE, Server, environment

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
LOGS = "import mlflow; mlflow.log_metric('m', 1.5); print(mlflow.get_registry_uri())"
NAMES = "from trackside_mlflow import Workspace; print(Workspace.get(name='{}', url='{}').get_mlflow_tracking_uri())"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT / "packages" / "trackside-mlflow", capture_output=True, check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A machine's root, with a Python that has pip and nothing else."""
    (tmp_path / "databricks" / "spark" / "conf").mkdir(parents=True)
    (tmp_path / "databricks" / "spark" / "conf" / "spark-env.sh").write_text("export OTHER=1")  # without an end of line
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "databricks" / "python")], check=True)
    return tmp_path


def start(node: Path, server: Server, workspace: str, package: str) -> None:
    """Runs the script on that machine."""
    words = ["link", "init-script", "-w", workspace, "--server", server.url, "--package", package]
    made = subprocess.run([*TRACKSIDE, *words], capture_output=True, text=True, env=environment(), check=True)
    script = made.stdout.replace("/databricks/", f"{node}/databricks/").replace("/etc/", f"{node}/")
    bare(node, "bash", "-c", script)


def bare(node: Path, *command: str) -> str:
    """Runs a command where nothing is set."""
    done = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", f"HOME={node}", *command],
        capture_output=True,
        text=True,
        cwd=node,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_code_that_names_nothing_logs_to_the_workspace(node: Path, wheel: Path, server: Server) -> None:
    here = server.api.new_workspace("north")
    for workspace in ("south", "north", "north"):  # it may run again, or lead elsewhere than before
        start(node, server, workspace, str(wheel))
    uri = f"{server.url}/ws/north"
    python = str(node / "databricks" / "python" / "bin" / "python")
    conf = node / "databricks" / "spark" / "conf" / "spark-env.sh"
    quiet = "export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1"
    said = bare(node, "bash", "-c", f'. {conf}; {quiet}; exec {sys.executable} -W ignore -c "{LOGS}"')

    assert conf.read_text().splitlines() == [
        "export OTHER=1",
        f"export MLFLOW_TRACKING_URI={uri}",
        f"export MLFLOW_REGISTRY_URI={uri}",
    ]
    both = [f"MLFLOW_TRACKING_URI={uri}", f"MLFLOW_REGISTRY_URI={uri}"]
    assert (node / "environment").read_text().splitlines() == both
    (run,) = here.post("runs/search", experiment_ids=["0"])["runs"]
    assert [each["value"] for each in run["data"]["metrics"]] == [1.5]
    assert uri in said
    assert bare(node, python, "-c", NAMES.format("north", server.url)).strip() == uri


def test_a_package_that_is_not_found_does_not_keep_the_cluster_down(node: Path, server: Server) -> None:
    start(node, server, "north", str(node / "missing.whl"))

    assert "MLFLOW_TRACKING_URI=" in (node / "environment").read_text()
