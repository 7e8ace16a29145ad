"""Measure requests per second of the scorer, compared with other model servers.

    make bench-serving
    python bench/serving/serving.py [--seconds 3] [--rounds 1] [--connections 1,32] [--rows 1,500] [--models linear,forest]
        [--peers FOLDER]

Systems: `scorer` (the process that serves a deployment), `router` (the same behind `trackside server`, with the endpoint's
key), `null proxy` (the scorer behind a proxy that only forwards bytes: the limit of a router in Python), `mlflow` (`mlflow models
serve`: uvicorn with one worker), and MLServer, BentoML and Ray Serve where --peers has their environments
(`bench/serving/serving_peers.py`).  The models are a logistic regression and a random forest of 50 trees on 30 columns
of doubles.  The systems alternate within a round; a figure is the median of the rounds: answers per second, the 99th percentile
of the latency, and the CPU time per request in all processes of the system.  `wrk` must be installed. Ray listens on every
interface; this command gives it a separate network:

    unshare --net sh -c 'ip link set lo up; exec python bench/serving/serving.py --peers FOLDER'
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import serving_peers
from mlflow.models import infer_signature
from serving_processes import COLUMNS, Loaded, System, answers, environment, free_port, load, memory_mib, running
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

SCORER = Path(__file__).parents[2] / "src" / "trackside" / "scorer"
OURS = ("scorer", "router", "null proxy", "mlflow")
WARM_S = 1.0


def save(folder: Path, kind: str) -> Path:
    dice = np.random.default_rng(3)
    frame = pd.DataFrame(dice.normal(size=(2000, len(COLUMNS))), columns=COLUMNS)
    label = (frame["c0"] + frame["c1"] > 0).astype("int64")
    model = LogisticRegression() if kind == "linear" else RandomForestClassifier(50, max_depth=10, random_state=3)
    model.fit(frame, label)
    signature = infer_signature(frame, label)
    mlflow.sklearn.save_model(model, folder, signature=signature, serialization_format="cloudpickle")
    return folder


@contextmanager
def scorer(model: Path) -> Iterator[System]:
    port, began = free_port(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, SCORER, "--model", model, "--port", str(port)], env=environment(), stdout=subprocess.DEVNULL
    )
    with running(process):
        yield System("scorer", f"http://127.0.0.1:{port}/invocations", process.pid, ready_s=answers(port, began))


@contextmanager
def null_proxy(model: Path) -> Iterator[System]:
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, str(Path(__file__).with_name("null_proxy.py")), str(port), str(model)]
    process = subprocess.Popen(command, env=environment())
    with running(process):
        yield System("null proxy", f"http://127.0.0.1:{port}/invocations", process.pid, ready_s=answers(port, began))


@contextmanager
def mlflow_server(model: Path) -> Iterator[System]:
    port, began = free_port(), time.perf_counter()
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(model), "-p", str(port)]
    process = subprocess.Popen(
        [*command, "--env-manager", "local"],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with running(process):
        yield System("mlflow", f"http://127.0.0.1:{port}/invocations", process.pid, ready_s=answers(port, began))


@contextmanager
def router(model: Path, data: Path) -> Iterator[System]:
    """Yield a server with an endpoint that serves the model, which was logged to a run."""
    port = free_port()
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen(
        [*command, "--model-python", sys.executable], env=environment(), stdout=subprocess.DEVNULL
    )
    with running(process):
        answers(port, time.perf_counter(), "/health")
        base = f"http://127.0.0.1:{port}"
        run = call(base, "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
        below = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for file in (path for path in model.rglob("*") if path.is_file()):
            put(
                f"{base}/api/2.0/mlflow-artifacts/artifacts/{below}/m/{file.relative_to(model).as_posix()}",
                file.read_bytes(),
            )
        own, began = "/api/trackside/v1/endpoints", time.perf_counter()
        call(base, "POST", own, {"name": "bench", "model_uri": f"runs:/{run['run_id']}/m", "spec": {"env": "local"}})
        while call(base, "GET", f"{own}/bench")["endpoint"]["state"] != "Healthy":
            time.sleep(0.05)
        key = call(base, "GET", f"{own}/bench/keys")["primary"]
        url = f"{base}/api/v1/service/bench/invocations"
        yield System("router", url, process.pid, key, time.perf_counter() - began)


def call(base: str, method: str, path: str, body: object = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, raw, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def put(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"content-type": "application/octet-stream"}, method="PUT")
    urllib.request.urlopen(request, timeout=60).close()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=3)
    words.add_argument("--rounds", type=int, default=1)
    words.add_argument("--connections", default="1,32")
    words.add_argument("--rows", default="1,500")
    words.add_argument("--models", default="linear,forest")
    words.add_argument("--peers", type=Path, help="folder with the environments of other servers")
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as lab:
        for kind in options.models.split(","):
            model = save(Path(lab) / kind, kind)
            with (
                scorer(model) as one,
                router(model, Path(lab) / f"{kind}-data") as two,
                null_proxy(model) as null,
                mlflow_server(model) as other,
            ):
                peers_lab = Path(lab) / f"{kind}-peers"
                peers_lab.mkdir()
                with serving_peers.all_of(options.peers, model, peers_lab) as peers:
                    measure(kind, [one, two, null, other, *peers], options)


def measure(kind: str, systems: list[System], options: argparse.Namespace) -> None:
    print(
        f"\n| model | rows | connections | {' | '.join(s.name for s in systems)} | scorer / mlflow | scorer / best peer |"
        " router / scorer | null proxy / scorer |"
    )
    print("|---" * (7 + len(systems)) + "|")
    for rows in map(int, options.rows.split(",")):
        for connections in map(int, options.connections.split(",")):
            for system in systems:
                load(system, rows, connections, WARM_S)
            row(kind, rows, connections, systems, options)
    shown = ", ".join(f"{s.name} {s.ready_s:.1f} s, {memory_mib(s.pid):.0f} MiB" for s in systems)
    print(f"\n{kind}, ready after and memory: {shown}\n", flush=True)


def row(kind: str, rows: int, connections: int, systems: list[System], options: argparse.Namespace) -> None:
    taken: dict[str, list[Loaded]] = {system.name: [] for system in systems}
    for _ in range(options.rounds):
        for system in systems:
            taken[system.name].append(load(system, rows, connections, options.seconds))
    rate = {name: statistics.median(each.rate for each in values) for name, values in taken.items()}
    p99 = {name: statistics.median(each.p99_ms for each in values) for name, values in taken.items()}
    refused = {name: max(each.refused for each in values) for name, values in taken.items()}
    cost = {name: statistics.median(each.processor_us for each in values) for name, values in taken.items()}
    cells = [
        f"{rate[s.name]:,.0f}/s, {p99[s.name]:.0f} ms, {cost[s.name]:,.0f} µs"
        + (f", {refused[s.name]:.0%} refused" if refused[s.name] else "")
        for s in systems
    ]
    best = max((rate[s.name] for s in systems if s.name not in OURS), default=rate["mlflow"])
    ratios = f"{rate['scorer'] / rate['mlflow']:.1f}x | {rate['scorer'] / best:.1f}x"
    ratios += f" | {rate['router'] / rate['scorer']:.2f}x | {rate['null proxy'] / rate['scorer']:.2f}x"
    print(f"| {kind} | {rows} | {connections} | {' | '.join(cells)} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
