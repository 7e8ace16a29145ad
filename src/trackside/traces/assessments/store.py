"""Assessments in SQL."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import NotFound
from trackside.traces import model as m
from trackside.traces.assessments import model as am
from trackside.traces.assessments.model import Assessment
from trackside.traces.model import SESSION, encode_map
from trackside.traces.storage import announce

_COLUMNS = """
a.assessment_id, a.name, a.kind, a.value, a.error, a.source_type, a.source_id, a.created_ms, a.updated_ms, a.rationale,
a.span_id, a.metadata, a.overrides, a.is_valid
"""
_INSERT = """
INSERT INTO trace_assessments (workspace_id, assessment_id, trace_seq, experiment_seq, name, kind, value, is_number, number,
    error, source_type, source_id, created_ms, updated_ms, rationale, span_id, metadata, session_id, overrides, is_valid)
VALUES (:ws, :id, :trace, :experiment, :name, :kind, :value, :is_number, :number, :error, :source_type, :source_id, :created,
    :updated, :rationale, :span, :metadata, :session, :overrides, :is_valid)
ON CONFLICT (workspace_id, assessment_id, trace_seq) DO UPDATE SET name = excluded.name, value = excluded.value,
    is_number = excluded.is_number, number = excluded.number, error = excluded.error, updated_ms = excluded.updated_ms,
    rationale = excluded.rationale, metadata = excluded.metadata, session_id = excluded.session_id, is_valid = excluded.is_valid
"""


def create(tx: Tx, trace_id: str, given: am.WireAssessment) -> Assessment:
    seq, experiment_seq = _trace(tx, trace_id)
    made = am.read(given, new_id(), tx.now)
    if made.overrides is not None:
        changed = tx.run(
            """
            UPDATE trace_assessments SET is_valid = 0
            WHERE workspace_id = :ws AND trace_seq = :seq AND assessment_id = :id
            """,
            seq=seq,
            id=made.overrides,
        )
        if not changed:
            raise _missing(made.overrides, trace_id)
    put(tx, [(seq, experiment_seq, made)])
    _record(tx, seq, experiment_seq)
    return made


def put(tx: Tx, rows: Sequence[tuple[int, int, Assessment]]) -> None:
    """Store assessments of traces: (trace, experiment, assessment)."""
    values = []
    for seq, experiment_seq, each in rows:
        is_number, number = each.number
        values.append(
            {
                "id": each.assessment_id,
                "trace": seq,
                "experiment": experiment_seq,
                "name": each.name,
                "kind": each.kind,
                "value": each.value,
                "is_number": int(is_number),
                "number": number,
                "error": each.error,
                "source_type": each.source_type,
                "source_id": each.source_id,
                "created": each.created_ms,
                "updated": each.updated_ms,
                "rationale": each.rationale,
                "span": each.span_id,
                "metadata": encode_map(each.metadata),
                "session": each.metadata.get(SESSION),
                "overrides": each.overrides,
                "is_valid": int(each.is_valid),
            }
        )
    tx.many(_INSERT, values)


def get(tx: Tx, trace_id: str, assessment_id: str) -> Assessment:
    row = tx.one(
        f"""
        SELECT {_COLUMNS} FROM trace_assessments a JOIN traces t ON t.trace_seq = a.trace_seq
        WHERE a.workspace_id = :ws AND a.assessment_id = :id AND t.trace_id = :trace AND t.trash_seq = 0
        """,
        id=assessment_id,
        trace=trace_id,
    )
    if row is None:
        if (
            tx.one("SELECT 1 FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq = 0", id=trace_id)
            is None
        ):
            raise NotFound(f"Trace with request_id '{trace_id}' not found")
        raise _missing(assessment_id, trace_id)
    return _of(row)


def update(tx: Tx, call: am.Update) -> Assessment:
    seq, experiment_seq = _trace(tx, call.trace_id, is_old_word=True)
    made = am.updated(get(tx, call.trace_id, call.assessment_id), call, tx.now)
    put(tx, [(seq, experiment_seq, made)])
    _record(tx, seq, experiment_seq)
    return made


def delete(tx: Tx, trace_id: str, assessment_id: str) -> None:
    """Delete an assessment, if it exists, and make the one that it overrode valid again."""
    seq, experiment_seq = _trace(tx, trace_id)
    gone = tx.one(
        """
        DELETE FROM trace_assessments WHERE workspace_id = :ws AND trace_seq = :seq AND assessment_id = :id RETURNING overrides
        """,
        seq=seq,
        id=assessment_id,
    )
    if gone is None:
        return
    if gone[0] is not None:
        tx.run(
            """
            UPDATE trace_assessments SET is_valid = 1
            WHERE workspace_id = :ws AND trace_seq = :seq AND assessment_id = :id
            """,
            seq=seq,
            id=gone[0],
        )
    _record(tx, seq, experiment_seq)


def of_traces(tx: Tx, traces: Iterable[tuple[int, str]]) -> dict[int, list[Raw]]:
    """Return the assessments of traces (key, id) in the form of MLflow's calls, by the key."""
    ids = dict(traces)
    found: dict[int, list[Raw]] = {}
    if not ids:
        return found
    for seq, *row in tx.all(
        f"""
        SELECT a.trace_seq, {_COLUMNS} FROM trace_assessments a
        WHERE a.workspace_id = :ws AND a.trace_seq IN :seqs ORDER BY a.trace_seq, a.assessment_seq
        """,
        seqs=list(ids),
    ):
        found.setdefault(seq, []).append(Raw(msgspec.json.encode(am.shown(_of(row), ids[seq]))))
    return found


def new_id() -> str:
    return f"a-{secrets.token_hex(16)}"


def _of(row: Sequence[Any]) -> Assessment:
    found: dict[str, Any] = dict(zip(Assessment.__struct_fields__, row, strict=True))
    return Assessment(**{**found, "metadata": msgspec.json.decode(row[11]), "is_valid": bool(found["is_valid"])})


def _trace(tx: Tx, trace_id: str, *, is_old_word: bool = False) -> tuple[int, int]:
    """Return the keys of a trace and of its experiment, and lock the trace."""
    row = tx.one(
        """
        SELECT trace_seq, experiment_seq FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq = 0 FOR UPDATE
        """,
        id=trace_id,
    )
    if row is None:
        raise NotFound(f"Trace with request_id '{trace_id}' not found") if is_old_word else m.missing(trace_id)
    return row[0], row[1]


def _record(tx: Tx, trace_seq: int, experiment_seq: int) -> None:
    row = tx.one(
        "SELECT experiment_id FROM experiments WHERE workspace_id = :ws AND experiment_seq = :seq", seq=experiment_seq
    )
    if row is not None:
        tx.record(Change("traces", str(row[0]), "assess"))
    announce.changed_seqs(tx, [trace_seq], "assess")


def _missing(assessment_id: str, trace_id: str) -> NotFound:
    return NotFound(f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'")
