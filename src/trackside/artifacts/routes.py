"""Calls for artifacts: the proxy for clients' files, and the files of a run."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import field

from trackside.artifacts import archive, blobs, held, images, keys, pages, store, transfer, wire
from trackside.artifacts.blobs import Entry, put
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import OWN_STORE, Roots, Spot
from trackside.artifacts.store import Root
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Denied, Invalid, TooLarge, Unsupported
from trackside.core.http import codec
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.workspaces.model import Workspace

MAX_UPLOAD_BYTES = 10 << 20
MAX_KEPT_BYTES = 64 << 20  # limit for a file that is stored elsewhere
OURS = "/api/trackside/v1"
_JSON, _ANY = "application/json", "application/octet-stream"


class FileInfo(codec.Answer, frozen=True):
    path: str
    is_dir: bool
    file_size: int | None = None


class Listing(codec.Answer, frozen=True):
    files: list[FileInfo] = field(default_factory=list)


class RunListing(codec.Answer, frozen=True):
    root_uri: str
    files: list[FileInfo] = field(default_factory=list)


class PresignedCall(codec.Call, frozen=True):
    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None
    expiration: int | None = None

    required = ("path",)


class OfFolder(codec.Call, frozen=True):
    path: str | None = None


class OfRunFile(codec.Call, frozen=True):
    """`run_uuid` is the former name of `run_id`."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None

    @property
    def run(self) -> str:
        return self.run_id or self.run_uuid or ""


RUN = by("run", "run_id", "run_uuid")


class OfRunImages(codec.Call, frozen=True):
    run_id: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class KeptElsewhere(Protocol):
    """Files that clients access through the proxy, and that the server stores in another form."""

    def names(self, key: str) -> bool:
        """Return whether the key may belong to such a file."""
        ...

    async def put(self, request: Request, key: str, data: bytes) -> bool:
        """Store the file as spans; return False for an ordinary file."""
        ...

    async def get(self, request: Request, key: str) -> Response | None:
        """Return the file; None for an ordinary one."""
        ...


class Calls:
    """The handlers.  `threads` are only for files: an fsync must not delay a read of the database."""

    def __init__(
        self, roots: Roots, threads: StoreThreads, elsewhere: KeptElsewhere | None = None, *, is_near: bool = False
    ) -> None:
        """`is_near`: the server's own store is on a file system that the event loop waits for anyway."""
        self._roots = roots
        self._threads = threads
        self._elsewhere = elsewhere
        self._is_near = is_near

    async def put(self, request: Request) -> Response:
        path = request.params["path"]
        spot = self._roots.proxied(path, request.workspace)
        if path.endswith("/") or keys.is_top(spot.key):
            raise Invalid("Artifact path must include a filename (cannot end with '/').")
        _check_no_spans(spot.key)
        if self._elsewhere is not None and self._elsewhere.names(spot.key):
            return await self._put_elsewhere(request, spot, self._elsewhere)
        before = await check_quota(request, spot, request.content_length or 0, self._threads)
        check = partial(check_fits, request, spot)
        stat = await transfer.receive(request, spot.blobs, spot.key, self._threads.of(spot), check)
        await record_file(request, spot.key, more=None if before is None else stat.size_bytes - before)
        return Response()

    async def _put_elsewhere(self, request: Request, spot: Spot, elsewhere: KeptElsewhere) -> Response:
        data = await request.whole_body(MAX_KEPT_BYTES)
        if not await elsewhere.put(request, spot.key, data):
            before = await check_quota(request, spot, len(data), self._threads)
            await self._threads.of(spot).run(put, spot.blobs, spot.key, [[data]])
            await record_file(request, spot.key, more=None if before is None else len(data) - before)
        return Response()

    async def get(self, request: Request) -> Response:
        spot = self._roots.proxied(request.params["path"], request.workspace)
        _check_no_spans(spot.key)
        if self._elsewhere is not None and self._elsewhere.names(spot.key):
            kept = await self._elsewhere.get(request, spot.key)
            if kept is not None:
                return kept
        return await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))

    async def delete(self, request: Request) -> Response:
        spot = self._roots.proxied(request.params["path"], request.workspace)
        if keys.is_top(spot.key):
            raise Invalid("Invalid path: this would delete every artifact of the workspace")
        _check_no_spans(spot.key)
        await request.read(lambda tx: held.check(tx, spot.key, request.workspace))
        inside = keys.join(spot.key, keys.SPANS)
        spans = await self._threads.of(spot).run(spot.blobs.entries, inside) if keys.is_of_spans(inside) else []
        if spans:
            raise BadState(f"{spot.key} has spans of traces. Delete the traces or the experiment by their own calls.")
        owner = keys.owner(spot.key)
        if owner is not None:
            await request.write(lambda tx: store.begin_removal(tx, *owner))
        await self._threads.of(spot).run_long(spot.blobs.delete, spot.key)
        if owner is not None:
            await request.write(lambda tx: store.record_removal(tx, *owner))
        return _json(b"{}")

    async def entries(self, request: Request) -> Response:
        spot = self._roots.proxied(_argument(request, "path"), request.workspace)
        _check_no_spans(spot.key)
        found = await self._threads.of(spot).run(spot.blobs.entries, spot.key)
        if spot.key == "":  # the root of the default workspace: omit the folders of other workspaces
            found = [entry for entry in found if not keys.is_reserved(entry.path)]
        return _json(codec.encode(Listing(files=file_infos(found))))

    def list_run(
        self, root: Root, call: OfRunFile, workspace: Workspace, done: Callable[[bytes, BaseException | None], None]
    ) -> None:
        """Pass the files in a folder of a run to `done` as JSON; without a path, the files at its root."""
        path = call.path or ""
        spot = self._roots.of(root, path, workspace)
        if self._is_near and isinstance(spot.blobs, LocalBlobs) and spot.store_name == OWN_STORE:
            found = spot.blobs.glance(spot.key)
            if found is not None:  # switching to a thread and back takes as long as reading a small folder
                done(_listed(root, found, path), None)
                return
        self._threads.of(spot).start(partial(_list, root, spot, path), done)

    async def listing(self, request: Request, run_id: str, path: str) -> bytes:
        """Return the files in a folder of a run as JSON; without a path, the files at its root."""
        root, spot = await self._in_run(request, run_id, path)
        return await self._threads.of(spot).run(_list, root, spot, path)

    async def run_file(self, request: Request) -> Response:
        path = _argument(request, "path")
        if not path:
            raise codec.missing("path")
        _, spot = await self._of_run(request, path)
        return await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))

    async def run_page(self, request: Request) -> Response:
        """Return an HTML file of a run as a sandboxed page, for a frame."""
        pages.check_name(_argument(request, "path"))
        return pages.as_page(await self.run_file(request))

    async def folder(self, request: Request) -> Response:
        """Return a folder of a run as a zip that is created while it is sent; without a path, all files of the run."""
        request.check_room_of_pieces()
        path = _argument(request, "path")
        _, spot = await self._of_run(request, path)
        executor = self._threads.of(spot)
        wanted = await executor.run_long(archive.files, spot.blobs, spot.key)
        name = f"{keys.from_path(path).rpartition('/')[2] or _argument(request, 'run_id')}.zip"
        headers = [
            (b"content-type", b"application/zip"),
            (b"content-disposition", wire.content_disposition(name).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        return Response(200, headers, transfer.leave(archive.pieces(spot.blobs, spot.key, wanted), executor))

    async def images(self, request: Request) -> Response:
        """Return the images of a run that were logged with a key and a step."""
        call: OfRunImages = codec.decode_query(OfRunImages, request.query)
        _, spot = await self._of_run(request, images.FOLDER)
        found = await self._threads.of(spot).run(spot.blobs.entries, spot.key)
        names = (entry.path for entry in found if not entry.is_folder)
        return _json(codec.encode(images.series(names, call.max_results, call.page_token or "")))

    async def upload(self, request: Request) -> Response:
        """Store a small file from the UI."""
        if not _argument(request, "run_uuid"):
            raise Invalid("Request must specify run_uuid.")
        path = _argument(request, "path")
        if not path:
            raise Invalid("Request must specify path.")
        keys.from_path(path)
        try:
            data = await request.whole_body(MAX_UPLOAD_BYTES)
        except TooLarge:
            raise Invalid("Artifact size is too large. Max size is 10MB.") from None
        if not data:
            raise Invalid("Request must specify data.")
        await self.keep(request, _argument(request, "run_id") or _argument(request, "run_uuid"), path, data)
        return _json(b"")

    async def keep(self, request: Request, run_id: str, path: str, data: bytes) -> None:
        """Write a small file of a run."""
        _, spot = await self._in_run(request, run_id, path)
        before = await check_quota(request, spot, len(data), self._threads)
        await self._threads.of(spot).run(put, spot.blobs, spot.key, [[data]])
        await record_file(request, spot.key, more=None if before is None else len(data) - before)

    async def presigned_upload(self, request: Request) -> Response:
        """Return a URL to upload a file directly to a cloud's store."""
        call = await _presigned_call(request)
        if bool(call.run_id) == bool(call.model_id):
            raise Invalid("Exactly one of run_id and model_id must be provided.")
        await self._refuse_proxied(
            request,
            call,
            "Presigned upload is not supported for proxied artifact storage (artifact URI scheme: {scheme})."
            " This endpoint requires a direct cloud storage artifact URI.",
        )
        raise Unsupported("Presigned upload is not supported for the current artifact repository")

    async def presigned_download(self, request: Request) -> Response:
        call = await _presigned_call(request)
        if not call.run_id:
            raise codec.missing("run_id")
        await self._refuse_proxied(
            request,
            call,
            "Presigned download is not supported for runs with proxied artifact storage"
            " (artifact URI scheme: {scheme})."
            " This endpoint requires a run with a direct cloud storage artifact URI.",
        )
        raise Unsupported("Presigned download is not supported for the current artifact repository")

    async def no_parts(self, request: Request) -> Response:
        """Refuse multipart uploads with the message that makes clients fall back to a single PUT."""
        self._roots.proxied(request.params["path"], request.workspace)
        raise Unsupported("Multipart upload is not supported for the current artifact repository")

    async def no_presigned(self, request: Request) -> Response:
        self._roots.proxied(request.params["path"], request.workspace)
        raise Unsupported("Multipart download is not supported for the current artifact repository")

    async def _of_run(self, request: Request, path: str) -> tuple[Root, Spot]:
        return await self._in_run(request, _argument(request, "run_id") or _argument(request, "run_uuid"), path)

    async def _in_run(self, request: Request, run_id: str, path: str) -> tuple[Root, Spot]:
        if not run_id:
            raise codec.missing("run_id")
        keys.from_path(path)
        root = await request.read(lambda tx: store.root_of_run(tx, run_id), quick=True)
        return root, self._roots.of(root, path, request.workspace)

    async def _refuse_proxied(self, request: Request, call: PresignedCall, message: str) -> None:
        run_id = call.run_id
        if not run_id:
            return
        root = await request.read(lambda tx: store.root_of_run(tx, run_id))
        if keys.of_proxied(root.uri) is not None:
            raise Invalid(message.format(scheme=root.uri.partition(":")[0]))


def routes(
    roots: Roots, threads: StoreThreads, elsewhere: KeptElsewhere | None = None, *, is_near: bool = False
) -> list[Route]:
    calls = Calls(roots, threads, elsewhere, is_near=is_near)
    proxy = [
        ("PUT", "artifacts/{path:path}", calls.put, Action.RUNS_WRITE, codec.Call, ""),
        ("GET", "artifacts/{path:path}", calls.get, Action.RUNS_READ, codec.Call, _ANY),  # also HEAD
        ("GET", "artifacts", calls.entries, Action.RUNS_READ, OfFolder, _JSON),
        ("DELETE", "artifacts/{path:path}", calls.delete, Action.RUNS_WRITE, codec.Call, _JSON),
        ("POST", "mpu/create/{path:path}", calls.no_parts, Action.RUNS_WRITE, codec.Call, _JSON),
        ("POST", "mpu/complete/{path:path}", calls.no_parts, Action.RUNS_WRITE, codec.Call, _JSON),
        ("POST", "mpu/abort/{path:path}", calls.no_parts, Action.RUNS_WRITE, codec.Call, _JSON),
        ("GET", "presigned/{path:path}", calls.no_presigned, Action.RUNS_READ, codec.Call, _JSON),
    ]
    return [
        *(
            stream(
                f"{method} /{api}/2.0/mlflow-artifacts/{path}",
                handler,
                needs=needs,
                on=by("artifact", "path"),
                arguments=arguments,
                media=media,
                answer=Listing if arguments is OfFolder else None,
            )
            for method, path, handler, needs, arguments, media in proxy
            for api in ("api", "ajax-api")
        ),
        query(
            "GET artifacts/list",
            OfRunFile,
            root_of_listed,
            needs=Action.RUNS_READ,
            on=RUN,
            quick=True,
            finish=calls.list_run,
            answer=RunListing,
        ),
        stream(
            "POST artifacts/presigned-upload-url", calls.presigned_upload, call=PresignedCall, needs=Action.RUNS_WRITE
        ),
        stream(
            "POST artifacts/presigned-download-url",
            calls.presigned_download,
            call=PresignedCall,
            needs=Action.RUNS_READ,
        ),
        stream(
            f"GET {OURS}/artifacts/page",
            calls.run_page,
            needs=Action.RUNS_READ,
            on=RUN,
            arguments=OfRunFile,
            media="text/html",
        ),
        stream(
            f"GET {OURS}/artifacts/zip",
            calls.folder,
            needs=Action.RUNS_READ,
            on=RUN,
            arguments=OfRunFile,
            media="application/zip",
        ),
        stream(
            f"GET {OURS}/artifacts/images",
            calls.images,
            needs=Action.RUNS_READ,
            on=RUN,
            arguments=OfRunImages,
            answer=images.FoundImages,
        ),
        stream("GET /get-artifact", calls.run_file, needs=Action.RUNS_READ, on=RUN, arguments=OfRunFile, media=_ANY),
        stream(
            "POST upload-artifact", calls.upload, needs=Action.RUNS_WRITE, on=RUN, ajax_only=True, arguments=OfRunFile
        ),
    ]


def root_of_listed(tx: Tx, call: OfRunFile) -> Root:
    """List the files and folders in a folder of a run.  Raise Invalid for a path that no key can have."""
    # Only the location: `_list` reads the folder outside of the transaction.
    if not call.run:
        raise codec.missing("run_id")
    keys.from_path(call.path or "")
    return store.root_of_run(tx, call.run)


def _list(root: Root, spot: Spot, path: str) -> bytes:
    return _listed(root, spot.blobs.entries(spot.key), path)


def _listed(root: Root, found: list[Entry], path: str) -> bytes:
    return codec.encode(RunListing(root_uri=root.uri, files=file_infos(found, keys.from_path(path))))


def _check_no_spans(key: str) -> None:
    """Raise Denied for span files, since traces have other rights than the files of runs."""
    if keys.is_of_spans(key):
        raise Denied(f"{key[:200]} has spans of traces, which are read and deleted by the calls of traces alone.")


def file_infos(entries: list[Entry], below: str = "") -> list[FileInfo]:
    above = f"{below}/" if below else ""
    return [
        FileInfo(
            path=above + entry.path,
            is_dir=entry.is_folder,
            file_size=None if entry.is_folder else entry.size_bytes,
        )
        for entry in entries
    ]


async def check_quota(request: Request, spot: Spot, size: int, threads: StoreThreads) -> int | None:
    """Raise QuotaExceeded if a file of `size` bytes does not fit.  Return the bytes of the file that it replaces; None if the
    workspace is not counted."""
    if not await check_fits(request, spot, size):
        return None
    return await threads.of(spot).run(blobs.size_of, spot.blobs, spot.key)


async def check_fits(request: Request, spot: Spot, size: int) -> bool:
    """Raise QuotaExceeded if a file of `size` bytes does not fit.  Return whether the workspace is counted."""
    return await request.read(lambda tx: store.check_bytes(tx, keys.owner(spot.key), size), quick=True)


async def record_file(request: Request, key: str, *, more: int | None = None) -> None:
    """Record a file in the change log before the client gets its answer.  After a crash without an answer, the client sends the
    file again.

    `more` is the growth in bytes of the artifacts of a workspace with a quota."""
    owner = keys.owner(key)
    if owner is None:
        return
    entity, item_id, path = owner
    if path:
        await request.write(lambda tx: store.record_files(tx, entity, item_id, path, more=more))


async def _presigned_call(request: Request) -> PresignedCall:
    call: PresignedCall = codec.decode_body(PresignedCall, await request.whole_body())
    keys.from_path(call.path or "")
    return call


def _argument(request: Request, name: str) -> str:
    return request.query.get(name, [""])[-1]


def _json(body: bytes) -> Response:
    return Response(headers=[(b"content-type", b"application/json")], body=body)
