"""The parts that are imported while the server already answers: all except experiments, runs and what every call needs."""

import sys
import time
from typing import Any

from trackside.access import routes as access
from trackside.access.mlflow_auth import routes as mlflow_auth
from trackside.alerts import routes as alerts
from trackside.alerts import worker as alert_worker
from trackside.app import disabled, endpoints, monitoring, span_files, users, webhooks
from trackside.app.base import Base
from trackside.app.parts import Parts, make
from trackside.artifacts import routes as artifacts
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Roots
from trackside.audit import routes as audit
from trackside.azure import routes as azure
from trackside.azure.blob_routes import sweep
from trackside.cleanup import holds, storage, storage_scan
from trackside.cleanup import kinds as deletion_jobs
from trackside.cleanup import routes as cleanup
from trackside.cleanup.jobs import Deletions
from trackside.cleanup.orphans import kinds as orphan_jobs
from trackside.cleanup.orphans import routes as orphans
from trackside.cleanup.work import Work
from trackside.cleanup.workspaces import imports as abandoned
from trackside.cleanup.workspaces import routes as workspace_deletions
from trackside.cleanup.workspaces import work as workspace_work
from trackside.core.http.routes import Route
from trackside.core.settings import Settings, SqliteStore
from trackside.core.work.loop import Loop
from trackside.core.work.threads import Threads
from trackside.drift.monitors import due
from trackside.drift.monitors import routes as drift
from trackside.drift.monitors.labels import routes as drift_labels
from trackside.drift.monitors.places import Places
from trackside.drift.monitors.service import Checks
from trackside.endpoints.work import Work as Serving
from trackside.evaluation_datasets import routes as evaluation_datasets
from trackside.imports import routes as imports
from trackside.imports.jobs import Jobs
from trackside.jobs import loops as job_loops
from trackside.jobs import routes as jobs
from trackside.jobs import schedule_routes
from trackside.jobs.executors.chosen import Executors
from trackside.jobs.executors.process import ProcessExecutor
from trackside.jobs.executors.ray_jobs import RayExecutor
from trackside.jobs.kinds import Kind, Kinds
from trackside.jobs.worker import Limits
from trackside.links import routes as links
from trackside.links.worker.supervisor import Workers
from trackside.logged_models import routes as logged_models
from trackside.monitoring import recount
from trackside.monitoring.families import JOB_KEY, JOB_SCALE
from trackside.projects import service as projects
from trackside.projects.model import RAY
from trackside.quotas import routes as quotas
from trackside.quotas import watch as quota_watch
from trackside.registry import own_routes as registry_own
from trackside.registry import routes as registry
from trackside.runs import bulk_routes as bulk
from trackside.runs.charts import routes as charts
from trackside.runs.table import export_routes as exports
from trackside.runs.table import routes as tables
from trackside.scoring import service as scoring
from trackside.scoring.places import Folders
from trackside.stock_ui import routes as stock_ui
from trackside.stock_ui.promptlab import Promptlab
from trackside.traces.api import routes as traces
from trackside.traces.storage import offload as offloads
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.offload import Offload
from trackside.views import routes as views
from trackside.workspaces import routes as workspaces

GRAPHQL_THREADS = 2
IMPORT_THREADS = 2  # that manage files and processes of imports
BLOCKS_EVERY_S = 3600.0
DRIFT_EVERY_S = 10.0  # monitors with a window that can be computed


def routes(base: Base) -> list[Route]:
    parts = make(base)
    settings, gate = parts.settings, parts.gate
    changes = webhooks.routes(parts)  # first: nothing else has been created, so a failed attempt leaves no loop behind
    serving, serving_routes = endpoints.routes(parts)
    body_files = BodyFiles(parts.roots, parts.settings.artifact_timeout_s)
    parts.closers.append(body_files.close)
    offload = Offload(parts.db, body_files, parts.settings.trace_inline_kib << 10)
    _loop(parts, "trace-offloads", offload.step, offloads.EVERY_S)
    deleting = Work(parts.roots, parts.threads, parts.registry_files, parts.recorder, body_files)
    spaces = parts.workspaces
    ends = workspace_work.kind(parts.roots, spaces.tenants.sweep)
    _loop(parts, "imported-leftovers", lambda: abandoned.step(parts.db, ends), abandoned.EVERY_S)
    return [
        *users.routes(parts),
        *access.routes(gate),
        *mlflow_auth.routes(gate, "READ" if "reader" in settings.default_role else "NO_PERMISSIONS"),
        *audit.routes(),
        *workspaces.routes(spaces),
        *tables.routes(parts.orders),
        *exports.routes(),
        *charts.routes(),
        *bulk.routes(),
        *evaluation_datasets.routes(),
        *artifacts.routes(
            parts.roots,
            parts.threads,
            span_files.SpanFiles(settings.model_prices, parts.roots, settings.artifact_timeout_s),
            is_near=_is_near(settings, parts.roots),
        ),
        *logged_models.routes(parts.roots, parts.threads),
        *registry.routes(),
        *registry_own.routes(parts.registry_files),
        *changes,
        *serving_routes,
        *monitoring.routes(parts),
        *traces.routes(parts.roots, parts.threads, parts.settings.model_prices, body_files),
        *disabled.routes(),
        *_jobs(parts, deleting, ends),
        *_alerts(parts),
        *_azure(parts, serving),
        *_stock_ui(parts),
        *views.routes(),
        *cleanup.routes(deleting),
        *holds.routes(),
        *storage.routes(),
        *orphans.routes(),
        *workspace_deletions.routes(
            workspace_deletions.Calls(spaces.directory, spaces.tenants, ends, parts.roots, parts.threads)
        ),
        *_imports(parts),
        *_links(parts, body_files),
    ]


def _is_near(settings: Settings, roots: Roots) -> bool:
    """Return whether artifacts are on the file system of the SQLite store, whose pages are read on the event loop too."""
    return (
        isinstance(settings.store, SqliteStore)
        and isinstance(roots.store, LocalBlobs)
        and roots.store.is_on(settings.store.path.parent)
    )


def _jobs(parts: Parts, deleting: Work, *more: Kind[Any]) -> list[Route]:
    """Return the routes of jobs, their schedules and each kind of job."""
    settings, db = parts.settings, parts.db
    recounts = recount.kind(parts.roots)
    checks = Checks(Places(parts.roots, parts.recorder, Folders(settings.job_folders)))
    drift_kind: Kind[Any] = checks.kind()
    deletions = deletion_jobs.kinds(lambda: Deletions(deleting, cleanup.check_allowed))
    kinds = Kinds(
        [
            *scoring.kinds(settings, parts.roots),
            projects.kind(settings, parts.roots),
            recounts,
            storage_scan.kind(parts.roots),
            drift_kind,
            *deletions,
            *orphan_jobs.kinds(parts.roots),
            *more,
            *parts.kinds,
        ]
    )
    limits = Limits(slots=settings.job_slots, each=settings.workspace_jobs, days=settings.job_days)
    folder, executor = settings.data / "jobs", _executors(settings)

    def ended(ws: int, kind: str, state: str, seconds: float) -> None:
        parts.meters.work.note((JOB_KEY, ws, kind, state), seconds / JOB_SCALE)

    why_not = parts.gate.why_not
    parts.closers.extend(
        job_loops.start(
            *(db, kinds, limits, folder, executor, parts.url, parts.wakers, ended),
            why_not=why_not,
            start_id=parts.start_id,
        )
    )
    _loop(parts, "drift", lambda: due.step(db, drift_kind, why_not), DRIFT_EVERY_S)
    _loop(parts, "quotas", lambda: quota_watch.step(db), quota_watch.EVERY_S)
    _loop(parts, "recounts", lambda: recount.step(db, recounts), quota_watch.EVERY_S)
    return [
        *jobs.routes(kinds, settings.workspace_jobs),
        *schedule_routes.routes(kinds),
        *drift.routes(checks, drift_kind),
        *drift_labels.routes(parts.recorder),
        *quotas.routes(),
    ]


def _alerts(parts: Parts) -> list[Route]:
    """Alert rules."""
    _loop(parts, "alerts", lambda: alert_worker.step(parts.db), alert_worker.EVERY_S)
    return alerts.routes()


def _azure(parts: Parts, serving: Serving) -> list[Route]:
    """The clients of Azure Machine Learning and of Databricks."""
    blobs = parts.roots.store
    parts.closers.append(Loop("azure-blocks", lambda: sweep(blobs, time.time_ns() // 1_000_000), BLOCKS_EVERY_S).close)
    return azure.routes(
        parts.roots,
        parts.threads,
        parts.gate,
        parts.exchange,
        lambda: bytes.fromhex(parts.sealer.derived("azure: addresses")),
        parts.workspaces,
        serving,
        prefix=parts.settings.static_prefix,
    )


def _stock_ui(parts: Parts) -> list[Route]:
    threads = Threads(GRAPHQL_THREADS, "trackside-graphql")
    parts.closers.append(lambda: threads.shutdown(wait=False))
    files = artifacts.Calls(parts.roots, parts.threads)
    return stock_ui.calls(stock_ui.Graphql(parts.documents, files, threads), Promptlab(files))


def _imports(parts: Parts) -> list[Route]:
    threads = Threads(IMPORT_THREADS, "trackside-imports")
    parts.closers.append(threads.shutdown)
    running = Jobs(parts.settings.data / "imports")
    parts.closers.append(running.close)
    return imports.routes(running, threads, parts.settings.static_prefix, parts.guard_of_links.rules)


def _links(parts: Parts, body_files: BodyFiles) -> list[Route]:
    settings = parts.settings
    made = links.routes(
        parts.db,
        parts.roots,
        parts.threads,
        parts.link_callers,
        settings.default_artifact_root,
        parts.sealer,
        parts.cancel_token,
        settings.max_links,
        parts.guard_of_links,
        body_files,
    )
    workers = Workers(
        parts.db,
        parts.roots,
        settings.default_artifact_root,
        parts.sealer,
        parts.guard_of_links,
        parts.gate.why_not,
        interval_factor=parts.interval_factor,
        start=parts.start_id,
    )
    parts.closers.append(workers.close)
    parts.leavers.append(workers.leave)
    parts.wakers.append(workers.wake)
    return made


def _loop(parts: Parts, name: str, step: Any, every_s: float) -> None:
    parts.closers.append(Loop(name, step, every_s * parts.interval_factor).close)


def _executors(settings: Settings) -> Executors:
    """Return where the processes of jobs run: on this machine, and on the Ray cluster that the server was started with."""
    here = ProcessExecutor(settings.child_environment)
    if not settings.ray_address:
        return Executors(here, {})
    driver = ProcessExecutor({**settings.child_environment, **settings.ray_environment})
    return Executors(here, {RAY: RayExecutor(driver, settings.ray_address, settings.ray_python or sys.executable)})
