"""How quickly runs come from a stock MLflow into Trackside: `trackside import` beside mlflow-export-import, on the same runs.

    uv venv peer && uv pip install -p peer/bin/python mlflow-export-import tabulate mlflow==3.17.2
    python bench/imports.py --peer peer/bin --runs 500             # a quarter of an hour; an hour with 2,000
    python bench/imports.py --peer peer/bin --data FOLDER          # again, on the runs of a folder that --keep left

The stock client writes two metrics of 20 points, two params, four tags and two files a run, into each of three stores: `proxied`,
a stock `mlflow server` as it is without options, on SQLite, which keeps the files and sends them; `own`, one whose files
lie in a folder that clients reach themselves (--no-serve-artifacts); `folder`, an mlruns.  The peer exports from the running
server, or the folder, and imports into Trackside, as its guide says.  Ours reads each store in every way that it can.  Every
import is into a Trackside of its own, with an empty store.
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
STORES = ("proxied", "own", "folder")
ENVIRONMENT = {
    **os.environ,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ALLOW_FILE_STORE": "true",
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
        settled(process.pid)
        yield url
    finally:
        process.terminate()
        process.wait()


def settled(group: int) -> None:
    """Waits until the processes of a server have come up: a stock one answers long before its last worker does."""

    def ticks() -> int:
        spent = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                spent += int(fields[11]) + int(fields[12])
        return spent

    for _ in range(100):
        before = ticks()
        time.sleep(2)
        if ticks() - before < 10:
            return


def stock_options(store: str, folder: Path) -> list[str]:
    if store == "own":
        return ["--no-serve-artifacts", "--default-artifact-root", str(folder / "files")]
    return ["--artifacts-destination", str(folder / "mlartifacts")]


@contextmanager
def stock(store: str, folder: Path) -> Iterator[str]:
    """What the peer exports from."""
    if store == "folder":
        yield str(folder / "mlruns")
        return
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port)]
    with server(
        [*command, "--backend-store-uri", "sqlite:///mlflow.db", *stock_options(store, folder)], port, folder
    ) as url:
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


def write(store: str, folder: Path, runs: int) -> None:
    folder.mkdir(parents=True)
    with stock(store, folder) as uri:
        writer = [sys.executable, "-m", "support.stock_writer", uri, "--plain", "--runs", str(runs)]
        print(f"{store}: {runs} runs written in {timed(writer, folder):.0f} s", flush=True)


def ways(store: str, folder: Path, uri: str) -> dict[str, list[str]]:
    """How ours can read a store."""
    if store == "folder":
        return {"folder": [uri]}
    database = f"sqlite:///{folder}/mlflow.db"
    if store == "own":
        return {"server": [uri], "server, --artifacts FOLDER": [uri, "--artifacts", str(folder / "files")]}
    return {"database": [database], "server": [uri]}


def measure(store: str, folder: Path, peer: Path | None, lab: Path) -> None:
    found = {}
    count = 0
    with stock(store, folder) as uri:
        for way, words in ways(store, folder, uri).items():
            with ours(lab) as target:
                importing = [sys.executable, "-m", "trackside.cli.main", "import", *words]
                found[f"trackside import, {way}"] = timed(importing, folder, TRACKSIDE_URL=target)
                found[f"the second time, {way}"] = timed(importing, folder, TRACKSIDE_URL=target)
                assert count in (0, runs_in(target))
                count = runs_in(target)
        if peer is not None:
            exported = lab / f"exported-{store}"
            with ours(lab) as target:
                out = ["--experiments", "all", "--output-dir", str(exported)]
                exporting = timed([str(peer / "export-experiments"), *out], lab, MLFLOW_TRACKING_URI=uri)
                into = ["--input-dir", str(exported)]
                importing_s = timed([str(peer / "import-experiments"), *into], lab, MLFLOW_TRACKING_URI=target)
                assert runs_in(target) == count, f"{runs_in(target)} of {count} runs came by the peer"
            shutil.rmtree(exported)
            found["mlflow-export-import, export"] = exporting
            found["mlflow-export-import, import"] = importing_s
            found["mlflow-export-import"] = exporting + importing_s
    print(f"{store}: {count} runs, load {os.getloadavg()[0]:.1f}")
    for what, took in found.items():
        ratio = f"  {found['mlflow-export-import'] / took:6.1f}x" if "mlflow-export-import" in found else ""
        print(f"  {what:46} {took:8.2f} s {count / took:9.1f} runs/s{ratio}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, help="folder of the programs of mlflow-export-import; left out: ours only")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--data", type=Path, help="a folder that --keep left")
    parser.add_argument("--keep", type=Path, help="where to write the runs, and leave them")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lab = Path(name)
        data: Path = (words.data or words.keep or lab / "data").resolve()
        for store in words.stores:
            if not (data / store).exists():
                write(store, data / store, words.runs)
            measure(store, data / store, words.peer and words.peer.resolve(), lab)


if __name__ == "__main__":
    main()
