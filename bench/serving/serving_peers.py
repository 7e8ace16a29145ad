"""The other model servers of `bench/serving/serving.py`, each in its own virtual environment.

`--peers FOLDER` has the environments `mlserver` (mlserver, mlserver-mlflow), `bento` (bentoml) and `ray` (ray[serve]), each with
mlflow and scikit-learn; a missing one is skipped.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from serving_processes import COLUMNS, System, answers, environment, free_port, running, split

APPS = Path(__file__).parent / "peers"


def rows_of(rows: int) -> str:
    return json.dumps({"rows": [[0.5] * len(COLUMNS)] * rows})


def v2(rows: int) -> str:
    """Return the body in MLServer's protocol (Open Inference Protocol): an input for each column."""
    data = [0.5] * rows
    inputs = [{"name": name, "shape": [rows, 1], "datatype": "FP64", "data": data} for name in COLUMNS]
    return json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs})


@contextmanager
def mlserver(python: Path, model: Path, lab: Path) -> Iterator[list[System]]:
    port, grpc, metrics = free_port(), free_port(), free_port()
    lab.mkdir()
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "parallel_workers": 0,
    }
    named = {
        "name": "model",
        "implementation": "mlserver_mlflow.MLflowRuntime",
        "parameters": {"uri": str(model)},
        "max_batch_size": 64,
        "max_batch_time": 0.002,
    }
    (lab / "settings.json").write_text(json.dumps({**settings, "debug": False}))
    (lab / "model-settings.json").write_text(json.dumps(named))
    process, began = _start([python.with_name("mlserver"), "start", lab], lab)
    with running(process):
        ready = answers(port, began, "/v2/models/model/ready")
        base = f"http://127.0.0.1:{port}"
        yield [
            System("mlserver", f"{base}/invocations", process.pid, ready_s=ready, body=split),
            System("mlserver V2", f"{base}/v2/models/model/infer", process.pid, ready_s=ready, body=v2),
        ]


@contextmanager
def bento(python: Path, model: Path, lab: Path) -> Iterator[list[System]]:
    port = free_port()
    lab.mkdir()
    command = [python.with_name("bentoml"), "serve", "bento_app:Scorer", "--host", "127.0.0.1", "--port", port]
    process, began = _start(command, APPS, MODEL=str(model), BENTOML_HOME=str(lab), BENTOML_DO_NOT_TRACK="True")
    with running(process):
        ready = answers(port, began, "/readyz")
        base = f"http://127.0.0.1:{port}"
        yield [
            System("bento", f"{base}/plain", process.pid, ready_s=ready, body=rows_of),
            System("bento batch", f"{base}/batched", process.pid, ready_s=ready, body=rows_of),
        ]


@contextmanager
def ray(python: Path, model: Path, lab: Path) -> Iterator[list[System]]:
    port = free_port()
    lab.mkdir()
    process, began = _start([python, APPS / "ray_app.py", model, port], lab, RAY_USAGE_STATS_ENABLED="0")
    with running(process):
        ready = answers(port, began, "/-/healthz")
        base = f"http://127.0.0.1:{port}"
        first = System("ray", f"{base}/plain", process.pid, ready_s=ready, body=split)
        yield [first, System("ray batch", f"{base}/batched", process.pid, ready_s=ready, body=split)]


PEERS: dict[str, Callable[..., "contextmanager[list[System]]"]] = {"mlserver": mlserver, "bento": bento, "ray": ray}


@contextmanager
def all_of(folder: Path | None, model: Path, lab: Path) -> Iterator[list[System]]:
    """Start the peers whose environments are in a folder."""
    with ExitStack() as stack:
        found: list[System] = []
        for name, start in PEERS.items():
            python = (folder or Path()) / name / "bin" / "python"
            if folder is not None and python.exists():
                found += stack.enter_context(start(python, model, lab / name))
        yield found


def _start(command: list[object], folder: Path, **variables: str) -> tuple["subprocess.Popen[bytes]", float]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=folder,
        env={**environment(Path(str(command[0])).parent), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process, began
