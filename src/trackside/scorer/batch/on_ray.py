"""Actors of Ray that score units, on this machine or on a cluster.

The nodes of a cluster must see the folders of the order, and have the Python of the model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Iterator

from trackside.scorer.batch.inputs import Unit
from trackside.scorer.batch.order import Order, OrderError
from trackside.scorer.batch.unit import Done

SCORER = Path(__file__).resolve().parents[1]
MAX_DEATHS = 3  # failures of one unit's actor after which the run fails


def run(wanted: Order, units: Callable[[], Iterator[Unit]]) -> Iterator[tuple[int, Done]]:
    """Yield number and result of each unit.  A unit whose actor dies is scored by another one."""
    try:
        import ray
    except ImportError:
        raise OrderError("the engine is ray, and the Python that scores has no ray: install it beside mlflow") from None
    try:
        _connect(ray, wanted)
    except (ConnectionError, OSError, RuntimeError, ValueError) as fault:
        raise OrderError(f"Ray at {wanted.address or 'this machine'} does not start: {fault}") from None
    try:
        yield from _results(ray, wanted, units())
    finally:
        ray.shutdown()


def _results(ray: Any, wanted: Order, units: Iterator[Unit]) -> Iterator[tuple[int, Done]]:
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    make = ray.remote(num_cpus=1, max_restarts=MAX_DEATHS, max_task_retries=MAX_DEATHS)(_Worker).remote
    workers = [make(str(SCORER), wanted.__dict__) for _ in range(wanted.processes)]
    idle = [*workers, *workers]  # each has a second unit that waits, so that it is never idle
    running: dict[Any, tuple[int, Any]] = {}
    while True:
        while idle:
            next_unit = next(units, None)
            if next_unit is None:
                break
            worker = idle.pop()
            running[worker.score.remote(tuple(next_unit))] = (next_unit.number, worker)
        if not running:
            return
        for ready in ray.wait(list(running), num_returns=1)[0]:
            number, worker = running.pop(ready)
            idle.append(worker)
            try:
                found = Done(*ray.get(ready))
            except ray.exceptions.RayActorError:
                raise OrderError(
                    f"a scoring process was killed {MAX_DEATHS} times; the model and a batch may need more memory"
                ) from None
            yield number, found


class _Worker:
    """Loads the model in a process of Ray.  Ray sends the class by value: it imports the scorer from its folder."""

    def __init__(self, scorer: str, order: dict[str, Any]) -> None:
        import importlib.util

        spec = importlib.util.spec_from_file_location("trackside_scorer_start", f"{scorer}/__main__.py")
        assert spec is not None
        assert spec.loader is not None
        start = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(start)
        if "trackside.scorer" not in sys.modules:
            start.mount()
        self._unit = importlib.import_module("trackside.scorer.batch.unit")
        self._inputs = importlib.import_module("trackside.scorer.batch.inputs")
        self._unit.begin(importlib.import_module("trackside.scorer.batch.order").Order(**order))

    def score(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        found: tuple[Any, ...] = tuple(self._unit.score(self._inputs.Unit(*values)))
        return found


def _connect(ray: Any, wanted: Order) -> None:
    shared = {"logging_level": "error", "log_to_driver": False, "configure_logging": False}
    if wanted.address:
        ray.init(wanted.address, **shared)
        return
    folder = Path(wanted.parts).parent / "ray"
    ray.init(
        "local",
        num_cpus=wanted.processes,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        _temp_dir=str(folder) if len(str(folder)) < _MOST_PATH else None,
        object_store_memory=256 << 20,
        **shared,
    )


_MOST_PATH = 40  # beyond, the names of Ray's sockets are too long for a system
