"""The servers that `bench/traces/traces.py` compares, and their PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from support.processes.ports import free_port
from support.stores.postgres import Postgres

START_S = 180
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class System:
    """A server on a separate store.  `store` is a SQLite file, or the URL of a PostgreSQL database."""

    def __init__(self, name: str, folder: Path, lab: Path, address: str) -> None:
        self.name = name
        self.is_stock = name.startswith("stock")
        self.port = free_port()
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lab = lab
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        self._experiments: dict[str, str] = {}

    @property
    def store(self) -> Path | str:
        return self._address or self._folder / ("mlflow.db" if self.is_stock else "trackside.db")

    def start(self) -> None:
        command = self._stock() if self.is_stock else self._ours()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=os.environ | QUIET, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_S
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                return
            if time.monotonic() > until or self._process.poll() is not None:
                raise SystemExit(f"{self.name} did not start; see {self._folder}/log")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL if self.is_stock else signal.SIGTERM)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        with self.stopped():
            pass

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which the first call creates."""
        if name not in self._experiments:
            try:
                found = self.call("GET", f"experiments/get-by-name?experiment_name={name}")["experiment"]
            except urllib.error.HTTPError:
                found = self.call("POST", "experiments/create", {"name": name})
            self._experiments[name] = found["experiment_id"]
        return self._experiments[name]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/2.0/mlflow/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def disk_bytes(self) -> int:
        """Return the bytes of the database, including its log."""
        if self._address:
            with psycopg.connect(self._address.replace("+psycopg", ""), autocommit=True) as admin:
                row = admin.execute("SELECT pg_database_size(current_database())").fetchone()
                assert row is not None
                return int(row[0])
        store = Path(self.store)
        return sum(each.stat().st_size for each in store.parent.glob(f"{store.name}*"))

    def _ours(self) -> list[str]:
        program = str(Path(sys.executable).with_name("trackside"))
        store = ["--store", self._address] if self._address else []
        return [program, "server", "--port", str(self.port), "--data", str(self._folder), *store]

    def _stock(self) -> list[str]:
        program = str(self._lab / "mlf" / "bin" / "mlflow")
        store = self._address or f"sqlite:///{self.store}"
        return [program, "server", "--port", str(self.port), "--workers", "1", "--backend-store-uri", store]


@contextmanager
def running(names: Sequence[str], folder: Path, lab: Path) -> Iterator[list[System]]:
    with ExitStack() as ends:
        postgres: Postgres | None = None
        if any(name.endswith("-pg") for name in names):
            postgres = Postgres(is_durable=True)
            ends.callback(postgres.close)
        systems = []
        for name in names:
            address = ""
            if name.endswith("-pg"):
                assert postgres is not None
                address = postgres.url(postgres.create())
                if name.startswith("stock"):
                    address = address.replace("postgresql://", "postgresql+psycopg://")
            systems.append(System(name, folder, lab, address))
        for system in systems:
            ends.callback(system.stop)
            system.start()
        yield systems
