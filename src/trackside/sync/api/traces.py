"""The calls by which imports and other Tracksides write traces into a workspace, and read their spans.  Knows HTTP's side of it.

Traces come under their own ids, with their times, tags, assessments and links; each call may be repeated.
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
from trackside.sync.local.traces import Brought
from trackside.sync.trace_document import Fingerprints
from trackside.traces import model as m
from trackside.traces.ingest import encodings
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.writer import write

Read = Callable[[], AbstractContextManager[Tx]]

MAX_TRACES = 500
MAX_BODY_BYTES = encodings.MAX_BYTES  # as one request of OTLP: a trace comes as a whole


class PutTraces(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("traces",)
    traces: list[Brought] | None = None


class TracesPut(Answer, frozen=True):
    """`refused` says by the id of a trace why it was not taken."""

    taken: int
    refused: dict[str, str] = {}


class OfTraces(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("ids",)
    ids: list[str] | None = None


class TraceItems(Answer, frozen=True):
    """The traces that are there, of those that were asked for."""

    items: list[Item] = []


class OfTraceFingerprints(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("trace_id",)
    trace_id: str | None = None


class SpanFingerprints(Answer, frozen=True):
    """By the id of a span, in 16 hexadecimal digits, a text that is another one when the span is another."""

    fingerprints: Fingerprints = {}


class OfTraceSpans(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("trace_id", "span_ids")
    trace_id: str | None = None
    span_ids: list[str] | None = None


class TraceSpans(Answer, frozen=True):
    """Spans as files of MLflow 3 have them.  As many as fit into an answer, one at least: what lacks may be asked for again."""

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


async def _put(request: Request, given: Brought) -> None:
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
