"""Encodes stored spans as an OTLP request.  Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from trackside.traces.spans import CODES, REQUEST_ID, Span, decode, value_of

INT64 = 2**63


def request_of(lines: Iterable[bytes]) -> bytes:
    made = ExportTraceServiceRequest()
    scope = made.resource_spans.add().scope_spans.add()
    for line in lines:
        _add(scope.spans.add(), decode(line))
    return bytes(made.SerializeToString())


def _add(made: Any, span: Span) -> None:
    made.trace_id = base64.b64decode(span.trace_id)
    made.span_id = base64.b64decode(span.span_id)
    if span.parent_span_id:
        made.parent_span_id = base64.b64decode(span.parent_span_id)
    made.name = span.name
    made.start_time_unix_nano = span.start_time_unix_nano
    if span.end_time_unix_nano:
        made.end_time_unix_nano = span.end_time_unix_nano
    values = {key: value_of(text) for key, text in span.attributes.items() if key != REQUEST_ID}
    made.attributes.extend(_pairs(values))
    for event in span.events:
        made.events.add(
            name=event.name,
            time_unix_nano=event.time_unix_nano,
            attributes=_pairs(
                {key: value_of(value) if isinstance(value, str) else value for key, value in event.attributes.items()}
            ),
        )
    for link in span.links:
        ids = _ids(link.trace_id, link.span_id)
        if ids is not None:
            made.links.add(trace_id=ids[0], span_id=ids[1], attributes=_pairs(link.attributes or {}))
    made.status.code = CODES.index(span.status.code)
    if span.status.message:
        made.status.message = span.status.message


def _pairs(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in values.items()]


def _value(value: Any) -> AnyValue:
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int() if -INT64 <= value < INT64:
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value.encode("utf-8", "replace").decode())
        case list():
            made = AnyValue()
            made.array_value.values.extend(_value(each) for each in value)
            made.array_value.SetInParent()
            return made
        case dict():
            made = AnyValue()
            made.kvlist_value.values.extend(_pairs(value))
            made.kvlist_value.SetInParent()
            return made
        case _:
            return AnyValue(string_value=json.dumps(value))


def _ids(trace_id: str, span_id: str) -> tuple[bytes, bytes] | None:
    try:
        ids = bytes.fromhex(trace_id.removeprefix("tr-")), bytes.fromhex(span_id.removeprefix("0x"))
    except ValueError:
        return None
    return ids if (len(ids[0]), len(ids[1])) == (16, 8) else None
