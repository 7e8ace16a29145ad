"""The interface of a remote, for the worker: items by the remote's ids, as documents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from trackside.artifacts.store import Removal
from trackside.core.http_client.client import Download
from trackside.core.http_client.errors import RemoteUnavailable
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, Verb
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local.files import OpenFile
from trackside.sync.local.reader import Snapshot, Summary
from trackside.sync.metric_delta import Digest
from trackside.sync.remote.entries import ListEntry, Unread

if TYPE_CHECKING:
    from trackside.sync.remote.datasets_port import RemoteDatasets
    from trackside.sync.remote.registry_port import RemoteRegistry
    from trackside.sync.remote.traces_port import RemoteTraces


class Listed(Protocol):
    """The lists of a kind of items, for remotes whose change log does not include the kind.

    Documents in lists lack values that a remote only returns for a single item."""

    @property
    def log_tells(self) -> bool:
        """Return whether `Remote.changes` includes the kind, so that both lists are empty."""
        return True

    def everything(self) -> Iterator[ListEntry]:
        return iter(())

    def recent(self, since: int) -> Iterator[ListEntry]:
        """Yield items that changed since a time, in ms of the remote's clock, as far as the remote provides it."""
        del since
        return iter(())


class Seen(Struct, frozen=True):
    """An item of the remote that may have changed, with its document if that is already known.

    `unread` is the reason why the remote's list of such items cannot be read at this position; the id may be empty then."""

    entity: Entity
    remote_id: str
    snapshot: Snapshot | None = None
    unread: str = ""

    @staticmethod
    def of(entity: Entity, entry: ListEntry) -> "Seen":
        if isinstance(entry, Unread):
            return Seen(entity, entry.item_id, unread=entry.why)
        return Seen(entity, entry.item_id, entry)


class ChangePage(Struct, frozen=True):
    """Items that may have changed since a cursor, and the next cursor.

    `more`: further changes may follow at once.  `unread` is the number of later entries in the remote's log, if known.
    `store_id` identifies the remote's store; empty if nothing does.  `was_put_back`: the remote's log was replaced or restored
    from a backup."""

    seen: list[Seen]
    cursor: str
    more: bool
    unread: int = 0
    store_id: str = ""
    was_put_back: bool = False


class CreatedItem(Struct, frozen=True):
    """The created item; `existed`: it had been created before."""

    id: str
    existed: bool = False


LeftOut = dict[Field, str]  # fields of a patch that the remote rejects, with its reasons


class News(Struct, frozen=True):
    """The answer of a long poll: the next cursor, and whether anything changed since the last one."""

    cursor: int
    has_changes: bool


class BrokenCopy(RemoteUnavailable):
    """The stored file differs from the sent one; the remote's file has that size."""

    def __init__(self, message: str, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class Unmirrored(Exception):
    """The remote does not support the item; the message is for the link's log."""


class Listing(NamedTuple):
    """The lists of one or two kinds of items; the last kind contains the other, whose ids have a slash."""

    name: str
    label: str
    entities: tuple[Entity, ...]
    items: Listed

    def entity_of(self, entry: ListEntry) -> Entity:
        return self.entities[0 if "/" in entry.item_id else -1]


def listings(remote: "Remote", *, registry: bool) -> list[Listing]:
    """Return the lists of items that the remote's change log does not include.  `registry`: the link includes registered
    models."""
    of_registry = Listing("registry", "the registry", (Entity.MODEL_VERSION, Entity.REGISTERED_MODEL), remote.registry)
    others = (
        (Listing("datasets", "evaluation datasets", (Entity.EVALUATION_DATASET,), remote.datasets), remote.datasets),
        (Listing("traces", "traces", (Entity.TRACE,), remote.traces), remote.traces),
    )
    found = [of_registry] if registry and not remote.registry.log_tells else []
    return found + [each for each, items in others if not items.log_tells and items.is_known]


class Remote(Protocol):
    """Calls are idempotent, also after a crash.

    They raise `RemoteUnavailable` if the remote fails as a whole, `RequestRejected` if it rejects one item, `Unmirrored` if it
    does not support something.  `preserves_ids`: created items get the local id; otherwise the remote chooses ids, and
    `find_copy` finds by the source's id an item that was created before a crash, or by another workspace."""

    @property
    def answered(self) -> int:
        """Return the number of successful calls, to tell whether the remote has answered since an earlier failure."""
        ...

    preserves_ids: bool

    @property
    def registry(self) -> "RemoteRegistry": ...

    @property
    def datasets(self) -> "RemoteDatasets": ...

    @property
    def traces(self) -> "RemoteTraces": ...

    def ask_store(self) -> str:
        """Return an identifier of the remote's store; empty if it has none."""
        ...

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool: ...

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None: ...

    def find_experiment(self, name: str) -> str | None: ...

    def make_experiment(self, name: str) -> CreatedItem: ...

    def find_copy(self, entity: Entity, local_id: str, experiment_id: str, *, is_brought: bool) -> str | None:
        """Return the remote's copy of an item.  `is_brought`: the local item is itself a copy, so the remote may have it under
        the same id."""
        ...

    def make(self, entity: Entity, local_id: str, experiment_id: str, patch: Patch) -> CreatedItem:
        """Create a run or a logged model, with the part of the patch that fits into the creation."""
        ...

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> LeftOut: ...

    def remove(self, entity: Entity, remote_id: str) -> None: ...

    def is_empty(self, experiment_id: str) -> bool:
        """Return whether an experiment has no runs and logged models except deleted ones."""
        ...

    def send_points(self, run_id: str, series: Mapping[str, bytes]) -> None: ...

    def series(self, run_id: str) -> dict[str, str]:
        """Return a fingerprint of the points, by key."""
        ...

    def fingerprint_of(self, summary: Summary) -> str:
        """Return the fingerprint that `series` would return for these points."""
        ...

    def digests(self, run_id: str) -> dict[str, Digest] | None:
        """Return digests of the stored points by key; None if the remote does not support the call."""
        ...

    def recount(self, run_id: str, keys: Sequence[str]) -> None:
        """Recompute the fingerprints of `series` from the stored points; only for remotes with digests."""
        ...

    def points(self, run_id: str, key: str, after_chunk: int) -> Iterator[tuple[int, bytes]]:
        """Yield packed points, with the number of their chunk, or 0."""
        ...

    def files(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]: ...

    def removals(self, entity: Entity, remote_id: str) -> list[Removal]:
        """Return the files and folders whose removal the remote recently recorded."""
        ...

    def digest(self, entity: Entity, remote_id: str, path: str) -> RemoteFile | None:
        """Return the file with its SHA-256, which the remote computes; None if it does not support the call."""
        ...

    def send_file(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        """Send a file, and return the stored file, with the SHA-256 of the sent bytes.

        Raise BrokenCopy if the remote reports or reads back another file.  A transfer continues an interrupted one, if the remote
        supports that; TimeSliceExpired is then raised at the end of the source's time slice."""
        ...

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        """Return the download, as of `wire.HttpClient.download`; to be closed."""
        ...

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None: ...

    def changes(self, cursor: str) -> ChangePage:
        """Return the changes since the cursor; an empty cursor starts with everything."""
        ...

    def everything(self, cursor: str) -> tuple[list[Seen], str]:
        """Return a page of all items, and the cursor of the next one; empty after the last page, and for the first."""
        ...

    def end_of_changes(self) -> str:
        """Return the cursor after the current state."""
        ...

    def close(self) -> None: ...
