"""OTLP requests to spans.  Knows protobuf's messages and OTLP's JSON; knows no HTTP and no table.

The messages are imported with the first request: most servers start without one.
"""

import base64
import json
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct

from trackside.traces.spans import CODES, REQUEST_ID, Event, Link, Span, Status, encode

SERVICE = "service.name"
# Agents whose service's name is put onto their root spans, as MLflow's UI shows it.
AGENTS = frozenset({"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"})
MAX_KNOWN_KEY = 100  # characters of a member's name whose JSON text is remembered: most spans have the same few
_NO_ID = b"\0" * 8
_ID_FIELDS = ("traceId", "spanId", "parentSpanId")


class Malformed(Exception):
    """The request is no OTLP request; `detail` is what MLflow's server says of it.  `status` is the answer's."""

    def __init__(self, detail: Any, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Sent(Struct):
    """The spans of one trace in a request, and the attributes of the first resource that sent some."""

    spans: list[Span]
    resource: Mapping[str, Any]
    has_root: bool = False


def read(body: bytes, *, is_json: bool) -> dict[str, Sent]:
    """Return the spans of a request by the trace's id.  Raise Malformed: nothing of the request is kept then."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415  # see above
        ExportTraceServiceRequest,
    )

    request: Any = ExportTraceServiceRequest()
    try:
        if is_json:
            _parse_json(body, request)
        else:
            request.ParseFromString(body)
    except _faults():
        raise Malformed("Invalid OpenTelemetry format") from None
    if not request.resource_spans:
        raise Malformed("Invalid OpenTelemetry format - no spans found")
    sent: dict[str, Sent] = {}
    ids: dict[bytes, _Ids] = {}
    for group in request.resource_spans:
        resource = {pair.key: _plain(pair.value) for pair in group.resource.attributes}
        service = resource.get(SERVICE)
        agent = service if isinstance(service, str) and service in AGENTS else None
        for scope in group.scope_spans:
            for message in scope.spans:
                trace = ids.get(message.trace_id)
                if trace is None:
                    trace = ids[message.trace_id] = _ids(message.trace_id)
                span = _span(message, trace, agent)
                found = sent.get(trace.trace_id)
                if found is None:
                    found = sent[trace.trace_id] = Sent([], resource)
                elif not found.resource:
                    found.resource = resource
                found.spans.append(span)
                found.has_root = found.has_root or span.parent_span_id is None
    return sent


class _Ids(NamedTuple):
    """A trace's id in MLflow's form, in base64, and as the JSON text of an attribute."""

    trace_id: str
    base64: str
    text: str


def _ids(given: bytes) -> _Ids:
    if not given:  # zeros are ids, as on MLflow's server
        raise _no_span()
    trace = _id(given, 16)
    trace_id = f"tr-{trace.hex()}"
    return _Ids(trace_id, b2a_base64(trace, newline=False).decode(), f'"{trace_id}"')


def _span(message: Any, trace: _Ids, agent: str | None) -> Span:
    span_id, parent = message.span_id, message.parent_span_id
    if len(span_id) != 8:
        if not span_id:
            raise _no_span()
        span_id = _id(span_id, 8)
    if parent:
        parent = _id(parent, 8)
    has_parent = bool(parent) and parent != _NO_ID
    attributes = {pair.key: _text(pair.value) for pair in message.attributes}
    attributes[REQUEST_ID] = trace.text
    if agent is not None and not has_parent:
        attributes[SERVICE] = f'"{agent}"'
    return Span(
        trace.base64,
        b2a_base64(span_id, newline=False).decode(),
        b2a_base64(parent, newline=False).decode() if has_parent else None,
        message.name,
        message.start_time_unix_nano,
        message.end_time_unix_nano or None,
        [_event(event) for event in message.events],
        _status(message.status),
        attributes,
        [_link(link) for link in message.links],
    )


def _event(event: Any) -> Event:
    attributes = {pair.key: _json(_plain(pair.value)) for pair in event.attributes}
    return Event(event.name, event.time_unix_nano, attributes)


def _status(status: Any) -> Status:
    code, message = status.code, status.message
    return Status(_code(code), message) if message else _STATUSES.get(code, _UNSET)


def _code(code: int) -> str:
    return CODES[code] if code in (1, 2) else CODES[0]


_UNSET = Status()
_STATUSES = {code: Status(CODES[code]) for code in (1, 2)}


def _link(link: Any) -> Link:
    attributes = {pair.key: _json(_plain(pair.value)) for pair in link.attributes}
    return Link(f"tr-{_id(link.trace_id, 16).hex()}", _id(link.span_id, 8).hex(), attributes or None)


def _id(given: bytes, size: int) -> bytes:
    if len(given) > size:
        raise _no_span()
    return given.rjust(size, b"\0")


def _no_span() -> Malformed:
    return Malformed("Cannot convert OpenTelemetry span to MLflow span", 422)


def _text(value: Any) -> str:
    """Return the JSON text of an attribute's value, as `json.dumps` writes it.

    A member that is there and not empty needs no question which one it is: nearly all values are texts or numbers."""
    if text := value.string_value:
        return encode(text).decode()
    if number := value.int_value:
        return str(number)
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        members = {}
        for pair in value.kvlist_value.values:
            member = pair.value
            text = member.string_value
            members[pair.key] = encode(text).decode() if text else _text(member)
        return f"{{{', '.join([f'{_key(key)}: {text}' for key, text in members.items()])}}}"
    if kind == "array_value":
        return f"[{', '.join([_text(each) for each in value.array_value.values])}]"
    return json.dumps(_plain(value), default=str)


def _key(name: str) -> str:
    """Return the JSON text of a member's name."""
    return _known_key(name) if len(name) <= MAX_KNOWN_KEY else encode(name).decode()


@lru_cache(maxsize=1_000)
def _known_key(name: str) -> str:
    return encode(name).decode()


def _plain(value: Any) -> Any:
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_plain(each) for each in value.array_value.values]
        case "kvlist_value":
            return {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
        case kind:
            return getattr(value, kind)


def _json(value: Any) -> Any:
    """Return bytes as base64, as JSON has them; and NaN, which it has not, as a text."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case float() if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        case list():
            return [_json(each) for each in value]
        case dict():
            return {key: _json(each) for key, each in value.items()}
        case _:
            return value


def _parse_json(body: bytes, request: Any) -> None:
    """OTLP's JSON has ids in hexadecimal, and protobuf's JSON in base64."""
    from google.protobuf import json_format  # type: ignore[import-untyped]  # noqa: PLC0415  # has no stubs; see above

    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no object")
    for group in _dicts(found.get("resourceSpans")):
        for scope in _dicts(group.get("scopeSpans")):
            for span in _dicts(scope.get("spans")):
                for each in (span, *_dicts(span.get("links"))):
                    for name in _ID_FIELDS:
                        if given := each.get(name):
                            each[name] = base64.b64encode(bytes.fromhex(given)).decode()
    json_format.ParseDict(found, request, ignore_unknown_fields=True)


def _dicts(value: Any) -> Sequence[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _faults() -> tuple[type[Exception], ...]:
    from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]  # noqa: PLC0415  # as above
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415  # as above

    return (DecodeError, ParseError, ValueError, TypeError, RecursionError)
