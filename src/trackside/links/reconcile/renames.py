"""Names that items have swapped, or passed on in a circle, while the other side was away.

Each of them would be refused until another one gives its name up, so one of them gets a temporary name.  That is saved as
agreed, so the item has still to be renamed to its own name, also after a crash.  A temporary name sorts before others: where it
seems to be a change of that side, after a crash, the other name is kept.
"""

from collections.abc import Callable

from trackside.core.db.tx import Tx
from trackside.links.model import Kind
from trackside.links.reconcile.item_type import ItemType, RetryLater
from trackside.links.state import item_store
from trackside.links.state.backfill import Depth
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.document import Merged, Mode, Patch
from trackside.sync.entities import Entity

MOST = 20  # items of a circle
WAIT_S = 1.0  # in which the others get their names
PATIENCE = 5  # so often an item waits

# Both return the item that has a name on a side, and the name that it is to have there.
Holder = Callable[[str], tuple[ItemState, str] | None]


def temporary_name(local_id: str) -> str:
    """Return the name of an item until it gets its own; no other item has it."""
    return f"! {local_id}"


def make_way(kind: ItemType, item: ItemState, merged: Merged, below: Entity | None) -> None:
    """Raise RetryLater if another item has the new name and gets another one.

    If that one waits for the name of this item, give this one a temporary name before."""
    context = kind.context
    temporary = temporary_name(item.local_id)
    if kind.entity is Entity.EXPERIMENT and not context.link.options.wants(temporary):
        return
    if context.link.kind is Kind.DATABRICKS:
        return  # names are paths there
    there = merged.for_them.put.get(fields.NAME) if context.link.mode.sends else None
    here = merged.for_us.put.get(fields.NAME)
    patch = Patch({fields.NAME: temporary})
    base = {**(item.base or {}), fields.NAME: temporary}

    def save(tx: Tx, remote_id: str) -> None:
        if remote_id != item.remote_id and below is not None:
            item_store.rename_remote(tx, context.link_id, below, item.remote_id, remote_id)
        item_store.save_item(tx, context.link_id, kind.entity, item.local_id, remote_id, item.made_by, base)

    def rename_here(tx: Tx) -> None:
        kind.rename_here(tx, item.local_id, patch)
        save(tx, item.remote_id)

    if there is not None:
        waiting, is_closed = _chain(there, item, lambda name: _holder_there(kind, name))
    elif here is not None:
        waiting, is_closed = _chain(here, item, lambda name: _holder_here(kind, name))
    else:
        return
    if not waiting:
        if below is not None and (item.local_id in context.waiting or base == item.base):
            context.waiting.pop(item.local_id, None)
            for each in context.items_below(below, item.local_id):  # the rename changes their times once more
                context.enqueue(below, each.local_id, depth=Depth.COMPARE)
        return
    if is_closed and there is not None:
        with context.whole():
            context.write(save, kind.rename_there(item, patch))
    elif is_closed:
        context.write(rename_here)
    elif context.waiting.get(item.local_id, 0) >= PATIENCE:
        return  # the refusal of that side says what is wrong
    context.waiting[item.local_id] = context.waiting.get(item.local_id, 0) + 1
    for other in waiting:
        context.enqueue(kind.entity, other.local_id)
    raise RetryLater(WAIT_S)


def _chain(name: str, item: ItemState, holder: Holder) -> tuple[list[ItemState], bool]:
    """Return the items that have to give up their names first, and whether the last of them waits for the name of `item`."""
    waiting: list[ItemState] = []
    while len(waiting) < MOST and (found := holder(name)) is not None:
        other, wanted = found
        if other.local_id == item.local_id:
            return waiting, True
        if wanted == name:  # it keeps that name
            return [], False
        waiting.append(other)
        name = wanted
    return waiting, False


def _holder_there(kind: ItemType, name: str) -> tuple[ItemState, str] | None:
    remote_id = kind.named_there(name)
    other = None if remote_id is None else kind.context.by_remote(kind.entity, remote_id)
    ours = None if other is None else kind.context.read(kind.read_local, other.local_id)
    if other is None or ours is None:
        return None
    return other, _wanted(kind, other, ours.doc[fields.NAME], name) if kind.wants(ours) else name


def _holder_here(kind: ItemType, name: str) -> tuple[ItemState, str] | None:
    local_id = kind.context.read(kind.named_here, name)
    other = None if local_id is None else kind.context.item(kind.entity, local_id)
    theirs = None if other is None or not other.remote_id else kind.read_remote(other.remote_id)
    return None if other is None or theirs is None else (other, _wanted(kind, other, theirs.doc[fields.NAME], name))


def _wanted(kind: ItemType, other: ItemState, source: str, name: str) -> str:
    """Return the name that an item is to have on the side on which it has `name`."""
    is_renamed = kind.context.link.mode is not Mode.BOTH or source != (other.base or {}).get(fields.NAME)
    return source if is_renamed else name
