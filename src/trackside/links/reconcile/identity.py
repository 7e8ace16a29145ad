"""Decides which side created an item, and which experiments are the same.

Only an item that the link is known to have created counts as its copy, which is deleted with its source. An item that
existed before the creation counts as the remote's: either the response to an earlier creation was lost, or another
client created the item.
"""

from collections.abc import Callable

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState
from trackside.links import store
from trackside.links.model import CreatedBy, LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import RetryLater
from trackside.links.reconcile.merging import TIMES
from trackside.links.state import generations, item_store
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import reader, writer
from trackside.sync.local.reader import Snapshot
from trackside.workspaces import store as workspaces

SOME_RUNS = 5
PATIENCE_MS = 5000
MAKER: Field = Field(FieldKind.TAG, reader.SOURCE_WORKSPACE)
Again = Callable[[str], object]  # reconciles an experiment by its local or remote id
UNSURE = (
    "existed on the remote before the link created it, or was created just before an interruption; it counts as the "
    "remote's, and stays when copies are removed"
)


def was_created_here(context: LinkContext, remote: Snapshot) -> bool:
    """Return whether this workspace created the remote item.

    On a remote that does not keep ids, the tags of a copy name its source; otherwise the creator is unknown.
    """
    if context.remote.preserves_ids:
        return False
    uid = context.read(lambda tx: workspaces.current(tx).uid)
    return remote.doc.get(Field(FieldKind.TAG, reader.SOURCE_WORKSPACE)) == uid


def save_pair(tx: Tx, context: LinkContext, entity: Entity, local_id: str, remote_id: str, made_by: CreatedBy) -> None:
    """Save the remote item as the counterpart of the local one.  Unless it is a known copy, drop the recorded intention
    to create one."""
    link_id = context.link_id
    known = item_store.item(tx, link_id, entity, local_id)
    was_about_to = known is not None and not known.remote_id and made_by is CreatedBy.THEM
    # A model that was found by name was created by another client: its fields are not those of a copy.
    is_found_by_name = entity is Entity.REGISTERED_MODEL and remote_id != local_id
    if was_about_to and (is_found_by_name or not context.remote.preserves_ids):
        item_store.forget_item(tx, link_id, entity, local_id)
    item_store.save_item(tx, link_id, entity, local_id, remote_id, made_by, None)
    if was_about_to and context.remote.preserves_ids:
        item_store.set_created_by(tx, link_id, entity, local_id, made_by)
        store.note(tx, link_id, LogKind.SKIPPED, entity, local_id, f"{entity} {local_id} {UNSURE}")


def find_local_id(
    context: LinkContext, entity: Entity, remote: Snapshot, source: Field, read: Callable[[str], Snapshot | None]
) -> str | None:
    """Return the local id of a remote item: the id in its tag `source`, which names the source of a copy.

    If that source has a copy already, a user copied the copy with its tags, and the remote item is an independent one.
    None for a second copy that another workspace made of the same item.
    """
    said = remote.doc.get(source)
    known = None if not said else context.item(entity, said)
    if not said or known is None or known.remote_id in ("", remote.item_id):
        return said or remote.item_id
    other = read(known.remote_id)
    if other is None:
        return said
    if other.doc.get(source, said) != said or other.doc.get(MAKER) == remote.doc.get(MAKER):
        return remote.item_id
    text = f"{remote.item_id} is left alone: it is a copy of {said} too, as {known.remote_id} is"
    context.note_once(LogKind.SKIPPED, entity, said, text)
    return None


def is_another_experiment(context: LinkContext, item: ItemState, remote: Snapshot) -> bool:
    """Return whether a remote experiment only reuses the id of the known one, after the remote was restored from a
    backup.

    Then it has another name and none of the known runs. An experiment without runs is suspect only after a known
    restore.
    """
    name = (item.base or {}).get(fields.NAME)
    if context.remote.preserves_ids or name in (None, remote.doc[fields.NAME]):
        return False
    link_id = context.link_id
    runs = context.read(generations.newest, link_id, SOME_RUNS, experiment_id=item.local_id)
    if not runs:
        return item.store_generation < context.read(generations.of, link_id).store_generation
    found = (context.remote.read(Entity.RUN, each.remote_id) for each in runs)
    return not any(run is not None and run.experiment_id == remote.item_id for run in found)


def brought(context: LinkContext, entity: Entity, local_id: str) -> tuple[bool, int]:
    """Return whether another link or an import created a local item, and its age in ms."""

    def read(tx: Tx) -> tuple[bool, int]:
        at = item_store.brought_at(tx, context.link_id, entity, local_id)
        return at is not None, tx.now - (at or 0)

    return context.read(read)


def wait_for_creator(context: LinkContext, age_ms: int) -> None:
    """Raise RetryLater for a recently replicated item, because the side that created it may be about to create the
    copy."""
    if not context.remote.preserves_ids and 0 <= age_ms < PATIENCE_MS:
        raise RetryLater((PATIENCE_MS - age_ms) / 1000)


def match_experiment(context: LinkContext, local_id: str, name: str, again: Again) -> str | None:
    """Return the remote's id of the experiment with a name."""
    found = context.remote.find_experiment(name)
    other = None if found is None else context.by_remote(Entity.EXPERIMENT, found)
    if other is None or other.local_id == local_id:
        return found
    # The remote experiment of that name belongs to another local experiment, which was renamed or deleted since.
    again(other.local_id)
    found = context.remote.find_experiment(name)
    other = None if found is None else context.by_remote(Entity.EXPERIMENT, found)
    if other is not None and context.read(reader.experiment, other.local_id) is not None:
        raise BadState(f"the remote has another experiment named {name!r}; this one waits until the name is free")
    return found


def adopt_experiment(
    context: LinkContext, snapshot: Snapshot, note: Callable[[Tx, str], None], again: Again
) -> str | None:
    """Return the local id for a remote experiment without a known counterpart.

    Create it if the link includes it, and pass it to `note`.
    """
    name = snapshot.doc[fields.NAME]
    if not context.link.options.wants(name):
        return None
    named = Patch({field: value for field, value in snapshot.doc.items() if field.kind == FieldKind.NAME})
    # In the same transaction: another link that finds the experiment would take its creation time for a user's.
    timed = Patch({**named.put, **{field: value for field, value in snapshot.doc.items() if field.kind in TIMES}})
    other = _local_experiment_named(context, name)
    if (
        other is not None and other.remote_id != snapshot.item_id
    ):  # the local experiment of that name belongs to another remote one
        again(other.remote_id)
        other = _local_experiment_named(context, name)
        if other is not None and context.look(Entity.EXPERIMENT, other.remote_id) is not None:
            raise BadState(
                f"this workspace has another experiment named {name!r}; the remote one waits until that name is free"
            )

    def make(tx: Tx) -> str:
        made_by = CreatedBy.THEM if reader.has_experiment(tx, name) else CreatedBy.HERE
        is_timed = made_by is CreatedBy.HERE and context.remote.preserves_ids
        made = writer.experiment(tx, None, timed if is_timed else named, context.server_root)
        save_pair(tx, context, Entity.EXPERIMENT, made, snapshot.item_id, made_by)
        if made_by is CreatedBy.HERE:
            note(tx, made)
        return made

    return context.write(make)


def _local_experiment_named(context: LinkContext, name: str) -> ItemState | None:
    """Return the local experiment of that name, if the remote has it."""
    found = context.read(reader.experiment_of_name, name)
    item = None if found is None else context.item(Entity.EXPERIMENT, found)
    return item if item is not None and item.remote_id else None
