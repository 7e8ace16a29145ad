"""Nothing crosses workspaces: every route is called from outside with the ids of what lies inside.

What lies inside is full of a word that no caller knows, so no answer may hold it; and not a row of it may change.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
from msgspec import Struct, structs
from msgspec.structs import replace as replace_fields

from support import traces
from support.client import Api, Inside, Reply
from support.people import ADMIN, People, basic, bearer, signed
from trackside import app
from trackside.core.db.tx import Tx
from trackside.core.http.codec import fields_of
from trackside.core.http.routes import Route
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

WORD = "marzipan"  # only inside
TRACE = traces.trace_id(1)
CACHES = {"run_docs"}
OWNERS = (  # what other rows belong to, and must be of the same workspace as
    ("run_seq", "runs"),
    ("experiment_seq", "experiments"),
    ("evaluation_dataset_seq", "evaluation_datasets"),
)
OURS = "/api/trackside/v1"
NOWHERE = "http://127.0.0.1:1"  # refuses connections

# Routes that answer for the server as a whole.  A new one has to say here why it may.
WHOLE_SERVER = {
    "/health", "/livez", "/readyz", "/version", "/openapi.json",
    "/api/v1/replica-files/{name}",  # each replica has a secret of its own
    "/api/trackside/v1/server-overview",  # the same for a page
    "/metrics",  # names and counts of every workspace, for who has the right on the whole server
    "/api/3.0/mlflow/server-info",
    "/api/3.0/mlflow/workspaces", "/api/3.0/mlflow/workspaces/{name}",  # who the tenants are
    "/api/trackside/v1/workspaces", "/api/trackside/v1/workspaces/{name}",
    # Workspaces that the caller may delete, and how far a deletion is that the caller asked for.
    "/api/trackside/v1/workspace-deletions", "/api/trackside/v1/workspace-deletions/preview",
    "/api/trackside/v1/workspace-deletions/{job_id}",
    "/api/trackside/v1/storage/workspaces",  # those of which the caller may read all runs
    "/", "/assets/{name}",  # the files of the web UI
    # Clients of Azure and Databricks: where they sign in, who they are, and which workspaces they may see.
    "/metadata/endpoints", "/discovery", "/msi/token", "/tenants", "/subscriptions", "/.well-known/databricks-config",
    "/api/2.0/preview/scim/v2/Me",
    *(f"/subscriptions/{{subscription_id}}{path}" for path in (
        "", "/resources", "/resourcegroups", "/resourcegroups/{resource_group}", "/resourceGroups/{resource_group}",
        "/providers/Microsoft.MachineLearningServices/workspaces",
        "/resourceGroups/{resource_group}/providers/Microsoft.MachineLearningServices/workspaces",
        "/resourceGroups/{resource_group}/providers/Microsoft.MachineLearningServices/workspaces/{name}",
        "/providers/Microsoft.MachineLearningServices", "/providers/Microsoft.Resources/deployments",
        *(f"/{group}/{{resource_group}}/providers/Microsoft.Resources/deployments/{{name}}"
          for group in ("resourcegroups", "resourceGroups")),
    )),
    "/api/2.0/fs/{path:path}", "/api/2.0/mlflow/unity-catalog/{path:path}",  # refused, with the way out
    "/ml/experiments/{path:path}",  # leads to a page of it
    # Who the users are, what is theirs, and what they may do: one directory for all workspaces.
    *(f"/api/trackside/v1/{path}" for path in (
        "login", "logout", "sign-in", "sign-in/{provider}", "sign-in/{provider}/callback", "sign-in/{provider}/device",
        "sign-in/{provider}/device/token", "sign-in/{provider}/sign-out", "users/{name}/identities",
        "users/{name}/identities/{identity_id}", "users/{name}/trusts", "users/{name}/trusts/{trust_id}",
        "me", "me/password", "me/actions", "me/tokens", "me/tokens/{token_id}", "me/sessions",
        "me/sessions/{session_id}", "users", "users/{name}", "users/{name}/tokens", "users/{name}/tokens/{token_id}",
        "users/{name}/sessions", "users/{name}/sessions/{session_id}", "groups", "groups/{name}", "groups/{name}/members",
        "groups/{name}/members/{member}", "roles", "roles/check", "roles/{role_id}", "role-assignments", "deny-assignments",
        "role-assignments/{assignment_id}", "access/explain", "audit", "audit/verify", "audit/export",
    )),
    *(f"/scim/v2/{path}" for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas", "Users", "Users/{id}", "Groups")),
    "/scim/v2/Groups/{id}",
    "/signup",  # the form of users/create-ui
    # The same by MLflow's own calls.
    *(f"/api/{version}/mlflow/{path}" for version, paths in (
        ("2.0", ("create", "create-ui", "get", "list", "current", "update-password", "update-admin", "delete")),
        ("3.0", ("current/permissions", "permissions/list", "roles/list")),
    ) for path in (f"users/{each}" for each in paths)),
    *(f"/api/3.0/mlflow/roles/{path}" for path in (
        "create", "get", "update", "delete", "list", "permissions/add", "permissions/list", "permissions/update",
        "permissions/remove", "assign", "unassign", "users/list",
    )),
}  # fmt: skip

# For fields that name nothing: what a caller might send.
NEUTRAL: dict[str, Any] = {
    "side": "files",
    "artifacts": "*", "is_lower_better": True, "keep_best": 0, "keep_last": 0, "metric": "", "most_percent": 100,
    "permanently": True, "max_deletions": 0, "max_deletions_percent": 0, "accept_deletions": True,
    "from_step": 0, "to_step": 1, "confirm": None, "older_than_days": 0,
    "after": 0, "allow_deleted": True, "archive_existing_versions": True, "before": 10**6, "comment": "c",
    "dataset_digest": "d1", "dataset_name": "d", "description": "mine", "end_step": 10, "end_time": 5, "filter": "",
    "delete_files": True, "shared_files": "delete", "verify": True,
    "expiration": 60, "kind": None, "limit": 100, "max_results": 100, "metric_key": "m", "model_json": "{}", "model_type": "t",
    "new_name": "renamed", "order_by": None, "page_token": None, "run_link": "", "run_name": "mine",
    "run_view_type": "ALL", "secret": None, "source": "mlflow-artifacts:/0/x", "stage": "Production",
    "stages": None, "start_step": 0, "start_time": 1, "state": None, "step": 1, "tag_key": "k", "time": None,
    "timestamp": 2, "user": None, "user_id": "me", "value": 1.0, "view_type": "ALL", "key": "k", "digest": "d1",
    "source_type": "local", "schema": None, "profile": None, "tags": None, "artifact_location": None, "entity": "run",
    "entity_id": None, "event": None, "events": None, "url": f"{NOWHERE}/hook", "status": None,
    "artifact_path": "secret.txt", "path": "secret.txt", "field_name": "creation_time", "ascending": True,
    "copies": None, "put": None, "drop": None, "mode": None,
    # A link is a caller's own; without `to` none is made.
    **dict.fromkeys(("to", "token", "username", "password", "backfill", "experiments", "exclude", "prefix", "rate")),
    "series": None, "x": "step", "start": None, "end": None, "exact": True, "max_points": None, "search": "",
    "of": None, "format": "csv", "expected": None, "cursor": 0, "action": "set-tag",
    "is_default": True, "wait_s": 0, "kinds": None, "by": ["params.k"],
    "lifecycle": None, "columns": ["params.k", "metrics.m"], "offset": 0, "snapshot": None, "parent": "",
    "resource_type": "experiment", "resource_id": "1", "permission": "READ",
    "registry": None, "filter_string": "", "records": None, "traces": [], "buckets": "00", "hashes": None, "keys": None,
    "dry_run": True, "source_workspace": None, "span_ids": None,
    "authorization": None, "digest_s": None, "mute": None,
    "scope": "workspace", "subject": None, "measure": "runs", "rule_state": None, "target": None, "above": 1.0,
    "window_s": 60, "for_s": 0, "severity": "info", "is_enabled": True,
    "title": "mine", "priority": 1, "timeout_s": 60, "schedule": None, "cron": None, "timezone": None, "interval_s": None,
    "is_paused": True, "max_running": 3,
    "auth_mode": None, "model_uri": None, "deployment": "blue",
    "identity": None, "sku": None, "spec": None, "traffic": None, "mirror_traffic": None, "lines": 5,
    "batch_tracking_id": "any", "paths": None, "tail": 5, "container_type": None, "key_type": "Primary", "key_value": None,
    "properties": None, "minutes": 60, "sampling": 0.5, "max_mb": 10, "keep_days": 3, "files": None,
    **dict.fromkeys(("target", "baseline", "window", "latency_s", "label_days", "rules", "slices", "prediction", "score")),
    **dict.fromkeys(("label", "task", "magnitude", "attribution", "slice", "since", "until", "open", "labels")),
    "is_scheduled": False,
    "reason": "mine", "ends_at": None, "age": None, "day": "2026-01-01", "token_id": 1,
    "update_mask": "rationale", "filter_string1": "", "filter_string2": "", "base_filter": None, "aggregations": None,
    "dimensions": None, "filters": None, "time_interval_seconds": None, "start_time_ms": None, "end_time_ms": None,
    "prompt_versions": None, "metric_name": "trace_count", "rationale": "mine", "feedback": None, "expectation": None,
    "issue": None,
    "serialized_scorer": "{}", "sample_rate": 0.0, "type": "FEEDBACK", "input": None, "instruction": "mine",
    "queue_type": "CUSTOM", "users": "bo", "created_by": "bo", "new_owner": "bo", "update_users": True,
    "completed_by": None, "item_type": "TRACE", "item_id": TRACE, "item_ids": TRACE, "root_causes": "mine", "categories": "mine",
    "include_trace_count": True, "enable_comment": True, "update_schema_ids": False,
    "timestamp_ms": 1, "allow_partial": True, "request_metadata": None, "max_timestamp_millis": None, "max_traces": None,
}  # fmt: skip
# Where a call takes other values than its namesakes do.
SPECIAL: dict[str, dict[str, Any]] = {
    "logged-models/{model_id}": {"status": "LOGGED_MODEL_READY"},
    "runs/update": {"status": "FINISHED"},
    "runs/log-model": {"model_json": '{"artifact_path": "m", "flavors": {}, "utc_time_created": "now", "run_id": "r"}'},
    "presigned-": {"model_id": None},
    "logged-models/search": {"filter": None},
    "/datasets/": {"tags": "{}"},
    "/datasets/create": {"name": "mine", "tags": "{}"},
    "/datasets/{dataset_id}/records": {"records": '[{"inputs": {"q": "from outside"}}]'},
    "/artifacts/zip": {"path": ""},
    "/links": {"name": "pipe"},
    "/views": {"state": {"k": "v"}, "version": 1, "name": "mine"},
    "/job-schedules": {"name": "nightly"},
    "/storage": {"by": "item", "user": None},
    "/holds": {"kind": "workspace", "id": None},
    "/alert-rules": {"name": "watchman", "measure": "failed_jobs"},
    "/drift-monitors": {"name": "watch", "start": "1"},
    "/drift-incidents": {"name": "watch"},
    "/endpoints": {"name": "gateway", "deployment": "blue"},
    "/onlineEndpoints": {"name": "gateway", "deployment": "blue"},
    "/service/": {"name": "gateway"},
    "/import/experiment": {"name": "same-name"},
    "/traces": {"request_id": TRACE},
    "/set-status": {"status": "PENDING"},
    "/items/remove": {"item_ids": "tr-none"},
    "/issues": {"severity": "high"},
    "/traces/metrics": {"view_type": "TRACES", "metric_name": "trace_count"},
}
# Not found although it is there: only what is deleted can be restored.
NOT_FOUND = {
    "/api/2.0/mlflow/experiments/restore",
    "/azure/modelmanagement/services/{service}",  # there are no web services on ACI or AKS
    # There is no such job, since none is run.
    *(f"/api/3.0/mlflow/prompt-optimization/jobs/{{job_id}}{call}" for call in ("", "/cancel")),
}


@dataclass
class Lair:
    """A workspace full of what nobody outside may see, and the names of all of it."""

    api: Api
    workspace_id: int
    names: dict[str, str]


@pytest.fixture
def application(chosen: Settings) -> Iterator[app.App]:
    """One that lets webhooks lead to this machine: none leads anywhere."""
    made = app.build(structs.replace(chosen, webhook_schemes=("http",), allow_private_webhooks=True, default_role=()))
    yield made
    made.close()


@pytest.fixture
def outside(application: app.App) -> Iterator[Api]:
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()


@pytest.fixture
def lair(outside: Api, application: app.App, chosen: Settings) -> Lair:
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
        links.note(tx, links.get(tx, "pipe").link_id, "error", "run", run_id, WORD)
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
    """A scorer, a question, a queue that the trace waits in, and an issue."""
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
    """A job that has ended, with its log, and a schedule that is paused: neither changes by itself."""
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
        schedule_store.pause(tx, made)
    return job.job_id


def watch_with_a_window(database: Any, workspace_id: int) -> None:
    """A monitor that is paused, with a window and an incident."""
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
    """One that was given up: nothing happens to it by itself."""
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


def routes(application: app.App) -> list[Route]:
    found: list[Route] = application.asgi._table.routes
    return found


def contents(application: app.App, workspace_id: int) -> dict[str, list[str]]:
    """Every row of a workspace, by table."""
    with application.asgi._database.read(workspace_id) as tx:
        return {
            table: sorted(map(repr, tx.all(f"SELECT * FROM {table} WHERE workspace_id = :ws")))
            for table in tables(tx)
            if table not in CACHES
        }


def strays(application: app.App) -> list[tuple[str, str]]:
    """Tables with rows that belong to one workspace and to the run or experiment of another."""
    with application.asgi._database.read(0) as tx:
        return [
            (table, key)
            for key, owners in OWNERS
            for table in set(tables(tx)) & set(tables(tx, key))
            if tx.one(f"SELECT 1 FROM {table} t JOIN {owners} o USING ({key}) WHERE o.workspace_id <> t.workspace_id")
        ]


def tables(tx: Tx, column: str = "workspace_id") -> list[str]:
    if tx.dialect == "sqlite":
        sql = """
        SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
        WHERE m.type = 'table' AND c.name = :column
        """
    else:
        sql = "SELECT CAST(table_name AS TEXT) FROM information_schema.columns WHERE column_name = :column"
    return sorted(name for (name,) in tx.all(sql, column=column))


def example(hint: Any, name: str, names: Mapping[str, Any]) -> Any:
    """A value of a type, such that it names what lies inside where it can."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if NoneType in get_args(hint) else [hint]
    kind = kinds[0]
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        one = example(element, name.removesuffix("s") if name.removesuffix("s") in names else name, names)
        return None if one is None else [one]
    if get_origin(kind) is dict:
        return {"k": "v"}
    if isinstance(kind, type) and issubclass(kind, Struct):
        return {field: example(of, field, names) for field, of in fields_of(kind).items()}
    value = names.get(name, NEUTRAL.get(name))
    return str(value) if kind is str and value is not None else value


def call(api: Api, route: Route, path: str, names: Mapping[str, Any]) -> Reply:
    for where, special in SPECIAL.items():
        if where in path:
            names = {**names, **special}
    if "/import/records" in path:
        names = {**names, "id": names["dataset_id"], "hashes": names["hash"], "drop": names["hash"]}
        names["buckets"] = names["hash"][:2]
    fields = {name: example(hint, name, names) for name, hint in fields_of(route.call).items()}
    fields = {name: value for name, value in fields.items() if value is not None}
    where = re.sub(r"\{(\w+)(?::path)?\}", lambda part: str(names.get(part[1], NEUTRAL.get(part[1], "x"))), path)
    if route.kind == "stream" and "get-trace-artifact" in path:
        fields = {"request_id": TRACE}
    elif route.kind == "stream" and not fields:
        named = {name: value for name, value in names.items() if value is not None}
        fields = {"path": "secret.txt", "artifact_file_path": "secret.txt", **named}
    if route.method in ("GET", "HEAD"):
        return api.ask(route.method, where, arguments=fields)
    if route.method == "PUT" and route.kind == "stream":
        return api.ask("PUT", where, b"from outside")
    return api.ask(route.method, where, fields, arguments=fields if route.kind == "stream" else None)


def test_every_route_has_a_workspace_or_says_why_not(application: app.App) -> None:
    shared = {
        path
        for route in routes(application)
        if not route.has_workspace
        for path in route.paths
        if not path.startswith("/ajax-api")
    }

    assert shared == WHOLE_SERVER


def test_the_fields_of_all_calls_are_known_here(application: app.App, lair: Lair) -> None:
    """So that a call that names something new is tried with the name of something inside."""
    named = {f"{name}s" for name in lair.names} | set(lair.names)
    grown = {
        "run_uuid",
        "source_run_id",
        "datasets",
        "metrics",
        "params",
        "models",
        "dataset",
        "trace",
        "locations",
        "assessment",
    }
    asked = {name for route in routes(application) if route.has_workspace for name in fields_of(route.call)}

    strange = asked - named - grown - set(NEUTRAL)
    assert not strange, f"say in `lair` or in NEUTRAL what these are: {strange}"


@pytest.mark.parametrize("who", ["south", "default"])
def test_no_route_shows_or_changes_what_lies_in_another_workspace(
    application: app.App, outside: Api, lair: Lair, who: str
) -> None:
    stranger = outside.new_workspace("south") if who == "south" else outside
    check_closed(application, lair, stranger)


@pytest.mark.parametrize("rights", ["MANAGE elsewhere", "DENY here", "a token for elsewhere"])
def test_no_route_shows_or_changes_what_is_hidden_in_ones_own_workspace(
    application: app.App, outside: Api, lair: Lair, rights: str
) -> None:
    """By rights on another experiment and model, by a denial on these, by a token that is for another experiment."""
    elsewhere = lair.api.new_experiment("elsewhere")
    lair.api.post("registered-models/create", name="elsewhere")
    people = People(outside).begin()
    people.add("bo")
    here, headers = "/ws/north", basic("bo")
    if rights == "MANAGE elsewhere":
        people.grant("bo", "MLflow MANAGE", f"{here}/experiments/{elsewhere}")
        people.grant("bo", "MLflow MANAGE", f"{here}/models/elsewhere")
    elif rights == "DENY here":
        people.grant("bo", "MLflow MANAGE", here)
        people.deny("bo", "MLflow DENY", f"{here}/experiments/{lair.names['experiment_id']}")
        people.deny("bo", "MLflow DENY", f"{here}/models/{lair.names['name']}")
    else:
        people.grant("bo", "Contributor", here)
        headers = bearer(people.token("bo", place=f"north/{elsewhere}"))

    known = replace(lair, api=signed(lair.api, basic(ADMIN)))
    # An endpoint is the workspace's, whose rights "DENY here" leaves; its scoring has keys, and this one none.
    may_create = rights == "DENY here"
    but = ("/service/", "/endpoints", "/onlineEndpoints") if may_create else ("/service/",)
    check_closed(application, known, signed(lair.api, headers), may_create=may_create, but=but)


def check_closed(
    application: app.App, lair: Lair, stranger: Api, *, may_create: bool = False, but: tuple[str, ...] = ()
) -> None:
    """A stranger who `may_create` may add rows of their own, and change none that is there.  `but`: paths left out."""
    names: dict[str, Any] = {
        **lair.names,
        "run_uuid": lair.names["run_id"],
        "source_run_id": lair.names["run_id"],
    }
    paths = [
        f"{lair.names['location']}/secret.txt",
        f"workspaces/north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"../north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"%2e%2e/%2e%2e/workspaces/north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
    ]
    before = contents(application, lair.workspace_id)
    calls = [
        (route, path, place)
        for route in routes(application)
        if route.has_workspace
        for path in route.paths
        if not any(part in path for part in but)
        for place in (paths if "{path:path}" in path else paths[:1])
    ]

    for route, path, place in calls:
        what, reply = f"{route.method} {path}", call(stranger, route, path, {**names, "path": place})
        assert WORD.encode() not in reply.body, what
        assert b"31.25" not in reply.body, what
        assert reply.status < 500 or reply.status == 501, (what, reply)
    after = contents(application, lair.workspace_id)
    if may_create:
        after = {table: [row for row in rows if row in set(before[table])] for table, rows in after.items()}
    assert after == before
    assert not strays(application)
    location = lair.names["location"]
    kept = lair.api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{location}/secret.txt")
    assert (kept.status, kept.body) == (200, WORD.encode())


def test_the_same_calls_from_inside_do_see_and_change_it(application: app.App, lair: Lair) -> None:
    """Else the test above would prove nothing: what a route names is there, whichever route it is."""
    names = {**lair.names, "run_uuid": lair.names["run_id"]}
    seen, not_found = 0, {}
    before = contents(application, lair.workspace_id)

    for route in sorted(routes(application), key=lambda each: ("rename" in each.paths[0], each.method != "GET")):
        path = route.paths[0]
        if route.has_workspace and "/delete" not in path and route.method != "DELETE":
            place = f"{lair.names['location']}/secret.txt" if "{path:path}" in path else "secret.txt"
            reply = call(lair.api, route, path, {**names, "path": place})
            assert reply.status < 500 or reply.status in (501, 503), (path, reply)
            seen += WORD.encode() in reply.body
            if reply.status == 404 and path not in NOT_FOUND:
                not_found[f"{route.method} {path}"] = reply.body

    assert not not_found, "say in `lair` or in SPECIAL what these routes name"
    assert seen > 30
    assert contents(application, lair.workspace_id) != before
