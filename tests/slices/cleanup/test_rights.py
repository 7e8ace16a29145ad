"""Rights for permanent deletion and for the trash, and their entries in the audit log."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support.people import OURS, People
from trackside.core.settings import Settings

DELETIONS = f"{OURS}/deletions"


@pytest.fixture
def people(chosen: Settings, make_people: Callable[..., People]) -> People:
    return make_people(structs.replace(chosen, default_role=()))


def test_deletion_needs_its_right_and_hidden_targets_answer_as_missing(people: People) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    run, hidden = admin.new_run(mine), admin.new_run(other)
    editor = people.add("ed", "MLflow EDIT", f"/ws/default/experiments/{mine}")
    manager = people.add("mo", "MLflow MANAGE", f"/ws/default/experiments/{mine}")

    for api, run_id in ((editor, run), (manager, hidden), (manager, "0" * 32)):
        for path in (DELETIONS, f"{DELETIONS}/preview"):
            refused = api.ask("POST", path, {"kind": "run", "run_id": run_id})
            assert (refused.status, refused.json["message"]) == (403, "Permission denied.")
    admin.post("runs/log-metric", run_id=run, key="m", value=1.0, timestamp=1)
    assert editor.post(DELETIONS, kind="metric", run_id=run, key="m")["row_count"] == 1
    assert manager.post(DELETIONS, kind="run", run_id=run)["is_done"]


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("empty-trash", {}), ("retention", {"older_than_days": 1}), ("trace-retention", {"older_than_days": 1}),
        ("orphan-search", {}), ("orphan-quarantine", {}), ("quarantine-purge", {}),
    ],
)  # fmt: skip
def test_a_caller_with_a_denied_part_cannot_delete_in_the_whole_workspace(
    people: People, kind: str, params: dict[str, Any]
) -> None:
    other = people.admin.new_experiment("other")
    bo, cy = people.add("bo", "Owner"), people.add("cy", "Owner")
    people.deny("bo", "MLflow DENY", f"/ws/default/experiments/{other}")
    job, schedule = {"kind": kind, "params": params}, {"name": "s", "kind": kind, "params": params, "interval_s": 3600}

    for path, call in ((f"{OURS}/jobs", job), (f"{OURS}/job-schedules", schedule)):
        refused = bo.ask("POST", path, call)
        assert refused.status == 403, refused
        assert "in the whole workspace" in refused.json["message"]
        assert cy.ask("POST", path, call).status != 403


def test_the_trash_shows_what_the_caller_may_read(people: People) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    runs = [admin.new_run(mine), admin.new_run(other)]
    for run_id in runs:
        admin.post("runs/delete", run_id=run_id)
    bo = people.add("bo", "MLflow READ", f"/ws/default/experiments/{mine}")

    assert [each["id"] for each in bo.get(f"{OURS}/trash")["items"]] == runs[:1]
    assert len(admin.get(f"{OURS}/trash")["items"]) == 2


def test_the_audit_log_says_who_deleted_what_and_how_much(people: People) -> None:
    run_id = people.admin.new_run("0")
    people.admin.post("runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=1)

    people.admin.post(DELETIONS, kind="metric", run_id=run_id, key="m")
    people.admin.post(DELETIONS, kind="run", run_id=run_id)

    entries = people.admin.get(f"{OURS}/audit", action="deletion.")["entries"]
    assert [(each["action"], each["object_type"], each["object_id"]) for each in entries] == [
        ("deletion.done", "run", run_id), ("deletion.begin", "run", run_id), ("deletion.done", "metric", run_id)
    ]  # fmt: skip
    assert '"key":"m"' in entries[2]["detail"]
