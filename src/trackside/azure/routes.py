"""Every call of Microsoft's clients.  The map of this slice."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.azure import arm_routes, blob_routes, databricks_routes, online_routes, run_history, workspace_routes
from trackside.core.access import Action
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, batch, query
from trackside.core.http.targets import by
from trackside.endpoints.work import Work
from trackside.identity.exchange import Exchange
from trackside.runs import batch as logging
from trackside.runs import limits
from trackside.runs import model as m
from trackside.runs.routes import RUN
from trackside.workspaces.routes import Calls as Workspaces


class RunData(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None
    batch_tracking_id: str | None = None


class RunDataStatus(Answer, frozen=True):
    is_complete: bool


def status(tx: object, call: RunData) -> RunDataStatus:
    """Return no pending batches: a batch is stored before its call is answered."""
    del tx, call
    return RunDataStatus(is_complete=True)


def routes(
    roots: Roots,
    threads: StoreThreads,
    gate: arm_routes.Gate,
    exchange: Exchange,
    key: Callable[[], bytes],
    workspaces: Workspaces,
    endpoints: Work,
    *,
    prefix: str = "",
) -> list[Route]:
    """`key` signs the addresses of files; `prefix` is the server's path prefix."""
    arm = arm_routes.Calls(gate, exchange, lambda: time.time_ns() // 1_000_000, prefix=prefix)
    history = run_history.Calls(roots, threads, key, arm.base, _now, exchange)
    files = blob_routes.Calls(roots, threads, key, _now)
    above = "/api/2.0/preview/mlflow/runs"
    return [
        *arm_routes.routes(arm),
        *workspace_routes.routes(workspace_routes.Calls(arm.base, workspaces)),
        *run_history.routes(history),
        *blob_routes.routes(files),
        *databricks_routes.routes(history),
        *online_routes.routes(online_routes.Calls(arm.base, endpoints, history)),
        batch(
            f"POST {above}/log-batch-async",
            m.LogBatch,
            limits.batch,
            logging.log,
            needs=Action.RUNS_WRITE,
            on=RUN,
            summary="Logs as runs/log-batch does; the answer names no batch, so that clients wait for nothing.",
        ),
        query(
            f"GET {above}/get-run-data-status",
            RunData,
            status,
            needs=Action.RUNS_READ,
            on=by("run", "run_id"),
            answer=RunDataStatus,
        ),
    ]


def _now() -> datetime:
    return datetime.now(UTC)
