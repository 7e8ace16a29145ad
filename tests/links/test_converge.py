"""Two workspaces that link each other, under random writes on both sides, failing calls, killed servers and clocks that move:
when it is quiet, both are the same."""

import itertools
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.flaky import Flaky
from support.links import LINKS, add, all_runs, check, everything, until
from support.servers import Server

LINK = "twin"
SIDES = ("north", "south")
FAULTS = ("429", "503", "cut-request", "cut-answer")
numbers = itertools.count()
sides = st.sampled_from(SIDES)
keys = st.sampled_from(("a", "b"))
values = st.sampled_from(("x", "y", "z"))
picks = st.integers(0, 7)


def machine(start: Callable[..., Server]) -> type[RuleBasedStateMachine]:
    server = start("--durability", "relaxed")
    server.options = (*server.options, "--port", str(server.port))
    flaky = Flaky(server.port)

    class TwoWorkspaces(RuleBasedStateMachine):
        @initialize(mutual=st.booleans())
        def begin(self, mutual: bool) -> None:
            number = next(numbers)
            self.names = {side: f"{side}-{number}" for side in SIDES}
            self.runs: list[str] = []
            self.time = 1_700_000_000_000
            flaky.faults = lambda method, path: None
            for name in self.names.values():
                server.api.new_workspace(name)
            add(self.api("north"), LINK, f"{flaky.url}/ws/{self.names['south']}", mode="both")
            if mutual:
                add(self.api("south"), LINK, f"{flaky.url}/ws/{self.names['north']}", mode="both")

        def api(self, side: str) -> Any:
            return server.api.within(self.names[side])

        def known(self, pick: int) -> str | None:
            return self.runs[pick % len(self.runs)] if self.runs else None

        def tell(self, side: str, path: str, **fields: Any) -> None:
            reply = self.api(side).ask("POST", f"/api/2.0/mlflow/{path}", fields)
            assert reply.status < 500, reply  # a run that is deleted, or not there yet, refuses

        @rule(side=sides, name=values)
        def new_run(self, side: str, name: str) -> None:
            self.runs.append(self.api(side).new_run(run_name=name, start_time=self.time))

        @rule(
            side=sides,
            pick=picks,
            key=keys,
            step=st.integers(0, 5),
            value=st.sampled_from((1.5, "NaN", "Infinity")),
        )
        def log_metric(self, side: str, pick: int, key: str, step: int, value: Any) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, "runs/log-metric", run_id=run, key=key, value=value, timestamp=self.time, step=step)

        @rule(side=sides, pick=picks, key=keys)
        def log_many(self, side: str, pick: int, key: str) -> None:
            run = self.known(pick)
            if run:
                points = [{"key": key, "value": i, "timestamp": self.time + i, "step": i} for i in range(600)]
                self.tell(side, "runs/log-batch", run_id=run, metrics=points)

        @rule(side=sides, pick=picks, key=keys, value=values)
        def set_tag(self, side: str, pick: int, key: str, value: str) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, "runs/set-tag", run_id=run, key=key, value=value)

        @rule(side=sides, pick=picks, key=keys, value=values)
        def log_param(self, side: str, pick: int, key: str, value: str) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, "runs/log-parameter", run_id=run, key=key, value=value)

        @rule(side=sides, pick=picks, key=keys)
        def delete_tag(self, side: str, pick: int, key: str) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, "runs/delete-tag", run_id=run, key=key)

        @rule(side=sides, pick=picks, status=st.sampled_from(("RUNNING", "FINISHED", "FAILED")))
        def update(self, side: str, pick: int, status: str) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, "runs/update", run_id=run, status=status, end_time=self.time)

        @rule(side=sides, pick=picks, action=st.sampled_from(("delete", "restore")))
        def delete_or_restore(self, side: str, pick: int, action: str) -> None:
            run = self.known(pick)
            if run:
                self.tell(side, f"runs/{action}", run_id=run)

        @rule(by=st.sampled_from((-86_400_000, 1, 3_600_000)))
        def move_the_clock(self, by: int) -> None:
            """Of those who log: times come from clients."""
            self.time += by

        @rule(fault=st.sampled_from(FAULTS), every=st.integers(2, 6))
        def begin_to_fail(self, fault: str, every: int) -> None:
            bad = itertools.cycle([fault] + [None] * (every - 1))
            flaky.faults = lambda method, path: next(bad)

        @rule()
        def end_to_fail(self) -> None:
            flaky.faults = lambda method, path: None

        @precondition(lambda self: len(self.runs) > 0)
        @rule()
        def kill(self) -> None:
            server.kill9()
            server.start()

        @invariant()
        def answers(self) -> None:
            assert server.api.ask("GET", "/health").status == 200

        def teardown(self) -> None:
            flaky.faults = lambda method, path: None
            if not hasattr(self, "names"):
                return
            north, south = self.api("north"), self.api("south")
            for api in (north, south):
                for link in api.get(LINKS).get("links", []):
                    api.post(f"{LINKS}/{link['name']}/resume")  # no longer waits for a remote that failed
            until(lambda: state(north) == state(south) and check(north, LINK) == [], "both to be the same", 30)
            assert len(state(north)) == len(self.runs)
            for name in self.names.values():
                server.api.ask("DELETE", f"/api/3.0/mlflow/workspaces/{name}?mode=CASCADE")

    return TwoWorkspaces


def state(api: Any) -> list[Any]:
    ids = sorted(run["info"]["run_id"] for run in all_runs(api))
    return [everything(api, run_id) for run_id in ids]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_workspaces_converge_whatever_happens(start: Callable[..., Server]) -> None:
    run_state_machine_as_test(
        machine(start),
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
