"""Clients that were written for Azure ML and for Databricks, unmodified, against a server of its own process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from compat.conftest import Client
from support.client import Api, Socket
from support.people import OURS
from support.venvs import environment
from trackside.cli.azure.commands import variables

pytestmark = pytest.mark.slow


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


def make_workspace(port: int, fields: dict[str, str]) -> None:
    with closing(Socket(port)) as socket:
        Api(socket).post(f"{OURS}/workspaces", fields)


def test_the_articles_story_by_microsofts_client(tmp_path: Path) -> None:
    client = Client(environment("azure"))
    with served(tmp_path / "data") as url:  # before the server speaks HTTPS only
        team = {"name": "team", "subscription_id": "S1", "resource_group": "R1"}
        make_workspace(int(url.rsplit(":", 1)[1]), team)
    with served(tmp_path / "data", "--tls", "self-signed") as url:
        there = url.replace("127.0.0.1", "localhost")
        given: dict[str, Any] = {**variables(there, "", str(tmp_path / "data" / "tls" / "ca.pem"))}

        assert client.run("azure_story.py", "S1", "R1", "team", HOME=tmp_path, **given) == "done"


def test_a_client_of_databricks(tmp_path: Path) -> None:
    with served(tmp_path / "data") as url:
        said = Client(Path(sys.executable)).run(
            "databricks_story.py", DATABRICKS_HOST=url, DATABRICKS_TOKEN="any", HOME=tmp_path
        )

    assert said == "done"
