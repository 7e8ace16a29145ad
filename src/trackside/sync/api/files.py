"""The calls by which another Trackside reads and writes files of items.

A file appears whole and with the checksum that its sender announced, or not at all.  A large file is sent in parts, each a call
of its own, so that an interrupted transfer continues with the interrupted part.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import ClassVar, TypeVar

from trackside.artifacts import keys, transfer
from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import Blobs, Stat, Upload
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Removal
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid, TooLarge, Unsupported
from trackside.core.http import codec
from trackside.core.http.codec import Answer, Call, encode
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response, json_response
from trackside.sync.entities import Entity
from trackside.sync.local import files, registry
from trackside.sync.local.files import ArtifactRoot, OpenFile
from trackside.sync.local.resumable_upload import MAX_PART_BYTES, PART_BYTES, ResumableUpload, WrongSum

PREFIX = "/api/trackside/v1/sync"
SIGN_OF_LIFE_S = 5.0  # a longer call sends blanks at this interval, so that no timeout ends it
_OCTETS = "application/octet-stream"
_JSON = [(b"content-type", b"application/json")]

T = TypeVar("T")


class FilesCall(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "id")
    entity: str | None = None
    id: str | None = None


class FileCall(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "id", "path")
    entity: str | None = None
    id: str | None = None
    path: str | None = None


class PutFileCall(FileCall, frozen=True):
    sha256: str | None = None


class PartsCall(FileCall, frozen=True):
    """`version` differs whenever the file's bytes differ; `sender` is the uid of the sending workspace."""

    required: ClassVar[tuple[str, ...]] = ("entity", "id", "path", "version")
    version: str | None = None
    sender: str | None = None


class PutPartCall(PartsCall, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "id", "path", "version", "start")
    start: int | None = None


class JoinCall(PartsCall, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "id", "path", "version", "size", "sha256")
    size: int | None = None
    sha256: str | None = None


class FileAnswer(Answer, frozen=True):
    size: int
    sha256: str
    etag: str


class FileListing(Answer, frozen=True):
    """Size and ETag of files by path, and the files and folders that were removed or are being removed."""

    files: dict[str, tuple[int, str]]
    removals: list[Removal] = []


class Received(Answer, frozen=True):
    """The number of bytes of the file that arrived, from its beginning."""

    size: int


class Calls:
    """`threads` run calls of the artifact store only."""

    def __init__(self, roots: Roots, threads: StoreThreads, server_root: str) -> None:
        self._roots = roots
        self._threads = threads
        self._server_root = server_root

    async def listing(self, request: Request) -> Response:
        spot = await self._spot(request)
        found = await self._threads.of(spot).run_long(files.listing, spot)
        entity, item_id = request.argument("entity"), request.argument("id")
        removed = await request.read(lambda tx: artifacts.removals(tx, entity, item_id))
        return json_response(
            FileListing(files={path: (file.size_bytes, file.etag) for path, file in found.items()}, removals=removed)
        )

    async def get(self, request: Request) -> Response:
        """Send a file.  A small one has its SHA-256 in the field of RFC 9530; for a larger one there is `digest`."""
        spot = await self._spot(request, request.argument("path"))
        answer = await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))
        checksum = await self._threads.of(spot).run(_sum_of_small, spot)
        if checksum is not None and (b"etag", b'"%s"' % checksum[0].encode()) in answer.headers:
            field = (b"repr-digest", b"sha-256=:%s:" % b64encode(bytes.fromhex(checksum[1])))
            return Response(answer.status, [*answer.headers, field], answer.body)
        return answer

    async def digest(self, request: Request) -> Response:
        spot = await self._spot(request, request.argument("path"))

        def read() -> FileAnswer:
            with OpenFile(spot) as source:
                return FileAnswer(size=source.size_bytes, sha256=source.sha256(), etag=source.etag)

        return await patient(self._threads.of(spot).run_long(read))

    async def put(self, request: Request) -> Response:
        spot = await self._spot(request, request.argument("path"))
        summed = _Summed(spot.blobs, request.argument("sha256"))
        stat = await transfer.receive(request, summed, spot.key, self._threads.of(spot))
        await self._note(request, artifacts.record_files)
        return json_response(FileAnswer(size=stat.size_bytes, sha256=summed.sha256, etag=stat.etag))

    async def remove(self, request: Request) -> Response:
        spot = await self._spot(request, request.argument("path"))
        await self._note(request, artifacts.begin_removal)
        await self._threads.of(spot).run_long(spot.blobs.delete, spot.key)
        await self._note(request, artifacts.record_removal)
        return json_response({})

    async def begin(self, request: Request) -> Response:
        spot, parts = await self._parts(request)
        return json_response(Received(size=await self._threads.of(spot).run(parts.begin)))

    async def put_part(self, request: Request) -> Response:
        spot, parts = await self._parts(request)
        start = _number(request, "start")
        length = request.content_length
        if length is None or length > MAX_PART_BYTES:
            raise TooLarge(f"Content-Length is {length}; it is required, and at most {MAX_PART_BYTES} bytes for a part")
        stat = await transfer.receive(request, spot.blobs, parts.key(start), self._threads.of(spot))
        return json_response(Received(size=start + stat.size_bytes))

    async def join(self, request: Request) -> Response:
        spot, parts = await self._parts(request)
        size, sha256 = _number(request, "size"), request.argument("sha256")

        async def work() -> FileAnswer:
            try:
                stat, found = await self._threads.of(spot).run_long(parts.join, spot.key, size, sha256)
            except WrongSum as wrong:
                raise Invalid(str(wrong)) from None
            await self._note(request, artifacts.record_files)
            return FileAnswer(size=stat.size_bytes, sha256=found, etag=stat.etag)

        return await patient(work())

    async def _note(self, request: Request, record: Callable[[Tx, str, str, str], None]) -> None:
        entity, item_id = with_files(request.argument("entity")), request.argument("id")
        if entity.is_of_registry:  # the version is created after its files arrived
            return
        path = keys.from_path(request.argument("path"))
        await request.write(lambda tx: record(tx, str(entity), item_id, path))

    async def _parts(self, request: Request) -> tuple[Spot, ResumableUpload]:
        spot = await self._spot(request, request.argument("path"))
        parts = [request.argument(name) for name in ("sender", "entity", "id", "path")]
        version = request.argument("version")
        if not version:
            raise codec.missing("version")
        return spot, ResumableUpload(spot.blobs, ("push", str(request.workspace.workspace_id), *parts), version)

    async def _spot(self, request: Request, path: str | None = None) -> Spot:
        entity, item_id = with_files(request.argument("entity")), request.argument("id")
        if path == "":
            raise codec.missing("path")
        if path is not None and not keys.from_path(path):
            raise Invalid(f"path is {path!r}, which is not the path of a file")
        place = await request.read(lambda tx: self._place(tx, entity, item_id))
        try:
            return place.spot(self._roots, path or "")
        except Denied as denied:  # the item's place is refused, not the caller
            raise Unsupported(denied.message) from None

    def _place(self, tx: Tx, entity: Entity, item_id: str) -> ArtifactRoot:
        if entity.is_of_registry:
            return registry.place(tx, item_id, self._server_root)
        return files.place(tx, entity, item_id)


class _Summed:
    """A store that keeps a file only if it has the announced SHA-256, if one was announced."""

    def __init__(self, blobs: Blobs, wanted: str) -> None:
        self._blobs = blobs
        self._wanted = wanted
        self.sha256 = ""

    def create(self, key: str) -> "_SummedUpload":
        return _SummedUpload(self, self._blobs.create(key), self._wanted)


class _SummedUpload:
    def __init__(self, above: _Summed, upload: Upload, wanted: str) -> None:
        self._above = above
        self._upload = upload
        self._wanted = wanted
        self._digest = hashlib.sha256()

    def write(self, chunks: Sequence[bytes]) -> None:
        for chunk in chunks:
            self._digest.update(chunk)
        self._upload.write(chunks)

    def commit(self) -> Stat:
        self._above.sha256 = self._digest.hexdigest()
        if self._wanted and self._wanted != self._above.sha256:
            raise Invalid(f"sha256 is {self._wanted[:100]}, and the body has {self._above.sha256}")
        return self._upload.commit()

    def abort(self) -> None:
        self._upload.abort()


def routes(roots: Roots, threads: StoreThreads, server_root: str) -> list[Route]:
    calls = Calls(roots, threads, server_root)
    return [
        stream(f"GET {PREFIX}/files", calls.listing, needs=Action.SYNC_READ, arguments=FilesCall),
        stream(f"GET {PREFIX}/file", calls.get, needs=Action.SYNC_READ, arguments=FileCall, media=_OCTETS),
        stream(f"GET {PREFIX}/digest", calls.digest, needs=Action.SYNC_READ, arguments=FileCall, answer=FileAnswer),
        stream(f"PUT {PREFIX}/file", calls.put, needs=Action.SYNC_WRITE, arguments=PutFileCall, answer=FileAnswer),
        stream(f"DELETE {PREFIX}/file", calls.remove, needs=Action.SYNC_WRITE, arguments=FileCall),
        stream(f"POST {PREFIX}/parts", calls.begin, needs=Action.SYNC_WRITE, arguments=PartsCall, answer=Received),
        stream(f"PUT {PREFIX}/parts", calls.put_part, needs=Action.SYNC_WRITE, arguments=PutPartCall, answer=Received),
        stream(f"POST {PREFIX}/parts/join", calls.join, needs=Action.SYNC_WRITE, arguments=JoinCall, answer=FileAnswer),
    ]


def entity_of(text: str | None) -> Entity:
    if text not in list(Entity):
        raise Invalid(f"entity is {text!r}; it must be one of {', '.join(Entity)}")
    return Entity(text)


def with_files(text: str | None) -> Entity:
    entity = entity_of(text)
    if entity in (Entity.EVALUATION_DATASET, Entity.TRACE):
        raise Invalid(f"entity is {entity}, which has no files")
    return entity


async def patient(work: Awaitable[Answer], every_s: float = SIGN_OF_LIFE_S) -> Response:
    """Return the answer of work that may take long.  If it does, blanks are sent before it, which JSON allows; a fault is then in
    the body, since the status has been sent."""
    doing = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({doing}, timeout=every_s)
    if done:
        return json_response(doing.result())
    return Response(200, _JSON, _alive(doing, every_s))


async def _alive(doing: "asyncio.Future[Answer]", every_s: float) -> AsyncGenerator[bytes, None]:
    while not doing.done():
        yield b" "
        await asyncio.wait({doing}, timeout=every_s)
    try:
        yield encode(doing.result())
    except Fault as fault:
        yield encode({"error_code": fault.code, "message": fault.message})


def _sum_of_small(spot: Spot) -> tuple[str, str] | None:
    """Return ETag and SHA-256."""
    with OpenFile(spot) as source:
        return (source.etag, source.sha256()) if source.size_bytes <= PART_BYTES else None


def _number(request: Request, name: str) -> int:
    text = request.argument(name)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"{name} is {text[:100]!r}; it must be a number of bytes")
    return int(text)
