"""Writes many items from one body, for callers with thousands of items: documents, points and small files.

Documents and points are written in one transaction if they fit, otherwise in several; files are written one by one.  The call is
idempotent.  A caller whose bundle is rejected sends its parts by the other calls to find the faulty one.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid, Unsupported
from trackside.core.http import codec
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response, json_response
from trackside.metrics.series import POINT_BYTES
from trackside.sync import document, portions, validation
from trackside.sync.api.files import PREFIX
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import files, writer
from trackside.sync.local.files import BrokenFile

MAX_ENTRIES = 200
_OF_BUNDLES = (Entity.RUN, Entity.LOGGED_MODEL)


class SmallFile(Struct, frozen=True):
    path: str
    sha256: str
    body: bytes


class Entry(Struct, frozen=True):
    """An item in MessagePack: `put` of [kind, key, value] and `drop` of [kind, key] as in `sync/item`, `series` as in
    `sync/points`, and `files`."""

    entity: Entity
    id: str
    experiment_id: str = ""
    put: list[tuple[FieldKind, str, str]] = []
    drop: list[Field] = []
    series: dict[str, bytes] = {}
    files: list[SmallFile] = []


class Piece(Struct, frozen=True):
    """The part of an entry for one transaction."""

    entry: Entry
    patch: Patch
    series: dict[str, bytes]


class Calls:
    def __init__(self, roots: Roots, threads: StoreThreads) -> None:
        self._roots = roots
        self._threads = threads

    async def put(self, request: Request) -> Response:
        """Write documents and points, then the files, each whole or not at all."""
        entries = _read(await request.whole_body())
        for pieces in _divided(entries):
            await request.write(partial(_write, pieces=pieces))
        with_files = [entry for entry in entries if entry.files]
        if with_files:
            spots = await request.read(lambda tx: self._spots(tx, with_files))
            storing = [self._threads.of(spot).run(_store, spot, file) for spot, file in spots]
            # All of them end before the answer, so that no part of a rejected body is still being written.
            ended = await asyncio.gather(*storing, return_exceptions=True)
            await request.write(lambda tx: _note(tx, with_files))
            for fault in ended:
                if isinstance(fault, BaseException):
                    raise fault
        return json_response({})

    def _spots(self, tx: Tx, entries: Sequence[Entry]) -> list[tuple[Spot, SmallFile]]:
        found = []
        for entry in entries:
            place = files.place(tx, entry.entity, entry.id)
            for file in entry.files:
                try:
                    found.append((place.spot(self._roots, file.path), file))
                except Denied as denied:  # the item's place is refused, not the caller
                    raise Unsupported(denied.message) from None
        return found


def routes(roots: Roots, threads: StoreThreads) -> list[Route]:
    return [stream(f"POST {PREFIX}/bundle", Calls(roots, threads).put, needs=Action.SYNC_WRITE)]


def _read(body: bytes) -> list[Entry]:
    try:
        entries = msgspec.msgpack.decode(body, type=list[Entry])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is no MessagePack of a bundle: {error}") from None
    if len(entries) > MAX_ENTRIES:
        raise Invalid(f"The bundle has {len(entries)} entries; it may have {MAX_ENTRIES}")
    for entry in entries:
        if not entry.id:
            raise codec.missing("id")
        if (entry.put or entry.drop) and not entry.experiment_id:
            raise codec.missing("experiment_id")
        if entry.entity not in _OF_BUNDLES:
            raise Invalid(f"entity is {entry.entity}; it must be one of {', '.join(_OF_BUNDLES)}")
        if entry.series and entry.entity is not Entity.RUN:
            raise Invalid(f"series are of a {entry.entity}; only runs have points of their own")
        if any(len(packed) % POINT_BYTES for packed in entry.series.values()):
            raise Invalid(f"The points of a series take {POINT_BYTES} bytes each.")
        for text in _texts(entry):
            if "\0" in text:
                raise Invalid(f"The bundle has a text with a NUL character: {text[:200]!r}")
        for file in entry.files:
            if not keys.from_path(file.path):
                raise Invalid(f"A file of the bundle has no path: {file.path!r} names none.")
        validation.check(document.of_rows(entry.put))
    return entries


def _texts(entry: Entry) -> Iterator[str]:
    yield entry.id
    yield entry.experiment_id
    for field in (*entry.put, *entry.drop):
        yield from field
    yield from entry.series


def _divided(entries: Sequence[Entry]) -> Iterator[list[Piece]]:
    """Yield the pieces of each transaction, ordered by id, so that two bundles cannot deadlock."""
    pieces = _pieces(sorted(entries, key=lambda each: (each.entity, each.id)))
    return portions.batched(pieces, _cost, portions.MOST_FIELDS)


def _cost(piece: Piece) -> int:
    return portions.cost_of_patch(piece.patch) + portions.cost_of_series(piece.series)


def _pieces(entries: Iterable[Entry]) -> Iterator[Piece]:
    for entry in entries:
        if entry.put or entry.drop:
            patch = Patch(document.of_rows(entry.put), entry.drop)
            for portion in portions.of_patch(patch):
                yield Piece(entry, portion, {})
        for series in portions.of_series(entry.series):
            yield Piece(entry, Patch(), series)


def _write(tx: Tx, pieces: Sequence[Piece]) -> None:
    """Write the pieces in order, with existing runs in the order of their keys."""
    tx.all(
        "SELECT 1 FROM runs WHERE workspace_id = :ws AND run_id IN :ids ORDER BY run_seq FOR UPDATE",
        ids=[piece.entry.id for piece in pieces if piece.entry.entity is Entity.RUN],
    )
    for piece in pieces:
        entry = piece.entry
        if piece.patch:
            if entry.entity is Entity.RUN:
                writer.run(tx, entry.id, entry.experiment_id, piece.patch)
            else:
                writer.model(tx, entry.id, entry.experiment_id, piece.patch)
        if piece.series:
            writer.points(tx, entry.id, piece.series)


def _store(spot: Spot, file: SmallFile) -> None:
    try:
        files.put(spot, [file.body], len(file.body), file.sha256)
    except BrokenFile as broken:
        raise Invalid(f"{file.path}: {broken}") from None


def _note(tx: Tx, entries: Sequence[Entry]) -> None:
    paths: dict[tuple[Entity, str], list[str]] = {}
    for entry in entries:
        paths.setdefault((entry.entity, entry.id), []).extend(file.path for file in entry.files)
    for (entity, item_id), came in paths.items():
        artifacts.record_files(tx, str(entity), item_id, *came)


def entry_of(entity: Entity, item_id: str, experiment_id: str, patch: Patch) -> Entry:
    return Entry(entity, item_id, experiment_id, [(*field, value) for field, value in patch.put.items()], patch.drop)


def size_bytes(entry: Entry) -> int:
    """Return the approximate size in a body."""
    texts = sum(map(len, _texts(entry)))
    return 4 * texts + sum(map(len, entry.series.values())) + sum(len(file.body) + 200 for file in entry.files)
