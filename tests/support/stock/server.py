"""A real `mlflow server` as a child process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.client import Socket, Unanswered
from support.links import until
from support.processes import guard
from support.processes.ports import free_port
from support.processes.servers import environment

LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # no processes for jobs, which nothing here starts


@contextmanager
def stock_server(folder: Path, *options: str, port: int | None = None) -> Iterator[str]:
    """Its URL.  Database and files are in the folder."""
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")),
        *options,
    ]
    with (folder / "log").open("w") as said:
        process = guard.start(command, env=environment(**LEAN), cwd=folder, log=said)
    try:
        until(lambda: process.poll() is not None or _answers(port), "mlflow server to start")
        assert process.poll() is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        guard.end(process)


def _answers(port: int) -> bool:
    transport = Socket(port)
    try:
        return transport.send("GET", "/health", {}, b"").status == 200
    except Unanswered:
        return False
    finally:
        transport.close()
