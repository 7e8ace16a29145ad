"""Resolves cycles of renames: names that items swapped or passed on while the other side was unavailable.

Each rename in a cycle is rejected until another item gives up its name, so one item gets a temporary name. The temporary name
is saved as agreed, so the rename to the final name follows, also after a crash. Temporary names sort before others: if one
seems to be a change of a side after a crash, the other name wins.
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

MOST = 20  # longest cycle
WAIT_S = 1.0  # in which the other items get their names
PATIENCE = 5  # how often an item waits

# Both return the item that has a name on a side, and the name that it is to have there.
Holder = Callable[[str], tuple[ItemState, str] | None]


def temporary_name(local_id: str) -> str:
    """Return a unique temporary name for an item."""
    return f"! {local_id}"


def wait_for_rename(kind: ItemType, item: ItemState, merged: Merged, below: Entity | None) -> None:
    """Raise RetryLater if another item has the new name and is itself to be renamed.

    If that item waits for the name of this one, give this one a temporary name first.
    """
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

    def rename_local(tx: Tx) -> None:
        kind.rename_local(tx, item.local_id, patch)
        save(tx, item.remote_id)

    if there is not None:
        waiting, is_closed = _chain(there, item, lambda name: _remote_holder(kind, name))
    elif here is not None:
        waiting, is_closed = _chain(here, item, lambda name: _local_holder(kind, name))
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
            context.write(save, kind.rename_remote(item, patch))
    elif is_closed:
        context.write(rename_local)
    elif context.waiting.get(item.local_id, 0) >= PATIENCE:
        return  # the refusal of that side has the reason
    context.waiting[item.local_id] = context.waiting.get(item.local_id, 0) + 1
    for other in waiting:
        context.enqueue(kind.entity, other.local_id)
    raise RetryLater(WAIT_S)


def _chain(name: str, item: ItemState, holder: Holder) -> tuple[list[ItemState], bool]:
    """Return the items that must give up their names first, and whether the last of them waits for the name of `item`."""
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


def _remote_holder(kind: ItemType, name: str) -> tuple[ItemState, str] | None:
    remote_id = kind.named_remotely(name)
    other = None if remote_id is None else kind.context.by_remote(kind.entity, remote_id)
    local = None if other is None else kind.context.read(kind.read_local, other.local_id)
    if other is None or local is None:
        return None
    return other, _wanted(kind, other, local.doc[fields.NAME], name) if kind.wants(local) else name


def _local_holder(kind: ItemType, name: str) -> tuple[ItemState, str] | None:
    local_id = kind.context.read(kind.named_locally, name)
    other = None if local_id is None else kind.context.item(kind.entity, local_id)
    remote = None if other is None or not other.remote_id else kind.read_remote(other.remote_id)
    return None if other is None or remote is None else (other, _wanted(kind, other, remote.doc[fields.NAME], name))


def _wanted(kind: ItemType, other: ItemState, source: str, name: str) -> str:
    """Return the name that an item is to have on the side on which it has `name`."""
    is_renamed = kind.context.link.mode is not Mode.BOTH or source != (other.base or {}).get(fields.NAME)
    return source if is_renamed else name
