"""Measure the cost of quotas for creating runs, with many workspaces: on SQLite by default, on PostgreSQL with --store.

    python bench/store/quotas.py [--store postgresql://postgres@127.0.0.1:55432/an_empty_database] [--workspaces 50]
        [--runs 100000] [--rounds 5] [--seconds 1.0] [--servers 4]

The store gets the runs of `--runs`, spread over the workspaces, 20 experiments and 5 users each.  Then sequential transactions
create one run each: without quotas, with a quota of the workspace, and with one of the server.  On PostgreSQL, `--servers` stores
create runs concurrently, each in its own workspace.  The figures are medians of the rounds: runs per second, and the CPU time of
this process per run, without PostgreSQL.  The kinds of quotas alternate within a round.  The limits are far away, except for
`near`, where 10,000 runs are left.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trackside import opening
from trackside.core import settings
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.experiments import store as experiments
from trackside.quotas import store as quotas
from trackside.quotas import usage
from trackside.quotas.model import Measure, Scope
from trackside.runs import lifecycle
from trackside.workspaces import store as workspaces

EXPERIMENTS, USERS = 20, 5
AT_ONCE = 2000
FAR = 10**9


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--store")
    words.add_argument("--workspaces", type=int, default=50)
    words.add_argument("--runs", type=int, default=100_000)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=1.0)
    words.add_argument("--servers", type=int, default=4)
    options = words.parse_args()
    count = options.servers if options.store else 1
    with tempfile.TemporaryDirectory() as data, stores(options.store, Path(data), count) as opened:
        places = fill(opened[0], options.workspaces, options.runs)
        print(f"{options.workspaces} workspaces, {options.runs:,} runs, {count} at once", flush=True)
        figures: dict[str, list[tuple[float, float]]] = {}
        for _ in range(options.rounds):
            for name, put in KINDS.items():
                for ws, _experiment in places[:count]:
                    set_quotas(opened[0], ws, put)
                figures.setdefault(name, []).append(rate(opened, places, options.seconds))
        print("| quota | runs/s | CPU, µs |\n|---|---|---|")
        for name, found in figures.items():
            rates, spent = (statistics.median(each) for each in zip(*found, strict=True))
            print(f"| {name} | {rates:,.0f} | {spent:,.0f} |")


@contextmanager
def stores(url: str | None, data: Path, count: int) -> Iterator[list[Any]]:
    words = {"--data": str(data), "--durability": "relaxed"} | ({"--store": url} if url else {})
    opened = [opening.open_database(settings.load(words, {})) for _ in range(count)]
    try:
        yield opened
    finally:
        for db in opened:
            db.close()


def fill(db: Any, count: int, runs: int) -> list[tuple[int, str]]:
    """Create the workspaces with counted runs.  Return each workspace and one of its experiments."""
    places: list[tuple[int, str]] = []
    for number in range(count):
        with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx:
            ws = workspaces.create(tx, f"w{number:04}").workspace_id
        with db.write(ws) as tx:
            experiments.create_default(tx, "mlflow-artifacts:/")
            made = [experiments.create(tx, f"e{each}", "mlflow-artifacts:/") for each in range(EXPERIMENTS)]
            for first in range(0, runs // count // USERS, AT_ONCE):
                for user in range(USERS):
                    size = min(AT_ONCE, runs // count // USERS - first)
                    create(tx.by(f"user-{user}"), [made[each % EXPERIMENTS] for each in range(size)])
            usage.begin(tx)
        places.append((ws, made[0]))
    return places


def create(tx: Tx, of: list[str]) -> None:
    calls = [
        lifecycle.NewRun(experiment_id=each, run_name="r", user_id="u", start_time=1_760_000_000_000, tags={})
        for each in of
    ]
    faults = [answer for answer in lifecycle.create_all(tx, calls) if isinstance(answer, Fault)]
    if faults:
        raise SystemExit(faults[0].message)


def set_quotas(db: Any, ws: int, put: Callable[[Tx], None]) -> None:
    """Set the quotas of a kind and remove the previous ones; the counts stay."""

    def work(tx: Tx) -> None:
        tx.run("DELETE FROM quotas WHERE workspace_id IN (:ws, 0)")
        if tx.memory is not None:
            tx.memory.forget_all()
        put(tx)

    db.writer.submit(ws, work).result()


def _server(tx: Tx, left: int) -> None:
    row = tx.one("SELECT COUNT(*) FROM runs WHERE workspace_id > 0 OR workspace_id = :ws")
    quotas.put(tx, Scope.SERVER, "", Measure.RUNS, (0 if row is None else row[0]) + left)


KINDS: dict[str, Callable[[Tx], None]] = {
    "none": lambda tx: None,
    "of the workspace": lambda tx: quotas.put(tx, Scope.WORKSPACE, "", Measure.RUNS, FAR),
    "of the server": lambda tx: quotas.put(tx, Scope.SERVER, "", Measure.RUNS, FAR),
    "of the server, near": lambda tx: _server(tx, 10_000),
}


def rate(opened: list[Any], places: list[tuple[int, str]], seconds: float) -> tuple[float, float]:
    made = [0] * len(opened)
    begun, spent = time.perf_counter(), time.process_time()

    def work(index: int) -> None:
        ws, experiment = places[index]
        while time.perf_counter() - begun < seconds:
            opened[index].writer.submit(ws, lambda tx: create(tx.by("user-0"), [experiment])).result()
            made[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(opened))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    total = sum(made)
    return total / (time.perf_counter() - begun), 1e6 * (time.process_time() - spent) / total


if __name__ == "__main__":
    main()
