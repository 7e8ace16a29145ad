"""The calls by which another Trackside reads and writes the items of a workspace.

Items keep their ids, times and users; each call is idempotent.
"""

import struct
from functools import partial
from typing import ClassVar

import msgspec
from msgspec import Struct

from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.http import codec
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Request, Response, json_response
from trackside.events import store as events
from trackside.experiments import store as experiments
from trackside.registry import replica
from trackside.registry.model import model_not_found
from trackside.sync import fields, portions, validation
from trackside.sync.api import datasets as import_datasets
from trackside.sync.api import files, reviews, traces
from trackside.sync.api.files import PREFIX, entity_of
from trackside.sync.api.schema import Item, item_of
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import KINDS, Field
from trackside.sync.local import datasets, items, reader, registry, writer
from trackside.sync.local import traces as local_traces
from trackside.traces.storage import announce
from trackside.traces.storage.body_files import BodyFiles
from trackside.workspaces import store as workspaces

API_VERSION = 1
FRAME = struct.Struct("<qq")  # chunk id, length; the last frame's chunk id is -1
MAX_FRAMES_BYTES = 4 << 20
MAX_CHANGES = 500
MAX_IDS = 500
MAX_COUNTED = 10_000
OCTETS = "application/octet-stream"
BINARY = [(b"content-type", OCTETS.encode())]


class About(Answer, frozen=True):
    api: int
    workspace: str
    workspace_uid: str
    last_seq: int
    last_at: int = 0  # ms: as `Changes.next_at`
    kinds: list[str] = []  # of items that are supported here


class OfItem(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "id")
    entity: str | None = None
    id: str | None = None


class PutItem(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity",)
    entity: str | None = None
    id: str | None = None
    experiment_id: str | None = None
    put: list[list[str]] | None = None  # [kind, key, value]
    drop: list[list[str]] | None = None  # [kind, key]


class ItemId(Answer, frozen=True):
    id: str


class PutAnswer(Answer, frozen=True):
    """`left_out` are points of a logged model whose run does not exist here.  `made`: the item was created; not for items of the
    registry."""

    id: str
    left_out: list[Field] = []
    made: bool = False


class IdsCall(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity",)
    entity: str | None = None
    after: str | None = None


class Ids(Answer, frozen=True):
    ids: list[str] = []


class ByName(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None


class OfModel(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("model_id",)
    model_id: str | None = None


class Removed(Answer, frozen=True):
    """`removed` is false if a registered model stays because it has versions, or if it was not removed."""

    removed: bool


class OfRun(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None


class PiecesCall(Call, frozen=True):
    run_id: str | None = None
    key: str | None = None
    after: int | None = None


class ChangesCall(Call, frozen=True):
    """`datasets`, `traces`: the reader supports evaluation datasets and traces; otherwise their changes are left out."""

    after: int | None = None
    datasets: bool | None = None
    traces: bool | None = None


class AboutCall(Call, frozen=True):
    """`traces`: the reader will read changes of traces."""

    traces: bool | None = None


class SeriesFingerprints(Answer, frozen=True):
    series: dict[str, str]


class PointsBody(Struct, frozen=True):
    """The points of each series in MessagePack, packed as in `metrics.series`."""

    run_id: str
    series: dict[str, bytes]


class Change(Answer, frozen=True):
    entity: str
    id: str


class Changes(Answer, frozen=True):
    """A page of the change log.  `unread` is the number of later entries, up to a limit.  The log has the entries from `oldest`
    to `newest` and belongs to the workspace of that uid, so that a reader detects missing ones.

    `after_at` and `next_at` (ms) are the times of the last entries up to the numbers `after` and `next` that are not replaced by
    later ones: by them a reader detects that the log was restored from a backup and has continued."""

    next: int
    more: bool
    workspace_uid: str
    oldest: int
    newest: int
    changes: list[Change] = []
    unread: int = 0
    after_at: int = 0
    next_at: int = 0


class Calls:
    def __init__(self, db: events.Database, server_root: str) -> None:
        self._db = db
        self._server_root = server_root

    async def put_item(self, request: Request) -> Response:
        """Write an item; a large one in several transactions, so that others can write in between."""
        check_content_type(request.headers.get(b"content-type"))
        call: PutItem = codec.decode_body(PutItem, await request.whole_body(), request.params)
        entity = entity_of(call.entity)
        pieces = portions.of_item(entity, _patch(call, entity))
        answer = await request.write(lambda tx: self._put(tx, call, entity, call.id, pieces[0]))
        left_out = list(answer.left_out)
        for piece in pieces[1:]:
            more = await request.write(partial(self._put, call=call, entity=entity, item_id=answer.id, patch=piece))
            left_out += more.left_out
        return json_response(PutAnswer(id=answer.id, left_out=left_out, made=answer.made))

    def _put(self, tx: Tx, call: PutItem, entity: Entity, item_id: str | None, patch: Patch) -> PutAnswer:
        match entity:
            case Entity.EXPERIMENT:
                is_new = not item_id and not reader.has_experiment(tx, patch.put.get(fields.NAME, ""))
                made = writer.experiment(tx, item_id or None, patch, self._server_root)
                return PutAnswer(id=made, made=is_new)
            case Entity.RUN:
                is_new = not reader.has_run(tx, _given(item_id, "id"))
                writer.run(tx, _given(item_id, "id"), _given(call.experiment_id, "experiment_id"), patch)
            case Entity.LOGGED_MODEL:
                is_new = not reader.has_model(tx, _given(item_id, "id"))
                left = writer.model(tx, _given(item_id, "id"), _given(call.experiment_id, "experiment_id"), patch)
                return PutAnswer(id=item_id or "", left_out=left, made=is_new)
            case Entity.EVALUATION_DATASET:
                return PutAnswer(id=datasets.put(tx, _given(item_id, "id"), patch))
            case Entity.TRACE:
                raise Invalid("entity is trace; traces are put by POST sync/traces")
            case other:
                return PutAnswer(id=registry.put(tx, other, _given(item_id, "id"), patch, self._server_root))
        return PutAnswer(id=item_id or "", made=is_new)

    async def put_points(self, request: Request) -> Response:
        body = await request.whole_body()
        try:
            sent = msgspec.msgpack.decode(body, type=PointsBody)
        except msgspec.MsgspecError as error:
            raise Invalid(f"The body is no MessagePack of run_id and series: {error}") from None
        if any(len(packed) % 24 for packed in sent.series.values()):
            raise Invalid("The points of a series take 24 bytes each.")
        count = 0
        for series in list(portions.of_series(sent.series)) or [{}]:  # also without points, a missing run is refused
            count += await request.write(partial(writer.points, run_id=sent.run_id, series=series))
        return json_response({"points": count})

    async def get_points(self, request: Request) -> Response:
        """Send frames of the chunks after `after`, and the tail (chunk 0); the last frame says whether everything was sent (-1)
        or not (-2)."""
        run_id, key = request.argument("run_id"), request.argument("key")
        after = _after(request.argument("after"))

        def read(tx: Tx) -> bytes:
            frames = bytearray()
            end = -1
            for piece in reader.pieces(tx, run_id, key, after):
                if len(frames) > MAX_FRAMES_BYTES:
                    end = -2
                    break
                frames += FRAME.pack(piece.chunk_id, len(piece.packed)) + piece.packed
            return bytes(frames + FRAME.pack(end, 0))

        return Response(200, BINARY, await request.read(read))

    async def about(self, request: Request) -> Response:
        """Return the workspace's properties, with `last_seq`, the position from which the log has every change after this answer.
        The call counts as a read of the log, so that later logged data of a run is announced again."""
        ws = request.workspace.workspace_id
        await self._watch_traces(request)

        def read() -> About:
            seq = events.begin(self._db)
            with self._db.read(ws) as tx:
                workspace, at = workspaces.current(tx), events.made_at(tx, seq)
            return About(
                api=API_VERSION,
                workspace=workspace.name,
                workspace_uid=workspace.uid,
                last_seq=seq,
                last_at=at,
                kinds=[str(each) for each in Entity],
            )

        return json_response(await request.in_thread(read))

    async def changes(self, request: Request) -> Response:
        after = _after(request.argument("after"))
        left_out = {str(Entity.EVALUATION_DATASET), str(Entity.TRACE)} - {
            str(entity)
            for entity, name in ((Entity.EVALUATION_DATASET, "datasets"), (Entity.TRACE, "traces"))
            if request.argument(name) == "true"
        }
        ws = request.workspace.workspace_id
        await self._watch_traces(request)

        def read() -> Changes:
            with self._db.read(ws) as tx:
                page = events.feed(tx, self._db, after, events.Wanted(limit=MAX_CHANGES))
                unread = _count_after(tx, page.after) if page.more else 0
                oldest, newest = events.bounds(tx)
                uid = workspaces.current(tx).uid
                after_at, next_at = events.made_at(tx, after), events.made_at(tx, page.after)
            changes = [
                Change(entity=entity, id=item_id)
                for entity, item_id in registry.named(page.changes)
                if entity not in left_out
            ]
            return Changes(
                next=page.after,
                more=page.more,
                workspace_uid=uid,
                oldest=oldest,
                newest=newest,
                changes=changes,
                unread=unread,
                after_at=after_at,
                next_at=next_at,
            )

        return json_response(await request.in_thread(read))

    async def _watch_traces(self, request: Request) -> None:
        """Start recording changes of traces for a reader that requests them; its reads after this call miss none."""
        if request.argument("traces") == "true" and not await request.read(announce.is_watched):
            await request.write(announce.watch)


def get_item(tx: Tx, call: OfItem) -> Item:
    entity, item_id = entity_of(call.entity), call.id or ""
    part = items.read(tx, entity, item_id)
    if part is None:
        raise NotFound(f"There is no {entity} {item_id}")
    return item_of(part)


def get_ids(tx: Tx, call: IdsCall) -> Ids:
    """Return ids in order after one of them, some hundred at once."""
    return Ids(ids=items.ids(tx, entity_of(call.entity), call.after or "", MAX_IDS))


def remove_item(tx: Tx, call: OfItem) -> Removed:
    """Remove an item of the registry, an evaluation dataset or a trace permanently."""
    entity = entity_of(call.entity)
    if entity is Entity.EVALUATION_DATASET:
        datasets.remove(tx, call.id or "")
        return Removed(removed=True)
    if entity is Entity.TRACE:
        local_traces.remove(tx, call.id or "")
        return Removed(removed=True)
    if not entity.is_of_registry:
        raise Invalid(
            f"entity is {entity}; it must be registered_model, model_version, evaluation_dataset or trace: others get the stage"
            " deleted"
        )
    return Removed(removed=registry.remove(tx, entity, call.id or ""))


def was_removed(tx: Tx, call: OfItem) -> Removed:
    """Return whether a missing registered model or version was removed by a user."""
    entity = entity_of(call.entity)
    if not entity.is_of_registry:
        raise Invalid(f"entity is {entity}; it must be registered_model or model_version: others stay, as deleted")
    return Removed(removed=registry.was_removed(tx, entity, call.id or ""))


def find_registered(tx: Tx, call: ByName) -> ItemId:
    uid = replica.uid_of_name(tx, call.name or "")
    if uid is None:
        raise model_not_found((call.name or "")[:300])
    return ItemId(id=uid)


def versions_of(tx: Tx, call: OfModel) -> Ids:
    """Return the versions of a registered model in the order of their numbers."""
    return Ids(ids=registry.versions_of(tx, call.model_id or ""))


def find_experiment(tx: Tx, call: ByName) -> ItemId:
    return ItemId(id=experiments.get_by_name(tx, call.name or "").experiment_id)


def get_series(tx: Tx, call: OfRun) -> SeriesFingerprints:
    return SeriesFingerprints(series=reader.fingerprints(tx, call.run_id or ""))


def routes(
    db: events.Database, roots: Roots, threads: StoreThreads, server_root: str, body_files: BodyFiles
) -> list[Route]:
    calls = Calls(db, server_root)
    return [
        stream(f"GET {PREFIX}/about", calls.about, needs=Action.SYNC_READ, arguments=AboutCall, answer=About),
        query(f"GET {PREFIX}/item", OfItem, get_item, needs=Action.SYNC_READ, answer=Item),
        query(f"GET {PREFIX}/ids", IdsCall, get_ids, needs=Action.SYNC_READ, answer=Ids),
        query(f"GET {PREFIX}/removed", OfItem, was_removed, needs=Action.SYNC_READ, answer=Removed),
        query(f"GET {PREFIX}/experiment", ByName, find_experiment, needs=Action.SYNC_READ, answer=ItemId),
        query(f"GET {PREFIX}/series", OfRun, get_series, needs=Action.SYNC_READ, answer=SeriesFingerprints),
        query(f"GET {PREFIX}/registered-model", ByName, find_registered, needs=Action.SYNC_READ, answer=ItemId),
        query(f"GET {PREFIX}/versions", OfModel, versions_of, needs=Action.SYNC_READ, answer=Ids),
        stream(f"POST {PREFIX}/item", calls.put_item, call=PutItem, needs=Action.SYNC_WRITE, answer=PutAnswer),
        command(f"DELETE {PREFIX}/item", OfItem, remove_item, needs=Action.SYNC_WRITE, answer=Removed),
        stream(f"POST {PREFIX}/points", calls.put_points, needs=Action.SYNC_WRITE),
        stream(f"GET {PREFIX}/points", calls.get_points, needs=Action.SYNC_READ, arguments=PiecesCall, media=OCTETS),
        stream(f"GET {PREFIX}/changes", calls.changes, needs=Action.SYNC_READ, arguments=ChangesCall, answer=Changes),
        *import_datasets.routes(),
        *traces.routes(body_files),
        *reviews.routes(),
        *files.routes(roots, threads, server_root),
    ]


def _count_after(tx: Tx, seq: int) -> int:
    row = tx.one(
        """
        SELECT COUNT(*) FROM (SELECT 1 FROM changes WHERE workspace_id = :ws AND seq > :seq LIMIT :most) AS unread
        """,
        seq=seq,
        most=MAX_COUNTED,
    )
    return row[0] if row else 0


def _patch(call: PutItem, entity: Entity) -> Patch:
    try:
        put = {_field(kind, key): value for kind, key, value in call.put or []}
        drop = [_field(kind, key) for kind, key in call.drop or []]
    except ValueError:
        raise Invalid("put is a list of [kind, key, value] and drop one of [kind, key]") from None
    if not entity.is_of_registry:
        validation.check(put)
    return Patch(put, drop)


def _field(kind: str, key: str) -> Field:
    if kind not in KINDS:
        raise Invalid(f"a field is of the kind {kind[:100]!r}, which no item has; it must be one of {', '.join(KINDS)}")
    return Field(KINDS[kind], key)


def _given(value: str | None, name: str) -> str:
    if not value:
        raise codec.missing(name)
    return value


def _after(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"after is {text[:100]!r}; it must be a number")
    return int(text or "0")
