"""Where the processor time of a call goes on PostgreSQL: the server's Python, PostgreSQL's processes, or nowhere (waiting).

    python bench/postgres/cpu.py postgresql://postgres@127.0.0.1:55432/an_empty_database --bench ../shared/bench

For each call and number of connections: calls a second, the processor time of a call in the server and in all processes of the
PostgreSQL on this machine, and how much of both cores the three (with the client) kept busy.  The clients are those of the
benchmark in BENCH.
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

ROOT = Path(__file__).resolve().parents[2]
PORT = 55433
SECONDS = 4.0
TICKS = os.sysconf("SC_CLK_TCK")
Make = Callable[[], bytes]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store")
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    options = words.parse_args()
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
                "| call | connections | calls/s | server, ms | PostgreSQL, ms | busy of both cores |\n|---|---|---|---|---|---|"
            )
            for name, makers in (("runs/create", creates), ("runs/update", updates), ("log-batch of 1,000", batches)):
                for connections in (1, 8):
                    measure(loadgen, server.pid, name, makers(loadgen, connections))
        finally:
            server.terminate()
            server.wait()


def measure(loadgen: Any, server: int, name: str, makers: list[Make]) -> None:
    before, started = (busy(server), postgres()), time.monotonic()
    done = loadgen.run(PORT, makers, SECONDS)
    wall = time.monotonic() - started
    calls = len(done.lat) - done.errors
    ours, theirs = busy(server) - before[0], postgres() - before[1]
    share = (ours + theirs + done.client_cpu) / wall / (os.cpu_count() or 1)
    each = f"{1000 * ours / calls:.2f} | {1000 * theirs / calls:.2f}"
    print(f"| {name} | {len(makers)} | {calls / done.secs:,.0f} | {each} | {share:.0%} |")


def busy(pid: int) -> float:
    """Return the seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def postgres() -> float:
    """Return the same of all processes of PostgreSQL."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().strip() == "postgres":
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


if __name__ == "__main__":
    main()
