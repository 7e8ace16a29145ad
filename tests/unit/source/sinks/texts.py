"""Places where text becomes SQL, a header, a log line or a process.  `table` says what is reviewed."""

from unit.source.sinks.model import CONSTANT, OPERATOR, Reviewed

REVIEWED = [
    Reviewed(
        "sql",
        "trackside.core.filters.to_sql.where",
        "filters and orders of callers: columns come from a table of fields, every value is bound",
        dict.fromkeys(
            "evaluation_datasets/routes.py experiments/search.py logged_models/search.py registry/search.py runs/orders.py"
            " traces/search/metrics.py traces/search/scan.py traces/search/sessions.py traces/issues/store.py traces/paging.py"
            " runs/selection.py runs/table/cells.py runs/table/columns.py runs/table/groups.py".split(),
            "*",
        ),
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "columns, tables and conditions of the module; values are bound (tests/unit/source/test_tenancy.py reads every text)",
        dict.fromkeys(
            "backup/fill.py backup/tables.py backup/verify.py backup/unpack.py core/work/backup_lease.py "
            "cleanup/retention.py cleanup/rows.py cleanup/survey.py cleanup/trash.py metrics/removal.py"
            " holds/store.py artifacts/held.py cleanup/storage.py cleanup/storage_scan.py cleanup/orphans/store.py"
            " cleanup/workspaces/store.py cleanup/trace_retention.py"
            " access/store.py audit/log.py identity/credentials.py identity/oidc/store.py identity/scim/store.py"
            " identity/store.py"
            " links/run_relations.py runs/bulk.py"
            " runs/charts/read.py core/db/migrate.py core/db/pg/backup.py core/db/postgres.py"
            " core/db/sqlite.py core/db/texts.py core/db/tx.py core/work/leases.py"
            " evaluation_datasets/replica.py evaluation_datasets/record_store.py evaluation_datasets/store.py"
            " traces/label_schemas/store.py traces/review_queues/item_store.py traces/review_queues/store.py"
            " traces/scorers/store.py"
            " alerts/store.py monitoring/overview.py quotas/store.py quotas/usage.py"
            " webhooks/deliveries.py events/names.py events/store.py webhooks/subscriptions.py experiments/store.py"
            " imports/sources/database.py imports/sources/database_reviews.py imports/sources/database_traces.py"
            " traces/replica/store.py"
            " traces/storage/announce.py"
            " jobs/schedule_store.py jobs/store.py drift/monitors/incidents/store.py drift/monitors/store.py"
            " imports/sources/database_datasets.py imports/sources/postgres_rows.py imports/sources/rows.py"
            " links/state/item_store.py links/state/generations.py"
            " sync/local/items.py links/store.py sync/local/writer.py"
            " links/state/work_queue.py logged_models/store.py"
            " metrics/charts.py metrics/history.py metrics/keys.py metrics/store.py registry/approvals.py"
            " registry/files/removal.py registry/history.py registry/lineage.py registry/models.py registry/moving.py"
            " registry/versions.py"
            " runs/charts/keys.py runs/lifecycle.py runs/model_points.py runs/store.py tenants.py views/store.py"
            " workspaces/store.py".split(),
            "*",
        ),
    ),
    Reviewed(
        "header",
        "trackside.artifacts.wire.content_disposition",
        "the name and the type of a file",
        {"artifacts/routes.py": "Calls.folder", "artifacts/wire.py": "answer"},
    ),
    Reviewed(
        "header",
        "trackside.core.http.security.Guard.check",
        "an Origin that is welcome, and names of headers of plain tokens",
        {"core/http/security.py": "Guard.cors_headers _preflight_headers"},
    ),
    Reviewed(
        "header",
        "trackside.core.http.browser.raw_path",
        "the path as it was sent: escaped, so without a line break; media types and encodings of the source",
        {"ui/routes.py": "Pages.asset Pages.page", "stock_ui/routes.py": "Pages.file Pages.page databricks_address"},
    ),
    Reviewed(
        "header",
        "trackside.identity.oidc.model.check_next",
        "the page of this server that a browser is sent to after a sign-in",
        {"identity/oidc/routes.py": "Calls.callback"},
    ),
    Reviewed(
        "header",
        CONSTANT,
        "lengths, methods of the table of routes, checksums, directives of the source",
        {
            "artifacts/pages.py": "<module>",
            "audit/routes.py": "export",
            "core/http/browser.py": "<module> page_headers",
            "core/http/edge.py": "Edge._allow Edge._serve _length",
            "core/http/streams.py": "send_response",
            "identity/routes.py": "Calls.login named_cookie",
            "identity/scim/routes.py": "_answer",
            "sync/api/files.py": "Calls.get",
            "monitoring/routes.py": "Monitoring.metrics",
            "runs/table/export.py": "_writer",
            "runs/table/export_routes.py": "Calls._answer",
            "sync/api/items.py": "<module>",
        },
    ),
    Reviewed(
        "log",
        "trackside.core.log_lines.LineFormatter.format",
        "every line of the server's log: control characters are escaped, further lines indented",
        dict.fromkeys(
            "endpoints/controller.py endpoints/scoring_routes.py endpoints/request_log/recorder.py jobs/firing.py jobs/worker.py"
            " app/__init__.py opening.py artifacts/cloud.py artifacts/store_threads.py"
            " cli/server/process.py core/db/commit.py core/db/pg/notify.py core/db/sqlite_file.py"
            " core/http/calls.py core/http/request_log.py core/http/streams.py core/seal.py core/work/loop.py"
            " core/work/threads.py"
            " webhooks/delivery.py webhooks/worker.py"
            " links/cleanup.py core/http_client/client.py links/worker/runner.py links/worker/listener.py"
            " links/worker/supervisor.py registry/own_routes.py scorer/model.py traces/storage/offload.py".split(),
            "*",
        ),
    ),
    Reviewed(
        "process",
        "trackside.imports.routes._source",
        "an import's child: its words are fixed, and what a caller says comes by standard input",
        {"imports/jobs.py": "Jobs._spawn"},
    ),
    Reviewed(
        "process",
        "trackside.endpoints.model.check_spec",
        "a replica: the words are fixed but for numbers and choices of the spec, and the title, which check_name checked",
        {"endpoints/backends/process.py": "ProcessBackend.start"},
    ),
    Reviewed(
        "process",
        "trackside.scoring.profile.check",
        "the scorer of a profile: the words are fixed but for numbers and choices of the order",
        {"scorer/profile.py": "Scorer.__enter__"},
    ),
    Reviewed(
        "process",
        "trackside.endpoints.environments.requirements",
        "uv: the words are fixed, and a model's requirements come by a file that holds no options",
        {"endpoints/environments.py": "Environments._run _check_serves"},
    ),
    Reviewed(
        "process",
        CONSTANT,
        "a module of the server, and the folder of request logs",
        {"endpoints/request_log/recorder.py": "Recorder._convert_alone"},
    ),
    Reviewed(
        "header",
        CONSTANT,
        "a fixed file name and media type",
        {"endpoints/request_log/routes.py": "Calls.table"},
    ),
    Reviewed(
        "process",
        "trackside.endpoints.model.check_spec",
        "a scorer on a cluster: the words are fixed but for numbers and choices of the spec, and the title; and pip in a pod,"
        " whose words are fixed",
        {
            "endpoints/backends/kubernetes_fetch.py": "main",
            "endpoints/backends/ray_driver.py": "Replica.__init__",
        },
    ),
    Reviewed(
        "process",
        OPERATOR,
        "the driver of the Ray cluster: the Python and the address of the operator",
        {"endpoints/backends/ray_cluster.py": "RayBackend._begin", "jobs/executors/ray_driver.py": "main"},
    ),
    Reviewed(
        "process",
        "trackside.projects.model.check",
        "the entry point of a project on a Ray cluster, which isolates as its operator chose",
        {"jobs/executors/ray_entry.py": "main"},
    ),
    Reviewed(
        "host",
        OPERATOR,
        "the server's own address, as --ray-server-url names it for the cluster",
        {"jobs/executors/ray_entry.py": "is_over"},
    ),
    Reviewed(
        "log",
        OPERATOR,
        "names that the server made, and what the operator's cluster says",
        {
            "endpoints/backends/kubernetes_cluster.py": "KubernetesBackend._copy_logs KubernetesBackend._delete"
            " KubernetesBackend._unreachable KubernetesBackend.sweep",
        },
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "lists of columns and tables, conditions of the source; values are bound",
        {
            "artifacts/store.py": "_removals record_files record_removal removals",
            "runs/batch.py": "_runs",
            "traces/api/calls.py": "seqs_of",
            "traces/api/v2.py": "end",
            "traces/storage/changes.py": "delete",
            "traces/storage/trash.py": "_file purge",
            "traces/storage/columns.py": "move",
            "traces/storage/reader.py": "by_ids by_seqs find",
            "traces/assessments/store.py": "get of_traces put",
            "traces/storage/writer.py": "_save",
            "endpoints/store.py": "after all_of_workspace create deployments_between deployments_of get lock replicas"
            " replicas_between replicas_of set_keys wanted",
        },
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "no SQL: the transaction of a Delta table, and the catalog in memory with which an Iceberg table is written",
        {"scorer/batch/lake/delta.py": "write", "scorer/batch/lake/iceberg.py": "_staged"},
    ),
    Reviewed(
        "process",
        "trackside.core.processes.sandbox.wrapped",
        "a job's process: the words are those of the job's kind; what users bring runs inside the sandbox",
        {"jobs/executors/process.py": "ProcessExecutor.run", "core/processes/guardian.py": "main"},
    ),
    Reviewed("process", CONSTANT, "an empty sandbox around `true`", {"core/processes/sandbox.py": "fault"}),
    Reviewed(
        "process", CONSTANT, "a fork of the server itself", {"cli/server/supervise.py": "_Supervisor._start_missing"}
    ),
    Reviewed(
        "header",
        "trackside.core.http.security.Guard.check",
        "that address: its host was checked, and its path is escaped",
        {"azure/online_routes.py": "Calls._deploy"},
    ),
    Reviewed(
        "header",
        CONSTANT,
        "codes of the source, checksums, times and lengths",
        {
            "azure/blob.py": "fault",
            "azure/blob_routes.py": "_headers",
            "core/http/foreign.py": "_cut _sized",
        },
    ),
]
