"""Merges both sides of an item with their agreed state.  Makes no call, writes nothing.

An experiment is identified by its name, so several workspaces may share one, each with other times. Between Tracksides
the times of an experiment are therefore merged by minimum and maximum: the earliest creation and the latest change win.
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
)  # that only Tracksides can set; they follow from other fields
Can = Callable[[Entity, Field, Verb], bool]


def compare(
    entity: Entity, item: ItemState, local: Doc, remote: Doc, mode: Mode, can: Can, *, was_read: bool = True
) -> Merged:
    """`was_read`: `remote` is the current state of the remote, not the agreed one."""
    agreed = item.base or {}
    merged = document.merge(agreed, local, remote, mode, lambda field, verb: can(entity, field, verb))
    standing = _kept_times(item, local, remote, mode, was_read=was_read) if entity is Entity.EXPERIMENT else set()
    if not standing:
        return merged
    for_them = Patch(
        {field: value for field, value in merged.for_them.put.items() if field not in standing},
        merged.for_them.drop,
    )
    kept = document.without(merged, standing, agreed)
    return Merged(for_them, kept.for_us, kept.agreed, kept.conflicts)


def as_created(copy: Doc, source: Doc) -> Doc:
    """Return the fields of a new copy that count as agreed.

    Some fields of the source, such as the stage of a version, cannot be set at creation, so the copy has defaults that
    no user chose. Numbers and times are merged by other rules. The result is saved at the creation, not at the first
    comparison, so an edit in between counts as a change, even while the server is down.
    """
    return {field: value for field, value in copy.items() if field in source and not document.has_order(field)}


def describe(conflict: Conflict) -> str:
    what = conflict.field.label
    if conflict.mode is Mode.PUSH:
        return f"the {what} of the remote copy was changed to {conflict.remote!r}; it was reset to {conflict.kept!r}"
    if conflict.mode is Mode.PULL:
        return f"the {what} of the copy in this workspace was changed to {conflict.local!r}; it was reset to {conflict.kept!r}"
    return (
        f"both sides changed {what}: {conflict.local!r} in this workspace, {conflict.remote!r} on the remote; "
        f"kept {conflict.kept!r}"
    )


def differing(merged: Merged, local: Doc, remote: Doc) -> list[str]:
    """Return descriptions of the fields that differ from the result of a merge."""
    moved = {*merged.for_them.put, *merged.for_them.drop, *merged.for_us.put, *merged.for_us.drop}
    return [
        f"{field.label} is {_shown(local.get(field))} in this workspace and {_shown(remote.get(field))} on the remote"
        for field in sorted(moved)
    ]


def superseded(merged: Merged, before: Doc, now: Doc) -> set[Field]:
    """Return the times of an experiment that are about to be written and were superseded meanwhile."""
    changed = {field for field in document.changed_since(merged, before, now) if field.kind in TIMES and field in now}
    put = merged.for_us.put
    return {field for field in changed if field in put and document.better(field, put[field], now[field]) == now[field]}


def _kept_times(item: ItemState, local: Doc, remote: Doc, mode: Mode, *, was_read: bool) -> set[Field]:
    """Return the times of a copy that are kept although its source has others."""
    if mode is Mode.BOTH:
        return set()  # which have equal values by that rule
    source, copy = (local, remote) if mode is Mode.PUSH else (remote, local)
    found = set()
    for kind in TIMES:
        field = Field(kind)
        if field not in source or (item.made_by is CreatedBy.US and field not in (item.base or {})):
            continue  # it only has the time at which the link created it
        if field not in copy:
            if not was_read:
                found.add(field)  # the copy has an independent time, which may be the better one
            continue
        if document.better(field, source[field], copy[field]) == copy[field]:
            found.add(field)
    return found


def _shown(value: str | None) -> str:
    return "absent" if value is None else repr(value if len(value) <= 80 else value[:80] + "…")
