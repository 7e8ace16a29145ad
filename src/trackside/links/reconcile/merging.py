"""Merges both sides of an item with their agreed state.  Makes no call, writes nothing.

An experiment is one of its name, so several workspaces may meet in one, and each would have it at its own times.  So between
Tracksides the times of an experiment go one way only: it was made as early, and changed as late, as any of them says.
"""

from collections.abc import Callable

from trackside.links.model import CreatedBy
from trackside.links.state.item import ItemState
from trackside.sync import document
from trackside.sync.document import Conflict, Doc, Merged, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind, Verb

TIMES = frozenset(
    {FieldKind.CREATION_TIME, FieldKind.LAST_UPDATE_TIME}
)  # that only Tracksides can set; they follow from the rest
Can = Callable[[Entity, Field, Verb], bool]


def compare(
    entity: Entity, item: ItemState, ours: Doc, theirs: Doc, mode: Mode, can: Can, *, was_read: bool = True
) -> Merged:
    """`was_read`: `theirs` is what the other side has now, and not what both agreed on last."""
    agreed = item.base or {}
    merged = document.merge(agreed, ours, theirs, mode, lambda field, verb: can(entity, field, verb))
    standing = _standing(item, ours, theirs, mode, was_read=was_read) if entity is Entity.EXPERIMENT else set()
    if not standing:
        return merged
    for_them = Patch(
        {field: value for field, value in merged.for_them.put.items() if field not in standing},
        merged.for_them.drop,
    )
    kept = document.without(merged, standing, agreed)
    return Merged(for_them, kept.for_us, kept.agreed, kept.conflicts)


def as_made(copy: Doc, source: Doc) -> Doc:
    """Return the fields of a copy that count as agreed because the link made it so.

    A copy has default values where its source's cannot be set at creation, such as the stage of a version; no user chose them.
    Numbers and times are merged by their own rule.  The result is saved when the copy is made, not at the first comparison: so
    an edit in between, while the server is down, counts as a change."""
    return {field: value for field, value in copy.items() if field in source and not document.has_order(field)}


def words(conflict: Conflict) -> str:
    what = conflict.field.words
    if conflict.mode is Mode.PUSH:
        return f"the copy's {what} was changed there, to {conflict.theirs!r}; now it is {conflict.kept!r} again"
    if conflict.mode is Mode.PULL:
        return f"the copy's {what} was changed here, to {conflict.ours!r}; now it is {conflict.kept!r} again"
    return f"both sides changed {what}: {conflict.ours!r} here, {conflict.theirs!r} there; kept {conflict.kept!r}"


def differing(merged: Merged, ours: Doc, theirs: Doc) -> list[str]:
    """Return in words the fields of two documents that are not what the link's rules make of them."""
    moved = {*merged.for_them.put, *merged.for_them.drop, *merged.for_us.put, *merged.for_us.drop}
    return [
        f"{field.words} is {_shown(ours.get(field))} here and {_shown(theirs.get(field))} there"
        for field in sorted(moved)
    ]


def outdone(merged: Merged, before: Doc, now: Doc) -> set[Field]:
    """Return the times of an experiment that are about to be written and were superseded by others meanwhile."""
    changed = {field for field in document.changed_since(merged, before, now) if field.kind in TIMES and field in now}
    put = merged.for_us.put
    return {field for field in changed if field in put and document.better(field, put[field], now[field]) == now[field]}


def _standing(item: ItemState, ours: Doc, theirs: Doc, mode: Mode, *, was_read: bool) -> set[Field]:
    """Return the times of a copy that are kept although its source has others."""
    if mode is Mode.BOTH:
        return set()  # which agree by that rule anyhow
    source, copy = (ours, theirs) if mode is Mode.PUSH else (theirs, ours)
    found = set()
    for kind in TIMES:
        field = Field(kind)
        if field not in source or (item.made_by is CreatedBy.US and field not in (item.base or {})):
            continue  # it has none yet but that of its making by the link
        if field not in copy:
            if not was_read:
                found.add(field)  # the copy has a time of its own, which may be the better one
            continue
        if document.better(field, source[field], copy[field]) == copy[field]:
            found.add(field)
    return found


def _shown(value: str | None) -> str:
    return "absent" if value is None else repr(value if len(value) <= 80 else value[:80] + "…")
