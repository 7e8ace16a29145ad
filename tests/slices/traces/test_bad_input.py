"""Invalid input of clients, and its errors."""

import gzip
import json
from typing import Any

import pytest

from support.client import Api
from support.traces import Sent, export, names, post, request, search, spans_of, start, trace_id


def test_spans_without_ids_are_refused_as_a_whole(api: Api) -> None:
    for name in ("trace_id", "span_id"):
        body = request(Sent(1, trace=7), Sent(2, trace=7))
        body.resource_spans[0].scope_spans[0].spans[1].ClearField(name)
        reply = post(api, body.SerializeToString())
        assert (reply.status, reply.json) == (422, {"detail": "Cannot convert OpenTelemetry span to MLflow span"})

    assert search(api) == []


def test_a_body_that_is_not_otlp_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[bytes, dict[str, str], int, str]] = [
        (b"\xff\xff\xff", {}, 400, "Invalid OpenTelemetry format"),
        (b"", {}, 400, "Invalid OpenTelemetry format - no spans found"),
        (b"[1]", {"content_type": "application/json"}, 400, "Invalid OpenTelemetry format"),
        (b'{"resourceSpans": 5}', {"content_type": "application/json"}, 400, "Invalid OpenTelemetry format"),
        (b"x", {"content_type": "text/plain"}, 400, "Invalid Content-Type: text/plain."),
        (b"x", {"content_encoding": "br"}, 400, "Unsupported Content-Encoding: br"),
        (b"x", {"content_encoding": "gzip"}, 400, "Failed to decompress gzip payload"),
        (
            gzip.compress(b"x" * 99, mtime=0)[:-9],
            {"content_encoding": "gzip"},
            400,
            "Failed to decompress gzip payload",
        ),
    ]

    for body, headers, status, said in cases:
        with subtests.test(body=body, headers=headers):
            reply = post(api, body, **headers)

            assert (reply.status, said in reply.json["detail"]) == (status, True), reply


def test_a_request_needs_an_existing_experiment(api: Api) -> None:
    body = request(Sent(1)).SerializeToString()

    assert post(api, body, experiment_id=None).status == 422
    assert post(api, body, experiment_id="999").json["message"] == "No Experiment with id=999 exists"
    assert post(api, body, experiment_id="abc").json["message"].startswith("Invalid experiment ID 'abc'")


def test_a_body_that_would_fill_the_memory_is_refused(api: Api) -> None:
    reply = post(api, gzip.compress(bytes(65 << 20)), content_encoding="gzip")

    assert reply.status == 413


def test_a_gzip_body_of_many_members_is_refused(api: Api) -> None:
    whole = gzip.compress(request(Sent(1)).SerializeToString())

    reply = post(api, whole + gzip.compress(b"") * 100_000, content_encoding="gzip")

    assert (reply.status, reply.json["message"]) == (413, "The body has more than 1000 gzip members; send it as one.")


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        (b"\x12\0" * 100_001, "more than 100000 spans"),
        (b"".join(b"\x12\x12\x0a\x10%016d" % number for number in range(10_001)), "more than 10000 traces"),
    ],
)
def test_a_request_of_too_many_spans_or_traces_is_refused(api: Api, spans: bytes, said: str) -> None:
    scope = b"\x12" + varint(len(spans)) + spans

    reply = post(api, b"\x0a" + varint(len(scope)) + scope)

    assert (reply.status, said in reply.json["message"]) == (413, True), reply


def test_json_with_too_many_elements_is_refused_before_parsing(api: Api) -> None:
    reply = post(api, b'{"resourceSpans": [' + b"{}," * 1_000_000 + b"{}]}", content_type="application/json")

    assert (reply.status, "more than 1000000 spans" in reply.json["message"]) == (413, True), reply


def varint(number: int) -> bytes:
    most, last = divmod(number, 128)
    return bytes([last]) if not most else bytes([last | 128]) + varint(most)


def test_a_cycle_of_spans_and_clocks_years_off_are_kept(api: Api) -> None:
    usage = {"mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}
    export(api, Sent(1, parent=2, attributes=usage), Sent(2, parent=1), Sent(3, parent=3))
    export(api, Sent(1, start=10**12, end=10**12 - 5, trace=2))

    assert len(spans_of(api)) == 3
    assert (
        json.loads(search(api, "request_id LIKE '%1'")[0]["trace_metadata"]["mlflow.trace.tokenUsage"])["total_tokens"]
        == 2
    )
    assert names(api, "execution_time_ms < 0") == [2]


def test_nul_characters_and_attributes_that_are_not_json_are_handled(api: Api) -> None:
    export(api, Sent(1, name="a\0b", attributes={"k": "x\0y", "mlflow.llm.cost": "{", "session.id": "s\0"}))

    (span,) = spans_of(api)
    assert (span["name"], span["attributes"]["k"]) == ("a\0b", "x\0y")


def test_a_session_id_that_is_too_long_is_cut_as_the_client_of_mlflow_cuts_it(api: Api) -> None:
    sessions = ["s" * 250, "l" * 251, "short"]

    export(
        api,
        *(Sent(1, trace=at, attributes={"session.id": session}) for at, session in enumerate(sessions, start=1)),
    )

    found = {each["trace_id"]: each["trace_metadata"]["mlflow.trace.session"] for each in search(api)}
    assert [found[trace_id(at)] for at in (1, 2, 3)] == ["s" * 250, "l" * 247 + "...", "short"]
    assert spans_of(api, 2)[0]["attributes"]["session.id"] == "l" * 251


def test_a_batch_that_is_sent_twice_counts_once(api: Api) -> None:
    usage = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1_000_000}
    batch = (Sent(1), Sent(2, parent=1, attributes=usage))
    start(api)

    for _ in range(2):
        export(api, *batch)

    (found,) = search(api)
    assert len(spans_of(api)) == 2
    assert json.loads(found["trace_metadata"]["mlflow.trace.tokenUsage"])["input_tokens"] == 1_000_000
    assert json.loads(found["trace_metadata"]["mlflow.trace.cost"])["total_cost"] == 2.5


def test_spans_that_come_after_the_deletion_of_their_trace_make_a_trace_of_what_came(api: Api) -> None:
    start(api)
    export(api, Sent(1, name="whole"))
    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)], version="3.0")

    export(api, Sent(2, parent=1, name="late"))

    (found,) = search(api)
    assert [span["name"] for span in spans_of(api)] == ["late"]
    assert (found["state"], found["tags"].get("mlflow.traceName")) == ("IN_PROGRESS", None)


@pytest.mark.parametrize("text", ["[" * 50_000, '{"resourceSpans":' * 5_000])
def test_otlp_as_json_that_is_nested_too_deeply_is_refused(api: Api, text: str) -> None:
    reply = post(api, text.encode(), content_type="application/json")

    assert (reply.status, reply.json["detail"]) == (400, "Invalid OpenTelemetry format")


def test_a_start_call_must_say_what_and_where(api: Api) -> None:
    wrong: list[dict[str, Any]] = [{"request_time": "yesterday"}, {"execution_duration": "long"}, {"trace_id": "../x"}]
    for fields in wrong:
        with pytest.raises(AssertionError, match="400"):
            start(api, **fields)
    assert api.fault("traces", trace={}, version="3.0")[0] == 400
    assert api.fault(f"traces/{trace_id(9)}", method="GET", version="3.0")[0] == 404


def test_an_assessment_of_a_start_call_is_an_object(api: Api, subtests: pytest.Subtests) -> None:
    for given, kind in (("x", "str"), ([1], "list"), (5, "int")):
        with subtests.test(given=given):
            said = f"400.*An assessment is JSON of type '{kind}'; it must be an object."
            with pytest.raises(AssertionError, match=said):
                start(api, assessments=[given])

            assert search(api) == []


def test_an_invalid_filter_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    texts = [
        "foo = 'x'",
        "span.color = 'x'",
        "name RLIKE '(a+)+b'",
        "name RLIKE '('",
        "status = ",
        "timestamp_ms = 'x'",
        "issue.x = '1'",
    ]

    for text in texts:
        with subtests.test(text=text), pytest.raises(AssertionError, match="400"):
            names(api, text)
