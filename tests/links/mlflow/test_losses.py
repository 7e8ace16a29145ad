"""A real `mlflow server` with a replaced or older database: local registered models are kept."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from support.client import Api, Socket
from support.links import add, link, log, registry_of, settle, sync, until
from support.processes.ports import free_port
from support.processes.servers import Server
from support.registry import Registry
from support.stock.server import stock_server

pytestmark = pytest.mark.slow
LINK = "stock"


class Stock:
    """Its database may be exchanged while it is away."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        self.registry = folder / "registry.db"
        self.tracking = folder / "mlflow.db"
        self.start()

    def start(self) -> None:
        words = ("--registry-store-uri", f"sqlite:///{self.registry}")
        self._running: AbstractContextManager[str] = stock_server(self.folder, *words, port=self.port)
        self.url = self._running.__enter__()
        self.transport = Socket(self.port)
        self.api = Api(self.transport)

    def stop(self) -> None:
        self.transport.close()
        self._running.__exit__(None, None, None)

    def exchange(self, work: Callable[[Path], Any], *files: Path) -> None:
        self.stop()
        for file in files:
            work(file)
        self.start()


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[Stock]:
    made = Stock(tmp_path / "stock")
    yield made
    made.stop()


def keep(file: Path) -> None:
    shutil.copy(file, f"{file}.kept")


def put_back(file: Path) -> None:
    shutil.copy(f"{file}.kept", file)


def names(api: Api) -> dict[str, list[str]]:
    return {name: sorted(model["versions"]) for name, model in registry_of(api).items()}


@pytest.mark.parametrize("mode", ["pull", "both"])
@pytest.mark.parametrize("what", ["all", "registry"])
def test_registered_versions_are_kept_when_a_database_is_lost(
    server: Server, stock: Stock, mode: str, what: str
) -> None:
    here = server.api.new_workspace("north")
    stock.api.new_run()
    for name in ("iris", "rose"):
        Registry(stock.api).new_model(name)
        Registry(stock.api).new_version(name)
    add(here, LINK, stock.url, mode=mode, registry=True)
    until(lambda: {"model_version": 2, "run": 1}.items() <= link(here, LINK)["mirrored"].items(), "all to come")
    settle(here, LINK)

    stock.exchange(Path.unlink, stock.registry, *([stock.tracking] if what == "all" else []))
    sync(here, LINK)
    until(lambda: link(here, LINK).get("lost_store_at") is not None, "the loss to be seen")
    if mode == "both":
        until(lambda: names(stock.api) == {"iris": ["1"], "rose": ["1"]}, "all to be created again there")
    settle(here, LINK)

    assert names(here) == {"iris": ["1"], "rose": ["1"]}


def test_data_newer_than_a_restored_backup_is_kept_and_later_removals_are_copied(server: Server, stock: Stock) -> None:
    here = server.api.new_workspace("north")
    stock.api.new_run()
    Registry(stock.api).new_model("iris")
    Registry(stock.api).new_version("iris")
    stock.exchange(keep, stock.registry, stock.tracking)
    add(here, LINK, stock.url, mode="pull", registry=True)
    stock.api.new_run()
    Registry(stock.api).new_version("iris")
    Registry(stock.api).new_model("rose")
    until(
        lambda: {"run": 2, "model_version": 2, "registered_model": 2}.items() <= link(here, LINK)["mirrored"].items(),
        "all to come",
    )
    settle(here, LINK)

    stock.exchange(put_back, stock.registry, stock.tracking)
    sync(here, LINK)
    until(lambda: link(here, LINK).get("lost_store_at") is not None, "the loss to be seen")
    settle(here, LINK)
    assert names(here) == {"iris": ["1", "2"], "rose": []}
    assert any("which was not deleted" in entry["message"] for entry in log(here, LINK))

    Registry(stock.api).new_model("lily")
    until(lambda: "lily" in names(here), "what is new there to come")
    Registry(stock.api).delete_version(1, "iris")
    until(lambda: names(here)["iris"] == ["2"], "what is removed there to go")
