"""Experiments with one name in several workspaces that link to one: their times converge."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.clocks import Clock
from support.links import add, check, settle, sync, until, url_of
from support.processes.servers import Server
from support.runner.variants import crossed


def times(api: Api, name: str) -> tuple[int, int]:
    found = api.get("experiments/get-by-name", experiment_name=name)["experiment"]
    return found["creation_time"], found["last_update_time"]


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def clocked(start: Callable[..., Server], clock: Clock) -> Server:
    return start("--durability", "relaxed", clock=clock)


def made_in_turn(server: Server, clock: Clock, names: Sequence[str]) -> dict[str, Api]:
    """Workspaces, each a second older than the next."""
    made = {}
    for number, name in enumerate(names):
        clock.move(1000 * number)
        made[name] = server.api.new_workspace(name)
    return made


@crossed(
    "mode meets",
    ["push", "pull", "both"],
    ["first", "last"],
    quick=[("both", "last")],
    slow=["push", "pull", "first"],
)
def test_workspaces_that_share_an_experiment_agree_on_its_creation_time(
    clocked: Server, clock: Clock, mode: str, meets: str
) -> None:
    server = clocked
    names = ["south", "north", "west"] if meets == "first" else ["north", "west", "south"]
    apis = made_in_turn(server, clock, names)
    for name in names:
        if name != "south":
            apis[name].new_experiment("shared")
    before = {name: times(api, "Default")[0] for name, api in apis.items()}
    shared = [times(apis[name], "shared")[0] for name in ("north", "west")]
    links: dict[str, tuple[Api, str]] = {}
    for name in ("north", "west"):
        owner, other = (apis["south"], name) if mode == "pull" else (apis[name], "south")
        add(owner, f"of-{name}", url_of(server, other), mode=mode)
        links[name] = owner, f"of-{name}"
        if mode != "pull":  # there a write that falls between another one's look and write is not seen
            settle(*links[name])

    def is_calm() -> bool:
        return all(settle(*each)["lag_items"] == 0 for each in links.values()) and not differing()

    def differing() -> list[Any]:
        return [found for each in links.values() for found in check(*each)]

    until(is_calm, "all to be alike")
    for name in ("west", "north", "west"):
        apis[name].post(
            "experiments/set-experiment-tag", experiment_id="0", key=f"of {name}", value=str(len(differing()))
        )
        sync(*links[name])
        until(is_calm, "all to be alike:", said=differing)

    assert times(apis["south"], "Default")[0] == min(before.values())
    assert times(apis["south"], "shared")[0] == min(shared)


def test_a_later_change_keeps_the_earlier_creation_time(clocked: Server, clock: Clock) -> None:
    apis = made_in_turn(clocked, clock, ["south", "north"])
    add(apis["north"], "twin", url_of(clocked, "south"))
    settle(apis["north"], "twin")
    before = times(apis["south"], "Default")[0]

    apis["north"].post("experiments/set-experiment-tag", experiment_id="0", key="k", value="v")
    settle(apis["north"], "twin")

    assert times(apis["north"], "Default")[0] > before
    assert times(apis["south"], "Default")[0] == before


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_an_experiment_that_the_link_made_has_the_times_of_its_source(server: Server, mode: str) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    source, copy = (here, there) if mode == "push" else (there, here)
    source.new_experiment("x", tags=[{"key": "k", "value": "v"}])
    add(here, "twin", url_of(server, "south"), mode=mode)
    until(lambda: settle(here, "twin")["mirrored"].get("experiment") == 2, "the experiments to come")
    until(lambda: times(copy, "x") == times(source, "x"), "its times to be the same")
    experiment = source.get("experiments/get-by-name", experiment_name="x")["experiment"]["experiment_id"]
    source.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="w")

    until(lambda: check(here, "twin") == [], "both to be alike:", said=lambda: check(here, "twin"))

    assert times(copy, "x") == times(source, "x")
