"""Measure the SQL of runs/search, in one experiment of many runs with 10 params, 10 metrics and 5 tags each.

    python bench/calls/search_sql.py [--runs 100000] [--store postgresql://...] [--plan]

Prints the best and the median of some repetitions in ms, of the search without its documents.  The store is created once, on
SQLite unless an empty PostgreSQL database is given.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from random import Random

from trackside import opening
from trackside.core import settings
from trackside.core.db.tx import Tx
from trackside.runs import search_sql

WS = 1  # the default workspace, whose default experiment is the first of a new store
START = 1_700_000_000_000
SEARCHES: list[tuple[str, str, list[str], int]] = [
    ("first page, default order", "", [], 1000),
    ("first 100, by start time", "", ["attributes.start_time DESC"], 100),
    ("metric and param, by metric", "metrics.m3 > 0.5 and params.p2 = 'v7'", ["metrics.m1 DESC"], 1000),
    ("param =, default order", "params.p2 = 'v7'", [], 1000),
    ("metric >, default order", "metrics.m3 > 0.5", [], 1000),
    ("metric > that few meet", "metrics.m3 > 0.999", [], 1000),
    ("metric =, no run", "metrics.m3 = 7", [], 1000),
    ("no filter, by metric", "", ["metrics.m1 DESC"], 1000),
    ("no filter, by param", "", ["params.p1"], 1000),
    ("by an attribute", "", ["attributes.run_name"], 1000),
    ("status, default order", "status = 'FAILED'", [], 1000),
    ("OR of params", "params.p2 = 'v7' OR params.p3 = 'v1'", [], 1000),
    ("OR of params, by metric", "params.p2 = 'v7' OR params.p3 = 'v1'", ["metrics.m1 DESC"], 1000),
    ("NOT, by metric", "NOT params.p2 = 'v7'", ["metrics.m1 DESC"], 1000),
    ("param as number", "params.p9 > 0.9", [], 1000),
    ("param as number, by metric", "params.p9 > 0.9", ["metrics.m1"], 1000),
    ("LIKE, by metric", "tags.t1 LIKE '%7%'", ["metrics.m1 DESC"], 1000),
    ("min(metric), by max(metric)", "min(metrics.m3) < 0.1", ["max(metrics.m1) DESC"], 1000),
    ("metric IS NULL", "metrics.m3 IS NULL", [], 1000),
    ("run_id =", f"run_id = '{77:032x}'", [], 1000),
    ("three tests, by start", "metrics.m3 > 0.5 and params.p2 = 'v7' and tags.t1 = 'x7'", [], 1000),
]


def fill(tx: Tx, runs: int) -> None:
    random = Random(7)
    tx.many(
        """
        INSERT INTO runs (run_seq, workspace_id, experiment_seq, run_id, run_name, user_id, status, start_time,
            end_time, lifecycle_stage, artifact_uri)
        VALUES (:seq, :ws, 1, :id, :name, 'u', :status, :start, :end, 'active', '')
        """,
        [
            (
                *(i, f"{random.getrandbits(128):032x}" if i != 77 else f"{77:032x}", f"run-{random.random():.6f}"),
                *("FAILED" if i % 50 == 0 else "FINISHED", START + i, START + i + 1000),
            )
            for i in range(1, runs + 1)
        ],
    )
    keyed = "INSERT INTO {} (workspace_id, experiment_seq, key, run_seq, value) VALUES (:ws, 1, :key, :run, :value)"
    tx.many(keyed.format("params"), _texts("p", 10, runs))
    tx.many(keyed.format("tags"), _texts("t", 5, runs))
    tx.many(
        """
        INSERT INTO metric_series (workspace_id, experiment_seq, key, run_seq, last_value, last_is_nan, last_step,
            last_timestamp, first_value, first_is_nan, first_step, first_timestamp, min_value, max_value, sum_value,
            value_count, point_count, nan_count, max_step, max_timestamp, small_points)
        VALUES (:ws, 1, :key, :run, :last, 0, 100, :t, :first, 0, 0, :t0, :min, :max, :sum, 100, 100, 0, 100, :t1, 0)
        """,
        (
            (f"m{k}", i, (v := random.random()), START + i, v / 2, START, v / 3, v * 2, v * 100, START + i)
            for k in range(10)
            for i in range(1, runs + 1)
        ),
    )


def _texts(letter: str, keys: int, runs: int) -> Iterator[tuple[str, int, str]]:
    for k in range(keys):
        for i in range(1, runs + 1):
            if letter == "p":
                yield f"p{k}", i, f"0.{i * 7919 % 1000:03}" if k == 9 else f"v{(i + k) % 10}"
            else:
                yield f"t{k}", i, f"x{(i * 31 + k) % 100}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--store", default="")
    parser.add_argument("--plan", action="store_true", help="print each statement's query plan")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="", help="only searches whose name has this")
    options = parser.parse_args()
    flags = {"--data": f".bench/search-{options.runs}"} | ({"--store": options.store} if options.store else {})
    db = opening.open_database(settings.load(flags, {}))
    with db.write(WS) as tx:
        if tx.one("SELECT 1 FROM runs WHERE workspace_id = :ws LIMIT 1") is None:
            fill(tx, options.runs)
            if tx.dialect == "postgresql":
                tx.run("ANALYZE")
    with db.read(WS) as tx:
        for name, text, order_by, limit in SEARCHES:
            if options.only in name:
                measure(tx, name, text, order_by, limit, options.repeat, plan=options.plan)
        if not options.only:
            walk(tx)
    db.close()


def measure(
    tx: Tx,
    name: str,
    text: str,
    order_by: list[str],
    limit: int,
    repeat: int,
    *,
    plan: bool,
    stages: tuple[str, ...] = ("active",),
) -> None:
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        search = search_sql.parse(text, order_by, [1], stages)
        query = search_sql.query(search, limit, None, tx.dialect)
        asked = time.perf_counter()
        rows = tx.all(query.sql, **query.params)
        times.append(time.perf_counter() - asked)
    print(
        f"{name:32} {len(rows):5} rows  best {min(times) * 1e3:7.2f}  median {statistics.median(times) * 1e3:7.2f}"
        f"  (text to SQL {(asked - began) * 1e3:.2f})"
    )
    if plan:
        for row in tx.all("EXPLAIN QUERY PLAN " + query.sql, **query.params):
            print("      ", row[3])


def walk(tx: Tx) -> None:
    """Read every page of the default order, and of an order by a metric."""
    for order_by in ([], ["metrics.m1 DESC"]):
        search = search_sql.parse("", order_by, [1], ["active"])
        token, times, found = None, [], 0
        while True:
            began = time.perf_counter()
            query = search_sql.query(search, 1000, token, tx.dialect)
            runs, token = search_sql.cut(search, tx.all(query.sql, **query.params), 1000)
            times.append(time.perf_counter() - began)
            found += len(runs)
            if token is None:
                break
        pages = f"{len(times)} pages of {order_by or 'the default order'}"
        middle, last = times[len(times) // 2], times[-1]
        print(f"{pages:40} {found} runs; first {times[0] * 1e3:.2f}, middle {middle * 1e3:.2f}, last {last * 1e3:.2f}")


if __name__ == "__main__":
    main()
