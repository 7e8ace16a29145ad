"""The comparison of records of an evaluation dataset, and the merge of two versions of a record.  Pure; knows no
side.

A record is what its inputs are, so both sides know it by their hash, and compare it by a digest.  The rule where both sides
changed a record since they agreed is the same seen from either side: it has all expectations and tags that either gave it, and
of what both gave it, what the one has that was changed later.
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
    """The step to take with a record; steps are taken in this order."""

    FORGET = "forget"  # neither side has it any more
    AGREE = "agree"  # both have the same
    DROP_HERE = "drop here"
    DROP_THERE = "drop there"
    TAKE = "take"
    SEND = "send"
    JOIN = "join"


class Difference(Struct, frozen=True):
    """Digests; None where there is no such record.  `place` orders what is sent or taken as its side has it."""

    input_hash: str
    step: Step
    base: str | None
    ours: str | None
    theirs: str | None
    place: int

    @property
    def is_overwriting(self) -> bool:
        """Whether a change by hand to what is a copy is put back."""
        if self.base is None or self.step not in (Step.SEND, Step.DROP_THERE, Step.TAKE, Step.DROP_HERE):
            return False
        copy = self.theirs if self.step in (Step.SEND, Step.DROP_THERE) else self.ours
        return copy not in (self.base, None)


def step(base: str | None, ours: str | None, theirs: str | None, mode: Mode) -> Step | None:
    """None: nothing.  `base` is what both agreed on last."""
    if ours == theirs:
        if ours == base:
            return None
        return Step.FORGET if ours is None else Step.AGREE
    if mode is Mode.PUSH:
        return _copied(base, ours, Step.SEND, Step.DROP_THERE)
    if mode is Mode.PULL:
        return _copied(base, theirs, Step.TAKE, Step.DROP_HERE)
    if ours == base:
        return Step.TAKE if theirs is not None else Step.DROP_HERE
    if theirs == base:
        return Step.SEND if ours is not None else Step.DROP_THERE
    if ours is None:
        return Step.TAKE
    return Step.SEND if theirs is None else Step.JOIN


def exact(record: Record) -> str:
    """Another one whenever anything of the record is another."""
    parts = (getattr(record, name) for name in record.__struct_fields__)
    return _digest(json.dumps(list(parts)))


def content(record: Record) -> str:
    """The same on every server that keeps the record: without what a server gives to it."""
    parts = [
        json.loads(record.inputs),
        _loaded(record.outputs),
        _loaded(record.expectations) or {},
        _loaded(record.tags) or {},
        _source(record),
    ]
    return _digest(json.dumps(parts, sort_keys=True))


def hash_of(inputs: Any) -> str:
    """As MLflow's server tells records apart."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def join(one: Record, other: Record) -> Record:
    """The same whichever is named first.  Who made it, and where it is from, is said by the one that was made first."""
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
    """Whether merging one into the other, as an upsert does, makes it the same."""
    kept = all(
        set(_loaded(getattr(before, name)) or {}) <= set(_loaded(getattr(after, name)) or {})
        for name in ("expectations", "tags")
    )
    return kept and _source(before) == _source(after)


def joined_schema(one: str, other: str) -> str:
    """The fields of both; the same whichever is named first."""
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
    """In the order of the keys, so that it is no other text when it is done again."""
    if before is None and after is None:
        return None
    both = (_loaded(before) or {}) | (_loaded(after) or {})
    return json.dumps(both, sort_keys=True, ensure_ascii=False)


def _source(record: Record) -> Any:
    """Without a source is from nowhere."""
    return _loaded(record.source) or None


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
