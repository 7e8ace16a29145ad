"""The loops of a server that run its jobs."""

from collections.abc import Callable
from pathlib import Path

from trackside.core.work.loop import Loop
from trackside.jobs.executors.port import Executor
from trackside.jobs.kinds import Kinds
from trackside.jobs.worker import Database, Limits, Worker

EVERY_S = 0.25
PRUNE_EVERY_S = 3600.0


def start(
    db: Database,
    kinds: Kinds,
    limits: Limits,
    folder: Path,
    executor: Executor,
    url: str,
    interval_factor: float,
    note: Callable[[int, str, str, float], None],
) -> list[Callable[[], object]]:
    """Start to run jobs.  `note` is told of each attempt that ended: workspace, kind, state, seconds.  Return what
    ends that, to be called in reverse order."""
    worker = Worker(db, kinds, limits, folder, executor, url=url)
    worker.note = note
    run = Loop("jobs", worker.step, EVERY_S * interval_factor)
    return [worker.close, run.close, Loop("jobs-prune", worker.prune, PRUNE_EVERY_S).close]
