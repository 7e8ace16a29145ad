"""Stores with many runs or many points, filled in this process, a transaction for a thousand runs or 50,000 points, by the
functions that the calls use.  An interrupted fill continues with the next transaction."""

import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from trackside import opening
from trackside.core import settings
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, NotFound
from trackside.experiments import store as experiments
from trackside.runs import batch, keeper, lifecycle
from trackside.runs import model as m
from trackside.runs.limits import Logged
from trackside.workspaces.store import DEFAULT_WORKSPACE_ID

STARTED = 1_760_000_000_000  # ms
OPTIMIZERS = ("adam", "sgd", "adamw", "lion")
AT_ONCE = 1000
POINTS_AT_ONCE = 50_000
MIGRATIONS = Path(__file__).parents[3] / "src" / "trackside" / "core" / "db" / "migrations"
DONE = "filled"


Tell = Callable[[int, int], None]  # how many are made, of how many


def quiet(_made: int, _all: int) -> None:
    """Print nothing."""


def tell_of(what: str) -> Tell:
    """Print a line for each tenth that is made."""

    def tell(made: int, every: int) -> None:
        if made % max(every // 10, 1) == 0 or made == every:
            sys.stderr.write(f"filled {made:,} of {every:,} {what}\n")

    return tell


def fill(
    data: Path,
    experiment: str,
    runs: int,
    *,
    metrics: int = 8,
    params: int = 6,
    children_every: int = 0,
    tell: Tell = quiet,
) -> None:
    """Make an experiment with `runs` runs in the store of a stopped server; every so many have two children.

    Values are the same each time."""
    db = opening.open_database(settings.load({"--data": str(data), "--durability": "relaxed"}, {}))
    try:
        experiment_id = _experiment(db, experiment)
        with db.read(DEFAULT_WORKSPACE_ID) as tx:
            (made,) = tx.all("SELECT COUNT(*) FROM runs WHERE workspace_id = :ws AND run_name LIKE 'run-%'")[0]
        for first in range(made, runs, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, runs))
            with db.write(DEFAULT_WORKSPACE_ID) as tx:
                _add(tx, experiment_id, numbers, metrics, params, children_every)
            tell(numbers.stop, runs)
        while keeper.step(db):
            pass
    finally:
        db.close()


def fill_points(data: Path, experiment: str, runs: int, points: int, tell: Tell = quiet) -> None:
    """Make an experiment with `runs` runs that have `points` points of `loss` each, in the store of a stopped server."""
    db = opening.open_database(settings.load({"--data": str(data), "--durability": "relaxed"}, {}))
    try:
        experiment_id = _experiment(db, experiment)
        with db.read(DEFAULT_WORKSPACE_ID) as tx:
            ids = [
                str(run_id) for (run_id,) in tx.all("SELECT run_id FROM runs WHERE workspace_id = :ws ORDER BY run_seq")
            ]
            counted = tx.all(
                """
                SELECT r.run_id, s.point_count FROM metric_series s JOIN runs r ON r.run_seq = s.run_seq
                WHERE s.workspace_id = :ws
                """
            )
        made = dict(counted)
        if len(ids) < runs:
            with db.write(DEFAULT_WORKSPACE_ID) as tx:
                ids += _create(tx, [_new(experiment_id, f"run {number}", number) for number in range(len(ids), runs)])
        for number, run_id in enumerate(ids):
            dice = random.Random(number)
            curve = [_value(number, step, points, dice) for step in range(points)]
            for first in range(made.get(run_id, 0), points, POINTS_AT_ONCE):
                steps = range(first, min(first + POINTS_AT_ONCE, points))
                chunk = [(step, STARTED + 1000 * step, curve[step]) for step in steps]
                with db.write(DEFAULT_WORKSPACE_ID) as tx:
                    batch.log(tx, [Logged(run_id, {"loss": chunk}, [], {}, [], True)])
                tell(number * points + steps.stop, runs * points)
        while keeper.step(db):
            pass
    finally:
        db.close()


def kept(folder: Path, runs: int, tell: Tell = quiet) -> Path:
    """Return the database of a filled store; it is made once for each schema, and copied by who wants to change it."""
    return _kept(folder, str(runs), lambda data: fill(data, "many", runs, tell=tell))


def kept_points(folder: Path, runs: int, points: int, tell: Tell = quiet) -> Path:
    """Return the database of a store with long runs, made once as that of `kept`."""
    return _kept(folder, f"{runs}x{points}", lambda data: fill_points(data, "long", runs, points, tell))


def _kept(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    newest = max(each.name.partition("_")[0] for each in MIGRATIONS.glob("*.sql"))
    data = folder / f"{name}-{newest}"
    if not (data / DONE).exists():
        data.mkdir(parents=True, exist_ok=True)
        make(data)
        (data / DONE).touch()
    return data / "trackside.db"


def _experiment(db: Any, name: str) -> str:
    with db.write(DEFAULT_WORKSPACE_ID) as tx:
        try:
            return experiments.get_by_name(tx, name).experiment_id
        except NotFound:
            return experiments.create(tx, name, "mlflow-artifacts:/")


def _value(number: int, step: int, points: int, dice: random.Random) -> float:
    return math.exp(-3 * step / points) + number / 50 + dice.gauss(0, 0.02)


def _add(tx: Tx, experiment_id: str, numbers: Sequence[int], metrics: int, params: int, children_every: int) -> None:
    made = _create(tx, [_new(experiment_id, f"run-{number:06}", number) for number in numbers])
    batch.log(tx, [logged(run_id, number, metrics, params) for run_id, number in zip(made, numbers, strict=True)])
    lifecycle.update_all(
        tx,
        [
            lifecycle.RunUpdate(run_id, m.status_of("FAILED" if number % 19 == 0 else "FINISHED"), end(number), None)
            for run_id, number in zip(made, numbers, strict=True)
        ],
    )
    _create(tx, list(_children(experiment_id, zip(made, numbers, strict=True), children_every)))


def _children(experiment_id: str, parents: Iterable[tuple[str, int]], every: int) -> Iterator[lifecycle.NewRun]:
    for run_id, number in parents:
        if every and number % every == 0:
            for child in range(2):
                yield _new(experiment_id, f"child-{number}-{child}", number, {"mlflow.parentRunId": run_id})


def _create(tx: Tx, new: list[lifecycle.NewRun]) -> list[str]:
    answers = lifecycle.create_all(tx, new) if new else []
    faults = [answer for answer in answers if isinstance(answer, Fault)]
    assert not faults, faults[0]
    return [answer.run.info.run_id for answer in answers if not isinstance(answer, Fault)]


def _new(experiment_id: str, name: str, number: int, tags: dict[str, str] | None = None) -> lifecycle.NewRun:
    return lifecycle.NewRun(
        experiment_id=experiment_id,
        run_name=name,
        user_id=f"user-{number % 7}",
        start_time=STARTED + number * 1000,
        tags={"mlflow.runName": name, **(tags or {})},
    )


def end(number: int) -> int:
    return STARTED + number * 1000 + random.Random(number).randrange(1000, 10_000_000)


def logged(run_id: str, number: int, metrics: int = 8, params: int = 6) -> Logged:
    dice = random.Random(number)
    values = {"optimizer": dice.choice(OPTIMIZERS), "lr": f"{10 ** dice.uniform(-5, -1):.3e}"}
    values |= {f"param_{i}": str(dice.randrange(10)) for i in range(params - 2)}
    points = {"loss": dice.random(), "auc": 1 - dice.random() / 3}
    points |= {f"val/metric_{i}": dice.gauss(0, 1) for i in range(metrics - 2)}
    return Logged(
        run_id,
        {key: [(0, STARTED + number, value)] for key, value in points.items()},
        list(values.items()),
        {},
        [],
        True,
    )
