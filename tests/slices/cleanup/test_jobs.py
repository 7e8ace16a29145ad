"""Deletions as jobs, the trash emptied by age, and retention rules with their dry run."""

from pathlib import Path
from typing import Any

import pytest

from slices.cleanup.test_deletions import filled_run, preview, put
from support.client import Api
from support.links import until
from support.people import OURS
from support.processes.servers import Server
from trackside.cleanup import kinds, model
from trackside.cleanup.work import ITEMS_OF_JOB

JOBS = f"{OURS}/jobs"


def ended(api: Api, job_kind: str, /, **params: Any) -> Any:
    """A job that has ended."""
    job_id = api.post(JOBS, kind=job_kind, params=params)["job"]["job_id"]
    until(lambda: api.get(f"{JOBS}/{job_id}")["job"]["state"] not in ("queued", "running"), "the job to end")
    return api.get(f"{JOBS}/{job_id}")["job"]


def test_a_job_deletes_by_every_field_of_the_call() -> None:
    assert set(model.Delete.__struct_fields__) == set(kinds.Delete.__struct_fields__)


def stored(server: Server) -> int:
    """Bytes of all artifacts."""
    return sum(path.stat().st_size for path in (server.data / "artifacts").rglob("*") if path.is_file())


def stage(api: Api, run_id: str) -> str:
    reply = api.ask("GET", f"runs/get?run_id={run_id}")
    return str(reply.json["run"]["info"]["lifecycle_stage"]) if reply.status == 200 else "gone"


def test_a_deletion_runs_as_a_job_and_its_result_has_the_bytes(server: Server) -> None:
    api = server.api
    run_id, other = filled_run(api), filled_run(api)
    token = preview(api, "run", run_id=run_id)["token"]
    api.post("runs/log-metric", run_id=run_id, key="loss", value=1, timestamp=1, step=9000)

    outdated = ended(api, "delete", kind="run", run_id=run_id, token=token)
    done = ended(api, "delete", kind="run", run_id=run_id, token=preview(api, "run", run_id=run_id)["token"])
    steps = ended(api, "delete", kind="metric_steps", run_id=other, key="loss", from_step=0, to_step=99)

    assert (outdated["state"], "out of date" in outdated["reason"]) == ("failed", True)
    assert (done["state"], done["result"]["file_bytes"], done["result"]["file_count"]) == ("succeeded", 2000, 2)
    assert (steps["state"], steps["result"]["row_bytes"]) == ("succeeded", 100 * 24)
    assert steps["title"] == f"Delete metric steps {other} loss"
    assert stage(api, run_id) == "gone"
    refused = api.ask("POST", JOBS, {"kind": "delete", "params": {"kind": "run", "run_id": run_id}})
    assert refused.status == 404


def test_the_result_of_a_job_names_files_that_stay(server: Server, tmp_path: Path) -> None:
    api, elsewhere = server.api, tmp_path / "elsewhere"
    experiment_id = api.post("experiments/create", name="far", artifact_location=f"file://{elsewhere}")["experiment_id"]
    run_id = api.new_run(experiment_id)

    done = ended(api, "delete", kind="run", run_id=run_id)

    assert (done["state"], len(done["result"]["kept"])) == ("succeeded", 1)
    assert str(elsewhere) in done["result"]["kept"][0]


@pytest.mark.slow
@pytest.mark.both
def test_an_experiment_of_more_runs_than_a_portion_goes_in_one_job_that_counts_all_of_it(any_server: Server) -> None:
    api = any_server.api
    experiment_id = api.new_experiment("old")
    runs = [filled_run(api, experiment_id, steps=2) for _ in range(2)]
    runs += [api.new_run(experiment_id) for _ in range(ITEMS_OF_JOB)]
    kept = filled_run(api, steps=2)
    shown = preview(api, "experiment", experiment_id=experiment_id)

    done = ended(api, "delete", kind="experiment", experiment_id=experiment_id, token=shown["token"], confirm="old")

    assert (done["state"], shown["counts"]["runs"]) == ("succeeded", len(runs))
    assert (done["result"]["file_count"], done["result"]["file_bytes"]) == (4, 4000)
    assert done["result"]["row_bytes"] == shown["row_bytes"] == 2 * 2 * 24
    assert {stage(api, each) for each in runs} == {"gone"}
    assert stage(api, kept) == "active"
    assert stored(any_server) == 2000


def test_emptying_the_trash_keeps_protected_items(server: Server) -> None:
    api = server.api
    gone, held, kept = filled_run(api), filled_run(api), filled_run(api)
    api.post("runs/set-tag", run_id=held, key="trackside.protected", value="paper")
    for run_id in (gone, held):
        api.post("runs/delete", run_id=run_id)

    early = ended(api, "empty-trash", older_than_days=30)
    done = ended(api, "empty-trash", older_than_days=0)

    assert (early["result"]["items"], early["result"]["file_bytes"]) == (0, 0)
    assert (done["result"]["items"], done["result"]["file_bytes"]) == (1, 2000)
    assert [held in text for text in done["result"]["kept"]] == [True]
    assert [stage(api, each) for each in (gone, held, kept)] == ["gone", "deleted", "active"]


def test_two_jobs_that_empty_the_trash_at_once_keep_nothing(server: Server) -> None:
    """Each finds runs that the other one deletes first."""
    api = server.api
    runs = [api.new_run() for _ in range(30)]
    for run_id in runs:
        api.post("runs/delete", run_id=run_id)

    jobs = [api.post(JOBS, kind="empty-trash", params={"older_than_days": 0})["job"]["job_id"] for _ in range(2)]
    until(lambda: {api.get(f"{JOBS}/{each}")["job"]["state"] for each in jobs} == {"succeeded"}, "the jobs to end")

    assert [api.get(f"{JOBS}/{each}")["job"]["result"].get("kept", []) for each in jobs] == [[], []]
    assert {stage(api, each) for each in runs} == {"gone"}


def test_a_rule_keeps_the_best_runs_and_its_preview_lists_the_others(server: Server) -> None:
    api = server.api
    experiment_id = api.new_experiment("sweep-1")
    runs = [filled_run(api, experiment_id, steps=1) for _ in range(4)]
    for number, run_id in enumerate(runs):
        api.post("runs/log-metric", run_id=run_id, key="auc", value=number, timestamp=1, step=1)
    other = filled_run(api)
    rule = {"experiments": "sweep-*", "keep_best": 2, "metric": "auc"}

    shown = api.post(f"{OURS}/retention/preview", rule)
    refused = ended(api, "retention", **rule)
    done = ended(api, "retention", **rule, most_percent=50)

    assert sorted(each["run_id"] for each in shown["runs"]) == sorted(runs[:2])
    assert (shown["matched"], shown["total"], shown["is_allowed"], shown["file_bytes"]) == (2, 5, False, 4000)
    assert (refused["state"], "2 of 5 runs (40 %)" in refused["reason"]) == ("failed", True)
    assert done["result"]["items"] == 2
    assert [stage(api, each) for each in (*runs, other)] == ["deleted", "deleted", "active", "active", "active"]


def test_a_rule_deletes_files_by_glob_and_keeps_the_runs(server: Server) -> None:
    api = server.api
    run_id = filled_run(api)
    put(api, "0", f"{run_id}/artifacts/checkpoints/1.pt", b"x" * 500)
    rule = {"artifacts": "checkpoints/*.pt", "filter": "tags.team = 'growth'", "most_percent": 100}

    shown = api.post(f"{OURS}/retention/preview", rule)
    done = ended(api, "retention", **rule)

    assert shown["runs"][0]["paths"] == ["checkpoints/1.pt"]
    assert (done["result"]["file_count"], done["result"]["file_bytes"]) == (1, 500)
    assert {each["path"] for each in api.get("artifacts/list", run_id=run_id)["files"]} == {"model", "note.txt"}
    assert stage(api, run_id) == "active"


def test_a_rule_runs_on_a_schedule(server: Server) -> None:
    api = server.api
    run_id = filled_run(api)
    rule = {"filter": "tags.team = 'growth'", "most_percent": 100}
    api.post(f"{OURS}/job-schedules", name="tidy", kind="retention", params=rule, interval_s=3600)

    api.post(f"{OURS}/job-schedules/tidy/run")

    until(lambda: stage(api, run_id) == "deleted", "the rule to move the run to the trash")


def test_an_invalid_retention_rule_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "matches every run"),
        ({"experiments": "*", "permanently": True}, "matches every run"),
        ({"keep_best": 2}, "without metric"),
        ({"metric": "auc"}, "without keep_best"),
        ({"keep_last": 1, "keep_best": 1, "metric": "auc"}, "choose one"),
        ({"older_than_days": -1}, "older_than_days is -1"),
        ({"filter": "tags.team ="}, ""),
        ({"keep_last": 1, "most_percent": 0}, "most_percent is 0"),
    ]

    for rule, words in cases:
        with subtests.test(rule=rule):
            shown = api.ask("POST", f"{OURS}/retention/preview", rule)
            queued = api.ask("POST", JOBS, {"kind": "retention", "params": rule})

            assert (shown.status, words in shown.json["message"]) == (400, True)
            assert (queued.status, words in queued.json["message"]) == (400, True)
