"""The columns of `traces` and a trace's state: there and back."""

from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.db.tx import Tx
from trackside.traces.storage.state import State

_NAMES = State.__struct_fields__
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
    """`row`: the columns of `COLUMNS`."""
    found = dict(zip(_NAMES, row, strict=True))
    return State(**{**found, "tags": _DECODE(found["tags"]), "metadata": _DECODE(found["metadata"])})


def values(trace: State) -> tuple[Any, ...]:
    """Return the columns of `COLUMNS`."""
    *plain, tags, metadata = (getattr(trace, name) for name in _NAMES)
    return (*plain, encode_map(tags), encode_map(metadata))


def encode_map(given: dict[str, str]) -> str:
    return msgspec.json.encode(given).decode()


def move(tx: Tx, trace_seq: int, experiment_seq: int) -> None:
    """File what belongs to a trace under another experiment."""
    for table in ("trace_spans", "trace_assessments"):
        tx.run(
            f"UPDATE {table} SET experiment_seq = :experiment WHERE workspace_id = :ws AND trace_seq = :seq",
            experiment=experiment_seq,
            seq=trace_seq,
        )
