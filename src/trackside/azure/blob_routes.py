"""The calls of Azure Blob Storage that its client makes for one file: put, put by blocks, get by ranges.

The signed address is the permission: it was issued to a caller who may read or write the file.
"""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import formatdate
from functools import partial

from trackside.artifacts import transfer
from trackside.artifacts.blobs import Blobs, Stat, put
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.routes import check_fits, check_quota, record_file
from trackside.artifacts.store_threads import StoreThreads
from trackside.azure import blob, files
from trackside.core.access import Action
from trackside.core.errors import Denied, Fault, Invalid, NotFound, Unsupported
from trackside.core.http.codec import MAX_BODY_BYTES
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.quotas.model import QuotaExceeded
from trackside.workspaces.model import Workspace

BLOCKS = "workspaces/.azure-blocks"  # no workspace has this folder, so no client reaches it
STALE_MS = 48 * 3_600_000


class Calls:
    def __init__(
        self, roots: Roots, threads: StoreThreads, key: Callable[[], bytes], now: Callable[[], datetime]
    ) -> None:
        self._roots = roots
        self._threads = threads
        self._key = key
        self._now = now
        self._staged_bytes: Counter[str] = Counter()  # of unfinished uploads, by the uid of the workspace

    async def put(self, request: Request) -> Response:
        return await _with_storage_faults(self._put, request)

    async def get(self, request: Request) -> Response:
        return await _with_storage_faults(self._get, request)

    async def _put(self, request: Request) -> Response:
        grant, spot = await self._granted(request)
        if grant.mode != blob.WRITE:
            raise Denied("This address is for reading.")
        comp = request.query.get("comp", [""])[-1]
        if b"x-ms-copy-source" in request.headers:
            raise Unsupported("Copies from other addresses (x-ms-copy-source) are not served; send the bytes.")
        if comp == "":
            before = await check_quota(request, spot, request.content_length or 0, self._threads)
            check = partial(check_fits, request, spot)
            stat = await transfer.receive(request, spot.blobs, spot.key, self._threads.of(spot), check)
            await record_file(request, spot.key, more=None if before is None else stat.size_bytes - before)
            return Response(201, _headers(stat))
        staged = self._staged(request, grant)
        if comp == "block":
            block_id = request.query.get("blockid", [""])[-1]
            if not block_id:
                raise Invalid("The query parameter `blockid` is missing.")
            fits = partial(self._check_staged, request, spot)
            await fits(request.content_length or 0)
            where = Spot(self._roots.store, f"{staged}/{blob.block_name(block_id)}")
            stat = await transfer.receive(request, where.blobs, where.key, self._threads.of(where), fits)
            self._staged_bytes[request.workspace.uid] += stat.size_bytes
            return Response(201, [(b"x-ms-request-server-encrypted", b"true")])
        if comp == "blocklist":
            ids = blob.blocks(await request.whole_body(MAX_BODY_BYTES))
            store = self._roots.store
            names, size = await self._threads.of(Spot(store, staged)).run_long(_listed, store, staged, ids)
            before = await check_quota(request, spot, size, self._threads)
            stat = await self._threads.of(spot).run_long(_join, store, staged, names, spot)
            self._staged_bytes[request.workspace.uid] -= size
            await record_file(request, spot.key, more=None if before is None else stat.size_bytes - before)
            return Response(201, _headers(stat))
        raise Unsupported(f"comp is '{comp[:50]}'; a file is put whole, or by `block` and `blocklist`.")

    async def _get(self, request: Request) -> Response:
        grant, spot = await self._granted(request)
        if grant.mode != blob.READ:
            raise Denied("This address is for writing.")
        asked = request.headers.pop(b"x-ms-range", None)
        if asked is not None:
            request.headers[b"range"] = asked
        response = await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))
        response.headers = [*response.headers, (b"x-ms-blob-type", b"BlockBlob"), (b"x-ms-server-encrypted", b"true")]
        if response.status == 416:
            response.headers.append((b"x-ms-error-code", b"InvalidRange"))
        return response

    async def _granted(self, request: Request) -> tuple[blob.Grant, Spot]:
        word, path = request.params["owner"], request.params["path"]
        if not isinstance(request.workspace, Workspace):  # a missing one
            raise Denied("The signature of this address is not right.")
        grant = blob.granted(request.query, self._key(), request.workspace.uid, word, path, self._now())
        root = await request.read(files.of_word(word).root, quick=True)
        return grant, files.spot(self._roots, root, path, request.workspace)

    async def _check_staged(self, request: Request, spot: Spot, size: int) -> None:
        """Raise QuotaExceeded if a block does not fit beside the blocks of the workspace's unfinished uploads.

        They are counted when the block would not fit by the count of this process, which other processes and `sweep` change."""
        uid = request.workspace.uid
        with suppress(QuotaExceeded):
            if uid in self._staged_bytes:
                await check_fits(request, spot, self._staged_bytes[uid] + size)
                return
        store, folder = self._roots.store, _folder(request.workspace)
        self._staged_bytes[uid] = await self._threads.of(Spot(store, folder)).run_long(
            lambda: sum(each.size_bytes for each in store.walk(folder))
        )
        await check_fits(request, spot, self._staged_bytes[uid] + size)

    def _staged(self, request: Request, grant: blob.Grant) -> str:
        """The folder of the blocks of one upload."""
        said = "\n".join((request.workspace.uid, request.params["owner"], request.params["path"], grant.upload))
        return f"{_folder(request.workspace)}/{_name(said)}"


def _folder(workspace: Workspace) -> str:
    """Return the folder of the blocks of a workspace."""
    return f"{BLOCKS}/{_name(workspace.uid)}"


def _name(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:40]


def sweep(blobs: Blobs, now_ms: int) -> bool:
    """Remove the blocks of unfinished uploads; return whether there may be more."""
    for each in list(blobs.walk(BLOCKS)):
        key = f"{BLOCKS}/{each.path}"
        with suppress(NotFound):
            if blobs.stat(key).modified_ms < now_ms - STALE_MS:
                blobs.delete(key)
    return False


def _listed(blobs: Blobs, staged: str, ids: list[str]) -> tuple[list[str], int]:
    """Return the names of the blocks of a list, and their bytes in all.  Raise Invalid for a block that did not come."""
    there = {f"{staged}/{each.path}": each.size_bytes for each in blobs.walk(staged)}
    names = [f"{staged}/{blob.block_name(each)}" for each in ids]
    missing = next((block_id for block_id, name in zip(ids, names, strict=True) if name not in there), None)
    if missing is not None:
        raise _MissingBlock(f"The list names the block '{missing[:100]}', which did not come.")
    return names, sum(there[name] for name in names)


def _join(blobs: Blobs, staged: str, names: list[str], spot: Spot) -> Stat:
    """Store the blocks as one file, whole or not at all, and remove them."""
    stat = put(spot.blobs, spot.key, _pieces(blobs, names))
    blobs.delete(staged)
    return stat


class _MissingBlock(Invalid):
    pass


def _pieces(blobs: Blobs, names: Sequence[str]) -> Iterator[Sequence[bytes]]:
    for name in names:
        download = blobs.open(name)
        try:
            for chunk in download.chunks():
                yield [chunk]
        finally:
            download.close()


def _headers(stat: Stat) -> Headers:
    return [
        (b"etag", f'"{stat.etag}"'.encode()),
        (b"last-modified", formatdate(stat.modified_ms / 1000, usegmt=True).encode()),
        (b"x-ms-request-server-encrypted", b"true"),
    ]


async def _with_storage_faults(handler: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """Run a handler, with faults in Blob Storage's form."""
    try:
        return await handler(request)
    except Fault as fault:
        code = "InvalidBlockList" if isinstance(fault, _MissingBlock) else ""
        return Response(*blob.fault(fault, code))


def routes(calls: Calls) -> list[Route]:
    where = f"/{blob.HOST}/{{owner}}/{{path:path}}"
    return [
        stream(f"PUT {where}", calls.put, needs=Action.ANYONE, media="application/xml"),
        stream(f"GET {where}", calls.get, needs=Action.ANYONE, media="application/octet-stream"),
    ]
