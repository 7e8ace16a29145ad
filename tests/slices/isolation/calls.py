"""The calls of every route, such that they name what lies inside a workspace."""

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args, get_origin

from msgspec import Struct

from slices.isolation.lair import NOWHERE, TRACE
from support.client import Api, Reply
from trackside.core.http.codec import fields_of
from trackside.core.http.routes import Route

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
    "copies": None, "put": None, "drop": None, "mode": None, "model_tags": None,
    # A link is a caller's own; without `to` none is made.
    **dict.fromkeys(("to", "token", "username", "password", "backfill", "experiments", "exclude", "prefix", "rate")),
    "series": None, "x": "step", "start": None, "end": None, "exact": True, "max_points": None, "search": "",
    "of": None, "format": "csv", "expected": None, "cursor": 0, "action": "set-tag",
    "is_default": True, "wait_s": 0, "kinds": None, "by": ["params.k"],
    "lifecycle": None, "columns": ["params.k", "metrics.m"], "offset": 0, "snapshot": None, "parent": "",
    "resource_type": "experiment", "resource_id": "1", "permission": "READ",
    "registry": None, "filter_string": "", "records": None, "traces": [],
    "scorers": [], "label_schemas": [], "review_queues": [], "issues": [], "default_schema_id": None,
    "buckets": "00", "hashes": None, "keys": None,
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
    "/sync/experiment": {"name": "same-name"},
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
    if "/sync/records" in path:
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
