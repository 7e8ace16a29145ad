"""The id of a request: accepted, returned, and written to the log and to a span."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from support.client import Api, Socket
from support.links import LIMIT_S, until
from support.processes.servers import TRACKSIDE, Server, environment
from trackside.core.http.request_log import Requests

LOGGED = "/api/2.0/mlflow/runs/log-metric"


@pytest.mark.parametrize("given", ["abc-123", "00-4bf92f3577b34da6a3ce929d0e0e4736", "a" * 128])
def test_a_valid_request_id_is_returned_on_both_paths(server: Server, given: str) -> None:
    plain = server.api.ask("GET", "experiments/get", arguments={"experiment_id": "0"}, headers={"x-request-id": given})
    streamed = server.api.ask("GET", "/readyz", headers={"x-request-id": given})

    assert plain.headers["x-request-id"] == streamed.headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"a" * 129, b"a b", b"a\r\nb: c", b"\xff", b'"', b"<script>", b"\x00"])
def test_an_unsafe_request_id_is_replaced(given: bytes) -> None:
    assert Requests().id_of(given) is None
    made = Requests(is_logged=True).id_of(given)
    assert made is not None
    assert made != given


def test_an_answer_has_no_request_id_without_one_in_the_request(server: Server) -> None:
    assert "x-request-id" not in server.api.ask("GET", "/livez").headers


def test_a_json_log_has_a_line_for_each_request_without_what_callers_sent(tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = ["server", "--port", "0", "--data", str(data), "--log-format", "json", "--durability", "relaxed"]
    with (tmp_path / "log").open("w") as file:
        process = subprocess.Popen(
            [*TRACKSIDE, *words],
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=environment(),
        )
    with process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split("http://127.0.0.1:")[1].split()[0])
        socket = Socket(port)
        api = Api(socket)
        run = api.new_run()
        logged = api.ask("POST", "runs/log-metric", {"run_id": run, "key": "secret-key", "value": 1, "timestamp": 1})
        missing = api.ask("GET", "/nowhere?token=secret-token", headers={"x-trackside-user": "ann"})
        until(lambda: '"status": 404' in (tmp_path / "log").read_text())
        socket.close()
        process.terminate()

    found = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    by_id = {line["request_id"]: line for line in found if "request_id" in line}
    line = by_id[logged.headers["x-request-id"]]
    assert {name: line[name] for name in ("level", "method", "route", "status", "workspace")} == {
        "level": "info", "method": "POST", "route": LOGGED, "status": 200, "workspace": "default",
    }  # fmt: skip
    assert line["duration_ms"] > 0
    assert by_id[missing.headers["x-request-id"]]["status"] == 404
    assert "secret" not in (tmp_path / "log").read_text()


class Collector:
    """Takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        taken: SimpleQueue[tuple[str, bytes]] = SimpleQueue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.put((self.path, self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the library calls it
                pass

        self.taken = taken
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.mark.slow  # imports OpenTelemetry in a server
def test_a_span_continues_the_trace_of_the_client(start: Callable[..., Server], collector: Collector) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    server = start("--otlp-endpoint", collector.url)
    trace_id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    answer = server.api.ask(
        "GET",
        "experiments/get",
        arguments={"experiment_id": "0"},
        headers={"traceparent": f"00-{trace_id}-{parent}-01"},
    )
    server.stop()

    path, body = collector.taken.get(timeout=LIMIT_S)

    spans = [
        span
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    (span,) = [each for each in spans if each.name == "GET /api/2.0/mlflow/experiments/get"]
    attributes = {each.key: each.value for each in span.attributes}
    assert path == "/v1/traces"
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (trace_id, parent)
    assert attributes["http.route"].string_value == "/api/2.0/mlflow/experiments/get"
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["trackside.request_id"].string_value == answer.headers["x-request-id"]
    assert span.end_time_unix_nano > span.start_time_unix_nano


def test_a_server_that_makes_no_traces_imports_nothing_for_them(server: Server) -> None:
    code = "import sys, trackside.app; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment()).returncode == 0
