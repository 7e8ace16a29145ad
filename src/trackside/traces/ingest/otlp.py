"""Decodes OTLP requests (protobuf and JSON) to spans.

The protobuf messages are imported with the first request, since most servers start without one.  Repeated fields are sliced to
lists, over which a loop takes a third of the time.
"""

import base64
import json
from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trackside.traces.ingest import bounds
from trackside.traces.ingest.batch import root_last
from trackside.traces.spans import CODES, REQUEST_ID, Event, Link, Span, Status, encode

SERVICE = "service.name"
# Agents whose service name is put onto their root spans, as MLflow's UI shows it.
AGENTS = frozenset({"claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"})
MAX_NAME, MOST_NAMES = (
    100,
    1_000,
)  # characters and number of cached JSON names: most spans have the same few
_NO_ID = b"\0" * 8
_ID_FIELDS = ("traceId", "spanId", "parentSpanId")


class Malformed(Exception):
    """The request is not an OTLP request; `detail` is the message of MLflow's server, `status` the HTTP status."""

    def __init__(self, detail: Any, status: int = 400) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class Sent:
    """The spans of one trace in a request, and the attributes of the first resource that sent some."""

    def __init__(self, trace: "_Ids", resource: Mapping[str, Any]) -> None:
        self.resource = resource
        self.has_root = False
        self._trace = trace
        self._messages: list[tuple[Any, str | None]] = []  # with the agent that sent each

    def add(self, message: Any, agent: str | None) -> None:
        self._messages.append((message, agent))
        self.has_root = self.has_root or _is_root(message)

    def portions(self, most: int) -> Iterator[list[Span]]:
        """Yield the spans, at most `most` at a time and the root last, since it ends the trace.  Each portion is decoded when it
        is asked for, so that the spans of a request are not all in memory.  Raise Malformed."""
        for portion in root_last(self._messages, lambda each: _is_root(each[0]), most):
            yield [_span(message, self._trace, agent) for message, agent in portion]


def _is_root(message: Any) -> bool:
    parent = message.parent_span_id
    return not parent or not any(parent)


def read(body: bytes, *, is_json: bool) -> dict[str, Sent]:
    """Return the spans of a request by the trace's id.  Raise Malformed, or TooLarge for more than `bounds` allows."""
    bounds.check_parts(body, is_json=is_json)
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
    sent: dict[bytes, Sent] = {}  # by the id as it was sent
    found: dict[str, Sent] = {}
    count = 0
    for group in request.resource_spans:
        resource = {pair.key: _plain(pair.value) for pair in group.resource.attributes}
        service = resource.get(SERVICE)
        agent = service if isinstance(service, str) and service in AGENTS else None
        for scope in group.scope_spans:
            count += len(scope.spans)
            bounds.check_spans(count, len(sent))
            for message in scope.spans[:]:
                trace_id = message.trace_id
                of_trace = sent.get(trace_id)
                if of_trace is None:
                    trace = _ids(trace_id)
                    of_trace = sent[trace_id] = found.setdefault(trace.trace_id, Sent(trace, resource))
                if not of_trace.resource:
                    of_trace.resource = resource
                of_trace.add(message, agent)
    bounds.check_spans(count, len(sent))
    return found


class _Ids(NamedTuple):
    """A trace's id in MLflow's form, in base64, and as the JSON text of an attribute."""

    trace_id: str
    base64: str
    text: str


def _ids(given: bytes) -> _Ids:
    if not given:  # an id of zeros is valid, as on MLflow's server
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
    attributes = {}
    for pair in message.attributes[:]:
        value = pair.value
        text = value.string_value
        attributes[pair.key] = encode(text).decode() if text else _text(value)
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
        [_event(event) for event in message.events[:]],
        _status(message.status),
        attributes,
        [_link(link) for link in message.links[:]],
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
    """Return the JSON text of an attribute's value, as `json.dumps` writes it; callers check for a non-empty string first.

    For a non-zero number the kind of the value need not be looked up: nearly all values are texts or numbers."""
    if number := value.int_value:
        return str(number)
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        members: dict[str, str] = {}
        for pair in value.kvlist_value.values[:]:
            key, member = pair.key, pair.value
            name = _NAMES.get(key) or _name(key)
            if text := member.string_value:
                members[key] = name + encode(text).decode()
            elif number := member.int_value:
                members[key] = f"{name}{number}"
            else:
                members[key] = name + _text(member)
        return f"{{{', '.join(members.values())}}}"
    if kind == "array_value":
        texts = []
        for member in value.array_value.values[:]:
            text = member.string_value
            texts.append(encode(text).decode() if text else _text(member))
        return f"[{', '.join(texts)}]"
    return json.dumps(_plain(value), default=str)


def _name(key: str) -> str:
    """Return the JSON text of a member's name, with its colon."""
    name = f"{encode(key).decode()}: "
    if len(key) <= MAX_NAME:
        if len(_NAMES) == MOST_NAMES:
            _NAMES.clear()
        _NAMES[key] = name
    return name


_NAMES: dict[str, str] = {}  # of members in earlier requests


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
    """Return a value for JSON: bytes as base64, NaN as a text."""
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
    """Parse OTLP's JSON, whose ids are hexadecimal, into a protobuf message, whose JSON has base64."""
    from google.protobuf import json_format  # type: ignore[import-untyped]  # noqa: PLC0415  # has no stubs; see above

    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("not an object")
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
