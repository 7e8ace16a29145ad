"""Records of evaluation datasets: decoding, hashing, merging and encoding.  Pure.

A record is identified by its inputs: another record with the same inputs is merged into it.  Outputs are replaced if the new
record has some; expectations and tags are merged by key; the source stays that of the first record.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.evaluation_datasets import model as m

MAX_UPSERT_BYTES = 64 << 20  # clients send all records of a merge in one call
MAX_RECORDS = 50_000  # of one call: two seconds, for which other writes wait
MAX_PAGE = 10_000
DEFAULT_PAGE = 1_000
MAX_SCHEMA_CHARS = 1 << 20  # of a dataset: fields that come later are in its records alone
MAX_PAGE_CHARS = 16 << 20  # of a page's records: it ends early, after one at least
SCHEMA_VERSION = "1.0"

SOURCE_TYPES = ("UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE")
_TOO_DEEP = "A record is nested too deeply."


class Upsert(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("records",)
    dataset_id: str = ""
    records: str | None = None  # JSON


class Upserted(Answer, frozen=True, omit_defaults=False):
    inserted_count: int
    updated_count: int


class GetRecords(Call, frozen=True):
    dataset_id: str = ""
    max_results: int | None = None
    page_token: str | None = None


class Page(Answer, frozen=True):
    records: str  # JSON
    next_page_token: str | None = None


class DeleteRecords(Call, frozen=True):
    dataset_id: str = ""
    dataset_record_ids: list[str] | None = None


class Deleted(Answer, frozen=True, omit_defaults=False):
    deleted_count: int


class Given(Struct, frozen=True):
    """A record as a client sends it."""

    input_hash: str
    fields: dict[str, Any]

    @property
    def user(self) -> str | None:
        return m.user_of(self.fields.get("tags"))


class Stored(Struct, frozen=True):
    """A record as stored, with JSON as text."""

    input_hash: str
    inputs: str
    outputs: str | None
    expectations: str | None
    tags: str
    source: str | None
    source_id: str | None
    source_type: str | None
    created_by: str | None
    last_updated_by: str | None


def read(text: str) -> list[Given]:
    """The records of a call."""
    given = m.decoded(text, "records")
    if not isinstance(given, list):
        raise Invalid("The parameter 'records' must be a JSON list of records.")
    if len(given) > MAX_RECORDS:
        raise Invalid(
            f"One call has {len(given)} records; at most {MAX_RECORDS} are allowed. Send them in several calls."
        )
    return [_given(fields, i) for i, fields in enumerate(given)]


def fresh(given: Given) -> Stored:
    """A record that was not there before.  Without outputs it has empty ones, as MLflow's."""
    fields = given.fields
    source = _source(fields.get("source"))
    return Stored(
        input_hash=given.input_hash,
        inputs=_text(fields.get("inputs", {})),
        outputs=_optional(fields.get("outputs", {})),
        expectations=_optional(fields.get("expectations")),
        tags=_text(fields.get("tags") or {}),
        source=None if source is None else _text(source),
        source_id=None if source is None else _source_id(source),
        source_type=None if source is None else source["source_type"],
        created_by=given.user,
        last_updated_by=given.user,
    )


def merged(before: Stored, given: Sequence[Given]) -> Stored:
    """Return a stored record after merging others of the same inputs in order."""
    added: dict[str, dict[str, Any]] = {"expectations": {}, "tags": {}}
    after = before
    for record in given:
        for name, values in added.items():
            values.update(record.fields.get(name) or {})
        if "outputs" in record.fields:
            after = replace(after, outputs=_optional(record.fields["outputs"]))
        after = replace(after, last_updated_by=record.user or after.last_updated_by)
    if added["expectations"]:
        after = replace(after, expectations=_text(json.loads(before.expectations or "{}") | added["expectations"]))
    if added["tags"]:
        after = replace(after, tags=_text(json.loads(before.tags) | added["tags"]))
    return after


def schema(before: str | None, given: Iterable[Given]) -> str | None:
    """Return the types of all fields that were ever given, the first one of each, up to `MAX_SCHEMA_CHARS`."""
    records = list(given)
    if not records:
        return before
    known: dict[str, Any] = (
        json.loads(before) if before else {"inputs": {}, "outputs": {}, "expectations": {}, "version": SCHEMA_VERSION}
    )
    room = MAX_SCHEMA_CHARS - len(_text(known))
    for record in records:
        for part in ("inputs", "outputs", "expectations"):
            value = record.fields.get(part)
            if isinstance(value, dict):
                if isinstance(known[part], dict):
                    for key in [key for key in value if key not in known[part]]:
                        entry = {key: _type(value[key])}
                        size = len(_text(entry))
                        if size <= room:
                            known[part] |= entry
                            room -= size
            elif value is not None and not known[part]:
                known[part] = _type(value)
    return _text(known)


def written(dataset_id: str, record_id: str, record: Stored, created_time: int, last_update_time: int) -> str:
    """The record as clients read it: its parts are JSON already."""
    parts = {
        "dataset_record_id": json.dumps(record_id),
        "dataset_id": json.dumps(dataset_id),
        "inputs": record.inputs,
        "outputs": record.outputs,
        "expectations": record.expectations,
        "tags": record.tags,
        "source": record.source,
        "source_id": _optional(record.source_id),
        "source_type": _optional(record.source_type),
        "created_time": str(created_time),
        "last_update_time": str(last_update_time),
        "created_by": _optional(record.created_by),
        "last_updated_by": _optional(record.last_updated_by),
    }
    return "{" + ", ".join(f'"{name}": {part}' for name, part in parts.items() if part is not None) + "}"


def fitting(sizes: Sequence[int], most_chars: int = MAX_PAGE_CHARS) -> int:
    """Return the number of records for a page, given their sizes."""
    held = 0
    for count, size in enumerate(sizes):
        held += size
        if count and held > most_chars:
            return count
    return len(sizes)


def _given(fields: Any, place: int) -> Given:
    if not isinstance(fields, dict):
        raise Invalid(f"records[{place}] must be a JSON object, but is {_named(fields)}.")
    inputs = fields.get("inputs", {})
    if not isinstance(inputs, dict):
        raise Invalid(f"records[{place}].inputs must be a JSON object, but is {_named(inputs)}.")
    for name in ("expectations", "tags"):
        if not isinstance(fields.get(name), dict | None):
            raise Invalid(f"records[{place}].{name} must be a JSON object or null, but is {_named(fields[name])}.")
    try:
        text = json.dumps(inputs, sort_keys=True)
    except RecursionError:
        raise Invalid(_TOO_DEEP) from None
    return Given(hashlib.sha256(text.encode()).hexdigest(), fields)


def _source(given: Any) -> dict[str, Any] | None:
    if not given:
        return None
    data = given.get("source_data") if isinstance(given, dict) else None
    if (
        not isinstance(given, dict)
        or not set(given) <= {"source_type", "source_data"}
        or not isinstance(data, dict | None)
    ):
        raise Invalid(
            "The source of a record must be a JSON object with a source_type and, if it has one, the object source_data."
        )
    kind = str(given.get("source_type") or "").upper()
    if kind not in SOURCE_TYPES:
        raise Invalid(f"Invalid dataset record source type: {kind[:100]}. Valid source types: {list(SOURCE_TYPES)}")
    return {"source_type": kind, "source_data": data or {}}


def _source_id(source: dict[str, Any]) -> str | None:
    named = source["source_data"].get("trace_id" if source["source_type"] == "TRACE" else "source_id")
    return None if named is None else m.whole(m.storable(str(named), "source"))


def _text(value: Any) -> str:
    """Return the JSON, with Python's bare NaN where the client sent one: only Python clients read it."""
    try:
        return m.whole(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise Invalid(_TOO_DEEP) from None


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), "unknown")


_TYPES = {bool: "boolean", int: "integer", float: "float", str: "string", list: "array", dict: "object"}


def _named(value: Any) -> str:
    return "null" if value is None else f"of type '{type(value).__name__}'"
