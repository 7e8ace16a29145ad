"""Stock clients of three releases trace an application against a server, and read what a stock server gives them."""

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from compat.conftest import Client
from support.processes.venvs import environment
from support.stock.server import stock_server
from trackside_mlflow import Workspace

pytestmark = pytest.mark.slow

# With a newer OpenTelemetry than their own time's, these clients lose their traces without a word.
OLD = {"2.22": "traces-2", "3.0": "traces-3"}


class Server(Protocol):
    url: str


@pytest.fixture
def workspace(server: Server) -> str:
    return Workspace.create(f"traces-{uuid.uuid4().hex[:8]}", url=server.url).get_mlflow_tracking_uri()


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a stock server.  Each test removes its traces."""
    with stock_server(tmp_path_factory.mktemp("stock")) as url:
        yield url


def story(client: Client, uri: str) -> Any:
    found = json.loads(client.run("traces.py", uri))
    for trace in (found["one"], *found["found"]):  # kept in the store whatever the client did
        trace["tags"].pop("mlflow.trace.spansLocation", None)
    return found


def test_the_newest_client_reads_what_it_reads_from_a_stock_server(workspace: str, stock: str) -> None:
    client = Client(Path(sys.executable))
    expected = story(client, stock)

    found = story(client, workspace)

    assert found == expected
    assert [len(trace["spans"]) for trace in found["found"]] == [3, 1]


@pytest.mark.parametrize("release", sorted(OLD))
def test_an_old_client_reads_what_it_reads_from_a_stock_server(release: str, workspace: str, stock: str) -> None:
    client = Client(environment(OLD[release]))
    expected = story(client, stock)

    found = story(client, workspace)

    assert found == expected
    assert [len(trace["spans"]) for trace in found["found"]] == [3, 1]


def test_each_client_reads_the_traces_of_the_others(workspace: str) -> None:
    """Stock clients of MLflow 2 cannot read the files of MLflow 3, so the server returns the older form."""
    clients = [Client(Path(sys.executable)), *(Client(environment(OLD[release])) for release in sorted(OLD))]
    for client in clients:
        client.run("trace_one.py", workspace)

    seen = [json.loads(client.run("trace_names.py", workspace)) for client in clients]

    assert seen == [[["answer", ["answer", "add"]]] * 3] * 3
