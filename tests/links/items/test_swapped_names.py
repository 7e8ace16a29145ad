"""Experiments and registered models whose names were swapped, or passed on in a circle, while the link was paused."""

from collections.abc import Callable
from itertools import pairwise

from support.client import Api
from support.links import LINKS, add, all_runs, check, link, log, registry_of, settle, until, url_of
from support.processes.servers import Server
from support.registry import Registry
from support.runner.variants import crossed

LINK = "twin"
NAMES = ("a", "b", "c")


def rename_model(api: Api, name: str, new_name: str) -> None:
    Registry(api).call("POST", "registered-models/rename", name=name, new_name=new_name)


def rename_experiment(api: Api, name: str, new_name: str) -> None:
    found = api.get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
    api.post("experiments/update", experiment_id=found, new_name=new_name)


def pass_on(api: Api, rename: Callable[[Api, str, str], None], names: tuple[str, ...]) -> None:
    """Each gets the name of the next one, and the last one that of the first."""
    rename(api, names[-1], "rest")
    for name, new_name in reversed(list(pairwise(names))):
        rename(api, name, new_name)
    rename(api, "rest", names[0])


@crossed(
    "mode count",
    ["push", "pull", "both", "both-there"],
    [2, 3],
    quick=[("pull", 2)],
    slow=["push", "both", "both-there", 3],
)
def test_names_that_objects_swap_are_copied(server: Server, here: Api, there: Api, mode: str, count: int) -> None:
    source = there if mode in ("pull", "both-there") else here
    names = NAMES[:count]
    for name in names:
        source.new_run(source.new_experiment(name), run_name=name)
        Registry(source).new_model(name)
        Registry(source).new_version(name, description=name)
    add(here, LINK, url_of(server, "south"), mode=mode.partition("-")[0], registry=True)
    until(lambda: state(here) == state(there) != ({}, {}), "all to arrive")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")

    for rename in (rename_model, rename_experiment):
        pass_on(source, rename, names)
    here.post(f"{LINKS}/{LINK}/resume")

    wanted = dict(zip((*names[1:], names[0]), names, strict=True))
    until(
        lambda: state(here) == state(there) == (wanted, wanted),
        "the names to arrive:",
        said=lambda: str(log(here, LINK)),
    )
    until(
        lambda: link(here, LINK)["lag_items"] == 0 and check(here, LINK) == [],
        "the link to settle",
        said=lambda: (log(here, LINK), check(here, LINK), link(here, LINK)),
        limit_s=20,
    )
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] == []


def state(api: Api) -> tuple[dict[str, str], dict[str, str]]:
    """The run of each experiment and the description of the version of each model, by name."""
    names = {
        each["experiment_id"]: each["name"] for each in api.post("experiments/search", max_results=100)["experiments"]
    }
    runs = {names.get(run["info"]["experiment_id"], "?"): run["info"]["run_name"] for run in all_runs(api)}
    models = {
        name: next((each["description"] for each in model["versions"].values()), "")
        for name, model in registry_of(api).items()
    }
    return runs, models
