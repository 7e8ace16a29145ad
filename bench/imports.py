"""How quickly runs come from a stock MLflow into Trackside: `trackside import` beside mlflow-export-import, on the same runs.

    uv venv peer && uv pip install -p peer/bin/python mlflow-export-import tabulate mlflow==3.17.2
    python bench/imports.py --peer peer/bin --runs 2000            # half an hour, most of it for writing the runs and the peer
    python bench/imports.py --peer peer/bin --data FOLDER          # again, on the runs of a folder that --keep left

The source is SQLite, written by the stock client: two metrics of 20 points, two params, four tags and two files a run.  The peer
exports them through a stock `mlflow server` and imports them into Trackside, as its guide says.  Ours reads the database, and
in a second round the same server.  Every import is into a Trackside of its own, with an empty store.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    **os.environ,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PYTHONPATH": str(ROOT / "tests"),
    "PYTHONWARNINGS": "ignore",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def server(command: Sequence[str], port: int, cwd: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with (cwd / f"server-{port}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True)
    try:
        while True:
            assert process.poll() is None, (cwd / f"server-{port}.log").read_text()
            try:
                with urllib.request.urlopen(f"{url}/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


@contextmanager
def stock(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--port",
        str(port),
        "--backend-store-uri",
        "sqlite:///mlflow.db",
    ]
    with server(command, port, folder) as url:
        yield url


@contextmanager
def ours(folder: Path) -> Iterator[str]:
    port = free_port()
    data = Path(tempfile.mkdtemp(dir=folder))
    command = [sys.executable, "-m", "trackside.cli.main", "server", "--port", str(port), "--data", str(data)]
    with server(command, port, data) as url:
        yield url
    shutil.rmtree(data)


def timed(command: Sequence[str], cwd: Path, **variables: str) -> float:
    began = time.monotonic()
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env={**ENVIRONMENT, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout[-3000:]
    return took


def runs_in(url: str) -> int:
    def post(call: str, body: object) -> dict:
        request = urllib.request.Request(
            f"{url}/api/2.0/mlflow/{call}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    experiments = [each["experiment_id"] for each in post("experiments/search", {"max_results": 1000})["experiments"]]
    return len(post("runs/search", {"experiment_ids": experiments, "max_results": 50_000}).get("runs", []))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, help="folder of the programs of mlflow-export-import; left out: ours only")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--data", type=Path, help="a folder with mlflow.db, already written")
    parser.add_argument("--keep", type=Path, help="where to write the runs, and leave them")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lab = Path(name)
        data: Path = (words.data or words.keep or lab / "data").resolve()
        if words.data is None:
            data.mkdir(parents=True)
            writer = [sys.executable, "-m", "support.stock_writer", f"sqlite:///{data}/mlflow.db", "--plain"]
            print(f"writing {words.runs} runs: {timed([*writer, '--runs', str(words.runs)], data):.0f} s", flush=True)
        found = {}
        trackside = [sys.executable, "-m", "trackside.cli.main", "import"]
        for what in ("database", "server"):
            with stock(data) as source, ours(lab) as target:
                count = runs_in(source)
                given = source if what == "server" else f"sqlite:///{data}/mlflow.db"
                found[f"trackside import, {what}"] = timed([*trackside, given], data, TRACKSIDE_URL=target)
                assert runs_in(target) == count
                found[f"the second time, {what}"] = timed([*trackside, given], data, TRACKSIDE_URL=target)
        if words.peer is not None:
            peer = words.peer.resolve()
            with stock(data) as source, ours(lab) as target:
                out = ["--output-dir", str(lab / "exported")]
                exporting = timed(
                    [str(peer / "export-experiments"), "--experiments", "all", *out], lab, MLFLOW_TRACKING_URI=source
                )
                into = ["--input-dir", str(lab / "exported")]
                importing = timed([str(peer / "import-experiments"), *into], lab, MLFLOW_TRACKING_URI=target)
                assert runs_in(target) == count, f"{runs_in(target)} of {count} runs came by the peer"
            found["mlflow-export-import, export"] = exporting
            found["mlflow-export-import, import"] = importing
            found["mlflow-export-import"] = exporting + importing
        print(f"{count} runs")
        for what, took in found.items():
            ratio = f"  {found['mlflow-export-import'] / took:6.1f}x" if "mlflow-export-import" in found else ""
            print(f"{what:36} {took:8.2f} s {count / took:9.1f} runs/s{ratio}")


if __name__ == "__main__":
    main()
