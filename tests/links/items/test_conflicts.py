"""The log of a link reports an overwritten change once, also in one-way links."""

import threading

import pytest

from support.client import Api
from support.faults.flaky import Fault, Flaky
from support.links import LINKS, add, all_runs, everything, get_file, log, put_file, settle, until, url_of
from support.processes.servers import Server

LINK = "twin"


@pytest.mark.slow
def test_a_conflict_is_reported_once_even_if_the_remote_fails_meanwhile(here: Api, there: Api, flaky: Flaky) -> None:
    run = here.new_run(tags=[{"key": "color", "value": "red"}])
    add(here, LINK, f"{flaky.url}/ws/south", mode="both")
    until(lambda: len(all_runs(there)) == 1, "the run to arrive")
    settle(here, LINK)
    for turn in range(2):
        here.post(f"{LINKS}/{LINK}/pause")
        here.post("runs/set-tag", run_id=run, key="color", value="green")
        there.post("runs/set-tag", run_id=run, key="color", value="blue")
        failures = iter(["503", "503"])
        flaky.faults = lambda method, path, left=failures: next(left, None) if method == "POST" else None  # type: ignore[misc]
        here.post(f"{LINKS}/{LINK}/resume")
        until(lambda: everything(here, run) == everything(there, run), "both to be the same")
        settle(here, LINK)

        said = [entry["message"] for entry in log(here, LINK) if entry["kind"] == "conflict"]
        conflict = "both sides changed tag color: 'green' in this workspace, 'blue' on the remote; kept 'green'"
        assert said == [conflict] * (turn + 1)
        here.post("runs/set-tag", run_id=run, key="color", value="red")
        until(lambda: there.tags(run)["color"] == "red", "the next change to arrive")
        settle(here, LINK)
    assert [seen[2] for seen in flaky.seen].count("503") == 4


def test_local_changes_during_a_remote_request_are_not_overwritten(here: Api, there: Api, flaky: Flaky) -> None:
    """A slow file transfer delays the write of the pulled changes."""
    run = here.new_run(tags=[{"key": "color", "value": "red"}])
    add(here, LINK, f"{flaky.url}/ws/south", mode="both")
    until(lambda: len(all_runs(there)) == 1, "the run to arrive")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")
    put_file(here, run, "model.bin", b"12345678")
    there.post("runs/set-tag", run_id=run, key="color", value="blue")
    on_its_way, has_time = threading.Event(), threading.Event()

    def faults(method: str, path: str) -> Fault | None:
        if method == "PUT" and "model.bin" in path:
            on_its_way.set()
            assert has_time.wait(120), "nobody changed anything"
        return None

    flaky.faults = faults
    here.post(f"{LINKS}/{LINK}/resume")
    assert on_its_way.wait(120)
    here.post("runs/set-tag", run_id=run, key="color", value="green")
    has_time.set()
    until(lambda: here.tags(run)["color"] == there.tags(run)["color"], "both to be the same")
    settle(here, LINK)

    assert here.tags(run)["color"] == there.tags(run)["color"] == "green"
    assert get_file(there, run, "model.bin") == b"12345678"
    assert [entry["kind"] for entry in log(here, LINK)] == ["conflict"]


@pytest.mark.slow
def test_a_local_file_that_changes_during_a_download_is_compared_again(here: Api, there: Api, flaky: Flaky) -> None:
    run = here.new_run()
    put_file(here, run, "model.bin", b"1")
    add(here, LINK, f"{flaky.url}/ws/south", mode="both")
    until(lambda: len(all_runs(there)) == 1, "the run to arrive")
    settle(here, LINK)
    on_its_way, has_time = threading.Event(), threading.Event()

    def faults(method: str, path: str) -> Fault | None:
        if method == "GET" and "/file?" in path:
            on_its_way.set()
            assert has_time.wait(120), "nobody changed anything"
        return None

    flaky.faults = faults
    put_file(there, run, "model.bin", b"22")
    assert on_its_way.wait(120)
    put_file(here, run, "model.bin", b"333")
    has_time.set()
    until(lambda: get_file(here, run, "model.bin") == get_file(there, run, "model.bin"), "both to be the same")
    settle(here, LINK)

    assert get_file(here, run, "model.bin") == get_file(there, run, "model.bin") == b"333"


def test_reverted_manual_changes_of_a_copy_are_reported(server: Server, here: Api, there: Api) -> None:
    run = here.new_run(tags=[{"key": "color", "value": "red"}])
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)
    there.post("runs/set-tag", run_id=run, key="color", value="green")
    there.post("runs/set-tag", run_id=run, key="note", value="a note there")

    here.post(f"{LINKS}/{LINK}/sync")
    until(lambda: there.tags(run)["color"] == "red", "the tag to be put back")
    settle(here, LINK)

    assert there.tags(run)["note"] == "a note there"
    assert [entry["message"] for entry in log(here, LINK)] == [
        "the tag color of the remote copy was changed to 'green'; it was reset to 'red'"
    ]


@pytest.mark.slow
def test_changes_of_a_local_copy_are_reported_too(server: Server, here: Api, there: Api) -> None:
    run = there.new_run(tags=[{"key": "color", "value": "red"}])
    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: len(all_runs(here)) == 1 and here.tags(run).get("color") == "red", "the run to come")
    here.post("runs/set-tag", run_id=run, key="color", value="green")

    there.post("runs/set-tag", run_id=run, key="other", value="1")
    until(lambda: here.tags(run)["color"] == "red", "the tag to be put back")

    assert [entry["message"] for entry in log(here, LINK)] == [
        "the tag color of the copy in this workspace was changed to 'green'; it was reset to 'red'"
    ]
