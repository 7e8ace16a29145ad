"""The background loops of a server that run its jobs."""

from collections.abc import Callable
from pathlib import Path

from trackside.core.access import WhyNot, never
from trackside.core.db.tx import OnChange
from trackside.core.work.loop import Loop
from trackside.jobs.executors.port import Executor
from trackside.jobs.kinds import Kinds
from trackside.jobs.worker import Database, Limits, Worker

EVERY_S = 0.25  # for jobs that other processes queue, and for due times; commits of this server wake the worker
PRUNE_EVERY_S = 3600.0


def start(
    db: Database,
    kinds: Kinds,
    limits: Limits,
    folder: Path,
    executor: Executor,
    url: str,
    wakers: list[OnChange],
    note: Callable[[int, str, str, float], None],
    *,
    why_not: WhyNot = never,
    every_s: float = EVERY_S,
    start_id: str = "",
) -> list[Callable[[], object]]:
    """Start the loops and return functions that stop them, to be called in reverse order.

    `wakers` gets a function to be called after commits.  `note` is called for each attempt that ended: workspace, kind, state,
    seconds.  `start_id` is the start of the server in the names of its leases."""
    worker = Worker(db, kinds, limits, folder, executor, url=url, why_not=why_not, start=start_id)
    worker.note = note
    run = Loop("jobs", worker.step, every_s)
    worker.wake = run.wake
    wakers.append(lambda _: run.wake())
    return [worker.close, run.close, Loop("jobs-prune", worker.prune, PRUNE_EVERY_S).close]
