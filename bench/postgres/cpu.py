"""Where the processor time of a call goes on PostgreSQL: the server's Python, PostgreSQL's processes, or nowhere (waiting).

    python bench/postgres/cpu.py postgresql://postgres@127.0.0.1:55432/an_empty_database --bench ../shared/bench

For each call and number of connections: calls a second, the processor time of a call in the server and in all processes of the
PostgreSQL on this machine, how much of both cores the three (with the client) kept busy, and how often PostgreSQL committed and
flushed its log for a call.  The clients are those of the benchmark in BENCH.  `--only` names calls to measure.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[2]
PORT = 55433
SECONDS = 4.0
SETTLE_S = 10.5  # a process of PostgreSQL that does nothing reports its counts after ten seconds
TICKS = os.sysconf("SC_CLK_TCK")
Make = Callable[[], bytes]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store")
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--only", default="", help="names of calls, separated by commas")
    options = words.parse_args()
    only = set(filter(None, options.only.split(",")))
    sys.path.insert(0, str(options.bench))
    loadgen = import_module("loadgen")

    with tempfile.TemporaryDirectory() as data:
        command = [
            sys.executable,
            "-m",
            "trackside.cli.main",
            "server",
            "--port",
            str(PORT),
            "--data",
            data,
            "--store",
            options.store,
        ]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            print(server.stdout.readline(), end="")
            print(
                "| call | connections | calls/s | server, ms | PostgreSQL, ms | busy of both cores | commits | flushes |"
            )
            print("|---|---|---|---|---|---|---|---|")
            with psycopg.connect(options.store, autocommit=True) as asking:
                for name, makers, several in CALLS:
                    if only and name not in only:
                        continue
                    for connections in (1, several):
                        measure(loadgen, asking, server.pid, name, makers(loadgen, connections))
        finally:
            server.terminate()
            server.wait()


def measure(loadgen: Any, asking: "psycopg.Connection[Any]", server: int, name: str, makers: list[Make]) -> None:
    loadgen.run(PORT, makers, 0.3)  # statements are prepared, and connections made
    counted, before, started = counts(asking), (busy(server), postgres(asking)), time.monotonic()
    done = loadgen.run(PORT, makers, SECONDS)
    wall = time.monotonic() - started
    calls = len(done.lat) - done.errors
    ours, theirs = busy(server) - before[0], postgres(asking) - before[1]
    commits, flushes = (after - first for first, after in zip(counted, counts(asking), strict=True))
    share = (ours + theirs + done.client_cpu) / wall / (os.cpu_count() or 1)
    each = f"{1000 * ours / calls:.2f} | {1000 * theirs / calls:.2f}"
    per_call = f"{commits / calls:.2f} | {flushes / calls:.2f}"
    print(f"| {name} | {len(makers)} | {calls / done.secs:,.0f} | {each} | {share:.0%} | {per_call} |", flush=True)


def counts(asking: "psycopg.Connection[Any]") -> tuple[int, int]:
    """Return how many transactions of the database have committed or been rolled back, and how often the log was flushed."""
    time.sleep(SETTLE_S)
    found = asking.execute(
        "SELECT d.xact_commit, w.wal_sync FROM pg_stat_database d, pg_stat_wal w WHERE d.datname = current_database()"
    ).fetchone()
    assert found is not None
    return found[0], found[1]


def busy(pid: int) -> float:
    """Return the seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def postgres(asking: "psycopg.Connection[Any]") -> float:
    """Return the same of all processes of this PostgreSQL."""
    parent = Path(f"/proc/{asking.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[1]
    total = 0.0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[1] == parent:
                total += busy(int(entry.name))
        except OSError:
            continue  # it has ended
    return total


def post(path: str, body: dict[str, Any]) -> Any:
    address = f"http://127.0.0.1:{PORT}/api/2.0/mlflow/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def new_run() -> str:
    found: str = post("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    return found


def built(loadgen: Any, path: str, body: dict[str, Any]) -> bytes:
    made: bytes = loadgen.build("POST", f"/api/2.0/mlflow/{path}", json.dumps(body).encode(), PORT)
    return made


def creates(loadgen: Any, connections: int) -> list[Make]:
    whole = built(loadgen, "runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "r"})
    return [lambda: whole] * connections


def updates(loadgen: Any, connections: int) -> list[Make]:
    wholes = [
        built(loadgen, "runs/update", {"run_id": new_run(), "status": "FINISHED", "end_time": 2})
        for _ in range(connections)
    ]
    return [lambda whole=whole: whole for whole in wholes]  # type: ignore[misc]


def metrics(loadgen: Any, connections: int) -> list[Make]:
    return [_logging(loadgen, new_run()) for _ in range(connections)]


def _logging(loadgen: Any, run_id: str) -> Make:
    made = [0]

    def make() -> bytes:
        made[0] += 1
        now = 1_600_000_000_000 + made[0]
        return built(
            loadgen,
            "runs/log-metric",
            {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": now, "step": made[0]},
        )

    return make


def batches(loadgen: Any, connections: int) -> list[Make]:
    return [_growing(loadgen, new_run()) for _ in range(connections)]


def _growing(loadgen: Any, run_id: str) -> Make:
    """Return what makes the next batch: the same points at a later time."""
    mark = 1_600_000_000_000
    points = [
        {"key": f"m{key}", "value": (step * 7919 % 1000) / 1000, "timestamp": mark, "step": step}
        for step in range(100)
        for key in range(10)
    ]
    whole, made = built(loadgen, "runs/log-batch", {"run_id": run_id, "metrics": points}), [mark]

    def make() -> bytes:
        made[0] += 1
        return whole.replace(b"%d" % mark, b"%d" % made[0])

    return make


CALLS = (
    ("runs/log-metric", metrics, 16),
    ("runs/create", creates, 8),
    ("runs/update", updates, 8),
    ("log-batch of 1,000", batches, 8),
)


if __name__ == "__main__":
    main()
