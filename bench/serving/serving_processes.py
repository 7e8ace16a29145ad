"""The processes of `bench/serving/serving.py`: starts and stops them, sends requests, and measures their memory."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

COLUMNS = [f"c{i}" for i in range(30)]
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
SCRIPT = """
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
%s
"""


def split(rows: int) -> str:
    """Return the body in MLflow's protocol."""
    return json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [[0.5] * len(COLUMNS)] * rows}})


class System(NamedTuple):
    """A server that scores at `url`; `body` makes the request for a number of rows."""

    name: str
    url: str
    pid: int
    key: str = ""
    ready_s: float = 0.0
    body: Callable[[int], str] = split


class Loaded(NamedTuple):
    """Successful answers per second, the 99th percentile of the latency, the share of refused requests, and the CPU time per
    request in all processes of the system."""

    rate: float
    p99_ms: float
    refused: float
    processor_us: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(programs: Path = Path(sys.executable).parent) -> dict[str, str]:
    """Return this environment with the programs of a virtual environment first in PATH, where `mlflow models serve` searches
    uvicorn."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {name: value for name, value in os.environ.items() if name not in LEFT_OUT} | QUIET | {"PATH": path}


@contextmanager
def running(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        for pid in reversed(tree(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def tree(pid: int) -> list[int]:
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid:
                    found += tree(int(entry.name))
    return found


def memory_mib(pid: int) -> float:
    """Return the proportional set size of a process and its children."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
    return total / 1024


def processor_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def answers(port: int, began: float, path: str = "/ping", limit_s: float = 180.0) -> float:
    """Wait until a server answers; return the seconds since `began`."""
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return time.perf_counter() - began
        if time.perf_counter() - began > limit_s:
            raise SystemExit(f"nothing answers at port {port}{path} after {limit_s:g} s")
        time.sleep(0.02)


def load(system: System, rows: int, connections: int, seconds: float) -> Loaded:
    """Send requests for some seconds, on one thread of wrk."""
    header = f'wrk.headers["Authorization"] = "Bearer {system.key}"' if system.key else ""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (system.body(rows), header))
        script.flush()
        before = processor_s(system.pid)
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds:g}s",
            "--timeout",
            "60s",
            "--latency",
            "-s",
            script.name,
        ]
        said = subprocess.run([*command, system.url], capture_output=True, text=True, check=True).stdout
    rate, p99 = re.search(r"Requests/sec: +([\d.]+)", said), re.search(r"99% +([\d.]+)(us|ms|s)", said)
    sent, failed = re.search(r"(\d+) requests in", said), re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if rate is None or p99 is None or sent is None:
        raise SystemExit(f"wrk said nothing that can be read of {system.name}:\n{said}")
    spent_us = (processor_s(system.pid) - before) / max(1, int(sent[1])) * 1e6
    refused = int(failed[1]) / max(1, int(sent[1])) if failed else 0.0
    return Loaded(
        float(rate[1]) * (1 - refused), float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]], refused, spent_us
    )
