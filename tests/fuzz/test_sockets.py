"""Requests as raw bytes, which no client library would send, to a server in a separate process."""

import re
import select
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from fuzz.raw import Line, Told
from support.client import Api
from support.processes.servers import Server

HOST = b"Host: localhost\r\n"
SEARCH = b"/api/2.0/mlflow/runs/search"
MB = 1 << 20
POINTS = 120_000  # 9 MB, more than the buffers between two processes hold
CHUNKED = (
    b"POST "
    + SEARCH
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("served") / "data", ("--durability", "relaxed")).start()
    yield server
    server.stop()


@pytest.fixture
def line(served: Server) -> Iterator[Line]:
    with Line(served.port) as opened:
        yield opened


def post(body: bytes = b"{}", more: bytes = b"", path: bytes = SEARCH) -> bytes:
    head = b"POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (path, HOST, more, len(body)) + body


def assert_serves(server: Server) -> None:
    with Line(server.port) as line:
        line.send(post())
        assert line.answer().status == 200


def highest_bytes(server: Server) -> int:
    """Return the peak memory of the server."""
    assert server.process is not None
    for said in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if said.startswith("VmHWM:"):
            return int(said.split()[1]) << 10
    raise AssertionError("no VmHWM")


def told(server: Server, data: bytes) -> Told:
    with Line(server.port) as line:
        line.send(data)
        return line.answer()


def test_malformed_requests_are_refused_in_mlflows_form(served: Server, subtests: pytest.Subtests) -> None:
    cases = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", 400),
        (b"GET  HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET no-slash HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"CONNECT localhost:22 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"TRACE /health HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"x: a\x01b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"x: a\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: abc\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        (CHUNKED + b"zz\r\n", 400),
        (CHUNKED + b"1\r\n{\r\nzz\r\n", 400),
    ]
    for data, status in cases:
        with subtests.test(data=data, status=status):
            answer = told(served, data)

            assert answer.status == status
            assert set(answer.json) == {"error_code", "message"}
            assert_serves(served)


def test_a_body_in_another_transfer_coding_is_refused_and_the_connection_ends(
    served: Server, subtests: pytest.Subtests
) -> None:
    cases: list[tuple[bytes, ...]] = [
        (b"gzip, chunked",),
        (b"gzip,chunked",),
        (b"identity, chunked",),
        (b"chunked, chunked",),
        (b"x, Chunked",),
        (b"gzip", b"chunked"),
        (b"chunked", b"chunked"),
        (b", chunked",),
    ]
    for codings in cases:
        with subtests.test(codings=codings):
            heads = b"".join(b"Transfer-Encoding: %s\r\n" % coding for coding in codings)
            head = b"POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\n%s\r\n" % (SEARCH, HOST, heads)
            data = head + b"2\r\n{}\r\n0\r\n\r\n"

            with Line(served.port) as line:
                line.send(data + b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n")
                answer = line.answer()

                assert (answer.status, answer.json["error_code"]) == (400, "BAD_REQUEST")
                if codings[0] != b"chunked" and b"chunked, " not in codings[0]:  # else the parser itself refuses it
                    assert (
                        answer.json["message"]
                        == f"Transfer-Encoding is {codings[0].decode()!r}; it must be chunked, and given once."
                    )
                assert answer.headers[b"connection"] == b"close"
                assert line.answer().status == 0
            assert_serves(served)


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b" chunked "])
def test_a_chunked_body_is_read(line: Line, coding: bytes) -> None:
    heads = HOST + b"Content-Type: application/json\r\nTransfer-Encoding: " + coding

    line.send(b"POST " + SEARCH + b" HTTP/1.1\r\n" + heads + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

    assert line.answer().status == 200


@pytest.mark.parametrize("name", [b"x", b"host"])
def test_an_endless_head_takes_no_memory(served: Server, name: bytes) -> None:
    before = highest_bytes(served)

    with Line(served.port) as line:
        line.send(b"GET /health HTTP/1.1\r\n" + name + b": ")
        for _ in range(30):
            line.send(b"y" * MB)
        answer = line.answer()

    assert (answer.status, answer.json["error_code"]) == (431, "BAD_REQUEST")
    assert highest_bytes(served) - before < 8 * MB
    assert_serves(served)


def test_endless_trailers_and_chunk_extensions_take_no_memory(served: Server) -> None:
    before = highest_bytes(served)
    head = (
        b"POST "
        + SEARCH
        + b" HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    for endless in (b"0\r\nx: ", b"2;a="):
        with Line(served.port) as line:
            line.send(head + endless)
            for _ in range(30):
                line.send(b"y" * MB)
            assert line.answer().status == 431

    assert highest_bytes(served) - before < 8 * MB
    assert_serves(served)


@pytest.mark.slow
def test_bodies_of_100_mb_are_refused_and_take_no_memory(served: Server) -> None:
    before = highest_bytes(served)
    chunked = (
        b"POST "
        + SEARCH
        + b" HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answers: list[Told] = []

    def send_whole() -> None:
        with Line(served.port) as line:
            line.send(post(b'{"a":"' + b"x" * (100 * MB) + b'"}'))
            answers.append(line.answer())

    def send_in_chunks() -> None:
        with Line(served.port) as line:
            line.send(chunked)
            for _ in range(100):
                line.send(b"100000\r\n" + b"x" * MB + b"\r\n")
            line.send(b"0\r\n\r\n")
            answers.append(line.answer())
            line.send(post())  # the connection is as good as before
            answers.append(line.answer())

    threads = [threading.Thread(target=send) for send in (send_whole, send_in_chunks) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers) == [200] * 3 + [413] * 6
    assert highest_bytes(served) - before < 128 * MB
    assert_serves(served)


@pytest.mark.slow
def test_a_body_of_100_mb_is_refused_early_or_written_to_a_file_on_every_route(
    served: Server, subtests: pytest.Subtests
) -> None:
    """With a Content-Length, and in chunks without one.  Only routes for files read to the end.

    The client sends one chunk more than the limit of the route, and then waits for the answer.  A client that sent until it saw
    the answer would send more on a busy machine, where it sends while the server is suspended."""
    before = highest_bytes(served)
    routes = non_get_routes(served)
    assert len(routes) > 80, routes

    for method, path in routes:
        takes_files = "/mlflow-artifacts/artifacts/" in path or path.endswith(("/sync/points", "/sync/bundle"))
        # In MB: one more than the limit, which is 80 for /sync/records and at most 64 elsewhere.
        enough = 100 if takes_files else 81 if path.endswith("/sync/records") else 65
        head = b"%s %s HTTP/1.1\r\n%sContent-Type: application/json\r\n" % (method.encode(), path.encode(), HOST)
        for length, chunk in (
            (b"Content-Length: %d\r\n\r\n" % (100 * MB), b"x" * MB),
            (b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b"x" * MB + b"\r\n"),
        ):
            with subtests.test(method=method, path=path, length=length), Line(served.port) as line:
                line.send(head + length)
                sent = 0
                while sent < enough and not select.select([line.socket], [], [], 0)[0]:
                    line.send(chunk)
                    sent += 1
                if sent == 100 and b"chunked" in length:
                    line.send(b"0\r\n\r\n")
                answer = line.answer()

                assert 200 <= answer.status < 500 or answer.status == 501, answer

    assert highest_bytes(served) - before < 128 * MB
    assert_serves(served)


def non_get_routes(server: Server) -> list[tuple[str, str]]:
    """Methods and paths, filled with names of nothing; of two paths of one route the first."""
    paths = server.api.get("/openapi.json")["paths"]
    return [
        (method.upper(), re.sub(r"\{[^}]+\}", "100mb", path))
        for path, methods in paths.items()
        if path.replace("/ajax-api/", "/api/") == path or path.replace("/ajax-api/", "/api/") not in paths
        for method in methods
        if method in ("post", "put", "patch", "delete")
    ]


@pytest.mark.slow
def test_concurrent_large_bodies_are_accepted_or_asked_to_retry(served: Server) -> None:
    body = b'{"experiment_ids":["0"],"filter":"' + b" " * (15 * MB) + b'"}'
    lines = [Line(served.port) for _ in range(10)]

    for line in lines:
        line.send(post(body)[:-1])  # all but the last byte: each is held
    for line in lines:
        line.send(body[-1:])
    answers = [line.answer() for line in lines]
    for line in lines:
        line.socket.close()

    assert {answer.status for answer in answers} == {200, 429}
    assert {answer.headers.get(b"retry-after") for answer in answers if answer.status == 429} == {b"1"}
    with Line(served.port) as line:
        line.send(post(body))
        assert line.answer().status == 200


@pytest.mark.parametrize(
    "deep", [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"[" * 1_000_000]
)
def test_json_of_a_hundred_thousand_levels_is_refused(served: Server, deep: bytes) -> None:
    assert told(served, post(deep)).status in (200, 400)
    assert told(served, post(b'{"experiment_ids":' + deep + b"}")).status in (200, 400)
    assert_serves(served)


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(line: Line) -> None:
    line.send(
        b"POST "
        + SEARCH
        + b" HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )

    assert line.answer().status == 413


def test_pipelined_requests_are_answered_in_order(line: Line) -> None:
    line.send(
        post() + b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n" + post(b'{"max_results":0}') + post(path=b"/nowhere")
    )

    assert [line.answer().status for _ in range(4)] == [200, 200, 400, 404]


def test_garbage_after_a_request_does_not_prevent_its_answer(line: Line) -> None:
    line.send(post() + b"\x00\x01 garbage\r\n\r\n")

    assert line.answer().status == 200
    assert line.is_closed()


@pytest.mark.parametrize("asked", [b"h2c", b"websocket"])
def test_an_upgrade_to_another_protocol_is_answered_by_http_1_with_the_body_read(line: Line, asked: bytes) -> None:
    more = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\nHTTP2-Settings: AAMAAABk\r\n" % asked

    line.send(post(b'{"max_results":-7}', more) + post(b'{"max_results":-8}', more))

    assert b"-7" in line.answer().body
    assert b"-8" in line.answer().body


def test_a_client_that_expects_100_continue_gets_it(line: Line) -> None:
    line.send(post(b"", b"Expect: 100-continue\r\n").replace(b"Content-Length: 0", b"Content-Length: 2"))
    line.send(b"{}")

    assert line.answer().status == 200


def test_requests_that_are_sent_byte_by_byte_are_answered(line: Line) -> None:
    for byte in post(b'{"max_results":3}'):
        line.send(bytes([byte]))

    assert line.answer().status == 200


def test_clients_that_disconnect_early_leave_the_server_unchanged(served: Server) -> None:
    artifact = b"/api/2.0/mlflow-artifacts/artifacts/0/half.bin"
    half = [
        post(b'{"experiment_ids":["0"]}')[:-5],
        b"GET /heal",
        b"PUT " + artifact + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 100_000,
        post(b'{"name":"cut"}', path=b"/api/2.0/mlflow/experiments/create"),  # whole, but nobody waits for its answer
    ]

    for data in half * 10:
        with Line(served.port) as line:
            line.send(data)

    assert_serves(served)
    with Line(served.port) as line:
        line.send(b"GET " + artifact + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert line.answer().status == 404


@pytest.mark.slow
def test_stalled_readers_block_no_other_call_and_get_the_whole_answer_later(any_server: Server) -> None:
    """A long history that waits for its reader holds neither a thread nor a connection to the store: other calls are answered,
    also histories, and writers merge the chunks that are still to be sent."""
    api = any_server.api
    run_id = long_history(api)

    with ExitStack() as stack:
        stuck = [stack.enter_context(Line(any_server.port, receive_bytes=4096)) for _ in range(20)]
        for line in stuck:
            line.send(history_call(run_id))
            assert line.socket.recv(1) == b"H"
        found = api.post("runs/search", experiment_ids=["0"])
        read = [step for step, _, _ in api.history(run_id, "m")]
        short = api.history(run_id, "short")
        for start in range(POINTS, POINTS + 6000, 200):
            metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(start, start + 200)]
            api.post("runs/log-batch", run_id=run_id, metrics=metrics)
        stuck[0].put_back(b"H")
        answer = stuck[0].answer()

    assert [run["info"]["run_id"] for run in found["runs"]] == [run_id]
    assert read == list(range(POINTS))
    assert short == [(0, 1, 1.0)]
    assert [each["step"] for each in answer.json["metrics"]] == list(range(POINTS))
    assert_serves(any_server)


def long_history(api: Api) -> str:
    """The end in small chunks."""
    run_id = api.new_run()
    api.post("runs/log-metric", run_id=run_id, key="short", value=1, timestamp=1)
    starts = [*range(0, POINTS - 1000, 1000), *range(POINTS - 1000, POINTS, 200)]
    for start, end in pairwise([*starts, POINTS]):
        metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(start, end)]
        api.post("runs/log-batch", run_id=run_id, metrics=metrics)
    return run_id


def history_call(run_id: str) -> bytes:
    target = b"/api/2.0/mlflow/metrics/get-history?metric_key=m&run_id=" + run_id.encode()
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"
