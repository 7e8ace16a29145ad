"""The port between the reconciler and a kind of items, with one adapter for each kind.

An adapter reads and writes one kind of items on both sides of a link, and defines what a difference is. The reconciler
decides when each method is called. Adapters inherit from `ItemType`, whose optional methods have the default of most
kinds.
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
    """Access from an item to other items that it requires."""

    def reconcile_local(self, entity: Entity, local_id: str, *, verify: bool) -> str: ...

    def reconcile_remote(self, entity: Entity, remote_id: str, known: Snapshot | None, *, verify: bool) -> None: ...

    def remote_of(self, entity: Entity, local_id: str) -> str | None:
        """Return the remote's id of a local item, which is created on the remote if the link includes it."""
        ...

    def local_experiment(self, remote_id: str) -> str | None:
        """Return the local id of a remote experiment, which is created locally if the link includes it."""
        ...


class RetryLater(Exception):
    """The item is reconciled again after `wait_s`.

    On a remote that does not keep ids, the side that created an item may be about to create its copy. Two sides that
    search for the copy at once would both create one, so a side that received the item through a link waits.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"its copy is made in {wait_s} s, unless there is one then")
        self.wait_s = wait_s


class Created(Struct, frozen=True):
    """The result of a creation on the remote.

    `existed`: the item existed before the creation, so this link did not create it. `snapshot`: the state of the remote
    item, if it is known without a read.
    """

    id: str
    existed: bool = False
    snapshot: Snapshot | None = None


class Compared(Struct, frozen=True):
    """The result of a comparison.  `base`: the agreed state of the compared fields.  `kept`: fields that stay agreed
    uncompared."""

    merged: Merged
    base: Doc
    kept: Doc = {}


class Sent(Struct, frozen=True):
    """The outcome of a patch for the remote.

    `remote_id`: the item's id from now on. `merged`: without skipped fields. `has_taken`: data besides the document was
    pulled. `behind`: why data besides the document has to be sent again; empty if all was sent. `uncertain`: series
    whose remote summary was found to be wrong.
    """

    remote_id: str
    merged: Merged
    has_sent: bool = False
    has_taken: bool = False
    behind: str = ""
    uncertain: frozenset[str] = frozenset()


class ItemType(Protocol):
    """Reads, compares and writes one kind of items.  Raises `RequestRejected`, `port.Unmirrored` and `RetryLater` for
    one item, `RemoteUnavailable` for the remote as a whole.

    `quiet`: the kinds of fields whose conflicts are not logged, because they follow from others. `keeps_deleted`: a
    deleted item stays, with a field `stage` that is merged like other fields. If such an item is absent on a side, it
    was purged or lost there, and its absence never deletes the other side's.
    """

    entity: Entity
    context: LinkContext
    quiet: Set[str] = frozenset()
    keeps_deleted: bool = False
    has_names: bool = False  # unique: no two items of the kind have the same name

    def unknown(self) -> str:
        """Return why the remote does not support such items, for the log; empty if it does."""
        return ""

    def called(self, snapshot: Snapshot) -> str:
        """Return the item's name for users."""
        ...

    def read_local(self, tx: Tx, local_id: str) -> Snapshot | None: ...

    def read_remote(self, remote_id: str) -> Snapshot | None: ...

    def is_wanted(self, snapshot: Snapshot, item: ItemState | None, remote: Snapshot | None) -> bool:
        """Return whether the link replicates the item."""
        del snapshot, item, remote
        return True

    def wants(self, snapshot: Snapshot) -> bool:
        """Return whether the link's filter includes a local item that another item requires."""
        del snapshot
        return True

    def is_before(self, remote: Snapshot) -> bool:
        """Return whether a remote item was created and changed before the link's start time for pulls."""
        del remote
        return False

    def is_same(self, item: ItemState, remote: Snapshot) -> bool:
        """Return whether the remote item is still the known one, and not another one with that id."""
        del item, remote
        return True

    def is_purged(self, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether an item that the remote lacks, and that is deleted locally, was deleted there too, if
        `keeps_deleted`."""
        del item, snapshot
        return False

    def is_as_agreed(self, item: ItemState, listed: Snapshot) -> bool:
        """Return whether the remote item, as a list shows it, is in the agreed state."""
        ...

    def match(self, snapshot: Snapshot) -> str | None:
        """Return the remote's id of the counterpart of a local item without a known one."""
        ...

    def create_remote(self, snapshot: Snapshot) -> Created | None:
        """Create the counterpart.  The intention is saved before the call: see `LinkContext.save`.  None: the link
        creates none."""
        ...

    def as_created(self, snapshot: Snapshot, remote: Snapshot) -> Doc | None:
        """Return the agreed state of a counterpart that was just created, if it was not saved with the intention."""
        del snapshot, remote
        return None

    def moved_to(self, item: ItemState) -> str | None:
        """Return the current remote id of an item that the remote lacks under the known one; None if it is gone."""
        del item
        return None

    def create_local(self, remote: Snapshot) -> str | None:
        """Return the local id of a remote item without a known counterpart, created if the link includes it."""
        ...

    def must_read_remote(self, snapshot: Snapshot, item: ItemState) -> bool:
        """Return whether the remote item must be read before the local one is sent."""
        ...

    def named_remotely(self, name: str) -> str | None:
        """Return the remote's id of the item with a name, for kinds with unique names."""
        del name
        return None

    def named_locally(self, tx: Tx, name: str) -> str | None:
        del tx, name
        return None

    def rename_remote(self, item: ItemState, patch: Patch) -> str:
        """Return the remote's id after the rename."""
        del patch
        return item.remote_id

    def rename_local(self, tx: Tx, local_id: str, patch: Patch) -> None:
        del tx, local_id, patch

    def check_usable(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> None:
        """Raise Unmirrored for a remote item that can never be used."""
        del snapshot, item, remote

    def merge(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None) -> Compared:
        """Compare both sides.  Without `remote`, the remote counts as being in the agreed state."""
        ...

    def describe(self, snapshot: Snapshot, conflict: Conflict) -> str:
        del snapshot
        return merging.describe(conflict)

    def differing(self, snapshot: Snapshot, item: ItemState, remote: Snapshot) -> list[str]:
        """Return descriptions of the fields that differ from the result of a merge.  Changes nothing."""
        merged = self.merge(snapshot, item, remote).merged
        return merging.differing(merged, snapshot.doc, self.context.to_local(remote.doc, self.entity))

    def patch_remote(
        self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, compared: Compared, *, verify: bool
    ) -> Sent:
        """Send what the remote lacks, including data besides the document, if the link pushes."""
        ...

    def portions(self, patch: Patch) -> list[Patch]:
        """Split a patch for the local item into parts of one transaction each; at least one."""
        return [patch]

    def changed_meanwhile(self, tx: Tx, snapshot: Snapshot, merged: Merged) -> Set[Field]:
        """Return the fields of the local patch that changed locally after the comparison: these are not overwritten."""
        is_shared = self.context.link.mode is Mode.BOTH and bool(merged.for_us)
        here = self.read_local(tx, snapshot.item_id) if is_shared else None
        return set() if here is None else document.changed_since(merged, snapshot.doc, here.doc)

    def apply_local(
        self, tx: Tx, snapshot: Snapshot, patch: Patch, remote: Snapshot | None, sent: Sent
    ) -> Set[Field] | None:
        """Apply a patch to the local item, and return the fields that cannot be stored locally."""
        ...

    def finish(self, snapshot: Snapshot, item: ItemState, remote: Snapshot | None, sent: Sent, *, verify: bool) -> None:
        """Sync what requires the item to be up to date on both sides.  `item`: its state before."""
        del snapshot, item, remote, sent, verify

    def has_local_change(self, item: ItemState, snapshot: Snapshot) -> bool:
        """Return whether the local item changed since the agreed state."""
        ...

    def has_remote_change(self, item: ItemState, remote: Snapshot) -> bool: ...

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        """Delete the local item.  Return False if it stays because items below it are not the link's."""
        ...

    def delete_remote(self, item: ItemState) -> bool:
        """Delete the remote item.  If it is no longer a copy of the local item, it stays, and True is returned."""
        ...

    def below_remote(self, remote_id: str) -> Sequence[str]:
        """Return the remote's ids of the items below a remote item."""
        del remote_id
        return ()
