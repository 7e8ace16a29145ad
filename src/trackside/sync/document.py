"""Documents, patches and their three-way merge, as data.  Pure: knows fields and modes; knows no side.

Whatever is mirrored is a document: a map of fields to texts.  Both sides and what they agreed on last are compared
field by field, so a comparison may be repeated, interrupted and done twice.

The rule where both sides changed the same field since they agreed is the same seen from either side, so that two servers
that link each other come to one end: what is there beats what was removed; `active` beats `deleted`; a status that ends a
run beats one that does not; numbers: the greater, of creation times the lesser; else the text that sorts last.  A value that
a side cannot change stays.
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
    """The changes that make one document of another."""

    put: Doc = {}
    drop: list[Field] = []

    def __bool__(self) -> bool:
        return bool(self.put or self.drop)

    def dropped(self, *kinds: FieldKind) -> list[str]:
        """Return the keys of the fields of some kinds that go."""
        return [field.key for field in self.drop if field.kind in kinds]


class Conflict(Struct, frozen=True):
    """A conflict of both sides' changes, or a change by hand to a copy: then `mode` says which side that is."""

    field: Field
    ours: str | None
    theirs: str | None
    kept: str | None
    mode: Mode


class Merged(Struct, frozen=True):
    for_them: Patch
    for_us: Patch
    agreed: Doc  # what both have when the patches are applied
    conflicts: list[Conflict]


def merge(
    base: Doc, ours: Doc, theirs: Doc, mode: Mode, can: Callable[[Field, Verb], bool] = lambda *_: True
) -> Merged:
    """`base` is what both agreed on last; `can` says what they do to a document that exists."""
    for_them, for_us = Patch({}, []), Patch({}, [])
    agreed: Doc = {}
    conflicts: list[Conflict] = []
    for field in sorted({*base, *ours, *theirs}):
        old, our, their = base.get(field), ours.get(field), theirs.get(field)
        if their is None and our is not None and old is not None and not can(field, "drop"):
            agreed[field] = our  # nobody can have removed it there: the remote does not show it
            continue
        wanted = our if our == their else _wanted(field, old, our, their, mode)
        if wanted != their and not can(field, _verb(wanted, their)):
            if field.kind == FieldKind.STAGE and mode is Mode.BOTH and their is not None:
                agreed[field] = their  # nothing comes back, or goes, since they cannot follow
                continue
            # They cannot follow: in a link that takes, we do; else each keeps its own.
            if not mode.takes or their is None:
                if our is not None and mode.sends:
                    agreed[field] = our
                continue
            wanted = their
        if _is_conflict(base, old, our, their, mode):
            conflicts.append(Conflict(field, our, their, wanted, mode))
        if wanted != their and mode.sends:
            _set(field, wanted, for_them)
        if wanted != our and mode.takes:
            _set(field, wanted, for_us)
        is_source = field in ours if mode is Mode.PUSH else field in theirs if mode is Mode.PULL else True
        if wanted is not None and is_source:
            agreed[field] = wanted
    return Merged(for_them, for_us, agreed, conflicts)


def without(merged: Merged, fields: Set[Field], base: Doc) -> Merged:
    """As if those fields had not been compared: we take nothing of them, and what was agreed of them stays."""
    for_us = Patch(
        {field: value for field, value in merged.for_us.put.items() if field not in fields},
        [field for field in merged.for_us.drop if field not in fields],
    )
    agreed = {field: value for field, value in merged.agreed.items() if field not in fields}
    agreed |= {field: value for field, value in base.items() if field in fields}
    return Merged(merged.for_them, for_us, agreed, merged.conflicts)


def changed_since(merged: Merged, before: Doc, now: Doc) -> set[Field]:
    """Which of the fields that we are about to take somebody changed here after they were compared."""
    taken = {*merged.for_us.put, *merged.for_us.drop}
    return {field for field in taken if now.get(field) != before.get(field)}


def has_order(field: Field) -> bool:
    """Return whether of two values the greater or the lesser number is kept, whichever side gave it."""
    return field.kind in _NUMBERS or field.kind == FieldKind.CREATION_TIME


def better(field: Field, one: str, other: str) -> str:
    """Which of two values that were given at the same time is kept; the same whichever is named first."""
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
    """Return the patch without the fields of some kinds, and these."""
    rest = {field: value for field, value in patch.put.items() if field.kind not in late}
    put = {field: value for field, value in patch.put.items() if field.kind in late}
    return Patch(rest, [field for field in patch.drop if field.kind not in late]), Patch(
        put, [field for field in patch.drop if field.kind in late]
    )


def rows(doc: Doc) -> list[Row]:
    """Return a document as the API of links writes it."""
    return [(kind, key, value) for (kind, key), value in doc.items()]


def of_rows(found: Iterable[Row]) -> Doc:
    """Return the document without fields of kinds that this release does not know."""
    return {Field(KINDS[kind], key): value for kind, key, value in found if kind in KINDS}


def of_kind(doc: Doc, kind: FieldKind) -> dict[str, str]:
    return {key: value for (each, key), value in doc.items() if each == kind}


def pack(doc: Doc) -> bytes:
    return msgspec.msgpack.encode(rows(dict(sorted(doc.items()))))


def unpack(packed: bytes) -> Doc:
    return of_rows(msgspec.msgpack.decode(packed, type=list[Row]))


def _is_conflict(base: Doc, old: str | None, our: str | None, their: str | None, mode: Mode) -> bool:
    """Whether a change is overwritten.  What a copy was like when the link first met it was nobody's change."""
    if our == their or mode is Mode.BOTH:
        return old not in (our, their) and our != their
    source, copy = (our, their) if mode is Mode.PUSH else (their, our)
    return bool(base) and copy != old and not (source is None and old is None)


def _wanted(field: Field, old: str | None, our: str | None, their: str | None, mode: Mode) -> str | None:
    if mode is Mode.PUSH:
        return _copied(old, our, their)
    if mode is Mode.PULL:
        return _copied(old, their, our)
    if our == old:
        return their
    if their == old:
        return our
    if our is None or their is None:
        return our if their is None else their
    return better(field, our, their)


def _copied(old: str | None, source: str | None, copy: str | None) -> str | None:
    """Return the value that the copy shall have.  A value that only the copy has stays, unless it came from the source."""
    if source is not None:
        return source
    return None if old is not None else copy


def _verb(wanted: str | None, their: str | None) -> Verb:
    return "add" if their is None else "drop" if wanted is None else "change"


def _set(field: Field, wanted: str | None, patch: Patch) -> None:
    if wanted is None:
        patch.drop.append(field)
    else:
        patch.put[field] = wanted


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
