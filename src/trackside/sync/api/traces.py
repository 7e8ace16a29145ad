"""The calls by which imports and other Tracksides write traces, and read their spans.

Traces keep their ids, times, tags, assessments and links; each call is idempotent.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from msgspec import Raw

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Answer, Call, encode
from trackside.core.http.routes import Route, flow, query, stream
from trackside.core.http.streams import Request, Response, json_response
from trackside.sync.api.files import PREFIX
from trackside.sync.api.schema import Item, item_of
from trackside.sync.local import traces
from trackside.sync.local.traces import IncomingTrace
from trackside.sync.trace_document import Fingerprints
from trackside.traces import model as m
from trackside.traces.ingest import encodings
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.writer import write

Read = Callable[[], AbstractContextManager[Tx]]

MAX_TRACES = 500
MAX_BODY_BYTES = encodings.MAX_BYTES  # as for an OTLP request: a trace is sent as a whole


class PutTraces(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("traces",)
    traces: list[IncomingTrace] | None = None


class TracesPut(Answer, frozen=True):
    """`refused` has the reason for each refused trace, by id."""

    taken: int
    refused: dict[str, str] = {}


class OfTraces(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("ids",)
    ids: list[str] | None = None


class TraceItems(Answer, frozen=True):
    """The requested traces that exist."""

    items: list[Item] = []


class OfTraceFingerprints(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("trace_id",)
    trace_id: str | None = None


class SpanFingerprints(Answer, frozen=True):
    """A fingerprint for each span, by its id in 16 hexadecimal digits."""

    fingerprints: Fingerprints = {}


class OfTraceSpans(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("trace_id", "span_ids")
    trace_id: str | None = None
    span_ids: list[str] | None = None


class TraceSpans(Answer, frozen=True):
    """Spans in MLflow 3's file form, as many as fit into an answer, at least one; the caller requests the rest again."""

    spans: list[Raw] = []


async def put(request: Request) -> Response:
    check_content_type(request.headers.get(b"content-type"))
    body = await request.whole_body(MAX_BODY_BYTES)
    call: PutTraces = await request.in_thread(lambda: codec.decode_body(PutTraces, body))
    given = call.traces or []
    if len(given) > MAX_TRACES:
        raise Invalid(f"One call has {len(given)} traces; at most {MAX_TRACES} are allowed.")
    answers = await asyncio.gather(*(_put(request, each) for each in given), return_exceptions=True)
    refused = {}
    for each, answer in zip(given, answers, strict=True):
        if isinstance(answer, Fault):
            refused[(each.info.trace_id or "")[: m.MAX_ID]] = answer.message
        elif isinstance(answer, BaseException):
            raise answer
    made = TracesPut(taken=len(given) - len(refused), refused=refused)
    return json_response(made)


async def _put(request: Request, given: IncomingTrace) -> None:
    start, spans = await request.in_thread(lambda: traces.call_of(given))
    await request.write_together(write, start)
    if spans is not None:
        await request.write_together(write, spans)
    if given.links or given.drop:
        await request.write(lambda tx: traces.finish(tx, start.trace_id, given))


def get_items(tx: Tx, call: OfTraces) -> TraceItems:
    ids = call.ids or []
    if len(ids) > MAX_TRACES:
        raise Invalid(f"One call has {len(ids)} ids; at most {MAX_TRACES} are allowed.")
    return TraceItems(items=[item_of(part) for part in traces.some(tx, ids)])


def get_fingerprints(tx: Tx, call: OfTraceFingerprints) -> SpanFingerprints:
    return SpanFingerprints(fingerprints=traces.fingerprints(tx, call.trace_id or ""))


@dataclass(frozen=True)
class Calls:
    files: BodyFiles

    def get_spans(self, read: Read, call: OfTraceSpans) -> Iterator[bytes]:
        with read() as tx:
            lines = traces.stored(tx, call.trace_id or "", self.files)
        yield encode(TraceSpans(spans=[Raw(line) for line in traces.portion(lines(), call.span_ids or [])]))


def routes(files: BodyFiles) -> list[Route]:
    one = f"{PREFIX}/traces"
    return [
        stream(f"POST {one}", put, call=PutTraces, needs=Action.SYNC_WRITE, answer=TracesPut),
        query(f"POST {one}/get", OfTraces, get_items, needs=Action.SYNC_READ, answer=TraceItems),
        query(
            f"GET {one}/fingerprints",
            OfTraceFingerprints,
            get_fingerprints,
            needs=Action.SYNC_READ,
            answer=SpanFingerprints,
        ),
        flow(f"POST {one}/spans", OfTraceSpans, Calls(files).get_spans, needs=Action.SYNC_READ, answer=TraceSpans),
    ]
