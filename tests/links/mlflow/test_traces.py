"""Traces of a real `mlflow server`, which has no change log."""

from collections.abc import Iterator
from typing import Any

import pytest

from links.items.test_traces import assess, delete, set_tag, trace
from support.client import Api, Socket
from support.links import add, check, link, log, settle, sync, until
from support.processes.servers import Server
from support.traces import Sent, export, file_of, search, trace_id

pytestmark = pytest.mark.slow
LINK = "stock"
COMPARED = (
    *("trace_id", "request_time", "state", "execution_duration", "client_request_id", "request_preview"),
    *("response_preview", "assessments"),
)


@pytest.fixture
def stock(stock_url: str) -> Iterator[Api]:
    transport = Socket(int(stock_url.rpartition(":")[2]))
    yield Api(transport)
    transport.close()


@pytest.fixture
def here(server: Server) -> Api:
    return server.api.new_workspace("north")


def content(api: Api, experiment: str, number: int) -> Any:
    """A trace with its spans, as far as it is the same on both kinds of servers."""
    key = api.get("experiments/get-by-name", experiment_name=experiment)["experiment"]["experiment_id"]
    there = {each["trace_id"]: each for each in search(api, experiments=[key])}
    if trace_id(number) not in there:
        return None
    found = there[trace_id(number)]
    tags = {name: value for name, value in found["tags"].items() if not name.startswith("mlflow.artifact")}
    said = sorted(
        (each["assessment_name"], str(each.get("feedback")), each["create_time"])
        for each in found.get("assessments", [])
    )
    spans = sorted(
        (
            each["span_id"],
            each["name"],
            str(sorted(each["attributes"].items())),
            each["status"]["code"],
            str(each["events"]),
        )
        for each in (file_of(api, number) if "mlflow.trace.spansLocation" in tags else ())
    )
    plain = {name: found.get(name) for name in COMPARED if name != "assessments"}
    return {**plain, "tags": tags, "said": said, "spans": spans, "metadata": found.get("trace_metadata")}


def is_there(api: Api, experiment: str, number: int) -> bool:
    """Asked by one call, since a trace may go between two."""
    key = api.get("experiments/get-by-name", experiment_name=experiment)["experiment"]["experiment_id"]
    return any(each["trace_id"] == trace_id(number) for each in search(api, experiments=[key]))


def test_a_local_trace_is_pushed_and_updated(here: Api, stock: Api, stock_url: str) -> None:
    shop = here.new_experiment("pushed")
    run_id = here.new_run(shop)
    trace(
        here,
        41,
        experiment_id=shop,
        client_request_id="c-1",
        request_preview="how?",
        tags={"team": "blue", "mlflow.traceName": "answer"},
        trace_metadata={
            "mlflow.trace.session": "s",
            "mlflow.sourceRun": run_id,
            "mlflow.trace.sizeStats": '{"num_spans": 3}',
            "mlflow.trace.tokenUsage": '{"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}',
        },
    )
    here.post("traces/link-to-run", trace_ids=[trace_id(41)], run_id=run_id)
    gone = assess(here, 41)
    export(here, Sent(1, trace=42), experiment_id=shop)
    add(here, LINK, stock_url, experiments=["pushed"])
    settle(here, LINK)

    ours, theirs = content(here, "pushed", 41), content(stock, "pushed", 41)
    copy = theirs["metadata"].pop("mlflow.sourceRun")
    assert copy != ours["metadata"].pop("mlflow.sourceRun")
    assert [each["trace_id"] for each in search(stock, f"run_id = '{copy}'", [_id(stock, "pushed")])] == [trace_id(41)]
    assert theirs == ours
    assert content(stock, "pushed", 42)["spans"] == content(here, "pushed", 42)["spans"] != []
    assert check(here, LINK) == []

    set_tag(here, 41, "team", "red")
    here.ask("DELETE", f"/api/3.0/mlflow/traces/{trace_id(41)}/assessments/{gone}")
    assess(here, 41, assessment_name="later")
    export(here, Sent(4, parent=1, trace=41), experiment_id=shop)
    settle(here, LINK)

    ours, theirs = content(here, "pushed", 41), content(stock, "pushed", 41)
    assert [theirs[name] for name in ("tags", "said", "spans")] == [ours[name] for name in ("tags", "said", "spans")]
    assert len(theirs["spans"]) == 4
    assert log(here, LINK) == []
    delete(here, 41, experiment_id=shop)
    settle(here, LINK)
    assert not is_there(stock, "pushed", 41)


def test_a_remote_trace_is_pulled_and_updated(here: Api, stock: Api, stock_url: str) -> None:
    theirs = stock.new_experiment("pulled")
    trace(
        stock,
        51,
        experiment_id=theirs,
        tags={"team": "blue"},
        trace_metadata={"mlflow.trace.sizeStats": '{"num_spans": 3}'},
    )
    add(here, LINK, stock_url, mode="pull", experiments=["pulled"])
    until(lambda: link(here, LINK)["mirrored"].get("trace") == 1, "the trace to come")
    until(lambda: check(here, LINK) == [], "nothing to differ", said=lambda: (check(here, LINK), log(here, LINK)))

    assert content(here, "pulled", 51) == content(stock, "pulled", 51)
    set_tag(stock, 51, "team", "red")
    assess(stock, 51)
    trace(stock, 52, experiment_id=theirs)
    until(lambda: content(here, "pulled", 52) == content(stock, "pulled", 52), "another one to come")
    until(lambda: content(here, "pulled", 51) == content(stock, "pulled", 51), "the changes to come")
    delete(stock, 51, experiment_id=theirs)
    sync(here, LINK)
    until(lambda: not is_there(here, "pulled", 51), "the deletion to come")
    assert check(here, LINK) == []


def test_changes_of_both_sides_are_merged(here: Api, stock: Api, stock_url: str) -> None:
    ours, theirs = here.new_experiment("both"), stock.new_experiment("both")
    trace(here, 61, experiment_id=ours, tags={"k": "0"})
    trace(stock, 62, experiment_id=theirs)
    add(here, LINK, stock_url, mode="both", experiments=["both"])
    until(lambda: is_there(here, "both", 62) and is_there(stock, "both", 61), "both to arrive")
    settle(here, LINK)

    set_tag(stock, 61, "k", "1")
    assess(here, 62)
    until(lambda: content(here, "both", 61) == content(stock, "both", 61), "the tag to come")
    until(lambda: content(here, "both", 62) == content(stock, "both", 62), "the feedback to go")
    until(lambda: check(here, LINK) == [], "nothing to differ", said=lambda: check(here, LINK))
    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []


def _id(api: Api, experiment: str) -> str:
    return str(api.get("experiments/get-by-name", experiment_name=experiment)["experiment"]["experiment_id"])
