"""The port between the reconciler and a kind of items: one adapter for each kind.

An adapter reads and writes one kind of items on both sides of one link, and says what a difference means.  The reconciler decides
when each is asked for.  An adapter inherits from `ItemType`, whose optional methods have the answer of most kinds.
"""

from collections.abc import Sequence, Set
from typing import Protocol

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.links.reconcile import merging
from trackside.links.reconcile.context import LinkContext
from trackside.links.state.item import ItemState
from trackside.sync import document
from trackside.sync.document import Conflict, Doc, Merged, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field
from trackside.sync.local.reader import Snapshot


class Others(Protocol):
    """The way from an item to others that it needs."""

    def reconcile_local(self, entity: Entity, local_id: str, *, verify: bool) -> str: ...

    def reconcile_remote(self, entity: Entity, remote_id: str, known: Snapshot | None, *, verify: bool) -> None: ...

    def remote_of(self, entity: Entity, local_id: str) -> str | None:
        """Return the remote's id of an item of ours, which is created there if it shall be."""
        ...

    def experiment_here(self, remote_id: str) -> str | None:
        """Return our id of an experiment of theirs, which is created here if it shall be."""
        ...


class RetryLater(Exception):
    """The item is reconciled again after `wait_s`.

    On a remote that does not keep ids, the side that made an item may be about to create its copy.  Two sides that search for
    the copy at once would both create one, so a side that received the item through a link waits."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"its copy is made in {wait_s} s, unless there is one then")
        self.wait_s = wait_s


class Created(Struct, frozen=True):
    """The result of a creation on the remote.

    `existed`: the item existed before the creation, so this link did not make it.  `snapshot`: the state of the item there, if
    it is known without a read."""

    id: str
    existed: bool = False
    snapshot: Snapshot | None = None


class Compared(Struct, frozen=True):
    """`base`: what both sides agreed on, of the fields that are compared.  `kept`: fields that stay agreed uncompared."""

    merged: Merged
    base: Doc
    kept: Doc = {}


class Sent(Struct, frozen=True):
    """The outcome of a patch for the remote.  `remote_id`: the item's id from now on.  `merged`: without what was left out.

    `has_taken`: data beside the document came from there.  `behind`: why data beside the document has to be sent again; empty
    if all was sent.  `uncertain`: series of which the remote's summary was found to be wrong."""

    remote_id: str
    merged: Merged
    has_sent: bool = False
    has_taken: bool = False
    behind: str = ""
    uncertain: frozenset[str] = frozenset()


class ItemType(Protocol):
    """Raises `RequestRejected`, `port.Unmirrored` and `RetryLater` for one item, `RemoteUnavailable` for the remote as a whole.

    `quiet`: the kinds of fields whose conflicts are not logged, because they follow from others.  `keeps_deleted`: a deleted
    item stays, with a field `stage`, which is merged as any other field is.  Such an item that is absent on a side was purged or
    lost there, and its absence never deletes the other side's."""

    entity: Entity
    context: LinkContext
    quiet: Set[str] = frozenset()
    keeps_deleted: bool = False
    has_names: bool = False  # which differ: no two items of the kind have the same

    def unknown(self) -> str:
        """Return why the remote has no such items, for the log; empty if it has."""
        return ""

    def called(self, snapshot: Snapshot) -> str:
        """Return what a user calls the item."""
        ...

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None: ...

    def read_remote(self, remote_id: str) -> Snapshot | None: ...

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, theirs: Snapshot | None) -> bool:
        """Return whether the link mirrors the item."""
        del snapshot, item, theirs
        return True

    def wants(self, snapshot: Snapshot) -> bool:
        """Return whether the link's filter lets an item of ours through that another item needs."""
        del snapshot
        return True

    def is_before(self, theirs: Snapshot) -> bool:
        """Return whether an item of theirs was made, and changed, before the moment from which on the link takes."""
        del theirs
        return False

    def is_same(self, item: ItemState, theirs: Snapshot) -> bool:
        """Return whether theirs is still the item that it was, and not another one of that id."""
        del item, theirs
        return True

    def is_purged(self, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether an item that is absent there, and deleted here, was deleted there too, if `keeps_deleted`."""
        del item, snapshot
        return False

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        """Return whether theirs, as a list shows it, is what both sides agreed on."""
        ...

    def match(self, snapshot: Snapshot) -> str | None:
        """Return the remote's id of the counterpart of an item of ours that has none yet."""
        ...

    def create_remote(self, snapshot: Snapshot) -> Created | None:
        """Create the counterpart.  The intention is saved before the call: see `LinkContext.save`.  None: it shall not be
        there."""
        ...

    def as_made(self, snapshot: Snapshot, theirs: Snapshot) -> Doc | None:
        """Return what counts as agreed of a counterpart that was just created, where that was not saved with the intention."""
        del snapshot, theirs
        return None

    def moved_to(self, item: ItemState) -> str | None:
        """Return the remote's id that an item has now which is absent there under the known one; None if it is gone."""
        del item
        return None

    def create_local(self, theirs: Snapshot) -> str | None:
        """Return our id of an item of theirs that no item of ours is known to match, created if it shall be."""
        ...

    def must_look(self, snapshot: Snapshot, item: ItemState) -> bool:
        """Return whether theirs must be read before ours is sent."""
        ...

    def named_there(self, name: str) -> str | None:
        """Return the remote's id of the item of a name, for kinds of which each has a name of its own."""
        del name
        return None

    def named_here(self, tx: Tx, name: str) -> str | None:
        del tx, name
        return None

    def rename_there(self, item: ItemState, patch: Patch) -> str:
        """Return the remote's id that it has then."""
        del patch
        return item.remote_id

    def rename_here(self, tx: Tx, local_id: str, patch: Patch) -> None:
        del tx, local_id, patch

    def check_usable(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot) -> None:
        """Raise Unmirrored for an item of theirs that can never be used."""
        del snapshot, item, theirs

    def merge(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None) -> Compared:
        """Compare both sides.  Without theirs, the remote has what was agreed."""
        ...

    def describe(self, snapshot: Snapshot, conflict: Conflict) -> str:
        del snapshot
        return merging.words(conflict)

    def differing(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot) -> list[str]:
        """Return in words what is not what the link's rules make of the item.  Change nothing."""
        merged = self.merge(snapshot, item, theirs).merged
        return merging.differing(merged, snapshot.doc, self.context.to_local(theirs.doc, self.entity))

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        """Send what the remote lacks, with the data beside the document, if the link sends at all."""
        ...

    def portions(self, patch: Patch) -> list[Patch]:
        """Divide a patch for us into parts of one transaction each; at least one."""
        return [patch]

    def changed_meanwhile(self, tx: Tx, snapshot: Snapshot, merged: Merged) -> Set[Field]:
        """Return the fields of the patch for us that changed here after they were compared: these are not overwritten unseen."""
        is_shared = self.context.link.mode is Mode.BOTH and bool(merged.for_us)
        here = self.read_local(tx, snapshot.item_id) if is_shared else None
        return set() if here is None else document.changed_since(merged, snapshot.doc, here.doc)

    def apply_local(
        self, tx: Tx, snapshot: Snapshot, patch: Patch, theirs: Snapshot | None, sent: Sent
    ) -> Set[Field] | None:
        """Apply a patch to ours, and return the fields that have no place here."""
        ...

    def finish(self, snapshot: Snapshot, item: ItemState, theirs: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        """Sync what needs the item to be up to date on both sides.  `item`: as it was before."""
        del snapshot, item, theirs, sent, verify

    def changed_here(self, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether the item was changed here since both sides agreed."""
        ...

    def changed_there(self, item: ItemState, theirs: Snapshot) -> bool: ...

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        """Delete the local item.  Return False if it stays, because items below it are not the link's."""
        ...

    def delete_remote(self, item: ItemState) -> bool:
        """Delete the remote item.  One that is no longer a copy of the local item stays, and True is returned."""
        ...

    def below_remote(self, remote_id: str) -> Sequence[str]:
        """Return the remote's ids of the items below one of theirs."""
        del remote_id
        return ()
