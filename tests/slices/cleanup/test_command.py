"""`trackside delete` and `trackside trash`, against a server; and a server that is killed in the middle of a deletion."""

import json
from collections.abc import Callable

import pytest

from slices.cleanup.test_deletions import DELETIONS, delete, filled_run, history, preview
from support.links import until
from support.people import OURS
from support.processes.servers import Server
from support.traces import Sent, export, trace_id
from trackside.cli.main import main


@pytest.fixture
def said(server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Said":
    monkeypatch.setenv("TRACKSIDE_URL", server.url)
    return Said(capsys)


class Said:
    """What a command prints, and how it ends."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out, err = self._capsys.readouterr()
        return code, out, err


def test_a_run_is_previewed_and_deleted_and_the_freed_bytes_are_printed(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)

    code, out, _ = said("delete", "run", run_id, "--preview")
    assert code == 0
    assert "1 run, 1 param, 2 tags, 1 metric, 300 points, 2 files" in out
    assert "2.0 KiB of files, 7.0 KiB in the database" in out
    assert said("delete", "run", run_id)[0] == 2  # nobody can be asked
    code, out, err = said("delete", "run", run_id, "--json")
    assert (code, out, "  holds    1 run, 1 param" in err) == (2, "", True)
    assert said("delete", "run", run_id, "--yes")[1] == (
        f"deleted run {run_id}: freed 2.0 KiB of files (2) and 7.0 KiB in the database\n"
    )
    code, _, err = said("delete", "run", run_id, "--yes")
    assert (code, f"Run with id={run_id} not found" in err) == (2, True)


def test_a_range_of_steps_of_a_metric_is_deleted(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)

    code, out, _ = said("delete", "metric", run_id, "loss", "--steps", "100..200", "--yes", "--json")

    done = json.loads(out)
    assert (code, done["row_count"], done["row_bytes"]) == (0, 101, 101 * 24)
    assert history(server.api, run_id) == [*range(100), *range(201, 300)]
    assert said("delete", "metric", run_id, "loss", "--steps", "250..", "--yes")[0] == 0
    assert said("delete", "metric", run_id, "loss", "--steps=..9", "--yes")[0] == 0
    assert history(server.api, run_id) == [*range(10, 100), *range(201, 250)]
    code, _, err = said("delete", "metric", run_id, "loss", "--steps", "all", "--yes")
    assert (code, "--steps is 'all'" in err) == (2, True)


def test_obstacles_to_a_deletion_are_reported(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)
    server.api.post("runs/set-tag", run_id=run_id, key="trackside.protected", value="paper")

    code, out, _ = said("delete", "run", run_id, "--dry-run")
    assert (code, "blocked  It is protected." in out) == (1, True)
    code, _, err = said("delete", "run", run_id, "--yes")
    assert (code, "Delete the tag trackside.protected first." in err) == (1, True)
    assert server.api.get("runs/get", run_id=run_id)


def test_the_trash_is_listed_restored_from_and_purged(server: Server, said: Said) -> None:
    api = server.api
    experiment_id = api.new_experiment("old")
    filled_run(api, experiment_id)
    api.post("experiments/delete", experiment_id=experiment_id)
    runs = [filled_run(api) for _ in range(3)]
    for run_id in runs:
        api.post("runs/delete", run_id=run_id)
    api.post("runs/restore", run_id=runs[0])
    api.post("runs/set-tag", run_id=runs[0], key="trackside.protected", value="yes")
    api.post("runs/delete", run_id=runs[0])

    listed = json.loads(said("trash", "list", "--json")[1])
    assert {each["id"] for each in listed} == {experiment_id, *runs}
    assert said("trash", "restore", "run", runs[1])[0] == 0
    assert json.loads(said("trash", "purge", "--older-than", "1", "--yes", "--json")[1])["items"] == 0
    code, out, err = said("trash", "purge", "--older-than", "0", "--yes", "--json")

    done = json.loads(out)
    assert (code, done["items"], done["file_bytes"], done["row_bytes"]) == (1, 2, 4000, 2 * 300 * 24)
    assert f"run {runs[0]} stays" in err
    assert [each["id"] for each in api.get(f"{OURS}/trash")["items"]] == [runs[0]]
    assert api.get("runs/get", run_id=runs[1])["run"]["info"]["lifecycle_stage"] == "active"


class Typist:
    """A terminal at which a person types `purge`, after another purge has ended."""

    def __init__(self, other: Callable[[], None]) -> None:
        self._other = other

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        self._other()
        return "purge\n"


def test_a_purge_passes_over_what_another_one_has_deleted(
    server: Server, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = server.api
    both, first, kept = (filled_run(api) for _ in range(3))
    for run_id in (both, first, kept):
        api.post("runs/delete", run_id=run_id)

    def delete_first() -> None:
        for run_id in (both, first):
            delete(api, "run", run_id=run_id, confirm=preview(api, "run", run_id=run_id).get("confirm"))

    monkeypatch.setattr("sys.stdin", Typist(delete_first))
    code, out, err = said("trash", "purge", "--older-than", "0")

    assert (code, err) == (0, "")
    assert "deleted 1 item" in out
    assert api.get(f"{OURS}/trash").get("items", []) == []


def test_traces_of_the_trash_are_purged_by_one_job(server: Server, said: Said) -> None:
    api = server.api
    shop = api.new_experiment("shop")
    for number in range(1, 41):
        export(api, Sent(1, trace=number), experiment_id=shop if number == 40 else "0")
    for experiment_id, numbers in (("0", range(1, 40)), (shop, range(40, 41))):
        ids = [trace_id(number) for number in numbers]
        api.post("traces/delete-traces", experiment_id=experiment_id, request_ids=ids)
    api.post(f"{OURS}/holds", kind="experiment", id=shop, reason="a lawsuit\x1b[31m")

    shown = json.loads(said("trash", "purge", "--older-than", "0", "--dry-run", "--json")[1])
    code, out, err = said("trash", "purge", "--older-than", "0", "--yes", "--json")

    done = json.loads(out)
    assert (shown["items"], code, done["items"]) == (39, 1, 39)
    assert shown["row_bytes"] == done["row_bytes"] > 39 * 50
    assert "a lawsuit" in err
    assert [each["id"] for each in api.get(f"{OURS}/trash")["items"]] == [trace_id(40)]
    jobs = api.get(f"{OURS}/jobs")["jobs"]
    assert [(each["kind"], each["state"]) for each in jobs] == [("empty-trash", "succeeded")]
    log, raw = (said("job", "logs", jobs[0]["job_id"], *flags)[1] for flags in ((), ("--raw",)))
    assert ("a lawsuit\\x1b[31m" in log, "a lawsuit\x1b[31m" in raw) == (True, True)


def test_the_same_command_finishes_what_a_killed_server_began(
    server: Server, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = server.api
    experiment_id = api.new_experiment("old")
    for _ in range(41):
        filled_run(api, experiment_id, steps=2, size=10)

    first = api.post(DELETIONS, {"kind": "experiment", "experiment_id": experiment_id, "confirm": "old"})
    assert (first["is_done"], first["file_count"]) == (False, 40)
    server.kill9()
    monkeypatch.setenv("TRACKSIDE_URL", server.start().url)
    code, out, _ = said("delete", "experiment", experiment_id, "--yes", "--json")

    done = json.loads(out)
    assert (code, done["file_count"], done["file_bytes"]) == (0, 82, 820)
    assert server.api.ask("GET", f"experiments/get?experiment_id={experiment_id}").status == 404
    assert list((server.data / "artifacts").rglob("*.bin")) == []


def test_a_retention_rule_is_previewed_run_and_scheduled(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)
    rule = ("--filter", "tags.team = 'growth'", "--experiments", "Def*")

    shown = said("retention", "preview", *rule)
    allowed = said("retention", "preview", *rule, "--most-percent", "100", "--json")
    scheduled = said("retention", "schedule", "tidy", *rule, "--cron", "0 5 * * *")
    ran = said("retention", "run", *rule, "--most-percent", "100")
    until(lambda: server.api.run(run_id)["info"]["lifecycle_stage"] == "deleted", "the rule to move the run")

    assert (shown[0], "matches 1 of 1 runs" in shown[1], "would delete nothing" in shown[1]) == (1, True, True)
    assert (allowed[0], json.loads(allowed[1])["runs"][0]["file_bytes"]) == (0, 2000)
    assert (scheduled[0], ran[0]) == (0, 0)
    (schedule,) = server.api.get(f"{OURS}/job-schedules")["schedules"]
    assert (schedule["name"], schedule["kind"], schedule["cron"]) == ("tidy", "retention", "0 5 * * *")
    code, _, err = said("retention", "run", "--experiments", "*")
    assert (code, "matches every run" in err) == (2, True)
