"""Processes of this machine that score units.  They are forked from one that has loaded the model, or MLflow."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Callable, Iterator

from trackside.scorer.batch import unit
from trackside.scorer.batch.inputs import Unit
from trackside.scorer.batch.order import Order, OrderError
from trackside.scorer.batch.unit import Done

MAX_DEATHS = 3  # failures of the pool after which the run fails


def run(wanted: Order, units: Callable[[], Iterator[Unit]]) -> Iterator[tuple[int, Done]]:
    """Yield number and result of each unit.  If a process of the pool is killed, a new pool scores the remaining units."""
    unit.prepare(wanted)
    deaths = 0
    while True:
        pool = ProcessPoolExecutor(
            wanted.processes, multiprocessing.get_context("fork"), initializer=unit.begin, initargs=(wanted,)
        )
        try:
            yield from _results(pool, units(), 2 * wanted.processes)
        except BrokenProcessPool:
            deaths += 1
            if deaths >= MAX_DEATHS:
                raise OrderError(
                    f"a scoring process was killed {deaths} times; the model and a batch may need more memory"
                ) from None
            sys.stdout.write("A process that scores was killed; the rest is scored by new ones.\n")
        else:
            return
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _results(pool: ProcessPoolExecutor, units: Iterator[Unit], ahead: int) -> Iterator[tuple[int, Done]]:
    """Process `ahead` units at once, and yield their results."""
    running: dict[Future[Done], int] = {}
    while True:
        while len(running) < ahead:
            next_unit = next(units, None)
            if next_unit is None:
                break
            running[pool.submit(unit.score, next_unit)] = next_unit.number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()
