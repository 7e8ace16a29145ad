"""A real `mlflow server` as a child process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.client import Socket, Unanswered
from support.links import until
from support.ports import free_port
from support.servers import environment


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
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env=environment(), cwd=folder, start_new_session=True
        )
    try:
        until(lambda: process.poll() is not None or _answers(port), "mlflow server to start", 90)
        assert process.poll() is None, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # it waits for whoever holds a connection
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(120)


def _answers(port: int) -> bool:
    transport = Socket(port)
    try:
        return transport.send("GET", "/health", {}, b"").status == 200
    except Unanswered:
        return False
    finally:
        transport.close()
