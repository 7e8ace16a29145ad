"""Measure the cost of a request on PostgreSQL and its bottleneck: statements, round trips, flushes, CPU time.

    python bench/postgres/cpu.py postgresql://postgres@127.0.0.1:55432/an_empty_database --bench ../shared/bench [--fml FML]

For each call and number of connections, per answered call: the CPU time of the server and of all processes of the PostgreSQL on
this machine, statements (`pg_stat_statements`, if it is preloaded), round trips (answers of PostgreSQL's processes, counted by
`strace` in a separate run), commits, and flushes of the log.  Then the duration of a flush (`track_wal_io_timing`, which is
enabled meanwhile, so the user must be a superuser), the use of both cores by server, PostgreSQL and client, and the calls per
second.  If a call is answered after its flush, the rate of any server is at most the number of connections divided by the
duration of a flush: "of the bound" is the share of this limit.

`--fml` measures FastTrackML, by its executable, in a second database.  The clients are those of the benchmark in BENCH.
`--only` names calls to measure.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from msgspec import Struct
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
PORT = 55433
SECONDS = 4.0
COUNTED_S = 1.0  # while `strace` counts
SETTLE_S = 10.5  # an idle process of PostgreSQL reports its counts after ten seconds
READY_S = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
Make = Callable[[], bytes]
Asking = psycopg.Connection[Any]

COLUMNS = (
    "call | connections | calls/s | server, ms | PostgreSQL, ms | statements | round trips | commits | flushes | a flush, ms"
    " | of the bound | busy of both cores"
)


class Counts(Struct, frozen=True):
    """Counts of one database, except the flushes, which are PostgreSQL's."""

    commits: int
    flushes: int
    flush_ms: float
    statements: int


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store")
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--fml", type=Path, help="the executable of FastTrackML")
    words.add_argument("--only", default="", help="names of calls, separated by commas")
    options = words.parse_args()
    only = set(filter(None, options.only.split(",")))
    sys.path.insert(0, str(options.bench))
    loadgen = import_module("loadgen")
    with psycopg.connect(options.store, autocommit=True) as asking, timed_flushes(asking):
        table("Trackside", loadgen, asking, tracksides(options.store), only)
    if options.fml:
        store = beside(options.store)
        with psycopg.connect(store, autocommit=True) as asking, timed_flushes(asking):
            table("FastTrackML", loadgen, asking, [str(options.fml), *fml_options(store)], only)


def table(name: str, loadgen: Any, asking: Asking, command: list[str], only: set[str]) -> None:
    print(f"\n| {name}: {COLUMNS} |\n|{'---|' * len(COLUMNS.split('|'))}", flush=True)
    with tempfile.TemporaryDirectory() as data, running([part.format(data=data) for part in command]) as server:
        for call, makers, several in CALLS:
            if not only or call in only:
                for connections in (1, several):
                    print(measured(loadgen, asking, server, call, makers(loadgen, connections)), flush=True)


def tracksides(store: str) -> list[str]:
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", str(PORT)]
    return [*command, "--data", "{data}", "--store", store]


def beside(store: str) -> str:
    """Create an empty database on the same PostgreSQL and return its URL."""
    name = urlsplit(store).path.strip("/") + "_fml"
    with psycopg.connect(store, autocommit=True) as asking:
        asking.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        asking.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(store)._replace(path=f"/{name}").geturl()


def fml_options(store: str) -> list[str]:
    address = store.replace("postgresql://", "postgres://") + "?sslmode=disable"
    return ["server", "-a", f"127.0.0.1:{PORT}", "--default-artifact-root", "{data}", "-d", address]


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """Yield the process id of a server that answers."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + READY_S
        while True:
            with suppress(OSError):
                post("experiments/search", {"max_results": 1})
                break
            if time.monotonic() > until or server.poll() is not None:
                raise SystemExit(f"{command[0]} does not answer")
            time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


@contextmanager
def timed_flushes(asking: Asking) -> Iterator[None]:
    asking.execute("ALTER SYSTEM SET track_wal_io_timing = on")
    asking.execute("SELECT pg_reload_conf()")
    with suppress(psycopg.Error):
        asking.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    try:
        yield
    finally:
        asking.execute("ALTER SYSTEM RESET track_wal_io_timing")
        asking.execute("SELECT pg_reload_conf()")


def measured(loadgen: Any, asking: Asking, server: int, name: str, makers: list[Make]) -> str:
    counted = counts(asking)
    warm = loadgen.run(PORT, makers, 0.3)  # prepares statements and opens connections
    before, started = (busy(server), postgres(asking)), time.monotonic()
    done = loadgen.run(PORT, makers, SECONDS)
    wall = time.monotonic() - started
    calls = len(done.lat) - done.errors
    ours, theirs = busy(server) - before[0], postgres(asking) - before[1]
    after, all_calls = counts(asking), calls + len(warm.lat) - warm.errors
    flushes = after.flushes - counted.flushes
    flush_ms = (after.flush_ms - counted.flush_ms) / max(flushes, 1)
    rate = calls / done.secs
    figures = [
        name,
        str(len(makers)),
        f"{rate:,.0f}",
        f"{1000 * ours / calls:.2f}",
        f"{1000 * theirs / calls:.2f}",
        f"{(after.statements - counted.statements) / all_calls:.1f}",
        trips(loadgen, asking, makers),
        f"{(after.commits - counted.commits) / all_calls:.2f}",
        f"{flushes / all_calls:.2f}",
        f"{flush_ms:.2f}",
        f"{rate * flush_ms / 1000 / len(makers):.0%}",
        f"{(ours + theirs + done.client_cpu) / wall / (os.cpu_count() or 1):.0%}",
    ]
    return f"| {' | '.join(figures)} |"


def counts(asking: Asking) -> Counts:
    time.sleep(SETTLE_S)
    found = asking.execute(
        """
        SELECT d.xact_commit, w.wal_sync, w.wal_sync_time FROM pg_stat_database d, pg_stat_wal w
        WHERE d.datname = current_database()
        """
    ).fetchone()
    assert found is not None
    statements = 0
    with suppress(psycopg.Error):  # the extension is not preloaded
        row = asking.execute(
            """
            SELECT COALESCE(SUM(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database()
            """
        ).fetchone()
        statements = int(row[0]) if row is not None else 0
    return Counts(found[0], found[1], found[2], statements)


def trips(loadgen: Any, asking: Asking, makers: list[Make]) -> str:
    """Return the number of answers of PostgreSQL's processes per call."""
    if shutil.which("strace") is None:
        return "no strace"
    backends = asking.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchall()
    with tempfile.NamedTemporaryFile() as file:
        pids = [part for (pid,) in backends for part in ("-p", str(pid))]
        watching = subprocess.Popen(
            ["strace", "-c", "-e", "trace=sendto", "-o", file.name, *pids], stderr=subprocess.DEVNULL
        )
        time.sleep(1.0)  # wait until strace is attached
        done = loadgen.run(PORT, makers, COUNTED_S)
        watching.terminate()
        watching.wait()
        rows = [line.split() for line in Path(file.name).read_text().splitlines() if line.endswith("sendto")]
    sent = sum(int(row[3]) for row in rows)  # share, seconds, microseconds a call, calls
    return f"{sent / max(1, len(done.lat)):.1f}"


def busy(pid: int) -> float:
    """Return the CPU seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def postgres(asking: "psycopg.Connection[Any]") -> float:
    """Return the CPU seconds of all processes of this PostgreSQL."""
    parent = Path(f"/proc/{asking.info.backend_pid}/stat").read_text().rpartition(")")[2].split()[1]
    total = 0.0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[1] == parent:
                total += busy(int(entry.name))
        except OSError:
            continue  # the process has ended
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
    """Return a function that makes the next batch: the same points at a later time."""
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
    ("log-batch", batches, 8),
)


if __name__ == "__main__":
    main()
