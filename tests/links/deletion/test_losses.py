"""A side that lost its store, or was restored to an older one, causes no deletions on the other side."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, link, log, registry_of, settle, sync, until, url_of
from support.processes.ports import free_port
from support.processes.servers import Server
from support.registry import Registry
from support.runner.variants import crossed

LINK = "twin"


class World:
    """Two servers whose stores may be exchanged while they are away: north has the link."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = {side: Server(folder / side, _options()).start() for side in ("north", "south")}
        self.apis: dict[str, Api] = {}
        for side in self.servers:
            self.servers[side].api.new_workspace("lab")
            self._meet(side)
        self.proxy = Flaky(self.servers["south"].port)

    def link(self, kind: str, mode: str, **more: Any) -> None:
        if kind == "trackside":
            add(self.here, LINK, url_of(self.servers["south"], "lab"), mode=mode, registry=True, **more)
        else:  # a Trackside that does not say so
            self.proxy.as_stock()
            add(self.here, LINK, f"{self.proxy.url}/ws/lab", kind="mlflow", mode=mode, registry=True, **more)

    @property
    def here(self) -> Api:
        return self.apis["north"]

    @property
    def there(self) -> Api:
        return self.apis["south"]

    def pause(self) -> None:
        self.here.post(f"{LINKS}/{LINK}/pause")

    def resume(self) -> None:
        self.here.post(f"{LINKS}/{LINK}/resume")

    def keep(self, side: str) -> None:
        """A backup."""
        self._exchange(side, lambda data: shutil.copytree(data, self._backup(side)))

    def put_back(self, side: str) -> None:
        def copy(data: Path) -> None:
            shutil.rmtree(data)
            shutil.copytree(self._backup(side), data)

        self._exchange(side, copy)

    def lose(self, side: str) -> None:
        self._exchange(side, shutil.rmtree)
        self.servers[side].api.new_workspace("lab")

    def kill(self, side: str) -> None:
        self.servers[side].kill9()
        self.servers[side].start()
        self._meet(side)

    def close(self) -> None:
        self.proxy.close()
        for server in self.servers.values():
            server.kill9()

    def _exchange(self, side: str, work: Callable[[Path], Any]) -> None:
        self.servers[side].stop()
        work(self.servers[side].data)
        self.servers[side].start()
        self._meet(side)

    def _meet(self, side: str) -> None:
        self.apis[side] = self.servers[side].api.within("lab")

    def _backup(self, side: str) -> Path:
        return self.folder / f"{side} kept"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def registered(api: Api) -> dict[str, list[str]]:
    return {name: sorted(model["versions"]) for name, model in registry_of(api).items()}


def mirrored(world: World, **counts: int) -> None:
    until(
        lambda: counts.items() <= link(world.here, LINK)["mirrored"].items(),
        f"{counts} to be mirrored:",
        said=lambda: (link(world.here, LINK), log(world.here, LINK)),
    )


kinds = pytest.mark.parametrize("kind", ["trackside", pytest.param("mlflow", marks=pytest.mark.slow)])


@kinds
@crossed("mode with_runs", ["pull", "both"], [True, False], quick=[("both", True)], slow=["pull", False])
def test_local_versions_are_kept_when_the_remote_store_is_recreated(
    world: World, kind: str, mode: str, with_runs: bool
) -> None:
    """By a sync, which reads runs first and drops missing ones, or without a sync after a kill."""
    if with_runs:
        world.there.new_run(world.there.new_experiment("old"))
    Registry(world.there).new_model("iris")
    Registry(world.there).new_version("iris")
    world.link(kind, mode, experiments=[] if with_runs else ["none"])
    mirrored(world, registered_model=1, model_version=1, **({"run": 1} if with_runs else {}))
    world.pause()
    world.lose("south")
    if with_runs:
        sync(world.here, LINK)
    else:
        world.kill("north")

    world.resume()
    until(lambda: link(world.here, LINK).get("lost_store_at") is not None, "the loss to be seen")
    settle(world.here, LINK)
    new = world.there.new_run(world.there.new_experiment("new"))
    if with_runs:
        until(lambda: new in {run["info"]["run_id"] for run in all_runs(world.here)}, "a new run to come")
    if mode == "both":
        until(lambda: registered(world.there) == {"iris": ["1"]}, "what is registered to be created again there")
    settle(world.here, LINK)

    assert registered(world.here) == {"iris": ["1"]}
    assert len(all_runs(world.here)) == 2 * with_runs
    assert any("the store there is another one" in entry["message"] for entry in log(world.here, LINK))


@kinds
@pytest.mark.parametrize("mode", [pytest.param("pull", marks=pytest.mark.slow), "both"])
def test_objects_newer_than_a_restored_backup_of_the_remote_are_kept(world: World, kind: str, mode: str) -> None:
    theirs = Registry(world.there)
    world.there.new_run()
    theirs.new_model("iris")
    theirs.new_version("iris")
    world.link(kind, mode)
    mirrored(world, registered_model=1, model_version=1, run=1)
    world.pause()
    world.keep("south")
    theirs = Registry(world.there)
    late = world.there.new_run()
    theirs.new_version("iris")
    theirs.new_model("rose")
    theirs.new_version("rose")
    world.resume()
    mirrored(world, registered_model=2, model_version=3, run=2)
    settle(world.here, LINK)
    world.pause()
    world.put_back("south")
    sync(world.here, LINK)

    world.resume()
    until(lambda: link(world.here, LINK).get("lost_store_at") is not None, "the loss to be seen")
    settle(world.here, LINK)
    whole = {"iris": ["1", "2"], "rose": ["1"]}
    if mode == "both":
        until(lambda: registered(world.there) == whole, "what was lost to be created again there")
        assert len(all_runs(world.there)) == 2
    assert registered(world.here) == whole
    assert late in {run["info"]["run_id"] for run in all_runs(world.here)}

    Registry(world.there).delete_model("iris")
    left = {"rose": ["1"]} if mode == "both" else {"rose": ["1"], "iris": ["2"]}  # a version that is here only, by now
    until(lambda: registered(world.here) == left, "what is removed there from now on to go")


@pytest.mark.slow
def test_everything_is_compared_after_the_remote_change_log_was_restored_and_went_on(world: World) -> None:
    world.there.new_run()
    world.link("trackside", "pull")
    mirrored(world, run=1)
    settle(world.here, LINK)  # what comes from now on comes from the log, and no longer from the first list
    world.pause()
    world.keep("south")
    lost = [world.there.new_run() for _ in range(3)]
    world.resume()
    mirrored(world, run=4)
    world.there.new_experiment("last")  # comes with a later look, so that the link's position after the runs is saved
    mirrored(world, experiment=2, run=4)
    world.pause()
    world.put_back("south")
    late = [world.there.new_run() for _ in range(20)]

    world.resume()

    until(lambda: len(all_runs(world.here)) == 24, "all that is there to come")
    assert {*lost, *late} < {run["info"]["run_id"] for run in all_runs(world.here)}
    until(lambda: link(world.here, LINK).get("lost_store_at") is not None, "the loss to be noticed")


def test_a_run_that_changes_while_a_link_reads_is_not_taken_for_a_loss(world: World) -> None:
    run = world.there.new_run()
    world.link("trackside", "pull")
    mirrored(world, run=1)

    def log_and_wait(step: int) -> None:
        world.there.post("runs/log-metric", run_id=run, key="m", value=step, timestamp=step, step=step)
        until(lambda: len(world.here.history(run, "m")) == step + 1, "the point to come")

    for step in range(3):
        log_and_wait(step)

    assert link(world.here, LINK).get("lost_store_at") is None
    assert log(world.here, LINK) == []


@pytest.mark.parametrize("mode", [pytest.param("push", marks=pytest.mark.slow), "both"])
def test_nothing_is_deleted_remotely_when_the_local_side_is_restored_from_a_backup(world: World, mode: str) -> None:
    ours = Registry(world.here)
    world.here.new_run()
    ours.new_model("iris")
    ours.new_version("iris")
    world.link("trackside", mode)
    mirrored(world, registered_model=1, model_version=1, run=1)
    settle(world.here, LINK)
    world.keep("north")
    until(lambda: link(world.here, LINK)["lag_items"] == 0, "the link to go on")
    ours = Registry(world.here)
    late = world.here.new_run()
    ours.new_version("iris")
    ours.new_model("rose")
    ours.new_version("rose")
    mirrored(world, registered_model=2, model_version=3, run=2)
    settle(world.here, LINK)

    world.put_back("north")
    sync(world.here, LINK)
    settle(world.here, LINK)

    whole = {"iris": ["1", "2"], "rose": ["1"]}
    assert registered(world.there) == whole
    assert late in {run["info"]["run_id"] for run in all_runs(world.there)}
    if mode == "both":
        until(lambda: registered(world.here) == whole, "what was lost to come back")
        until(lambda: len(all_runs(world.here)) == 2, "the run to come back")


def _options() -> tuple[str, ...]:
    return "--durability", "relaxed", "--port", str(free_port())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push", "both", "pull"])
def test_an_experiment_with_a_reused_id_is_another_experiment(world: World, mode: str) -> None:
    """Neither gets the name or the runs of the other."""
    world.keep("south")
    world.link("mlflow", mode)
    source = world.there if mode == "pull" else world.here
    source.new_run(source.new_experiment("lost"))
    until(lambda: all(runs_of(api, "lost") for api in (world.here, world.there)), "it to be on both sides")
    settle(world.here, LINK)
    before = id_of(world.there, "lost")
    ours = runs_of(world.here, "lost")
    world.pause()

    world.put_back("south")
    again = world.there.new_experiment("other")
    theirs = world.there.new_run(again)
    world.resume()
    sync(world.here, LINK)
    if mode != "push":
        until(lambda: theirs in [run["info"]["run_id"] for run in all_runs(world.here)], "the new run to come")
    else:
        until(lambda: runs_of(world.there, "lost") != [], "the lost run to be created again")
    settle(world.here, LINK)

    assert again == before
    assert runs_of(world.here, "lost") == ours
    assert theirs not in runs_of(world.there, "lost")
    assert runs_of(world.there, "other") == [theirs]
    if mode != "push":
        assert runs_of(world.here, "other") == [theirs]
    if mode != "pull":
        assert len(runs_of(world.there, "lost")) == 1


def id_of(api: Api, name: str) -> str:
    found: str = api.get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
    return found


def runs_of(api: Api, name: str) -> list[str]:
    found = api.ask("GET", "/api/2.0/mlflow/experiments/get-by-name", arguments={"experiment_name": name})
    if found.status == 404:
        return []
    runs = api.post("runs/search", experiment_ids=[found.json["experiment"]["experiment_id"]]).get("runs", [])
    return [run["info"]["run_id"] for run in runs]
