"""Traces of a stock server: by its database and by itself, as they are."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Importer, tally
from support.client import Api, Socket
from support.processes.servers import Server
from support.stock.server import stock_server
from support.traces import Sent, export, names, search, spans_of, start, trace_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("stock")
    with stock_server(folder) as url:
        yield folder, url


def infos(api: Api, experiment: str) -> list[dict[str, Any]]:
    """Without what names the place of a trace, which is another one."""
    found = search(api, experiments=[experiment])
    for each in found:
        del each["trace_location"], each["tags"]["mlflow.artifactLocation"]
        each.pop("root_span_name", None)
    return found


@pytest.mark.parametrize(("kind", "first"), [("database", 100), ("server", 200)])
def test_traces_are_imported_with_spans_tags_assessments_and_links(
    server: Server, bring: Importer, stock: tuple[Path, str], kind: str, first: int
) -> None:
    folder, url = stock
    (folder / "files").mkdir(exist_ok=True)
    transport = Socket(int(url.rpartition(":")[2]))
    api = Api(transport)
    experiment = api.new_experiment(f"traced of {kind}")
    run = api.new_run(experiment)
    values = {"mlflow.spanInputs": {"q": "größe", "n": [1, 2.5, None]}, "mlflow.spanType": "LLM", "session.id": "s-1"}
    for number in range(first, first + 110):
        export(
            api,
            Sent(1, trace=number, name="root", attributes=values, status=2 if number % 2 else 1, start=number),
            Sent(2, trace=number, parent=1, name="child", start=number + 1),
            experiment_id=experiment,
        )
    start(api, first, experiment_id=experiment, tags={"mlflow.traceName": "chat", "team": "blue"}, state="OK")
    source = {"source_type": "HUMAN", "source_id": "ann"}
    for name, said in (("quality", {"feedback": {"value": 0.8}}), ("answer", {"expectation": {"value": {"a": [1]}}})):
        assessment = {"assessment_name": name, "trace_id": trace_id(first), "source": source, "rationale": "r", **said}
        api.post(f"traces/{trace_id(first)}/assessments", version="3.0", assessment=assessment)
    api.post("traces/link-to-run", trace_ids=[trace_id(first + 1)], run_id=run)
    wanted = url if kind == "server" else f"sqlite:///{folder}/mlflow.db"

    bring = partial(bring, wanted, *([] if kind == "server" else ["--artifacts", str(folder / "files")]))
    dry, done, again = bring("--dry-run"), bring(), bring()
    mine = server.api.get("experiments/get-by-name", experiment_name=f"traced of {kind}")["experiment"]["experiment_id"]
    came = infos(server.api, mine)
    api.ask("PATCH", f"/api/2.0/mlflow/traces/{trace_id(first)}/tags", {"key": "team", "value": "red"})
    third = bring()
    there = infos(api, experiment)
    mine_spans, their_spans = ([spans_of(each, first), spans_of(each, first + 7)] for each in (server.api, api))
    transport.close()

    assert (done.code, done.report["left_out"]) == (0, [])
    assert tally(dry.report, "traces")[0] == tally(done.report, "traces")[0] >= 110
    assert tally(again.report, "traces")[::2] == (0, tally(done.report, "traces")[0])
    assert tally(third.report, "traces")[1] == 1
    assert came == infos_before(came, there, first)
    assert mine_spans == their_spans
    if kind == "database":  # MLflow's calls do not tell links
        assert names(server.api, f"run_id = '{run}'", experiments=[mine]) == [first + 1]
    assert names(server.api, "tag.team = 'red'", experiments=[mine]) == [first]


def infos_before(came: list[dict[str, Any]], there: list[dict[str, Any]], changed: int) -> list[dict[str, Any]]:
    """What the source had before a tag of one of its traces was changed."""
    for each in there:
        if each["trace_id"] == trace_id(changed):
            each["tags"]["team"] = "blue"
    for each in (*came, *there):
        each["assessments"] = sorted(each.get("assessments", []), key=lambda one: one["assessment_name"])
        each["trace_metadata"].pop("mlflow.trace.infoFinalized", None)
    return there
