"""The context of the steps of one link: the local store, the remote, and the mapping of ids.  Transfers nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from trackside.artifacts.roots import Roots
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Dialect, Tx
from trackside.core.http_client.errors import Cancelled
from trackside.links import model, store
from trackside.links.model import CreatedBy, Deletion, Link, LogKind
from trackside.links.reconcile.deletion_guard import DeletionHeld
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.item import ItemState
from trackside.links.state.point_retries import PointRetries
from trackside.sync import validation
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import reader
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Remote
from trackside.sync.time_slice import TimeSlice
from trackside.traces.storage.body_files import BodyFiles

P = ParamSpec("P")
T = TypeVar("T")


class Database(Protocol):
    @property
    def dialect(self) -> Dialect: ...

    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Task(Struct, frozen=True):
    """The options for reconciling an item.  `reads_all`: compare points and files themselves instead of fingerprints.
    `may_delete`: its deletion was accepted."""

    time_slice: TimeSlice = msgspec.field(default_factory=TimeSlice)
    reads_all: bool = False
    may_delete: bool = False


class LinkContext:
    """Both sides of a link.  No transaction is open during a call to the remote."""

    def __init__(
        self,
        db: Database,
        ws: int,
        link: Link,
        remote: Remote,
        roots: Roots,
        server_root: str,
        *,
        beat: Callable[[], None] = lambda: None,
        refusals: PointRetries | None = None,
        ends_when_paused: bool = False,
    ) -> None:
        """`beat` is called during long transfers; an exception of it ends them.  `refusals`: rejected series, kept
        longer than a step.  `ends_when_paused`: `read_local` and `write` raise Cancelled when the link is no longer
        active."""
        self.db = db
        self.ws = ws
        self.link = link
        self.link_id = link.link_id
        self.remote = remote
        self.roots = roots
        self.server_root = server_root
        self.body_files = BodyFiles(roots)
        self.beat = beat
        self.refusals = refusals or PointRetries()
        self._ends_when_paused = ends_when_paused
        self._task = Task()
        self.waiting: dict[
            str, int
        ] = {}  # local items whose new names other items still use, and how often each has waited

    def start(self, task: Task) -> None:
        """Begin with an item.  All calls until the next `begin` belong to it."""
        self._task = task

    @property
    def time_slice(self) -> TimeSlice:
        return self._task.time_slice

    @property
    def reads_all(self) -> bool:
        return self._task.reads_all

    @property
    def user(self) -> str:
        """Return the user that histories show for changes of the link."""
        return f"link {self.link.name}"

    def read(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.db.read(self.ws) as tx:
            return fn(tx, *args, **kwargs)

    def read_local(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read local items.  After a pause they may be newer than the pause."""
        with self.db.read(self.ws) as tx:
            self._check_active(tx)
            return fn(tx, *args, **kwargs)

    def write(self, fn: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a transaction in the link's name, which the histories of all slices show."""

        def work(tx: Tx) -> T:
            self._check_active(tx)
            return fn(tx.by(self.user), *args, **kwargs)

        return in_link(self.db, self.ws, self.link_id, work)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Defer a pause until the block ends, so that what was sent is also saved.  Raise Cancelled for an earlier
        pause."""
        with self.db.read(self.ws) as tx:
            self._check_active(tx)
        before, self._ends_when_paused = self._ends_when_paused, False
        try:
            yield
        finally:
            self._ends_when_paused = before

    def _check_active(self, tx: Tx) -> None:
        if self._ends_when_paused and not store.is_active(tx, self.link_id):
            raise Cancelled

    def look(self, entity: Entity, remote_id: str) -> Snapshot | None:
        """Return a remote item, or None.  Raise Invalid if a field of it cannot be stored locally."""
        snapshot = self.remote.read(entity, remote_id)
        if snapshot is not None:
            validation.check(snapshot.doc)
        return snapshot

    def note(self, kind: LogKind, entity: str, entity_id: str, message: str) -> None:
        self.write(store.note, self.link_id, kind, entity, entity_id, message)

    def note_conflict(self, entity: Entity, entity_id: str, message: str) -> None:
        """Add a conflict to the log, once for each sync of the item."""

        def work(tx: Tx) -> None:
            since = item_store.synced_at(tx, self.link_id, entity, entity_id)
            store.note_once(tx, self.link_id, LogKind.CONFLICT, entity, entity_id, message, since=since)

        self.write(work)

    def note_once(self, kind: LogKind, entity: str, entity_id: str, message: str) -> None:
        """Add an entry to the log unless it has the same entry already."""
        self.write(store.note_once, self.link_id, kind, entity, entity_id, message)

    def item(self, entity: Entity, local_id: str) -> ItemState | None:
        return self.read(item_store.item, self.link_id, entity, local_id)

    def by_remote(self, entity: Entity, remote_id: str) -> ItemState | None:
        return self.read(item_store.by_remote, self.link_id, entity, remote_id)

    def items_below(self, entity: Entity, above: str) -> list[ItemState]:
        """Return the items of a kind whose local id is `above/…`."""
        return self.read(item_store.items_below, self.link_id, entity, above)

    def forget(self, entity: Entity, item: ItemState) -> None:
        self.write(item_store.forget_item, self.link_id, entity, item.local_id)

    def enqueue(self, entity: Entity, item_id: str, *, is_remote: bool = False, depth: int = 0) -> None:
        found = [(str(entity), item_id)]
        self.write(work_queue.enqueue, self.link_id, found, is_remote=is_remote, depth=depth)

    def is_before(self, touched: int) -> bool:
        """Return whether an item created or changed at `moment`, in ms, is older than the link's start time for pulls."""
        is_named = self.remote.preserves_ids and self.link.has_seen_all and self.link.options.backfill == "none"
        return not is_named and touched < self.link.options.since  # a change log names only changed items

    def check_deletion(self, where: model.Side, name: str, items: int = 1) -> None:
        """Raise DeletionHeld unless the deletion of the current item was accepted."""
        if not self._task.may_delete:
            raise DeletionHeld(Deletion(where, name, items))

    def confirm(self, entity: Entity, item: ItemState) -> None:
        """Record that the item was found on the remote in this generation of its store."""
        store_generation = self.link.store_generation
        if item.store_generation < store_generation:
            self.write(generations.confirm, self.link_id, entity, item.local_id, store_generation)

    def save(self, entity: Entity, local_id: str, remote_id: str, made_by: CreatedBy, base: Doc | None) -> None:
        self.write(item_store.save_item, self.link_id, entity, local_id, remote_id, made_by, base)

    def to_remote(self, doc: Doc, entity: Entity, find: Callable[[Entity, str], str | None]) -> Doc:
        """Return a local document with remote ids.  `find` maps a local id to a remote id."""
        return doc if self.remote.preserves_ids else _renamed(doc, entity, find)

    def to_local(self, doc: Doc, entity: Entity) -> Doc:
        """Return a remote document with local ids, without the tags that name the source of a copy."""
        if self.remote.preserves_ids:
            return doc
        plain = {
            field: value
            for field, value in doc.items()
            if not (field.kind == FieldKind.TAG and field.key in reader.OWN_TAGS)
        }
        return _renamed(plain, entity, self._local_id)

    def _local_id(self, entity: Entity, remote_id: str) -> str | None:
        found = self.by_remote(entity, remote_id)
        return None if found is None else found.local_id


def in_link(db: Database, ws: int, link_id: int, fn: Callable[[Tx], T]) -> T:
    """Run a transaction of a link.  Raise Cancelled if the link, or its workspace, was removed."""

    def work(tx: Tx) -> tuple[bool, T | None]:
        return (True, fn(tx)) if store.hold(tx, link_id) else (False, None)

    is_there, result = db.writer.submit(ws, work).result()
    if not is_there:
        raise Cancelled
    return cast("T", result)


def _renamed(doc: Doc, entity: Entity, find: Callable[[Entity, str], str | None]) -> Doc:
    """Return the document with ids mapped by `find`.  An unknown id stays."""
    renamed: Doc = {}
    for field, value in doc.items():
        match field.kind:
            case FieldKind.TAG if field.key == reader.PARENT_TAG:
                renamed[field] = find(Entity.RUN, value) or value
            case FieldKind.SOURCE_RUN if value:
                renamed[field] = find(Entity.RUN, value) or value
            case FieldKind.INPUT | FieldKind.OUTPUT:
                renamed[field._replace(key=find(Entity.LOGGED_MODEL, field.key) or field.key)] = value
            case FieldKind.POINT if entity is Entity.LOGGED_MODEL:
                point: list[Any] = json.loads(field.key)
                point[3] = find(Entity.RUN, point[3]) or point[3]
                renamed[field._replace(key=json.dumps(point))] = value
            case _:
                renamed[field] = value
    return renamed
