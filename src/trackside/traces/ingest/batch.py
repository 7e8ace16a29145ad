"""The spans of one trace that arrived together, prepared for the store.  Pure, except for compression.

The expensive work is done here, outside of the writer: attributes are translated, lines encoded and compressed.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.traces import spans as forms
from trackside.traces.ingest.previews import preview
from trackside.traces.ingest.rollup import Node, counts_in, text_of
from trackside.traces.model import (
    COST_KEYS,
    MAX_SPAN_NAME,
    SERVER_TAGS,
    State,
    check_tag,
    cut_session,
    finite,
    json_object,
)
from trackside.traces.spans import Event, Span
from trackside.traces.storage import bodies

USAGE = "mlflow.chat.tokenUsage"
COST = "mlflow.llm.cost"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"
TAG_PREFIX = "mlflow.traceTag."
SESSIONS = ("session.id", "gen_ai.conversation.id")
USER_ID = "user.id"

MAX_MODEL = 500

Form = TypeVar("Form")  # of a span

# Adds MLflow's attributes to a span's attributes (JSON texts by name), using its events.
Translate = Callable[[dict[str, str], list[Event]], None]


class SpanRow(Struct, frozen=True):
    """A row of `trace_spans` without the trace and its experiment.  The fields have the names of the columns."""

    span_id: int
    parent_id: int | None
    name: str
    type: str
    status: str
    start_ms: int
    duration_us: int | None
    model: str | None
    provider: str | None
    token_usage: str | None
    input_cost: float | None
    output_cost: float | None
    total_cost: float | None


class Batch(Struct, frozen=True):
    trace_id: str
    start_ms: int
    end_ms: int | None
    root_state: str | None  # None: the root is not among the spans
    root_name: str | None
    request_preview: str | None
    response_preview: str | None
    session: str | None
    user: str | None
    tags: dict[str, str]  # of the resource and of the root span, which takes precedence
    rows: list[SpanRow]
    nodes: list[Node]
    has_usage: bool
    has_cost: bool
    body: bytes


def batch_of(trace_id: str, spans: Iterable[Span], resource: Mapping[str, Any], translate: Translate) -> Batch:
    """Return the batch of spans; the last one counts of a span that appears twice.  `resource` are the attributes of the
    sender."""
    by_id = {span.span_id: span for span in spans}
    rows, nodes, lines = [], [], []
    session = user = None
    root: Span | None = None
    for span in by_id.values():
        attributes = span.attributes
        translate(attributes, span.events)
        row, node = _row(span)
        rows.append(row)
        nodes.append(node)
        lines.append(forms.encode(span))
        if session is None and not attributes.keys().isdisjoint(SESSIONS):
            session = next((text for key in SESSIONS if (text := _text(attributes.get(key)))), None)
        if user is None and USER_ID in attributes:
            user = _text(attributes[USER_ID]) or None
        if span.parent_span_id is None:
            root = span
    ends = [span.end_time_unix_nano for span in by_id.values() if span.end_time_unix_nano]
    tags = _resource_tags(resource)
    if root is not None:
        tags.update(_root_tags(root.attributes))
    return Batch(
        trace_id=trace_id,
        start_ms=min(span.start_time_unix_nano for span in by_id.values()) // 1_000_000,
        end_ms=max(ends) // 1_000_000 if ends else None,
        root_state=None if root is None else State.ERROR if root.word == "ERROR" else State.OK,
        root_name=None if root is None else storable(root.name)[:MAX_SPAN_NAME],
        request_preview=None if root is None else _shown(preview(root.attributes.get(forms.INPUTS), "user")),
        response_preview=None if root is None else _shown(preview(root.attributes.get(forms.OUTPUTS), "assistant")),
        session=None if session is None else cut_session(storable(session)),
        user=None if user is None else storable(user)[:MAX_SPAN_NAME],
        tags=tags,
        rows=rows,
        nodes=nodes,
        has_usage=any(node.usage for node in nodes),
        has_cost=any(node.cost for node in nodes),
        body=bodies.compress(lines),
    )


def root_last(spans: Sequence[Form], is_root: Callable[[Form], bool], most: int) -> Iterator[Sequence[Form]]:
    """Yield the spans of a trace, at most `most` at a time, in their order except that the root is last: it ends the trace, whose
    tokens are then summed."""
    ordered = sorted(spans, key=is_root) if len(spans) > most else spans
    for start in range(0, len(ordered), most):
        yield ordered[start : start + most]


def rows_of(spans: Iterable[Span]) -> list[SpanRow]:
    """Return the rows of spans that are not stored yet."""
    return [_row(span)[0] for span in {span.span_id: span for span in spans}.values()]


def storable(text: str) -> str:
    """Return the text without NUL, which PostgreSQL cannot store."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _row(span: Span) -> tuple[SpanRow, Node]:
    attributes = span.attributes
    said = attributes.get
    span_id = forms.number_of(span.span_id)
    parent_id = forms.number_of(span.parent_span_id) if span.parent_span_id else None
    started, ended = span.start_time_unix_nano, span.end_time_unix_nano
    used = counts_in(said(USAGE))
    costs = json_object(said(COST)) or None
    row = SpanRow(
        span_id,
        parent_id,
        storable(span.name)[:MAX_SPAN_NAME],
        (_bounded(said(forms.TYPE)) or "UNKNOWN")[:MAX_SPAN_NAME],
        span.word,
        started // 1_000_000,
        (ended - started) // 1000 if ended else None,
        _bounded(said(MODEL)),
        _bounded(said(PROVIDER)),
        text_of(used),
        *(_costs_of(costs) if costs else _NO_COSTS),
    )
    return row, Node(span_id, parent_id, used, costs)


def _costs_of(costs: dict[str, Any]) -> list[float | None]:
    return [finite(costs.get(key)) for key in COST_KEYS]


_NO_COSTS = (None,) * len(COST_KEYS)


def _text(text: str | None) -> str:
    """Return the value of an attribute as text; empty for none."""
    if text is None:
        return ""
    value = forms.value_of(text)
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bounded(text: str | None) -> str | None:
    """Return the value of an attribute, truncated to the length of a column; None for none."""
    if text is None:
        return None
    return _column(text) if len(text) <= MAX_MODEL else _cut(text)


def _cut(text: str) -> str | None:
    return storable(_text(text))[:MAX_MODEL] or None


_column = lru_cache(maxsize=1_000)(_cut)  # types, models and providers: most spans have the same few


def _shown(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _resource_tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes of a resource that become tags: all except the SDK's own and those that the server keeps itself."""
    tags: dict[str, str] = {}
    for key, value in resource.items():
        if not key.startswith(("telemetry.sdk.", "mlflow.")):
            _add_tag(tags, key, value if isinstance(value, str) else json.dumps(value, default=str))
    return tags


def _root_tags(attributes: Mapping[str, str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key, text in attributes.items():
        if key.startswith(TAG_PREFIX):
            value = forms.value_of(text)
            _add_tag(tags, key.removeprefix(TAG_PREFIX), value if isinstance(value, str) else str(value))
    return tags


def _add_tag(tags: dict[str, str], key: str, value: str) -> None:
    """Add a tag, unless a call could not set it."""
    if key in SERVER_TAGS:
        return
    try:
        key, value = check_tag(key, storable(value))
    except Invalid:
        return
    tags[key] = value
