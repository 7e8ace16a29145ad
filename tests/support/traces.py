"""Traces as clients send them: OTLP requests and start calls of chosen spans."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from support.client import Api, Reply

AT_MS = 1_700_000_000_000
MS = 1_000_000


@dataclass(frozen=True)
class Sent:
    """A span: ids are numbers, times are milliseconds after `AT_MS`."""

    span_id: int
    parent: int = 0
    name: str = "step"
    start: int = 0
    end: int | None = 10
    attributes: Mapping[str, Any] = field(default_factory=dict)
    status: int = 1
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()
    trace: int = 1


def trace_id(number: int) -> str:
    return f"tr-{number:032x}"


def request(*spans: Sent, resource: Mapping[str, Any] | None = None) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add()
    group.resource.attributes.extend(pairs(resource or {}))
    scope = group.scope_spans.add()
    for each in spans:
        span = scope.spans.add()
        span.trace_id = each.trace.to_bytes(16, "big")
        span.span_id = each.span_id.to_bytes(8, "big")
        if each.parent:
            span.parent_span_id = each.parent.to_bytes(8, "big")
        span.name = each.name
        span.start_time_unix_nano = (AT_MS + each.start) * MS
        if each.end is not None:
            span.end_time_unix_nano = (AT_MS + each.end) * MS
        span.attributes.extend(pairs(each.attributes))
        span.status.code = each.status
        for name, attributes in each.events:
            event = span.events.add()
            event.name = name
            event.attributes.extend(pairs(attributes))
    return made


def pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def any_value(value: Any) -> AnyValue:
    made = AnyValue()
    match value:
        case None:
            pass
        case bool():
            made.bool_value = value
        case int():
            made.int_value = value
        case float():
            made.double_value = value
        case str():
            made.string_value = value
        case bytes():
            made.bytes_value = value
        case list():
            made.array_value.SetInParent()
            made.array_value.values.extend([any_value(each) for each in value])
        case dict():
            made.kvlist_value.SetInParent()
            made.kvlist_value.values.extend(pairs(value))
    return made


def export(
    api: Api,
    *spans: Sent,
    experiment_id: str = "0",
    resource: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    reply = post(
        api, request(*spans, resource=resource).SerializeToString(), experiment_id=experiment_id, **(headers or {})
    )
    assert (reply.status, reply.body) == (200, b""), reply


def post(api: Api, body: bytes, *, experiment_id: str | None = "0", **headers: str) -> Reply:
    named = {} if experiment_id is None else {"x-mlflow-experiment-id": experiment_id}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.ask("POST", "/v1/traces", body, headers={"content-type": "application/x-protobuf", **named, **given})


def info(number: int = 1, *, experiment_id: str = "0", **fields: Any) -> dict[str, Any]:
    return {
        "trace_id": trace_id(number),
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}},
        "request_time": "2023-11-14T22:13:20Z",
        "execution_duration": "0.056s",
        "state": "OK",
        **fields,
    }


def start(api: Api, number: int = 1, *, experiment_id: str = "0", **fields: Any) -> Any:
    """Return the trace_info of the answer."""
    trace = {"trace_info": info(number, experiment_id=experiment_id, **fields)}
    return api.post("traces", trace=trace, version="3.0")["trace"]["trace_info"]


def spans_of(api: Api, number: int = 1) -> list[dict[str, Any]]:
    """Return each span with its attributes as plain values, and its ids as numbers."""
    return [plain(span) for span in api.get("traces/get", trace_id=trace_id(number), version="3.0")["trace"]["spans"]]


def file_of(api: Api, number: int = 1) -> list[dict[str, Any]]:
    """Return the spans of the trace's file."""
    reply = api.ask("GET", "/ajax-api/3.0/mlflow/get-trace-artifact", arguments={"request_id": trace_id(number)})
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = json.loads(reply.body)["spans"]
    return found


def plain(span: dict[str, Any]) -> dict[str, Any]:
    return {**span, "attributes": {pair["key"]: value_of(pair["value"]) for pair in span.get("attributes", [])}}


def value_of(value: dict[str, Any]) -> Any:
    match value:
        case {"array_value": {"values": values}}:
            return [value_of(each) for each in values]
        case {"kvlist_value": {"values": values}}:
            return {pair["key"]: value_of(pair["value"]) for pair in values}
        case _:
            return next(iter(value.values()), None)


def names(api: Api, filter_text: str = "", *, experiments: Sequence[str] = ("0",), **fields: Any) -> list[int]:
    """Return the numbers of the traces that a filter finds."""
    return [int(each["trace_id"].removeprefix("tr-"), 16) for each in search(api, filter_text, experiments, **fields)]


def search(api: Api, filter_text: str = "", experiments: Sequence[str] = ("0",), **fields: Any) -> list[dict[str, Any]]:
    locations = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in experiments]
    answer = api.post("traces/search", locations=locations, filter=filter_text, version="3.0", **fields)
    found: list[dict[str, Any]] = answer.get("traces", [])
    return found
