"""Measure the CPU time of the server's process for a store on PostgreSQL: reads, rows and batches, without HTTP.

    python bench/postgres/store.py postgresql://postgres@127.0.0.1:5432/scratch [--plain | --trips]

Creates and drops two tables in that database.  `--plain` also measures psycopg's `Connection` with the same statements. Each
figure is the CPU time of this process for one operation, the best of four rounds, with the wall time. `--trips` creates a store
in that database, which must be empty, and counts the round trips of groups of calls.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg

from trackside.core import locations
from trackside.core.db import migrate
from trackside.core.db.pg import setup
from trackside.core.db.pg.wire import Wire
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.errors import Fault
from trackside.experiments import store as experiments
from trackside.runs import batch, lifecycle, limits
from trackside.runs import model as m
from trackside.workspaces import store as workspaces

COLUMNS = 21
_TABLES = (
    "DROP TABLE IF EXISTS bench_rows, bench_wide",
    "CREATE TABLE bench_rows (id BIGINT PRIMARY KEY, a TEXT, b DOUBLE PRECISION, c BIGINT, d BYTEA)",
    "INSERT INTO bench_rows SELECT i, 'key' || i, i * 0.5, i * 7, '\\x00112233445566778899' FROM generate_series(1, 10000) i",
    "CREATE TABLE bench_wide (id BIGINT, k TEXT, "
    + ", ".join(f"f{i} DOUBLE PRECISION" for i in range(12))
    + ", "
    + ", ".join(f"n{i} BIGINT" for i in range(6))
    + ", d BYTEA)",
)
_ROWS = [(i, f"key{i}", *[i * 0.5 + j for j in range(12)], *range(i, i + 6), b"0123456789" * 4) for i in range(1000)]


def measure(name: str, work: Callable[[int], Any], times: int) -> None:
    work(0)
    rounds = []
    for _ in range(4):
        wall, cpu = time.perf_counter(), time.thread_time()
        for i in range(times):
            work(i)
        rounds.append(((time.thread_time() - cpu) / times, (time.perf_counter() - wall) / times))
    best = min(rounds)
    print(f"{name:42} {best[0] * 1e6:10,.1f} us of CPU {best[1] * 1e6:12,.1f} us in all", flush=True)


def ours(store: locations.PostgresStore) -> None:
    db = PostgresDatabase(store)
    names = ", ".join(f":c{i}" for i in range(COLUMNS))

    def by_key(i: int) -> None:
        with db.read(1) as tx:
            tx.one("SELECT id, a, b, c FROM bench_rows WHERE id = :id", id=1 + i % 10_000)

    def many(i: int) -> None:
        del i
        with db.read(1) as tx:
            tx.all("SELECT id, a, b, c FROM bench_rows")

    def batch(i: int) -> None:
        del i
        with db.write(1) as tx:
            tx.many(f"INSERT INTO bench_wide VALUES ({names})", _ROWS)
            tx.run("DELETE FROM bench_wide WHERE id >= 0")

    measure("a row by key in a transaction", by_key, 2000)
    measure("10,000 rows of 4 columns", many, 20)
    measure(f"1,000 inserts of {COLUMNS} values", batch, 10)
    db.close()


def plain(url: str) -> None:
    connection = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor)
    values = ", ".join(f"${i + 1}" for i in range(COLUMNS))

    def by_key(i: int) -> None:
        with connection.pipeline():
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            sql = b"SELECT id, a, b, c FROM bench_rows WHERE id = $1"
            found = connection.execute(sql, (1 + i % 10_000,), binary=True)
            connection.execute("ROLLBACK")
            found.fetchall()

    def many(i: int) -> None:
        del i
        connection.execute("SELECT id, a, b, c FROM bench_rows", binary=True).fetchall()

    def batch(i: int) -> None:
        del i
        with connection.pipeline():
            connection.execute("BEGIN")
            connection.cursor().executemany(f"INSERT INTO bench_wide VALUES ({values})".encode(), _ROWS)
            connection.execute("DELETE FROM bench_wide WHERE id >= 0")
            connection.execute("COMMIT")

    measure("psycopg: a row by key in a transaction", by_key, 2000)
    measure("psycopg: 10,000 rows of 4 columns", many, 20)
    measure(f"psycopg: 1,000 inserts of {COLUMNS} values", batch, 10)
    connection.close()


class Counted(Wire):
    """Counts the waits for answers."""

    trips = 0

    def _exchange(self, *args: Any, **named: Any) -> Any:
        Counted.trips += 1
        return super()._exchange(*args, **named)


def trips(store: locations.PostgresStore) -> None:
    setup.Wire = Counted  # type: ignore[misc]  # a driver that counts
    db = PostgresDatabase(store)
    migrate.upgrade(db)
    print(f"migrations: {Counted.trips} round trips")
    with db.write(1) as tx:
        workspaces.create_default(tx)
        experiments.create_default(tx, "mlflow-artifacts:")

    def new(i: int) -> Any:
        return lifecycle.new_run(m.CreateRun(experiment_id="0", run_name=f"r{i}", start_time=1))

    with db.write(1) as tx:
        answers = lifecycle.create_all(tx, [new(i) for i in range(8)])
    runs = [answer.run.info.run_id for answer in answers if not isinstance(answer, Fault)]
    calls: list[tuple[str, Callable[[Any, Any], Any], Callable[[int], Any]]] = [
        ("runs/create", lifecycle.create_all, new),
        (
            "runs/update",
            lifecycle.update_all,
            lambda i: lifecycle.run_update(m.UpdateRun(run_id=runs[i], status="FINISHED", end_time=1)),
        ),
        (
            "runs/log-metric",
            batch.log,
            lambda i: limits.metric(m.LogMetric(run_id=runs[i], key="a", value=0.5, timestamp=1, step=1)),
        ),
    ]
    for name, handler, call in calls:
        for count in (1, 8):
            for _ in range(3):  # the first executions prepare statements
                before = Counted.trips
                with db.write(1) as tx:
                    handler(tx, [call(i) for i in range(count)])
            print(f"{name}, {count} in a group: {Counted.trips - before} round trips")
    db.close()


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("url")
    words.add_argument("--plain", action="store_true")
    words.add_argument("--trips", action="store_true")
    options = words.parse_args()
    store = locations.store(options.url)
    if not isinstance(store, locations.PostgresStore):
        raise SystemExit(f"{options.url} names no PostgreSQL database")
    if options.trips:
        trips(store)
        return 0
    with psycopg.connect(options.url, autocommit=True) as connection:
        for statement in _TABLES:
            connection.execute(statement.encode())
        try:
            ours(store)
            if options.plain:
                plain(options.url)
        finally:
            connection.execute("DROP TABLE bench_rows, bench_wide")
    return 0


if __name__ == "__main__":
    sys.exit(main())
