"""Start a server, train two models with the stock MLflow client, and show what was logged.

`make demo` runs this.  Nothing here is special to Trackside but the command that starts the server: point the two
trainings at any MLflow server and they do the same.

    DEMO_EXIT=1     stop the server at the end, instead of keeping it up until Ctrl-C
    DEMO_URI=http…  use the server at this address instead of starting one
    DATA=folder     where the started server keeps everything (default: trackside-data, in the current folder)
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before mlflow is imported: no telemetry, no proxy for this machine's own address, and a dead server is told at once.
os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="1",
    NO_PROXY="127.0.0.1,localhost",
    no_proxy="127.0.0.1,localhost",
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    MPLBACKEND="Agg",
)

EXPERIMENT = "demo"
EPOCHS = 60
START_TIMEOUT_S = 30.0


class DemoFailed(Exception):
    """What went wrong, in words for the person at the terminal."""


# The two trainings: ordinary MLflow code.


def train_classifier() -> None:
    """Scikit-learn, where autologging writes parameters, metrics, a plot, the data's schema and the model."""
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels = load_iris(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=500))

    with mlflow.start_run(run_name="iris-classifier"):
        model.fit(train_x, train_y)
        model.score(test_x, test_y)  # logged as well, as a metric of its own


def train_by_hand(learning_rate: float = 0.1) -> None:
    """A training loop as one writes it for any framework: one `epoch_loss` per epoch."""
    import mlflow
    from sklearn.datasets import load_diabetes

    features, targets = load_diabetes(return_X_y=True)
    features = features / features.std(axis=0)
    targets = (targets - targets.mean()) / targets.std()
    weights = features[0] * 0.0

    with mlflow.start_run(run_name="diabetes-gradient-descent"):
        mlflow.log_params({"epochs": EPOCHS, "learning_rate": learning_rate, "optimizer": "gradient descent"})
        for epoch in range(EPOCHS):
            errors = features @ weights - targets
            mlflow.log_metric("epoch_loss", float((errors**2).mean()), step=epoch)
            weights = weights - learning_rate * (features.T @ errors) / len(targets)
        mlflow.log_dict({"weights": weights.tolist()}, "weights.json")


def train(uri: str) -> None:
    """Run both, tracked at `uri`."""
    import mlflow

    # MLflow 3.17 calls scikit-learn 1.9 by an argument's old name.
    warnings.filterwarnings("ignore", "`y_pred` was renamed", FutureWarning)
    mlflow.set_tracking_uri(uri)
    try:
        mlflow.set_experiment(EXPERIMENT)
        # "skops" files are safe to load, and are what log_model writes; it refuses most tree models, which need
        # serialization_format="cloudpickle" in log_model as well as here.
        mlflow.sklearn.autolog(log_models=serves_logged_models(uri), serialization_format="skops")
        train_classifier()
        mlflow.sklearn.autolog(disable=True)
        train_by_hand()
    except mlflow.MlflowException as refused:
        raise DemoFailed(f"the client could not log to {uri}: {refused}") from refused


# What was logged, as any HTTP client reads it.


def ask(uri: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The answer of one call of the REST API: GET without a body, POST with one."""
    request = urllib.request.Request(
        f"{uri}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def serves_logged_models(uri: str) -> bool:
    """Whether the server knows MLflow 3's logged models, which `log_model` needs."""
    try:
        ask(uri, "api/2.0/mlflow/logged-models/search", {"experiment_ids": ["0"]})
    except urllib.error.HTTPError as refused:
        if refused.code == 404:
            return False
        raise
    return True


def show(uri: str, data: Path | None) -> None:
    """Print the two runs, their artifacts, and a metric's points, as the API returns them."""
    experiment = ask(uri, f"api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}")["experiment"]
    search = {
        "experiment_ids": [experiment["experiment_id"]],
        "order_by": ["attributes.start_time DESC"],
        "max_results": 2,
    }
    print(f"\nPOST {uri}/api/2.0/mlflow/runs/search  {json.dumps(search)}\n")
    found = ask(uri, "api/2.0/mlflow/runs/search", search)
    print(readable(found))

    by_hand, classifier = found["runs"]
    # Autologging only warns when it fails, so that no training ends of it; here that would be a failure.
    if "training_score" not in {metric["key"] for metric in classifier["data"].get("metrics", [])}:
        raise DemoFailed("autologging has not logged the classifier's score")
    history = f"api/2.0/mlflow/metrics/get-history?run_id={by_hand['info']['run_id']}&metric_key=epoch_loss"
    points = ask(uri, history)["metrics"]
    if len(points) != EPOCHS:
        raise DemoFailed(f"{len(points)} of {EPOCHS} points of epoch_loss came back")
    print(f"\nGET {uri}/{history}\n")
    print(f"{len(points)} points, from {json.dumps(points[0])}\n{' ' * 9}to   {json.dumps(points[-1])}")

    for run in (classifier["info"], by_hand["info"]):
        print(f"\nArtifacts of {run['run_name']}, at {run['artifact_uri']}:")
        for file in ask(uri, f"api/2.0/mlflow/artifacts/list?run_id={run['run_id']}").get("files", []):
            print(f"  {file['path']}" + ("/" if file.get("is_dir") else f"  {file['file_size']} bytes"))
    if data:
        print(f"\nAll of it is on this machine, in {data.resolve()}")


def readable(value: object, indent: str = "") -> str:
    """JSON in which whatever fits a line stays on one."""
    line = json.dumps(value)
    inner = indent + "  "
    if len(indent + line) <= 116 or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {readable(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + readable(item, inner) for item in value) + f"\n{indent}]"


# The server, as a child process that never outlives this one.


@contextlib.contextmanager
def running_server(data: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server on `data`, ready for requests: its address and its process."""
    program = Path(sys.executable).with_name("trackside")
    if not program.exists():
        raise DemoFailed(f"there is no {program}; `make setup` installs it")
    port = free_port(5000)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "demo-server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [program, "server", "--host", "127.0.0.1", "--port", str(port), "--data", data],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        uri = f"http://127.0.0.1:{port}"
        wait_until_healthy(uri, server, log)
        yield uri, server
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port(wanted: int) -> int:
    """`wanted`, or another port if something listens there already."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("no port is free at 127.0.0.1")


def wait_until_healthy(uri: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when /health answers; say why if it never will."""
    started = time.monotonic()
    while time.monotonic() - started < START_TIMEOUT_S:
        if server.poll() is not None:
            said = log.read_text(errors="replace").strip()
            raise DemoFailed(f"the server ended with exit code {server.returncode}:\n{said[-2000:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=2):
            print(f"The server answers at {uri} after {time.monotonic() - started:.2f} s", flush=True)
            return
        time.sleep(0.02)
    raise DemoFailed(f"the server did not answer at {uri}/health within {START_TIMEOUT_S:.0f} s; its log is {log}")


def main() -> None:
    """Run the demo; see the module's text for its environment."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = os.environ.get("DEMO_URI", "").rstrip("/")
    if given:
        train(given)
        show(given, None)
        return
    data = Path(os.environ.get("DATA") or "trackside-data")
    with running_server(data) as (uri, server):
        train(uri)
        show(uri, data)
        print(f'\nThe server is at {uri}: in your own code, mlflow.set_tracking_uri("{uri}")', flush=True)
        if os.environ.get("DEMO_EXIT") == "1":
            return
        print("It stays up until Ctrl-C.", flush=True)
        raise DemoFailed(f"the server ended by itself, with exit code {server.wait()}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.")
    except DemoFailed as failure:
        sys.exit(f"demo: {failure}")
    except OSError as failure:
        sys.exit(f"demo: {type(failure).__name__}: {failure}")
