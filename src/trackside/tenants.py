"""Creates and deletes workspaces across all slices, with the list of tenants' tables."""

from trackside.access import store as access
from trackside.access.builtin import OWNER
from trackside.access.model import Scope
from trackside.alerts import store as alerts
from trackside.artifacts import keys
from trackside.cleanup import storage
from trackside.cleanup.orphans import store as orphans
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists
from trackside.experiments import store as experiments
from trackside.holds import store as holds
from trackside.jobs import store as jobs
from trackside.links import store as links
from trackside.quotas import store as quotas
from trackside.quotas import usage
from trackside.registry import moving as registry
from trackside.registry import uses
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace
from trackside.workspaces.routes import Tenants
from trackside.workspaces.store import DEFAULT_WORKSPACE_ID

TABLES = (
    "awaited_trace_links", "trace_span_names", "trace_offloads", "trace_bodies", "trace_files", "trace_spans", "trace_links",
    "trace_assessments", "traces",
    "scorer_versions", "scorers", "label_schemas", "review_queue_items", "review_queue_users", "review_queues", "trace_issues",
    "holds",
    "webhook_deliveries", "webhooks", "drift_windows", "drift_baselines", "drift_incidents", "drift_labels", "drift_monitors",
    "endpoint_minutes", "request_logs", "replicas", "deployments", "endpoints",
    "registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
    "model_history", "registry_stages", "stage_requests", "model_uses", "file_deletions",
    "logged_model_params", "logged_model_tags", "logged_model_points", "logged_model_latest", "logged_model_datasets",
    "logged_models",
    "saved_views",
    "experiment_tags", "params", "tags", "metric_series", "metric_tails", "metric_chunks", "input_tags", "inputs", "datasets",
    "evaluation_dataset_records", "evaluation_dataset_tags", "evaluation_dataset_experiments", "evaluation_datasets",
    "run_models", "run_docs", "runs", "experiments", "deletions", "tombstones", "quarantine",
)  # fmt: skip
AT_ONCE = (  # background work, and look-ups of a workspace's objects: deleted at once with the name of the workspace
    "webhook_deliveries", "webhooks", "drift_monitors", "request_logs", "replicas", "deployments", "endpoints", "saved_views",
    "experiments",
)  # fmt: skip
SWEPT_AT_ONCE = 200
BY_KEY = (  # the large tables: a parent with its key, and the tables whose rows belong to it
    ("metric_chunks", "chunk_id", ()),
    ("runs", "run_seq", ("metric_tails", "metric_series", "params", "tags", "input_tags", "inputs", "run_models", "run_docs")),
    (
        "traces",
        "trace_seq",
        ("trace_offloads", "trace_bodies", "trace_files", "trace_spans", "trace_links", "trace_assessments",
         "review_queue_items"),
    ),
)  # fmt: skip
URIS = (  # where those of artifacts are: table, its key, column
    ("experiments", "experiment_seq", "artifact_location"),
    ("runs", "run_seq", "artifact_uri"),
    ("logged_models", "model_seq", "artifact_uri"),
    ("model_versions", "version_seq", "source"),
    ("model_versions", "version_seq", "storage_location"),
    ("model_versions", "version_seq", "files_uri"),
    ("file_deletions", "deletion_seq", "files_uri"),
)
_CONTENTS = {
    "experiments": "SELECT 1 FROM experiments WHERE workspace_id = :ws AND experiment_id <> 0 LIMIT 1",
    "runs": "SELECT 1 FROM runs WHERE workspace_id = :ws LIMIT 1",
    "logged models": "SELECT 1 FROM logged_models WHERE workspace_id = :ws LIMIT 1",
    "traces": "SELECT 1 FROM traces WHERE workspace_id = :ws LIMIT 1",
    "scorers": "SELECT 1 FROM scorers WHERE workspace_id = :ws LIMIT 1",
    "label schemas": "SELECT 1 FROM label_schemas WHERE workspace_id = :ws LIMIT 1",
    "review queues": "SELECT 1 FROM review_queues WHERE workspace_id = :ws LIMIT 1",
    "issues": "SELECT 1 FROM trace_issues WHERE workspace_id = :ws LIMIT 1",
    "evaluation datasets": "SELECT 1 FROM evaluation_datasets WHERE workspace_id = :ws LIMIT 1",
    "registered models": "SELECT 1 FROM registered_models WHERE workspace_id = :ws LIMIT 1",
    "tags of the default experiment": """
        SELECT 1 FROM experiment_tags t JOIN experiments e ON e.experiment_seq = t.experiment_seq
        WHERE t.workspace_id = :ws AND e.experiment_id = 0 LIMIT 1
        """,
    "stages of its own": "SELECT 1 FROM registry_stages WHERE workspace_id = :ws LIMIT 1",
    "webhooks": "SELECT 1 FROM webhooks WHERE workspace_id = :ws LIMIT 1",
    "endpoints": "SELECT 1 FROM endpoints WHERE workspace_id = :ws LIMIT 1",
    "drift monitors": "SELECT 1 FROM drift_monitors WHERE workspace_id = :ws LIMIT 1",
    "links": "SELECT 1 FROM links WHERE workspace_id = :ws LIMIT 1",
    "job schedules": "SELECT 1 FROM job_schedules WHERE workspace_id = :ws LIMIT 1",
    "jobs that wait or run": "SELECT 1 FROM jobs WHERE workspace_id = :ws AND state IN ('queued', 'running') LIMIT 1",
}


def make(artifact_root: str) -> Tenants:
    return Tenants(
        begin=lambda tx: begin(tx, artifact_root),
        contents=contents,
        move_to_default=move_to_default,
        remove=remove,
        close=close,
        sweep=sweep,
        forget=access.forget_workspace,
    )


def begin(tx: Tx, artifact_root: str) -> None:
    """The default experiment; the creator of a workspace owns it."""
    experiments.create_default(tx, artifact_root)
    creator = tx.caller.principal_id
    if creator is not None:
        access.assign(tx, creator, OWNER.role_id, Scope(workspace=workspaces.name(tx)), tx.caller.name)


def contents(tx: Tx) -> list[str]:
    """Return descriptions of the content besides the default experiment; records about deleted models do not count."""
    return [what for what, question in _CONTENTS.items() if tx.one(question) is not None]


def remove(tx: Tx) -> None:
    holds.check_workspace(tx)
    links.remove_all(tx)  # before anything is locked that their workers might hold
    jobs.remove_all(tx)
    alerts.remove_all(tx)
    quotas.remove_all(tx)
    storage.remove_all(tx)
    orphans.remove_all(tx)
    _lock(tx)
    uses.check_all_free(tx)
    for table in TABLES:
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws")


def close(tx: Tx) -> None:
    """Close a workspace whose rows are removed later: end its background work, and refuse new data. Raise BadState if an object
    is on hold or in use."""
    holds.check_workspace(tx)
    workspaces.hold_alone(tx)
    links.remove_all(tx)
    jobs.remove_all(tx)
    alerts.remove_all(tx)
    quotas.remove_all(tx)
    orphans.remove_all(tx)
    if tx.memory is not None:
        tx.memory.touch_all()
    uses.check_all_free(tx)
    tx.all("SELECT experiment_seq FROM experiments WHERE workspace_id = :ws ORDER BY experiment_seq FOR UPDATE")
    for table in AT_ONCE:
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws")


def sweep(tx: Tx) -> int:
    """Remove a batch of rows of a closed workspace.  Return their number; 0 when all tables are empty."""
    if tx.memory is not None:
        tx.memory.forget_all()
    for table, key, parts in BY_KEY:
        found = [
            seq
            for (seq,) in tx.all(
                f"SELECT {key} FROM {table} WHERE workspace_id = :ws ORDER BY {key} LIMIT :most", most=SWEPT_AT_ONCE
            )
        ]
        if found:
            count = 0
            if table == "traces":
                from trackside.traces.storage import span_names  # noqa: PLC0415  # a server starts without traces

                span_names.remove(tx, found)  # by their spans: its key does not begin with the trace
            for part in (*parts, table):
                count += tx.run(f"DELETE FROM {part} WHERE workspace_id = :ws AND {key} IN :keys", keys=found)
            return count
    storage.remove_all(tx)
    return sum(tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws") for table in TABLES)


def move_to_default(tx: Tx, workspace: Workspace) -> None:
    """Move a workspace to the default workspace, which may then open its artifacts.  An existing name stops the move. Legal holds
    move with their objects; a hold on the workspace itself stops the move."""
    holds.check_not_whole(tx)
    links.remove_all(tx)  # the other side keeps what it has; the default workspace is not what it was linked with
    jobs.remove_all(tx)  # they name what is in this workspace
    alerts.remove_all(tx)
    quotas.remove_all(tx)  # those of the default workspace hold
    storage.remove_all(tx)
    orphans.remove_all(tx)
    usage.request_recount(tx.within(DEFAULT_WORKSPACE_ID))
    _lock(tx)
    default = tx.one(
        """
        UPDATE experiments SET name = :name, experiment_id = experiment_seq WHERE workspace_id = :ws AND experiment_id = 0
        RETURNING experiment_id
        """,
        name=f"{workspace.name}/Default",
    )
    if default is not None:
        holds.rename_experiment(tx, "0", str(default[0]))
    taken = tx.all(
        """
        SELECT name FROM experiments WHERE workspace_id = :ws AND lifecycle_stage = 'active'
            AND name IN (SELECT name FROM experiments WHERE workspace_id = :default AND lifecycle_stage = 'active')
        """,
        default=DEFAULT_WORKSPACE_ID,
    )
    if taken:
        raise AlreadyExists(
            f"The default workspace has experiments of the same names: {', '.join(name for (name,) in taken[:20])}. "
            "Rename them first."
        )
    registry.prepare(tx, tx.within(DEFAULT_WORKSPACE_ID))
    _write_full_uris(tx, workspace)
    workspaces.adopt(tx, workspace)
    tx.run("DELETE FROM run_docs WHERE workspace_id = :ws")  # they name the experiment "0", which has another id now
    for table in TABLES:
        tx.run(f"UPDATE {table} SET workspace_id = :default WHERE workspace_id = :ws", default=DEFAULT_WORKSPACE_ID)


def _write_full_uris(tx: Tx, workspace: Workspace) -> None:
    """Rewrite URIs that name a location only by its path in the workspace: artifact locations that users chose."""
    for table, key, column in URIS:
        found = tx.all(
            f"""
            SELECT {key}, {column} FROM {table} WHERE workspace_id = :ws
                AND ({column} LIKE 'mlflow-artifacts:%' OR {column} LIKE '%/mlflow-artifacts/artifacts%')
                AND {column} NOT LIKE :full
            """,
            full=f"mlflow-artifacts:/workspaces/{workspace.folder}/%",
        )
        tx.many(
            f"UPDATE {table} SET {column} = :uri WHERE workspace_id = :ws AND {key} = :key",
            [{"uri": keys.in_full(uri, workspace), "key": seq} for seq, uri in found],
        )


def _lock(tx: Tx) -> None:
    """Lock the workspace against additions until the end of this transaction, which deletes it."""
    if tx.memory is not None:
        tx.memory.touch_all()
    tx.all("SELECT experiment_seq FROM experiments WHERE workspace_id = :ws ORDER BY experiment_seq FOR UPDATE")
    tx.all("SELECT run_seq FROM runs WHERE workspace_id = :ws ORDER BY run_seq FOR UPDATE")
    tx.all("SELECT model_seq FROM registered_models WHERE workspace_id = :ws ORDER BY model_seq FOR UPDATE")
    tx.all("SELECT model_seq FROM logged_models WHERE workspace_id = :ws ORDER BY model_seq FOR UPDATE")
    tx.all(
        """
        SELECT evaluation_dataset_seq FROM evaluation_datasets WHERE workspace_id = :ws
        ORDER BY evaluation_dataset_seq FOR UPDATE
        """
    )
