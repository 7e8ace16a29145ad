"""Measure imports from stock MLflow: `trackside import`, compared with mlflow-export-import on the same runs.

    uv venv peer && uv pip install -p peer/bin/python mlflow-export-import tabulate mlflow==3.17.2
    python bench/links/imports.py --peer peer/bin --runs 500             # 15 minutes; an hour with 2,000
    python bench/links/imports.py --peer peer/bin --data FOLDER          # again, on the runs of a folder that --keep left

The stock client writes two metrics of 20 points, two params, four tags and two files per run into each of three stores:
`proxied`, a stock `mlflow server` without options on SQLite, which serves the files; `own`, a server with files in a folder that
clients access directly (--no-serve-artifacts); `folder`, an mlruns folder.  The peer exports from the running server or the
folder, and imports into Trackside, as in its guide.  Trackside reads each store in every supported way.  Every import is into a
new Trackside with an empty store.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
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
    """Wait until all processes of a server have started: a stock server answers long before its last worker is ready."""

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
    """Yield a stock server, from which the peer exports."""
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


def bare(url: str) -> float:
    """Return the time of a stock server for the calls that every import needs: pages of runs, histories of a hundred runs at
    once, the listing of each folder and each file."""
    own = threading.local()

    def ask(method: str, path: str, body: object = None) -> dict:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(url.removeprefix("http://"))
        for is_last in (False, True):  # the server closes idle connections
            try:
                own.connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
                answer = own.connection.getresponse()
                break
            except (ConnectionError, http.client.HTTPException):
                own.connection.close()
                if is_last:
                    raise
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content) if "json" in answer.headers["content-type"] else {}

    def files(run: dict) -> None:
        run_id, root = run["info"]["run_id"], run["info"]["artifact_uri"]
        proxied = root.removeprefix("mlflow-artifacts:/") if root.startswith("mlflow-artifacts:/") else None
        folders = [""]
        while folders:
            folder = folders.pop()
            if proxied is None:
                found = ask(
                    "GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}&path={folder}".removesuffix("&path=")
                )
            else:
                found = ask("GET", f"/api/2.0/mlflow-artifacts/artifacts?path={proxied}/{folder}".rstrip("/"))
            for each in found.get("files", []):
                path = f"{folder}/{each['path'].rpartition('/')[2]}".lstrip("/")
                if each["is_dir"]:
                    folders.append(path)
                elif proxied is None:
                    ask("GET", f"/get-artifact?run_id={run_id}&path={path}")
                else:
                    ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{proxied}/{path}")

    began = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        token, working = None, []
        while True:
            body = {"experiment_ids": ["0", "1"], "max_results": 200, **({"page_token": token} if token else {})}
            page = ask("POST", "/api/2.0/mlflow/runs/search", body)
            working += [threads.submit(files, run) for run in page["runs"]]
            for key in ("loss", "val/acc"):
                for start in range(0, len(page["runs"]), 100):
                    ids = [("run_id", run["info"]["run_id"]) for run in page["runs"][start : start + 100]]
                    query = urllib.parse.urlencode([*ids, ("metric_key", key)])
                    path = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{query}"
                    working.append(threads.submit(ask, "GET", path))
            token = page.get("next_page_token")
            if not token:
                break
        for each in working:
            each.result()
    return time.monotonic() - began


def write(store: str, folder: Path, runs: int) -> None:
    folder.mkdir(parents=True)
    with stock(store, folder) as uri:
        writer = [sys.executable, "-m", "support.stock.writer", uri, "--plain", "--runs", str(runs)]
        print(f"{store}: {runs} runs written in {timed(writer, folder):.0f} s", flush=True)


def ways(store: str, folder: Path, uri: str) -> dict[str, list[str]]:
    """Return the ways in which Trackside can read a store."""
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
        if store != "folder":
            found["the server alone, asked by a bare client"] = bare(uri)
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
