"""A server process with its artifacts in a folder, and a client that sends given bytes."""

import http.client
import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.processes import forks
from support.processes.forks import Forked
from support.processes.servers import TRACKSIDE, environment

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def fault(self) -> tuple[int, str, str]:
        return self.status, self.json["error_code"], self.json["message"]


@dataclass
class Server:
    port: int
    process: "subprocess.Popen[str] | Forked"
    store: Path  # the folder of the proxied artifacts

    def ask(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Reply:
        """Keywords are headers: `if_match` is If-Match; and `workspace` is the one that they name."""
        if "workspace" in headers:
            headers["x_mlflow_workspace"] = headers.pop("workspace")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def call(self, path: str, /, workspace: str = "default", version: str = "2.0", **arguments: Any) -> Any:
        reply = self.post(f"/api/{version}/mlflow/{path}", workspace=workspace, **arguments)
        assert reply.status in (200, 201), reply
        return reply.json

    def post(self, path: str, /, workspace: str = "default", **arguments: Any) -> Reply:
        body = json.dumps(arguments).encode()
        return self.ask("POST", path, body, workspace=workspace, content_type="application/json")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=120)

    def new_run(self, workspace: str = "default", **experiment: Any) -> Any:
        """The info of a run in the default experiment, or in a new one that is made so."""
        experiment_id = "0"
        if experiment:
            experiment_id = self.call("experiments/create", workspace, **experiment)["experiment_id"]
        return self.call("runs/create", workspace, experiment_id=experiment_id, start_time=1)["run"]["info"]

    def files(self) -> list[str]:
        """Every file below the store, those of uploads under way included."""
        return sorted(str(path.relative_to(self.store)) for path in self.store.rglob("*") if path.is_file())

    def peak_kib(self) -> int:
        """The most memory that the process ever had."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            pytest.skip("this system does not tell how much memory a process took")
        return int(status.split("VmHWM:")[1].split()[0])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(120)


@contextmanager
def started(folder: Path, *options: str, forked: bool = True, **variables: str) -> Iterator[Server]:
    """`forked=False`: its memory is its own from the start, so that a test can measure it."""
    words = ["server", "--port", "0", "--data", str(folder / "data"), "--artifacts", str(folder / "store"), *options]
    with _process(
        words, environment(**variables), forked=forked
    ) as process:  # of two values of an option, the later counts
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert "listening on http://127.0.0.1:" in said
            port = int(said.split("listening on http://127.0.0.1:")[1].split()[0])
            yield Server(port, process, folder / "store")
        finally:
            process.terminate()


def _process(words: list[str], variables: Mapping[str, str], *, forked: bool) -> "subprocess.Popen[str] | Forked":
    if forked and forks.IS_POSSIBLE:
        return forks.forks().start(words, env=variables)
    return subprocess.Popen([*TRACKSIDE, *words], stdout=subprocess.PIPE, text=True, env=variables)
