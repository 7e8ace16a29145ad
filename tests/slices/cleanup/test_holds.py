"""Legal holds: every kind of deletion refuses objects on hold, and the message names the hold."""

import json
from typing import Any

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_deletions import DELETIONS, filled_run, preview, stored_bytes
from slices.cleanup.test_jobs import ended, stage
from slices.cleanup.test_rights import people
from support.client import Api
from support.people import OURS, People
from support.processes.servers import Server
from trackside.core.settings import Settings

__all__ = ["people", "said"]
HOLDS = f"{OURS}/holds"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


def hold(api: Api, kind: str, object_id: str = "", reason: str = "case 12/26") -> None:
    named = {"id": object_id} if object_id else {}
    api.post(HOLDS, {"kind": kind, **named, "reason": reason})


def refused(api: Api, method: str, path: str, body: Any = None) -> str:
    reply = api.ask(method, path, body)
    assert reply.status == 400, (path, reply.status, reply.json)
    assert "is on legal hold since" in reply.json["message"], (path, reply.json)
    assert "case 12/26" in reply.json["message"]
    return str(reply.json["message"])


@pytest.mark.both
def test_every_deleting_call_refuses_a_run_on_hold(api: Api, chosen: Settings) -> None:
    experiment_id = api.new_experiment("churn")
    run_id = filled_run(api, experiment_id)
    hold(api, "run", run_id)
    before = stored_bytes(chosen)

    assert run_id in refused(api, "POST", "runs/delete", {"run_id": run_id})
    refused(api, "POST", "runs/delete-tag", {"run_id": run_id, "key": "team"})
    refused(api, "POST", "experiments/delete", {"experiment_id": experiment_id})
    for path in (f"{experiment_id}/{run_id}/artifacts/note.txt", f"{experiment_id}/{run_id}", experiment_id):
        refused(api, "DELETE", f"{PROXY}/{path}")
    for named in (
        {"kind": "run"}, {"kind": "metric", "key": "loss"}, {"kind": "param", "key": "lr"}, {"kind": "tag", "key": "team"},
        {"kind": "metric_steps", "key": "loss", "from_step": 0, "to_step": 5}, {"kind": "artifact", "path": "note.txt"},
    ):  # fmt: skip
        assert [each["kind"] for each in preview(api, run_id=run_id, **named)["obstacles"]] == ["held"], named
        refused(api, "POST", DELETIONS, {"run_id": run_id, **named})
    named = {"kind": "experiment", "experiment_id": experiment_id}
    refused(api, "POST", DELETIONS, {**named, "confirm": "churn"})
    for action in ("delete", "delete-tag"):
        done = api.post(f"{OURS}/runs/bulk", {"action": action, "key": "team", "run_ids": [run_id]})
        assert [(done["changed"], "on legal hold" in each["reason"]) for each in done["refused"]] == [(0, True)]
    assert stage(api, run_id) == "active"
    assert stored_bytes(chosen) == before


@pytest.mark.parametrize("spelled_in_hold", [False, True])
def test_a_hold_covers_every_spelling_of_a_number(api: Api, spelled_in_hold: bool) -> None:
    experiment_id = api.new_experiment("churn")
    run_id = filled_run(api, experiment_id)
    api.post("registered-models/create", name="churn")
    api.post(
        "model-versions/create", name="churn", source=f"{api.run(run_id)['info']['artifact_uri']}/model", run_id=run_id
    )
    zeros = "00" if spelled_in_hold else ""
    hold(api, "experiment", zeros + experiment_id)
    hold(api, "model_version", f"churn/{zeros}1")

    for spelling in (experiment_id, f"00{experiment_id}"):
        refused(api, "POST", "experiments/delete", {"experiment_id": spelling})
        named = {"kind": "experiment", "experiment_id": spelling}
        assert "held" in [each["kind"] for each in preview(api, **named)["obstacles"]], named
        refused(api, "POST", DELETIONS, {**named, "confirm": "churn"})
        assert [each["id"] for each in api.get(HOLDS, kind="experiment", id=spelling)["holds"]] == [experiment_id]
    for version in ("1", "01", "+1", " 1"):
        refused(api, "DELETE", "model-versions/delete", {"name": "churn", "version": version})
        refused(api, "DELETE", "model-versions/delete-tag", {"name": "churn", "version": version, "key": "k"})
    for version in ("1", "01"):
        refused(api, "POST", DELETIONS, {"kind": "model_version", "name": "churn", "version": version})
    assert api.ask("DELETE", HOLDS, {"kind": "experiment", "id": f"0{experiment_id}"}).status == 200
    api.post("experiments/delete", experiment_id=experiment_id)


def test_a_hold_on_an_experiment_covers_its_runs_and_models_until_it_is_removed(api: Api) -> None:
    experiment_id = api.new_experiment("churn")
    run_id = filled_run(api, experiment_id)
    model_id = api.post("logged-models", experiment_id=experiment_id, name="m")["model"]["info"]["model_id"]
    hold(api, "experiment", experiment_id)

    refused(api, "POST", "runs/delete", {"run_id": run_id})
    refused(api, "DELETE", f"logged-models/{model_id}")
    shown = api.get(HOLDS, kind="run", id=run_id)["holds"]
    assert [(each["kind"], each["id"], each["reason"]) for each in shown] == [
        ("experiment", experiment_id, "case 12/26")
    ]
    assert api.ask("POST", HOLDS, {"kind": "experiment", "id": experiment_id, "reason": "again"}).status == 400
    assert api.ask("DELETE", HOLDS, {"kind": "run", "id": run_id}).status == 404

    assert api.ask("DELETE", HOLDS, {"kind": "experiment", "id": experiment_id}).status == 200
    api.post("runs/delete", run_id=run_id)
    assert api.post(DELETIONS, kind="run", run_id=run_id)["is_done"]


def test_renamed_versions_and_models_stay_on_hold(api: Api) -> None:
    run_id = filled_run(api)
    api.post("registered-models/create", name="churn")
    api.post("model-versions/create", name="churn", source=f"runs:/{run_id}/model", run_id=run_id)
    hold(api, "model_version", "churn/1")

    refused(api, "DELETE", "model-versions/delete", {"name": "churn", "version": "1"})
    refused(api, "DELETE", "registered-models/delete", {"name": "churn"})
    api.post("registered-models/rename", name="churn", new_name="churn2")
    refused(api, "DELETE", "model-versions/delete", {"name": "churn2", "version": "1"})
    refused(api, "POST", f"{OURS}/registered-models/churn2/delete", {"delete_files": True})
    refused(api, "DELETE", f"{PROXY}/0/{run_id}/artifacts/model/weights.bin")


@pytest.mark.both
def test_a_workspace_with_anything_on_hold_is_not_deleted(api: Api) -> None:
    api.new_workspace("north")
    north = api.within("north")
    run_id = north.new_run()
    hold(north, "run", run_id)

    for mode in ("RESTRICT", "CASCADE"):
        assert api.ask("DELETE", f"/api/3.0/mlflow/workspaces/north?mode={mode}").status == 400
    hold(north, "workspace")
    refused(api, "DELETE", "/api/3.0/mlflow/workspaces/north?mode=SET_DEFAULT")
    assert north.run(run_id)["info"]["run_id"] == run_id
    assert north.ask("DELETE", HOLDS, {"kind": "workspace"}).status == 200
    assert api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=SET_DEFAULT").status == 204
    refused(api, "POST", "runs/delete", {"run_id": run_id})  # the hold went where the run went


def test_deletion_jobs_keep_objects_on_hold_and_report_them(server: Server) -> None:
    api = server.api
    held, gone = filled_run(api), filled_run(api)
    api.post("runs/delete", run_id=held)
    api.post("runs/delete", run_id=gone)
    hold(api, "run", held)
    kept = filled_run(api)
    hold(api, "run", kept)

    emptied = ended(api, "empty-trash", older_than_days=0)
    ruled = ended(api, "retention", filter="tags.team = 'growth'", most_percent=100)
    permanently = ended(api, "retention", filter="tags.team = 'growth'", most_percent=100, permanently=True)

    assert emptied["result"]["items"] == 1
    for job in (emptied, ruled, permanently):
        assert ["is on legal hold" in text for text in job["result"]["kept"]] == [True]
    assert [stage(api, each) for each in (held, gone, kept)] == ["deleted", "gone", "active"]


def test_the_command_places_lists_and_removes_holds(server: Server, said: Said) -> None:
    run_id = filled_run(server.api)

    code, out, _ = said("hold", "add", "run", run_id, "--reason", "case 12/26", "--until", "2999-01-31")
    assert (code, "until 2999-01-31: case 12/26" in out) == (0, True)
    code, out, _ = said("hold", "list")
    assert (code, run_id in out, "2999-01-31" in out) == (0, True, True)
    assert len(json.loads(said("hold", "list", "run", run_id, "--json")[1])) == 1
    code, _, err = said("delete", "run", run_id, "--yes")
    assert (code, f"trackside hold remove run {run_id}" in err) == (1, True)
    assert said("hold", "remove", "run", run_id)[0] == 0
    assert said("delete", "run", run_id, "--yes")[0] == 0
    assert said("hold", "add", "run", run_id, "--reason", "x", "--until", "tomorrow")[0] == 2
    assert said("hold", "remove", "run", run_id)[0] == 2


def test_placing_a_hold_needs_its_own_right_and_is_in_the_audit_log(people: People) -> None:
    run_id = people.admin.new_run("0")
    contributor = people.add("co", "Contributor", "/ws/default")
    officer = people.add("lo", "Legal Hold Officer", "/ws/default")
    body = {"kind": "run", "id": run_id, "reason": "case 12/26"}

    assert contributor.ask("POST", HOLDS, body).status == 403
    assert officer.ask("POST", HOLDS, body).status == 201
    assert [each["placed_by"] for each in contributor.get(HOLDS)["holds"]] == ["lo"]
    assert contributor.ask("DELETE", HOLDS, {"kind": "run", "id": run_id}).status == 403
    assert officer.ask("DELETE", HOLDS, {"kind": "run", "id": run_id}).status == 200
    entries = people.admin.get(f"{OURS}/audit", action="hold.")["entries"]
    assert [(each["action"], each["actor"], each["object_id"]) for each in entries] == [
        ("hold.remove", "lo", run_id), ("hold.place", "lo", run_id)
    ]  # fmt: skip


def test_an_invalid_hold_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"kind": "cat", "id": "x", "reason": "r"}, 400, "kind is 'cat'"),
        ({"kind": "run", "reason": "r"}, 400, "id is missing"),
        ({"kind": "run", "id": "f" * 32, "reason": "r"}, 404, "not found"),
        ({"kind": "workspace", "id": "x", "reason": "r"}, 400, "a hold on the workspace has none"),
        ({"kind": "model_version", "id": "churn", "reason": "r"}, 400, "NAME/VERSION"),
        ({"kind": "experiment", "id": "0", "reason": " "}, 400, "reason is missing"),
        ({"kind": "experiment", "id": "0", "reason": "r" * 1001}, 400, "1001 characters"),
        ({"kind": "experiment", "id": "0", "reason": "r", "ends_at": 5}, 400, "ends_at is 5"),
    ]

    for body, status, message in cases:
        with subtests.test(body=body):
            reply = api.ask("POST", HOLDS, body)

            assert (reply.status, message in reply.json["message"]) == (status, True), reply.json


def test_a_partly_deleted_object_cannot_be_put_on_hold(api: Api) -> None:
    experiment_id = api.new_experiment("old")
    for _ in range(21):
        filled_run(api, experiment_id, steps=2, size=10)
    first = api.post(DELETIONS, kind="experiment", experiment_id=experiment_id, confirm="old")
    assert not first["is_done"]

    reply = api.ask("POST", HOLDS, {"kind": "experiment", "id": experiment_id, "reason": "late"})

    assert (reply.status, "has begun" in reply.json["message"]) == (400, True)
