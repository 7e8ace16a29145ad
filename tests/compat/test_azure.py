"""Unmodified clients for Azure ML and Databricks against a server in a separate process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from compat.conftest import Client
from support.client import Api, Socket
from support.people import OURS
from support.processes.venvs import environment
from trackside.cli.azure.commands import variables

pytestmark = pytest.mark.slow
SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces/team"


@contextmanager
def served(data: Path, *options: str) -> Iterator[str]:
    """The URL of a server."""
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            listening = re.search(r"https?://\S+", process.stdout.readline())
            assert listening is not None, "the server did not start"
            yield listening[0]
        finally:
            process.terminate()


@dataclass(frozen=True)
class Cloud:
    """A server that speaks HTTPS, with the workspace `team`; `given` are the variables of `trackside azure-env`."""

    url: str
    given: dict[str, Any]
    run: tuple[str, str]  # an experiment of the workspace, and a run there

    @property
    def authority(self) -> str:
        return str(self.given["REQUESTS_CA_BUNDLE"])


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    data = tmp_path_factory.mktemp("cloud") / "data"
    with served(data) as url, closing(Socket(int(url.rsplit(":", 1)[1]))) as socket:  # before it speaks HTTPS only
        api = Api(socket)
        api.post(f"{OURS}/workspaces", name="team", subscription_id="S1", resource_group="R1")
        team = api.within("team")
        experiment = team.new_experiment("submitted")
        run = experiment, team.new_run(experiment)
    with served(data, "--tls", "self-signed", "--model-python", sys.executable) as url:
        there = url.replace("127.0.0.1", "localhost")
        yield Cloud(there, {**variables(there, "", str(data / "tls" / "ca.pem"))}, run)


@pytest.fixture(scope="module")
def azure() -> Client:
    return Client(environment("azure"))


def test_the_steps_of_the_article_work_with_microsofts_client(azure: Client, cloud: Cloud, tmp_path: Path) -> None:
    assert azure.run("azure/story.py", "S1", "R1", "team", HOME=tmp_path, **cloud.given) == "done"


def test_microsofts_client_creates_changes_and_deletes_a_workspace(azure: Client, cloud: Cloud, tmp_path: Path) -> None:
    assert azure.run("azure/workspaces.py", "S1", HOME=tmp_path, **cloud.given) == "done"


def test_a_tracking_uri_alone_is_enough_with_the_endpoint_of_a_managed_identity(
    azure: Client, cloud: Cloud, tmp_path: Path
) -> None:
    given = {name: value for name, value in cloud.given.items() if name != "MSI_ENDPOINT"}
    uri = f"azureml://{cloud.url.removeprefix('https://')}/mlflow/v2.0{SCOPE}"

    said = azure.run("azure/uri.py", HOME=tmp_path, MLFLOW_TRACKING_URI=uri, **given)

    assert said == "done"


@pytest.mark.timeout(900)  # replicas start one after the other
def test_microsofts_deployment_client_serves_models(azure: Client, cloud: Cloud, tmp_path: Path) -> None:
    uri = f"azureml://{cloud.url.removeprefix('https://')}/mlflow/v2.0{SCOPE}"

    assert azure.run("azure/endpoints.py", uri, HOME=tmp_path, **cloud.given) == "done"


def test_a_submitted_job_logs_with_the_token_of_its_run(azure: Client, cloud: Cloud, tmp_path: Path) -> None:
    experiment, run = cloud.run
    told = requests.get(
        f"{cloud.url}/history/v1.0{SCOPE}/experimentids/{experiment}/runs/{run}/token",
        verify=cloud.authority,
        timeout=120,
    ).json()
    job: dict[str, Any] = {
        "REQUESTS_CA_BUNDLE": cloud.authority,
        "SSL_CERT_FILE": cloud.authority,
        "AZUREML_CURRENT_CLOUD": cloud.given["AZUREML_CURRENT_CLOUD"],
        "ARM_CLOUD_METADATA_URL": cloud.given["ARM_CLOUD_METADATA_URL"],
        "MLFLOW_TRACKING_URI": f"azureml://{cloud.url.removeprefix('https://')}/mlflow/v2.0{SCOPE}",
        "MLFLOW_TRACKING_TOKEN": told["token"],
        "MLFLOW_EXPERIMENT_ID": experiment,
        "MLFLOW_RUN_ID": run,
    }

    assert azure.run("azure/job.py", HOME=tmp_path, **job) == "FINISHED"


@pytest.mark.parametrize("how", ["host", "profile"])
@pytest.mark.parametrize("release", ["1.30", "2.22", "3.17"])
def test_a_client_of_databricks(release: str, how: str, tmp_path: Path) -> None:
    names = {"1.30": "flavors-1", "2.22": "flavors-2"}
    python = environment(names[release]) if release in names else Path(sys.executable)
    with served(tmp_path / "data") as url:
        databricks_url = f"{url}/databricks"
        (tmp_path / ".databrickscfg").write_text(
            f"[DEFAULT]\nhost = {url}\ntoken = any\n[team]\nhost = {databricks_url}\ntoken = any\n"
        )
        given: dict[str, Any] = {"DATABRICKS_HOST": databricks_url, "DATABRICKS_TOKEN": "any"} if how == "host" else {}
        uri = "databricks" if how == "host" else "databricks://team"

        assert Client(python).run("databricks_story.py", uri, HOME=tmp_path, **given) == "done"


def test_a_client_of_databricks_is_known_without_the_door_by_its_sdk(tmp_path: Path) -> None:
    with served(tmp_path / "data") as url:
        given: dict[str, Any] = {"DATABRICKS_HOST": url, "DATABRICKS_TOKEN": "any"}

        assert Client(Path(sys.executable)).run("databricks_story.py", "databricks", HOME=tmp_path, **given) == "done"
