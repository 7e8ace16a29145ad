"""The client of another Trackside, by the calls of `sync.api.items`.  All items keep their ids."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trackside.artifacts.store import Removal
from trackside.core.http_client.client import Answer, Download, HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected, unless_missing
from trackside.sync import fields
from trackside.sync.api.digests import Digests
from trackside.sync.api.files import PREFIX, FileAnswer, FileListing, Received
from trackside.sync.api.items import FRAME, Ids, ItemId, PointsBody, PutAnswer, SeriesFingerprints
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local import registry
from trackside.sync.local.files import OpenFile, hashed
from trackside.sync.local.reader import Snapshot, Summary, fingerprint
from trackside.sync.local.resumable_upload import PART_BYTES
from trackside.sync.metric_delta import Digest
from trackside.sync.remote.decoding import convert, read
from trackside.sync.remote.detect import is_empty
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.paging import check_progress
from trackside.sync.remote.port import ChangePage, CreatedItem, LeftOut, News, Seen
from trackside.sync.remote.trackside import items
from trackside.sync.remote.trackside.cursor import ListCursor, LogCursor, StoreId, is_of_list
from trackside.sync.remote.trackside.datasets import TracksideDatasets
from trackside.sync.remote.trackside.registry import TracksideRegistry
from trackside.sync.remote.trackside.traces import TracksideTraces
from trackside.sync.time_slice import TimeSliceExpired
from trackside.sync.validation import Point

LISTED = (Entity.EXPERIMENT, Entity.RUN, Entity.LOGGED_MODEL)
OF_REGISTRY = (Entity.REGISTERED_MODEL, Entity.MODEL_VERSION)
MOST_BEGUN = 100
LIVE = "/api/trackside/v1/live"
MSGPACK = {"content-type": "application/msgpack"}


class _Live(Struct, frozen=True):
    """The used fields of the answer of `events.live_routes`."""

    cursor: int
    reset: bool
    changes: list[Any]


class _Change(Struct, frozen=True):
    entity: Entity
    id: str


class _Changes(Struct, frozen=True):
    """The used fields of `sync.api.items.Changes`, also of earlier releases, which lack some."""

    next: int
    more: bool
    changes: list[_Change] = []
    workspace_uid: StoreId = ""
    oldest: int = 0
    newest: int | None = None
    unread: int = 0
    after_at: int = 0
    next_at: int = 0


class _Fault(Struct, frozen=True):
    error_code: str
    message: str = ""


class TracksideRemote:
    preserves_ids = True

    def __init__(self, http: HttpClient, sender: str = "", *, with_registry: bool = False) -> None:
        """`sender` is the uid of the local workspace."""
        self._http = http
        self._sender = sender
        # of recent unfinished files: the number of hashed bytes, and the hash
        self._begun: dict[str, tuple[int, hashlib._Hash]] = {}
        self._listed = (*LISTED, *(OF_REGISTRY if with_registry else ()), Entity.EVALUATION_DATASET, Entity.TRACE)
        self.registry = TracksideRegistry(http)
        self.datasets = TracksideDatasets(http)
        self.traces = TracksideTraces(http)

    @property
    def answered(self) -> int:
        return self._http.answered

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        kind = field.kind
        if entity is Entity.LOGGED_MODEL:
            return kind in (FieldKind.STATUS, FieldKind.STAGE, FieldKind.TAG) or (
                verb == "add" and kind in (FieldKind.PARAM, FieldKind.POINT)
            )
        if kind == FieldKind.DATASET:
            return verb == "add"
        return True

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        return items.find(self._http, entity, remote_id)

    def find_experiment(self, name: str) -> str | None:
        found = unless_missing(lambda: read(self._http, ItemId, "GET", f"{PREFIX}/experiment", name=name))
        return None if found is None else found.id

    def make_experiment(self, name: str) -> CreatedItem:
        return _created(items.put(self._http, Entity.EXPERIMENT, None, Patch({fields.NAME: name})))

    def find_copy(self, entity: Entity, local_id: str, experiment_id: str, *, is_brought: bool) -> str | None:
        del experiment_id, is_brought
        return local_id if self.read(entity, local_id) is not None else None

    def make(self, entity: Entity, local_id: str, experiment_id: str, patch: Patch) -> CreatedItem:
        return _created(items.put(self._http, entity, local_id, patch, experiment_id))

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> LeftOut:
        answer = items.put(self._http, entity, remote_id, patch, experiment_id)
        return {
            field: f"a point of the run {_run_of_point(field.key)} is left out: the remote does not have the run"
            for field in answer.left_out
        }

    def remove(self, entity: Entity, remote_id: str) -> None:
        items.put(self._http, entity, remote_id, Patch({fields.STAGE: "deleted"}), "0")

    def is_empty(self, experiment_id: str) -> bool:
        return is_empty(self._http, experiment_id)

    def send_points(self, run_id: str, series: Mapping[str, bytes]) -> None:
        body = msgspec.msgpack.encode(PointsBody(run_id, dict(series)))
        self._http.call("POST", f"{PREFIX}/points", body, MSGPACK)

    def series(self, run_id: str) -> dict[str, str]:
        return read(self._http, SeriesFingerprints, "GET", f"{PREFIX}/series", run_id=run_id).series

    def fingerprint_of(self, summary: Summary) -> str:
        return fingerprint(summary)

    def digests(self, run_id: str) -> dict[str, Digest] | None:
        found: dict[str, Digest] = {}
        key, after = "", 0
        while True:
            try:
                page = read(self._http, Digests, "GET", f"{PREFIX}/digests", run_id=run_id, key=key, after=after)
            except RequestRejected as refused:
                if refused.is_unknown_call:
                    return None  # an earlier release
                raise
            for each, (said, points, total) in page.series.items():
                found.setdefault(each, Digest(said)).join(Digest(said, points, _total(total)))
            if page.key is None:
                return found
            check_progress("digests", (key, after), (page.key, page.after))
            key, after = page.key, page.after

    def recount(self, run_id: str, keys: Sequence[str]) -> None:
        self._http.json("POST", f"{PREFIX}/recount", {"run_id": run_id, "keys": list(keys)})

    def points(self, run_id: str, key: str, after_chunk: int) -> Iterator[tuple[int, bytes]]:
        while True:
            query = urlencode({"run_id": run_id, "key": key, "after": after_chunk})
            body = memoryview(self._http.call("GET", f"{PREFIX}/points?{query}").body)
            began = after_chunk
            at = 0
            while True:
                if at + FRAME.size > len(body):
                    raise RemoteUnavailable(f"{self._http.url} closed the connection during a history")
                chunk, length = FRAME.unpack_from(body, at)
                at += FRAME.size
                if chunk < 0:
                    break
                if length < 0:
                    raise InvalidRemoteResponse(f"{self._http.url} answers with a history that cannot be read")
                yield chunk, bytes(body[at : at + length])
                at += length
                after_chunk = max(after_chunk, chunk)
            if chunk == -1:
                return
            check_progress("points", began, after_chunk)

    def files(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]:
        found = self._listing(entity, remote_id).files
        return {path: RemoteFile(size, etag=etag) for path, (size, etag) in found.items()}

    def removals(self, entity: Entity, remote_id: str) -> list[Removal]:
        return self._listing(entity, remote_id).removals

    def _listing(self, entity: Entity, remote_id: str) -> FileListing:
        return read(self._http, FileListing, "GET", f"{PREFIX}/files", entity=str(entity), id=remote_id)

    def digest(self, entity: Entity, remote_id: str, path: str) -> RemoteFile:
        where = self._at("digest", entity, remote_id, path)
        return self._stored(self._http.call("GET", where), where)

    def send_file(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        if source.size_bytes <= PART_BYTES:
            where = self._at("file", entity, remote_id, path, sha256=source.sha256())
            return self._stored(self._http.send("PUT", where, source.pieces(), source.size_bytes), where)
        version = {"version": source.etag, "sender": self._sender}
        at = read(self._http, Received, "POST", self._at("parts", entity, remote_id, path, **version)).size
        name = f"{entity}/{remote_id}/{path} {source.etag}"
        hashed_to, digest = self._begun.pop(name, (0, hashlib.sha256()))
        if hashed_to > at:
            hashed_to, digest = 0, hashlib.sha256()
        for piece in source.pieces(hashed_to, at):
            digest.update(piece)
        while at < source.size_bytes:
            stop = min(at + PART_BYTES, source.size_bytes)
            where = self._at("parts", entity, remote_id, path, **version, start=at)
            self._http.send("PUT", where, hashed(source.pieces(at, stop), digest), stop - at)
            at = stop
            if at < source.size_bytes and source.time_slice.is_over:
                self._note_begun(name, at, digest)
                raise TimeSliceExpired
        arguments = {**version, "size": str(source.size_bytes), "sha256": digest.hexdigest()}
        where = self._at("parts/join", entity, remote_id, path, **arguments)
        return self._stored(self._http.call("POST", where), where)

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        return self._http.download(self._at("file", entity, remote_id, path), start, etag)

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None:
        self._http.call("DELETE", self._at("file", entity, remote_id, path))

    def changes(self, cursor: str) -> ChangePage:
        """Return changes; an empty cursor begins with a list of everything, since the log may have been pruned."""
        if not cursor:
            cursor = ListCursor(self._end_of_log(), LISTED[0]).encode()
        if is_of_list(cursor):
            at = ListCursor.decode(cursor)
            seen, following = self._page(at)
            return ChangePage(seen, (following or at.log).encode(), more=True, store_id=at.log.store_id)
        last = LogCursor.decode(cursor)
        found = read(self._http, _Changes, "GET", f"{PREFIX}/changes", after=last.seq, datasets="true", traces="true")
        store_id = found.workspace_uid or last.store_id
        newest = last.seq if found.newest is None else found.newest
        is_another = last.store_id not in ("", store_id) or (last.at != 0 and found.after_at not in (0, last.at))
        was_put_back = is_another or newest < last.seq
        if was_put_back or found.oldest > last.seq + 1:  # another log, or entries after the cursor were pruned
            return ChangePage([], "", more=True, store_id=store_id, was_put_back=was_put_back)
        if found.more:
            check_progress("changes", last.seq, found.next)
        return ChangePage(
            [Seen(each.entity, each.id) for each in found.changes],
            LogCursor(store_id, found.next, found.next_at).encode(),
            more=found.more,
            unread=found.unread if found.more else 0,
            store_id=store_id,
        )

    def everything(self, cursor: str) -> tuple[list[Seen], str]:
        seen, following = self._page(ListCursor.decode(cursor) if cursor else ListCursor(LogCursor(), self._listed[0]))
        return seen, "" if following is None else following.encode()

    def _page(self, at: ListCursor) -> tuple[list[Seen], ListCursor | None]:
        ids: list[str] = []
        if self._has(at.entity):
            ids = read(self._http, Ids, "GET", f"{PREFIX}/ids", entity=str(at.entity), after=at.after).ids
        seen = [Seen(at.entity, each) for each in ids]
        if ids:
            check_progress("ids", _rank(at.entity, at.after), _rank(at.entity, ids[-1]))
            return seen, replace(at, after=ids[-1])
        following = self._listed.index(at.entity) + 1
        return seen, ListCursor(at.log, self._listed[following]) if following < len(self._listed) else None

    def _has(self, entity: Entity) -> bool:
        """Return whether the remote's release supports the kind."""
        match entity:
            case Entity.EVALUATION_DATASET:
                return self.datasets.is_known
            case Entity.TRACE:
                return self.traces.is_known
        return True

    def end_of_changes(self) -> str:
        return self._end_of_log().encode()

    def _end_of_log(self) -> LogCursor:
        found = items.about(self._http, reads_traces=True)
        return LogCursor(found.workspace_uid, found.last_seq, found.last_at)

    def ask_store(self) -> str:
        return items.about(self._http).workspace_uid

    def wait_for_change(self, cursor: int | None, wait_s: float) -> News:
        """Wait at most `wait_s` for a change after the cursor; without a cursor return the current one at once.

        Raise RequestRejected if the remote does not support the call, or does not allow it."""
        live = read(self._http, _Live, "GET", LIVE + ("" if cursor is None else f"?after={cursor}&wait_s={wait_s}"))
        return News(live.cursor, live.reset or bool(live.changes))

    def close(self) -> None:
        self._http.close()

    def _note_begun(self, name: str, size: int, digest: "hashlib._Hash") -> None:
        if len(self._begun) >= MOST_BEGUN:
            self._begun.clear()  # those are hashed again from the start
        self._begun[name] = size, digest

    def _stored(self, answer: Answer, path: str) -> RemoteFile:
        """Return the file in the answer.  An answer that took long may have a fault in its body."""
        found = answer.json
        if isinstance(found, dict) and "error_code" in found:
            fault = convert(self._http, _Fault, found, path)
            raise RequestRejected(400, fault.error_code, fault.message)
        file = convert(self._http, FileAnswer, found, path)
        return RemoteFile(file.size, file.sha256, file.etag)

    def _at(self, what: str, entity: Entity, remote_id: str, path: str, **more: str | int) -> str:
        return f"{PREFIX}/{what}?" + urlencode({"entity": str(entity), "id": remote_id, "path": path, **more})


def _rank(entity: Entity, item_id: str) -> tuple[int, str]:
    """Return the sort key of the server's list of ids: experiments by number, versions by their own uid."""
    match entity:
        case Entity.EXPERIMENT:
            return len(item_id), item_id
        case Entity.MODEL_VERSION:
            return 0, registry.uid_of(item_id)
        case _:
            return 0, item_id


def _total(digits: str) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        raise InvalidRemoteResponse(f"the remote's digest {digits[:100]!r} is not a hexadecimal number") from None


def _run_of_point(key: str) -> str:
    try:
        run_id: str = msgspec.json.decode(key, type=Point, strict=False)[3]
    except msgspec.MsgspecError:
        raise InvalidRemoteResponse(f"the remote leaves out a point that cannot be read: {key[:200]!r}") from None
    return run_id


def _created(answer: PutAnswer) -> CreatedItem:
    return CreatedItem(answer.id, existed=not answer.made)
