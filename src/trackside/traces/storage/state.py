"""The state of a trace in the writer, and how calls change it.  Pure: the rules of merging, without SQL.

The start call and the spans arrive in any order, several of each.  The start call determines time, duration, state and the values
that it contains; spans fill missing values.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from trackside.traces import model as m
from trackside.traces.assessments.model import Assessment
from trackside.traces.ingest.batch import Batch
from trackside.traces.ingest.rollup import Node, cost_of, usage_of

SMALL_TRACE = 2_000  # tokens of traces up to this many spans are summed with each batch


class State(Struct):
    """A row of `traces` without its keys; the fields have the names of the columns."""

    trace_id: str
    experiment_seq: int
    timestamp_ms: int
    duration_ms: int | None = None
    state: str = m.State.IN_PROGRESS
    name: str | None = None
    root_name: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    client_request_id: str | None = None
    source_run: str | None = None
    model_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None
    wanted_spans: int | None = None
    span_count: int = 0
    size_bytes: int = 0
    is_finalized: int = 0
    has_spans: int = 0
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}


class Start(Struct, frozen=True):
    """The values of a start call; the writer checks `experiment_id`."""

    trace_id: str
    experiment_id: str
    timestamp_ms: int
    duration_ms: int | None
    state: str
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    tags: dict[str, str]
    metadata: dict[str, str]
    is_final: bool = True
    assessments: Sequence[Assessment] = ()
    may_write: Callable[[str], bool] | None = None  # of the experiment that the trace is in at that time


def add_start(trace: State, start: Start) -> None:
    trace.timestamp_ms = start.timestamp_ms
    trace.duration_ms = start.duration_ms
    trace.state = start.state
    trace.client_request_id = start.client_request_id
    trace.request_preview = trace.request_preview if start.request_preview is None else start.request_preview
    trace.response_preview = trace.response_preview if start.response_preview is None else start.response_preview
    trace.is_finalized = 1 if start.is_final or trace.is_finalized else 0
    add_tags(trace, start.tags)
    add_metadata(trace, start.metadata)
    if start.is_final:
        trace.metadata[m.FINALIZED] = "true"


def add_tags(trace: State, tags: Mapping[str, str]) -> None:
    trace.tags.update(tags)
    trace.name = trace.tags.get(m.NAME)


def add_metadata(trace: State, metadata: Mapping[str, str]) -> None:
    """Add metadata, and update the columns that repeat some of it."""
    trace.metadata.update(metadata)
    if m.SESSION in metadata:
        trace.session_id = metadata[m.SESSION]
    if m.USER in metadata:
        trace.user_id = metadata[m.USER]
    if m.SOURCE_RUN in metadata:
        trace.source_run = metadata[m.SOURCE_RUN]
    if m.MODEL_ID in metadata:
        trace.model_id = metadata[m.MODEL_ID]
    if m.TOKEN_USAGE in metadata:
        _set(trace, m.tokens_of(m.json_object(metadata[m.TOKEN_USAGE])))
    if m.COST in metadata:
        _set(trace, m.costs_of(m.json_object(metadata[m.COST])))
    if m.SIZE_STATS in metadata:
        trace.wanted_spans = m.whole(m.json_object(metadata[m.SIZE_STATS]).get("num_spans"))


def add_spans(trace: State, batch: Batch) -> None:
    """Add the values of spans except tokens and costs, which depend on all spans."""
    if not trace.is_finalized:
        end_ms = None if trace.duration_ms is None else trace.timestamp_ms + trace.duration_ms
        trace.timestamp_ms = min(trace.timestamp_ms, batch.start_ms)
        if batch.end_ms is not None:
            end_ms = batch.end_ms if end_ms is None else max(end_ms, batch.end_ms)
        trace.duration_ms = None if end_ms is None else end_ms - trace.timestamp_ms
    if trace.state in (m.State.IN_PROGRESS, m.State.UNSPECIFIED) and batch.root_state is not None:
        trace.state = batch.root_state
    trace.root_name = batch.root_name or trace.root_name
    trace.request_preview = batch.request_preview if trace.request_preview is None else trace.request_preview
    trace.response_preview = batch.response_preview if trace.response_preview is None else trace.response_preview
    if batch.session and trace.session_id is None:
        trace.session_id = trace.metadata[m.SESSION] = batch.session
    if batch.user and m.USER not in trace.metadata:
        trace.user_id = trace.metadata[m.USER] = batch.user
    trace.has_spans = 1
    trace.size_bytes += len(batch.body)
    add_tags(trace, {**batch.tags, m.SPANS_LOCATION: m.IN_STORE})


def wants_usage(trace: State, batch: Batch) -> bool:
    """Return whether tokens are summed from the spans: those of a start call take precedence."""
    given = trace.is_finalized and any(getattr(trace, key) is not None for key in (*m.TOKEN_KEYS, *m.CACHE_KEYS))
    return not given and (_ends_large(trace, batch) or batch.has_usage)


def wants_cost(trace: State, batch: Batch) -> bool:
    given = trace.is_finalized and any(getattr(trace, key) is not None for key in m.COST_KEYS)
    return not given and (_ends_large(trace, batch) or batch.has_cost)


def is_summed(trace: State) -> bool:
    """Return whether arriving spans are summed now: for a large trace in progress only when its root arrives."""
    return trace.span_count <= SMALL_TRACE or trace.state != m.State.IN_PROGRESS


def _ends_large(trace: State, batch: Batch) -> bool:
    """Return whether the root arrived of a trace whose other spans were not summed."""
    return batch.root_state is not None and trace.span_count > SMALL_TRACE


def set_usage(trace: State, nodes: Sequence[Node]) -> None:
    """Set tokens and costs; `nodes` are all spans of the trace."""
    usage = usage_of(nodes)
    if usage:
        _set(trace, m.tokens_of(usage))
        trace.metadata[m.TOKEN_USAGE] = msgspec.json.encode(usage).decode()


def set_cost(trace: State, nodes: Sequence[Node]) -> None:
    cost = cost_of(nodes)
    if cost:
        _set(trace, m.costs_of(cost))
        trace.metadata[m.COST] = msgspec.json.encode(cost).decode()


def _set(trace: State, numbers: Struct) -> None:
    for key in numbers.__struct_fields__:
        value = getattr(numbers, key)
        if value is not None:
            setattr(trace, key, value)
