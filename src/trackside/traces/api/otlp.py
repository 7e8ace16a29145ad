"""OTLP at /v1/traces.  Knows HTTP's side of it; its answers and messages are those of MLflow's server."""

from typing import Any

from trackside.core.access import Action
from trackside.core.http.codec import encode
from trackside.core.http.routes import HANDLED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.traces.api.calls import check_write, may
from trackside.traces.ingest.batch import Translate, batch_of
from trackside.traces.ingest.encodings import MAX_BYTES, unpack
from trackside.traces.ingest.otlp import Malformed, read
from trackside.traces.storage.writer import Spans, write

EXPERIMENT = "x-mlflow-experiment-id"
RUN = "x-mlflow-run-id"
INLINE_BYTES = 64 << 10  # a request up to this size is read where it arrives: a thread would cost more

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"


class Calls:
    """`translate` adds what a span says in other conventions under MLflow's names."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    async def export(self, request: Request) -> Response:
        experiment_id = _header(request, EXPERIMENT)
        if experiment_id is None:
            return _refused(422, [{"type": "missing", "loc": ["header", EXPERIMENT], "msg": "Field required"}])
        given = _header(request, "content-type")
        media = (given or "").partition(";")[0].strip().lower()
        if media not in (_PROTOBUF, _JSON):
            return _refused(400, f"Invalid Content-Type: {given}. Expected: {_PROTOBUF} or {_JSON}")
        check_write(request.visit, experiment_id)
        body = await request.whole_body(MAX_BYTES)

        def decode() -> Spans:
            return self._spans(request, experiment_id, body, is_json=media == _JSON)

        try:
            spans = decode() if len(body) <= INLINE_BYTES else await request.in_thread(decode)
        except Malformed as fault:
            return _refused(fault.status, fault.detail)
        if spans.batches:
            await request.write_together(write, spans)
        return Response(headers=[(b"content-type", b"application/x-protobuf")], body=b"")

    def _spans(self, request: Request, experiment_id: str, body: bytes, *, is_json: bool) -> Spans:
        sent = read(unpack(body, _header(request, "content-encoding") or ""), is_json=is_json)
        return Spans(
            experiment_id=experiment_id,
            batches=[batch_of(trace_id, each.spans, each.resource, self._translate) for trace_id, each in sent.items()],
            run_id=_header(request, RUN) or None,
            rooted=frozenset(trace_id for trace_id, each in sent.items() if each.has_root),
            may_write=may(request.visit),
        )


def _header(request: Request, name: str) -> str | None:
    value = request.headers.get(name.encode())
    return None if value is None else value.decode("latin-1")


def _refused(status: int, detail: Any) -> Response:
    return Response(status, [(b"content-type", b"application/json")], encode({"detail": detail}))


def routes(translate: Translate) -> list[Route]:
    return [
        stream(
            "POST /v1/traces",
            Calls(translate).export,
            needs=Action.TRACES_WRITE,
            on=HANDLED,
            media=_PROTOBUF,
            summary="Takes spans by OTLP, as protobuf or JSON.",
        )
    ]
