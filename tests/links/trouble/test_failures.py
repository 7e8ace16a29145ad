"""Two servers converge without duplicates after any failure between them or of one of them."""

import itertools
import random
from collections.abc import Callable

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, all_runs, check, everything, get_file, link, put_file, settle, until
from support.processes.servers import Server

LINK = "rough"


@pytest.mark.parametrize(
    "fault",
    ["cut-request", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("429", "500", "503", "cut-answer"))],
)
def test_each_call_may_fail_once(server: Server, flaky: Flaky, fault: str) -> None:
    """Every fifth call fails, so that each kind of call fails eventually and is repeated."""
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, f"{flaky.url}/ws/south")
    runs = [_fill(here, i) for i in range(3)]
    bad = itertools.cycle([None, None, None, None, fault])
    flaky.faults = lambda method, path: next(bad)

    settle(here, LINK)
    flaky.faults = lambda method, path: None

    assert any(seen[2] == fault for seen in flaky.seen)
    for run in runs:
        assert everything(there, run) == everything(here, run)
        assert get_file(there, run, "f/big.bin") == get_file(here, run, "f/big.bin")
    assert len(all_runs(there)) == 3
    assert check(here, LINK) == []


def test_a_link_says_what_to_do_when_the_workspace_of_the_other_side_is_deleted(server: Server) -> None:
    here = server.api.new_workspace("north")
    there = server.api.new_workspace("south")
    run = here.new_run()
    add(here, LINK, f"{server.url}/ws/south", mode="both")
    settle(here, LINK)
    assert there.run(run)["info"]["status"] == "RUNNING"

    server.api.ask("DELETE", "workspaces/south", version="3.0", arguments={"mode": "CASCADE"})
    here.post("runs/set-tag", run_id=run, key="k", value="v")

    remedy = "end the link: trackside link remove rough --copies keep"
    until(lambda: remedy in str(link(here, LINK).get("last_error")), "advice", said=lambda: link(here, LINK))
    assert here.tags(run)["k"] == "v"


def test_retry_after_of_the_remote_is_respected(server: Server, flaky: Flaky) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    add(here, LINK, f"{flaky.url}/ws/south")
    flaky.faults = lambda method, path: "429"
    run = here.new_run()

    until(lambda: link(here, LINK).get("retry_at") is not None, "the link to wait")
    waiting = link(here, LINK)
    flaky.faults = lambda method, path: None
    settle(here, LINK)

    assert waiting["retry_at"] - waiting["last_error_at"] >= 1000
    assert "429" in waiting["last_error"]
    assert there.run(run)


@pytest.mark.slow
def test_either_side_may_be_killed_at_any_moment(start: Callable[..., Server]) -> None:
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    far.options = (*far.options, "--port", str(far.port))
    near.options = (*near.options, "--port", str(near.port))
    add(near.api, LINK, far.url, mode="both")
    chance = random.Random(7)
    runs: list[str] = []
    for turn in range(8):
        side = near if chance.random() < 0.6 else far
        runs.append(_fill(side.api, turn))
        until(lambda wanted=turn: _moved(near.api) >= wanted, "some progress")  # type: ignore[misc]
        victim = near if turn % 2 else far
        victim.kill9()
        victim.start()

    until(lambda: len(all_runs(near.api)) == len(all_runs(far.api)) == len(runs), "all runs on both sides")
    until(lambda: check(near.api, LINK) == [], "both to be the same")

    for run in runs:
        assert everything(near.api, run) == everything(far.api, run)
        assert get_file(near.api, run, "f/big.bin") == get_file(far.api, run, "f/big.bin")


def _fill(api: Api, number: int) -> str:
    run = api.new_run(run_name=f"run {number}", start_time=number + 1)
    points = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(800)]
    api.post("runs/log-batch", run_id=run, metrics=points, params=[{"key": "p", "value": str(number)}])
    put_file(api, run, "f/big.bin", bytes([number]) * 300_000)
    put_file(api, run, "small.txt", b"x")
    api.post("runs/update", run_id=run, status="FINISHED", end_time=number + 10)
    return run


def _moved(api: Api) -> int:
    found = link(api, LINK)
    return int(found["sent_items"] + found["taken_items"])
