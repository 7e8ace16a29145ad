"""The owner and the identity of items that both sides have: only items that a link certainly created are removed with it."""

import itertools
import time

import pytest

from support.client import Api
from support.faults.flaky import Fault, Flaky
from support.links import LINKS, add, all_runs, check, link, log, settle, until, url_of
from support.processes.servers import Server

LINK = "twin"


def remove(api: Api, name: str = LINK) -> None:
    api.ask("DELETE", f"{LINKS}/{name}", arguments={"copies": "remove"})
    until(lambda: api.ask("GET", f"{LINKS}/{name}").status == 404, f"the link {name} to go")


def stages(api: Api) -> dict[str, str]:
    return {run["info"]["run_id"]: run["info"]["lifecycle_stage"] for run in all_runs(api)}


def experiments_of_runs(api: Api) -> dict[str, list[str]]:
    """By name, those that have runs."""
    found = {}
    for each in api.post("experiments/search", max_results=1000).get("experiments", []):
        runs = api.post("runs/search", experiment_ids=[each["experiment_id"]]).get("runs", [])
        if runs:
            found[each["name"]] = [run["info"]["run_id"] for run in runs]
    return found


class Faults:
    """Of the calls that end so, one fails."""

    def __init__(self, call: str, fault: Fault, number: int = 1) -> None:
        self._call = call
        self._fault = fault
        self._number = number
        self._numbers = itertools.count(1)

    def __call__(self, method: str, path: str) -> Fault | None:
        is_one = method == "POST" and path.endswith(self._call) and next(self._numbers) == self._number
        return self._fault if is_one else None


def test_a_run_whose_creation_had_no_answer_is_not_known_as_a_copy_and_is_kept(
    here: Api, there: Api, flaky: Flaky
) -> None:
    flaky.faults = Faults("/item", "lost", 2)  # after the times of the experiment
    unsure = here.new_run()
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    sure = here.new_run()
    settle(here, LINK)
    said = [each["message"] for each in log(here, LINK) if each["entity_id"] == unsure]

    remove(here)

    assert stages(there) == {unsure: "active", sure: "deleted"}
    assert len(said) == 1
    assert "counts as the remote's, and stays when copies are removed" in said[0]


def test_an_object_from_a_third_workspace_is_a_copy_of_neither_side(server: Server, here: Api, there: Api) -> None:
    third = server.api.new_workspace("third")
    run = third.new_run(third.new_experiment("e"))
    for name in ("north", "south"):
        add(third, f"to-{name}", url_of(server, name))
        settle(third, f"to-{name}")
    add(here, LINK, url_of(server, "south"), mode="both")
    settle(here, LINK)

    remove(here)

    assert stages(here) == stages(there) == {run: "active"}


@pytest.mark.slow
def test_a_copy_that_is_part_of_another_link_stays(server: Server, here: Api, there: Api) -> None:
    """Otherwise its deletion would be copied to the other link, which may have the original."""
    third = server.api.new_workspace("third")
    run = there.new_run()
    add(there, "on", url_of(server, "third"))
    settle(there, "on")
    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: len(all_runs(here)) == 1, "the run to come")
    settle(here, LINK)
    add(here, "other", url_of(server, "third"), mode="both")
    settle(here, "other")

    remove(here)
    settle(here, "other")

    assert stages(here) == stages(there) == stages(third) == {run: "active"}


@pytest.mark.slow
def test_links_to_the_same_remote_keep_copies_that_another_link_created(server: Server, here: Api, there: Api) -> None:
    run = here.new_run()
    for name in (LINK, "second"):
        add(here, name, url_of(server, "south"))
        settle(here, name)

    remove(here)
    first = stages(there)
    remove(here, "second")

    assert first == {run: "active"}
    assert stages(there) == {run: "active"}  # that one found it there


def test_a_local_experiment_with_a_former_name_of_another_one_stays_distinct_remotely(
    here: Api, there: Api, flaky: Flaky
) -> None:
    """Also if the rename is read late."""
    old = here.new_experiment("x")
    before = here.new_run(old)
    add(here, LINK, f"{flaky.url}/ws/south")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")
    here.post("experiments/update", experiment_id=old, new_name="y")
    after = here.new_run(here.new_experiment("x"))
    flaky.faults = Faults("/item", "404")

    here.post(f"{LINKS}/{LINK}/resume")
    settle(here, LINK)

    assert experiments_of_runs(there) == {"x": [after], "y": [before]}
    assert check(here, LINK) == []


@pytest.mark.slow
@pytest.mark.usefixtures("as_stock")
def test_a_remote_experiment_with_a_former_name_of_another_one_stays_distinct_locally(
    here: Api, stock: Api, flaky: Flaky
) -> None:
    """Also if the new experiment is read first."""
    new, old = stock.new_experiment("left out"), stock.new_experiment("x")
    before, after = stock.new_run(old), stock.new_run(new)
    add(here, LINK, f"{flaky.url}/ws/stock", mode="pull", exclude=["left out"])
    until(lambda: experiments_of_runs(here) == {"x": [before]}, "the run to come")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")
    stock.post("experiments/update", experiment_id=old, new_name="y")
    stock.post("experiments/update", experiment_id=new, new_name="x")
    stock.post("runs/update", run_id=after, status="FINISHED", end_time=time.time_ns() // 1_000_000)

    here.post(f"{LINKS}/{LINK}/resume")
    until(lambda: len(all_runs(here)) == 2, "the second run to come")
    settle(here, LINK)

    assert experiments_of_runs(here) == {"x": [after], "y": [before]}
    assert link(here, LINK)["lag_items"] == 0
