"""Measure how the cost of a request grows with the store, on a server with an empty store and one with a filled store.

    .venv/bin/python bench/calls/growth.py [--points 10000000] [--runs 100000] [--durability relaxed] [--stores postgresql://… postgresql://…]

Prints the median latency of log-metric and create-run on one connection with and without `--points` points and `--runs`
runs in the store, and of searches (the first 1,000 and 100 runs in the default order; 100 runs that a metric filters and
orders) in an experiment of 1,000 runs, with and without `--runs` runs in another and in the same experiment.  The two servers
alternate, so that other load of the machine slows both.  Ratios above 1.5 are regressions.
`--stores` names two databases of PostgreSQL, empty or filled by an earlier run; without it, SQLite.
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SHORT, SEARCHES = 400, 15  # calls a measurement
BATCH = 1000
CONNECTIONS = 8  # that fill a store

Work = Callable[[int], Any]


class Client:
    """A client on one persistent connection, which sends a request by one write."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: bytes) -> bytes:
        head = (
            f"POST /api/2.0/mlflow/{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body)
        answer = bytearray()
        end = -1
        while end < 0:
            answer += self._receive()
            end = answer.find(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in bytes(answer[:end]).split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        while len(answer) < end + 4 + length:
            answer += self._receive()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{path}: {bytes(answer[:300])!r}")
        return bytes(answer[end + 4 :])

    def call(self, path: str, **body: Any) -> Any:
        return json.loads(self.post(path, json.dumps(body).encode()))

    def _receive(self) -> bytes:
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise SystemExit("the server closed the connection")
        return piece


def new_run(client: Client, experiment: str) -> str:
    found: str = client.call("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    return found


def log_metric(client: Client, experiment: str) -> Work:
    body = '{"run_id":"%s","key":"loss","value":%d.5,"timestamp":%d,"step":%d}'
    run = new_run(client, experiment)
    return lambda i: client.post("runs/log-metric", (body % (run, i, 1700000000000 + i, i)).encode())


def create_run(client: Client, experiment: str) -> Work:
    body = '{"experiment_id":"%s","start_time":%d}'
    return lambda i: client.post("runs/create", (body % (experiment, 1700000000000 + i)).encode())


def searches(client: Client, experiment: str) -> dict[str, Work]:
    ordered = {"filter": "metrics.m3 > 2", "order_by": ["metrics.m5 DESC"]}
    return {
        "first 1,000 runs": search(client, experiment, max_results=1000),
        "first 100 runs": search(client, experiment, max_results=100),
        "100 runs, filtered and ordered by a metric": search(client, experiment, max_results=100, **ordered),
    }


def search(client: Client, experiment: str, **more: Any) -> Work:
    body = json.dumps({"experiment_ids": [experiment], **more}).encode()
    client.post("runs/search", body)
    client.post("runs/search", body)
    return lambda _: client.post("runs/search", body)


def medians_ms(works: list[Work], times: int) -> list[float]:
    """Return the median of each server, measured in turns."""
    taken: list[list[float]] = [[] for _ in works]
    for i in range(times):
        for work, seconds in zip(works, taken, strict=True):
            start = time.perf_counter()
            work(i)
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) * 1000 for seconds in taken]


def fill_points(client: Client, experiment: str, points: int) -> None:
    run = new_run(client, experiment)
    for start in range(0, points, BATCH):
        metrics = ",".join(
            f'{{"key":"m{i % 10}","value":{i}.25,"timestamp":{1700000000000 + i},"step":{i // 10}}}'
            for i in range(start, start + BATCH)
        )
        client.post("runs/log-batch", f'{{"run_id":"{run}","metrics":[{metrics}]}}'.encode())
    print(f"  {points:,} points", file=sys.stderr)


def fill_runs(client: Client, experiment: str, first: int, runs: int) -> None:
    params = ",".join(f'{{"key":"p{k}","value":"v{k}"}}' for k in range(10))
    metrics = ",".join(f'{{"key":"m{k}","value":{k}.5,"timestamp":1700000000000}}' for k in range(10))
    for i in range(first, first + runs):
        made = client.call("runs/create", experiment_id=experiment, start_time=1700000000000 + i)
        run = made["run"]["info"]["run_id"]
        client.post("runs/log-batch", f'{{"run_id":"{run}","params":[{params}],"metrics":[{metrics}]}}'.encode())


def fill(port: int, experiment: str, points: int, runs: int) -> None:
    """Fill a store over several connections."""
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        jobs = [
            threads.submit(lambda most=most: fill_points(Client(port), experiment, most))
            for most in [min(points, 1_000_000)] * (max(1, points // 1_000_000) if points else 0)
        ]
        part = max(1, runs // 100)
        jobs += [
            threads.submit(lambda first=first: fill_runs(Client(port), experiment, first, min(part, runs - first)))
            for first in range(0, runs, part)
        ]
        for job in jobs:
            job.result()


def experiment(client: Client, name: str) -> tuple[str, bool]:
    """Return an experiment, and whether it was created now."""
    found = client.call("experiments/search", max_results=1, filter=f"name = '{name}'").get("experiments")
    if found:
        return found[0]["experiment_id"], False
    return client.call("experiments/create", name=name)["experiment_id"], True


def filled_with(port: int, name: str, points: int, runs: int) -> str:
    """Return an experiment with the number of runs; an existing one is reused."""
    id_, is_new = experiment(Client(port), name)
    if is_new:
        begun = time.monotonic()
        fill(port, id_, points, runs)
        print(f"  filled in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return id_


def measure(ports: list[int], args: argparse.Namespace) -> dict[str, list[float]]:
    small = [filled_with(port, "small", 0, 1000) for port in ports]
    big = filled_with(ports[1], "big", args.points, args.runs)
    empty, filled = clients = [Client(port) for port in ports]  # opened late, because a server closes idle connections
    writes = [experiment(client, "writes")[0] for client in clients]
    rows: dict[str, list[float]] = {}
    for what, made in (("log-metric", log_metric), ("create-run", create_run)):
        rows[what] = medians_ms([made(client, each) for client, each in zip(clients, writes, strict=True)], SHORT)
    reference = searches(empty, small[0])
    for where, inside in (("1,000", searches(filled, small[1])), (f"{args.runs:,}", searches(filled, big))):
        for what, work in inside.items():
            rows[f"{what} of {where}"] = medians_ms([reference[what], work], SEARCHES)
    return rows


def start(folder: Path, durability: str, store: str | None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", "0", "--data", str(folder)]
    command += ["--store", store] if store else []
    return subprocess.Popen([*command, "--durability", durability], stdout=subprocess.PIPE, text=True)


def port_of(server: "subprocess.Popen[str]") -> int:
    assert server.stdout is not None
    return int(server.stdout.readline().partition("http://127.0.0.1:")[2].split(" ")[0])


def main() -> None:
    parser = argparse.ArgumentParser(description="Does the cost of a call grow with the store?")
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--durability", choices=["full", "relaxed"], default="relaxed")
    parser.add_argument("--stores", nargs=2, help="URLs of two PostgreSQL databases (default: SQLite)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    places = zip(("empty", "filled"), args.stores or (None, None), strict=True)
    servers = [start(folder / name, args.durability, store) for name, store in places]
    try:
        rows = measure([port_of(server) for server in servers], args)
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()
    size = sum(file.stat().st_size for file in (folder / "filled").glob("trackside.db*")) / 2**20
    shutil.rmtree(folder)
    store = "PostgreSQL" if args.stores else f"SQLite, {size:,.0f} MiB"
    print(f"{args.points:,} points, {args.runs:,} runs, durability {args.durability}; {store}\n")
    print("| median ms | empty | filled | ratio |\n|---|---|---|---|")
    for what, (before, after) in rows.items():
        print(f"| {what} | {before:.3g} | {after:.3g} | {after / before:.2f} |")


if __name__ == "__main__":
    main()
