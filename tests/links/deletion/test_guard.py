"""A link that would delete more than its limit pauses, reports the deletions, and continues when a user accepts them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.links import LINKS, add, all_runs, link, log, settle, until, url_of
from support.processes.servers import Server, trackside
from trackside.links.model import Options
from trackside.links.reconcile.deletion_guard import is_too_much

RUNS = 8
BOUND = 2


@pytest.mark.parametrize(
    ("items", "synced", "expected"),
    [(20, 20, False), (21, 210, False), (21, 209, True), (0, 0, False), (500, 10_000, False), (1001, 10_000, True)],
)
def test_both_bounds_must_be_exceeded(items: int, synced: int, expected: bool) -> None:
    assert is_too_much(items, synced, Options()) is expected


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_a_link_pauses_before_it_deletes_more_than_its_bound(server: Server, here: Api, there: Api, mode: str) -> None:
    source, copy = (here, there) if mode == "push" else (there, here)
    runs = [source.new_run(run_name=f"run-{number}") for number in range(RUNS)]
    add(here, "l", url_of(server, "south"), mode=mode, max_deletions=BOUND)
    until(lambda: len(all_runs(copy)) == RUNS, "the runs to arrive")
    settle(here, "l")

    here.post(f"{LINKS}/l/pause")
    for run in runs:
        source.post("runs/delete", run_id=run)
    here.post(f"{LINKS}/l/resume")
    until(lambda: bool(link(here, "l").get("last_error")), "the link to pause")
    paused, stopped = link(here, "l"), deleted(copy)
    here.post(f"{LINKS}/l/resume", accept_deletions=True)
    until(lambda: len(deleted(copy)) == RUNS, "the deletions to happen")
    settle(here, "l")

    side = "there" if mode == "push" else "here"
    assert (paused["state"], stopped, paused["held_deletions"]["items"]) == ("paused", [], RUNS)
    assert f"would delete {RUNS} of {RUNS + 1} items" in paused["last_error"]
    assert "trackside link resume l --accept-deletions" in paused["last_error"]
    assert {(each["entity"], each["side"], each["name"]) for each in paused["held_deletions"]["listed"]} == {
        ("run", side, f"run-{number}") for number in range(RUNS)
    }
    assert any(each["action"] == "paused" and "would delete" in str(each) for each in link_changes(here))
    assert link(here, "l")["state"] == "active"
    assert any("was accepted" in entry["message"] for entry in log(here, "l"))


def test_deletions_one_after_the_other_are_counted_together(server: Server, here: Api, there: Api) -> None:
    runs = [here.new_run() for _ in range(RUNS)]
    add(here, "l", url_of(server, "south"), max_deletions=BOUND)
    until(lambda: len(all_runs(there)) == RUNS, "the runs to arrive")
    settle(here, "l")

    for number, run in enumerate(runs[:BOUND], start=1):
        here.post("runs/delete", run_id=run)
        until(lambda number=number: len(deleted(there)) == number, "the deletion to arrive")  # type: ignore[misc]
    here.post("runs/delete", run_id=runs[BOUND])
    until(lambda: link(here, "l")["state"] == "paused", "the link to pause")

    assert sorted(deleted(there)) == sorted(runs[:BOUND])


def test_restored_objects_are_not_deleted_by_a_resume(server: Server, here: Api, there: Api) -> None:
    runs = [here.new_run() for _ in range(RUNS)]
    add(here, "l", url_of(server, "south"), max_deletions=0, max_deletions_percent=0)
    until(lambda: len(all_runs(there)) == RUNS, "the runs to arrive")
    settle(here, "l")
    here.post("runs/delete", run_id=runs[0])
    until(lambda: link(here, "l")["state"] == "paused", "the link to pause")

    here.post("runs/restore", run_id=runs[0])
    here.post(f"{LINKS}/l/resume")
    settle(here, "l")

    assert deleted(there) == []
    assert (link(here, "l")["state"], link(here, "l")["held_deletions"]["items"]) == ("active", 0)


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_models_versions_and_datasets_count_as_deletions(server: Server, here: Api, there: Api, mode: str) -> None:
    source, copy = (here, there) if mode == "push" else (there, here)
    source.post("registered-models/create", name="iris")
    for _ in range(2):
        source.post("model-versions/create", name="iris", source="s3://bucket/model")
    dataset = source.post("datasets/create", name="cases", experiment_ids=["0"], version="3.0")["dataset"]["dataset_id"]
    add(here, "l", url_of(server, "south"), mode=mode, registry=True, max_deletions=0, max_deletions_percent=0)
    until(lambda: models(copy) == ["iris"] and datasets(copy) == ["cases"], "the model and the dataset to arrive")
    settle(here, "l")

    source.ask("DELETE", "registered-models/delete", {"name": "iris"})
    until(lambda: link(here, "l")["state"] == "paused", "the link to pause for the model")
    held = link(here, "l")["held_deletions"]["listed"]
    source.ask("DELETE", f"datasets/{dataset}", version="3.0")
    here.post(f"{LINKS}/l/resume", accept_deletions=True)
    until(lambda: link(here, "l")["state"] == "paused", "the link to pause for the dataset")
    rest = link(here, "l")["held_deletions"]["listed"]
    here.post(f"{LINKS}/l/resume", accept_deletions=True)
    until(lambda: datasets(copy) == [], "the dataset to be deleted")

    assert ("registered_model", "model iris", 3) in [(each["entity"], each["name"], each["items"]) for each in held]
    assert [(each["entity"], each["name"]) for each in rest] == [("evaluation_dataset", "evaluation dataset cases")]
    assert models(copy) == []


def test_a_run_deleted_before_the_link_does_not_count_as_a_deletion(server: Server, here: Api, there: Api) -> None:
    for _ in range(RUNS):
        here.post("runs/delete", run_id=here.new_run())

    add(here, "l", url_of(server, "south"), max_deletions=0, max_deletions_percent=0)
    until(lambda: len(deleted(there)) == RUNS, "the runs to arrive as deleted")

    assert settle(here, "l")["state"] == "active"


def test_the_command_line_shows_and_accepts_deletions(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start()
    api = server.api
    run = api.new_run(run_name="mine")

    def command(*words: str) -> tuple[int, str, str]:
        return trackside("link", *words, "--server", server.url, cwd=tmp_path)

    other = start()
    code, _, said = command(*("add", "twin", "--to", other.url, "--max-deletions", "0", "--max-deletions-percent", "0"))
    assert code == 0, said
    api.post("runs/delete", run_id=run)
    until(lambda: link(api, "twin")["state"] == "paused", "the link to pause")

    shown = command("show", "twin")[1]
    code = command("resume", "twin", "--accept-deletions")[0]
    until(lambda: deleted(other.api) == [run], "the run to be deleted")

    assert "would delete" in shown
    assert "on the remote: run mine" in shown
    assert code == 0


@pytest.mark.parametrize(
    ("field", "value"), [("max_deletions", -1), ("max_deletions_percent", 101), ("max_deletions_percent", -0.5)]
)
def test_an_invalid_bound_is_refused(server: Server, here: Api, field: str, value: float) -> None:
    reply = here.ask("POST", LINKS, {"name": "l", "to": url_of(server, "south"), field: value})

    assert reply.status == 400
    assert f"{field} is {value}" in reply.json["message"]


def deleted(api: Api) -> list[str]:
    return [each["info"]["run_id"] for each in all_runs(api) if each["info"]["lifecycle_stage"] == "deleted"]


def models(api: Api) -> list[str]:
    return [each["name"] for each in api.get("registered-models/search").get("registered_models", [])]


def datasets(api: Api) -> list[str]:
    found = api.post("datasets/search", experiment_ids=["0"], version="3.0").get("datasets", [])
    return [each["name"] for each in found]


def link_changes(api: Api) -> list[Any]:
    found: list[Any] = api.get("/api/trackside/v1/changes", entity="link").get("changes", [])
    return [{"detail": {}, **each} for each in found]


def test_objects_on_legal_hold_are_kept_and_the_link_reports_it(server: Server, here: Api, there: Api) -> None:
    held, free = here.new_run(run_name="held"), here.new_run(run_name="free")
    add(here, "l", url_of(server, "south"))
    until(lambda: len(all_runs(there)) == 2, "the runs to arrive")
    settle(here, "l")
    there.post("/api/trackside/v1/holds", kind="run", id=held, reason="case 7")

    for run_id in (held, free):
        here.post("runs/delete", run_id=run_id)
    until(lambda: deleted(there) == [free], "the other deletion to happen")
    until(lambda: any("case 7" in entry["message"] for entry in log(here, "l")), "the link to name the hold")

    assert there.run(held)["info"]["lifecycle_stage"] == "active"
    assert link(here, "l")["state"] == "active"
