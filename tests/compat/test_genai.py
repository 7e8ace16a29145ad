"""`mlflow.genai.evaluate`, autologging of OpenAI's client and of LangChain, and `mlflow traces`, compared with a stock server."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.request import urlopen

import pytest

from compat.conftest import Client
from support.processes.venvs import environment
from support.stock.server import stock_server
from trackside_mlflow import Workspace

pytestmark = pytest.mark.slow


class Server(Protocol):
    url: str


class Provider(BaseHTTPRequestHandler):
    """Implements the part of OpenAI's protocol that one chat needs."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def mlflow(uri: str, *arguments: str) -> str:
    """Return what a command of the stock client prints."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "TRACKSIDE_"))}
    environ |= {"MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-m", "mlflow", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_commands_of_traces_search_assess_tag_and_delete(server: Server) -> None:
    uri = Workspace.create("commands", url=server.url).get_mlflow_tracking_uri()
    Client(Path(sys.executable)).run("trace_one.py", uri)
    with urlopen(f"{uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=traces") as reply:
        of = ("--experiment-id", json.load(reply)["experiment"]["experiment_id"])
    (one,) = json.loads(mlflow(uri, "traces", "search", *of, "--output", "json"))["traces"]
    trace_id = one["info"]["trace_id"]
    this = ("--trace-id", trace_id)

    mlflow(uri, "traces", "set-tag", *this, "--key", "team", "--value", "blue")
    mlflow(uri, "traces", "log-feedback", *this, "--name", "good", "--value", "true", "--source-type", "HUMAN")
    mlflow(uri, "traces", "log-expectation", *this, "--name", "answer", "--value", "42")
    found = json.loads(mlflow(uri, "traces", "search", *of, "--filter-string", "tag.team = 'blue'", "--output", "json"))
    (info,) = [each["info"] for each in found["traces"]]
    (feedback,) = [each for each in info["assessments"] if each["assessment_name"] == "good"]
    this_one = (*this, "--assessment-id", feedback["assessment_id"])
    mlflow(uri, "traces", "update-assessment", *this_one, "--value", "false")
    changed = mlflow(uri, "traces", "get-assessment", *this_one)
    mlflow(uri, "traces", "delete-assessment", *this_one)
    mlflow(uri, "traces", "delete-tag", *this, "--key", "team")
    whole = json.loads(mlflow(uri, "traces", "get", *this))
    mlflow(uri, "traces", "delete", *of, "--trace-ids", trace_id)
    left = json.loads(mlflow(uri, "traces", "search", *of, "--output", "json"))

    assert info["trace_id"] == trace_id
    assert '"value": false' in changed
    assert [each["assessment_name"] for each in whole["info"]["assessments"]] == ["answer"]
    assert "team" not in whole["info"]["tags"]
    assert len(whole["data"]["spans"]) == 2
    assert left["traces"] == []


def test_evaluation_and_autologging_give_what_they_give_on_a_stock_server(
    server: Server, provider: str, tmp_path: Path
) -> None:
    client = Client(environment("genai"))
    with stock_server(tmp_path) as stock:
        expected = json.loads(client.run("genai.py", stock, provider))

    found = json.loads(
        client.run("genai.py", Workspace.create("genai", url=server.url).get_mlflow_tracking_uri(), provider)
    )

    assert found == expected
    assert found["evaluated"]["metrics"] == {"is_right/mean": 0.5}
    assert len(found["evaluated"]["traces"]) == 2
    assert [each["tokens"]["total_tokens"] for each in found["autologged"]] == [1500, 1500]
    assert [each["cost"] for each in found["autologged"]] == [0.00045, 0.00045]
