"""Decodes traces.json, which clients before 3.4 upload, to spans: MLflow 2's form and MLflow 3's.  Pure."""

import base64
import json
from typing import Any

import msgspec

from trackside.core.errors import Invalid
from trackside.traces.spans import CODES, REQUEST_ID, Event, Link, Span, Status

_CODES = {"OK": CODES[1], "ERROR": CODES[2]}


def read(data: bytes, trace_id: str) -> list[Span]:
    """Return the spans of a file.  Raise Invalid."""
    try:
        found = msgspec.json.decode(data)
        return [_span(each, trace_id) for each in found["spans"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as fault:
        raise Invalid(f"traces.json is not a file of a trace: {str(fault)[:200]}") from None


def _span(given: dict[str, Any], trace_id: str) -> Span:
    attributes = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in _map(given, "attributes").items()
    }
    attributes.setdefault(REQUEST_ID, json.dumps(trace_id))
    if "context" in given:
        return _of_version_2(given, attributes)
    parent = given.get("parent_span_id")
    status = given.get("status") or {}
    return Span(
        trace_id=_base64(given["trace_id"], 16),
        span_id=_base64(given["span_id"], 8),
        parent_span_id=_base64(parent, 8) if parent else None,
        name=_text(given["name"]),
        start_time_unix_nano=_number(given["start_time_unix_nano"]),
        end_time_unix_nano=_number(given.get("end_time_unix_nano") or 0) or None,
        events=[
            Event(_text(each["name"]), _number(each["time_unix_nano"]), _map(each, "attributes"))
            for each in given.get("events") or ()
        ],
        status=Status(status["code"] if status.get("code") in CODES else CODES[0], status.get("message") or None),
        attributes=attributes,
        links=[
            Link(str(each["trace_id"]), str(each["span_id"]), each.get("attributes"))
            for each in given.get("links") or ()
        ],
    )


def _of_version_2(given: dict[str, Any], attributes: dict[str, str]) -> Span:
    context = given["context"]
    parent = given.get("parent_id")
    return Span(
        trace_id=_from_hex(context["trace_id"], 16),
        span_id=_from_hex(context["span_id"], 8),
        parent_span_id=_from_hex(parent, 8) if parent else None,
        name=_text(given["name"]),
        start_time_unix_nano=_number(given["start_time"]),
        end_time_unix_nano=_number(given.get("end_time") or 0) or None,
        events=[
            Event(_text(each["name"]), _number(each["timestamp"]), _map(each, "attributes"))
            for each in given.get("events") or ()
        ],
        status=Status(_CODES.get(given.get("status_code", ""), CODES[0]), given.get("status_message") or None),
        attributes=attributes,
    )


def _map(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name) or {}
    if not isinstance(found, dict):
        raise TypeError(f"{name} is not an object")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is not a text")
    return value


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number < 2**64:
        raise ValueError("a time does not fit into 64 bits")
    return number


def _base64(text: str, size: int) -> str:
    return base64.b64encode(_sized(base64.b64decode(text, validate=True), size)).decode()


def _from_hex(text: str, size: int) -> str:
    return base64.b64encode(_sized(bytes.fromhex(text.removeprefix("0x").rjust(2 * size, "0")), size)).decode()


def _sized(given: bytes, size: int) -> bytes:
    if len(given) != size or not any(given):
        raise ValueError(f"an id does not have {size} bytes")
    return given
