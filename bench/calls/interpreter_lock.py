"""Measure how long threads of a server on SQLite wait for the interpreter's lock and for its garbage collector.

    python bench/calls/interpreter_lock.py [--runs 10000] [--source FOLDER]

First the parameters of 300 runs, 3,000 rows, are read as rows and as one row (`core/db/texts`), alone and with a second thread
that also reads: milliseconds of the wall clock, the median of 15.  Then eight connections create `--runs` runs on a server and
log ten metrics and ten parameters to each; the server's full garbage collections are printed with their milliseconds.  `--source`
is the
`src` of another version for the server.
"""

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from trackside.core.db import migrate
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.texts import texts
from trackside.core.db.tx import Tx
from trackside.runs import batch, lifecycle
from trackside.runs.limits import Logged

SERVER = """
import gc, sys, time
begun = 0.0
def note(phase, info):
    global begun
    if phase == "start":
        begun = time.perf_counter()
    elif info["generation"] == 2:
        print("collection", round((time.perf_counter() - begun) * 1000, 1), flush=True)
gc.callbacks.append(note)
from trackside.cli.main import main
sys.exit(main())
"""
SELECT = (
    "SELECT run_seq AS seq, key, value FROM params WHERE workspace_id = :ws AND run_seq IN :runs ORDER BY run_seq, key"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--source", type=Path, default=Path(__file__).parents[2] / "src")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        read_rows(Path(folder) / "store.db")
        collect(Path(folder) / "data", words.runs, words.source)


def read_rows(path: Path) -> None:
    with closing(SqliteDatabase(path, "relaxed")) as db:
        store: Any = db
        migrate.upgrade(store)
        with db.write(1) as tx:
            tx.run(
                """
                INSERT INTO experiments (workspace_id, experiment_id, name, artifact_location, lifecycle_stage, creation_time,
                    last_update_time) VALUES (:ws, 1, 'e', 'file:///e', 'active', 0, 0)
                """
            )
            for _ in range(300):
                run_id = lifecycle.create(tx, "1", run_name="r", user_id="", start_time=0, tags={})
                batch.log(tx, [Logged(run_id, {}, [(f"p{k}", f"v{k}") for k in range(10)], {}, [], True)])
        ways: dict[str, Callable[[Tx, list[int]], Any]] = {
            "as rows": lambda tx, runs: tx.all(SELECT, runs=runs),
            "as one row": lambda tx, runs: texts(tx, SELECT, runs=runs),
        }
        with db.read(1) as tx:
            runs = [seq for (seq,) in tx.all("SELECT run_seq FROM runs WHERE workspace_id = :ws ORDER BY run_seq")]
            for name, way in ways.items():
                alone = median_ms(partial(way, tx, runs))
                with computing(db, runs[:50]):
                    beside = median_ms(partial(way, tx, runs))
                print(f"3,000 parameters {name}: {alone:.1f} ms alone, {beside:.1f} ms beside a thread that reads")


@contextmanager
def computing(db: SqliteDatabase, runs: list[int]) -> Iterator[None]:
    over = threading.Event()

    def read() -> None:
        with db.read(1) as tx:
            while not over.is_set():
                tx.all(SELECT, runs=runs)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def median_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(15):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def collect(data: Path, count: int, source: Path) -> None:
    command = [sys.executable, "-c", SERVER, "server", "--port", "0", "--data", str(data)]
    env = {**os.environ, "PYTHONPATH": str(source)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        port = int(line.split("http://127.0.0.1:")[1].split()[0].rstrip("."))
        begun = time.perf_counter()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda first: log(port, range(first, count, 8)), range(8)))
        took_s = time.perf_counter() - begun
        server.send_signal(signal.SIGTERM)
        found = [float(each.split()[1]) for each in server.stdout if each.startswith("collection")]
    print(f"{count} runs logged in {took_s:.1f} s; {len(found)} full collections of", *found, "ms")


def log(port: int, numbers: range) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for number in numbers:
            made = call(connection, "runs/create", {"experiment_id": "0", "run_name": f"run-{number}"})
            points = [{"key": f"m{k}", "value": k, "timestamp": number, "step": 1} for k in range(10)]
            params = [{"key": f"p{k}", "value": f"v{k}"} for k in range(10)]
            run_id = made["run"]["info"]["run_id"]
            call(connection, "runs/log-batch", {"run_id": run_id, "metrics": points, "params": params})


def call(connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
    connection.request("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), {"Content-Type": "application/json"})
    with connection.getresponse() as answer:
        text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {text.decode()}")
    return json.loads(text)


if __name__ == "__main__":
    main()
