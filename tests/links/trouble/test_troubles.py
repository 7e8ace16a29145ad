"""Problems of one item, or temporary ones, do not delay other items; Retry-After of the remote is respected."""

import pytest

from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, check, link, log, settle, until
from support.processes.servers import Server

LINK = "rough"


@pytest.mark.parametrize(
    ("mode", "fault"),
    [
        ("pull", "500"),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in (("push", "500"), ("push", "other-json"))),
    ],
)
def test_a_run_that_makes_the_remote_fail_waits_alone(server: Server, flaky: Flaky, mode: str, fault: str) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    source, copy = (here, there) if mode == "push" else (there, here)
    bad = source.new_run(run_name="bad")
    flaky.faults = lambda method, path: fault if "/item?" in path and bad in path else None
    add(here, LINK, f"{flaky.url}/ws/south", mode=mode)
    good = {source.new_run() for _ in range(3)}

    until(lambda: {run["info"]["run_id"] for run in all_runs(copy)} == good, "the others to come")
    until(lambda: any(entry["entity_id"] == bad for entry in log(here, LINK)), "the bad one to be named")
    good.add(source.new_run())
    until(lambda: {run["info"]["run_id"] for run in all_runs(copy)} == good, "a later one to come")
    until(lambda: link(here, LINK)["lag_items"] == 1, "the bad one alone to wait")
    flaky.faults = lambda method, path: None
    until(lambda: len(all_runs(copy)) == 5, "the bad one to come in the end")
    settle(here, LINK)

    assert [each["kind"] for each in log(here, LINK) if each["entity_id"] == bad] == ["refused"]
    assert check(here, LINK) == []


def test_a_long_pause_that_the_remote_requests_is_respected(server: Server, flaky: Flaky) -> None:
    here = server.api.new_workspace("north")
    server.api.new_workspace("south")
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    flaky.faults = lambda method, path: "429-long"
    here.new_run()
    until(lambda: link(here, LINK).get("retry_at") is not None, "the link to wait")
    waiting = link(here, LINK)
    asked = len(flaky.seen)
    flaky.faults = lambda method, path: None
    here.new_run()
    until(lambda: link(here, LINK)["lag_items"] == 2, "both runs to wait")
    before = len(flaky.seen)

    here.post(f"{LINKS}/{LINK}/resume")  # somebody knows better
    settle(here, LINK)

    assert 1700 < (waiting["retry_at"] - waiting["last_error_at"]) / 1000 <= 1800
    assert before == asked
    assert check(here, LINK) == []
