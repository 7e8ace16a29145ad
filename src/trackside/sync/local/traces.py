"""Local traces as documents, and writes from documents."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid, NotFound
from trackside.sync import fields, trace_document
from trackside.sync.document import Doc, of_kind
from trackside.sync.fields import FieldKind
from trackside.sync.local.reader import Snapshot
from trackside.sync.trace_document import Fingerprints
from trackside.traces import model as m
from trackside.traces.api.v3 import start_of
from trackside.traces.assessments import store as assessments
from trackside.traces.ingest import files
from trackside.traces.ingest.batch import batch_of
from trackside.traces.spans import Event, hex_of
from trackside.traces.storage import changes, reader, trash
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.state import Start
from trackside.traces.storage.writer import Spans, write

KINDS = ("run", "prompt")  # of links
MAX_SPANS_BYTES = 8 << 20  # in one portion of spans, unless one span is larger


class IncomingTrace(Struct, frozen=True):
    """A trace to store: `info` in MLflow 3's form, with the local experiment; `spans` in the form of files; `links` as pairs of a
    kind (`run` or `prompt`) and a target.

    `drop` has tags and assessments to delete, as pairs of `tag` or `assessment` and a key.  `is_final`: the client's start call
    has arrived, so later spans do not change times and state."""

    info: m.TraceInfo
    spans: list[dict[str, Any]] = []
    links: list[tuple[str, str]] = []
    drop: list[tuple[str, str]] = []
    is_final: bool = True


def read(tx: Tx, trace_id: str) -> Snapshot | None:
    row = reader.find(tx, trace_id)
    if row is None:
        return None
    said = assessments.of_traces(tx, [(row.seq, row.trace_id)]).get(row.seq, [])
    doc = trace_document.doc_of(msgspec.json.decode(reader.info(row, said)), keeps_final=True)
    for kind, target in tx.all(
        "SELECT kind, target FROM trace_links WHERE workspace_id = :ws AND trace_seq = :seq", seq=row.seq
    ):
        doc[trace_document.link_field(kind, target)] = ""
    doc |= trace_document.spans_fields(_fingerprints(tx, row.seq))
    return Snapshot(row.trace_id, row.experiment_id, doc, touched=row.timestamp_ms)


def some(tx: Tx, trace_ids: Sequence[str]) -> list[Snapshot]:
    """Return the existing ones of these traces."""
    return [snapshot for trace_id in dict.fromkeys(trace_ids) if (snapshot := read(tx, trace_id)) is not None]


def ids(tx: Tx, after: str, most: int, since: int = 0) -> list[str]:
    """Return ids of traces in order after `after`; `since` (ms): only of traces that began then or later."""
    return [
        each
        for (each,) in tx.all(
            """
            SELECT trace_id FROM traces
            WHERE workspace_id = :ws AND trace_id > :after AND timestamp_ms >= :since AND trash_seq = 0
            ORDER BY trace_id LIMIT :most
            """,
            after=after,
            since=since,
            most=most,
        )
    ]


def fingerprints(tx: Tx, trace_id: str) -> Fingerprints:
    return _fingerprints(tx, reader.seq_of(tx, trace_id))


def stored(tx: Tx, trace_id: str, files: BodyFiles) -> Callable[[], list[bytes]]:
    """Return a function that reads the spans of a trace, in MLflow 3's file form, after the transaction.  It raises
    Unavailable."""
    seq = reader.seq_of(tx, trace_id)
    found = reader.stored(tx, [seq], files)
    return lambda: found.lines(seq)


def portion(lines: Iterable[bytes], wanted: Sequence[str]) -> list[bytes]:
    """Return spans by their ids in hexadecimal digits, at least one and as many as fit into an answer; the caller requests the
    rest again."""
    keys = set(wanted)
    found: list[bytes] = []
    size = 0
    for line in lines:
        if span_id(line) not in keys:
            continue
        if found and size + len(line) > MAX_SPANS_BYTES:
            break
        found.append(line)
        size += len(line)
    return found


def span_id(line: bytes) -> str:
    return hex_of(_head(line).span_id)


def call_of(given: IncomingTrace) -> tuple[Start, Spans | None]:
    """Return the writer's calls that store a trace.  The start call is first, so that its values are not derived from the
    spans."""
    start = start_of(m.StartTrace(trace=m.WireTrace(trace_info=given.info)))
    if not given.is_final:
        start = msgspec.structs.replace(start, is_final=False)
    if any(kind not in KINDS for kind, _ in given.links):
        raise Invalid(f"links of the trace {start.trace_id} must be of {', '.join(KINDS)}")
    if any(kind not in (FieldKind.TAG, FieldKind.ASSESSMENT) for kind, _ in given.drop):
        raise Invalid(f"drop of the trace {start.trace_id} must name tags and assessments")
    return start, spans_call(start.trace_id, start.experiment_id, given.spans)


def spans_call(trace_id: str, experiment_id: str, given: Sequence[Any]) -> Spans | None:
    if not given:
        return None
    found = files.read(msgspec.json.encode({"spans": given}), trace_id)
    return Spans(experiment_id=experiment_id, batches=[batch_of(trace_id, found, {}, _as_it_is)])


def finish(tx: Tx, trace_id: str, given: IncomingTrace) -> None:
    """Store links and deletions, for which the writer has no calls."""
    if given.links:
        seq = reader.seq_of(tx, trace_id)
        for kind, target in given.links:
            changes.link(tx, kind, [(seq, target)])
    for kind, key in given.drop:
        if kind == FieldKind.ASSESSMENT:
            assessments.delete(tx, trace_id, key)
        else:
            try:
                changes.delete_tag(tx, trace_id, key)
            except NotFound:
                reader.seq_of(tx, trace_id)


def put(tx: Tx, given: IncomingTrace) -> None:
    """Store a trace in one transaction."""
    start, spans_ = call_of(given)
    _write(tx, start)
    if spans_ is not None:
        _write(tx, spans_)
    finish(tx, start.trace_id, given)


def put_spans(tx: Tx, call: Spans) -> None:
    _write(tx, call)


def brought(
    trace_id: str, experiment_id: str, doc: Doc, changed: Doc, drop: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return the JSON form of `IncomingTrace` without spans, which turns a trace into `doc`."""
    return {
        "info": trace_document.info_of(trace_id, experiment_id, doc, changed),
        "links": [trace_document.link_of(key) for key in of_kind(changed, FieldKind.LINK)],
        "drop": [list(field) for field in drop],
        "is_final": fields.FINAL in doc,
    }


def remove(tx: Tx, trace_id: str) -> None:
    """Move a trace to the trash, if it exists."""
    row = reader.find(tx, trace_id)
    if row is not None:
        changes.check_not_held(tx, row.experiment_id)
        trash.move(tx, [row.seq], row.experiment_id)


def _write(tx: Tx, call: Start | Spans) -> None:
    (answer,) = write(tx, [call])
    if isinstance(answer, Fault):
        raise answer


def _fingerprints(tx: Tx, seq: int) -> Fingerprints:
    return {
        trace_document.hex_id(span): trace_document.fingerprint(*values)
        for span, *values in tx.all(
            """
            SELECT span_id, parent_id, name, type, status, start_ms, duration_us FROM trace_spans
            WHERE workspace_id = :ws AND trace_seq = :seq
            """,
            seq=seq,
        )
    }


def _as_it_is(attributes: dict[str, str], events: list[Event]) -> None:
    """Leave attributes unchanged: they were translated where the spans were first stored."""


class _Head(Struct, frozen=True):
    span_id: str


_head = msgspec.json.Decoder(_Head).decode
