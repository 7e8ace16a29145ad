"""Evaluation datasets of a stock server: by its database and by itself, as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Importer, tally
from support import evaluation_datasets as datasets
from support.client import Api, Socket
from support.processes.servers import Server
from support.stock.server import stock_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("stock")
    with stock_server(folder) as url:
        yield folder, url


def seen(api: Api, dataset_id: str) -> Any:
    """What a client sees of it, with the names of its experiments."""
    found = datasets.get(api, dataset_id)
    names = [
        api.get("experiments/get", experiment_id=each)["experiment"]["name"]
        for each in datasets.experiments_of(api, dataset_id)
    ]
    loaded = {name: json.loads(found[name]) for name in ("tags", "schema", "profile") if found.get(name)}
    return {**found, **loaded}, sorted(names), datasets.all_of(api, dataset_id)


@pytest.mark.parametrize("kind", ["database", "server"])
def test_evaluation_datasets_come_with_their_records(
    server: Server, bring: Importer, stock: tuple[Path, str], kind: str
) -> None:
    folder, url = stock
    transport = Socket(int(url.rpartition(":")[2]))
    api = Api(transport)
    experiment = api.new_experiment(f"questions of {kind}")
    ids = [
        datasets.new_id(api, "größe", experiment_ids=[experiment, "0"], tags={"t": "ü", "mlflow.user": "ann"}),
        datasets.new_id(api, "empty"),
    ]
    records = [
        {"inputs": {"q": f"{number} ü"}, "outputs": number, "expectations": {"a": [number]}, "tags": {"n": str(number)}}
        for number in range(300)
    ]
    for start in range(0, len(records), 50):
        datasets.upsert(api, ids[0], *records[start : start + 50])
    datasets.upsert(api, ids[0], {"inputs": {"bare": None}}, {"inputs": {"o": [1, None]}, "outputs": 0})
    source = url if kind == "server" else f"sqlite:///{folder}/mlflow.db"

    tried, first = bring(source, "--dry-run"), bring(source)
    second, verified = bring(source), bring(source, "--verify")
    came = [seen(server.api, each) for each in ids]
    there = [seen(api, each) for each in ids]
    datasets.upsert(api, ids[0], {"inputs": {"q": "0 ü"}, "expectations": {"a": "other"}}, {"inputs": {"more": 1}})
    tried_again, third = bring(source, "--dry-run"), bring(source)

    assert came == there
    assert [tried.report["records"], tried_again.report["records"]] == [first.report["records"], 2]
    assert (first.code, first.report["left_out"]) == (0, [])
    new, *_ = tally(first.report, "evaluation_datasets")
    assert (new >= 2, first.report["records"] >= 302) == (True, True)
    for again in (second, verified):
        assert tally(again.report, "evaluation_datasets")[:2] == (0, 0)
        assert (again.report["records"], again.report["differences"]) == (0, [])
    assert tally(third.report, "evaluation_datasets")[:2] == (0, 1)
    assert third.report["records"] == 2
    assert [seen(server.api, each) for each in ids] == [seen(api, each) for each in ids]
    transport.close()
