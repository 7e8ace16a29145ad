"""An unreadable registry does not delay runs, and a lost registry deletes nothing on the other side."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, all_runs, link, log, registry_of, until
from support.processes.servers import Server
from support.registry import Registry

LINK = "stock"


def test_runs_are_copied_while_the_registry_cannot_be_read(here: Api, stock: Api, as_stock: Flaky) -> None:
    as_stock.as_stock(lambda method, path: "404" if "registered-models" in path else None)
    theirs = stock.new_run()
    _link(here, as_stock, mode="both")
    ours = here.new_run()

    until(lambda: len(all_runs(stock)) == len(all_runs(here)) == 2, "the runs to be on both sides")
    until(lambda: log(here, LINK) != [], "the reason to be said")

    assert {run["info"]["run_id"] for run in all_runs(here)} == {ours, theirs}
    assert link(here, LINK).get("last_error") is None
    assert "the registry of the remote cannot be read: 404" in log(here, LINK)[0]["message"]


@pytest.mark.slow
def test_remote_versions_are_kept_when_the_other_side_lost_its_store(
    server: Server, here: Api, stock: Api, as_stock: Flaky
) -> None:
    stock.new_run()
    Registry(stock).new_model("iris")
    Registry(stock).new_version("iris")
    _link(here, as_stock, mode="pull")
    until(lambda: link(here, LINK)["mirrored"].get("model_version") == 1, "the version to come")
    until(lambda: link(here, LINK)["mirrored"].get("run") == 1, "the run to come")
    assert server.api.ask("DELETE", "workspaces/stock", {"mode": "CASCADE"}, version="3.0").status == 204
    server.api.new_workspace("stock")

    until(lambda: "registered_model" not in link(here, LINK)["mirrored"], "the next look at all of it")

    assert any("the store there is another one" in entry["message"] for entry in log(here, LINK))
    assert list(registry_of(here)["iris"]["versions"]) == ["1"]


def _link(api: Api, proxy: Flaky, **more: Any) -> None:
    add(api, LINK, f"{proxy.url}/ws/stock", kind="mlflow", registry=True, **more)
