"""Traces of a fixed size with word frequencies of natural text, and clients that send and search them."""

import http.client
import itertools
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from support.traces import MS, pairs

NEEDLE = "zanzibar-heliotrope"
WITH_NEEDLE = 4  # traces of each store that contain the searched text
SPANS, TEXT_BYTES = 10, 1_000
TEMPLATES = 40  # traces with other words
START_MS = 1_760_000_000_000
HEADERS = {"content-type": "application/x-protobuf"}
_TRACE, _SPAN = b"\xfaTRACE-ID-16-BY\xfa", b"\xfaSPAN\xfa"  # placeholders for ids in a template

_WORDS = [
    "".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=3 + n % 9))  # needs no secure random numbers
    for n in range(4_000)
]
_OFTEN = list(itertools.accumulate(1 / (n + 3) for n in range(len(_WORDS))))  # word frequencies of natural text (Zipf)
CLIENT = Path(__file__).with_name("client_program.py")


class Asked(Protocol):
    port: int

    def experiment(self, name: str) -> str: ...

    def call(self, method: str, path: str, body: Any = None) -> Any: ...


def texts(seed: int, count: int) -> list[str]:
    chosen = random.Random(seed)  # needs no secure random numbers
    made = []
    for _ in range(count):
        words: list[str] = []
        size = 0
        while size < TEXT_BYTES:
            words += chosen.choices(_WORDS, cum_weights=_OFTEN)
            size += len(words[-1]) + 1
        made.append(" ".join(words))
    return made


class Traces:
    """Makes requests of traces that differ in their ids and times; their texts are those of `TEMPLATES` templates."""

    def __init__(self) -> None:
        self._templates = [_template(number) for number in range(TEMPLATES)]
        self._needle = _template(TEMPLATES, NEEDLE)
        self._made = 0

    def next(self, *, needle: bool = False) -> bytes:
        """Return one ResourceSpans message with its field header; concatenated messages are a request."""
        template = self._needle if needle else self._templates[self._made % TEMPLATES]
        self._made += 1
        message = template.replace(_TRACE, os.urandom(16))
        span = os.urandom(6)
        for number in range(SPANS):
            message = message.replace(_SPAN + bytes((0, number)), span + bytes((1, number)))
        return message

    def request(self, count: int) -> bytes:
        return b"".join(self.next() for _ in range(count))


def _template(seed: int, needle: str = "") -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415  # slow
        ExportTraceServiceRequest,
    )

    made = ExportTraceServiceRequest()
    scope = made.resource_spans.add().scope_spans.add()
    said = texts(seed, 2 * SPANS)
    at = (START_MS + seed * 1_000) * MS
    for number in range(SPANS):
        span = scope.spans.add()
        span.trace_id = _TRACE
        span.span_id = _SPAN + bytes((0, number))
        if number:
            span.parent_span_id = _SPAN + bytes((0, 0))
        span.name = f"step-{number}"
        span.start_time_unix_nano = at + number * MS
        span.end_time_unix_nano = at + (number + 5) * MS
        attributes: dict[str, Any] = {
            "mlflow.spanType": "LLM" if number % 3 else "CHAIN",
            "mlflow.spanInputs": {"question": said[2 * number]},
            "mlflow.spanOutputs": f"{said[2 * number + 1]} {needle if number == SPANS - 1 else ''}",
        }
        if number % 3:
            attributes["mlflow.chat.tokenUsage"] = {"input_tokens": 200, "output_tokens": 150, "total_tokens": 350}
            attributes["mlflow.llm.model"] = f"model-{number % 2}"
        span.attributes.extend(pairs(attributes))
        span.status.code = 1
    return bytes(made.SerializeToString())


class Connection:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=900)
        self._connection.connect()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        self._connection.request("POST", path, body, headers)
        reply = self._connection.getresponse()
        said = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{path}: {reply.status} {said[:300]!r}")
        return said

    def export(self, experiment: str, body: bytes) -> None:
        self.post("/v1/traces", body, {**HEADERS, "x-mlflow-experiment-id": experiment})

    def json(self, path: str, body: Any) -> Any:
        return json.loads(self.post(path, json.dumps(body).encode(), {"content-type": "application/json"}))


def is_empty(port: int, experiment: str) -> bool:
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    found = Connection(port).json("/api/3.0/mlflow/traces/search", {"locations": [place], "max_results": 1})
    return not found.get("traces")


def fill(port: int, experiment: str, count: int) -> None:
    """Store traces.  Those with the searched text are first, so that a search reads them last."""
    traces, connection = Traces(), Connection(port)
    connection.export(experiment, b"".join(traces.next(needle=True) for _ in range(WITH_NEEDLE)))
    left = count - WITH_NEEDLE
    while left > 0:
        some = min(20, left)
        connection.export(experiment, traces.request(some))
        left -= some


def otlp(port: int, experiment: str, count: int, seconds: float) -> float:
    """Return the traces per second of one connection, for a number of traces per request."""
    traces, connection = Traces(), Connection(port)
    made = [traces.request(count) for _ in range(10)]  # warms up
    for body in made[:3]:
        connection.export(experiment, body)
    sent, spent = 0, 0.0
    while spent < seconds:
        body = traces.request(count)
        begun = time.perf_counter()
        connection.export(experiment, body)
        spent += time.perf_counter() - begun
        sent += count
    return sent / spent


def search(port: int, experiment: str, filter_text: str, most: int) -> Callable[[], float]:
    """Return a function that searches once and returns the seconds until the last byte."""
    connection = Connection(port)
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    body = json.dumps({"locations": [place], "filter": filter_text, "max_results": most}).encode()
    wanted = WITH_NEEDLE if NEEDLE in filter_text else 0 if filter_text else most

    def ask() -> float:
        begun = time.perf_counter()
        said = connection.post("/api/3.0/mlflow/traces/search", body, {"content-type": "application/json"})
        took = time.perf_counter() - begun
        found = len(json.loads(said).get("traces", []))
        if found != wanted:
            raise SystemExit(f"{filter_text!r} found {found} traces instead of {wanted}")
        return took

    return ask


def median_ms(ask: Callable[[], float], times: int, warm: int = 0) -> float:
    return statistics.median([ask() for _ in range(times + warm)][warm:]) * 1000


def log_metric(system: Asked, seconds: float, pace: int) -> float:
    """Return the calls per second of one connection, while another process sends traces at a rate."""
    experiment = system.experiment("ingest")
    run = system.call("POST", "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    connection = Connection(system.port)
    with _pouring(system.port, experiment, pace):
        done, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            body = {"run_id": run, "key": "loss", "value": done, "timestamp": START_MS + done, "step": done}
            connection.json("/api/2.0/mlflow/runs/log-metric", body)
            done += 1
        return done / (time.perf_counter() - begun)


@contextmanager
def _pouring(port: int, experiment: str, pace: int) -> Iterator[None]:
    if not pace:
        yield
        return
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=pour, args=(port, experiment, pace, ready), daemon=True)
    process.start()
    if not ready.wait(60):
        raise SystemExit("the process that sends traces did not start")
    try:
        yield
    finally:
        process.kill()
        process.join()


def pour(port: int, experiment: str, pace: int, ready: Any) -> None:
    """Send traces, one per request, until the process is ended.  All requests are prepared before the first is sent."""
    traces, connection = Traces(), Connection(port)
    bodies = [traces.request(1) for _ in range(60 * pace)]
    connection.export(experiment, traces.request(1))
    ready.set()
    begun = time.perf_counter()
    for sent, body in enumerate(bodies, 1):
        connection.export(experiment, body)
        time.sleep(max(0.0, begun + sent / pace - time.perf_counter()))


def client(python: Path, port: int, count: int) -> float:
    """Return the traces per second of MLflow's own client, until all are flushed.

    The client drops traces when its queue is full, so the queue is large enough for all."""
    environment = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE": str(8 * count),
    }
    done = subprocess.run(
        [python, CLIENT, f"http://127.0.0.1:{port}", str(count), str(SPANS), str(TEXT_BYTES)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"MLflow's client failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])
