"""Deletions of single objects of a slice: a deployment, a webhook, a schedule, an alert rule, a saved view, a record of a
dataset, a dataset input of a run; and of a link with the copies that it made."""

import json
from typing import Any

from slices.cleanup.test_deletions import DELETIONS, delete, preview
from slices.cleanup.test_rights import people
from slices.cleanup.test_whole import register
from support.client import Api
from support.people import OURS, People
from support.traces import Sent, export, names, start, trace_id

__all__ = ["people"]


def missing(api: Api, kind: str, **named: Any) -> int:
    return api.ask("POST", f"{DELETIONS}/preview", {"kind": kind, **named}).status


def test_a_deployment_without_traffic_is_deleted(api: Api) -> None:
    register(api)
    api.ask("POST", f"{OURS}/endpoints", {"name": "adder", "auth_mode": "none", "model_uri": "models:/sum/1"})
    api.ask("PUT", f"{OURS}/endpoints/adder/deployments/green", {"model_uri": "models:/sum/1"})
    (first,) = [
        each["name"]
        for each in api.get(f"{OURS}/endpoints/adder")["endpoint"]["deployments"]
        if each["name"] != "green"
    ]

    serving = preview(api, "deployment", name="adder", deployment=first)
    refused = api.ask("POST", DELETIONS, {"kind": "deployment", "name": "adder", "deployment": first})
    shown = preview(api, "deployment", name="adder", deployment="green")
    delete(api, "deployment", name="adder", deployment="green", token=shown["token"])

    (obstacle,) = serving["obstacles"]
    assert (obstacle["kind"], "100 % of the traffic" in obstacle["message"], refused.status) == ("deployed", True, 400)
    assert (shown["counts"], shown.get("obstacles", [])) == ({"deployments": 1}, [])
    assert [each["name"] for each in api.get(f"{OURS}/endpoints/adder")["endpoint"]["deployments"]] == [first]
    assert missing(api, "deployment", name="adder", deployment="green") == 404


def test_a_webhook_is_deleted_with_its_deliveries(api: Api) -> None:
    fields = {"name": "chat", "url": "https://example.com/x", "events": ["registered_model.created"]}
    webhook_id = api.post(f"{OURS}/webhooks", fields)["webhook"]["webhook_id"]

    shown = preview(api, "webhook", webhook_id=webhook_id)
    delete(api, "webhook", webhook_id=webhook_id, token=shown["token"])

    assert (shown["counts"], shown["kept"]) == ({"webhooks": 1}, ["what was sent stays with the receiver"])
    assert api.get(f"{OURS}/webhooks").get("webhooks", []) == []
    assert missing(api, "webhook", webhook_id=webhook_id) == 404


def test_a_schedule_is_deleted_and_its_jobs_stay(api: Api) -> None:
    params = {"older_than_days": 30}
    api.post(f"{OURS}/job-schedules", name="tidy", kind="empty-trash", params=params, interval_s=3600)
    job_id = api.post(f"{OURS}/job-schedules/tidy/run")["job"]["job_id"]

    shown = preview(api, "job_schedule", name="tidy")
    delete(api, "job_schedule", name="tidy", token=shown["token"])

    assert (shown["counts"], shown["kept"]) == ({"schedules": 1}, ["the jobs that it started stay"])
    assert missing(api, "job_schedule", name="tidy") == 404
    assert api.get(f"{OURS}/jobs/{job_id}")["job"]["job_id"] == job_id


def test_an_alert_rule_is_deleted(api: Api) -> None:
    body = {"measure": "events", "target": "run.failed", "above": 0, "window_s": 600}
    made = api.ask("PUT", f"{OURS}/alert-rules/failures", body)
    assert made.status == 200, made.json

    shown = preview(api, "alert_rule", name="failures")
    delete(api, "alert_rule", name="failures", token=shown["token"])

    assert shown["counts"] == {"alert_rules": 1}
    assert api.get(f"{OURS}/alert-rules").get("rules", []) == []
    assert missing(api, "alert_rule", name="failures") == 404


def test_a_saved_view_is_deleted_and_its_runs_stay(api: Api) -> None:
    run_id = api.new_run("0")
    body = {"name": "best", "state": {"query": "q=1"}}
    view_id = api.post(f"{OURS}/experiments/0/views", body)["view"]["view_id"]

    shown = preview(api, "saved_view", view_id=view_id)
    delete(api, "saved_view", view_id=view_id, token=shown["token"])

    assert (shown["counts"], shown["kept"]) == ({"saved_views": 1}, ["its runs stay"])
    assert api.get(f"{OURS}/experiments/0/views").get("views", []) == []
    assert api.run(run_id)
    assert missing(api, "saved_view", view_id=view_id) == 404


def test_one_record_of_a_dataset_is_deleted(api: Api) -> None:
    made: Any = api.ask("POST", "/api/3.0/mlflow/datasets/create", {"name": "golden", "experiment_ids": ["0"]}).json
    dataset_id = made["dataset"]["dataset_id"]
    records = f"/api/3.0/mlflow/datasets/{dataset_id}/records"
    rows = '[{"inputs": {"a": 1}}, {"inputs": {"a": 2}}]'
    assert api.ask("POST", records, {"records": rows}).status == 200
    first = _records(api, records)[0]

    shown = preview(api, "dataset_record", dataset_id=dataset_id, record_id=first)
    done = delete(api, "dataset_record", dataset_id=dataset_id, record_id=first, token=shown["token"])

    assert shown["counts"] == {"records": 1}
    assert done["row_bytes"] == shown["row_bytes"] > 0
    assert len(_records(api, records)) == 1
    assert missing(api, "dataset_record", dataset_id=dataset_id, record_id=first) == 404


def test_a_trace_is_deleted_with_its_spans_and_assessments(api: Api) -> None:
    start(api)
    export(api, Sent(1), Sent(2, parent=1))
    export(api, Sent(1, trace=2))
    said = {"assessment_name": "good", "feedback": {"value": True}, "source": {"source_type": "HUMAN"}}
    api.post(f"traces/{trace_id(1)}/assessments", assessment=said, version="3.0")

    shown = preview(api, "trace", trace_id=trace_id(1))
    done = delete(api, "trace", trace_id=trace_id(1), token=shown["token"])

    assert shown["counts"] == {"traces": 1, "spans": 2, "assessments": 1}
    assert done["row_bytes"] == shown["row_bytes"] > 0
    assert names(api) == [2]
    assert missing(api, "trace", trace_id=trace_id(1)) == 404


def test_a_dataset_input_is_deleted_from_one_run_only(api: Api) -> None:
    runs = [api.new_run("0"), api.new_run("0")]
    dataset = {"name": "iris", "digest": "a1", "source_type": "http", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "training"}]
    for run_id in runs:
        api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": tags}])
    named = {"run_id": runs[0], "name": "iris", "digest": "a1"}

    shown = preview(api, "dataset_input", **named)
    done = delete(api, "dataset_input", **named, token=shown["token"])

    assert shown["counts"] == {"datasets": 1, "tags": 1}
    assert shown["kept"] == ["the data of the dataset stays where it is"]
    assert (done["is_done"], done["row_count"]) == (True, 2)
    assert [len(api.run(run_id).get("inputs", {}).get("dataset_inputs", [])) for run_id in runs] == [0, 1]
    assert missing(api, "dataset_input", **named) == 404
    assert missing(api, "dataset_input", run_id=runs[1], name="iris", digest="b2") == 404


def test_a_dataset_input_of_a_protected_run_stays(api: Api) -> None:
    run_id = api.new_run("0")
    dataset = {"name": "iris", "digest": "a1", "source_type": "http", "source": "{}"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    api.post("runs/set-tag", run_id=run_id, key="trackside.protected", value="paper")

    refused = api.ask("POST", DELETIONS, {"kind": "dataset_input", "run_id": run_id, "name": "iris", "digest": "a1"})

    assert refused.status == 400
    assert len(api.run(run_id)["inputs"]["dataset_inputs"]) == 1


def test_a_link_is_deleted_and_its_copies_are_removed_afterwards(api: Api) -> None:
    fields = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push", "backfill": "none"}
    api.post(f"{OURS}/links", fields)

    keeping = preview(api, "link", name="twin", copies="keep")
    removing = preview(api, "link", name="twin", copies="remove")
    wrong = api.ask("POST", f"{DELETIONS}/preview", {"kind": "link", "name": "twin", "copies": "all"})
    outdated = api.ask(
        "POST",
        DELETIONS,
        {"kind": "link", "name": "twin", "copies": "remove", "confirm": "twin", "token": keeping["token"]},
    )
    done = delete(api, "link", name="twin", copies="remove", confirm="twin", token=removing["token"])

    assert keeping["kept"] == ["0 linked objects stay on both sides"]
    assert "0 linked objects that the link did not make stay on both sides" in removing["kept"]
    assert (wrong.status, wrong.json["message"]) == (400, "copies is 'all'; it must be keep or remove")
    assert outdated.status == 409
    assert "trackside link show twin" in done["pending"][0]
    assert api.get(f"{OURS}/links/twin")["link"]["state"] == "removing"


def test_a_reader_can_delete_none_of_these_objects(people: People) -> None:
    admin = people.admin
    reader = people.add("rea", "MLflow READ")
    run_id = admin.new_run("0")
    admin.post(f"{OURS}/job-schedules", name="tidy", kind="empty-trash", params={}, interval_s=3600)
    view_id = admin.post(f"{OURS}/experiments/0/views", name="best", state={})["view"]["view_id"]
    dataset = {"name": "iris", "digest": "a1", "source_type": "http", "source": "{}"}
    admin.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    named = [
        {"kind": "job_schedule", "name": "tidy"},
        {"kind": "alert_rule", "name": "failures"},
        {"kind": "webhook", "webhook_id": "w"},
        {"kind": "saved_view", "view_id": view_id},
        {"kind": "dataset_input", "run_id": run_id, "name": "iris", "digest": "a1"},
        {"kind": "dataset_record", "dataset_id": "d-1", "record_id": "r"},
        {"kind": "deployment", "name": "adder", "deployment": "blue"},
        {"kind": "link", "name": "twin", "copies": "remove"},
    ]

    refused = [reader.ask("POST", path, each).status for each in named for path in (DELETIONS, f"{DELETIONS}/preview")]

    assert refused == [403] * (2 * len(named))
    assert admin.get(f"{OURS}/experiments/0/views")["views"][0]["view_id"] == view_id


def _records(api: Api, records: str) -> list[str]:

    found: Any = api.ask("GET", records).json
    return [each["dataset_record_id"] for each in json.loads(found["records"])]
