"""Refused points do not delay other data of their run, and are retried with growing pauses."""

import time
from collections.abc import Callable

from support.databricks.workspace import TOKEN, Databricks
from support.links import LINKS, add, check, link, log, put_file, settle, sync, until
from support.processes.servers import Server
from trackside.links.state.point_retries import FIRST_S, LONGEST_S, PointRetries

LINK = "lake"


def points(key: str, count: int) -> list[dict[str, object]]:
    return [{"key": key, "value": step, "timestamp": step, "step": step} for step in range(count)]


def test_a_permanently_refused_series_delays_no_other(start: Callable[..., Server], databricks: Databricks) -> None:
    server = start(interval_factor=1.0)
    here = server.api.new_workspace("north")
    databricks.refused_metrics = {"bad"}
    run = here.new_run()
    here.post("runs/log-batch", run_id=run, metrics=[*points("bad", 5), *points("good", 7), *points("z", 3)])
    put_file(here, run, "a.txt", b"1234")
    here.post("runs/update", run_id=run, status="FINISHED", end_time=11)
    began = time.monotonic()
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)

    until(lambda: link(here, LINK)["postponed_items"] == 1, "the run to wait for its points")
    at_first = databricks.refused  # with the others, and by itself
    copy = databricks.run_of(run)["info"]
    held_up = {key: len(found) for (_, key), found in databricks.histories.items()}
    files = dict(databricks.files)
    here.post("runs/set-tag", run_id=run, key="late", value="1")
    here.post("runs/log-batch", run_id=run, metrics=[{"key": "good", "value": 1, "timestamp": 9, "step": 9}])
    until(lambda: databricks.run_of(run)["tags"].get("late") == "1", "a later tag to come")
    until(lambda: len(databricks.histories[copy["run_id"], "good"]) == 8, "a later point to come")
    until(lambda: link(here, LINK)["postponed_items"] == 1, "the run to wait again")
    refused = databricks.refused
    most = at_first + (time.monotonic() - began) / FIRST_S
    found = check(here, LINK)
    said = [entry for entry in log(here, LINK) if entry["entity_id"] == run]
    databricks.refused_metrics = set()
    sync(here, LINK)
    settle(here, LINK)

    assert (copy["status"], copy["end_time"]) == ("FINISHED", 11)
    assert held_up == {"good": 7, "z": 3}
    assert files == {(copy["run_id"], "a.txt"): b"1234"}
    assert 1 <= at_first <= refused <= most  # it was left alone for some seconds each time
    assert [each["what"] for each in found] == [["metric bad is missing on the remote"]]
    assert [entry["kind"] for entry in said] == ["refused"]
    assert "the remote refused points of the metric bad: 400 RESOURCE_LIMIT_EXCEEDED" in said[0]["message"]
    assert len(databricks.histories[copy["run_id"], "bad"]) == 5
    assert check(here, LINK) == []
    assert here.get(f"{LINKS}/{LINK}")["link"]["postponed_items"] == 0


def test_many_refused_series_are_not_all_retried_at_once(server: Server, databricks: Databricks) -> None:
    here = server.api.new_workspace("north")
    databricks.refused_metrics = {f"m{number}" for number in range(40)}
    run = here.new_run()
    here.post(
        "runs/log-batch", run_id=run, metrics=[each for key in databricks.refused_metrics for each in points(key, 1)]
    )
    here.post("runs/update", run_id=run, status="FINISHED", end_time=11)
    add(here, LINK, databricks.url, kind="databricks", token=TOKEN)

    until(lambda: link(here, LINK)["postponed_items"] == 1, "the run to wait for its points")

    assert databricks.run_of(run)["info"]["status"] == "FINISHED"
    assert databricks.refused < 30
    assert len([entry for entry in log(here, LINK) if entry["entity_id"] == run]) == 1


def test_the_pause_of_a_series_that_is_refused_again_grows_up_to_an_hour() -> None:
    clock = [0.0]
    refusals = PointRetries(lambda: clock[0])
    waits = []
    for _ in range(14):
        refusals.note("run", "m", "no")
        began = clock[0]
        while refusals.waiting("run", ["m", "n"]):
            clock[0] += 5.0
        waits.append(clock[0] - began)

    assert waits[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert waits[-1] == LONGEST_S
    refusals.note("run", "m", "no")
    assert refusals.waiting("run", ["m", "n"]) == {"m": "no"}
    refusals.forget("run", "m")
    assert refusals.waiting("run", ["m"]) == {}
