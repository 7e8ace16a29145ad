"""Tracks names of models on a server that identifies models by name.

On such a server names change hands without a trace: two names are swapped, or a model is deleted and another one is renamed to
its name. A rename keeps the tags and the creation time of a model, by which `Items.is_the_same` recognizes it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

from trackside.core.db.tx import Tx
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items, saved_time
from trackside.links.reconcile.renames import temporary_name
from trackside.links.state import item_store, work_queue
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import SOURCE_UID, Snapshot

Moves = list[tuple[ItemState, str]]


class Identity(Protocol):
    def is_the_same(self, item: ItemState, remote: Snapshot) -> bool: ...

    def remote_creation(self, item: ItemState) -> str: ...


class ModelNames:
    """Maps models to their current names.  `follow` lists all remote models; it is called when a name belongs to
    another model."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._context = items.context
        self._link_id = items.context.link_id
        self._made: dict[str, list[str]] | None = None

    def made_at(self, made: str) -> Sequence[str]:
        """Return the local ids of the models created on the remote at that time, as far as it was saved before this pass."""
        if self._made is None:
            self._made = defaultdict(list)
            for item in self._context.read(item_store.agreed_items, self._link_id, MODEL):
                self._made[saved_time(item)].append(item.local_id)
        return self._made.get(made, ())

    def follow(self) -> Mapping[str, Snapshot]:
        """Update the names of all models, and return the remote models.

        A deleted model whose name another one has gets a name that no remote model has.
        """
        remote: dict[str, Snapshot] = {}
        unread: set[str] = set()
        for each in self._items.remote.everything():
            if "/" in each.item_id:  # versions are read after the models
                break
            if isinstance(each, Snapshot):
                remote[each.item_id] = each
            else:
                unread.add(each.item_id)
        known = self._context.read(item_store.agreed_items, self._link_id, MODEL)
        moves = plan(known, remote, unread, self._items)
        if not moves:
            return remote
        self._items.remote.names_changed()
        seen = [(str(MODEL), name) for _, name in moves]
        for _, name in moves:
            if name in remote:
                seen += [(str(VERSION), each) for each in self._items.remote.versions_of(name)]

        def work(tx: Tx) -> None:
            for item, _ in moves:  # names may have been swapped
                self._rename(tx, item, item.remote_id, temporary_name(item.local_id))
            for item, name in moves:
                self._rename(tx, item, temporary_name(item.local_id), name)
            work_queue.enqueue(tx, self._link_id, seen, is_remote=True)

        self._context.write(work)
        return remote

    def _rename(self, tx: Tx, item: ItemState, before: str, after: str) -> None:
        item_store.rename_remote(tx, self._link_id, VERSION, before, after)
        item_store.save_item(tx, self._link_id, MODEL, item.local_id, after, item.made_by, None)


def plan(
    known: Sequence[ItemState],
    remote: Mapping[str, Snapshot],
    unread: set[str],
    items: Identity,
) -> Moves:
    """Return the models whose remote name changed, with the new name, or with a name that no remote model has."""
    staying = {
        item.remote_id
        for item in known
        if item.remote_id in unread or (item.remote_id in remote and items.is_the_same(item, remote[item.remote_id]))
    }
    by_time: defaultdict[str, list[str]] = defaultdict(list)
    by_tag: defaultdict[str, list[str]] = defaultdict(list)
    for name, model in sorted(remote.items()):
        if name not in staying:
            by_time[model.doc.get(fields.CREATED, "0")].append(name)
            by_tag[model.doc.get(Field(FieldKind.TAG, SOURCE_UID), "")].append(name)
    moves: Moves = []
    taken: set[str] = set()
    for item in known:
        if item.remote_id in staying:
            continue
        candidates = [*by_time[items.remote_creation(item)], *by_tag[item.local_id]]
        found = next((each for each in candidates if each not in taken and items.is_the_same(item, remote[each])), None)
        if found is not None:
            taken.add(found)
            moves.append((item, found))
        elif item.remote_id in remote:
            moves.append((item, temporary_name(item.local_id)))
    return moves
