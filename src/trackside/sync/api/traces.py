"""What an import calls to put traces into a workspace.  Knows HTTP's side of it.

Traces come under their own ids, with their times, tags, assessments and links; each call may be repeated.
"""

import asyncio
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Answer, Call, encode
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.sync.api.files import PREFIX
from trackside.traces import model as m
from trackside.traces.api.v3 import start_of
from trackside.traces.ingest import encodings, files
from trackside.traces.ingest.batch import batch_of
from trackside.traces.spans import Event
from trackside.traces.storage import changes, reader
from trackside.traces.storage.state import Start
from trackside.traces.storage.writer import Spans, write

MAX_TRACES = 500
MAX_BODY_BYTES = encodings.MAX_BYTES  # as one request of OTLP: a trace comes as a whole
KINDS = ("run", "prompt")  # of links


class Brought(Struct, frozen=True):
    """A trace: `info` as MLflow 3 has it, with the experiment here; `spans` as in its files; `links` as pairs of a kind (`run` or
    `prompt`) and a target."""

    info: m.TraceInfo
    spans: list[dict[str, Any]] = []
    links: list[tuple[str, str]] = []


class PutTraces(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("traces",)
    traces: list[Brought] | None = None


class TracesPut(Answer, frozen=True):
    """`refused` says by the id of a trace why it was not taken."""

    taken: int
    refused: dict[str, str] = {}


async def put(request: Request) -> Response:
    check_content_type(request.headers.get(b"content-type"))
    body = await request.whole_body(MAX_BODY_BYTES)
    call: PutTraces = await request.in_thread(lambda: codec.decode_body(PutTraces, body))
    traces = call.traces or []
    if len(traces) > MAX_TRACES:
        raise Invalid(f"One call has {len(traces)} traces; at most {MAX_TRACES} are allowed.")
    answers = await asyncio.gather(*(_put(request, each) for each in traces), return_exceptions=True)
    refused = {}
    for each, answer in zip(traces, answers, strict=True):
        if isinstance(answer, Fault):
            refused[(each.info.trace_id or "")[: m.MAX_ID]] = answer.message
        elif isinstance(answer, BaseException):
            raise answer
    made = TracesPut(taken=len(traces) - len(refused), refused=refused)
    return Response(headers=[(b"content-type", b"application/json")], body=encode(made))


async def _put(request: Request, given: Brought) -> None:
    """The start call goes first: what it says is not to be derived from the spans."""
    start, spans = await request.in_thread(lambda: _read(given))
    await request.write_together(write, start)
    if spans is not None:
        await request.write_together(write, spans)
    if given.links:
        await request.write(lambda tx: _link(tx, start.trace_id, given.links))


def _read(given: Brought) -> tuple[Start, Spans | None]:
    start = start_of(m.StartTrace(trace=m.WireTrace(trace_info=given.info)), keeps_spans=bool(given.spans))
    if any(kind not in KINDS for kind, _ in given.links):
        raise Invalid(f"links of the trace {start.trace_id} must be of {', '.join(KINDS)}")
    if not given.spans:
        return start, None
    found = files.read(msgspec.json.encode({"spans": given.spans}), start.trace_id)
    batch = batch_of(start.trace_id, found, {}, _as_it_is)
    return start, Spans(experiment_id=start.experiment_id, batches=[batch])


def _as_it_is(attributes: dict[str, str], events: list[Event]) -> None:
    """Other conventions were translated where the spans were stored first."""


def _link(tx: Tx, trace_id: str, links: list[tuple[str, str]]) -> None:
    seq = reader.seq_of(tx, trace_id)
    for kind, target in links:
        changes.link(tx, kind, [(seq, target)])


def routes() -> list[Route]:
    return [stream(f"POST {PREFIX}/traces", put, call=PutTraces, needs=Action.SYNC_WRITE, answer=TracesPut)]
