"""Converts between the columns of `traces` and a trace's state."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.db.tx import Tx
from trackside.traces.storage import bodies, span_names
from trackside.traces.storage.state import State

_PREVIEWS = ("request_preview", "response_preview")  # columns of rows that were written before previews were compressed
_PLAIN = tuple(name for name in State.__struct_fields__ if name not in _PREVIEWS)
_NAMES = (*_PREVIEWS, "previews", *_PLAIN)
_DECODE = msgspec.json.Decoder(dict[str, str]).decode

COLUMNS = ", ".join(_NAMES)
OF_T = ", ".join(f"t.{name}" for name in _NAMES)
INSERT = f"""
INSERT INTO traces (workspace_id, created_at, trace_seq, {COLUMNS})
VALUES (:ws, :now, :seq, {", ".join(f":{name}" for name in _NAMES)})
"""
UPDATE = f"""
UPDATE traces SET {", ".join(f"{name} = :{name}" for name in _NAMES)} WHERE workspace_id = :ws AND trace_seq = :seq
"""


def state(row: Sequence[Any]) -> State:
    """Return the state of a row with the columns of `COLUMNS`."""
    found = dict(zip(_PLAIN, row[3:], strict=True))
    found["request_preview"], found["response_preview"] = previews(*row[:3])
    return State(**{**found, "tags": _DECODE(found["tags"]), "metadata": _DECODE(found["metadata"])})


def previews(request: str | None, response: str | None, packed: bytes | None) -> tuple[str | None, str | None]:
    """Return the previews of a row's three columns."""
    return (request, response) if packed is None else bodies.unpack(packed)


def values(trace: State) -> dict[str, Any]:
    """Return the values of `COLUMNS` by name."""
    return {
        **msgspec.structs.asdict(trace),
        "request_preview": None,
        "response_preview": None,
        "previews": bodies.pack(trace.request_preview, trace.response_preview),
        "tags": encode_map(trace.tags),
        "metadata": encode_map(trace.metadata),
    }


def encode_map(given: dict[str, str]) -> str:
    return msgspec.json.encode(given).decode()


def move(tx: Tx, trace_seq: int, experiment_seq: int) -> None:
    """Move the rows of a trace to another experiment, and remove the trace from the review queues of the former one."""
    tx.run("DELETE FROM review_queue_items WHERE workspace_id = :ws AND trace_seq = :seq", seq=trace_seq)
    span_names.remove(tx, [trace_seq])
    for table in ("trace_spans", "trace_assessments"):
        tx.run(
            f"UPDATE {table} SET experiment_seq = :experiment WHERE workspace_id = :ws AND trace_seq = :seq",
            experiment=experiment_seq,
            seq=trace_seq,
        )
    span_names.add(tx, [trace_seq])
