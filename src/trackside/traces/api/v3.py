"""The calls about traces of MLflow 3."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from trackside.core.access import Action, Reference, Visit
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.http import codec
from trackside.core.http.calls import JSON_TYPE, check_content_type
from trackside.core.http.direct import Answer, Small
from trackside.core.http.routes import HANDLED, LISTED, Route, command, flow, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import both, by
from trackside.runs import store as run_store
from trackside.traces import model as m
from trackside.traces.api.calls import TRACE, TraceSearch, check_write, may, search
from trackside.traces.assessments import model as am
from trackside.traces.assessments import store as assessment_store
from trackside.traces.spans import otlp_form
from trackside.traces.storage import awaited, changes, reader
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.reader import Row
from trackside.traces.storage.state import Start, State
from trackside.traces.storage.writer import write

Read = Callable[[], AbstractContextManager[Tx]]

VERSION = "3.0"
SPANS_AT_ONCE = 100  # that are encoded together
PIECE_BYTES = 1 << 20  # an answer is sent in pieces of this size
_AGENT = "mlflow-python-client/"
_KEEPS_SPANS = (3, 4)  # clients from this version on read the location of spans from the answer to a start


async def start(request: Request) -> Response:
    asked = _asked(request.headers, request.visit, await request.whole_body())
    trace: State = await request.write_together(write, asked)
    return Response(200, [JSON_TYPE], _started(trace, asked, request.headers))


def start_small(small: Small, answer: Answer) -> None:
    """Start a trace, for a small call with its whole body."""
    asked = _asked(small.headers, small.visit, small.body)
    small.write_together(write, asked, lambda trace: answer(200, [JSON_TYPE], _started(trace, asked, small.headers)))


def _asked(headers: Mapping[bytes, bytes], visit: Visit, body: bytes) -> Start:
    check_content_type(headers.get(b"content-type"))
    call: m.StartTrace = codec.decode_body(m.StartTrace, body)
    asked = start_of(call)
    check_write(visit, asked.experiment_id)
    return msgspec.structs.replace(asked, may_write=may(visit))


def _started(trace: State, asked: Start, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the answer to a start.  For a client that sends spans by OTLP it states that they are in the store; otherwise the
    client would also upload them as a file."""
    if version_of(headers) >= _KEEPS_SPANS:
        trace = msgspec.structs.replace(trace, tags={**trace.tags, m.SPANS_LOCATION: m.IN_STORE})
    said = [Raw(codec.encode(am.shown(each, trace.trace_id))) for each in asked.assessments]
    return codec.encode(m.OneTrace(trace=_wrapped(reader.info(_row(trace, asked.experiment_id), said))))


def start_of(call: m.StartTrace) -> Start:
    """Return the start of a call.  Raise Invalid if it lacks the trace or its location."""
    info = call.trace.trace_info if call.trace is not None else None
    if info is None:
        raise codec.missing("trace.trace_info")
    place = info.trace_location.mlflow_experiment if info.trace_location is not None else None
    if place is None or not place.experiment_id:
        raise codec.missing("trace.trace_info.trace_location.mlflow_experiment.experiment_id")
    tags = m.cut_map(info.tags, m.MAX_TAG)
    m.check_name(tags.get(m.NAME, ""))
    for key in m.SERVER_TAGS:
        tags.pop(key, None)
    metadata = m.cut_map(info.trace_metadata, m.MAX_METADATA)
    m.check_session(metadata.get(m.SESSION, ""))
    return Start(
        trace_id=m.check_id(info.trace_id),
        experiment_id=place.experiment_id,
        timestamp_ms=m.time_ms(info.request_time),
        duration_ms=m.duration_ms(info.execution_duration),
        state=m.state_of(info.state),
        client_request_id=info.client_request_id,
        request_preview=_preview(info.request_preview or info.request),
        response_preview=_preview(info.response_preview or info.response),
        tags=tags,
        metadata=metadata,
        assessments=[_assessment(each) for each in info.assessments or ()],
    )


def _assessment(given: Any) -> am.Assessment:
    if not isinstance(given, dict):
        raise Invalid(f"An assessment is JSON of type '{type(given).__name__}'; it must be an object.")
    wire: am.WireAssessment = codec.decode_body(am.WireAssessment, codec.encode(given))
    return am.read(wire, wire.assessment_id or assessment_store.new_id(), time.time_ns() // 1_000_000)


def version_of(headers: Mapping[bytes, bytes]) -> tuple[int, ...]:
    """Return the version of MLflow's Python client; (0,) for other clients."""
    agent = headers.get(b"user-agent", b"").decode("latin-1")
    if not agent.startswith(_AGENT):
        return (0,)
    numbers = agent.removeprefix(_AGENT).split(" ")[0].split(".")[:2]
    return tuple(int(each) for each in numbers if each.isdecimal() and len(each) < 6) or (0,)


def get_info(tx: Tx, call: m.OfTrace) -> m.OneTrace:
    row = reader.get(tx, call.trace_id)
    return m.OneTrace(trace=_wrapped(reader.info(row, _assessments(tx, [row]).get(row.seq, ()))))


@dataclass(frozen=True)
class Calls:
    """The calls that read spans."""

    files: BodyFiles

    def get(self, read: Read, call: m.GetTrace) -> Iterator[bytes]:
        with read() as tx:
            row = reader.find(tx, call.trace_id or "")
            if row is None:
                raise NotFound(f"Trace with ID {call.trace_id} is not found.")
            if not call.allow_partial and not row.is_whole:
                raise reader.not_exported(row.trace_id)
            (info,) = _infos(tx, [row])
            stored = reader.stored(tx, [row.seq], self.files)
        yield from _framed(b'{"trace":', _whole(info, stored.lines(row.seq)), b"}")

    def batch_get(self, read: Read, call: m.BatchGet) -> Iterator[bytes]:
        """Return traces with their spans; incomplete traces are left out."""
        with read() as tx:
            rows = [row for row in reader.by_ids(tx, call.trace_ids or [], call.experiment_ids) if row.is_whole]
            infos = _infos(tx, rows)
            stored = reader.stored(tx, [row.seq for row in rows], self.files)
        if not rows:
            yield b"{}"
            return
        traces = (
            piece
            for at, (row, info) in enumerate(zip(rows, infos, strict=True))
            for piece in _framed(b"," if at else b"", _whole(info, stored.lines(row.seq)), b"")
        )
        yield from _framed(b'{"traces":[', traces, b"]}")

    def find(self, tx: Tx, call: m.SearchTraces) -> m.Traces:
        if call.locations is None:
            raise codec.missing("locations")
        ids = [
            each.mlflow_experiment.experiment_id
            for each in call.locations
            if each.mlflow_experiment is not None and each.mlflow_experiment.experiment_id
        ]
        asked = TraceSearch(ids, call.filter, call.max_results, call.order_by, call.page_token)
        rows, token = search(tx, asked, self.files)
        return m.Traces(traces=_infos(tx, rows), next_page_token=token)


def batch_get_infos(tx: Tx, call: m.BatchGet) -> m.TraceInfos:
    rows = reader.by_ids(tx, call.trace_ids or [], call.experiment_ids)
    return m.TraceInfos(trace_infos=_infos(tx, rows))


def set_tag(tx: Tx, call: m.SetTag) -> None:
    m.check_changeable(call.key, "set")
    changes.set_tag(tx, call.trace_id, call.key or "", call.value or "")


def delete_tag(tx: Tx, call: m.DeleteTag) -> None:
    m.check_changeable(call.key, "deleted")
    changes.delete_tag(tx, call.trace_id, call.key or "")


def delete(tx: Tx, call: m.DeleteTraces) -> m.Deleted:
    return m.Deleted(traces_deleted=changes.delete(tx, call))


def _infos(tx: Tx, rows: Sequence[Row]) -> list[Raw]:
    assessments = _assessments(tx, rows)
    return [reader.info(row, assessments.get(row.seq, ())) for row in rows]


def _whole(info: Raw, lines: Sequence[bytes]) -> Iterator[bytes]:
    """Yield a trace with its spans, some spans at a time."""
    head = b'{"trace_info":' + bytes(info) + b',"spans":['
    for start in range(0, len(lines), SPANS_AT_ONCE):
        some = b",".join(bytes(otlp_form(line)) for line in lines[start : start + SPANS_AT_ONCE])
        yield (b"," if start else head) + some
    yield b"]}" if lines else head + b"]}"


def _framed(before: bytes, pieces: Iterator[bytes], after: bytes) -> Iterator[bytes]:
    """Put bytes before the first piece and after the last; a small answer stays one piece."""
    made = before
    for piece in pieces:
        made += piece
        if len(made) > PIECE_BYTES:
            yield made
            made = b""
    if made or after:
        yield made + after


def _assessments(tx: Tx, rows: Sequence[Row]) -> dict[int, list[Raw]]:
    return assessment_store.of_traces(tx, ((row.seq, row.trace_id) for row in rows))


def link_to_run(tx: Tx, call: m.LinkToRun) -> None:
    ids = call.trace_ids or []
    if len(ids) > changes.MOST_LINKS:
        raise Invalid(
            f"Cannot link more than {changes.MOST_LINKS} traces to a run in a single request. Provided {len(ids)} traces."
        )
    run_store.seq_of(tx, call.run_id or "")
    changes.link(tx, "run", [(row.seq, call.run_id or "") for row in reader.by_ids(tx, ids)])
    awaited.put(tx, call.run_id or "", [each for each in ids if m.is_id(each)])


def link_prompts(tx: Tx, call: m.LinkPrompts) -> None:
    seq = reader.seq_of(tx, call.trace_id or "")
    changes.link(tx, "prompt", [(seq, f"{each.name}/{each.version}") for each in call.prompt_versions or ()])


def _wrapped(info: Raw) -> Raw:
    return Raw(b'{"trace_info":' + bytes(info) + b"}")


def _row(trace: State, experiment_id: str) -> Row:
    """Return a trace of the writer in the reader's form."""
    return Row(
        (
            0,
            trace.trace_id,
            experiment_id,
            trace.timestamp_ms,
            trace.duration_ms,
            trace.state,
            trace.client_request_id,
            trace.request_preview,
            trace.response_preview,
            None,
            m.encode_map(trace.tags),
            m.encode_map(trace.metadata),
            trace.wanted_spans,
            trace.span_count,
            trace.has_spans,
            trace.root_name,
        )
    )


def _preview(text: str | None) -> str | None:
    if text is None or len(text) <= m.MAX_PREVIEW:
        return text
    return text[: m.MAX_PREVIEW - 3] + "..."


def _places(call: m.SearchTraces) -> list[Reference]:
    return [
        Reference("experiment", each.mlflow_experiment.experiment_id)
        for each in call.locations or ()
        if each.mlflow_experiment is not None
    ]


def routes(files: BodyFiles) -> list[Route]:
    calls = Calls(files)
    one = "traces/{trace_id}"
    reads, writes = Action.TRACES_READ, Action.TRACES_WRITE
    experiment = by("experiment", "experiment_id")
    return [
        stream(
            "POST traces",
            start,
            small=start_small,
            call=m.StartTrace,
            needs=writes,
            on=HANDLED,
            version=VERSION,
            answer=m.OneTrace,
        ),
        flow("GET traces/get", m.GetTrace, calls.get, needs=reads, on=TRACE, version=VERSION, answer=m.OneTrace),
        flow(
            "GET traces/batchGet", m.BatchGet, calls.batch_get, needs=reads, on=LISTED, version=VERSION, answer=m.Traces
        ),
        query(
            "POST traces/batchGetInfos",
            m.BatchGet,
            batch_get_infos,
            needs=reads,
            on=LISTED,
            version=VERSION,
            answer=m.TraceInfos,
        ),
        query(
            "POST traces/search", m.SearchTraces, calls.find, needs=reads, on=LISTED, version=VERSION, answer=m.Traces
        ),
        query(f"GET {one}", m.OfTrace, get_info, needs=reads, on=TRACE, version=VERSION, quick=True, answer=m.OneTrace),
        command(f"PATCH {one}/tags", m.SetTag, set_tag, needs=writes, on=TRACE, version=VERSION, quick=True),
        command(f"DELETE {one}/tags", m.DeleteTag, delete_tag, needs=writes, on=TRACE, version=VERSION, quick=True),
        command(
            "POST traces/link-to-run",
            m.LinkToRun,
            link_to_run,
            needs=writes,
            on=both(by("trace", "trace_ids"), by("run", "run_id", needs=Action.RUNS_WRITE)),
        ),
        command("POST traces/link-prompts", m.LinkPrompts, link_prompts, needs=writes, on=TRACE),
        *(
            command(
                "POST traces/delete-traces",
                m.DeleteTraces,
                delete,
                needs=Action.TRACES_DELETE,
                on=experiment,
                version=version,
                answer=m.Deleted,
            )
            for version in ("2.0", VERSION)
        ),
    ]
