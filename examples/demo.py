"""Start a server, run `train.py` against it with the stock MLflow client, and show what it logged. Then load the model from the
registry with `predict.py`, score a row through an endpoint, score a Parquet file in a job, and detect drift in the requests to
the endpoint.

`make demo` runs this.

    DEMO_EXIT=1     stop the server at the end, instead of keeping it running until Ctrl-C
    DEMO_URI=http…  use the server at this address instead of starting one
    PORT=number     the port of the started server (default: 5000); if it is in use, a free one
    DATA=folder     the data folder of the started server (default: trackside-data, in the current folder)
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

START_TIMEOUT_S = 30.0
MODEL = "iris-classifier"  # as train.py registers it, twice
MODEL_URI = f"models:/{MODEL}/2"
ENDPOINT = "iris"
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
SERVE_TIMEOUT_S = 120.0
QUIET = {
    # Switch off the telemetry of the client and of its dependencies.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    # Fail at once if the server refuses a request or has died; by default the client retries for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    # Use no proxy between two processes of one machine, and open no window for a plot.
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    "MPLBACKEND": "Agg",
}


class DemoFailed(Exception):
    """A failure, with a message for the user."""


def main() -> None:
    """Run the demo. The module's docstring lists its settings."""
    os.environ.update(QUIET)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is also stopped on this signal
    given = os.environ.get("DEMO_URI", "").rstrip("/")
    if given:
        present(given)
        return

    data = Path(os.environ.get("DATA") or "trackside-data")
    with running_server(data) as (uri, server):
        present(uri)
        serve(uri)
        score(uri, data)
        watch(uri, data)
        print(f"\nAll data is in the folder {data.resolve()}")
        print(f"The web UI is at {uri}/")
        print(f'In your own code: mlflow.set_tracking_uri("{uri}")', flush=True)
        if os.environ.get("DEMO_EXIT") == "1":
            return
        print("It runs until you press Ctrl-C.", flush=True)
        raise DemoFailed(f"the server ended unexpectedly, with exit code {server.wait()}")


def present(uri: str) -> None:
    run("train.py", uri)
    show(uri)
    show_registry(uri)
    print(f'\nmlflow.pyfunc.load_model("{MODEL_URI}").predict(...):', flush=True)
    run("predict.py", uri, MODEL_URI)


def serve(uri: str) -> None:
    """Deploy the model as an endpoint, and score one row with it over HTTP."""
    place = f"{uri}/api/trackside/v1/endpoints"
    wanted = {"model_uri": MODEL_URI, "spec": {"env": "local"}}
    try:
        ask("POST", place, {"name": ENDPOINT, **wanted})
    except urllib.error.HTTPError as refused:  # an earlier demo on the same data created it
        if refused.code != 400:
            raise
        ask("PUT", f"{place}/{ENDPOINT}/deployments/blue", wanted)
    started = time.monotonic()
    while (found := ask("GET", f"{place}/{ENDPOINT}")["endpoint"])["state"] != "Healthy":
        if found["state"] == "Failed" or time.monotonic() - started > SERVE_TIMEOUT_S:
            raise DemoFailed(f"the endpoint is {found['state']}: {found['deployments'][0]['reason']}")
        time.sleep(0.1)
    key = ask("GET", f"{place}/{ENDPOINT}/keys")["primary"]
    row = {"dataframe_split": {"columns": COLUMNS, "data": [[5.1, 3.5, 1.4, 0.2]]}}
    answer = ask("POST", uri + found["scoring_path"], row, {"Authorization": f"Bearer {key}"})
    print(f"\nThe endpoint {ENDPOINT} serves {MODEL_URI} after {time.monotonic() - started:.1f} s")
    print(f"\nPOST {uri}{found['scoring_path']}  {json.dumps(row)}\n\n{json.dumps(answer)}", flush=True)


def score(uri: str, data: Path) -> None:
    """Score a Parquet file with the model, by the command that a user would type, and show the first rows."""
    import pandas as pd  # noqa: PLC0415  # only this step needs it
    from sklearn.datasets import load_iris  # noqa: PLC0415

    table, scored = data / "flowers.parquet", data / "flowers-scored.parquet"
    load_iris(as_frame=True).data.to_parquet(table)
    words = ["score", MODEL_URI, "--input", str(table), "--output", str(scored), "--env", "local", "--overwrite"]
    print(f"\ntrackside {' '.join(words)}\n", flush=True)
    program = Path(sys.executable).with_name("trackside")
    done = subprocess.run([program, *words, "--server", uri], check=False)
    if done.returncode:
        raise DemoFailed(f"trackside score ended with exit code {done.returncode}")
    found = pd.read_parquet(scored)
    shown = found[[COLUMNS[2], COLUMNS[3], "prediction", "trackside_model", "trackside_row"]]
    print(f"\n{shown.head(3).to_string(index=False)}", flush=True)


def watch(uri: str, data: Path) -> None:
    """Log the requests to the endpoint, send flowers with longer petals, and let a monitor detect the drift."""
    import pandas as pd  # noqa: PLC0415  # only this step needs it

    place = f"{uri}/api/trackside/v1/endpoints/{ENDPOINT}"
    ask("PUT", f"{place}/request-log", {})
    print(f"\nPUT {place}/request-log  {{}}", flush=True)
    flowers = pd.read_parquet(data / "flowers.parquet")
    shifted = flowers.sample(300, replace=True, random_state=7)
    shifted[COLUMNS[2]] += 1.2
    body = {"dataframe_split": {"columns": COLUMNS, "data": shifted[COLUMNS].to_numpy().tolist()}}
    key = ask("GET", f"{place}/keys")["primary"]
    ask("POST", uri + ask("GET", place)["endpoint"]["scoring_path"], body, {"Authorization": f"Bearer {key}"})
    print(f"Sent {len(shifted)} flowers whose petals are 1.2 cm longer than those of the training data.", flush=True)
    name = ENDPOINT
    words = [
        "monitor",
        "create",
        name,
        "--endpoint",
        ENDPOINT,
        "--baseline",
        str(data / "flowers.parquet"),
        "--window",
        "hour",
    ]
    known = {each["name"] for each in ask("GET", f"{uri}/api/trackside/v1/drift-monitors").get("monitors", [])}
    for each in ([] if name in known else [words], [["monitor", "run", name]]):
        for command in each:
            print(f"\ntrackside {' '.join(command)}\n", flush=True)
            done = subprocess.run([Path(sys.executable).with_name("trackside"), *command, "--server", uri], check=False)
            if done.returncode:
                raise DemoFailed(f"trackside {' '.join(command[:2])} ended with exit code {done.returncode}")
    alerts = ask("GET", f"{uri}/api/trackside/v1/changes?entity=drift_monitor&entity_id={name}").get("changes", [])
    for change in alerts:
        if change["action"].startswith("drift-"):
            print(f"\nThe alert on the change log, which webhooks send: {json.dumps(change)}", flush=True)


def ask(method: str, url: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    """Return the answer of one call."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def run(script: str, *arguments: str) -> None:
    """Run another example in a separate process."""
    done = subprocess.run([sys.executable, Path(__file__).with_name(script), *arguments], check=False)
    if done.returncode:
        raise DemoFailed(f"{script} ended with exit code {done.returncode}")


@contextlib.contextmanager
def running_server(data: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Yield the address and the process of a ready server on `data`, and stop it at the end."""
    data.mkdir(parents=True, exist_ok=True)
    log = data / "demo-server.log"
    port = int(os.environ.get("PORT") or 5000)
    server = start(port, data, log)
    try:
        uri = wait_until_it_listens(server, log)
        if not uri and f"port {port} of" in said_by(log):
            print(f"Port {port} is in use; the server uses a free one.", flush=True)
            server = start(0, data, log)
            uri = wait_until_it_listens(server, log)
        if not uri:
            raise DemoFailed(f"the server ended with exit code {server.returncode}:\n{said_by(log)[-2000:]}")
        yield uri, server
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def start(port: int, data: Path, log: Path) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).with_name("trackside")
    if not program.exists():
        raise DemoFailed(f"{program} does not exist; install it by `make setup`")
    words = ["--host", "127.0.0.1", "--port", str(port), "--data", str(data), "--model-python", sys.executable]
    with log.open("wb") as output:
        return subprocess.Popen([program, "server", *words], stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def wait_until_it_listens(server: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address that the server prints when it listens, or "" if it has ended.  Raise DemoFailed after a time limit.

    The address is not computed from the port: another server could answer there."""
    started = time.monotonic()
    while (waited_s := time.monotonic() - started) < START_TIMEOUT_S:
        if listening := re.search(r"^Trackside listening on (\S+) ", said_by(log), re.MULTILINE):
            print(f"The server answers at {listening[1]} after {waited_s:.2f} s", flush=True)
            return listening[1]
        if server.poll() is not None:
            return ""
        time.sleep(0.02)
    raise DemoFailed(f"the server did not start within {START_TIMEOUT_S:.0f} s; its log is {log}")


def said_by(log: Path) -> str:
    return log.read_text(errors="replace").strip()


def show(uri: str) -> None:
    """Print the two runs, a metric's points and the artifacts, as the API returns them."""
    experiment = call(uri, "experiments/get-by-name?experiment_name=demo")["experiment"]
    newest = {"experiment_ids": [experiment["experiment_id"]], "order_by": ["start_time DESC"], "max_results": 2}
    print(f"\nPOST {uri}/api/2.0/mlflow/runs/search  {json.dumps(newest)}\n")
    found = call(uri, "runs/search", newest)
    print(readable(found))

    by_hand, classifier = found["runs"]
    # Autologging only warns when it fails, so that the training continues; the demo treats a warning as a failure.
    if "training_score" not in {metric["key"] for metric in classifier["data"].get("metrics", [])}:
        raise DemoFailed("autologging has not logged the classifier's score")
    history = f"metrics/get-history?run_id={by_hand['info']['run_id']}&metric_key=epoch_loss"
    points = call(uri, history)["metrics"]
    print(f"\nGET {uri}/api/2.0/mlflow/{history}\n")
    print(f"{len(points)} points; the first and the last:\n{json.dumps(points[0])}\n{json.dumps(points[-1])}")

    for run in (classifier["info"], by_hand["info"]):
        print(f"\nArtifacts of {run['run_name']}, at {run['artifact_uri']}:")
        for file in call(uri, f"artifacts/list?run_id={run['run_id']}").get("files", []):
            print(f"  {file['path']}" + ("/" if file.get("is_dir") else f"  {file['file_size']} bytes"))


def show_registry(uri: str) -> None:
    """Print the model's versions, the newest first, as the API returns them."""
    newest = "model-versions/search?" + urlencode(
        {"filter": f"name = '{MODEL}'", "order_by": "version_number DESC", "max_results": 2}
    )
    print(f"\nGET {uri}/api/2.0/mlflow/{newest}\n")
    print(readable(call(uri, newest)))


def call(uri: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer of a call of the REST API: GET without a body, POST with one."""
    request = urllib.request.Request(
        f"{uri}/api/2.0/mlflow/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def readable(value: object, indent: str = "") -> str:
    """Format JSON; a value that fits on one line stays on one line."""
    line = json.dumps(value)
    inner = indent + "  "
    if len(indent + line) <= 116 or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {readable(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + readable(item, inner) for item in value) + f"\n{indent}]"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.")
    except (DemoFailed, OSError) as failure:
        sys.exit(f"demo: {failure}")
