"""Documents, patches and their three-way merge.  Pure: depends on fields and modes, and on neither side.

A replicated item is a document: a map of fields to texts.  Both sides are compared with the last agreed state field by field, so
a comparison can be repeated or interrupted.

The rule for a field that both sides changed is symmetric, so that two servers that link each other converge: an existing value
beats a removed one; `active` beats `deleted`; a status that ends a run beats one that does not; of numbers the greater wins, of
creation times the lesser; otherwise the text that sorts last.  A value that a side cannot change stays.
"""

from collections.abc import Callable, Iterable, Set
from enum import StrEnum

import msgspec
from msgspec import Struct

from trackside.sync.fields import KINDS, Field, FieldKind, Verb

Doc = dict[Field, str]
Row = tuple[str, str, str]  # kind, key, value

_NUMBERS = frozenset(
    {
        FieldKind.START_TIME,
        FieldKind.END_TIME,
        FieldKind.UPDATED,
        FieldKind.LAST_VERSION,
        FieldKind.LAST_UPDATE_TIME,
    }
)
UNFINISHED = frozenset({"RUNNING", "SCHEDULED"})


class Mode(StrEnum):
    PUSH = "push"
    PULL = "pull"
    BOTH = "both"

    @property
    def sends(self) -> bool:
        return self is not Mode.PULL

    @property
    def takes(self) -> bool:
        return self is not Mode.PUSH


class Patch(Struct, frozen=True):
    """The changes that turn one document into another."""

    put: Doc = {}
    drop: list[Field] = []

    def __bool__(self) -> bool:
        return bool(self.put or self.drop)

    def dropped(self, *kinds: FieldKind) -> list[str]:
        """Return the keys of removed fields of some kinds."""
        return [field.key for field in self.drop if field.kind in kinds]


class Conflict(Struct, frozen=True):
    """A field that both sides changed, or a change of a copy; `mode` says which side that is."""

    field: Field
    local: str | None
    remote: str | None
    kept: str | None
    mode: Mode


class Merged(Struct, frozen=True):
    for_them: Patch
    for_us: Patch
    agreed: Doc  # the document of both sides after the patches are applied
    conflicts: list[Conflict]


def merge(
    base: Doc, local: Doc, remote: Doc, mode: Mode, can: Callable[[Field, Verb], bool] = lambda *_: True
) -> Merged:
    """Return the patches for both sides.  `base` is the agreed state; `can` tells what the other side can do to an existing
    document."""
    for_them, for_us = Patch({}, []), Patch({}, [])
    agreed: Doc = {}
    conflicts: list[Conflict] = []
    for field in sorted({*base, *local, *remote}):
        old, local_value, remote_value = base.get(field), local.get(field), remote.get(field)
        if remote_value is None and local_value is not None and old is not None and not can(field, "drop"):
            agreed[field] = local_value  # the remote does not show the field, so nobody can have removed it there
            continue
        wanted = local_value if local_value == remote_value else _wanted(field, old, local_value, remote_value, mode)
        if wanted != remote_value and not can(field, _verb(wanted, remote_value)):
            if field.kind == FieldKind.STAGE and mode is Mode.BOTH and remote_value is not None:
                agreed[field] = remote_value  # the other side cannot follow, so nothing is sent or deleted
                continue
            # The other side cannot follow: a link that pulls takes its value; otherwise each side keeps its own.
            if not mode.takes or remote_value is None:
                if local_value is not None and mode.sends:
                    agreed[field] = local_value
                continue
            wanted = remote_value
        if _is_conflict(base, old, local_value, remote_value, mode):
            conflicts.append(Conflict(field, local_value, remote_value, wanted, mode))
        if wanted != remote_value and mode.sends:
            _set(field, wanted, for_them)
        if wanted != local_value and mode.takes:
            _set(field, wanted, for_us)
        is_source = field in local if mode is Mode.PUSH else field in remote if mode is Mode.PULL else True
        if wanted is not None and is_source:
            agreed[field] = wanted
    return Merged(for_them, for_us, agreed, conflicts)


def without(merged: Merged, fields: Set[Field], base: Doc) -> Merged:
    """Return the merge without those fields: nothing of them is written here, and their agreed state stays."""
    for_us = Patch(
        {field: value for field, value in merged.for_us.put.items() if field not in fields},
        [field for field in merged.for_us.drop if field not in fields],
    )
    agreed = {field: value for field, value in merged.agreed.items() if field not in fields}
    agreed |= {field: value for field, value in base.items() if field in fields}
    return Merged(merged.for_them, for_us, agreed, merged.conflicts)


def changed_since(merged: Merged, before: Doc, now: Doc) -> set[Field]:
    """Return the fields to write here that changed on this side after the comparison."""
    taken = {*merged.for_us.put, *merged.for_us.drop}
    return {field for field in taken if now.get(field) != before.get(field)}


def has_order(field: Field) -> bool:
    """Return whether the greater or the lesser of two numbers wins, independent of the side."""
    return field.kind in _NUMBERS or field.kind == FieldKind.CREATION_TIME


def better(field: Field, one: str, other: str) -> str:
    """Return the value that wins of two concurrent changes; symmetric."""
    kind = field.kind
    if kind == FieldKind.STAGE and "active" in (one, other):
        return "active"
    if kind == FieldKind.STATUS and (one in UNFINISHED) != (other in UNFINISHED):
        return other if one in UNFINISHED else one
    if kind == FieldKind.CREATION_TIME and _is_number(one) and _is_number(other):
        return one if int(one) <= int(other) else other
    if kind in _NUMBERS and _is_number(one) and _is_number(other):
        return one if int(one) >= int(other) else other
    return max(one, other)


def apply(doc: Doc, patch: Patch) -> Doc:
    return {**{field: value for field, value in doc.items() if field not in patch.drop}, **patch.put}


def split(patch: Patch, late: Set[FieldKind]) -> tuple[Patch, Patch]:
    """Return the patch without the fields of some kinds, and the patch with only these."""
    rest = {field: value for field, value in patch.put.items() if field.kind not in late}
    put = {field: value for field, value in patch.put.items() if field.kind in late}
    return Patch(rest, [field for field in patch.drop if field.kind not in late]), Patch(
        put, [field for field in patch.drop if field.kind in late]
    )


def rows(doc: Doc) -> list[Row]:
    """Return a document in the form of the links API."""
    return [(kind, key, value) for (kind, key), value in doc.items()]


def of_rows(found: Iterable[Row]) -> Doc:
    """Return the document, without fields of unknown kinds."""
    return {Field(KINDS[kind], key): value for kind, key, value in found if kind in KINDS}


def of_kind(doc: Doc, kind: FieldKind) -> dict[str, str]:
    return {key: value for (each, key), value in doc.items() if each == kind}


def pack(doc: Doc) -> bytes:
    return msgspec.msgpack.encode(rows(dict(sorted(doc.items()))))


def unpack(packed: bytes) -> Doc:
    return of_rows(msgspec.msgpack.decode(packed, type=list[Row]))


def _is_conflict(base: Doc, old: str | None, local_value: str | None, remote_value: str | None, mode: Mode) -> bool:
    """Return whether a change is overwritten.  The initial state of an existing copy is not a change."""
    if local_value == remote_value or mode is Mode.BOTH:
        return old not in (local_value, remote_value) and local_value != remote_value
    source, copy = (local_value, remote_value) if mode is Mode.PUSH else (remote_value, local_value)
    return bool(base) and copy != old and not (source is None and old is None)


def _wanted(field: Field, old: str | None, local_value: str | None, remote_value: str | None, mode: Mode) -> str | None:
    if mode is Mode.PUSH:
        return _copied(old, local_value, remote_value)
    if mode is Mode.PULL:
        return _copied(old, remote_value, local_value)
    if local_value == old:
        return remote_value
    if remote_value == old:
        return local_value
    if local_value is None or remote_value is None:
        return local_value if remote_value is None else remote_value
    return better(field, local_value, remote_value)


def _copied(old: str | None, source: str | None, copy: str | None) -> str | None:
    """Return the value for the copy.  A value that only the copy has stays, unless it came from the source."""
    if source is not None:
        return source
    return None if old is not None else copy


def _verb(wanted: str | None, remote_value: str | None) -> Verb:
    return "add" if remote_value is None else "drop" if wanted is None else "change"


def _set(field: Field, wanted: str | None, patch: Patch) -> None:
    if wanted is None:
        patch.drop.append(field)
    else:
        patch.put[field] = wanted


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
