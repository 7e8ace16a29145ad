"""Validates documents of another side before anything is written.  Pure."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http.codec import INT64_MAX, INT64_MIN
from trackside.experiments.model import Lifecycle
from trackside.sync.document import Doc
from trackside.sync.fields import Field, FieldKind


class Dataset(Struct, frozen=True, forbid_unknown_fields=True):
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None
    tags: dict[str, str] = {}


# key, step, timestamp, run, name and digest of the dataset, value
Point = tuple[str, int, int, str, str | None, str | None, float]


def check(put: Doc) -> None:
    """Raise Invalid for a field whose text does not fit its kind."""
    for (kind, key), value in put.items():
        holds = _CHECKS.get(kind)
        if holds is not None and not holds(key, value):
            raise Invalid(f"put has a {kind} that cannot be read: key {key[:200]!r}, value {value[:200]!r}")


def whole_number(doc: Doc, kind: FieldKind) -> int | None:
    """Return the number in a field; None if it is absent.  Raise Invalid for text that is no number, or a negative one."""
    text = doc.get(Field(kind))
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"{kind} is {text[:100]!r}; it must be a whole number of 0 or more")
    return int(text)


def _is_number(_: str, value: str) -> bool:
    return _is_whole(value)


def _is_stage(_: str, value: str) -> bool:
    return value in list(Lifecycle)


def _is_dataset(key: str, value: str) -> bool:
    return _decodes(key, tuple[str, str]) and _decodes(value, Dataset)


def _is_point(key: str, _: str) -> bool:
    try:
        _, step, timestamp, *_rest = msgspec.json.decode(key, type=Point, strict=False)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return _is_int64(step) and 0 <= timestamp <= INT64_MAX


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20 and _is_int64(int(text))


def _is_int64(number: int) -> bool:
    return INT64_MIN <= number <= INT64_MAX


def _decodes(text: str, kind: Any) -> bool:
    try:
        msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


_CHECKS: dict[FieldKind, Callable[[str, str], bool]] = {
    FieldKind.START_TIME: _is_number,
    FieldKind.END_TIME: _is_number,
    FieldKind.CREATION_TIME: _is_number,
    FieldKind.LAST_UPDATE_TIME: _is_number,
    FieldKind.OUTPUT: _is_number,
    FieldKind.STAGE: _is_stage,
    FieldKind.DATASET: _is_dataset,
    FieldKind.POINT: _is_point,
}
