"""Measure how a model serves requests: `python <folder> profile ORDER`.

A separate scorer serves the model like an endpoint, and increasing numbers of concurrent callers send sample requests.
Latencies, throughput, CPU time and memory are reported to the server in lines that begin with MARK.  What they mean for an
endpoint is decided by the server.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterator

from trackside.scorer.batch import inputs, texts
from trackside.scorer.batch.order import Order, OrderError

MARK = "\x1etrackside "
SOCKET = "profile.sock"  # in the folder of the job, which the process starts in: a path may have only 108 bytes
MOST_REQUESTS = 200  # different bodies; they are sent again and again
WARM_UP = 3
EXAMPLE = "serving_input_example.json"  # MLflow writes it beside a model that was logged with an input example


def main(words: list[str]) -> int:
    order = json.loads(Path(words[0]).read_text("utf-8"))
    try:
        result = run(order)
    except OrderError as fault:
        report(error=f"{str(fault).rstrip(' .')}.")
        return 1
    report(result=result)
    return 0


def run(order: dict[str, Any]) -> dict[str, Any]:
    bodies = list(requests(order))
    report(message="Loading the model.", key="loading-model")
    began = time.perf_counter()
    with Scorer(order) as scorer:
        load_s = time.perf_counter() - began
        _warm_up(bodies)
        idle_mb = scorer.memory_mb("VmRSS")
        levels = []
        total = order["seconds"] * len(order["concurrency"])
        for number, callers in enumerate(order["concurrency"]):
            report(
                done=round(number * order["seconds"]),
                total=round(total),
                unit="s",
                message=f"Sending requests, {callers} at a time.",
                key="requests",
                values={"callers": str(callers)},
            )
            levels.append(_level(bodies, callers, order["seconds"], scorer))
        report(done=round(total), total=round(total), message="Done.", key="done")
        return {
            "load_s": load_s,
            "idle_mb": idle_mb,
            "peak_mb": scorer.memory_mb("VmHWM"),
            "address_space_mb": scorer.memory_mb("VmPeak"),
            "rows_per_request": order["rows"] if order["inputs"] else None,
            "levels": levels,
        }


def requests(order: dict[str, Any]) -> Iterator[bytes]:
    """Yield bodies of requests: rows of the table, or the model's input example if there is no table."""
    if not order["inputs"]:
        example = Path(order["model"]) / EXAMPLE
        if not example.exists():
            raise OrderError(
                "the model was logged without an input example: name a table with sample rows as the input"
            )
        yield example.read_bytes()
        return
    frame = _table(order)
    if frame.empty:
        raise OrderError("the input is empty: it has no rows")
    rows = order["rows"]
    for start in range(0, len(frame), rows):
        piece = frame.iloc[start : start + rows]
        if len(piece) < rows and start:
            return  # all requests have the same number of rows
        split = piece.to_json(orient="split", index=False, date_format="iso")
        yield b'{"dataframe_split": ' + split.encode() + b"}"


def _table(order: dict[str, Any]) -> Any:
    """Return the first rows of the input, with the types of batch scoring."""
    import pandas as pd

    scored = Order(
        model=order["model"],
        model_uri="",
        job_id="",
        inputs=order["inputs"],
        input_format=order["input_format"],
        output="",
        output_format="jsonl",  # as JSON, what a column of CSV holds is decided
        errors="",
        parts="",
    )
    wanted, found, there = order["rows"] * MOST_REQUESTS, [], 0
    names = inputs.columns_of(scored)
    for unit in inputs.units(scored):
        for piece in inputs.pieces(unit, scored, None):
            found.append(piece.frame.head(wanted - there))
            there += len(found[-1])
            if there == wanted:
                break
        if there == wanted:
            break
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)
    kinds = texts.kinds(scored) if there else {}
    return frame.assign(**{name: _typed(frame[name], kind) for name, kind in kinds.items()})


def _typed(column: Any, kind: str) -> Any:
    """Return a column of CSV with its type, or as text if a value is invalid, so that the request fails like the row in batch
    scoring."""
    try:
        return texts.values(column, kind)
    except ValueError:
        return column


def _warm_up(bodies: list[bytes]) -> None:
    """Send some requests: the first ones are slow.  Raise Wrong where the model does not answer them."""
    connection = Connection()
    for number in range(WARM_UP):
        status, answer = connection.score(bodies[number % len(bodies)])
        if status != 200:
            raise OrderError(f"the model answers the first request with {status}: {_message(answer)}")
    connection.close()


def _message(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["message"])[:1000]
    except (ValueError, LookupError, TypeError):
        return answer[:1000].decode("utf-8", "replace")


def _level(bodies: list[bytes], callers: int, seconds: float, scorer: Scorer) -> dict[str, Any]:
    """Let `callers` send requests one after the other for `seconds`."""
    cpu, began = scorer.cpu_s(), time.perf_counter()
    until = began + seconds
    found: list[list[float]] = [[] for _ in range(callers)]
    failed = [0] * callers
    reasons: list[str] = []

    def call(number: int) -> None:
        connection, sent = Connection(), number
        while True:
            start = time.perf_counter()
            if start >= until and found[number]:
                break
            try:
                status, answer = connection.score(bodies[sent % len(bodies)])
            except (OSError, http.client.HTTPException) as fault:
                status, answer = 0, str(fault).encode()
                connection.close()
            found[number].append(time.perf_counter() - start)
            if status != 200:
                failed[number] += 1
                reasons.append(_message(answer))
            sent += callers
        connection.close()

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, cpu = time.perf_counter() - began, scorer.cpu_s() - cpu
    if scorer.has_ended():
        raise OrderError(f"the model's process ended while {callers} requests were sent at a time; its log says why")
    latencies = sorted(each * 1000 for one in found for each in one)
    count = len(latencies)
    return {
        "callers": callers,
        "requests": count,
        "failed": sum(failed),
        "reason": reasons[0] if reasons else "",
        "requests_per_s": count / took,
        "mean_ms": sum(latencies) / count,
        **{f"p{share}_ms": _percentile(latencies, share) for share in (50, 90, 95, 99)},
        "cpu_ms_per_request": cpu * 1000 / count,
        "cores": cpu / took,
    }


def _percentile(ordered: list[float], share: int) -> float:
    """Return a percentile: the smallest value that is not exceeded by that percentage of the values."""
    return ordered[max(0, math.ceil(share * len(ordered) / 100) - 1)]


class Connection:
    """A caller's persistent connection to the scorer."""

    def __init__(self) -> None:
        self._client = _Client("scorer")

    def score(self, body: bytes) -> tuple[int, bytes]:
        self._client.request("POST", "/invocations", body, {"content-type": "application/json"})
        answer = self._client.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._client.close()


class _Client(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(SOCKET)


class Scorer:
    """The process that serves the model.  It ends with this one: its standard input is a pipe."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order

    def __enter__(self) -> Scorer:
        Path(SOCKET).unlink(missing_ok=True)  # of an attempt that was killed
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
            bound.bind(SOCKET)
            words = ["--model", self._order["model"], "--socket-fd", str(bound.fileno()), "--lifeline"]
            for name in ("threads", "batching", "max_rows", "timeout_s"):
                words += [f"--{name.replace('_', '-')}", str(self._order[name])]
            self._process = subprocess.Popen(  # noqa: S603  # the model is in the sandbox of this process
                [sys.executable, str(Path(__file__).parent), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=[bound.fileno()],
            )
        assert self._process.stdout is not None
        last = ""
        for line in self._process.stdout:
            if line.startswith("ready"):
                threading.Thread(target=self._follow, daemon=True).start()
                return self
            sys.stderr.write(line)
            last = line.strip() or last
        code = self._process.wait()
        raise OrderError(
            f"the model cannot be loaded: its process ended with exit code {code}. Its last line: {last[:500]}"
        )

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        Path(SOCKET).unlink(missing_ok=True)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def cpu_s(self) -> float:
        """Return the CPU time of the process so far, with all of its threads; 0 if the system does not provide it."""
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text("ascii")
        except OSError:
            return 0.0
        fields = text.rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # its own, and of processes that it waited for

    def memory_mb(self, name: str) -> float | None:
        """Return a size of the process by its name in /proc; None if the system does not provide it."""
        try:
            lines = Path(f"/proc/{self._process.pid}/status").read_text("utf-8", "replace").splitlines()
        except OSError:
            return None
        for line in lines:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1024
        return None

    def _follow(self) -> None:
        """Read the model's output, so that its writes never block."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sys.stderr.write(line)


def report(**values: Any) -> None:
    """Report to the server."""
    sys.stdout.write(MARK + json.dumps(values) + "\n")
    sys.stdout.flush()
