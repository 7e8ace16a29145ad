"""Traces on both sides of a link between two Tracksides."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, check, link, log, settle, sync, until, url_of
from support.processes.servers import Server
from support.traces import Sent, export, file_of, search, start, trace_id

LINK = "twin"
OWN = ("mlflow.artifactLocation",)


def everything(api: Api, experiment: str = "Default") -> dict[str, Any]:
    """The traces of an experiment with their spans, by id; without where their files lie."""
    found = api.ask("GET", "/api/2.0/mlflow/experiments/get-by-name", arguments={"experiment_name": experiment})
    if found.status != 200:
        return {}
    key = found.json["experiment"]["experiment_id"]
    made = {}
    for each in search(api, experiments=[key], max_results=500):
        tags = {name: value for name, value in each["tags"].items() if name not in OWN}
        arguments = {"trace_id": each["trace_id"], "allow_partial": "true"}
        whole = api.ask("GET", "/api/3.0/mlflow/traces/get", arguments=arguments)
        if whole.status == 404:
            continue  # it was deleted meanwhile
        spans = whole.json["trace"].get("spans", [])
        spans.sort(key=lambda span: str(span["span_id"]))  # spans that begin at once come in the order of their arrival
        said = sorted(each.get("assessments", []), key=lambda one: one["assessment_id"])
        shown = {"tags": tags, "trace_location": experiment, "spans": spans, "assessments": said}
        made[each["trace_id"]] = {**each, **shown}
    return made


def assess(api: Api, number: int = 1, **fields: Any) -> str:
    given = {"assessment_name": "good", "source": {"source_type": "HUMAN", "source_id": "ada"}, **fields}
    given.setdefault("feedback", {"value": True})
    made = api.post(f"traces/{trace_id(number)}/assessments", assessment=given, version="3.0")
    return str(made["assessment"]["assessment_id"])


def set_tag(api: Api, number: int, key: str, value: str) -> None:
    reply = api.ask("PATCH", f"/api/2.0/mlflow/traces/{trace_id(number)}/tags", {"key": key, "value": value})
    assert reply.status == 200, reply


def delete(api: Api, *numbers: int, experiment_id: str = "0") -> None:
    ids = [trace_id(number) for number in numbers]
    api.post("traces/delete-traces", experiment_id=experiment_id, request_ids=ids, version="3.0")


def trace(api: Api, number: int = 1, *, experiment_id: str = "0", **fields: Any) -> None:
    start(api, number, experiment_id=experiment_id, **fields)
    spans = [
        Sent(1, name="ask", trace=number, end=50, attributes={"mlflow.spanInputs": {"q": "é", "n": [1, 2.5, None]}}),
        Sent(
            2,
            parent=1,
            name="call",
            trace=number,
            attributes={"mlflow.spanType": "LLM"},
            events=[("exception", {"a": 1})],
        ),
        Sent(3, parent=2, name="tool", trace=number, start=2, end=7, status=2),
    ]
    export(api, *spans, experiment_id=experiment_id)


@pytest.mark.both
def test_a_trace_is_copied_and_its_changes_follow(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    there.new_experiment("makes the ids differ")
    shop = here.new_experiment("shop")
    run_id = here.new_run(shop)
    trace(
        here,
        experiment_id=shop,
        client_request_id="c-1",
        request_preview="how?",
        tags={"team": "blue", "mlflow.traceName": "answer"},
        trace_metadata={
            "mlflow.trace.session": "s",
            "mlflow.sourceRun": run_id,
            "mlflow.trace.sizeStats": '{"num_spans": 3}',
        },
    )
    here.post("traces/link-to-run", trace_ids=[trace_id(1)], run_id=run_id)
    assessment_id = assess(here)
    assess(
        here,
        expectation={"serialized_value": {"serialization_format": "JSON_FORMAT", "value": '{"a": [1]}'}},
        feedback=None,
    )
    export(here, Sent(1, trace=2), experiment_id=shop)  # an exporter of OpenTelemetry: there is no start call

    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)
    arrived = everything(there, "shop")

    assert arrived == everything(here, "shop")
    assert file_of(there) == file_of(here)
    assert [each["trace_id"] for each in search(there, f"run_id = '{run_id}'", [_id(there, "shop")])] == [trace_id(1)]
    assert check(here, LINK) == []

    set_tag(here, 1, "team", "red")
    here.ask("DELETE", f"/api/3.0/mlflow/traces/{trace_id(1)}/assessments/{assessment_id}")
    export(here, Sent(4, parent=1, trace=1), Sent(3, parent=2, name="tool again", trace=1), experiment_id=shop)
    export(here, Sent(2, parent=1, trace=2, end=900), experiment_id=shop)
    settle(here, LINK)

    assert everything(there, "shop") == everything(here, "shop") != arrived
    delete(here, 1, experiment_id=shop)
    settle(here, LINK)
    assert list(everything(there, "shop")) == [trace_id(2)]
    assert check(here, LINK) == []
    assert log(here, LINK) == []
    assert link(here, LINK)["mirrored"]["trace"] == 1


def test_a_pull_link_copies_traces_and_their_changes(here: Api, there: Api, server: Server) -> None:
    trace(there, tags={"a": "1"})
    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: everything(here) == everything(there) != {}, "what was there to come")

    set_tag(there, 1, "a", "2")
    assess(there)
    trace(there, 2)
    until(lambda: len(everything(here)) == 2 and everything(here) == everything(there), "what changed to come")
    delete(here, 1)
    sync(here, LINK)
    until(lambda: everything(here) == everything(there), "what was deleted here to come back")
    delete(there, 1, 2)

    until(lambda: everything(here) == {}, "the deletion to come")
    assert check(here, LINK) == []


@pytest.mark.parametrize("mutual", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_changes_of_either_side_reach_both(here: Api, there: Api, server: Server, mutual: bool) -> None:
    trace(here, 1, tags={"k": "0"})
    trace(there, 2)
    add(here, LINK, url_of(server, "south"), mode="both")
    if mutual:
        add(there, LINK, url_of(server, "north"), mode="both")
    until(lambda: len(everything(here)) == len(everything(there)) == 2, "both to be on both sides")
    settle(here, LINK)  # what changes before both agree is a conflict
    if mutual:
        settle(there, LINK)

    set_tag(there, 1, "k", "1")
    assess(here, 2)
    assess(there, 2, assessment_name="other")
    export(here, Sent(8, parent=1, trace=1))
    export(there, Sent(9, parent=1, trace=1))
    until(
        lambda: everything(here) == everything(there) and len(everything(here)[trace_id(1)]["spans"]) == 5,
        "the changes to come",
    )

    assert {each["assessment_name"] for each in everything(here)[trace_id(2)]["assessments"]} == {"good", "other"}
    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []
    until(lambda: check(here, LINK) == [], "nothing to differ")
    settle(here, LINK)
    if mutual:
        settle(there, LINK)  # a change against a deletion stays
    delete(there, 1)
    until(lambda: set(everything(here)) == set(everything(there)) == {trace_id(2)}, "the deletion to come")


def test_many_deletions_wait_until_they_are_accepted(here: Api, there: Api, server: Server) -> None:
    for number in range(1, 6):
        start(here, number)
    add(here, LINK, url_of(server, "south"), max_deletions=2, max_deletions_percent=10)
    settle(here, LINK)

    delete(here, 1, 2, 3, 4)
    until(lambda: link(here, LINK)["state"] == "paused", "the link to pause")
    kept = len(everything(there))
    here.post(f"/api/trackside/v1/links/{LINK}/resume", accept_deletions=True)

    until(lambda: len(everything(there)) == 1, "the deletions to happen")
    assert kept == 5


def test_nothing_is_lost_while_the_other_side_is_down(here: Api, there: Api, flaky: Flaky) -> None:
    trace(here, 1)
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    flaky.faults = lambda method, path: "503"

    trace(here, 2)
    set_tag(here, 1, "while", "down")
    until(lambda: "last_error" in link(here, LINK), "the link to notice")
    flaky.faults = lambda method, path: "lost" if (method, path.partition("?")[0][-6:]) == ("POST", "traces") else None
    here.post(f"/api/trackside/v1/links/{LINK}/sync")
    until(lambda: any(fault == "lost" for _, _, fault in flaky.seen), "an answer to be lost")
    flaky.faults = lambda method, path: None

    until(lambda: everything(there) == everything(here), "all to arrive")
    assert len(everything(there)) == 2


def test_new_traces_share_their_calls(here: Api, there: Api, flaky: Flaky) -> None:
    for number in range(1, 31):
        trace(here, number)

    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)

    assert everything(there) == everything(here)
    calls = [path.partition("?")[0].rpartition("sync/")[2] for _, path, _ in flaky.seen]
    assert calls.count("traces") == 1
    assert calls.count("traces/fingerprints") == calls.count("traces/spans") == 0
    assert link(here, LINK)["mirrored"]["trace"] == 30
    assert log(here, LINK) == []


def _id(api: Api, experiment: str) -> str:
    return str(api.get("experiments/get-by-name", experiment_name=experiment)["experiment"]["experiment_id"])


def test_a_trace_that_is_restored_comes_back_on_the_other_side(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    trace(here, tags={"team": "blue"})
    assess(here)
    trace(here, 2)
    add(here, LINK, url_of(server, "south"), mode="both")
    settle(here, LINK)
    before = everything(here)
    assert everything(there) == before

    delete(here, 1)
    settle(here, LINK)
    until(lambda: sorted(everything(there)) == [trace_id(2)], "the deletion to arrive")
    restore(here, 1)
    settle(here, LINK)
    until(lambda: everything(there) == before, "the trace to come back", said=lambda: str(log(here, LINK)))

    delete(there, 1)
    until(lambda: sorted(everything(here)) == [trace_id(2)], "the deletion to come back")
    restore(there, 1)
    until(lambda: everything(here) == before, "the trace to come back here", said=lambda: str(log(here, LINK)))
    settle(here, LINK)
    assert (everything(there), check(here, LINK)) == (before, [])


def restore(api: Api, number: int) -> None:
    api.post("/api/trackside/v1/trash/restore", {"kind": "trace", "id": trace_id(number)})
