"""The content of a workspace's archive: tables, the columns that link their rows, and URIs of files.  Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any

from trackside.artifacts import keys

INCLUDED = frozenset({
    "experiments", "experiment_tags", "runs", "params", "tags", "metric_series", "metric_tails", "metric_chunks",
    "datasets", "inputs", "input_tags", "run_models", "saved_views",
    "logged_models", "logged_model_params", "logged_model_tags", "logged_model_points", "logged_model_latest",
    "logged_model_datasets",
    "registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
    "model_history", "registry_stages", "stage_requests",
    "traces", "trace_bodies", "trace_files", "trace_spans", "trace_links", "trace_assessments", "trace_issues",
    "scorers", "scorer_versions", "label_schemas", "review_queues", "review_queue_items", "review_queue_users",
    "evaluation_datasets", "evaluation_dataset_records", "evaluation_dataset_tags", "evaluation_dataset_experiments",
    "holds", "tombstones",
})  # fmt: skip
# Not in an archive: objects that are active on one server, refer to its users, or are derived from others.
LEFT_OUT = {
    "links": ("links", "link_dirty", "link_files", "link_items", "link_log", "link_records", "link_series"),
    "jobs and schedules": ("jobs", "job_logs", "job_queues", "job_schedules"),
    "webhooks and alerts": ("webhooks", "webhook_deliveries", "alert_rules"),
    "endpoints and their request logs": (
        "endpoints", "deployments", "replicas", "request_logs", "endpoint_minutes", "model_uses"
    ),
    "drift monitors": ("drift_monitors", "drift_baselines", "drift_incidents", "drift_labels", "drift_windows"),
    "quotas": ("quotas", "quota_counts", "quota_levels", "quota_totals", "quota_usage"),
    "the change log, caches and counts": (
        "changes", "run_docs", "trace_span_names", "trace_offloads", "awaited_trace_links",
        "storage_items", "storage_scans", "orphans", "orphan_searches"
    ),
    "deletions and the quarantine": ("deletions", "file_deletions", "quarantine", "workspace_deletions"),
}  # fmt: skip
# Columns that hold the number of a row of a table.
NUMBERS = {
    "experiment_seq": "experiments",
    "run_seq": "runs",
    "chunk_id": "metric_chunks",
    "dataset_seq": "datasets",
    "dataset_key": "logged_model_datasets",
    "evaluation_dataset_seq": "evaluation_datasets",
    "record_seq": "evaluation_dataset_records",
    "version_seq": "model_versions",
    "history_seq": "model_history",
    "request_id": "stage_requests",
    "view_seq": "saved_views",
    "trace_seq": "traces",
    "trash_seq": "traces",
    "body_seq": "trace_bodies",
    "assessment_seq": "trace_assessments",
    "issue_seq": "trace_issues",
    "scorer_seq": "scorers",
    "schema_seq": "label_schemas",
    "queue_seq": "review_queues",
}
URIS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_uri",),
    "model_versions": ("source", "storage_location", "files_uri"),
    "traces": ("tags",),
    "trace_files": ("uri",),
}


def numbered(table: str, column: str) -> str | None:
    """Return the table whose rows a column counts; None for a column of another kind."""
    if column == "model_seq":
        return "logged_models" if table.startswith("logged_model") else "registered_models"
    if column == "request_id" and table not in ("stage_requests", "model_history"):
        return None
    return NUMBERS.get(column)


def prefixes(workspace: dict[str, Any]) -> Iterator[str]:
    """Yield the prefixes of a workspace's files in the artifact store."""
    reach = json.loads(workspace.get("reach") or "{}")
    for folder in dict.fromkeys((workspace["folder"], *reach.get("folders", ()))):
        yield keys.join(keys.WORKSPACES, folder) if folder else ""


class Spelling:
    """Names the places of files by the folder that the workspace has now."""

    def __init__(self, workspace: dict[str, Any], folder: str) -> None:
        former = [prefix.partition("/")[2] for prefix in prefixes(workspace) if prefix]
        any_of = "|".join(map(re.escape, former))
        pattern = rf"(mlflow-artifacts:/+|/mlflow-artifacts/artifacts/)workspaces/(?:{any_of})/"
        self._former = re.compile(pattern) if former else None
        self._now = rf"\1workspaces/{folder}/"

    def __call__(self, text: Any) -> Any:
        return self._former.sub(self._now, text) if self._former is not None and isinstance(text, str) else text
