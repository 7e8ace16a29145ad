"""The other side, as the worker sees it.  A narrow port: items by the remote's ids, in our documents."""

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
    """The lists of a kind of items, for remotes whose change log does not name the kind.

    Documents in lists lack what a remote only shows of a single item."""

    @property
    def log_tells(self) -> bool:
        """Whether `Remote.changes` names items of the kind, so that both lists are empty."""
        return True

    def everything(self) -> Iterator[ListEntry]:
        return iter(())

    def recent(self, since: int) -> Iterator[ListEntry]:
        """Yield items that were changed since, in ms of the remote, as far as the remote says so."""
        del since
        return iter(())


class Seen(Struct, frozen=True):
    """Something that may have changed over there, with what it is like where that is known already.

    `unread`: why the remote's list of such items cannot be read where it stands; the id may be empty then."""

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
    """Items that may have changed since a cursor, and the cursor after them.

    `more`: whether there may be more right away.  `unread`: entries of the remote's log after this page, as far as it says.
    `store_id`: what tells the remote's store from another one; empty if nothing does.  `was_put_back`: the remote's log is not,
    or not any more, the one that was read."""

    seen: list[Seen]
    cursor: str
    more: bool
    unread: int = 0
    store_id: str = ""
    was_put_back: bool = False


class CreatedItem(Struct, frozen=True):
    """`existed`: somebody else had created the item that was to be created."""

    id: str
    existed: bool = False


LeftOut = dict[Field, str]  # fields of a patch that the remote does not take, in its own words, and why


class News(Struct, frozen=True):
    """The answer of a long poll: the cursor for the next one, and whether anything changed since the last."""

    cursor: int
    has_changes: bool


class BrokenCopy(RemoteUnavailable):
    """A file is not there as it was sent; it is of that size."""

    def __init__(self, message: str, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class Unmirrored(Exception):
    """This kind of remote has no place for it; in words for the link's log."""


class Listing(NamedTuple):
    """The lists of one or two kinds of items; the last of these stands above the other, whose ids have a slash."""

    name: str
    words: str
    entities: tuple[Entity, ...]
    items: Listed

    def entity_of(self, entry: ListEntry) -> Entity:
        return self.entities[0 if "/" in entry.item_id else -1]


def listings(remote: "Remote", *, registry: bool) -> list[Listing]:
    """Return the lists of what the remote has and its change log does not name.  `registry`: the link has registered models."""
    of_registry = Listing("registry", "the registry", (Entity.MODEL_VERSION, Entity.REGISTERED_MODEL), remote.registry)
    others = (
        (Listing("datasets", "evaluation datasets", (Entity.EVALUATION_DATASET,), remote.datasets), remote.datasets),
        (Listing("traces", "traces", (Entity.TRACE,), remote.traces), remote.traces),
    )
    found = [of_registry] if registry and not remote.registry.log_tells else []
    return found + [each for each, items in others if not items.log_tells and items.is_known]


class Remote(Protocol):
    """Calls may be repeated, also after a crash: what is there already changes nothing.

    Raises `RemoteUnavailable` where the remote as a whole is in trouble, `RequestRejected` where it says no to one item,
    `Unmirrored` where it has no place for something.  `preserves_ids`: what is made there gets our id; else the remote chooses,
    and `find_copy` finds by the source's id what was made before a crash, or by another workspace that has it too."""

    @property
    def answered(self) -> int:
        """How many calls went well: whether trouble is new, or the remote has not been there in between."""
        ...

    preserves_ids: bool

    @property
    def registry(self) -> "RemoteRegistry": ...

    @property
    def datasets(self) -> "RemoteDatasets": ...

    @property
    def traces(self) -> "RemoteTraces": ...

    def ask_store(self) -> str:
        """Return what tells the remote's store from another one; empty if nothing does."""
        ...

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool: ...

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None: ...

    def find_experiment(self, name: str) -> str | None: ...

    def make_experiment(self, name: str) -> CreatedItem: ...

    def find_copy(self, entity: Entity, local_id: str, experiment_id: str, *, is_brought: bool) -> str | None:
        """`is_brought`: ours is not from here, so it may be from there, under the same id."""
        ...

    def make(self, entity: Entity, local_id: str, experiment_id: str, patch: Patch) -> CreatedItem:
        """Create a run or a logged model over there, with as much of the patch as fits into the creation."""
        ...

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> LeftOut: ...

    def remove(self, entity: Entity, remote_id: str) -> None: ...

    def is_empty(self, experiment_id: str) -> bool:
        """Whether an experiment has no run and no logged model but deleted ones."""
        ...

    def send_points(self, run_id: str, series: Mapping[str, bytes]) -> None: ...

    def series(self, run_id: str) -> dict[str, str]:
        """By key a text that is another one when the points are others."""
        ...

    def fingerprint_of(self, summary: Summary) -> str:
        """What `series` would say there if it had our points."""
        ...

    def digests(self, run_id: str) -> dict[str, Digest] | None:
        """By key of what points lie there; None where it has no such call."""
        ...

    def recount(self, run_id: str, keys: Sequence[str]) -> None:
        """Has what `series` says of those made from the points that lie there; only of who tells digests."""
        ...

    def points(self, run_id: str, key: str, after_chunk: int) -> Iterator[tuple[int, bytes]]:
        """Packed points, with the number of the chunk that they are, or 0."""
        ...

    def files(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]: ...

    def removals(self, entity: Entity, remote_id: str) -> list[Removal]:
        """Return the files and folders that the remote was told to remove lately, as far as it says."""
        ...

    def digest(self, entity: Entity, remote_id: str, path: str) -> RemoteFile | None:
        """With the SHA-256, of which the remote reads the file; None where it has no such call."""
        ...

    def send_file(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        """Send a file, and return it as it is there now, with the SHA-256 of what was sent.

        Raise BrokenCopy unless the remote says, or reads back, just that.  A transfer continues where the last try broke off, if
        the remote can do so; then TimeSliceExpired is raised when the time slice of the source is over."""
        ...

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        """As `wire.HttpClient.download`; to be closed."""
        ...

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None: ...

    def changes(self, cursor: str) -> ChangePage:
        """Return what changed since the cursor.  An empty one: everything."""
        ...

    def everything(self, cursor: str) -> tuple[list[Seen], str]:
        """A page of all that is there, and where the next one begins; empty after the last, and before the first."""
        ...

    def end_of_changes(self) -> str:
        """The cursor after everything that is there now."""
        ...

    def close(self) -> None: ...
