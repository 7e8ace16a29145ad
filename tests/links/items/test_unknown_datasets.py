"""Evaluation datasets in links to servers without them, or without some calls: other items are copied, and the log reports it
once."""

import json

import pytest

from support.client import Api
from support.evaluation_datasets import all_of, delete_records, ids_of, new_id, upsert
from support.faults.flaky import Flaky
from support.links import add, all_runs, check, link, log, settle
from support.processes.servers import Server

LINK = "old"
UNKNOWN = "the remote does not support evaluation datasets: they are not sent"


def test_a_server_of_an_earlier_release_gets_the_supported_items(server: Server, here: Api, flaky: Flaky) -> None:
    flaky.as_stock(lambda method, path: "404" if "/3.0/mlflow/datasets" in path else None)
    stock = server.api.new_workspace("stock")
    here.new_run()
    for name in ("one", "two"):
        new_id(here, name, experiment_ids=["0"])

    add(here, LINK, f"{flaky.url}/ws/stock", mode="both")
    settle(here, LINK)

    assert len(all_runs(stock)) == len(all_runs(here)) == 1
    assert ids_of(stock) == set()
    assert [(each["kind"], each["message"]) for each in log(here, LINK)] == [("skipped", UNKNOWN)]
    assert link(here, LINK).get("last_error") is None
    assert check(here, LINK) == []


def test_an_earlier_release_of_trackside_gets_the_supported_items(here: Api, there: Api, flaky: Flaky) -> None:
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    about = there.get("/api/trackside/v1/sync/about")
    del about["kinds"]
    flaky.answers["earlier"] = (200, {"content-type": "application/json"}, json.dumps(about).encode())
    flaky.faults = lambda method, path: "earlier" if path.partition("?")[0].endswith("/sync/about") else None

    new_id(here, "one")
    new_id(here, "two")
    run = here.new_run()
    settle(here, LINK)

    assert [each["info"]["run_id"] for each in all_runs(there)] == [run]
    assert ids_of(there) == set()
    assert [each["message"] for each in log(here, LINK)] == [UNKNOWN]
    assert check(here, LINK) == []


@pytest.mark.slow
def test_remote_records_that_a_server_cannot_delete_are_kept(server: Server, here: Api, flaky: Flaky) -> None:
    flaky.as_stock(lambda method, path: "404" if method == "DELETE" and path.endswith("/records") else None)
    stock = server.api.new_workspace("stock")
    dataset_id = new_id(here)
    upsert(here, dataset_id, {"inputs": {"q": 1}}, {"inputs": {"q": 2}})
    add(here, LINK, f"{flaky.url}/ws/stock")
    settle(here, LINK)

    delete_records(here, dataset_id, [all_of(here, dataset_id)[0]["dataset_record_id"]])
    upsert(here, dataset_id, {"inputs": {"q": 3}})
    settle(here, LINK)

    (copy,) = ids_of(stock)
    assert sorted(each["inputs"]["q"] for each in all_of(stock, copy)) == [1, 2, 3]
    assert [each["kind"] for each in log(here, LINK)] == ["skipped"]


@pytest.mark.slow
def test_a_record_with_half_a_surrogate_pair_is_not_sent(server: Server, here: Api, as_stock: Flaky) -> None:
    stock = server.api.new_workspace("stock")
    dataset_id = new_id(here)
    upsert(here, dataset_id, {"inputs": {"half": "\ud800"}}, {"inputs": {"q": 2}})

    add(here, LINK, f"{as_stock.url}/ws/stock", mode="both")
    settle(here, LINK)

    (copy,) = ids_of(stock)
    assert [each["inputs"] for each in all_of(stock, copy)] == [{"q": 2}]
    assert [each["kind"] for each in log(here, LINK)] == ["skipped"]
    assert len(all_of(here, dataset_id)) == 2
