"""Measure the benchmark client's share of the time of a large answer: the same bytes from Trackside and a trivial server.

    python bench/postgres/answers.py postgresql://postgres@127.0.0.1:55432/an_empty_database --bench ../shared/bench

Logs 1,000 runs of 10 params, 10 metrics and 4 tags, and a history of 100,000 points.  Then the benchmark's client requests the
first 1,000 runs (received) and the history in pages of 25,000 (received and decoded), as in W5 and W6.  Trackside and a process
that sends the stored answers alternate.  Medians of `--rounds`.
"""

import argparse
import json
import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import cpu

ROOT = Path(__file__).resolve().parents[2]
RUNS, POINTS, PAGE = 1000, 100_000, 25_000
TIME = 1_700_000_000_000


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("store")
    words.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench")
    words.add_argument("--rounds", type=int, default=15)
    options = words.parse_args()
    sys.path.insert(0, str(options.bench))
    loadgen = import_module("loadgen")
    with tempfile.TemporaryDirectory() as data:
        command = [part.format(data=data) for part in cpu.tracksides(options.store)]
        with cpu.running(command) as server:
            client = loadgen.Client(cpu.PORT)
            experiment = load(loadgen, client)
            search = [request(loadgen, "runs/search", {"experiment_ids": [experiment], "max_results": RUNS})]
            rows = (
                ("first 1,000 runs", search, False),
                ("100,000 points in pages of 25,000, decoded", history(loadgen, client, experiment), True),
            )
            print("| answer | bytes | Trackside, ms | CPU of the server, ms | a server that does nothing, ms |")
            print("|---|---|---|---|---|")
            for name, asked, is_decoded in rows:
                answers = [client.raw(each) for each in asked]
                with idle_server([whole(bytes(head), bytes(body)) for _, head, body, _ in answers]) as port:
                    idle = loadgen.Client(port)
                    works = [partial(take, loadgen, each, asked, is_decoded) for each in (client, idle)]
                    took = in_turns(works, options.rounds)
                before = cpu.busy(server)
                for _ in range(options.rounds):
                    take(loadgen, client, asked, is_decoded)
                each = 1000 * (cpu.busy(server) - before) / options.rounds
                size = sum(len(body) for _, _, body, _ in answers)
                print(f"| {name} | {size:,} | {took[0]:.1f} | {each:.1f} | {took[1]:.1f} |", flush=True)


def request(loadgen: Any, path: str, body: dict[str, Any]) -> bytes:
    made: bytes = cpu.built(loadgen, path, body)
    return made


def load(loadgen: Any, client: Any) -> str:
    experiment: str = cpu.post("experiments/create", {"name": "answers"})["experiment_id"]
    tags = [{"key": key, "value": "a"} for key in ("mlflow.user", "mlflow.source.name", "t0", "t1")]
    for i in range(RUNS):
        made = {"experiment_id": experiment, "start_time": TIME + i, "run_name": f"run-{i}", "tags": tags}
        run_id = json.loads(client.raw(request(loadgen, "runs/create", made))[2])["run"]["info"]["run_id"]
        metrics = [
            {"key": f"m{k}", "value": (i * 7919 + k) % 1000 / 1000, "timestamp": TIME + i, "step": 1} for k in range(10)
        ]
        params = [{"key": f"p{k}", "value": f"v{(i + k) % 10}"} for k in range(10)]
        client.raw(request(loadgen, "runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": params}))
    return experiment


def history(loadgen: Any, client: Any, experiment: str) -> list[bytes]:
    """Log a history and return the requests for its pages."""
    made = client.raw(request(loadgen, "runs/create", {"experiment_id": experiment, "start_time": 1}))
    run_id = json.loads(made[2])["run"]["info"]["run_id"]
    for start in range(0, POINTS, 1000):
        points = [
            {"key": "loss", "value": (i * 7919 % 100_003) / 100_003, "timestamp": TIME + i, "step": i}
            for i in range(start, start + 1000)
        ]
        client.raw(request(loadgen, "runs/log-batch", {"run_id": run_id, "metrics": points}))
    asked, token = [], ""
    while True:
        path = f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=loss&max_results={PAGE}{token}"
        asked.append(loadgen.build("GET", path, b"", cpu.PORT))
        found = json.loads(client.raw(asked[-1])[2])
        if "next_page_token" not in found:
            return asked
        token = f"&page_token={found['next_page_token']}"


def whole(head: bytes, body: bytes) -> bytes:
    """Return an answer with a Content-Length, also if it was chunked."""
    kept = [
        line for line in head.split(b"\r\n") if line and not line.lower().startswith((b"transfer-", b"content-length"))
    ]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(body), b"", body])


def take(loadgen: Any, client: Any, asked: Sequence[bytes], is_decoded: bool) -> None:
    for each in asked:
        _, head, body, _ = client.raw(each)
        if is_decoded:
            json.loads(loadgen.decode(head, body))


def in_turns(works: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """Return the median of each, in ms."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, seconds in zip(works, taken, strict=True):
            begun = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begun)
    return [1000 * statistics.median(seconds) for seconds in taken]


class idle_server:  # noqa: N801  # used as a function
    """Yield the port of a process that answers the requests of one connection with these bytes in turn."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = listener.getsockname()[1]
        self._process = multiprocessing.get_context("fork").Process(
            target=_answer, args=(listener, answers), daemon=True
        )
        self._process.start()
        listener.close()

    def __enter__(self) -> int:
        return self._port

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()


def _answer(listener: socket.socket, answers: Sequence[bytes]) -> None:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    at = 0
    while connection.recv(1 << 16):  # send a request by one write
        connection.sendall(answers[at % len(answers)])
        at += 1


if __name__ == "__main__":
    main()
