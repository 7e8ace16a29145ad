"""Traces as documents: converts MLflow's trace_info to fields and back, and computes the fingerprints by which two sides compare
spans.  Pure.

Spans are not part of a document, since a trace may have very many.  One field has the digest of their fingerprints.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from trackside.core.errors import Fault
from trackside.sync import fields
from trackside.sync.document import Doc, of_kind
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.traces import model as m
from trackside.traces.assessments import model as am
from trackside.traces.ingest.batch import SpanRow

# Kinds of fields that are not merged.
BESIDE = frozenset({FieldKind.SPANS, FieldKind.SPAN_COUNT, FieldKind.EXPERIMENT, FieldKind.PLACE})
_SINGLE = (FieldKind.CLIENT_REQUEST_ID, FieldKind.REQUEST_PREVIEW, FieldKind.RESPONSE_PREVIEW)
_JSON_METADATA = (m.TOKEN_USAGE, m.COST, m.SIZE_STATS)

Fingerprints = dict[str, str]  # by span id in 16 hexadecimal digits


def doc_of(info: Mapping[str, Any], *, keeps_final: bool) -> Doc:
    """Return the document of a trace_info of MLflow 3.  `keeps_final`: it comes from a Trackside and has the field `final`."""
    doc: Doc = {
        fields.REQUEST_TIME: str(m.time_ms(info.get("request_time"))),
        fields.STATE: m.state_of(info.get("state")),
    }
    duration = m.duration_ms(info.get("execution_duration"))
    if duration is not None:
        doc[fields.DURATION] = str(duration)
    for name in _SINGLE:
        if info.get(name) is not None:
            doc[Field(name)] = str(info[name])
    for key, value in (info.get("tags") or {}).items():
        if key not in m.SERVER_TAGS:
            doc[Field(FieldKind.TAG, key)] = value
        elif key == m.SPANS_LOCATION and not keeps_final:
            doc[fields.PLACE] = value
    for key, value in (info.get("trace_metadata") or {}).items():
        if key == m.FINALIZED:
            if keeps_final:
                doc[fields.FINAL] = "true"
        else:
            doc[Field(FieldKind.METADATA, key)] = _plain(value) if key in _JSON_METADATA else value
    for each in info.get("assessments") or ():
        doc[Field(FieldKind.ASSESSMENT, str(each["assessment_id"]))] = _assessment(each)
    return doc


def info_of(trace_id: str, experiment_id: str, doc: Doc, changed: Doc) -> dict[str, Any]:
    """Return the trace_info that turns a trace into `doc`: values of the start call from `doc`, all others from `changed`."""
    info: dict[str, Any] = {
        "trace_id": trace_id,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment_id},
        },
        "request_time": m.time_text(int(doc.get(fields.REQUEST_TIME, "0"))),
        "state": doc.get(fields.STATE, m.State.UNSPECIFIED),
        "trace_metadata": of_kind(changed, FieldKind.METADATA),
        "tags": of_kind(changed, FieldKind.TAG),
        "assessments": [json.loads(text) for text in of_kind(changed, FieldKind.ASSESSMENT).values()],
    }
    if fields.DURATION in doc:
        info["execution_duration"] = m.duration_text(int(doc[fields.DURATION]))
    for name in _SINGLE:
        if Field(name) in doc:
            info[str(name)] = doc[Field(name)]
    return info


def can(field: Field, verb: Verb) -> bool:
    """Return whether a call can do this to an existing trace: metadata and links only grow, and no value is removed."""
    return verb != "drop" or field.kind in (FieldKind.TAG, FieldKind.ASSESSMENT)


def link_field(kind: str, target: str) -> Field:
    return Field(FieldKind.LINK, json.dumps([kind, target]))


def link_of(key: str) -> tuple[str, str]:
    kind, target = json.loads(key)
    return kind, target


def fingerprints_of(rows: Iterable[SpanRow]) -> Fingerprints:
    return {
        hex_id(row.span_id): fingerprint(row.parent_id, row.name, row.type, row.status, row.start_ms, row.duration_us)
        for row in rows
    }


def fingerprint(*values: Any) -> str:
    """Return a text that differs whenever the span differs."""
    return blake2b(msgspec.json.encode(values), digest_size=8).hexdigest()


def digest(fingerprints: Fingerprints) -> str:
    found = blake2b(digest_size=16)
    for span_id in sorted(fingerprints):
        found.update(f"{span_id}{fingerprints[span_id]}".encode())
    return found.hexdigest()


def spans_fields(fingerprints: Fingerprints) -> Doc:
    return {fields.SPANS: digest(fingerprints), fields.SPAN_COUNT: str(len(fingerprints))} if fingerprints else {}


def hex_id(span_id: int) -> str:
    return f"{span_id & (2**64 - 1):016x}"


def span_ids(given: Sequence[str]) -> list[int]:
    """Return the keys of spans for their ids in hexadecimal digits."""
    return [int.from_bytes(bytes.fromhex(each), "big", signed=True) for each in given]


def merged_only(doc: Doc) -> Doc:
    """Return the fields that are merged."""
    return {field: value for field, value in doc.items() if field.kind not in BESIDE}


def _assessment(given: Mapping[str, Any]) -> str:
    """Return an assessment in a canonical form for all kinds of servers."""
    assessment_id = str(given["assessment_id"])
    try:
        shown = am.shown(am.read(dict(given), assessment_id, 0), str(given.get("trace_id") or ""))
    except Fault:
        shown = dict(given)
    shown.pop("trace_id", None)
    return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def _plain(text: str) -> str:
    """Return a JSON text in canonical form."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text
