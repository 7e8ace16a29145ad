"""OTLP at /v1/traces; its answers and messages are those of MLflow's server."""

from collections.abc import Mapping
from typing import NamedTuple

from trackside.core.access import Action, Visit
from trackside.core.http.codec import encode
from trackside.core.http.direct import Answer, Small
from trackside.core.http.routes import HANDLED, Route, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.traces.api.calls import check_write, may
from trackside.traces.ingest.batch import Translate, batch_of
from trackside.traces.ingest.encodings import MAX_BYTES, unpack
from trackside.traces.ingest.otlp import Malformed, read
from trackside.traces.storage.writer import MOST_SPANS, MayWrite, Spans, portions, write

EXPERIMENT = "x-mlflow-experiment-id"
RUN = "x-mlflow-run-id"
INLINE_BYTES = 64 << 10  # a request up to this size is decoded on the event loop: a thread would take longer

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_TAKEN: Headers = [(b"content-type", b"application/x-protobuf")]


class _Asked(NamedTuple):
    """The parameters in the headers of a request."""

    experiment_id: str
    run_id: str | None
    is_json: bool
    may_write: MayWrite | None


class Calls:
    """`translate` adds MLflow's attributes to spans of other conventions."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    async def export(self, request: Request) -> Response:
        try:
            asked = _asked(request.headers, request.visit)
            encoding = _header(request.headers, "content-encoding") or ""
            body = await request.whole_body(MAX_BYTES)
            if len(body) <= INLINE_BYTES and not encoding:
                spans = self._spans(asked, body)
            else:
                spans = await request.in_thread(lambda: self._spans(asked, unpack(body, encoding)))
        except Malformed as fault:
            return Response(*_refused(fault))
        for portion in portions(spans):
            await request.write_together(write, portion)
        return Response(200, _TAKEN, b"")

    def export_small(self, small: Small, answer: Answer) -> None:
        """Store the spans of a small request with its whole body."""
        try:
            spans = self._spans(_asked(small.headers, small.visit), small.body)
        except Malformed as fault:
            answer(*_refused(fault))
            return
        if spans.batches:
            small.write_together(write, spans, lambda _: answer(200, _TAKEN, b""))
        else:
            answer(200, _TAKEN, b"")

    def _spans(self, asked: _Asked, body: bytes) -> Spans:
        sent = read(body, is_json=asked.is_json)
        return Spans(
            experiment_id=asked.experiment_id,
            batches=[
                batch_of(trace_id, spans, each.resource, self._translate)
                for trace_id, each in sent.items()
                for spans in each.portions(MOST_SPANS)
            ],
            run_id=asked.run_id,
            rooted=frozenset(trace_id for trace_id, each in sent.items() if each.has_root),
            may_write=asked.may_write,
        )


def _asked(headers: Mapping[bytes, bytes], visit: Visit) -> _Asked:
    """Return the parameters.  Raise Malformed, and Denied for an experiment to which the caller may not write."""
    experiment_id = _header(headers, EXPERIMENT)
    if experiment_id is None:
        raise Malformed([{"type": "missing", "loc": ["header", EXPERIMENT], "msg": "Field required"}], 422)
    given = _header(headers, "content-type")
    media = (given or "").partition(";")[0].strip().lower()
    if media not in (_PROTOBUF, _JSON):
        raise Malformed(f"Invalid Content-Type: {given}. Expected: {_PROTOBUF} or {_JSON}")
    check_write(visit, experiment_id)
    return _Asked(experiment_id, _header(headers, RUN) or None, media == _JSON, may(visit))


def _header(headers: Mapping[bytes, bytes], name: str) -> str | None:
    value = headers.get(name.encode())
    return None if value is None else value.decode("latin-1")


def _refused(fault: Malformed) -> tuple[int, Headers, bytes]:
    return fault.status, [(b"content-type", b"application/json")], encode({"detail": fault.detail})


def routes(translate: Translate) -> list[Route]:
    calls = Calls(translate)
    return [
        stream(
            "POST /v1/traces",
            calls.export,
            small=calls.export_small,
            needs=Action.TRACES_WRITE,
            on=HANDLED,
            media=_PROTOBUF,
            summary="Accepts spans by OTLP, as protobuf or JSON.",
        )
    ]
