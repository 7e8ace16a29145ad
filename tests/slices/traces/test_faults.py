"""Faults during the ingest of traces: a killed server, a full disk, requests and traces of any size."""

import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from support.client import Api, Unanswered
from support.links import until
from support.processes.servers import Server
from support.traces import Sent, export, names, post, request, search, spans_of, trace_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def body_of(*numbers: int, size: int = 2_000) -> bytes:
    spans = [
        Sent(
            span, trace=number, parent=0 if span == 1 else 1, start=number, attributes={"t": f"{number} " * (size // 8)}
        )
        for number in numbers
        for span in (1, 2, 3)
    ]
    made: bytes = request(*spans).SerializeToString()
    return made


@pytest.mark.both
def test_a_killed_server_keeps_every_answered_trace(any_server: Server) -> None:
    acknowledged: list[int] = []
    enough = Event()

    def send(first: int) -> None:
        api = any_server.api
        for number in range(first, first + 5_000):
            try:
                if post(api, body_of(number)).status != 200:
                    return
            except Unanswered:
                return
            acknowledged.append(number)
            if len(acknowledged) >= 200:
                enough.set()

    with ThreadPoolExecutor(4) as threads:
        senders = [threads.submit(send, 1 + 5_000 * n) for n in range(4)]
        assert enough.wait(120)
        any_server.kill9()
        for each in senders:
            each.result()
    api = any_server.start().api

    kept: set[int] = set()
    token = None
    while True:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
        page = {"locations": [place], "max_results": 500, **({"page_token": token} if token else {})}
        answer = api.post("traces/search", version="3.0", **page)
        kept |= {int(each["trace_id"].removeprefix("tr-"), 16) for each in answer.get("traces", [])}
        token = answer.get("next_page_token")
        if not token:
            break
    assert len(acknowledged) >= 200
    assert set(acknowledged) <= kept
    assert all(len(spans_of(api, number)) == 3 for number in sorted(kept)[:: max(1, len(kept) // 50)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process that runs")
def test_a_full_disk_refuses_traces_until_it_has_room(server: Server) -> None:
    """A limit on file sizes has the effect of a full disk."""
    assert server.process is not None
    api = server.api
    export(api, Sent(1, trace=1))

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    outcomes = {number: post(api, body_of(number, size=200_000)).status for number in range(2, 12)}
    found = names(api)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, FREE)

    assert 1 in found
    assert set(outcomes.values()) <= {200, 503}
    assert 503 in outcomes.values()
    assert post(api, body_of(99)).status == 200
    server.kill9()
    kept = set(names(server.start().api))
    assert {number for number, status in outcomes.items() if status == 200} | {1, 99} == kept


def test_a_request_of_64_mib_is_taken_and_a_larger_one_is_refused(server: Server) -> None:
    api = server.api
    megabyte = "x" * (1 << 20)
    spans = [
        Sent(number, trace=1, parent=0 if number == 1 else 1, attributes={"t": megabyte}) for number in range(1, 64)
    ]

    taken = post(api, request(*spans).SerializeToString())
    refused = post(
        api, request(*spans, *(Sent(n, trace=2, attributes={"t": megabyte}) for n in (1, 2))).SerializeToString()
    )

    assert (taken.status, refused.status) == (200, 413)
    assert [each["trace_id"] for each in search(api)] == [trace_id(1)]
    assert len(spans_of(api)) == 63


@pytest.mark.both
def test_a_trace_of_32_843_spans_comes_in_batches_and_back(any_server: Server) -> None:
    api = any_server.api
    count, usage = 32_843, {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    for first in range(2, count + 1, 5_000):
        numbers = range(first, min(first + 5_000, count + 1))
        export(api, *(Sent(n, parent=1, start=n, attributes={"mlflow.chat.tokenUsage": usage}) for n in numbers))
    export(api, Sent(1, name="root", end=count))

    (found,) = search(api)
    spans = spans_of(api)

    assert len(spans) == count
    assert (spans[0]["name"], spans[1]["start_time_unix_nano"] < spans[-1]["start_time_unix_nano"]) == ("root", True)
    assert names(api, f"span.name = 'step' AND trace.text LIKE '%{'input_tokens'}%'") == [1]
    assert str(count - 1) in found["trace_metadata"]["mlflow.trace.tokenUsage"]


def test_spans_and_start_calls_through_two_servers_make_one_trace(start: object, postgres: object) -> None:
    """Parts of the same traces arrive at both servers at once."""
    store = ("--store", postgres.url(postgres.create()))  # type: ignore[attr-defined]
    one, two = (start(*store) for _ in range(2))  # type: ignore[operator]
    apis = [one.api, two.api]
    traces, usage = range(1, 41), {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}

    def part(api: Api, server: int) -> None:
        for number in traces:
            spans = [
                Sent(span, trace=number, parent=0 if span == 1 else 1, attributes={"mlflow.chat.tokenUsage": usage})
                for span in range(1 + server, 9, 2)
                if span != 1
            ]
            export(api, *spans, *([Sent(1, trace=number, name="root")] if server == 0 else []))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(part, apis, range(2)))

    for api in apis:
        until(lambda api=api: len(search(api)) == 40)  # type: ignore[misc]
        assert all(len(spans_of(api, number)) == 8 for number in traces)
        tokens = {each["trace_metadata"]["mlflow.trace.tokenUsage"] for each in search(api)}
        assert tokens == {'{"input_tokens":7,"output_tokens":14,"total_tokens":21}'}
