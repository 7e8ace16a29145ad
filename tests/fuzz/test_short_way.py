"""Small calls use a fast path through the server (core/http/direct.py), which answers like the general path."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.raw import Line, Told
from support.processes.servers import Server
from support.runner.examples import examples

HEAD = b"Host: localhost\r\nUser-Agent: mlflow-python-client/3.17.2\r\nConnection: keep-alive\r\n"
TWICE = b"X-Twice: 1\r\nX-Twice: 2\r\n"  # such a request goes the long way
API = b"/api/2.0/mlflow/"

TARGETS = [
    API + b"runs/log-metric",
    API + b"runs/log-batch",
    API + b"runs/search",
    API + b"runs/get?run_id=unknown",
    API + b"runs/get?run_id=a&run_id=b",
    API + b"runs/get",
    API + b"experiments/get?experiment_id=0",
    API + b"experiments/get-by-name?experiment_name=D%65fault",
    API + b"experiments/search?max_results=one",
    API + b"experiments/search",
    API + b"experiments/search/",
    API + b"registered-models/delete",
    API + b"no/such/call",
    b"/ajax-api/2.0/mlflow/experiments/get?experiment_id=0",
    b"/api/3.0/mlflow/server-info",
    b"/ws/default/api/2.0/mlflow/experiments/get?experiment_id=0",
    b"/ws/nobody/api/2.0/mlflow/experiments/get?experiment_id=0",
    b"/ws/default/../default/api/2.0/mlflow/experiments/get?experiment_id=0",
    b"/health",
    b"/v1/traces",
    b"/v1/traces?of=nothing",
    b"/api/3.0/mlflow/traces",
]
TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"
BODIES = [
    b"",
    b"{}",
    b"[1]",
    b"{",
    b'{"run_id":"x"}',
    b'{"run_id":"x","key":"k","value":1,"timestamp":1}',
    b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"00f067aa0ba902b7","name":"a"}]}]}]}' % TRACE,
    b'{"trace":{"trace_info":{"trace_id":"tr-%s","trace_location":{"mlflow_experiment":{"experiment_id":"0"}}}}}'
    % TRACE,
    b'{"run_id":"x","metrics":[%s]}'
    % b",".join([b'{"key":"k","value":1,"timestamp":1,"step":%d}' % i for i in range(2000)]),
    b'"\\u0000"',
    b"\xff",
]
HEADERS = [
    b"",
    b"Content-Type: application/json\r\n",
    b"Content-Type: text/plain\r\n",
    b"X-MLFLOW-WORKSPACE: default\r\nContent-Type: application/json\r\n",
    b"X-MLFLOW-EXPERIMENT-ID: 0\r\nContent-Type: application/json\r\n",
    b"X-MLFLOW-EXPERIMENT-ID: 0\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
    b"X-MLFLOW-EXPERIMENT-ID: none\r\nContent-Type: application/json\r\n",
    b"X-MLFLOW-WORKSPACE: nobody\r\nContent-Type: application/json\r\n",
    b"Origin: http://evil.example\r\nContent-Type: application/json\r\n",
    b"Origin: http://localhost:3000\r\nContent-Type: application/json\r\n",
    b"Expect: 100-continue\r\nContent-Type: application/json\r\n",
]

SERIES = [
    (API + b"runs/log-metric", HEADERS[1]),
    (API + b"runs/log-metric", HEADERS[2]),
    (API + b"runs/search", HEADERS[1]),
    (API + b"runs/search", HEADERS[1] + TWICE),
    (API + b"runs/get", HEADERS[1]),
]

QUERIED = [
    API + b"runs/get",
    API + b"experiments/get-by-name",
    API + b"experiments/search",
    API + b"artifacts/list",
    b"/ws/nobody/api/2.0/mlflow/experiments/get",
]
QUERIES = [
    b"",
    b"run_id=unknown",
    b"run_id=a&run_id=b",
    b"run_id=a%2Fb+c&path=x",
    b"run_id=%00",
    b"run_id=a?b",
    b"run_id=a#b",
    b"experiment_name=D%65fault",
    b"experiment_name=Default",
    b"max_results=1",
    b"max_results=one",
    b"experiment_name=" + b"x" * 5000,
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("served") / "data", ("--durability", "relaxed")).start()
    yield server
    server.stop()


def ask(method: bytes, target: bytes, headers: bytes, body: bytes) -> bytes:
    length = b"" if method == b"GET" and not body else b"Content-Length: %d\r\n" % len(body)
    return method + b" " + target + b" HTTP/1.1\r\n" + HEAD + headers + length + b"\r\n" + body


def told(line: Line, data: bytes) -> Told:
    line.send(data)
    answer = line.answer()
    while answer.status == 100:
        answer = line.answer()
    headers = {name: value for name, value in answer.headers.items() if name != b"date"}
    return Told(answer.status, headers, answer.body)


@settings(max_examples=examples(400))
@given(
    st.sampled_from([b"GET", b"POST", b"DELETE", b"PATCH"]),
    st.sampled_from(TARGETS),
    st.sampled_from(HEADERS),
    st.sampled_from(BODIES),
)
def test_the_short_way_answers_as_the_long_one(
    served: Server, method: bytes, target: bytes, headers: bytes, body: bytes
) -> None:
    with Line(served.port) as line:
        short = told(line, ask(method, target, headers, body))
        assert short == told(line, ask(method, target, headers + TWICE, body))
        assert short.status < 500


@settings(max_examples=examples(100))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SERIES),
            st.sampled_from(range(len(BODIES))),  # a failure shows the number
            st.sampled_from([0, 0, 0, 1]),
            st.sampled_from([0, 0, 1]),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_a_request_is_answered_as_on_a_connection_of_its_own(
    served: Server, series: list[tuple[tuple[bytes, bytes], int, int, int]]
) -> None:
    """Requests of one connection repeat heads, in one piece or in two, and with an empty line before them."""
    with Line(served.port) as kept:
        for (target, headers), number, in_pieces, is_after_line in series:
            body = BODIES[number]
            data = ask(b"POST", target, headers, body)
            with Line(served.port) as fresh:
                alone = told(fresh, data)
            if is_after_line:
                kept.send(b"\r\n")
            if in_pieces:
                kept.send(data[: len(data) - len(body)])
                data = body or b""
            assert told(kept, data) == alone


@settings(max_examples=examples(100))
@given(
    st.sampled_from(QUERIED),
    st.sampled_from([b"", b"X-MLFLOW-WORKSPACE: default\r\n", b"X-MLFLOW-WORKSPACE: nobody\r\n", TWICE]),
    st.lists(st.sampled_from(range(len(QUERIES))), min_size=2, max_size=8),
)
def test_a_query_is_answered_as_on_a_connection_of_its_own(
    served: Server, target: bytes, headers: bytes, queries: list[int]
) -> None:
    """Requests of one connection repeat a head around another query."""
    with Line(served.port) as kept:
        for number in queries:
            data = ask(b"GET", target + b"?" + QUERIES[number], headers, b"")
            with Line(served.port) as fresh:
                alone = told(fresh, data)
            assert told(kept, data) == alone


def test_requests_sent_at_once_are_answered_in_their_order(served: Server) -> None:
    """One request uses the general path, and those before and after it the fast path."""
    with Line(served.port) as line:
        queries = [b"experiments/get?experiment_id=%d" % number for number in range(1000, 1020)]
        line.send(
            b"".join(ask(b"GET", API + query, TWICE if i % 3 == 1 else b"", b"") for i, query in enumerate(queries))
        )
        for number in range(1000, 1020):
            assert b"%d" % number in line.answer().body


def test_a_head_and_a_body_in_pieces_are_one_request(served: Server) -> None:
    body = b'{"experiment_ids":["0"],"max_results":1}'
    whole = ask(b"POST", API + b"runs/search", HEADERS[1], body)
    with Line(served.port) as line:
        for i in range(len(whole)):
            line.send(whole[i : i + 1])
        assert line.answer().status == 200
        line.send(whole)
        assert line.answer().status == 200
