"""Compares and merges records of evaluation datasets.  Pure; depends on neither side.

A record is identified by the hash of its inputs and compared by a digest.  The merge of a record that both sides changed is
symmetric: it has all expectations and tags of both, and for keys of both the value of the later change.
"""

import hashlib
import json
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from trackside.evaluation_datasets.whole_record import Record
from trackside.sync.document import Mode


class Step(StrEnum):
    """The step for a record; steps are carried out in this order."""

    FORGET = "forget"  # neither side has it any more
    AGREE = "agree"  # both sides are equal
    DROP_HERE = "drop here"
    DROP_THERE = "drop there"
    TAKE = "take"
    SEND = "send"
    JOIN = "join"


class Difference(Struct, frozen=True):
    """Digests, None if there is no such record.  `place` is its position on its side, by which sent and received records are
    ordered."""

    input_hash: str
    step: Step
    base: str | None
    local: str | None
    remote: str | None
    place: int

    @property
    def is_overwriting(self) -> bool:
        """Return whether a change of a copy is reverted."""
        if self.base is None or self.step not in (Step.SEND, Step.DROP_THERE, Step.TAKE, Step.DROP_HERE):
            return False
        copy = self.remote if self.step in (Step.SEND, Step.DROP_THERE) else self.local
        return copy not in (self.base, None)


def step(base: str | None, local: str | None, remote: str | None, mode: Mode) -> Step | None:
    """Return the step; None if both sides agree.  `base` is the agreed state."""
    if local == remote:
        if local == base:
            return None
        return Step.FORGET if local is None else Step.AGREE
    if mode is Mode.PUSH:
        return _copied(base, local, Step.SEND, Step.DROP_THERE)
    if mode is Mode.PULL:
        return _copied(base, remote, Step.TAKE, Step.DROP_HERE)
    if local == base:
        return Step.TAKE if remote is not None else Step.DROP_HERE
    if remote == base:
        return Step.SEND if local is not None else Step.DROP_THERE
    if local is None:
        return Step.TAKE
    return Step.SEND if remote is None else Step.JOIN


def exact(record: Record) -> str:
    """Return a text that differs whenever anything of the record differs."""
    parts = (getattr(record, name) for name in record.__struct_fields__)
    return _digest(json.dumps(list(parts)))


def content(record: Record) -> str:
    """Return the digest that is equal on every server with the record: without values that a server assigns."""
    parts = [
        json.loads(record.inputs),
        _loaded(record.outputs),
        _loaded(record.expectations) or {},
        _loaded(record.tags) or {},
        _source(record),
    ]
    return _digest(json.dumps(parts, sort_keys=True))


def hash_of(inputs: Any) -> str:
    """Return the hash of inputs by which MLflow's server identifies records."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def join(one: Record, other: Record) -> Record:
    """Return the merge of two records; symmetric.  Creator and source are those of the record that was created first."""
    first, _ = sorted((one, other), key=lambda each: (each.created_time, each.record_id))
    before, after = sorted((one, other), key=lambda each: (each.last_update_time, exact(each)))
    return replace(
        first,
        last_update_time=after.last_update_time,
        last_updated_by=after.last_updated_by,
        outputs=after.outputs,
        expectations=_together(before.expectations, after.expectations),
        tags=_together(before.tags, after.tags) or "{}",
    )


def is_reached(before: Record, after: Record) -> bool:
    """Return whether an upsert, which merges `after` into `before`, results in `after`."""
    kept = all(
        set(_loaded(getattr(before, name)) or {}) <= set(_loaded(getattr(after, name)) or {})
        for name in ("expectations", "tags")
    )
    return kept and _source(before) == _source(after)


def joined_schema(one: str, other: str) -> str:
    """Return the fields of both schemas; symmetric."""
    before, after = sorted((one, other))
    found: dict[str, Any] = {**json.loads(before), **json.loads(after)}
    for part in ("inputs", "outputs", "expectations"):
        fields = [json.loads(text).get(part) for text in (before, after)]
        if all(isinstance(each, dict) for each in fields):
            found[part] = fields[0] | fields[1]
        else:
            found[part] = next((each for each in reversed(fields) if each), fields[1])
    return json.dumps(found, sort_keys=True, ensure_ascii=False)


def _copied(base: str | None, source: str | None, put: Step, drop: Step) -> Step | None:
    if source is not None:
        return put
    return None if base is None else drop


def _together(before: str | None, after: str | None) -> str | None:
    """Merge two JSON objects with sorted keys, so that repeated merges give the same text."""
    if before is None and after is None:
        return None
    both = (_loaded(before) or {}) | (_loaded(after) or {})
    return json.dumps(both, sort_keys=True, ensure_ascii=False)


def _source(record: Record) -> Any:
    """Return the source of a record; a default for none."""
    return _loaded(record.source) or None


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
