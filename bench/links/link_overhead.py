"""Measure how an active push link slows down logging: workloads W2 and W4 of the shared benchmark, with and without a link.

    python bench/links/link_overhead.py --bench ../shared/bench                   # three rounds of both, about five minutes
    python bench/links/link_overhead.py --bench ../shared/bench --rounds 1 --only W2

The remote server is a separate process on this machine in every run, with or without a link, and uses a share of the processors
with a link.  The printed CPU time is that of the local server.  Figures are medians over the rounds.
"""

import argparse
import http.client
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from links import Server

ROOT = Path(__file__).parents[2]
# The benchmark's name, the description, and whether more is better.
FIGURES = [
    ("W2_log_metric_c1_ops_s", "W2, 1 connection: calls/s", True),
    ("W2_log_metric_c1_cpu_s_per_1k", "W2, 1 connection: CPU s / 1,000 calls", False),
    ("W2_log_metric_c16_ops_s", "W2, 16 connections: calls/s", True),
    ("W2_log_metric_c16_cpu_s_per_1k", "W2, 16 connections: CPU s / 1,000 calls", False),
    ("W4_train_p1_wall_s", "W4, 1 process x 200 steps: s", False),
    ("W4_train_p1_srv_cpu_s", "W4, 1 process: CPU s", False),
    ("W4_train_p8_logs_s", "W4, 8 processes: log_metrics/s", True),
    ("W4_train_p8_srv_cpu_s", "W4, 8 processes: CPU s", False),
]


def serve(port: int, data: str, to: str) -> None:
    """Become the local server; a grandchild waits until it answers, links it, and ends."""
    if to and os.fork() == 0:
        if os.fork() == 0:
            link(port, to)
        os._exit(0)
    if to:
        os.wait()
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port), "--data", data]
    os.execv(sys.executable, command)


def link(port: int, to: str) -> None:
    body = json.dumps({"name": "l", "to": to}).encode()
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", "/api/trackside/v1/links", body, {"content-type": "application/json"})
            if connection.getresponse().status == 201:
                os._exit(0)
        except OSError:
            time.sleep(0.05)
    os._exit(1)


def measure(bench: Path, only: str, *, linked: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        far = Server(folder / "far")
        to = f"http://127.0.0.1:{far.port}" if linked else ""
        command = [sys.executable, str(Path(__file__).resolve()), "--serve", "{port}", "{dir}", to]
        environment = {
            **os.environ,
            "SUT_CMD": shlex.join(command).replace("'{port}'", "{port}").replace("'{dir}'", "{dir}"),
            "MLFLOW_PY": sys.executable,
            "LAB": str(folder),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
        }
        asked = ["--systems", "ours", "--quick", "--only", only, "--out", str(folder / "out")]
        try:
            subprocess.run(
                [sys.executable, str(bench / "bench.py"), *asked],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            runs = far.call("POST", "runs/search", {"experiment_ids": experiments(far), "max_results": 1}).get(
                "runs", []
            )
            assert bool(runs) == linked, "the link mirrored nothing" if linked else "something mirrored without a link"
        finally:
            far.stop()
        (file,) = (folder / "out").glob("*.json")
        return numbers(json.loads(file.read_text()))


def experiments(server: Server) -> list[str]:
    found = server.call("POST", "experiments/search", {"max_results": 1000})
    return [each["experiment_id"] for each in found["experiments"]]


def numbers(tree: object) -> dict[str, float]:
    """Return the numbers with a key at any level of the file."""
    found: dict[str, float] = {}
    for key, value in tree.items() if isinstance(tree, dict) else []:
        if isinstance(value, int | float):
            found[key] = value
        else:
            found |= numbers(value)
    return found


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, required=True, help="folder of the shared benchmark")
    parser.add_argument("--only", default="W2,W4")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for turn in range(words.rounds):
        for linked in (False, True) if turn % 2 == 0 else (True, False):
            found[linked].append(measure(words.bench.resolve(), words.only, linked=linked))
            told = ", ".join(f"{key} {found[linked][-1].get(key, 0):.4g}" for key, _, _ in FIGURES)
            print(f"round {turn + 1}, {'linked' if linked else 'without'}: {told}", file=sys.stderr, flush=True)
    print(f"| {'':40} | without | linked | overhead |\n|---|---|---|---|")
    for key, what, more_is_better in FIGURES:
        if not all(key in each for runs in found.values() for each in runs):
            continue
        without, linked = (statistics.median(each[key] for each in found[way]) for way in (False, True))
        overhead = without / linked - 1 if more_is_better else linked / without - 1
        print(f"| {what:40} | {without:,.4g} | {linked:,.4g} | {overhead:+.1%} |")


if __name__ == "__main__":
    main()
