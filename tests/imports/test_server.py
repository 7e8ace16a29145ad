"""Histories of a running MLflow server: complete for any length, by few calls."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.request import Request, urlopen

import pytest

from imports.conftest import Importer
from support.client import Api
from support.faults.answering import Answered, Asked, answering
from support.processes.servers import Server
from support.registry import Registry
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.metrics.series import pack
from trackside.sync.remote.trackside.client import TracksideRemote

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk?"


@contextmanager
def before(url: str, *, without: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server that hands on to another one what it is asked, but for one call that it does not have; and what that was."""
    asked: list[str] = []

    def answer(call: Asked) -> Answered:
        asked.append(call.path)
        if without and call.path.startswith(without):
            return Answered(404)
        request = Request(url + call.path, call.body or None, {"content-type": "application/json"}, method=call.method)
        with urlopen(request) as answered:
            return Answered(answered.status, answered.read())

    with answering(answer) as address:
        yield address, asked


@pytest.fixture
def source(start: Callable[..., Server]) -> Server:
    """With runs of 12,000 points, one of 60,000, and short ones."""
    server = start()
    peer = TracksideRemote(HttpClient(server.url, Secret()))
    for number, length in enumerate((12_000, 3, 60_000, 12_000, 1, 12_000)):
        run_id = server.api.new_run()
        points = [(step, 1000 + step, number + step / 7) for step in range(length)]
        peer.send_points(run_id, {"m": pack(points), "n": pack(points[:1])})
    peer.close()
    return server


def histories(api: Api) -> Mapping[str, object]:
    runs = api.post("runs/search", experiment_ids=["0"])["runs"]
    return {
        run["info"]["run_id"]: [sorted(_whole(api, run["info"]["run_id"], key)) for key in ("m", "n")] for run in runs
    }


@pytest.mark.slow
def test_histories_larger_than_one_answer_are_imported_completely(
    server: Server, bring: Importer, source: Server
) -> None:
    with before(source.url) as (url, asked):
        done = bring(url)

    assert (done.code, done.report["points"]) == (0, 96_004 + 6)
    assert histories(server.api) == histories(source.api)
    assert len([each for each in asked if each.startswith(BULK)]) <= 8


@pytest.mark.slow
def test_models_that_a_link_created_at_the_source_are_not_imported_twice(
    server: Server, bring: Importer, source: Server
) -> None:
    """Their tags name the originals, which only the link uses."""
    tags = [{"key": "trackside.source_uid", "value": "1"}, {"key": "team", "value": "blue"}]
    registry = Registry(source.api)
    registry.new_model("iris", tags=tags)
    registry.new_version("iris", source="s3://bucket/model", tags=tags)

    first = bring(source.url).report
    second = bring(source.url).report

    assert (first["registered_models"]["new"], first["model_versions"]["new"]) == (1, 1)
    assert (second["registered_models"]["changed"], second["model_versions"]["changed"]) == (0, 0)
    assert Registry(server.api).model("iris")["tags"] == [{"key": "team", "value": "blue"}]


@pytest.mark.slow
def test_histories_are_read_run_by_run_from_a_server_without_the_bulk_call(
    server: Server, bring: Importer, source: Server
) -> None:
    with before(source.url, without=BULK) as (url, asked):
        done = bring(url)

    assert (done.code, done.report["points"]) == (0, 96_004 + 6)
    assert histories(server.api) == histories(source.api)
    assert len([each for each in asked if each.startswith(BULK)]) <= 2


def _whole(api: Api, run_id: str, key: str) -> Iterator[tuple[int, int, float]]:
    token = None
    while True:
        page = api.get(
            "metrics/get-history",
            run_id=run_id,
            metric_key=key,
            max_results=25_000,
            **({"page_token": token} if token else {}),
        )
        yield from ((each["step"], each["timestamp"], each["value"]) for each in page.get("metrics", []))
        token = page.get("next_page_token")
        if not token:
            return
