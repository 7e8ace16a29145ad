"""Measure the cost of logging runs into a store of many runs, on servers of one or more checkouts in turn.

    .venv/bin/python bench/calls/loading.py [CHECKOUT ...] [--runs 100000] [--durability full] [--parts 5]

CHECKOUT: a folder with `src/trackside`, run in the environment of this script; by default this checkout.
Eight connections create `--runs` runs of one experiment with four tags, then log ten metrics and ten parameters to each by
one log-batch, then delete and restore a tenth of them.  For each part of these calls the table has milliseconds of wall time and
of the server's CPU time per run, which show the growth.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from growth import CONNECTIONS, Client

HERE = Path(__file__).resolve().parents[2]
TAGS = [{"key": key, "value": value} for key, value in (("a", "1"), ("b", "2"), ("c", "3"), ("mlflow.user", "bench"))]
Call = Callable[[Client, int], object]


class Server:
    def __init__(self, checkout: Path, port: int, durability: str) -> None:
        self.port = port
        self._data = Path(tempfile.mkdtemp(prefix="loading-"))
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port)),
                *("--data", str(self._data), "--durability", durability),
            ],
            env={**os.environ, "PYTHONPATH": str(checkout / "src")},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if "listening on" not in said:
            raise SystemExit(f"{checkout}: the server did not start; it said {said!r}")

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        shutil.rmtree(self._data)


def measure(server: Server, call: Call, runs: range) -> tuple[float, float]:
    """Return milliseconds per run: wall time, and the server's CPU time."""
    waiting: SimpleQueue[int | None] = SimpleQueue()
    for each in [*runs, *[None] * CONNECTIONS]:
        waiting.put(each)

    def work() -> None:
        client = Client(server.port)
        while (number := waiting.get()) is not None:
            call(client, number)
        client.socket.close()

    began, before = time.perf_counter(), server.processor_s()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(CONNECTIONS)]:
            done.result()
    took = time.perf_counter() - began
    return 1000 * took / len(runs), 1000 * (server.processor_s() - before) / len(runs)


def calls(server: Server) -> dict[str, Call]:
    post = Client(server.port).post
    experiment = json.loads(post("experiments/create", b'{"name": "loading"}'))["experiment_id"]
    ids: dict[int, str] = {}

    def create(client: Client, number: int) -> None:
        body = {"experiment_id": experiment, "start_time": 1_700_000_000_000 + number, "tags": TAGS}
        ids[number] = json.loads(client.post("runs/create", json.dumps(body).encode()))["run"]["info"]["run_id"]

    def log(client: Client, number: int) -> None:
        metrics = [
            {"key": f"m{key}", "value": (number * 7919 + key) % 1000, "timestamp": 1_700_000_000_000, "step": 1}
            for key in range(10)
        ]
        params = [{"key": f"p{key}", "value": f"v{(number + key) % 10}"} for key in range(10)]
        body = {"run_id": ids[number], "metrics": metrics, "params": params}
        client.post("runs/log-batch", json.dumps(body).encode())

    def delete_and_restore(client: Client, number: int) -> None:
        body = json.dumps({"run_id": ids[number]}).encode()
        client.post("runs/delete", body)
        client.post("runs/restore", body)

    return {"runs/create": create, "runs/log-batch": log, "runs/delete and restore": delete_and_restore}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("checkouts", nargs="*", type=Path, default=[HERE])
    words.add_argument("--runs", type=int, default=100_000)
    words.add_argument("--durability", default="full")
    words.add_argument("--parts", type=int, default=5)
    given = words.parse_args()
    print("| checkout | call | runs before | ms a run | ms of processor time |\n|---|---|---|---|---|")
    for number, checkout in enumerate(given.checkouts):
        server = Server(checkout, 7820 + number, given.durability)
        try:
            for name, call in calls(server).items():
                some = given.runs // (10 if "delete" in name else 1)
                size = some // given.parts
                for begin in range(0, size * given.parts, size):
                    took, busy = measure(server, call, range(begin, begin + size))
                    print(f"| {checkout.name} | {name} | {begin} | {took:.3f} | {busy:.3f} |", flush=True)
        finally:
            server.close()


if __name__ == "__main__":
    main()
