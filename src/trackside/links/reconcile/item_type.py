"""The port between the reconciler and a kind of items: one adapter for each kind.

An adapter reads and writes one kind of items on both sides of one link, and says what a difference means.  The reconciler decides
when each is asked for.
"""

from collections.abc import Sequence, Set
from typing import Protocol

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.links.reconcile.context import Side
from trackside.links.state.item import Item
from trackside.sync.document import Conflict, Doc, Merged, Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Part


class Created(Struct, frozen=True):
    """`existed`: the item was there when it was to be created, so it is nobody's copy of ours."""

    id: str
    existed: bool = False


class Compared(Struct, frozen=True):
    """`base`: what both sides agreed on, of the fields that are compared.  `kept`: fields that stay agreed uncompared."""

    merged: Merged
    base: Doc
    kept: Doc = {}


class Sent(Struct, frozen=True):
    """What became of a patch for the remote.  `remote_id`: the item's id from now on.  `merged`: without what was left out.

    `has_taken`: data beside the document came from there."""

    remote_id: str
    merged: Merged
    has_sent: bool = False
    has_taken: bool = False


class ItemType(Protocol):
    """Raises `client.Refused` and `port.Unmirrored` for one item, `client.Down` for the remote as a whole."""

    @property
    def entity(self) -> Entity: ...

    @property
    def side(self) -> Side: ...

    @property
    def quiet(self) -> Set[str]:
        """Return the kinds of fields whose conflicts are not logged, because they follow from others."""
        ...

    def unknown(self) -> str:
        """Return why the remote has no such items, for the log; empty if it has."""
        ...

    def called(self, part: Part) -> str:
        """Return what a user calls the item."""
        ...

    def read_local(self, tx: Tx, local_id: str) -> Part | None: ...

    def read_remote(self, remote_id: str) -> Part | None: ...

    def is_wanted(self, part: Part, item: Item | None, theirs: Part | None) -> bool:
        """Return whether the link mirrors the item."""
        ...

    def is_before(self, theirs: Part) -> bool:
        """Return whether an item of theirs was made, and changed, before the moment from which on the link takes."""
        ...

    def is_same(self, item: Item, theirs: Part) -> bool:
        """Return whether theirs is still the item that it was, and not another one of that id."""
        ...

    def is_as_agreed(self, item: Item, listed: Part) -> bool:
        """Return whether theirs, as a list shows it, is what both sides agreed on."""
        ...

    def match(self, part: Part) -> str | None:
        """Return the remote's id of the counterpart of an item of ours that has none yet."""
        ...

    def create_remote(self, part: Part) -> Created:
        """Create the counterpart.  The intention is saved before the call: see `Side.save`."""
        ...

    def create_local(self, theirs: Part) -> str | None:
        """Return our id of an item of theirs that no item of ours is known to match, created if it shall be."""
        ...

    def must_look(self, part: Part, item: Item) -> bool:
        """Return whether theirs must be read before ours is sent."""
        ...

    def check_usable(self, part: Part, item: Item, theirs: Part) -> None:
        """Raise Unmirrored for an item of theirs that can never be used."""
        ...

    def merge(self, part: Part, item: Item, theirs: Part | None) -> Compared:
        """Compare both sides.  Without theirs, the remote has what was agreed."""
        ...

    def describe(self, part: Part, conflict: Conflict) -> str: ...

    def patch_remote(self, part: Part, item: Item, theirs: Part | None, compared: Compared, *, verify: bool) -> Sent:
        """Send what the remote lacks, with the data beside the document, if the link sends at all."""
        ...

    def apply_local(self, tx: Tx, part: Part, patch: Patch, theirs: Part | None, sent: Sent) -> None: ...

    def finish(self, part: Part, remote_id: str, *, verify: bool) -> None:
        """Sync what needs the item to be up to date on both sides."""
        ...

    def changed_here(self, item: Item, part: Part) -> bool:
        """Return whether the item was changed here since both sides agreed."""
        ...

    def changed_there(self, item: Item, theirs: Part) -> bool: ...

    def delete_local(self, tx: Tx, local_id: str) -> bool:
        """False: the item stays, because items below it are not the link's."""
        ...

    def delete_remote(self, item: Item) -> bool:
        """The same of theirs.  An item of theirs that is no copy of ours any more is left alone, which is True."""
        ...

    def below_remote(self, remote_id: str) -> Sequence[str]:
        """Return the remote's ids of the items below one of theirs."""
        ...
