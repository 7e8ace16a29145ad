"""Deletions of what other slices delete by themselves: endpoints, links, datasets and jobs."""

from typing import Any

from slices.cleanup.test_deletions import DELETIONS, delete, preview
from slices.cleanup.test_rights import people
from support.client import Api
from support.links import until
from support.people import OURS, People, bearer
from trackside.core.settings import Settings
from trackside.endpoints.request_log import files

__all__ = ["people"]


def register(api: Api) -> str:
    """Version 1 of the model `sum`, without files; the id of its run."""
    run_id = api.new_run()
    api.post("registered-models/create", name="sum")
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("model-versions/create", name="sum", source=source, run_id=run_id)
    return run_id


def test_a_dataset_is_previewed_with_its_records_and_deleted(api: Api) -> None:
    made: Any = api.ask("POST", "/api/3.0/mlflow/datasets/create", {"name": "golden", "experiment_ids": ["0"]}).json
    dataset_id = made["dataset"]["dataset_id"]
    rows = '[{"inputs": {"a": 1}}, {"inputs": {"a": 2}}]'
    assert api.ask("POST", f"/api/3.0/mlflow/datasets/{dataset_id}/records", {"records": rows}).status == 200

    shown = preview(api, "evaluation_dataset", dataset_id=dataset_id)
    done = delete(api, "evaluation_dataset", dataset_id=dataset_id, token=shown["token"])

    assert shown["counts"] == {"datasets": 1, "records": 2}
    assert done["is_done"]
    assert done["row_bytes"] == shown["row_bytes"] > 0
    assert (
        api.ask("POST", f"{DELETIONS}/preview", {"kind": "evaluation_dataset", "dataset_id": dataset_id}).status == 404
    )


def test_a_queued_job_blocks_its_deletion_and_a_cancelled_one_is_deleted_with_its_log(api: Api) -> None:
    run_id = register(api)
    assert api.ask("PATCH", f"{OURS}/job-queue", {"is_paused": True}).status == 200
    params = {"model": "models:/sum/1", "input": f"runs:/{run_id}/in.csv"}
    made = api.post(f"{OURS}/jobs", kind="score", params=params)
    job_id = made["job"]["job_id"]

    waiting = preview(api, "job", job_id=job_id)
    refused = api.ask("POST", DELETIONS, {"kind": "job", "job_id": job_id})
    api.post(f"{OURS}/jobs/{job_id}/cancel")
    done = delete(api, "job", job_id=job_id)

    assert [each["kind"] for each in waiting["obstacles"]] == ["running"]
    assert refused.status == 400
    assert done["is_done"]
    assert api.ask("GET", f"{OURS}/jobs/{job_id}").status == 404


def test_the_deletion_of_an_endpoint_must_be_confirmed_by_its_name(api: Api) -> None:
    register(api)
    made = api.ask("POST", f"{OURS}/endpoints", {"name": "adder", "auth_mode": "none", "model_uri": "models:/sum/1"})
    assert made.status in (200, 201), made.json

    shown = preview(api, "endpoint", name="adder")
    blocked = preview(api, "model_version", name="sum", version="1")
    refused = api.ask("POST", DELETIONS, {"kind": "endpoint", "name": "adder"})
    delete(api, "endpoint", name="adder", confirm="adder", token=shown["token"])

    assert (shown["counts"], shown["confirm"]) == ({"endpoints": 1, "deployments": 1}, "adder")
    assert [each["kind"] for each in blocked["obstacles"]] == ["deployed"]
    assert refused.status == 400
    assert api.get(f"{OURS}/endpoints").get("endpoints", []) == []
    assert preview(api, "model_version", name="sum", version="1").get("obstacles", []) == []


def test_a_link_is_deleted_and_both_sides_stay(api: Api) -> None:
    run_id = api.new_run()
    fields = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push", "backfill": "none"}
    made = api.ask("POST", f"{OURS}/links", fields)
    assert made.status in (200, 201), made.json

    shown = preview(api, "link", name="twin")
    delete(api, "link", name="twin", confirm="twin")

    assert (shown["counts"], shown["confirm"]) == ({"links": 1}, "twin")
    assert api.get(f"{OURS}/links").get("links", []) == []
    assert api.run(run_id)["info"]["lifecycle_stage"] == "active"


def test_a_monitor_is_deleted_with_its_windows_after_a_confirmation_by_name(api: Api) -> None:
    register(api)
    api.ask("POST", f"{OURS}/endpoints", {"name": "adder", "auth_mode": "none", "model_uri": "models:/sum/1"})
    body = {"name": "watch", "target": {"endpoint": "adder"}, "baseline": {"past_windows": 7}, "window": "day"}
    made = api.ask("POST", f"{OURS}/drift-monitors", body)
    assert made.status in (200, 201), made.json

    shown = preview(api, "monitor", name="watch")
    refused = api.ask("POST", DELETIONS, {"kind": "monitor", "name": "watch"})
    done = delete(api, "monitor", name="watch", confirm="watch", token=shown["token"])

    assert (shown["counts"], shown["confirm"]) == ({"monitors": 1}, "watch")
    assert refused.status == 400
    assert done["is_done"]
    assert api.ask("GET", f"{OURS}/drift-monitors/watch").status == 404
    assert api.ask("POST", f"{DELETIONS}/preview", {"kind": "monitor", "name": "watch"}).status == 404


def test_only_its_owner_and_administrators_can_revoke_a_token(people: People) -> None:
    ann, eve = people.add("ann"), people.add("eve")
    made = ann.post(f"{OURS}/me/tokens", token_name="ci")
    token_id, secret = made["token"]["token_id"], made["secret"]

    strange = eve.ask("POST", f"{DELETIONS}/preview", {"kind": "token", "token_id": token_id})
    missing = eve.ask("POST", f"{DELETIONS}/preview", {"kind": "token", "token_id": 999})
    shown = preview(ann, "token", token_id=token_id)
    done = delete(ann, "token", token_id=token_id, token=shown["token"])

    assert (strange.status, missing.status) == (403, 403)
    assert (shown["counts"], done["is_done"]) == ({"tokens": 1}, True)
    assert people.open.ask("GET", f"{OURS}/me", headers=bearer(secret)).status == 401
    assert people.admin.ask("POST", f"{DELETIONS}/preview", {"kind": "token", "token_id": token_id}).status == 404


def test_deleting_a_dataset_needs_the_right_at_its_experiments(people: People) -> None:
    admin = people.admin
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    manager = people.add("mo", "MLflow MANAGE", f"/ws/default/experiments/{mine}")
    body = {"name": "golden", "experiment_ids": [mine]}
    made: Any = admin.ask("POST", "/api/3.0/mlflow/datasets/create", body).json
    shared: Any = admin.ask(
        "POST", "/api/3.0/mlflow/datasets/create", {"name": "both", "experiment_ids": [mine, other]}
    ).json

    of_both = {"kind": "evaluation_dataset", "dataset_id": shared["dataset"]["dataset_id"]}
    refused = manager.ask("POST", DELETIONS, of_both)
    done = delete(manager, "evaluation_dataset", dataset_id=made["dataset"]["dataset_id"])

    assert (refused.status, done["is_done"]) == (403, True)


def test_a_token_can_be_revoked_by_callers_who_may_delete_its_user(people: People) -> None:
    ann, manager = people.add("ann"), people.add("manager")
    token_id = ann.post(f"{OURS}/me/tokens", token_name="ci")["token"]["token_id"]
    admins = people.admin.post(f"{OURS}/me/tokens", token_name="ci")["token"]["token_id"]
    before = manager.ask("POST", f"{DELETIONS}/preview", {"kind": "token", "token_id": token_id}).status
    fields = {"name": "User Manager", "actions": ["Microsoft.Authorization/users/*"], "assignable_scopes": ["/"]}
    people.admin.post(f"{OURS}/roles", fields)
    people.grant("manager", "User Manager", "/")

    of_admin = manager.ask("POST", f"{DELETIONS}/preview", {"kind": "token", "token_id": admins})
    shown = preview(manager, "token", token_id=token_id)
    delete(manager, "token", token_id=token_id, token=shown["token"])

    assert (before, of_admin.status) == (403, 403)
    assert token_id not in {each["token_id"] for each in ann.get(f"{OURS}/me/tokens").get("tokens", [])}


def test_an_alias_is_deleted_and_its_version_stays(people: People) -> None:
    admin = people.admin
    register(admin)
    admin.post("registered-models/alias", {"name": "sum", "alias": "best", "version": "1"})
    reader = people.add("rea", "MLflow READ")
    named = {"kind": "alias", "name": "sum", "alias": "best"}

    refused = reader.ask("POST", DELETIONS, named)
    shown = preview(admin, **named)
    done = delete(admin, **named, token=shown["token"])
    missing = admin.ask("POST", f"{DELETIONS}/preview", named)
    nameless = admin.ask("POST", f"{DELETIONS}/preview", {"kind": "alias", "name": "sum"})

    assert (refused.status, missing.status, nameless.status) == (403, 404, 400)
    assert (shown["counts"], shown["kept"]) == ({"aliases": 1}, ["version 1 stays, with its files"])
    assert done["is_done"]
    version = admin.ask("GET", "model-versions/get?name=sum&version=1").json["model_version"]
    assert version.get("aliases", []) == []
    (entry, *_) = admin.get(f"{OURS}/audit", action="deletion.done")["entries"]
    assert "sum/best" in str(entry)


def test_the_log_of_a_link_is_deleted_and_the_link_stays(api: Api) -> None:
    fields = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push", "backfill": "none"}
    api.post(f"{OURS}/links", fields)
    until(lambda: api.get(f"{OURS}/links/twin/log").get("entries", []))  # that the other side cannot be reached: once
    api.post(f"{OURS}/links/twin/pause")

    shown = preview(api, "link_log", name="twin")
    delete(api, "link_log", name="twin", token=shown["token"])

    assert shown["counts"]["log_entries"] == 1
    assert api.get(f"{OURS}/links/twin/log").get("entries", []) == []
    assert api.get(f"{OURS}/links/twin")["link"]["name"] == "twin"


def test_the_requests_of_one_day_are_deleted(api: Api, chosen: Settings) -> None:
    register(api)
    api.ask("POST", f"{OURS}/endpoints", {"name": "adder", "auth_mode": "none", "model_uri": "models:/sum/1"})
    place = files.place(chosen.data / "endpoints" / "requests", 1)
    for day in (0, 1):
        path = place.parquet(day * 86_400_000, "w-1-1")
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)

    before = api.get(f"{OURS}/endpoints/adder/request-log")["request_log"]["days"]
    shown = preview(api, "capture_day", name="adder", day="1970-01-01")
    done = delete(api, "capture_day", name="adder", day="1970-01-01", token=shown["token"])
    again = api.ask("POST", f"{DELETIONS}/preview", {"kind": "capture_day", "name": "adder", "day": "1970-01-01"})
    wrong = api.ask("POST", f"{DELETIONS}/preview", {"kind": "capture_day", "name": "adder", "day": "../1970"})

    assert before == [{"day": day, "files": 1, "size_bytes": 100} for day in ("1970-01-02", "1970-01-01")]
    assert (shown["file_bytes"], done["file_bytes"], done["file_count"]) == (100, 100, 1)
    assert (again.status, wrong.status) == (404, 400)
    assert [each.path.parent.parent.name for each in place.all()] == ["1970-01-02"]
