"""Ingest and reads of traces: OTLP, start calls in any order, files of older clients."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from support import traces
from support.client import Api
from support.traces import AT_MS, Sent, export, file_of, info, post, request, search, spans_of, start, trace_id
from trackside.traces.storage.writer import MOST_TRACES

VALUES: dict[str, Any] = {
    "text": 'say "hé"',
    "whole": 7,
    "fraction": 2.5,
    "yes": True,
    "nothing": None,
    "list": [1, "two", [3.5]],
    "object": {"a": {"b": [True, None]}, "c": "世界"},
}


def test_spans_come_back_as_they_were_sent(api: Api) -> None:
    export(api, Sent(2, parent=1, name="child", start=3, attributes=VALUES), Sent(1, name="root", end=20))

    root, child = spans_of(api)

    assert root == {
        "trace_id": base64.b64encode((1).to_bytes(16, "big")).decode(),
        "span_id": base64.b64encode((1).to_bytes(8, "big")).decode(),
        "name": "root",
        "start_time_unix_nano": AT_MS * 1_000_000,
        "end_time_unix_nano": (AT_MS + 20) * 1_000_000,
        "attributes": {"mlflow.traceRequestId": trace_id(1)},
        "status": {"code": "STATUS_CODE_OK"},
    }
    assert child["parent_span_id"] == root["span_id"]
    assert child["attributes"] == {**VALUES, "mlflow.traceRequestId": trace_id(1)}


def test_a_trace_sent_only_by_otlp_gets_its_fields_from_its_spans(api: Api) -> None:
    export(
        api,
        Sent(1, name="root", attributes={"mlflow.spanInputs": {"q": "why"}, "mlflow.spanOutputs": "because"}, end=30),
        Sent(2, parent=1, start=-5, attributes={"session.id": "s-1", "user.id": "ada"}),
        resource={"service.name": "shop", "telemetry.sdk.name": "opentelemetry"},
    )

    (found,) = search(api)

    location = f"mlflow-artifacts:/0/traces/{trace_id(1)}/artifacts"
    assert found == {
        "trace_id": trace_id(1),
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
        "request_time": "2023-11-14T22:13:19.995Z",
        "root_span_name": "root",  # MLflow has no such field
        "execution_duration": "0.035s",
        "state": "OK",
        "request_preview": '{"q": "why"}',
        "response_preview": '"because"',
        "trace_metadata": {"mlflow.trace.session": "s-1", "mlflow.trace.user": "ada"},
        "tags": {
            "service.name": "shop",
            "mlflow.trace.spansLocation": "TRACKING_STORE",
            "mlflow.artifactLocation": location,
        },
    }


@pytest.mark.parametrize("is_start_first", [True, False])
def test_the_start_call_takes_precedence_in_any_order(api: Api, is_start_first: bool) -> None:
    fields: dict[str, Any] = {
        "tags": {"mlflow.traceName": "chat"},
        "trace_metadata": {"k": "v"},
        "request_preview": "asked",
    }
    steps: list[Callable[[], Any]] = [
        lambda: start(api, **fields),
        lambda: export(api, Sent(1, end=900, status=2, attributes={"mlflow.spanInputs": "other"})),
    ]
    for step in steps if is_start_first else reversed(steps):
        step()

    (found,) = search(api)

    assert (found["request_time"], found["execution_duration"], found["state"]) == (
        "2023-11-14T22:13:20Z",
        "0.056s",
        "OK",
    )
    assert (found["tags"]["mlflow.traceName"], found["request_preview"]) == ("chat", "asked")
    assert found["trace_metadata"] == {"k": "v", "mlflow.trace.infoFinalized": "true"}
    assert [span["name"] for span in spans_of(api)] == ["step"]


def test_a_request_of_more_traces_than_one_transaction_takes_is_stored_whole(api: Api) -> None:
    export(api, *[Sent(1, trace=number) for number in range(1, MOST_TRACES + 10)])

    assert spans_of(api, 1)
    assert spans_of(api, MOST_TRACES + 9)


def test_a_span_that_is_sent_again_replaces_the_one_before(api: Api) -> None:
    export(api, Sent(1, name="root"), Sent(2, parent=1, name="old"))
    export(api, Sent(2, parent=1, name="new"))
    export(api, Sent(2, parent=1, name="new"))

    assert [span["name"] for span in spans_of(api)] == ["root", "new"]
    assert traces.names(api, "span.name = 'old'") == []
    assert traces.names(api, "span.name = 'new'") == [1]


def test_tokens_of_a_parent_span_replace_those_of_its_children(api: Api) -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    sums = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30, "cache_read_input_tokens": 4}
    export(api, Sent(3, parent=2, attributes={"mlflow.chat.tokenUsage": usage}))
    export(api, Sent(4, parent=9, attributes={"mlflow.chat.tokenUsage": usage, "mlflow.llm.cost": {"total_cost": 0.5}}))
    export(api, Sent(2, parent=1, attributes={"mlflow.chat.tokenUsage": sums}), Sent(1))

    metadata = search(api)[0]["trace_metadata"]

    assert json.loads(metadata["mlflow.trace.tokenUsage"]) == {
        "input_tokens": 11,
        "output_tokens": 22,
        "total_tokens": 33,
        "cache_read_input_tokens": 4,
    }
    assert json.loads(metadata["mlflow.trace.cost"]) == {"input_cost": 0.0, "output_cost": 0.0, "total_cost": 0.5}


def test_spans_of_a_known_trace_stay_in_its_experiment(api: Api) -> None:
    other = api.new_experiment("other")
    start(api)
    export(api, Sent(1), experiment_id=other)

    assert traces.names(api, experiments=[other]) == []
    assert traces.names(api) == [1]


def test_a_trace_is_complete_after_all_counted_spans_have_arrived(api: Api) -> None:
    start(api, trace_metadata={"mlflow.trace.sizeStats": json.dumps({"num_spans": 2})})
    export(api, Sent(1))

    status, _, message = api.fault("traces/get", method="GET", trace_id=trace_id(1), version="3.0")
    assert (status, message) == (
        404,
        f"Trace with ID {trace_id(1)} is not fully exported yet, please try again later.",
    )
    part = api.get("traces/get", trace_id=trace_id(1), allow_partial="true", version="3.0")["trace"]
    assert len(part["spans"]) == 1
    assert api.get("traces/batchGet", trace_ids=[trace_id(1)], version="3.0") == {}

    export(api, Sent(2, parent=1))
    assert len(api.get("traces/batchGet", trace_ids=[trace_id(1)], version="3.0")["traces"][0]["spans"]) == 2


def test_several_traces_come_back_in_the_order_that_is_asked_for(api: Api) -> None:
    export(api, *(Sent(1, trace=number) for number in (1, 2, 3)))
    wanted = [trace_id(3), trace_id(9), trace_id(1)]

    whole = api.get("traces/batchGet", trace_ids=wanted, version="3.0")["traces"]
    infos = api.post("traces/batchGetInfos", trace_ids=wanted, version="3.0")["trace_infos"]

    assert [each["trace_info"]["trace_id"] for each in whole] == [trace_id(3), trace_id(1)]
    assert [each["trace_id"] for each in infos] == [trace_id(3), trace_id(1)]
    assert api.post("traces/batchGetInfos", trace_ids=wanted, experiment_ids=["7"], version="3.0") == {}


def test_a_body_may_be_compressed(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, Any]] = [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("identity", bytes),
    ]

    for number, (encoding, pack) in enumerate(cases, 1):
        with subtests.test(number=number, encoding=encoding):
            body = request(Sent(1, trace=number)).SerializeToString()

            reply = post(api, pack(body), content_encoding=encoding)

            assert reply.status == 200
            assert len(spans_of(api, number)) == 1


def test_otlp_as_json_is_accepted(api: Api) -> None:
    span = {
        "traceId": f"{1:032x}",
        "spanId": f"{1:016x}",
        "name": "json",
        "kind": 1,
        "startTimeUnixNano": str(AT_MS * 1_000_000),
        "endTimeUnixNano": (AT_MS + 5) * 1_000_000,
        "attributes": [{"key": "n", "value": {"intValue": "3"}}],
        "unheardOf": {},
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()

    reply = post(api, body, content_type="application/json; charset=utf-8")

    assert (reply.status, reply.headers["content-type"]) == (200, "application/x-protobuf")
    assert [(each["name"], each["attributes"]["n"]) for each in spans_of(api)] == [("json", 3)]


@pytest.mark.both
def test_the_root_of_an_otlp_trace_names_tags_and_a_run(api: Api) -> None:
    run_id = api.new_run()
    attributes = {"mlflow.traceTag.mlflow.traceName": "named", "mlflow.traceTag.team": "blue"}
    export(api, Sent(1, attributes=attributes), headers={"x-mlflow-run-id": run_id})

    (found,) = search(api, f"run_id = '{run_id}'")

    assert (found["tags"]["mlflow.traceName"], found["tags"]["team"]) == ("named", "blue")


def test_clients_are_told_that_the_spans_are_in_the_store(api: Api, subtests: pytest.Subtests) -> None:
    cases = [("3.17.2", True), ("3.4.0", True), ("3.3.2", False)]

    for number, (version, has_location) in enumerate(cases):
        with subtests.test(version=version):
            body = {"trace": {"trace_info": info(number)}}
            agent = {"user-agent": f"mlflow-python-client/{version}"}

            reply = api.ask("POST", "traces", body, version="3.0", headers=agent)

            tags = reply.json["trace"]["trace_info"]["tags"]
            assert ("mlflow.trace.spansLocation" in tags) is has_location
            stored = api.get("traces/" + trace_id(number), version="3.0")["trace"]["trace_info"]
            assert "mlflow.trace.spansLocation" not in stored["tags"]  # no span came yet


@pytest.mark.both
def test_the_file_of_a_trace_has_attributes_as_json_texts(api: Api) -> None:
    export(api, Sent(1, attributes={"n": [1], "t": "x"}, events=[("note", {"k": 1})]))

    (span,) = file_of(api)

    assert span["attributes"] == {"n": "[1]", "t": '"x"', "mlflow.traceRequestId": json.dumps(trace_id(1))}
    assert span["events"] == [{"name": "note", "time_unix_nano": 0, "attributes": {"k": 1}}]


@pytest.mark.both
def test_what_an_old_client_uploads_is_kept_as_spans_and_served_as_a_file(api: Api) -> None:
    made = api.post("traces", experiment_id="0", timestamp_ms=AT_MS, tags=[{"key": "mlflow.traceName", "value": "old"}])
    request_id = made["trace_info"]["request_id"]
    done = api.ask("PATCH", f"traces/{request_id}", {"timestamp_ms": AT_MS + 40, "status": "OK"}).json["trace_info"]
    span: dict[str, Any] = {
        "name": "old root",
        "context": {"span_id": f"0x{5:016x}", "trace_id": f"0x{6:032x}"},
        "parent_id": None,
        "start_time": AT_MS * 1_000_000,
        "end_time": (AT_MS + 40) * 1_000_000,
        "status_code": "OK",
        "status_message": "",
        "attributes": {"mlflow.traceRequestId": json.dumps(request_id), "mlflow.spanInputs": '{"x": 1}'},
        "events": [],
    }
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/traces/{request_id}/artifacts/traces.json"

    put = api.ask("PUT", path, {"spans": [span], "request": None, "response": None})

    assert (put.status, done["execution_time_ms"], done["status"]) == (200, 40, "OK")
    old = api.ask("GET", path, headers={"user-agent": "mlflow-python-client/2.22.0"}).json
    new = api.ask("GET", path, headers={"user-agent": "mlflow-python-client/3.0.0"}).json
    assert old == {"spans": [span], "request": '{"x": 1}', "response": None}
    assert [(each["name"], each["start_time_unix_nano"]) for each in new["spans"]] == [("old root", AT_MS * 1_000_000)]
    assert [each["trace_id"] for each in search(api, "span.name = 'old root'")] == [request_id]
    assert api.get(f"traces/{request_id}/info")["trace_info"]["request_id"] == request_id
    listed = api.get("traces", experiment_ids=["0"], max_results=5)["traces"]
    assert [each["request_id"] for each in listed] == [request_id]


def test_a_file_with_that_name_that_is_not_a_trace_is_stored_as_a_file(api: Api) -> None:
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/traces/{trace_id(1)}/artifacts/traces.json"
    start(api)

    for body in (b"no json", b'{"spans": [1]}', b'{"spans": []}'):
        assert api.ask("PUT", path, body).status == 200
        assert api.ask("GET", path).body == body


@pytest.mark.both
def test_other_conventions_are_translated_and_what_was_sent_is_kept(api: Api) -> None:
    sent = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m-1",
        "gen_ai.provider.name": "acme",
        "gen_ai.input.messages": '[{"role": "user", "content": "why"}]',
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 4,
    }
    other = {"openinference.span.kind": "RETRIEVER", "input.value": "q", "llm.token_count.prompt": 1}
    export(api, Sent(1, attributes=sent), Sent(2, parent=1, start=1, attributes=other))

    first, second = (span["attributes"] for span in spans_of(api))

    assert first.items() >= sent.items()
    assert (first["mlflow.spanType"], first["mlflow.llm.model"], first["mlflow.llm.provider"]) == (
        "CHAT_MODEL",
        "m-1",
        "acme",
    )
    assert first["mlflow.spanInputs"] == [{"role": "user", "content": "why"}]
    assert first["mlflow.chat.tokenUsage"] == {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    assert (second["mlflow.spanType"], second["mlflow.spanInputs"]) == ("RETRIEVER", "q")
    assert traces.names(api, "span.type = 'CHAT_MODEL' AND span.attributes.`mlflow.llm.model` = 'm-1'") == [1]
