"""Places where text becomes a path.  `table` says what is reviewed."""

from unit.sinks.model import CONSTANT, OPERATOR, Reviewed

REVIEWED = [
    Reviewed(
        "path",
        "trackside.artifacts.keys.checked",
        "a key of plain segments, joined to a root; descriptors are compared by real path after they were opened",
        {
            "artifacts/local.py": "LocalBlobs.__init__ LocalBlobs._read LocalBlobs._read_each LocalBlobs.is_on LocalBlobs.open"
            " LocalBlobs.prepare"
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
            "cli/endpoints/commands.py": "invoke",
            "drift/tables.py": "read",
            "cli/drift/monitors.py": "create",
            "cli/jobs/score.py": "_fetch run send",
            "cli/jobs/profile.py": "run",
            "cli/endpoints/request_log.py": "_save",
            "cli/server/first_admin.py": "password",
            "cli/access/commands.py": "role_create",
            "cli/sign_in/stored.py": "_is_writable _read _write check",
            "backup/create.py": "_create _roots",
            "backup/fill.py": "sqlite_file",
            "backup/restore.py": "_put_secret restore",
            "backup/tables.py": "_copied",
            "backup/unpack.py": "run",
            "backup/verify.py": "_orphans verify",
            "cli/backup/commands.py": "_place _progress verify",
            "cli/doctor.py": "_clock _existing _file_system_of _free_space",
            "cli/lock.py": "_close_to_others _take",
            "cli/output.py": "_discard_output _prepare_streams write_file",
            "cli/server/ports.py": "_listening holder",
            "cli/backup/restore.py": "_copy _version run",
            "cli/stores.py": "_FileToRead.read explained",
            "core/db/migrate.py": "_back_up migrations",
            "core/db/sqlite.py": "SqliteDatabase._connect SqliteDatabase.backup unfit",
            "core/db/sqlite_file.py": "_identity _look missing_part prepare",
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
            "ui/files.py": "<module> Files._read",
        },
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
            "jobs/executors/ray_driver.py": "main",
            "scorer/keys.py": "Keys.__init__ Keys._current",
            "core/processes/sandbox.py": "_home_of _roots _written_etc fault is_available wrapped",
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
            "endpoints/request_log/csv_files.py": "_Csv.__init__ _add_day write_days",
            "endpoints/request_log/files.py": "Place._all Place.delete Place.delete_day Place.drop_stale_parts drop_stale_tables"
            " Place.prune Place.spooled_bytes"
            " _children",
            "endpoints/request_log/recorder.py": "Recorder._spool Recorder.learn",
            "endpoints/request_log/routes.py": "Calls.table.write",
            "endpoints/request_log/spool.py": "read taken",
        },
    ),
    Reviewed(
        "path",
        "trackside.endpoints.sources._copy",
        "files of a model: below a folder of the server, by the names that the artifact store lists",
        {"endpoints/sources.py": "fetch"},
    ),
    Reviewed(
        "path",
        "trackside.endpoints.replica_files.Files.get",
        "the folder of a model, by two numbers that the handler itself checks",
        {"endpoints/replica_files.py": "Files.get"},
    ),
    Reviewed(
        "path",
        CONSTANT,
        "folders of jobs, by ids that the server made",
        {
            "jobs/worker.py": "Worker._end Worker.prune",
            "scoring/commands.py": "command",
            "scoring/profiling.py": "_command",
            "scorer/profile.py": "Scorer.__enter__ Scorer.__exit__ Scorer.cpu_s Scorer.memory_mb main requests",
            "scoring/lakes.py": "Lakes._run Lakes.read _fetch_log _store",
            "scoring/service.py": "Scoring._publish Scoring._score Scoring._source Scoring._work",
            "drift/monitors/child.py": "main",
            "drift/monitors/service.py": "Checks._work",
            "scorer/batch/main.py": "run",
            "scorer/batch/on_ray.py": "<module> _connect",
            "scorer/batch/order.py": "read",
            "scorer/batch/lake/main.py": "main",
            "scorer/batch/lake/folder_io.py": "StagingIO.__init__",
            "scorer/batch/lake/rows.py": "write",
            "scorer/batch/parts.py": (
                "Output.__init__ Part.finish Parts.finish _Text.__init__ _done _path a_reason counts"
            ),
            "scorer/without_mlflow.py": "described read",
            "scorer/batch/spark/batch.py": "_Scored.write _run_to_files _run_to_table _write_failures _write_output run",
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
            "scorer/batch/lake/iceberg.py": "_check_places _hint read write",
            "scorer/batch/lake/rows.py": "sync",
            "drift/monitors/places.py": "Places._table",
            "drift/monitors/rows.py": "_check_has _spans_weeks of_baseline of_windows",
            "scoring/service.py": "_place _place_folder",
            "scorer/profile.py": "_table",
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
        {
            "scorer/batch/lake/delta.py": "_below",
            "scorer/batch/lake/folder_io.py": "FolderIO.path_of StagingIO.path_of",
        },
    ),
    Reviewed(
        "path",
        "trackside.projects.model.check",
        "the folder of a job, and a subdirectory of plain names in it; archives are unpacked without links that lead out, and"
        " files that a project names are those below its folder",
        {
            "projects/describe.py": "_environment _flat main",
            "jobs/executors/ray_entry.py": "main",
            "jobs/executors/ray_jobs.py": "<module> RayExecutor.run _prepare",
            "projects/commands.py": "here",
            "projects/conda.py": "_command _home build find",
            "projects/service.py": "Projects._run",
            "projects/sources.py": "from_archive from_git",
        },
    ),
    Reviewed("path", OPERATOR, "a file that is a word of the command line", {"cli/azure/commands.py": "run"}),
    Reviewed(
        "path",
        CONSTANT,
        "files of fixed names in the data folder",
        {"core/certificates.py": "_is_good _make_certificate _write"},
    ),
]
