"""A store with many runs, filled in this process: a thousand runs in a transaction, by the functions that the calls use."""

import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from trackside import opening
from trackside.core import settings
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.experiments import store as experiments
from trackside.runs import batch, keeper, lifecycle
from trackside.runs import model as m
from trackside.runs.limits import Logged
from trackside.workspaces.store import DEFAULT_WORKSPACE_ID

STARTED = 1_760_000_000_000  # ms
OPTIMIZERS = ("adam", "sgd", "adamw", "lion")
AT_ONCE = 1000
MIGRATIONS = Path(__file__).parents[2] / "src" / "trackside" / "core" / "db" / "migrations"
DONE = "filled"


def fill(data: Path, experiment: str, runs: int, *, metrics: int = 8, params: int = 6, children_every: int = 0) -> None:
    """Make an experiment with `runs` runs in the store of a stopped server; every so many have two children.

    Values are the same each time."""
    db = opening.open_database(settings.load({"--data": str(data), "--durability": "relaxed"}, {}))
    try:
        with db.write(DEFAULT_WORKSPACE_ID) as tx:
            experiment_id = experiments.create(tx, experiment, "mlflow-artifacts:/")
        for first in range(0, runs, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, runs))
            with db.write(DEFAULT_WORKSPACE_ID) as tx:
                _add(tx, experiment_id, numbers, metrics, params, children_every)
        while keeper.step(db):
            pass
    finally:
        db.close()


def kept(folder: Path, runs: int) -> Path:
    """Return the database of a filled store; it is made once for each schema, and copied by who wants to change it."""
    newest = max(each.name.partition("_")[0] for each in MIGRATIONS.glob("*.sql"))
    data = folder / f"{runs}-{newest}"
    if not (data / DONE).exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        fill(data, "many", runs)
        (data / DONE).touch()
    return data / "trackside.db"


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
