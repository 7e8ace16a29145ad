"""Limits of an OTLP request that bytes do not express.  Pure.

An empty message takes two bytes of a request and up to 200 bytes of memory once it is parsed, and each trace and each span costs
the writer time.  The parts of a large request are therefore counted before it is parsed.
"""

import functools
from typing import Any

from trackside.core.errors import TooLarge

MAX_PARTS = 1_000_000  # messages in a request: spans, attributes, values, events, links
MAX_SPANS = 100_000
MAX_TRACES = 10_000

_Shape = dict[int, Any]  # the fields of a message that hold messages, with their shapes, by number


def check_parts(body: bytes, *, is_json: bool, most: int = MAX_PARTS) -> None:
    """Raise TooLarge if the request has more than `most` parts.  A malformed request is left to the parser."""
    if len(body) <= 2 * most:  # a part takes two bytes or more
        return
    if is_json:  # braces inside of texts count too: the number is an upper bound
        count = body.count(b"{") + body.count(b"[")
    else:
        count = _count(body, _request_shape(), most)
    if count > most:
        raise TooLarge(f"The request has more than {most} spans, attributes, events, links and values{_ADVICE}")


def check_spans(spans: int, traces: int) -> None:
    """Raise TooLarge for more spans or traces than the writer stores in one transaction."""
    if spans > MAX_SPANS:
        raise TooLarge(f"The request has more than {MAX_SPANS} spans{_ADVICE}")
    if traces > MAX_TRACES:
        raise TooLarge(f"The request has spans of more than {MAX_TRACES} traces{_ADVICE}")


_ADVICE = "; send fewer spans per request."


def _count(body: bytes, shape: _Shape, most: int) -> int:
    """Return the number of messages in the protobuf text of a message; a number above `most` once there are more."""
    count = 0
    waiting = [(0, len(body), shape)]
    try:
        while waiting:
            at, end, inner = waiting.pop()
            while at < end:
                tag = body[at]  # tags and most sizes have one byte: a call for each would double the time
                at += 1
                if tag >= 0x80:
                    tag, at = _varint(body, at - 1)
                kind = tag & 7
                if kind == 2:
                    size = body[at]
                    at += 1
                    if size >= 0x80:
                        size, at = _varint(body, at - 1)
                    child = inner.get(tag >> 3)
                    if child is not None:
                        count += 1
                        if count > most:
                            return count
                        if size:
                            waiting.append((at, at + size, child))
                    at += size
                elif kind == 0:
                    while body[at] >= 0x80:
                        at += 1
                    at += 1
                elif kind == 1:
                    at += 8
                elif kind == 5:
                    at += 4
    except IndexError:  # the body ends within a field, which the parser refuses
        pass
    return count


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80 or shift > 63:
            return value, at
        shift += 7


@functools.cache
def _request_shape() -> _Shape:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415  # most servers start without one
        ExportTraceServiceRequest,
    )

    return _shape(ExportTraceServiceRequest.DESCRIPTOR, {})


def _shape(descriptor: Any, known: dict[str, _Shape]) -> _Shape:
    shape = known.get(descriptor.full_name)
    if shape is None:
        shape = known[descriptor.full_name] = {}
        for field in descriptor.fields:
            if field.message_type is not None:
                shape[field.number] = _shape(field.message_type, known)
    return shape
