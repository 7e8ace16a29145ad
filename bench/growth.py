"""Does the cost of a call grow with the store?  One server, measured empty and filled.

    .venv/bin/python bench/growth.py [--points 10000000] [--runs 100000] [--durability relaxed] [--store postgresql://…]

Prints the median latency of log-metric and create-run on one connection before and after `--points` points and `--runs`
runs are stored, and of searches (the first 1,000 and 100 runs in the default order; 100 runs that a metric filters and
orders) in an experiment of 1,000 runs, before and after `--runs` runs are stored in another and in the same experiment.
Ratios above 1.5 are what the project does not want to see.  `--store` names an empty database; without it, SQLite.
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
from pathlib import Path
from typing import Any

SHORT = 400  # calls a measurement
BATCH = 1000


class Client:
    """One connection, kept; a request is one write."""

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


def median_ms(work: Any, times: int) -> float:
    taken = []
    for i in range(times):
        start = time.perf_counter()
        work(i)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def log_metric_ms(client: Client, experiment: str) -> float:
    run = client.call("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    body = '{"run_id":"%s","key":"loss","value":%d.5,"timestamp":%d,"step":%d}'
    return median_ms(lambda i: client.post("runs/log-metric", (body % (run, i, 1700000000000 + i, i)).encode()), SHORT)


def create_run_ms(client: Client, experiment: str) -> float:
    body = '{"experiment_id":"%s","start_time":%d}'
    return median_ms(lambda i: client.post("runs/create", (body % (experiment, 1700000000000 + i)).encode()), SHORT)


def searches_ms(client: Client, experiment: str) -> dict[str, float]:
    ordered = {"filter": "metrics.m3 > 2", "order_by": ["metrics.m5 DESC"]}
    return {
        "first 1,000 runs": search_ms(client, experiment, max_results=1000),
        "first 100 runs": search_ms(client, experiment, max_results=100),
        "100 runs, filtered and ordered by a metric": search_ms(client, experiment, max_results=100, **ordered),
    }


def search_ms(client: Client, experiment: str, **more: Any) -> float:
    body = json.dumps({"experiment_ids": [experiment], **more}).encode()
    client.post("runs/search", body)
    client.post("runs/search", body)
    return median_ms(lambda _: client.post("runs/search", body), 15)


def fill_points(client: Client, experiment: str, points: int) -> None:
    for number in range(max(1, points // 1_000_000)):
        run = client.call("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
        for start in range(0, min(points, 1_000_000), BATCH):
            metrics = ",".join(
                f'{{"key":"m{i % 10}","value":{i}.25,"timestamp":{1700000000000 + i},"step":{i // 10}}}'
                for i in range(start, start + BATCH)
            )
            client.post("runs/log-batch", f'{{"run_id":"{run}","metrics":[{metrics}]}}'.encode())
        print(f"  {(number + 1) * min(points, 1_000_000):,} points", file=sys.stderr)


def fill_runs(client: Client, experiment: str, runs: int) -> None:
    params = ",".join(f'{{"key":"p{k}","value":"v{k}"}}' for k in range(10))
    metrics = ",".join(f'{{"key":"m{k}","value":{k}.5,"timestamp":1700000000000}}' for k in range(10))
    for i in range(runs):
        made = client.call("runs/create", experiment_id=experiment, start_time=1700000000000 + i)
        run = made["run"]["info"]["run_id"]
        client.post("runs/log-batch", f'{{"run_id":"{run}","params":[{params}],"metrics":[{metrics}]}}'.encode())
        if (i + 1) % 20_000 == 0:
            print(f"  {i + 1:,} runs", file=sys.stderr)


def measure(client: Client, args: argparse.Namespace) -> dict[str, tuple[float, float]]:
    small = client.call("experiments/create", name="small")["experiment_id"]
    fill_runs(client, small, 1000)
    empty = searches_ms(client, small)
    writes = client.call("experiments/create", name="writes")["experiment_id"]
    before = {"log-metric": log_metric_ms(client, writes), "create-run": create_run_ms(client, writes)}
    big = client.call("experiments/create", name="big")["experiment_id"]
    fill_points(client, big, args.points)
    fill_runs(client, big, args.runs)
    after = {"log-metric": log_metric_ms(client, writes), "create-run": create_run_ms(client, writes)}
    rows = {what: (before[what], after[what]) for what in before}
    rows |= {f"{what} of 1,000": (empty[what], ms) for what, ms in searches_ms(client, small).items()}
    return rows | {f"{what} of {args.runs:,}": (empty[what], ms) for what, ms in searches_ms(client, big).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Does the cost of a call grow with the store?")
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--durability", choices=["full", "relaxed"], default="relaxed")
    parser.add_argument("--store", help="URL of an empty PostgreSQL database (default: SQLite)")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", "0", "--data", str(folder)]
    command += ["--store", args.store] if args.store else []
    with subprocess.Popen([*command, "--durability", args.durability], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        port = int(line.partition("http://127.0.0.1:")[2].split(" ")[0])
        try:
            rows = measure(Client(port), args)
        finally:
            server.terminate()
    size = sum(file.stat().st_size for file in folder.glob("trackside.db*")) / 2**20
    shutil.rmtree(folder)
    store = "PostgreSQL" if args.store else f"SQLite, {size:,.0f} MiB"
    print(f"{args.points:,} points, {args.runs:,} runs, durability {args.durability}; {store}\n")
    print("| median ms | empty | filled | ratio |\n|---|---|---|---|")
    for what, (empty, filled) in rows.items():
        print(f"| {what} | {empty:.3g} | {filled:.3g} | {filled / empty:.2f} |")


if __name__ == "__main__":
    main()
