"""A link that is removed with its copies deletes only objects that it created on either side, and no shared ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from support.client import Api, Socket
from support.faults.flaky import Fault, Flaky
from support.links import LINKS, add, all_runs, check, link, put_file, registry_of, settle, until, url_of
from support.processes.servers import Server
from support.registry import Registry

LINK = "twin"


@contextmanager
def at(url: str) -> Iterator[Api]:
    """By a connection of its own: an idle one is soon cut."""
    transport = Socket(int(url.rpartition(":")[2]))
    yield Api(transport)
    transport.close()


def test_pulled_copies_are_removed_unless_they_were_changed_locally(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    mine = here.new_run()
    gone, tagged, logged, filed = (there.new_run(there.new_experiment(name)) for name in "abcd")
    model = there.post("logged-models", experiment_id="0", name="m")["model"]["info"]["model_id"]
    Registry(there).new_model("iris")
    Registry(there).new_version("iris")
    Registry(there).new_model("own")
    Registry(here).new_model("own")
    add(here, LINK, url_of(server, "south"), mode="pull", registry=True)
    until(lambda: check(here, LINK) == [] and len(all_runs(here)) == 5, "both to be the same")
    here.post("runs/set-tag", run_id=tagged, key="k", value="v")
    here.post("runs/log-metric", run_id=logged, key="m", value=1, timestamp=1, step=1)
    put_file(here, filed, "note.txt", b"mine")

    _remove(here)

    assert _stages(here) == {mine: "active", gone: "deleted", tagged: "active", logged: "active", filed: "active"}
    assert set(_stages(there).values()) == {"active"}
    assert _experiments(here) == {"Default", "b", "c", "d"}
    assert _experiments(there) == {"Default", *"abcd"}
    assert here.ask("GET", f"/api/2.0/mlflow/logged-models/{model}").status == 404
    assert there.ask("GET", f"/api/2.0/mlflow/logged-models/{model}").status == 200
    assert list(registry_of(here)) == ["own"]
    assert sorted(registry_of(there)) == ["iris", "own"]


def test_copies_of_a_pull_link_are_removed_while_the_remote_is_away(start: Callable[..., Server]) -> None:
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    run = far.api.new_run()
    add(near.api, LINK, far.url, mode="pull")
    until(lambda: len(all_runs(near.api)) == 1, "the run to come")
    until(lambda: check(near.api, LINK) == [], "both to be the same")
    far.kill9()
    until(lambda: link(near.api, LINK).get("last_error") is not None, "the link to find nobody there")

    _remove(near.api)

    assert _stages(near.api) == {run: "deleted"}


def test_the_copies_of_a_link_in_both_directions_are_removed_on_both_sides(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    ours, theirs = here.new_run(here.new_experiment("ours")), there.new_run(there.new_experiment("theirs"))
    shared = [api.new_experiment("shared") for api in (here, there)]
    guest = here.new_run(shared[0])
    add(here, LINK, url_of(server, "south"), mode="both")
    until(lambda: len(all_runs(here)) == len(all_runs(there)) == 3, "all runs to be on both sides")
    settle(here, LINK)
    until(lambda: check(here, LINK) == [], "both to be the same")

    _remove(here)

    assert _stages(here) == {ours: "active", theirs: "deleted", guest: "active"}
    assert _stages(there) == {ours: "deleted", theirs: "active", guest: "deleted"}
    assert _experiments(here) == {"Default", "ours", "shared"}
    assert _experiments(there) == {"Default", "theirs", "shared"}


@pytest.mark.slow
def test_a_remote_experiment_with_runs_of_its_own_is_kept(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    for name in ("empty", "used"):
        here.new_run(here.new_experiment(name))
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)
    used = there.get("experiments/get-by-name", experiment_name="used")["experiment"]["experiment_id"]
    own = there.new_run(used)

    _remove(here)

    assert _experiments(there) == {"Default", "used"}
    assert [run for run, stage in _stages(there).items() if stage == "active"] == [own]
    assert _experiments(here) == {"Default", "empty", "used"}


def test_copies_from_an_mlflow_server_are_removed(here: Api, stock: Api, as_stock: Flaky) -> None:
    """Such a server does not return creation times of experiments and logged models, which must not count as a local change."""
    experiment = stock.new_experiment("theirs")
    run = stock.new_run(experiment)
    stock.post("logged-models", experiment_id=experiment, name="m")
    add(here, LINK, f"{as_stock.url}/ws/stock", kind="mlflow", mode="pull")
    until(lambda: link(here, LINK)["mirrored"].get("logged_model") == 1 and len(all_runs(here)) == 1, "all to come")
    until(lambda: check(here, LINK) == [], "both to be the same")
    made = here.get("experiments/get-by-name", experiment_name="theirs")["experiment"]["experiment_id"]

    _remove(here)

    assert _stages(here) == {run: "deleted"}
    assert here.post("logged-models/search", experiment_ids=[made]).get("models", []) == []
    assert _experiments(here) == {"Default"}
    assert _experiments(stock) == {"Default", "theirs"}


@pytest.mark.slow
def test_a_remote_version_recreated_under_the_same_name_and_number_is_kept(
    here: Api, stock: Api, as_stock: Flaky
) -> None:
    registry, theirs = Registry(here), Registry(stock)
    for name in ("iris", "lily", "rose"):
        registry.new_model(name)
        registry.new_version(name)
    add(here, LINK, f"{as_stock.url}/ws/stock", kind="mlflow", registry=True)
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")
    for name in ("iris", "lily", "rose"):
        theirs.delete_model(name)
        theirs.new_model(name)
        theirs.new_version(name)

    registry.call("PATCH", "model-versions/update", name="iris", version="1", description="ours")
    registry.delete_model("lily")
    registry.delete_version(1, "rose")
    here.post(f"{LINKS}/{LINK}/resume")
    settle(here, LINK)
    _remove(here)

    assert {name: list(found["versions"]) for name, found in registry_of(stock).items()} == {
        "iris": ["1"],
        "lily": ["1"],
        "rose": ["1"],
    }
    assert theirs.version(1, "iris").get("description", "") == ""


@pytest.mark.slow
def test_a_copy_that_another_workspace_created_after_a_failed_attempt_is_kept(
    here: Api, stock: Api, as_stock: Flaky
) -> None:
    run = here.new_run()
    is_there: list[str] = []

    def faults(method: str, path: str) -> Fault | None:
        return "503" if path.endswith("runs/create") and not is_there else None

    as_stock.as_stock(faults)
    add(here, LINK, f"{as_stock.url}/ws/stock", kind="mlflow")
    until(lambda: any(seen[2] == "503" for seen in as_stock.seen), "the first try to fail")
    tags = {"trackside.source_run_id": run, "trackside.source_workspace": "another"}
    is_there.append(stock.new_run(tags=[{"key": key, "value": value} for key, value in tags.items()]))
    settle(here, LINK)
    until(lambda: link(here, LINK)["mirrored"].get("run") == 1, "the copy to be found")

    _remove(here)

    assert _stages(stock) == {is_there[0]: "active"}


@pytest.mark.slow
def test_runs_that_only_keep_files_of_versions_are_removed_with_them(server: Server, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    run = here.new_run(here.new_experiment("training"))
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    Registry(here).new_model("iris")
    root = here.run(run)["info"]["artifact_uri"]
    Registry(here).new_version("iris", source=f"{root}/model", run_id=run)
    add(here, LINK, stock_url, exclude=["*"], registry=True)
    settle(here, LINK)
    with at(stock_url) as there:
        kept = set(_stages(there).values())

    _remove(here)

    with at(stock_url) as there:
        left = set(_stages(there).values()), registry_of(there), _experiments(there)
    assert kept == {"active"}
    assert left == ({"deleted"}, {}, {"Default"})


def _remove(api: Api) -> None:
    api.ask("DELETE", f"{LINKS}/{LINK}", arguments={"copies": "remove"})
    until(lambda: api.get(LINKS).get("links", []) == [], "the link to go")


def _stages(api: Api) -> dict[str, str]:
    return {run["info"]["run_id"]: run["info"]["lifecycle_stage"] for run in all_runs(api)}


def _experiments(api: Api) -> set[str]:
    found = api.post("experiments/search", max_results=1000).get("experiments", [])
    return {each["name"] for each in found}
