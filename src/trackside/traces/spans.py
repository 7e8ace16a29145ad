"""A span in its stored form and in three API forms.  Pure.

The stored form is MLflow's own in files: one JSON object, whose attributes are JSON texts.  The calls of MLflow 3 answer OTLP's
form, with typed values; files of MLflow 2 have hexadecimal ids in a `context`.
"""

import base64
import json
import math
from binascii import a2b_base64
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

REQUEST_ID = "mlflow.traceRequestId"
INPUTS = "mlflow.spanInputs"
OUTPUTS = "mlflow.spanOutputs"
TYPE = "mlflow.spanType"

CODES = ("STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR")
_WORDS = {"STATUS_CODE_UNSET": "UNSET", "STATUS_CODE_OK": "OK", "STATUS_CODE_ERROR": "ERROR"}
_INT64 = 2**63

encode = msgspec.json.encode


class Event(Struct, frozen=True):
    name: str = ""
    time_unix_nano: int = 0
    attributes: dict[str, Any] = {}


class Status(Struct, frozen=True):
    code: str = CODES[0]
    message: str | None = None


class Link(Struct, frozen=True):
    trace_id: str = ""
    span_id: str = ""
    attributes: dict[str, Any] | None = None


class Span(Struct, frozen=True):
    """`trace_id`, `span_id` and `parent_span_id` are base64; `attributes` are JSON texts by name."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start_time_unix_nano: int
    end_time_unix_nano: int | None
    events: list[Event] = []
    status: Status = Status()
    attributes: dict[str, str] = {}
    links: list[Link] = []

    @property
    def word(self) -> str:
        """Return OK, ERROR or UNSET, as in filters."""
        return _WORDS.get(self.status.code, "UNSET")


class Head(Struct, frozen=True):
    """The ids and the start of a span, which identify and order spans; the rest of a line is not decoded."""

    span_id: str
    parent_span_id: str | None
    start_time_unix_nano: int


decode = msgspec.json.Decoder(Span).decode
_head = msgspec.json.Decoder(Head).decode
_string = msgspec.json.Decoder(str).decode
_any = msgspec.json.Decoder().decode


def number_of(span_id: str) -> int:
    """Return the eight bytes of an id as a signed number."""
    return int.from_bytes(a2b_base64(span_id)[-8:], "big", signed=True)


def hex_of(span_id: str) -> str:
    return base64.b64decode(span_id).hex()


def in_order(lines: Iterable[bytes]) -> list[bytes]:
    """Return the last line of each span: the root first, then by start."""
    last: dict[str, tuple[bool, int, bytes]] = {}
    for line in lines:
        if line:
            head = _head(line)
            last[head.span_id] = (head.parent_span_id is not None, head.start_time_unix_nano, line)
    return [line for _, _, line in sorted(last.values(), key=lambda entry: entry[:2])]


def otlp_form(line: bytes) -> Raw:
    """Return a stored span in the form of MLflow 3's calls: protobuf's JSON of an OTLP span, with 64-bit integers as numbers."""
    span = decode(line)
    made: dict[str, Any] = {"trace_id": span.trace_id, "span_id": span.span_id}
    if span.parent_span_id:
        made["parent_span_id"] = span.parent_span_id
    made["name"] = span.name
    made["start_time_unix_nano"] = span.start_time_unix_nano
    if span.end_time_unix_nano:
        made["end_time_unix_nano"] = span.end_time_unix_nano
    made["attributes"] = [{"key": key, "value": _typed(text)} for key, text in span.attributes.items()]
    if span.events:
        made["events"] = [
            {"name": event.name, "time_unix_nano": event.time_unix_nano, "attributes": _pairs(event.attributes)}
            for event in span.events
        ]
    if span.links:
        made["links"] = [found for link in span.links if (found := _otlp_link(link)) is not None]
    made["status"] = {"code": span.status.code}
    if span.status.message:
        made["status"]["message"] = span.status.message
    return Raw(encode(made))


def file_of(lines: Sequence[bytes]) -> bytes:
    """Return the file traces.json of MLflow 3."""
    return b'{"spans":[' + b",".join(lines) + b"]}"


def old_file_of(lines: Sequence[bytes]) -> bytes:
    """Return the file traces.json of MLflow 2."""
    spans = [_old_form(decode(line)) for line in lines]
    root = next((span for span in spans if span["parent_id"] is None), None)
    attributes = {} if root is None else root["attributes"]
    return encode({"spans": spans, "request": attributes.get(INPUTS), "response": attributes.get(OUTPUTS)})


def value_of(text: str | None) -> Any:
    """Return the value of an attribute's JSON text; the text itself if it is not JSON."""
    if text is None:
        return None
    try:
        return _string(text) if text[:1] == '"' else loads(text)
    except (ValueError, RecursionError):
        return text


def loads(text: str) -> Any:
    """Return the result of `json.loads` in a quarter of its time.  Raise ValueError or RecursionError."""
    try:
        return _any(text)
    except ValueError:  # also for values that only the standard library accepts, such as NaN
        return json.loads(text)


def any_value(value: Any) -> dict[str, Any]:
    """Return a value in OTLP's typed form."""
    match value:
        case None:
            return {}
        case bool():
            return {"bool_value": value}
        case int() if -_INT64 <= value < _INT64:
            return {"int_value": value}
        case float():
            return {
                "double_value": value
                if math.isfinite(value)
                else str(value).replace("inf", "Infinity").replace("nan", "NaN")
            }
        case str():
            return {"string_value": value}
        case list():
            return {"array_value": {"values": [any_value(each) for each in value]}}
        case dict():
            return {"kvlist_value": {"values": _pairs(value)}}
        case _:
            return {"string_value": str(value)}


def _pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def _typed(text: str) -> dict[str, Any]:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return {"string_value": Raw(text.encode())}  # most of a span's bytes: a JSON text is copied without decoding
    return any_value(value_of(text))


def _otlp_link(link: Link) -> dict[str, Any] | None:
    """Return the OTLP form of a link; None for invalid ids."""
    try:
        trace_id = bytes.fromhex(link.trace_id.removeprefix("tr-").rjust(32, "0"))
        span_id = bytes.fromhex(link.span_id.removeprefix("0x").rjust(16, "0"))
    except ValueError:
        return None
    if len(trace_id) != 16 or len(span_id) != 8:
        return None
    made: dict[str, Any] = {
        "trace_id": base64.b64encode(trace_id).decode(),
        "span_id": base64.b64encode(span_id).decode(),
    }
    if link.attributes:
        made["attributes"] = _pairs(link.attributes)
    return made


def _old_form(span: Span) -> dict[str, Any]:
    return {
        "name": span.name,
        "context": {"span_id": f"0x{hex_of(span.span_id)}", "trace_id": f"0x{hex_of(span.trace_id)}"},
        "parent_id": f"0x{hex_of(span.parent_span_id)}" if span.parent_span_id else None,
        "start_time": span.start_time_unix_nano,
        "end_time": span.end_time_unix_nano,
        "status_code": span.word,
        "status_message": span.status.message or "",
        "attributes": span.attributes,
        "events": [
            {"name": event.name, "timestamp": event.time_unix_nano, "attributes": event.attributes}
            for event in span.events
        ],
    }
