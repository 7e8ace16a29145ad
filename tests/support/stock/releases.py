"""A stock `mlflow server` as a child process."""

import os
import subprocess
import sys
from pathlib import Path

from support.client import Api, Socket, Unanswered
from support.links import until
from support.processes import guard
from support.processes.ports import free_port
from support.processes.servers import environment
from support.processes.venvs import environment as interpreter
from support.stock.server import LEAN

# The newest release is the one that the tests themselves have.
PINS = {"1.30": "server-1", "2.22": "server-2", "3.17": ""}


class StockServer:
    """A server of an MLflow release, on a store in a folder; it can be stopped and started on the same port."""

    def __init__(self, release: str, folder: Path) -> None:
        self.release = release
        self._folder = folder
        self._python = interpreter(PINS[release]) if PINS[release] else Path(sys.executable)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: list[Socket] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> Api:
        """Closed with the server."""
        self._sockets.append(Socket(self.port))
        return Api(self._sockets[-1])

    def start(self) -> "StockServer":
        command = [
            *(str(self._python.parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{self._folder}/mlflow.db"),
            *("--artifacts-destination", str(self._folder / "files"), "--serve-artifacts"),
            *("--default-artifact-root", "mlflow-artifacts:/"),
        ]
        # It starts gunicorn by its name.
        path = f"{self._python.parent}{os.pathsep}{os.environ['PATH']}"
        log = self._folder / "log"
        with log.open("a") as said:
            env = environment(PATH=path, **LEAN)
            process = self._process = guard.start(command, env=env, cwd=self._folder, log=said)
        until(lambda: process.poll() is not None or self._answers(), "mlflow server to start")
        assert process.poll() is None, log.read_text()
        return self

    def stop(self) -> None:
        """Stop the server with all of its workers."""
        while self._sockets:
            self._sockets.pop().close()
        if self._process is not None:
            guard.end(self._process)
            self._process = None

    def _answers(self) -> bool:
        transport = Socket(self.port)
        try:
            return transport.send("GET", "/health", {}, b"").status == 200
        except Unanswered:
            return False
        finally:
            transport.close()
