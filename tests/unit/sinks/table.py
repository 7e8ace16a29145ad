"""Each place where text becomes a path, a URI, a host, SQL, a header, a log line or a process; and what checks that text.

A place that is missing here fails the test.  Before it is added, answer: can a caller or a remote choose this text?  If so,
name the one function that checks it; else say whose it is.
"""

from dataclasses import dataclass

OPERATOR = "operator"  # flags, variables, files of the data folder, words of the command line
CONSTANT = "constant"  # nothing in it comes from anybody: names of tables, numbers, generated names


@dataclass(frozen=True)
class Reviewed:
    """`checked_by`: the dotted name of a function, OPERATOR or CONSTANT.  `places`: by module the functions; `*` for all."""

    kind: str
    checked_by: str
    why: str
    places: dict[str, str]


REVIEWED = [
    Reviewed(
        "path",
        "trackside.artifacts.keys.checked",
        "a key of plain segments, joined to a root; descriptors are compared by real path after they were opened",
        {
            "artifacts/local.py": "LocalBlobs.__init__ LocalBlobs._scan LocalBlobs._seen LocalBlobs.open LocalBlobs.prepare"
            " LocalUpload.commit _Tree.__init__ _Tree.discard _Tree.make_folder _Tree.new_file _Tree.open_folder _Tree.place"
            " _Tree.rename"
            " _Tree.prune"
            " _Tree._stage"
            " _real_path",
        },
    ),
    Reviewed(
        "path",
        "trackside.core.places.RootPolicy.opened",
        "the root of a store: the operator's, or a workspace's below what the operator allowed",
        {"artifacts/roots.py": "_open", "core/places.py": "_identity real"},
    ),
    Reviewed(
        "path",
        "trackside.core.uris.check_place",
        "a relative location is made absolute as text; the server opens it only by RootPolicy",
        {"experiments/store.py": "_absolute"},
    ),
    Reviewed(
        "path",
        "trackside.imports.places.Folder.is_below",
        "what a source names is read with the user's rights: links out of the folder are not followed, and what a server names"
        " is read only below what the user said",
        {
            "imports/sources/folder.py": "FolderSource.__init__ FolderSource._all_models FolderSource._edges"
            " FolderSource._experiment_folders FolderSource.place _folders _lines _runs_of",
            "imports/sources/folder_registry.py": "_model registered",
            "imports/sources/meta.py": "read_meta walk_files",
            "imports/places.py": "Finder.__init__ Finder._folders Finder._local Folder.files Folder.is_model Folder.is_there",
        },
    ),
    Reviewed(
        "path",
        "trackside.stock_ui.files.find",
        "the name of a file of an installed mlflow's UI: resolved, and refused outside of its folder",
        {"stock_ui/files.py": "find folder"},
    ),
    Reviewed(
        "path",
        "trackside.imports.jobs.Jobs._file",
        "the id of an import is one that the server made; folders are named by a workspace's uid",
        {"imports/jobs.py": "Jobs._remove Jobs.start _is_held _locked _read write"},
    ),
    Reviewed(
        "path",
        OPERATOR,
        "flags, variables and the data folder's own files",
        {
            "cli/credentials.py": "token",
            "cli/drift/commands.py": "compare",
            "cli/endpoints/commands.py": "invoke",
            "cli/endpoints/request_log.py": "_save",
            "drift/tables.py": "read",
            "cli/drift/monitors.py": "create report",
            "cli/jobs/score.py": "_fetch run send",
            "cli/server/first_admin.py": "password",
            "cli/access/commands.py": "role_create",
            "cli/sign_in/stored.py": "_read _write",
            "backup/create.py": "_create _roots",
            "backup/fill.py": "sqlite_file",
            "backup/restore.py": "_put_secret restore",
            "backup/tables.py": "_copied",
            "backup/unpack.py": "run",
            "backup/verify.py": "_orphans verify",
            "cli/backup/commands.py": "_place _progress verify",
            "cli/doctor.py": "_clock _existing _file_system_of _free_space",
            "cli/lock.py": "_close_to_others _take",
            "cli/output.py": "guarded",
            "cli/server/ports.py": "_listening holder",
            "cli/backup/restore.py": "_copy _version run",
            "cli/stores.py": "_FileToRead.read explained",
            "core/db/migrate.py": "_back_up migrations",
            "core/db/sqlite.py": "SqliteDatabase._connect SqliteDatabase.backup unfit",
            "core/db/sqlite_file.py": "_identity missing_part prepare",
            "core/db/wal.py": "sync_log",
            "core/disk.py": "create make_folder make_private sync_folder",
            "core/locations.py": "_absolute _postgres _sqlite",
            "core/seal.py": "_from_file",
            "core/providers.py": "_provider read",
            "core/prices.py": "read",
            "core/setting_values.py": "file first_line folder",
            "identity/oidc/issuer.py": "Issuer.__init__ Issuer._fetched",
            "imports/child.py": "_Progress.__init__ main",
            "imports/opening.py": "_artifacts _folder",
            "imports/sources/rows.py": "_Sqlite.__init__",
            "monitoring/health.py": "disk_of.check writable.check",
            "monitoring/watch.py": "_usage",
            "monitoring/workers.py": "OneOfMany.step _read _take_place prepare",
            "scorer/__main__.py": "<module> mount",
        },
    ),
    Reviewed(
        "path",
        CONSTANT,
        "generated names, databases in memory, files of the package, and where systems keep certificates",
        {
            "core/db/pg/connect.py": "_certificates",
            "monitoring/processes.py": "_read below",
            "artifacts/staging.py": "Staging.__init__ Staging.close Staging.remove sweep",
            "sync/remote/mlflow/datasets.py": "Records.__init__",
            "sync/record_tables.py": "Lists.__init__",
            "ui/files.py": "Files._read",
        },
    ),
    Reviewed(
        "uri",
        "trackside.workspaces.model.check_name",
        "the source of a CloudEvent: a workspace's resource id",
        {"events/envelopes.py": "_cloud_event"},
    ),
    Reviewed(
        "uri",
        "trackside.core.places.parse",
        "a place of artifacts; one with a query or a fragment is not opened",
        {
            "artifacts/keys.py": "in_full of_proxied",
            "artifacts/roots.py": "Roots._lane",
            "core/places.py": "Place.__str__ RootPolicy.admit parse",
            "workspaces/model.py": "check_root",
        },
    ),
    Reviewed(
        "uri",
        "trackside.core.uris.check_place",
        "where a client keeps its artifacts; stored, not opened",
        {"core/uris.py": "check_place http_parts", "experiments/store.py": "_absolute"},
    ),
    Reviewed(
        "uri",
        "trackside.registry.files.sources.check",
        "the source of a version",
        {"registry/files/sources.py": "_split place without_dots"},
    ),
    Reviewed(
        "uri",
        "trackside.core.uris.http_parts",
        "the address of a remote; what is asked of it is quoted by urlencode or quote",
        {
            "links/model.py": "target",
            "sync/remote/databricks/client.py": "from_profile",
            "sync/remote/databricks/files.py": "DatabricksFiles._sign",
            "sync/remote/mlflow/client.py": "MlflowPeer.root",
            "sync/remote/mlflow/datasets.py": "MlflowDatasets._pages MlflowDatasets.change MlflowDatasets.drop MlflowDatasets.put"
            " MlflowDatasets.read MlflowDatasets.remove",
            "sync/remote/mlflow/files.py": "MlflowFiles._entries_at MlflowFiles.entries MlflowFiles.get MlflowFiles.remove"
            " MlflowFiles.send",
            "sync/remote/mlflow/logged_models.py": "MlflowModels._write MlflowModels.change"
            " MlflowModels.read MlflowModels.remove",
            "sync/remote/mlflow/traces.py": "MlflowTraces._upload MlflowTraces.put MlflowTraces.read",
            "sync/remote/mlflow/wire.py": "proxied_path",
            "sync/remote/databricks/oauth.py": "<module>",
            "sync/remote/databricks/signed_urls.py": "SignedFile._send_blocks",
            "sync/remote/databricks/store_requests.py": "Stores.at",
            "sync/remote/trackside/client.py": "TracksidePeer._at TracksidePeer.points",
            "core/http_client/client.py": "Http.__init__ Http.json",
            "imports/routes.py": "Calls._own_url",
            "imports/sources/server.py": "ServerSource._bulk _Served._where",
            "imports/target.py": "Target.send_file",
        },
    ),
    Reviewed(
        "uri",
        "trackside.events.urls.check_url",
        "the URL of a webhook",
        {
            "events/delivery.py": "Post._send Post._where",
            "events/urls.py": "check_new_url check_url is_same_origin shown_url sign_in_of",
            "events/shares.py": "share_of",
        },
    ),
    Reviewed(
        "uri",
        "trackside.imports.places.Finder.at",
        "where a source says that its files are",
        {
            "imports/places.py": "Finder._behind_proxy Finder._folders Finder._in_bucket Finder._local Finder.at Proxied.files"
            " Proxied.open _scheme",
        },
    ),
    Reviewed(
        "uri",
        "trackside.core.outgoing.exchange.check_url",
        "an identity provider, which the operator names, and its endpoints, which that names; arguments are encoded",
        {
            "core/outgoing/exchange.py": "Exchange._exchange Exchange.post_form check_url",
            "identity/oidc/issuer.py": "Issuer.authorization_url Issuer.sign_out_url",
            "identity/oidc/routes.py": "Calls.base",
        },
    ),
    Reviewed(
        "uri",
        "trackside.artifacts.wire.content_disposition",
        "the name of a file, quoted into a header",
        {"artifacts/wire.py": "content_disposition"},
    ),
    Reviewed(
        "uri",
        OPERATOR,
        "flags and words of the command line",
        {
            "cli/links/commands.py": "_path _watch _where check init_script",
            "cli/server/ports.py": "url",
            "cli/endpoints/commands.py": "_all _path logs rollback update",
            "cli/endpoints/request_log.py": "request_log",
            "cli/jobs/commands.py": "_full_id list",
            "cli/drift/monitors.py": "_incidents _path _windows report",
            "cli/jobs/schedules.py": "_path",
            "cli/jobs/score.py": "_below _fetch send",
            "cli/cleanup/commands.py": "_experiment_id _trash",
            "cli/quotas/commands.py": "_experiment_id show",
            "cli/holds/commands.py": "list",
            "cli/cleanup/storage.py": "show",
            "cli/cleanup/orphans.py": "_orphans",
            "core/setting_values.py": "http_address mail_server",
            "cli/access/commands.py": "access_explain access_list audit_list",
            "cli/access/calls.py": "quoted",
            "core/locations.py": "PostgresStore.__str__ _abfss _split artifacts",
            "imports/opening.py": "_server open_source",
        },
    ),
    Reviewed(
        "host",
        "trackside.core.outgoing.addresses.Rules.refusal",
        "the receiver of a webhook, the remote of a link or an import: by the address that is connected",
        {
            "core/outgoing/exchange.py": "Exchange._exchange",
            "core/outgoing/guard.py": "Guard.connect",
            "events/delivery.py": "Post._connect Post._send",
            "core/http_client/client.py": "Http._connect Http._socket",
        },
    ),
    Reviewed(
        "host",
        "trackside.core.places.RootPolicy.opened",
        "a bucket: the operator's, or one below what the operator allowed",
        {"artifacts/cloud.py": "CloudBlobs.at"},
    ),
    Reviewed(
        "host",
        OPERATOR,
        "the store, the address to listen on, the server that commands talk to, the mail server",
        {
            "cli/remote.py": "send",
            "events/mail.py": "Mailer._send",
            "cli/jobs/score.py": "_open",
            "cli/server/ports.py": "resolve",
            "core/db/pg/connect.py": "_addresses _plain",
            "backup/fill.py": "postgres",
            "backup/tables.py": "_snapshot",
        },
    ),
    Reviewed(
        "sql",
        "trackside.core.filters.to_sql.where",
        "filters and orders of callers: columns come from a table of fields, every value is bound",
        dict.fromkeys(
            "evaluation_datasets/routes.py experiments/search.py logged_models/search.py registry/search.py runs/search.py"
            " traces/search/metrics.py traces/search/scan.py traces/search/sessions.py traces/issues/store.py traces/paging.py"
            " runs/selection.py runs/table/cells.py runs/table/columns.py runs/table/groups.py runs/table/window.py".split(),
            "*",
        ),
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "columns, tables and conditions of the module itself; values are bound (tests/unit/test_tenancy.py reads every text)",
        dict.fromkeys(
            "backup/fill.py backup/tables.py backup/verify.py backup/unpack.py core/work/backup_lease.py "
            "cleanup/retention.py cleanup/rows.py cleanup/survey.py cleanup/trash.py metrics/removal.py"
            " holds/store.py artifacts/held.py cleanup/storage.py cleanup/storage_scan.py cleanup/orphans/store.py"
            " cleanup/workspaces/store.py cleanup/trace_retention.py"
            " access/store.py audit/log.py identity/credentials.py identity/oidc/store.py identity/scim/store.py"
            " identity/store.py"
            " links/run_relations.py runs/bulk.py"
            " runs/charts/read.py core/db/migrate.py core/db/pgbackup.py core/db/postgres.py"
            " core/db/sqlite.py core/db/tx.py core/work/leases.py"
            " evaluation_datasets/mirrored.py evaluation_datasets/record_store.py evaluation_datasets/store.py"
            " traces/label_schemas/store.py traces/review_queues/item_store.py traces/review_queues/store.py"
            " traces/scorers/store.py"
            " alerts/store.py monitoring/overview.py quotas/store.py quotas/usage.py"
            " events/deliveries.py events/store.py events/subscriptions.py experiments/store.py imports/sources/database.py"
            " imports/sources/database_traces.py"
            " jobs/schedule_store.py jobs/store.py drift/monitors/incidents/store.py drift/monitors/store.py"
            " imports/sources/database_datasets.py imports/sources/postgres_rows.py imports/sources/rows.py"
            " links/state/item_store.py links/state/generations.py"
            " links/state/backfill.py sync/local/reader.py links/store.py sync/local/writer.py"
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
        "uri",
        "trackside.workspaces.model.doors",
        "the name of a workspace in the address of its page: one segment, escaped",
        {"workspaces/model.py": "page_address"},
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
            " opening.py artifacts/cloud.py artifacts/lanes.py"
            " cli/server/process.py core/db/commit.py core/db/pgbell.py core/db/sqlite_file.py"
            " core/http/calls.py core/http/request_log.py core/http/streams.py core/seal.py core/work/loop.py"
            " core/work/threads.py"
            " events/delivery.py events/worker.py"
            " links/cleanup.py core/http_client/client.py links/worker/runner.py links/worker/listener.py"
            " links/worker/supervisor.py registry/own_routes.py scorer/model.py".split(),
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
        "trackside.endpoints.environments.requirements",
        "uv: the words are fixed, and a model's requirements come by a file that holds no options",
        {"endpoints/environments.py": "Environments._run _check_serves"},
    ),
    Reviewed(
        "path",
        CONSTANT,
        "folders of the server for replicas, by numbers and generated names; paths of the operator's programs",
        {
            "endpoints/backends/logs.py": "Log.tail",
            "endpoints/backends/process.py": "<module> ProcessBackend._folder_of ProcessBackend.forget ProcessBackend.start"
            " _bound _written_bytes",
            "endpoints/backends/kubernetes_cluster.py": "<module> sources",
            "endpoints/backends/kubernetes_fetch.py": "main",
            "endpoints/backends/ray_cluster.py": "<module> RayBackend.start",
            "endpoints/backends/ray_driver.py": "Driver.start Replica.__init__",
            "scorer/keys.py": "Keys.__init__ Keys._current",
            "core/processes/sandbox.py": "_home_of _roots _written_etc is_available wrapped",
            "endpoints/environments.py": "Environments._build Environments.build_for _find_uv _python_version program_of"
            " requirements",
        },
    ),
    Reviewed(
        "path",
        CONSTANT,
        "folders of the server for endpoints: numbers, times and random text of the server",
        {
            "endpoints/cleanup.py": "Cleanup.step _children",
            "endpoints/request_log/convert.py": "_signature convert main",
            "endpoints/request_log/files.py": "Place._all Place.delete Place.delete_day Place.drop_stale_parts"
            " Place.prune Place.spooled_bytes"
            " _children",
            "endpoints/request_log/recorder.py": "Recorder._spool Recorder.learn",
            "endpoints/request_log/routes.py": "Calls.table.write",
            "endpoints/request_log/spool.py": "read taken",
        },
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
        "path",
        "trackside.endpoints.sources._copy",
        "files of a model: below a folder of the server, by the names that the artifact store lists",
        {"endpoints/sources.py": "fetch"},
    ),
    Reviewed("host", CONSTANT, "the socket of a replica", {"endpoints/backends/scorer_stats.py": "ask"}),
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
        {"endpoints/backends/ray_cluster.py": "RayBackend._begin"},
    ),
    Reviewed(
        "host",
        OPERATOR,
        "a replica on the operator's cluster, by the address that the cluster itself tells; a pod's own server",
        {
            "endpoints/backends/kubernetes_fetch.py": "main",
            "endpoints/backends/ray_driver.py": "Replica.status",
            "endpoints/proxy.py": "Proxy._open",
        },
    ),
    Reviewed(
        "uri",
        OPERATOR,
        "the scorer beside the actor, by the address of its node",
        {"endpoints/backends/ray_driver.py": "Replica.status"},
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
        "path",
        "trackside.endpoints.replica_files.Files.get",
        "the folder of a model, by two numbers that the handler itself checks",
        {"endpoints/replica_files.py": "Files.get"},
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "lists of columns and tables, conditions of the source; values are bound",
        {
            "runs/batch.py": "_runs",
            "traces/api/calls.py": "seqs_of",
            "traces/api/v2.py": "end",
            "traces/storage/changes.py": "delete remove",
            "traces/storage/columns.py": "move",
            "traces/storage/reader.py": "by_ids by_seqs find",
            "traces/assessments/store.py": "get of_traces put",
            "traces/storage/writer.py": "_load _number _save _save_spans",
            "endpoints/store.py": "after all_of_workspace create deployments_between deployments_of get lock replicas"
            " replicas_between replicas_of set_keys wanted",
        },
    ),
    Reviewed(
        "path",
        CONSTANT,
        "folders of jobs, by ids that the server made",
        {
            "jobs/worker.py": "Worker._end Worker.prune",
            "scoring/commands.py": "command",
            "scoring/lakes.py": "Lakes._run Lakes.read",
            "scoring/service.py": "Scoring._publish Scoring._score Scoring._source Scoring._work",
            "drift/monitors/child.py": "main",
            "drift/monitors/service.py": "Checks._work",
            "scorer/batch/main.py": "run",
            "scorer/batch/on_ray.py": "<module> _connect",
            "scorer/batch/order.py": "read",
            "scorer/batch/lake/main.py": "main",
            "scorer/batch/lake/rows.py": "write",
            "scorer/batch/parts.py": ("Output.__init__ Part.finish Parts.finish _Text.__init__ _done _path counts"),
            "scorer/without_mlflow.py": "described read",
            "scorer/batch/spark/batch.py": "_run _write_failures _write_output run",
            "scorer/batch/spark/session.py": "<module> _conf _settings send_model",
        },
    ),
    Reviewed(
        "path",
        "trackside.scoring.places.Folders.checked",
        "tables that jobs read and write: real paths below the folders that the operator named, or copies of files of runs",
        {
            "scoring/lineage.py": "digest",
            "scoring/lakes.py": "Lakes.write is_free",
            "scoring/places.py": "Folders.checked fetch files_of local_files local_table",
            "scorer/batch/lake/delta.py": "read write",
            "scorer/batch/lake/iceberg.py": "_check_places _hint _staged read write",
            "scorer/batch/lake/rows.py": "sync",
            "drift/monitors/places.py": "Places._table",
            "drift/monitors/rows.py": "_check_has _spans_weeks of_baseline of_windows",
            "scoring/service.py": "_place _place_folder",
            "scorer/batch/inputs.py": "_keys_of_first_line _name _of_lines columns_of",
            "scorer/batch/spark/batches.py": "counts make.write",
            "scorer/batch/spark/frames.py": "numbered read_stream",
        },
    ),
    Reviewed(
        "path",
        "trackside.artifacts.keys.checked",
        "copies of the files of a table in a bucket or a run, below a folder of the job",
        {"scoring/places.py": "fetch_tree"},
    ),
    Reviewed(
        "path",
        "trackside.scorer.batch.lake.rows.is_below",
        "files that a Delta or Iceberg table names: real paths below the folder of the table",
        {"scorer/batch/lake/delta.py": "_below", "scorer/batch/lake/folder_io.py": "FolderIO.path_of"},
    ),
    Reviewed(
        "sql",
        CONSTANT,
        "no SQL: the transaction of a Delta table, and the catalog in memory with which an Iceberg table is written",
        {"scorer/batch/lake/delta.py": "write", "scorer/batch/lake/iceberg.py": "_staged"},
    ),
    Reviewed(
        "uri",
        "trackside.scoring.places.Folders.checked",
        "the folder of a stream's output, for Spark",
        {"scorer/batch/spark/batches.py": "make.write", "scorer/batch/spark/frames.py": "uri"},
    ),
    Reviewed(
        "path",
        "trackside.projects.model.check",
        "the folder of a job, and a subdirectory of plain names in it; archives are unpacked without links that lead out, and"
        " files that a project names are those below its folder",
        {
            "projects/describe.py": "_environment _flat main",
            "projects/service.py": "Projects._run _command",
            "projects/sources.py": "from_archive from_git",
        },
    ),
    Reviewed(
        "process",
        "trackside.core.processes.sandbox.wrapped",
        "a job's process: the words are those of the job's kind; what users bring runs inside the sandbox",
        {"jobs/executors/process.py": "ProcessExecutor.run", "core/processes/guardian.py": "main"},
    ),
    Reviewed(
        "process", CONSTANT, "a fork of the server itself", {"cli/server/supervise.py": "_Supervisor._start_missing"}
    ),
    Reviewed(
        "uri",
        "trackside.core.http.security.Guard.check",
        "the server's own address as the client wrote it, told to that client alone; a foreign name was refused",
        {"azure/arm_routes.py": "Calls.base", "azure/arm.py": "_without_port"},
    ),
    Reviewed(
        "uri",
        "trackside.core.http.security.Guard.check",
        "the same, with the workspace's scope and the names of an endpoint and a deployment, which are checked and escaped",
        {"azure/online_routes.py": "Calls._deploy"},
    ),
    Reviewed(
        "header",
        "trackside.core.http.security.Guard.check",
        "that address: its host was checked, and its path is escaped",
        {"azure/online_routes.py": "Calls._deploy"},
    ),
    Reviewed(
        "uri",
        "trackside.artifacts.keys.checked",
        "a key of the store, in a URI that is told to a client; what comes back is a key again, and is checked then",
        {"azure/uris.py": "in_azure.say quoted"},
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
    Reviewed(
        "uri",
        OPERATOR,
        "addresses and files that are words of the command line",
        {"cli/azure/commands.py": "_lines run variables"},
    ),
    Reviewed("path", OPERATOR, "a file that is a word of the command line", {"cli/azure/commands.py": "run"}),
    Reviewed(
        "path",
        CONSTANT,
        "files of fixed names in the data folder",
        {"core/certificates.py": "_is_good _make_certificate _write"},
    ),
]
