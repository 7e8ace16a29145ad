"""Measure how the disk limits writes on one connection: syncs, written bytes and CPU time per request, on SQLite.

    python bench/calls/syncs.py [--bench ../shared/bench] [--systems fml-sqlite] [--seconds 2] [--connections 1,8]

Each call is made twice by the load generator of the shared benchmark: once for its CPU time, and once under `strace`, which
counts fsync, fdatasync and pwrite64.  The last column is the mean time of a sync under `strace`.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TRACED = "fsync,fdatasync,pwrite64"
_CALL = re.compile(r"^\d+ +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(.*)$")
_TIME = re.compile(r"<([0-9.]+)>$")

Requests = Callable[[], bytes]


def requests(api: Any, call: str, experiment: str, run_id: str) -> Requests:
    numbers = itertools.count()

    def body() -> dict[str, Any]:
        n = next(numbers)
        if call == "runs/create":
            return {"experiment_id": experiment, "start_time": 1_700_000_000_000 + n, "run_name": f"run-{n}"}
        if call == "runs/update":
            return {"run_id": run_id, "status": ("FINISHED", "RUNNING")[n & 1], "end_time": 1_700_000_000_000 + n}
        return {"run_id": run_id, "key": "loss", "value": 0.5, "timestamp": 1_700_000_000_000 + n, "step": n}

    return lambda: bytes(api.req("POST", call, body()))


def traced(pid: int, out: Path, load: Callable[[], int]) -> tuple[int, float, int, int]:
    """Return calls, syncs, writes and the time in syncs (us) while `load` runs."""
    words = ["strace", "-f", "-T", "-q", "-e", f"trace={TRACED}", "-o", str(out), "-p", str(pid)]
    tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while not (Path(f"/proc/{pid}/status").read_text().partition("TracerPid:\t")[2].startswith(str(tracer.pid))):
        time.sleep(0.05)
    calls = load()
    tracer.terminate()
    tracer.wait()
    syncs, writes, spent = 0, 0, 0.0
    for line in out.read_text().splitlines():
        found, took = _CALL.match(line), _TIME.search(line)
        if found is None or took is None:  # the first part of an interrupted line
            continue
        name = found[1] or found[2]
        if name == "pwrite64":
            writes += 1
        else:
            syncs += 1
            spent += float(took[1])
    return calls, spent * 1e6 / max(syncs, 1), syncs, writes


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--systems", default="fml-sqlite")
    words.add_argument("--seconds", type=float, default=2.0)
    words.add_argument("--connections", default="1,8")
    options = words.parse_args()
    sys.path.insert(0, str(options.bench))
    import bench  # noqa: PLC0415  # its folder is an argument

    server = f"{sys.executable} -m trackside.cli.main server --port {{port}} --data {{dir}} --durability"
    print("| call | connections | system | syncs a call | writes a call | us of CPU a call | us a sync |")
    print("|---|---|---|---|---|---|---|")
    for name, command in [("full", f"{server} full"), ("relaxed", f"{server} relaxed")] + [
        (each, "") for each in options.systems.split(",") if each
    ]:
        work = tempfile.mkdtemp(prefix="syncs-")
        if command:
            os.environ["SUT_CMD"] = command
            bench.SYSTEMS["ours"] = {**bench.SYSTEMS["ours"], "cmd": command}
        running = bench.Server("ours" if command else name, work)
        running.start()
        try:
            api = bench.Api(running)
            experiment = api.experiment("syncs")
            runs = [api.run(experiment) for _ in range(8)]
            for call in ("runs/log-metric", "runs/create", "runs/update"):
                for connections in map(int, options.connections.split(",")):
                    makers = [requests(api, call, experiment, runs[i]) for i in range(connections)]

                    def load(makers: list[Requests] = makers, port: int = running.port) -> int:
                        result = bench.loadgen.run(port, makers, options.seconds)
                        return len(result.lat) - result.errors

                    before = running.cpu()
                    plain = load()
                    cpu_us = (running.cpu() - before) / plain * 1e6
                    calls, sync_us, syncs, writes = traced(running.proc.pid, Path(work) / "trace", load)
                    figures = f"{syncs / calls:.2f} | {writes / calls:.1f} | {cpu_us:.0f} | {sync_us:.0f}"
                    print(f"| {call} | {connections} | {name} | {figures} |", flush=True)
        finally:
            running.drop()
            shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
