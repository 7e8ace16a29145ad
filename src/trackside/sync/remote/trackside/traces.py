"""The traces of another Trackside.  Knows the calls of `sync.api.traces`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from trackside.core.http_client.client import Http, Refused
from trackside.sync.api.files import PREFIX
from trackside.sync.document import Doc, Field, Verb
from trackside.sync.entities import Entity
from trackside.sync.local import traces
from trackside.sync.local.reader import Part
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.traces_port import NewTrace, TracePatch
from trackside.sync.trace_document import Marks, can

JSON = {"content-type": "application/json"}
AT_ONCE = 2_000  # ids of spans that one call names


class TracksideTraces:
    keeps_final = True

    def __init__(self, http: Http) -> None:
        self._http = http
        self._is_known: bool | None = None

    @property
    def is_known(self) -> bool:
        if self._is_known is None:
            self._is_known = str(Entity.TRACE) in self._http.json("GET", f"{PREFIX}/about").get("kinds", [])
        return self._is_known

    @property
    def log_tells(self) -> bool:
        return True

    def everything(self) -> Iterator[Part]:
        return iter(())

    def recent(self, since: int) -> Iterator[Part]:
        del since
        return iter(())

    def can(self, field: Field, verb: Verb) -> bool:
        return can(field, verb)

    def read(self, trace_id: str) -> Part | None:
        try:
            found = self._http.json("GET", f"{PREFIX}/item", entity=str(Entity.TRACE), id=trace_id)
        except Refused as refused:
            if refused.is_missing:
                return None
            raise
        return _part(found)

    def put(self, trace_id: str, experiment_id: str, patch: TracePatch) -> None:
        self._put(trace_id, _encoded(trace_id, experiment_id, patch.doc, patch.changed, (), patch.drop))

    def find_all(self, trace_ids: Sequence[str]) -> dict[str, Part]:
        found = self._http.json("POST", f"{PREFIX}/traces/get", {"ids": list(trace_ids)}).get("items", [])
        return {each["id"]: _part(each) for each in found}

    def make_all(self, made: Sequence[NewTrace]) -> list[str]:
        given = [_encoded(each.trace_id, each.experiment_id, each.doc, each.doc, each.lines) for each in made]
        refused = self._send(given)
        return [each.trace_id for each in made if each.trace_id not in refused]

    def remove(self, trace_id: str, experiment_id: str) -> None:
        del experiment_id
        self._http.json("DELETE", f"{PREFIX}/item", entity=str(Entity.TRACE), id=trace_id)

    def marks(self, trace_id: str) -> Marks:
        return dict(self._http.json("GET", f"{PREFIX}/traces/marks", trace_id=trace_id).get("marks", {}))

    def spans(self, trace_id: str, span_ids: Sequence[str]) -> Iterator[list[Any]]:
        for start in range(0, len(span_ids), AT_ONCE):
            wanted = list(span_ids[start : start + AT_ONCE])
            while wanted:
                body = {"trace_id": trace_id, "span_ids": wanted}
                found = self._http.json("POST", f"{PREFIX}/traces/spans", body).get("spans", [])
                if not found:
                    break
                yield found
                had = {traces.span_id(msgspec.json.encode(each)) for each in found}
                rest = [each for each in wanted if each not in had]
                if len(rest) == len(wanted):
                    raise InvalidRemoteResponse(
                        f"{self._http.url} answers with spans of {trace_id} that nobody asked for"
                    )
                wanted = rest

    def put_spans(self, trace_id: str, experiment_id: str, doc: Doc, spans: Iterable[Sequence[bytes]]) -> None:
        for lines in spans:
            self._put(trace_id, _encoded(trace_id, experiment_id, doc, {}, lines))

    def _put(self, trace_id: str, trace: bytes) -> None:
        refused = self._send([trace]).get(trace_id)
        if refused is not None:
            raise Refused(400, "INVALID_PARAMETER_VALUE", str(refused))

    def _send(self, given: Sequence[bytes]) -> dict[str, Any]:
        """Return why traces were refused, by id."""
        body = b'{"traces":[' + b",".join(given) + b"]}"
        return dict(self._http.call("POST", f"{PREFIX}/traces", body, JSON).json.get("refused", {}))


def _part(found: Any) -> Part:
    doc: Doc = {(kind, key): value for kind, key, value in found["fields"]}
    return Part(found["id"], found["experiment_id"], doc)


def _encoded(
    trace_id: str, experiment_id: str, doc: Doc, changed: Doc, lines: Sequence[bytes], drop: Sequence[Field] = ()
) -> bytes:
    given = traces.brought(trace_id, experiment_id, doc, changed, drop)
    return msgspec.json.encode({**given, "spans": [Raw(line) for line in lines]})
