"""Fixtures of tests of links: two workspaces, other servers, and a proxy that fails on request."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.client import Api, Unanswered
from support.databricks.workspace import Databricks
from support.faults.flaky import Flaky
from support.processes.servers import Server
from support.stock.server import stock_server


@pytest.fixture(scope="session")
def idle_servers() -> Iterator[list[Server]]:
    """At most one, suspended, without a workspace but the default one."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.kill9()


@pytest.fixture
def server(
    idle_servers: list[Server], tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Server]:
    """A server that tests of links use one after the other.  A test's workspaces are deleted after it.

    A test that stops or restarts its server, or writes to the default workspace, calls `start`."""
    if not idle_servers:
        data = tmp_path_factory.mktemp("server")
        shutil.copy(sqlite_template, data / "trackside.db")
        idle_servers.append(Server(data, ("--durability", "relaxed")).start())
    server = idle_servers.pop()
    server.resume()
    yield server
    is_emptied = False
    try:
        is_emptied = _is_emptied(server)
    finally:
        if is_emptied:
            server.suspend()
            idle_servers.append(server)
        else:
            server.kill9()


def _is_emptied(server: Server) -> bool:
    """Return whether the server has answered and none of its workspaces is on hold."""
    api = server.api
    try:
        assert "changes" not in api.get("/api/trackside/v1/changes"), "the test wrote to the default workspace"
        names = [each["name"] for each in api.get("workspaces", version="3.0")["workspaces"]]
        replies = [
            api.ask("DELETE", f"workspaces/{name}", version="3.0", arguments={"mode": "CASCADE"})
            for name in names
            if name != "default"
        ]
    except Unanswered:
        return False
    return all(reply.status == 204 for reply in replies)


@pytest.fixture
def here(server: Server) -> Api:
    return server.api.new_workspace("north")


@pytest.fixture
def there(server: Server) -> Api:
    return server.api.new_workspace("south")


@pytest.fixture
def stock(server: Server) -> Api:
    return server.api.new_workspace("stock")


@pytest.fixture
def flaky(server: Server) -> Iterator[Flaky]:
    proxy = Flaky(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def as_stock(flaky: Flaky) -> Flaky:
    """A Trackside that presents itself as an MLflow server."""
    flaky.as_stock()
    return flaky


@pytest.fixture(scope="module")
def stock_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow") / "mlflow.db"


@pytest.fixture(scope="module")
def stock_url(stock_database: Path) -> Iterator[str]:
    """Of a real `mlflow server`."""
    with stock_server(stock_database.parent) as url:
        yield url


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    workspace = Databricks()
    yield workspace
    workspace.close()


@pytest.fixture
def run(databricks: Databricks) -> str:
    """The id of one there."""
    calls = databricks._calls()
    experiment = calls["POST", "experiments/create"]({"name": "/Shared/e"})["experiment_id"]
    return str(calls["POST", "runs/create"]({"experiment_id": experiment})["run"]["info"]["run_id"])
