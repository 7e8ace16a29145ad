"""What many tests of links begin with: two workspaces, other servers, and a proxy that answers badly when it is told to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.client import Api
from support.databricks.workspace import Databricks
from support.faults.flaky import Flaky
from support.processes.servers import Server
from support.stock.server import stock_server


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
    """A Trackside that does not say so."""
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
