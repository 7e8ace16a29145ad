"""Traces of a server with MLflow's REST API, 3.0 or later.  They keep their ids there.

Such a server has no change log.  Releases from 3.6 on accept spans by OTLP; earlier ones have them in a file beside the trace,
which is written through the artifact proxy.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any
from urllib.parse import quote

import msgspec

from trackside.core.errors import Invalid
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected, unless_missing
from trackside.sync import trace_document
from trackside.sync.document import Doc, of_kind
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.entries import ListEntry, read_each
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.mlflow.answers import OneTrace, TraceFile, TraceInfo, TracePage
from trackside.sync.remote.mlflow.files import PROXY
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.mlflow.wire import proxied_path
from trackside.sync.remote.paging import entries_of
from trackside.sync.remote.port import Unmirrored
from trackside.sync.remote.traces_port import NewTrace, TracePatch
from trackside.sync.trace_document import Fingerprints, fingerprints_of, link_of
from trackside.traces import model as m
from trackside.traces.ingest import files
from trackside.traces.ingest.batch import rows_of
from trackside.traces.spans import file_of, hex_of

API = "/api/3.0/mlflow/traces"
API_2 = "/api/2.0/mlflow/traces"
FILE = "/ajax-api/3.0/mlflow/get-trace-artifact"
OTLP = "/v1/traces"
PAGE = 500
EXPERIMENTS_AT_ONCE = 50
NO_STORE = ("FEATURE_DISABLED", "NOT_IMPLEMENTED")
EXPERIMENT_HEADER = "x-mlflow-experiment-id"

Experiments = Callable[[], Iterator[Snapshot]]


class MlflowTraces:
    keeps_final = False

    def __init__(self, http: HttpClient, experiments: Experiments) -> None:
        """`experiments` lists the remote's experiments that the link includes."""
        self._http = http
        self._experiments = experiments
        self._has_otlp = True

    @cached_property
    def is_known(self) -> bool:
        try:
            self._http.json("POST", f"{API}/search", {"locations": [_place("0")], "max_results": 1})
        except RequestRejected as refused:
            if not refused.is_unknown_call and refused.code not in NO_STORE and not refused.is_missing:
                raise
            return False
        return True

    @property
    def log_tells(self) -> bool:
        return False

    def everything(self) -> Iterator[ListEntry]:
        return self._search("")

    def recent(self, since: int) -> Iterator[ListEntry]:
        return self._search(f"timestamp_ms >= {since}")

    def can(self, field: Field, verb: Verb) -> bool:
        return trace_document.can(field, verb)

    def read(self, trace_id: str) -> Snapshot | None:
        found = unless_missing(lambda: self._info(trace_id))
        if found is None:
            return None
        snapshot = _snapshot(found)
        return msgspec.structs.replace(
            snapshot, doc=snapshot.doc | trace_document.spans_fields(self.fingerprints(trace_id))
        )

    def put(self, trace_id: str, experiment_id: str, patch: TracePatch) -> None:
        one = quote(trace_id, safe="")
        for kind, key in patch.drop:
            if kind == FieldKind.TAG:
                self._unless_missing("DELETE", f"{API_2}/{one}/tags", {"key": key})
            else:
                self._unless_missing("DELETE", f"{API}/{one}/assessments/{quote(key, safe='')}")
        info = trace_document.info_of(trace_id, experiment_id, patch.doc, patch.changed)
        self._http.json("POST", API, {"trace": {"trace_info": info}})
        for key in of_kind(patch.changed, FieldKind.LINK):
            what, target = link_of(key)
            if what == "run":
                self._http.json("POST", f"{API_2}/link-to-run", {"trace_ids": [trace_id], "run_id": target})
            else:
                name, _, version = target.rpartition("/")
                body = {"trace_id": trace_id, "prompt_versions": [{"name": name, "version": version}]}
                self._http.json("POST", f"{API_2}/link-prompts", body)

    def find_all(self, trace_ids: Sequence[str]) -> dict[str, Snapshot]:
        raise NotImplementedError  # it has only a call for each trace

    def make_all(self, made: Sequence[NewTrace]) -> list[str]:
        raise NotImplementedError

    def remove(self, trace_id: str, experiment_id: str) -> None:
        body = {"experiment_id": experiment_id, "request_ids": [trace_id]}
        self._http.json("POST", f"{API}/delete-traces", body)

    def fingerprints(self, trace_id: str) -> Fingerprints:
        return fingerprints_of(rows_of(files.read(msgspec.json.encode({"spans": self._file(trace_id)}), trace_id)))

    def spans(self, trace_id: str, span_ids: Sequence[str]) -> Iterator[list[Any]]:
        wanted = set(span_ids)
        for each in self._file(trace_id):
            (span,) = files.read(msgspec.json.encode({"spans": [each]}), trace_id)
            if hex_of(span.span_id) in wanted:
                yield [each]

    def put_spans(self, trace_id: str, experiment_id: str, doc: Doc, spans: Iterable[Sequence[bytes]]) -> None:
        del doc
        portions = list(spans)
        if self._has_otlp and all(_is_of(trace_id, line) for lines in portions for line in lines):
            try:
                self._send(experiment_id, portions)
            except RequestRejected as refused:
                if (
                    not refused.is_unknown_call
                    and refused.status not in (404, 405, 501)
                    and refused.code not in NO_STORE
                ):
                    raise
                self._has_otlp = False
            else:
                return
        self._upload(trace_id, [line for lines in portions for line in lines])

    def _send(self, experiment_id: str, portions: Iterable[Sequence[bytes]]) -> None:
        from trackside.sync.remote.mlflow.otlp_request import request_of  # noqa: PLC0415  # protobuf's messages take time

        heads = {"content-type": "application/x-protobuf", EXPERIMENT_HEADER: experiment_id}
        for lines in portions:
            self._http.call("POST", OTLP, request_of(lines), heads)

    def _upload(self, trace_id: str, lines: Sequence[bytes]) -> None:
        info = decoded(TraceInfo, self._info(trace_id))
        root = (info.tags or {}).get(m.ARTIFACT_LOCATION, "")
        proxied = proxied_path(root)
        if proxied is None:
            raise Unmirrored(
                f"the remote takes no spans of {trace_id}: it has no OTLP, and keeps artifacts at {root}, where this server"
                " cannot write"
            )
        body = file_of(lines)
        self._http.send("PUT", f"{PROXY}{quote(f'{proxied}/traces.json')}", iter([body]), len(body))

    def _file(self, trace_id: str) -> list[Any]:
        found = unless_missing(lambda: decoded(TraceFile, self._http.json("GET", FILE, request_id=trace_id)))
        return [] if found is None else found.spans  # None: a trace without spans

    def _info(self, trace_id: str) -> dict[str, Any]:
        answer = self._http.json("GET", f"{API}/{quote(trace_id, safe='')}")
        return decoded(OneTrace, answer).trace.trace_info

    def _search(self, filter_: str) -> Iterator[ListEntry]:
        places: list[Any] = []
        for experiment in self._experiments():
            places.append(_place(experiment.item_id))
            if len(places) == EXPERIMENTS_AT_ONCE:
                yield from self._pages(places, filter_)
                places = []
        if places:
            yield from self._pages(places, filter_)

    def _pages(self, places: Sequence[Any], filter_: str) -> Iterator[ListEntry]:
        def ask(token: str | None) -> tuple[list[ListEntry], str | None]:
            body: dict[str, Any] = {"locations": list(places), "max_results": PAGE}
            body |= ({"filter": filter_} if filter_ else {}) | ({"page_token": token} if token else {})
            page = decoded(TracePage, self._http.json("POST", f"{API}/search", body))
            return read_each(page.traces, _snapshot, itemgetter("trace_id")), page.next_page_token

        return entries_of("traces/search", ask)

    def _unless_missing(self, method: str, path: str, body: Any = None) -> None:
        unless_missing(lambda: self._http.json(method, path, body))


class NoTraces(MlflowTraces):
    """The traces of a remote that has none in MLflow's API."""

    is_known = False


def _place(experiment_id: str) -> dict[str, Any]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}


def _snapshot(found: Any) -> Snapshot:
    info = decoded(TraceInfo, found)
    try:
        doc = trace_document.doc_of(found, keeps_final=False)
        return Snapshot(m.check_id(info.trace_id), str(info.trace_location.mlflow_experiment.experiment_id), doc)
    except Invalid as error:
        raise InvalidRemoteResponse(f"a trace of the remote cannot be read: {error.message}"[:300]) from None


def _is_of(trace_id: str, line: bytes) -> bool:
    """Return whether the span's OTLP trace id corresponds to MLflow's."""
    return trace_id == "tr-" + base64.b64decode(_head(line).trace_id).hex()


class _Head(msgspec.Struct, frozen=True):
    trace_id: str


_head = msgspec.json.Decoder(_Head).decode
