"""The traces of another Trackside, by the calls of `sync.api.traces`."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.sync.api.files import PREFIX
from trackside.sync.api.traces import SpanFingerprints, TraceItems, TracesPut
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, Verb
from trackside.sync.local import traces
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.decoding import convert, decode, read
from trackside.sync.remote.traces_port import NewTrace, RemoteTraces, TracePatch
from trackside.sync.remote.trackside import items
from trackside.sync.trace_document import Fingerprints, can

JSON = {"content-type": "application/json"}
AT_ONCE = 2_000  # ids of spans in one call


class _Spans(Struct, frozen=True):
    spans: list[dict[str, Any]] = []


class _Span(Struct, frozen=True):
    span_id: bytes


class TracksideTraces(RemoteTraces):
    keeps_final = True

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @cached_property
    def is_known(self) -> bool:
        return Entity.TRACE in items.about(self._http).kinds

    def can(self, field: Field, verb: Verb) -> bool:
        return can(field, verb)

    def read(self, trace_id: str) -> Snapshot | None:
        return items.find(self._http, Entity.TRACE, trace_id)

    def put(self, trace_id: str, experiment_id: str, patch: TracePatch) -> None:
        self._put(trace_id, _encoded(trace_id, experiment_id, patch.doc, patch.changed, (), patch.drop))

    def find_all(self, trace_ids: Sequence[str]) -> dict[str, Snapshot]:
        found = read(self._http, TraceItems, "POST", f"{PREFIX}/traces/get", {"ids": list(trace_ids)}).items
        return {each.id: items.snapshot_of(each) for each in found}

    def make_all(self, made: Sequence[NewTrace]) -> list[str]:
        given = [_encoded(each.trace_id, each.experiment_id, each.doc, each.doc, each.lines) for each in made]
        refused = self._send(given)
        return [each.trace_id for each in made if each.trace_id not in refused]

    def remove(self, trace_id: str, experiment_id: str) -> None:
        del experiment_id
        items.remove(self._http, Entity.TRACE, trace_id)

    def fingerprints(self, trace_id: str) -> Fingerprints:
        return read(
            self._http, SpanFingerprints, "GET", f"{PREFIX}/traces/fingerprints", trace_id=trace_id
        ).fingerprints

    def spans(self, trace_id: str, span_ids: Sequence[str]) -> Iterator[list[Any]]:
        path = f"{PREFIX}/traces/spans"

        def ask(wanted: list[str]) -> tuple[list[Any], set[str]]:
            found = read(self._http, _Spans, "POST", path, {"trace_id": trace_id, "span_ids": wanted}).spans
            return found, {each.span_id.hex() for each in convert(self._http, list[_Span], found, path)}

        return items.find_all(f"spans of {trace_id}", span_ids, AT_ONCE, ask)

    def put_spans(self, trace_id: str, experiment_id: str, doc: Doc, spans: Iterable[Sequence[bytes]]) -> None:
        for lines in spans:
            self._put(trace_id, _encoded(trace_id, experiment_id, doc, {}, lines))

    def _put(self, trace_id: str, trace: bytes) -> None:
        refused = self._send([trace]).get(trace_id)
        if refused is not None:
            raise RequestRejected(400, "INVALID_PARAMETER_VALUE", refused)

    def _send(self, given: Sequence[bytes]) -> dict[str, str]:
        """Send traces; return the reasons of refused ones, by id."""
        path = f"{PREFIX}/traces"
        answer = self._http.call("POST", path, b'{"traces":[' + b",".join(given) + b"]}", JSON)
        return decode(self._http, TracesPut, answer, path).refused


def _encoded(
    trace_id: str, experiment_id: str, doc: Doc, changed: Doc, lines: Sequence[bytes], drop: Sequence[Field] = ()
) -> bytes:
    given = traces.brought(trace_id, experiment_id, doc, changed, drop)
    return msgspec.json.encode({**given, "spans": [Raw(line) for line in lines]})
