"""`make demo`, as a new user runs it: training, registry and prediction with its own server."""

import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from support.links import until
from support.processes.ports import free_port

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_registers_its_model_twice_and_predicts_with_version_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={
            **os.environ,
            "DEMO_EXIT": "1",
            "DATA": str(tmp_path / "data"),
            "PORT": "0",
            "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"Created version '(\d)' of model 'iris-classifier'", done.stdout + done.stderr) == ["1", "2"]
    shown, _, predicted = done.stdout.partition('mlflow.pyfunc.load_model("models:/iris-classifier/2")')
    assert '"epoch_loss"' in shown
    predicted, _, served = predicted.partition("The endpoint iris serves")
    assert '{"predictions": [0]}' in served
    kinds = ["setosa", "setosa", "versicolor", "versicolor", "virginica"]
    assert re.findall(r"(\w+) +(\w+)$", predicted, re.MULTILINE)[1:] == [(k, k) for k in kinds]
    served, _, scored = served.partition("scored 150 rows with models:/iris-classifier/2")
    assert re.findall(r"0 models:/iris-classifier/2 +(\d)$", scored, re.MULTILINE) == ["0", "1", "2"]
    assert "All data is in the folder" in scored


class Healthy(BaseHTTPRequestHandler):
    """Another server: it answers `GET /health`."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
def test_the_demo_uses_its_own_server_if_another_one_takes_the_port_meanwhile(tmp_path: Path) -> None:
    port = free_port()
    with HTTPServer(("127.0.0.1", port), Healthy, bind_and_activate=False) as other:
        other.server_bind()  # as a server that is about to listen
        demo = subprocess.Popen(
            [sys.executable, ROOT / "examples" / "demo.py"],
            env={**os.environ, "DATA": str(tmp_path / "data"), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        with demo:
            assert demo.stdout is not None
            until((tmp_path / "data" / "demo-server.log").exists)
            other.server_activate()
            Thread(target=other.serve_forever, daemon=True).start()
            found = next((line for line in demo.stdout if "The server answers at" in line), "")
            demo.terminate()
        other.shutdown()

    assert found
    assert f":{port} " not in found
