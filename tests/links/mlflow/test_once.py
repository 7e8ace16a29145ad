"""No object is created twice on a server that assigns ids itself, despite lost answers and other links.  The server is a
Trackside that presents itself as MLflow; `test_server` has a real one."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Fault, Flaky
from support.links import LINKS, add, all_runs, check, link, log, registry_of, settle, until, url_of
from support.processes.servers import Server

LINK = "stock"
SOURCE = "trackside.source_run_id"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy


@pytest.mark.parametrize(
    "call", ["runs/create", pytest.param("logged-models", marks=pytest.mark.slow), "model-versions/create"]
)
def test_an_object_whose_creation_had_no_answer_is_created_once(here: Api, stock: Api, flaky: Flaky, call: str) -> None:
    """On a persistent connection, where a call without an answer may have been executed."""
    run = here.new_run()
    here.post("runs/update", run_id=run, status="FINISHED", end_time=5)
    here.post("logged-models", experiment_id="0", name="m", source_run_id=run)
    here.post("registered-models/create", name="known")
    here.post("model-versions/create", name="known", source=f"runs:/{run}/m", run_id=run)
    flaky.as_stock(_once(call, "lost"))
    _link(here, flaky, registry=True)

    settle(here, LINK)

    assert [seen[2] for seen in flaky.seen if seen[1].endswith(call)].count("lost") == 1
    assert len(all_runs(stock)) == 1
    assert len(stock.post("logged-models/search", experiment_ids=["0"])["models"]) == 1
    assert len(registry_of(stock)["known"]["versions"]) == 1
    assert check(here, LINK) == []


@pytest.mark.slow
def test_two_workspaces_that_link_each_other_make_one_copy_of_a_run(
    server: Server, here: Api, stock: Api, flaky: Flaky
) -> None:
    """The second workspace starts when the copy of the first exists, and can recognize it only by the id."""
    west = server.api.new_workspace("west")
    _link(here, flaky)
    runs = [here.new_run(tags=[{"key": "n", "value": str(i)}]) for i in range(3)]
    settle(here, LINK)
    add(here, "twin", url_of(server, "west"), mode="both")
    settle(here, "twin")
    theirs = west.new_run()

    _link(west, flaky)
    until(lambda: len(all_runs(here)) == 4, "the run of the west to come")
    settle(west, LINK)
    settle(here, LINK)

    copies = [_tag(run, SOURCE) for run in all_runs(stock)]
    assert sorted(map(str, copies)) == sorted([*runs, theirs])
    assert check(here, LINK) == check(west, LINK) == []


def test_two_workspaces_that_see_a_run_at_the_same_time_create_one_copy(
    server: Server, here: Api, stock: Api, flaky: Flaky
) -> None:
    west = server.api.new_workspace("west")
    add(here, "twin", url_of(server, "west"), mode="both")
    searches = itertools.count(1)
    both = threading.Event()

    def faults(method: str, path: str) -> Fault | None:
        if path.endswith("runs/search") and next(searches) == 2:
            both.set()
        if path.endswith("runs/create"):
            assert both.wait(120), "the other one never looked"
        return None

    flaky.as_stock(faults)
    _link(here, flaky)
    _link(west, flaky)

    run = here.new_run()
    until(lambda: len(all_runs(stock)) > 0, "the run to arrive")
    settle(here, LINK)
    settle(west, LINK)

    assert [_tag(each, SOURCE) for each in all_runs(stock)] == [run]
    assert log(here, LINK) == log(west, LINK) == []


@pytest.mark.slow
def test_two_workspaces_that_see_a_version_at_the_same_time_create_one_copy(
    server: Server, here: Api, stock: Api, flaky: Flaky
) -> None:
    west = server.api.new_workspace("west")
    add(here, "twin", url_of(server, "west"), registry=True)
    searches = itertools.count(1)
    both = threading.Event()

    def faults(method: str, path: str) -> Fault | None:
        if "model-versions/search" in path and next(searches) == 3:  # the first one asks twice: prompts are asked for
            both.set()
        if path.endswith("model-versions/create"):
            assert both.wait(120), "the other one never looked"
        return None

    flaky.as_stock(faults)
    _link(here, flaky, registry=True)
    _link(west, flaky, registry=True)

    here.post("registered-models/create", name="iris")
    here.post("model-versions/create", name="iris", source="s3://bucket/model")
    until(lambda: len(versions(west)) == len(versions(stock)) == 1, "the version to arrive")
    settle(here, LINK)
    settle(west, LINK)

    assert versions(stock) == ["1"]
    assert check(here, LINK) == check(west, LINK) == []


def versions(api: Api) -> list[str]:
    return sorted(registry_of(api).get("iris", {}).get("versions", {}))


@pytest.mark.slow
def test_a_run_that_returns_by_another_link_is_recognized_by_its_id(
    server: Server, here: Api, stock: Api, flaky: Flaky
) -> None:
    run = stock.new_run(tags=[{"key": "n", "value": "1"}])
    west = server.api.new_workspace("west")
    _link(here, flaky, mode="pull")
    until(lambda: len(all_runs(here)) == 1, "the run to come")
    add(here, "twin", url_of(server, "west"))
    settle(here, "twin")

    _link(west, flaky)
    settle(west, LINK)

    assert [each["info"]["run_id"] for each in all_runs(stock)] == [run]


@pytest.mark.slow
def test_a_remote_copy_of_a_run_with_its_tags_is_another_run(here: Api, stock: Api, flaky: Flaky) -> None:
    _link(here, flaky, mode="both")
    run = here.new_run(tags=[{"key": "color", "value": "red"}])
    until(lambda: len(all_runs(stock)) == 1, "the run to arrive")
    settle(here, LINK)
    (copy,) = all_runs(stock)
    clone = stock.new_run(tags=copy["data"]["tags"])
    until(lambda: len(all_runs(here)) == 2, "the run that was copied to come")
    stock.post("runs/update", run_id=clone, status="FINISHED", end_time=7)
    until(lambda: here.run(clone)["info"]["status"] == "FINISHED", "its end to come")

    here.post("runs/set-tag", run_id=run, key="color", value="blue")
    settle(here, LINK)

    assert stock.tags(copy["info"]["run_id"])["color"] == "blue"
    assert stock.tags(clone)["color"] == "red"
    assert here.run(run)["info"]["status"] == "RUNNING"


@pytest.mark.slow
def test_a_second_copy_that_another_workspace_made_is_left_alone(here: Api, stock: Api, flaky: Flaky) -> None:
    _link(here, flaky, mode="both")
    run = here.new_run()
    until(lambda: len(all_runs(stock)) == 1, "the run to arrive")
    settle(here, LINK)
    tags = [{"key": SOURCE, "value": run}, {"key": "trackside.source_workspace", "value": "another"}]
    second = stock.new_run(tags=tags)

    until(lambda: any(second in entry["message"] for entry in log(here, LINK)), "the link to see it")

    assert [each["info"]["run_id"] for each in all_runs(here)] == [run]


def test_a_parent_run_from_before_the_link_is_copied_completely(here: Api, stock: Api, flaky: Flaky) -> None:
    experiment = here.new_experiment("nested", tags=[{"key": "team", "value": "blue"}])
    parent = here.new_run(experiment, start_time=5)
    here.post("runs/log-batch", run_id=parent, params=[{"key": "p", "value": "1"}])
    here.post("runs/log-metric", run_id=parent, key="m", value=1, timestamp=1, step=1)
    here.post("runs/update", run_id=parent, status="FINISHED", end_time=9)
    here.new_run(experiment, tags=[{"key": "mlflow.parentRunId", "value": parent}], start_time=1_790_000_000_000)
    _link(here, flaky, backfill="2026-01-01")

    settle(here, LINK)

    copies = {_tag(run, SOURCE): run["info"]["run_id"] for run in all_runs(stock)}
    assert stock.run(copies[parent])["info"]["status"] == "FINISHED"
    assert stock.params(copies[parent]) == {"p": "1"}
    assert stock.history(copies[parent], "m") == [(1, 1, 1)]
    made = stock.get("experiments/get-by-name", experiment_name="nested")["experiment"]
    assert made["tags"] == [{"key": "team", "value": "blue"}]


@pytest.mark.slow
def test_an_experiment_that_was_restored_for_a_run_is_deleted_again(here: Api, stock: Api, flaky: Flaky) -> None:
    """Also if the remote fails in between; otherwise the experiment would be restored locally."""
    experiment = here.new_experiment("gone")
    run = here.new_run(experiment)
    here.post("experiments/delete", experiment_id=experiment)
    flaky.as_stock(_once("experiments/delete", "503", after="runs/create"))
    _link(here, flaky, mode="both")

    until(lambda: link(here, LINK)["mirrored"].get("run") == 1, "the run to arrive")
    settle(here, LINK)

    there = stock.get("experiments/get-by-name", experiment_name="gone")["experiment"]
    assert any(seen[2] == "503" for seen in flaky.seen)
    assert there["lifecycle_stage"] == "deleted"
    assert here.get("experiments/get", experiment_id=experiment)["experiment"]["lifecycle_stage"] == "deleted"
    assert here.run(run)["info"]["lifecycle_stage"] == "deleted"


def test_a_trackside_is_not_linked_as_an_mlflow_server(server: Server, here: Api, flaky: Flaky) -> None:
    """Not even the server itself, where each copy would be another run to copy; also if it identifies itself only later."""
    said = here.fault(f"{LINKS}", name=LINK, to=url_of(server, "north"), kind="mlflow")
    _link(here, flaky, workspace="north", experiments=["Default"])
    flaky.faults = lambda method, path: None
    here.new_run()

    until(lambda: "is a Trackside" in str(link(here, LINK).get("last_error")), "the link to find out")

    assert said[1] == "INVALID_PARAMETER_VALUE"
    assert "is a Trackside; leave out kind" in said[2]
    assert len(all_runs(here)) == 1


def _link(api: Api, flaky: Flaky, workspace: str = "stock", **more: Any) -> None:
    add(api, LINK, f"{flaky.url}/ws/{workspace}", kind="mlflow", **more)


def _once(call: str, fault: Fault, after: str = "") -> Callable[[str, str], Fault | None]:
    """The first time that it is called, after another one was."""
    seen: list[str] = []

    def faults(method: str, path: str) -> Fault | None:
        is_due = method == "POST" and path.endswith(call) and call not in seen and (not after or after in seen)
        seen.extend(each for each in (call, after) if each and path.endswith(each) and (each != call or is_due))
        return fault if is_due else None

    return faults


def _tag(run: Any, key: str) -> str | None:
    found: dict[str, str] = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
    return found.get(key)
