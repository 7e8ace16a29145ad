"""Runs that stay in the status RUNNING, by a clock that the tests move."""

from collections.abc import Sequence
from typing import Any

import pytest

from trackside.sync import fields
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.mlflow import active_runs
from trackside.sync.remote.mlflow.active_runs import ActiveRuns
from trackside.sync.remote.mlflow.run_changes import Poll, Searched
from trackside.sync.remote.mlflow.wire import snapshot_of_run
from trackside.sync.remote.port import Seen

HOUR_S = 3600


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run_of(number: int, status: str = "RUNNING", value: float = 1.0) -> dict[str, Any]:
    info = {
        "run_id": f"r{number}",
        "experiment_id": "1",
        "status": status,
        "start_time": 5,
        "lifecycle_stage": "active",
    }
    return {"info": info, "data": {"metrics": [{"key": "m", "value": value, "step": 1, "timestamp": 1}]}}


def test_active_runs_are_polled_each_time_and_idle_ones_less_and_less_often() -> None:
    clock = Clock()
    runs = ActiveRuns(clock)
    looks: dict[str, list[float]] = {"stale": [], "live": []}
    while clock.now < 24 * HOUR_S:
        if runs.is_due("stale", {"value": 1}):
            looks["stale"].append(clock.now)
        if runs.is_due("live", {"value": clock.now}):
            looks["live"].append(clock.now)
        clock.now += 5

    assert len(looks["live"]) == 24 * HOUR_S / 5
    assert looks["stale"][:6] == [0, 10, 20, 40, 80, 160]
    assert len(looks["stale"]) < 35
    assert max(b - a for a, b in zip(looks["stale"], looks["stale"][1:], strict=False)) == HOUR_S


def test_an_idle_run_that_continues_is_polled_at_once_and_then_like_an_active_one() -> None:
    clock = Clock()
    runs = ActiveRuns(clock)
    for _ in range(1000):
        runs.is_due("a", {"value": 1})
        clock.now += 30

    assert runs.is_due("a", {"value": 2})
    clock.now += active_runs.LEAST_S
    assert runs.is_due("a", {"value": 2})


def test_an_ended_run_that_continues_is_polled_at_once() -> None:
    runs = ActiveRuns(Clock())
    looks = [runs.is_due("a", {}), runs.is_due("a", {})]
    runs.forget("unknown")
    looks.append(runs.is_due("a", {}))
    runs.forget("a")

    assert [*looks, runs.is_due("a", {})] == [True, False, False, True]


def test_the_remembered_runs_are_bounded() -> None:
    runs = ActiveRuns(Clock())
    for number in range(active_runs.MOST_RUNS + 5):
        assert runs.is_due(f"r{number}", {})

    assert not runs.is_due(f"r{active_runs.MOST_RUNS + 4}", {})
    assert runs.is_due("r0", {})


@pytest.mark.slow
def test_a_pass_skips_a_thousand_idle_runs_and_returns_their_ends_at_once() -> None:
    clock = Clock()
    found = {number: run_of(number) for number in range(1000)}

    def search(ids: Sequence[str], words: str, token: str | None, most: int) -> Searched:
        del ids
        begin = int(token or 0)
        runs = [run for run in found.values() if "status" not in words or run["info"]["status"] == "RUNNING"]
        return runs[begin : begin + most], str(begin + most) if begin + most < len(runs) else None

    experiment = Snapshot("1", "1", {fields.NAME: "e"})
    poll = Poll(
        lambda token: ([experiment], None), search, snapshot_of_run, lambda name: True, lambda: 1e9 + clock.now, clock
    )

    cursor = ""

    def told() -> set[str]:
        nonlocal cursor
        seen: list[Seen] = []
        more = True
        while more:
            some, cursor, more = poll.changes(cursor)
            seen += some
        return {each.remote_id for each in seen if each.entity == "run"}

    first = told()
    for _ in range(200):
        clock.now += 30
        told()
    clock.now += 30
    found[7] = run_of(7, value=2.0)
    found[8] = run_of(8, status="KILLED")
    later = told()

    assert len(first) == 1000
    assert {"r7", "r8"} <= later
    assert len(later) < 1000
    cursor = ""
    assert len(told()) == 1000  # as a sync asks for
