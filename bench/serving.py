"""Requests per second of the scorer beside MLflow's own scoring server, in one run.

    make bench-serving
    python bench/serving.py [--seconds 3] [--rounds 3] [--connections 1,32] [--rows 1,500] [--models linear,forest]

Systems: `scorer` (the process that serves a deployment), `router` (the same behind `trackside server`, with the endpoint's key),
and `mlflow` (what `mlflow models serve` starts: uvicorn with one worker).  The models are a logistic regression and a random
forest of 50 trees on 30 columns of doubles.  The systems take turns within a round; a figure is the median of the rounds.
`wrk` must be installed.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

COLUMNS = [f"c{i}" for i in range(30)]
SCORER = Path(__file__).parents[1] / "src" / "trackside" / "scorer"
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
SCRIPT = """
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
%s
"""


class System(NamedTuple):
    name: str
    url: str
    pid: int
    key: str = ""
    ready_s: float = 0.0


def save(folder: Path, kind: str) -> Path:
    dice = np.random.default_rng(3)
    frame = pd.DataFrame(dice.normal(size=(2000, len(COLUMNS))), columns=COLUMNS)
    label = (frame["c0"] + frame["c1"] > 0).astype("int64")
    model = LogisticRegression() if kind == "linear" else RandomForestClassifier(50, max_depth=10, random_state=3)
    model.fit(frame, label)
    signature = infer_signature(frame, label)
    mlflow.sklearn.save_model(model, folder, signature=signature, serialization_format="cloudpickle")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def scorer(model: Path) -> Iterator[System]:
    port, began = free_port(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, SCORER, "--model", model, "--port", str(port)], env=environment(), stdout=subprocess.DEVNULL
    )
    with running(process):
        yield System("scorer", f"http://127.0.0.1:{port}/invocations", process.pid, ready_s=answers(port, began))


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
    """A server with an endpoint that serves the model, which was logged as the model of a run."""
    port = free_port()
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen([*command, "--model-python", sys.executable], env=environment(), stdout=subprocess.DEVNULL)
    with running(process):
        answers(port, time.perf_counter(), "/health")
        base = f"http://127.0.0.1:{port}"
        run = call(base, "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
        below = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
        for file in (path for path in model.rglob("*") if path.is_file()):
            put(f"{base}/api/2.0/mlflow-artifacts/artifacts/{below}/m/{file.relative_to(model).as_posix()}", file.read_bytes())
        own, began = "/api/trackside/v1/endpoints", time.perf_counter()
        call(base, "POST", own, {"name": "bench", "model_uri": f"runs:/{run['run_id']}/m", "spec": {"env": "local"}})
        while call(base, "GET", f"{own}/bench")["endpoint"]["state"] != "Healthy":
            time.sleep(0.05)
        key = call(base, "GET", f"{own}/bench/keys")["primary"]
        url = f"{base}/api/v1/service/bench/invocations"
        yield System("router", url, process.pid, key, time.perf_counter() - began)


def environment() -> dict[str, str]:
    """`mlflow models serve` looks for uvicorn in PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | QUIET | {"PATH": path}


@contextmanager
def running(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        for pid in reversed(tree(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def tree(pid: int) -> list[int]:
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid:
                    found += tree(int(entry.name))
    return found


def memory_mib(pid: int) -> float:
    """Proportional set size of a process and its children."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def answers(port: int, began: float, path: str = "/ping") -> float:
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return time.perf_counter() - began
        time.sleep(0.02)


def call(base: str, method: str, path: str, body: object = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, raw, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def put(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, body, {"content-type": "application/octet-stream"}, method="PUT")
    urllib.request.urlopen(request, timeout=60).close()


def load(system: System, rows: int, connections: int, seconds: float) -> tuple[float, float]:
    """Requests per second and the 99th percentile in ms, of answers that succeeded."""
    body = json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [[0.5] * len(COLUMNS)] * rows}})
    header = f'wrk.headers["Authorization"] = "Bearer {system.key}"' if system.key else ""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (body, header))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name, system.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(f"{system.name} refused requests:\n{said}")
    rate, p99 = re.search(r"Requests/sec: +([\d.]+)", said), re.search(r"99% +([\d.]+)(us|ms|s)", said)
    if rate is None or p99 is None:
        raise SystemExit(f"wrk said nothing that can be read:\n{said}")
    return float(rate[1]), float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=int, default=3)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--connections", default="1,32")
    words.add_argument("--rows", default="1,500")
    words.add_argument("--models", default="linear,forest")
    options = words.parse_args()
    print("| model | rows | connections | scorer | router | mlflow | scorer / mlflow | p99 ms: scorer, router, mlflow |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as lab:
        for kind in options.models.split(","):
            model = save(Path(lab) / kind, kind)
            with scorer(model) as one, mlflow_server(model) as other, router(model, Path(lab) / f"{kind}-data") as two:
                systems = [one, two, other]
                for rows in map(int, options.rows.split(",")):
                    for connections in map(int, options.connections.split(",")):
                        row(kind, rows, connections, systems, options)
                shown = ", ".join(f"{s.name} ready in {s.ready_s:.1f} s, {memory_mib(s.pid):.0f} MiB" for s in (one, other))
                print(f"\n{kind}: {shown}\n", flush=True)


def row(kind: str, rows: int, connections: int, systems: list[System], options: argparse.Namespace) -> None:
    taken: dict[str, list[tuple[float, float]]] = {system.name: [] for system in systems}
    for _ in range(options.rounds):
        for system in systems:
            taken[system.name].append(load(system, rows, connections, options.seconds))
    rate = {name: statistics.median(r for r, _ in values) for name, values in taken.items()}
    p99 = {name: statistics.median(p for _, p in values) for name, values in taken.items()}
    rates = " | ".join(f"{rate[s.name]:,.0f}/s" for s in systems)
    late = ", ".join(f"{p99[s.name]:.1f}" for s in systems)
    print(f"| {kind} | {rows} | {connections} | {rates} | {rate['scorer'] / rate['mlflow']:.1f}x | {late} |", flush=True)


if __name__ == "__main__":
    main()
