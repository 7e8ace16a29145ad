"""The number of parts of an OTLP request, counted without parsing it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from support.runner.examples import examples
from trackside.core.errors import TooLarge
from trackside.traces.ingest.bounds import check_parts

_PADDING = 200  # characters; they make a request larger than twice its parts, so that these are counted

values = st.recursive(
    st.one_of(st.text(max_size=3), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans()),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)


@given(st.lists(st.lists(st.lists(values, max_size=3), max_size=3), max_size=3))
@settings(max_examples=examples(25))
def test_parts_are_counted_as_the_parser_finds_them(groups: list[list[list[object]]]) -> None:
    request = ExportTraceServiceRequest()
    parts = 0
    for group in groups:
        scope = request.resource_spans.add(schema_url="x" * _PADDING).scope_spans.add()
        parts += 2
        for attributes in group:
            span = scope.spans.add(trace_id=b"1" * 16, start_time_unix_nano=2**63, kind=3, flags=7)
            span.events.add(time_unix_nano=1)
            parts += 2
            for value in attributes:
                parts += 1 + _put(span.attributes.add(key="k").value, value)
    body = request.SerializeToString()

    check_parts(body, is_json=False, most=parts)
    if parts:
        with pytest.raises(TooLarge):
            check_parts(body, is_json=False, most=parts - 1)


@pytest.mark.parametrize(
    "cut", [b"\x0a", b"\x0a\xff", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x08\xff"]
)
def test_a_request_that_is_cut_off_is_left_to_the_parser(cut: bytes) -> None:
    check_parts(b"\x0a\0" + cut, is_json=False, most=2)


def _put(place: AnyValue, value: object) -> int:
    """Set the value, and return the number of messages that it takes."""
    match value:
        case bool():
            place.bool_value = value
        case str():
            place.string_value = value
        case int():
            place.int_value = value
        case float():
            place.double_value = value
        case list():
            place.array_value.SetInParent()
            return 2 + sum(_put(place.array_value.values.add(), each) for each in value)
    return 1
