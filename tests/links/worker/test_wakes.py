"""Events of a link wake its worker: no timer of these servers fires during the test."""

from collections.abc import Callable

import pytest

from support.client import Api
from support.links import LINKS, add, link, settle, until, url_of
from support.processes.servers import Server

NEVER = 1e6  # times as long as usual


@pytest.mark.parametrize("mode", ["both", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("push", "pull"))])
def test_a_point_wakes_the_link_on_either_side(start: Callable[..., Server], mode: str) -> None:
    server = start(interval_factor=NEVER)
    here, there = (server.api.new_workspace(name) for name in ("north", "south"))
    source, copy = (there, here) if mode == "pull" else (here, there)
    add(here, "l", url_of(server, "south"), mode=mode)
    run = source.new_run()
    until(lambda: _has(copy, run), "the run to arrive")

    for value in (1.0, 2.0):
        source.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=1, step=int(value))
        until(lambda value=value: _last(copy, run) == value, "the point to arrive")  # type: ignore[misc]


def test_a_restart_a_sync_and_a_resume_wake_the_link(start: Callable[..., Server], server: Server) -> None:
    other = server.api.new_workspace("south")
    own = start(interval_factor=NEVER)
    add(own.api, "l", url_of(server, "south"))
    own.api.post(f"{LINKS}/l/pause")
    run = own.api.new_run()

    own.restart()
    own.api.post(f"{LINKS}/l/resume")
    settle(own.api, "l")
    other.post("runs/set-tag", run_id=run, key="color", value="red")
    own.restart()
    own.api.post(f"{LINKS}/l/sync")
    settle(own.api, "l")

    assert _has(other, run)
    assert link(own.api, "l")["last_success_at"] is not None


def _has(api: Api, run_id: str) -> bool:
    return api.ask("GET", "runs/get", arguments={"run_id": run_id}).status == 200


def _last(api: Api, run_id: str) -> float | None:
    metrics = api.run(run_id)["data"].get("metrics", [])
    return metrics[0]["value"] if metrics else None
