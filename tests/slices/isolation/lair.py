"""A workspace with an object of every kind, which no other workspace may see."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace as replace_fields

from support import traces
from support.client import Api
from trackside import app
from trackside.core.settings import Settings
from trackside.drift.monitors import model as monitors
from trackside.drift.monitors import store as monitor_store
from trackside.drift.monitors.exchange import Judged
from trackside.imports import jobs
from trackside.jobs import schedule_store
from trackside.jobs import store as job_store
from trackside.jobs.model import State as JobState
from trackside.jobs.plan import Next
from trackside.links import store as links
from trackside.links.model import LogKind

WORD = "marzipan"  # only inside
TRACE = traces.trace_id(1)
OURS = "/api/trackside/v1"
NOWHERE = "http://127.0.0.1:1"  # refuses connections


@dataclass
class Lair:
    """A workspace with an object of every kind, and the names of all objects."""

    api: Api
    workspace_id: int
    names: dict[str, str]


def make_lair(outside: Api, application: app.App, chosen: Settings) -> Lair:
    api = outside.new_workspace("north")
    names = {"experiment_name": "same-name", "alias": "best", "version": "1"}
    names["experiment_id"] = api.new_experiment("same-name", tags=[{"key": "k", "value": WORD}])
    run_id = names["run_id"] = names["id"] = api.new_run(names["experiment_id"], run_name=WORD, user_id=WORD)
    api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": "m", "value": 31.25, "timestamp": 1, "step": 1}],
        params=[{"key": "k", "value": WORD}],
        tags=[{"key": "k", "value": WORD}],
    )
    dataset = {"name": "d", "digest": "d1", "source_type": "local", "source": WORD, "schema": WORD}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    names["model_id"] = api.post(
        "logged-models",
        experiment_id=names["experiment_id"],
        name="inner",
        source_run_id=run_id,
        params=[{"key": "k", "value": WORD}],
        tags=[{"key": "k", "value": WORD}],
    )["model"]["info"]["model_id"]
    api.post("runs/outputs", run_id=run_id, models=[{"model_id": names["model_id"], "step": 1}])
    location = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    of_model = api.get(f"logged-models/{names['model_id']}")["model"]["info"]["artifact_uri"]
    for folder in (location, f"{location}/model", of_model.removeprefix("mlflow-artifacts:/"), "azureml-uploads/x/x"):
        api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/secret.txt", WORD.encode())
    names |= dataset_with_a_record(api, names["experiment_id"])
    names |= trace_with_a_span(api, names["experiment_id"])
    names["name"] = "registered"
    names |= reviews(api, names["experiment_id"])
    api.post("registered-models/create", name="registered", description=WORD)
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("model-versions/create", name="registered", source=source, run_id=run_id, description=WORD)
    api.post("registered-models/alias", {"name": "registered", "alias": "best", "version": "1"})
    names["location"] = location
    view = api.post(f"{OURS}/experiments/{names['experiment_id']}/views", name=WORD, state={"filter": WORD})
    names["view_id"] = view["view"]["view_id"]
    with application.asgi._database.read(1) as tx:
        (workspace_id,) = tx.one("SELECT workspace_id FROM workspaces WHERE name = 'north'") or (0,)
    request = api.post(f"{OURS}/model-versions/registered/1/stage-requests", stage="Production", comment=WORD)
    names["request_id"] = request["stage_request"]["request_id"]
    names |= webhook_with_a_delivery(api, application.asgi._database, workspace_id)
    api.post(f"{OURS}/links", name="pipe", to=f"{NOWHERE}/{WORD}", kind="mlflow", mode="push", backfill="none")
    api.post(f"{OURS}/links/pipe/pause")
    api.post(f"{OURS}/links", name=WORD, to=NOWHERE, kind="mlflow", mode="push", backfill="none")
    api.post(f"{OURS}/links/{WORD}/pause")
    fields = {"name": "gateway", "auth_mode": "none", "description": WORD, "model_uri": "models:/registered/1"}
    api.post(f"{OURS}/endpoints", fields)
    # Its model has no files: from then on the controller changes nothing.
    while api.get(f"{OURS}/endpoints/gateway")["endpoint"]["state"] != "Failed":
        pass
    rule = {"measure": "link_failed_items", "target": WORD, "is_enabled": False}
    assert api.ask("PUT", f"{OURS}/alert-rules/watchman", rule).status == 200
    names["import_id"] = ended_import(api, chosen.data)
    watch_with_a_window(application.asgi._database, workspace_id)
    names["job_id"] = ended_job(application.asgi._database, workspace_id)
    with application.asgi._database.write(workspace_id) as tx:
        links.note(tx, links.get(tx, "pipe").link_id, LogKind.ERROR, "run", run_id, WORD)
    return Lair(api, workspace_id, names)


def dataset_with_a_record(api: Api, experiment_id: str) -> dict[str, str]:
    tags = json.dumps({"k": WORD, "mlflow.user": WORD})
    made = api.post("datasets/create", name=WORD, experiment_ids=[experiment_id], tags=tags, version="3.0")
    dataset_id = made["dataset"]["dataset_id"]
    records = json.dumps([{"inputs": {"q": WORD}, "expectations": {"e": WORD}, "source": {"source_type": "HUMAN"}}])
    api.post(f"datasets/{dataset_id}/records", records=records, version="3.0")
    (record,) = json.loads(api.get(f"datasets/{dataset_id}/records", version="3.0")["records"])
    found = hashlib.sha256(json.dumps(record["inputs"], sort_keys=True).encode()).hexdigest()
    return {
        "dataset_id": dataset_id,
        "dataset_record_id": record["dataset_record_id"],
        "record_id": record["dataset_record_id"],
        "hash": found,
    }


def trace_with_a_span(api: Api, experiment_id: str) -> dict[str, str]:
    fields: dict[str, Any] = {
        "tags": {"k": WORD, "mlflow.traceName": WORD},
        "trace_metadata": {"k": WORD},
        "request_preview": WORD,
    }
    traces.start(api, experiment_id=experiment_id, **fields)
    traces.export(api, traces.Sent(1, name=WORD, attributes={"k": WORD}), experiment_id=experiment_id)
    said = {"assessment_name": "quality", "feedback": {"value": WORD}, "rationale": WORD, "source": {"source_id": WORD}}
    made = api.post(f"traces/{TRACE}/assessments", assessment=said, version="3.0")
    return {"trace_id": TRACE, "assessment_id": made["assessment"]["assessment_id"]}


def reviews(api: Api, experiment_id: str) -> dict[str, str]:
    """Create a scorer, a question, a queue with the trace, and an issue."""
    here = {"experiment_id": experiment_id, "name": "registered"}

    def make(path: str, **fields: Any) -> Any:
        return api.post(path, {**here, **fields}, version="3.0")

    scorer = make("scorers/register", serialized_scorer=json.dumps({"name": WORD}))
    reply = api.ask(
        "PUT", "scorers/online-config", {**here, "sample_rate": 0, "filter_string": f"name = '{WORD}'"}, version="3.0"
    )
    assert reply.status == 200, reply
    schema = make("label-schemas/create", type="FEEDBACK", input={"text": {}}, instruction=WORD)["label_schema"]
    queue = make("review-queues/create", queue_type="CUSTOM", users=[WORD])["review_queue"]
    api.post("review-queues/items/add", queue_id=queue["queue_id"], item_ids=[TRACE], version="3.0")
    issue = make("issues", description=WORD)["issue"]
    return {
        "scorer_id": scorer["scorer_id"],
        "schema_id": schema["schema_id"],
        "queue_id": queue["queue_id"],
        "issue_id": issue["issue_id"],
    }


def ended_import(api: Api, data: Path) -> str:
    """The state of an import, as its child process leaves it."""
    uid = api.get("/api/trackside/v1/workspaces/north")["workspace"]["workspace_id"]
    folder = data / "imports" / uid
    folder.mkdir(parents=True)
    job = jobs.Job(jobs.new_id(), f"{NOWHERE}/{WORD}", False, False, WORD, 1, jobs.State.DONE, 2)
    jobs.write(folder / f"{job.import_id}.json", job)
    return job.import_id


def ended_job(database: Any, workspace_id: int) -> str:
    """Create an ended job with its log, and a paused schedule; neither changes later."""
    from jobs.test_plan import SCHEDULE

    with database.write(workspace_id) as tx:
        job = job_store.insert(
            tx.by(WORD), kind="x", title=WORD, params=json.dumps({"k": WORD}), priority=0, max_attempts=1, timeout_s=1,
            unique_key="", schedule="nightly", principal_id=None,
        )  # fmt: skip
        assert job is not None
        job_store.append_log(tx, job, WORD)
        job_store.end(tx, job, Next(JobState.FAILED, WORD))
        params = json.dumps({"k": WORD})
        made = schedule_store.create(tx, replace_fields(SCHEDULE, name="nightly", params=params, interval_s=3600))
        schedule_store.pause(tx, made, WORD)
    return job.job_id


def watch_with_a_window(database: Any, workspace_id: int) -> None:
    """Create a paused monitor with a window and an incident."""
    config = monitors.Config(target=monitors.Target(endpoint=WORD), baseline=monitors.Baseline(dataset=WORD))
    result = {"rules": "default", "rows": 3, "rows_reference": 9, "reference": WORD, "notes": [WORD]}
    judged = Judged(slice="", start=1, end=2, rows=3, sums=b"", scores=[], result=json.dumps(result).encode())
    with database.write(workspace_id) as tx:
        made = monitor_store.create(tx.by(WORD), "watch", config, is_scheduled=False, next_at=0)
        monitor_store.put_windows(tx, made, [judged], WORD, 3)
        monitor_store.put_note(tx, made, WORD)
        tx.run(
            """
            INSERT INTO drift_incidents (workspace_id, monitor_seq, slice, column_name, subject, opened_at, detail, notified_at,
                notices)
            VALUES (:ws, :seq, '', :word, 'drift', 1, :detail, 1, 1)
            """,
            seq=made.monitor_seq,
            word=WORD,
            detail=json.dumps({"column": WORD, "subject": "drift", "opened_at": 1}),
        )


def webhook_with_a_delivery(api: Api, database: Any, workspace_id: int) -> dict[str, str]:
    """Create a webhook with a failed delivery, which does not change later."""
    webhook = api.post(
        f"{OURS}/webhooks",
        name=WORD,
        url=f"{NOWHERE}/{WORD}",
        description=WORD,
        events=["registered_model.created"],
        status="DISABLED",
    )["webhook"]
    with database.write(workspace_id) as tx:
        tx.run(
            """
            INSERT INTO webhook_deliveries (workspace_id, webhook_seq, delivery_id, change_seq, event, body, state, attempts,
                created_at, next_attempt_at, ended_at, last_error)
            SELECT :ws, webhook_seq, 'delivery', 1, 'registered_model.created', :word, 'DEAD', 1, :now, :now, :now, :word
            FROM webhooks WHERE workspace_id = :ws AND webhook_id = :id
            """,
            word=WORD,
            id=webhook["webhook_id"],
        )
    return {"webhook_id": webhook["webhook_id"], "delivery_id": "delivery"}
