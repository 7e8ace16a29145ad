"""The calls about traces of MLflow 2, which clients up to 3.0 make."""

import secrets
from dataclasses import dataclass
from typing import Any

import msgspec

from trackside.core.access import Action
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Fault
from trackside.core.http.codec import Answer, Call, Part
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import by
from trackside.traces import model as m
from trackside.traces.api import v3
from trackside.traces.api.calls import TRACE, TraceSearch, search
from trackside.traces.storage import announce, columns, reader
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.reader import Row
from trackside.traces.storage.state import Start, State, add_metadata, add_tags
from trackside.traces.storage.writer import write


class Pair(Part, frozen=True):
    key: str = ""
    value: str = ""


class StartV2(Call, frozen=True):
    required = ("experiment_id",)
    experiment_id: str | None = None
    timestamp_ms: int | None = None
    request_metadata: list[Pair] | None = None
    tags: list[Pair] | None = None


class EndV2(Call, frozen=True):
    trace_id: str = ""
    request_id: str | None = None  # clients repeat it in the body
    timestamp_ms: int | None = None
    status: str | None = None
    request_metadata: list[Pair] | None = None
    tags: list[Pair] | None = None


class SearchV2(Call, frozen=True):
    required = ("experiment_ids",)
    experiment_ids: list[str] | None = None
    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class InfoV2(Answer, frozen=True):
    request_id: str
    experiment_id: str
    timestamp_ms: int
    status: str
    execution_time_ms: int | None = None
    request_metadata: list[Pair] = []
    tags: list[Pair] = []


class GotInfo(Answer, frozen=True):
    trace_info: InfoV2


class FoundV2(Answer, frozen=True):
    traces: list[InfoV2] = []
    next_page_token: str | None = None


def start(tx: Tx, call: StartV2) -> GotInfo:
    tags = m.cut_map(_map(call.tags), m.MAX_TAG)
    m.check_name(tags.get(m.NAME, ""))
    for key in m.SERVER_TAGS:
        tags.pop(key, None)
    metadata = m.cut_map(_map(call.request_metadata), m.MAX_METADATA)
    m.check_session(metadata.get(m.SESSION, ""))
    made = Start(
        trace_id=secrets.token_hex(16),
        experiment_id=call.experiment_id or "",
        timestamp_ms=call.timestamp_ms or 0,
        duration_ms=None,
        state=m.State.IN_PROGRESS,
        client_request_id=None,
        request_preview=None,
        response_preview=None,
        tags=tags,
        metadata=metadata,
        is_final=False,
    )
    (answer,) = write(tx, [made])
    if isinstance(answer, Fault):
        raise answer
    assert isinstance(answer, State)
    return GotInfo(trace_info=_info(answer, made.experiment_id))


def end(tx: Tx, call: EndV2) -> GotInfo:
    row = tx.one(
        f"""
        SELECT t.trace_seq, e.experiment_id, {columns.OF_T}
        FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
        WHERE t.workspace_id = :ws AND t.trace_id = :id FOR UPDATE OF t
        """,
        id=call.trace_id,
    )
    if row is None:
        raise m.missing(call.trace_id)
    seq, experiment_id, *rest = row
    trace = columns.state(rest)
    if call.timestamp_ms is not None:
        trace.duration_ms = call.timestamp_ms - trace.timestamp_ms
    trace.state = _state(call.status)
    tags = m.cut_map(_map(call.tags), m.MAX_TAG)
    m.check_name(tags.get(m.NAME, ""))
    for key in m.SERVER_TAGS:
        tags.pop(key, None)
    add_tags(trace, tags)
    add_metadata(trace, m.cut_map(_map(call.request_metadata), m.MAX_METADATA))
    trace.is_finalized = 1
    tx.many(columns.UPDATE, [columns.values(trace)], seq=seq)
    tx.record(Change("traces", str(experiment_id), "log"))
    announce.changed(tx, [trace.trace_id], "log")
    return GotInfo(trace_info=_info(trace, str(experiment_id)))


def get(tx: Tx, call: m.OfTrace) -> GotInfo:
    return GotInfo(trace_info=_of_row(reader.get(tx, call.trace_id)))


@dataclass(frozen=True)
class Calls:
    files: BodyFiles

    def find(self, tx: Tx, call: SearchV2) -> FoundV2:
        asked = TraceSearch(call.experiment_ids or [], call.filter, call.max_results, call.order_by, call.page_token)
        rows, token = search(tx, asked, self.files)
        return FoundV2(traces=[_of_row(row) for row in rows], next_page_token=token)


def _map(pairs: list[Pair] | None) -> dict[str, str]:
    return {pair.key: pair.value for pair in pairs or ()}


def _pairs(given: dict[str, str]) -> list[Pair]:
    return [Pair(key=key, value=value) for key, value in given.items()]


def _state(status: str | None) -> str:
    return m.state_of({"1": "OK", "2": "ERROR", "3": "IN_PROGRESS"}.get(status or "", status))


def _status(state: str) -> str:
    return "TRACE_STATUS_UNSPECIFIED" if state == m.State.UNSPECIFIED else state


def _info(trace: State, experiment_id: str) -> InfoV2:
    return InfoV2(
        request_id=trace.trace_id,
        experiment_id=experiment_id,
        timestamp_ms=trace.timestamp_ms,
        execution_time_ms=trace.duration_ms,
        status=_status(trace.state),
        request_metadata=_pairs(trace.metadata),
        tags=_pairs(trace.tags),
    )


def _of_row(row: Row) -> InfoV2:
    return InfoV2(
        request_id=row.trace_id,
        experiment_id=row.experiment_id,
        timestamp_ms=row.timestamp_ms,
        execution_time_ms=row.duration_ms,
        status=_status(row.state),
        request_metadata=_pairs(_strings(row.metadata)),
        tags=_pairs(_strings(row.tags)),
    )


def _strings(text: str) -> dict[str, str]:
    found: Any = msgspec.json.decode(text)
    return {str(key): str(value) for key, value in found.items()}


def routes(files: BodyFiles) -> list[Route]:
    one = "traces/{trace_id}"
    reads, writes = Action.TRACES_READ, Action.TRACES_WRITE
    return [
        command(
            "POST traces",
            StartV2,
            start,
            needs=writes,
            on=by("experiment", "experiment_id"),
            answer=GotInfo,
            quick=True,
        ),
        query("GET traces", SearchV2, Calls(files).find, needs=reads, on=LISTED, answer=FoundV2),
        command(f"PATCH {one}", EndV2, end, needs=writes, on=TRACE, answer=GotInfo, quick=True),
        query(f"GET {one}/info", m.OfTrace, get, needs=reads, on=TRACE, answer=GotInfo, quick=True),
        command(f"PATCH {one}/tags", m.SetTag, v3.set_tag, needs=writes, on=TRACE, quick=True),
        command(f"DELETE {one}/tags", m.DeleteTag, v3.delete_tag, needs=writes, on=TRACE, quick=True),
    ]
