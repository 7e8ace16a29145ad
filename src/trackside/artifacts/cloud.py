"""Artifacts in an object store: S3 and compatible stores, Google Cloud Storage, Azure.  Needs the extra `trackside[cloud]`.

obstore reads credentials and endpoint from each cloud's usual sources (environment, identity of the machine).  `options` are
obstore's settings by name, and take precedence.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from trackside.artifacts import keys
from trackside.artifacts.blobs import Entry, Folder, Stat, put
from trackside.core.errors import Denied, Fault, Invalid, NoBucket, NotFound, Unavailable
from trackside.core.locations import LocationError

try:
    import obstore
    from obstore import exceptions
    from obstore.store import ObjectStore, from_url
except ImportError as error:
    raise LocationError("a bucket needs the extra for clouds: pip install 'trackside[cloud]'") from error

T = TypeVar("T")

log = logging.getLogger("trackside.artifacts")

MAX_KEY_BYTES = 1024  # the smallest limit of S3, GCS and Azure, including the store's own prefix
# Of a multipart upload.  S3 allows 10,000 parts, so a file may have 78 GiB.
PART_BYTES = 8 << 20
READ_BYTES = 4 << 20
COPY_BYTES = 5 << 30  # the largest file that S3 copies in one call
# The timeout of a store that does not answer, plus one request of 30 s; the library's default is 180 s.
_RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_PARTS_AT_ONCE = 3
# The identity endpoints that each cloud's library uses if the environment has no credentials.
_MACHINES_IDENTITY = ("//169.254.169.254/", "//metadata.google.internal/", "//metadata/")
_NO_CREDENTIALS = (
    "the environment has no credentials, and this machine has no identity in the cloud: set the variables that"
    " docs/guides/storage.md names; ~/.aws and AWS_PROFILE are not read"
)


class CloudBlobs:
    """A bucket, or the part of it below a prefix.

    Committed files are as durable as the cloud.  The deletion of a folder deletes its files individually.  A file and a folder
    may have the same name.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._loop = _Loop()

    @classmethod
    def at(cls, url: str, options: Mapping[str, str] | None = None) -> "CloudBlobs":
        """Return the store of a URL: `s3://BUCKET/PREFIX`, `gs://…`, `az://…` or `abfss://…`."""
        config: Any = dict(options or {})  # its type differs from cloud to cloud
        is_plain = config.get("endpoint", "").startswith("http:")
        # Explicit options override variables such as AWS_ALLOW_HTTP, so only necessary ones are set.
        client: Any = {"allow_http": True} if is_plain else None
        try:
            store = from_url(url, config=config, client_options=client, retry_config=_RETRIES)
        except (exceptions.BaseError, ValueError) as error:
            raise LocationError(f"{url} cannot be opened: {reason(error)}") from None
        return cls(store)

    def create(self, key: str) -> "CloudUpload":
        if _checked(key) == "":
            raise Invalid("Invalid path: the path names no file")
        return CloudUpload(self._store, self._loop, key)

    def put_new(self, key: str, content: bytes) -> bool:
        """Store a file unless one exists.  Return whether it was stored: of several concurrent writers, one succeeds.

        An existing file with the same content counts as stored, since the answer to an earlier attempt may have been lost."""
        if _checked(key) == "":
            raise Invalid("Invalid path: the path names no file")
        with _faults(key, "write"):
            try:
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
            except exceptions.AlreadyExistsError:
                return obstore.get(self._store, key).bytes().to_bytes() == content
        return True

    def open(self, key: str) -> "CloudDownload":
        return CloudDownload(self._store, key, self._head(key))

    def stat(self, key: str) -> Stat:
        return _stat(self._head(key))

    def entries(self, folder: str) -> list[Entry]:
        start = len(_checked(folder)) + 1 if folder else 0
        with _faults(folder, "list"):
            found = obstore.list_with_delimiter(self._store, folder or None)
        folders = [Entry(path[start:].rstrip("/"), is_folder=True) for path in found["common_prefixes"]]
        files = [Entry(one["path"][start:], is_folder=False, size_bytes=one["size"]) for one in found["objects"]]
        # Some tools create an object with the name of the folder, to show an empty folder.
        return sorted((entry for entry in folders + files if entry.path), key=lambda entry: entry.path)

    def walk(self, folder: str) -> Iterator[Entry]:
        start = len(_checked(folder)) + 1 if folder else 0
        with _faults(folder, "list"):
            for path, size in self._below(folder):
                if path[start:]:
                    yield Entry(path[start:], is_folder=False, size_bytes=size)

    def delete(self, key: str) -> bool:
        if _checked(key) == "":
            raise Invalid("Invalid path: the path names no file")
        with _faults(key, "delete"):
            found = [path for path, _ in self._below(key)]
            with suppress(FileNotFoundError):
                found.append(obstore.head(self._store, key)["path"])
            if found:
                with suppress(FileNotFoundError):  # another process has deleted it
                    obstore.delete(self._store, found)
            return bool(found)

    def move(self, key: str, to: str) -> None:
        """Copy and delete: after a crash between the two, the file has both keys."""
        size = self.stat(key).size_bytes
        with suppress(NotFound):
            self.stat(to)
            raise Invalid(f"Invalid path: '{to}' already exists")
        if size > COPY_BYTES:
            with closing(self.open(key)) as download:
                put(self, to, ([piece] for piece in download.chunks()))
        else:
            with _faults(key, "copy"):
                obstore.copy(self._store, key, _checked(to))
        with _faults(key, "delete"), suppress(FileNotFoundError):
            obstore.delete(self._store, [key])

    def close(self) -> None:
        self._loop.close()

    def _head(self, key: str) -> "obstore.ObjectMeta":
        if _checked(key) == "":
            raise Folder(key)
        with _faults(key, "read"):
            try:
                return obstore.head(self._store, key)
            except FileNotFoundError:
                if next(self._below(key, at_once=1), None) is None:
                    raise
                raise Folder(key) from None

    def _below(self, folder: str, at_once: int = 1000) -> Iterator[tuple[str, int]]:
        for some in obstore.list(self._store, folder or None, chunk_size=at_once):
            for one in some:
                yield one["path"], one["size"]


class CloudUpload:
    """A file is held in memory up to `PART_BYTES`, and then sent in parts, which the cloud deletes if the upload is aborted."""

    def __init__(self, store: ObjectStore, loop: "_Loop", key: str) -> None:
        self._store = store
        self._loop = loop
        self._key = key
        self._held: list[bytes] = []
        self._size = 0
        self._parts: _Parts | None = None
        self._ended = False
        self._lock = threading.Lock()

    def write(self, chunks: Sequence[bytes]) -> None:
        with self._lock, _faults(self._key, "write"):
            if self._ended:
                raise Unavailable(f"The upload of '{self._key}' has ended")
            self._held.extend(chunks)
            self._size += sum(map(len, chunks))
            if self._size < PART_BYTES:
                return
            part, self._held, self._size = b"".join(self._held), [], 0
            if self._parts is None:
                self._parts = self._loop.run(_Parts.begin(self._store, self._key))
            self._loop.run(self._parts.send(part))

    def commit(self) -> Stat:
        with self._lock, _faults(self._key, "write"):
            if self._ended:
                raise Unavailable(f"The upload of '{self._key}' has ended")
            rest = b"".join(self._held)
            if self._parts is None:
                obstore.put(self._store, self._key, rest, use_multipart=False)
            else:
                self._loop.run(self._parts.finish(rest))
            self._ended = True
            return _stat(obstore.head(self._store, self._key))

    def abort(self) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._held = []
            if self._parts is not None:
                self._loop.run(self._parts.abort())


class CloudDownload:
    def __init__(self, store: ObjectStore, key: str, found: "obstore.ObjectMeta") -> None:
        self.stat = _stat(found)
        self._store = store
        self._key = key
        self._version = found["e_tag"]

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `stop`, with one request for each chunk: a single request to a slow client could
        exceed the cloud's time limits."""
        size = self.stat.size_bytes
        stop = size if stop is None else min(stop, size)
        while start < stop:
            upto = min(start + READ_BYTES, stop)
            with _faults(self._key, "read"):
                found = obstore.get(self._store, self._key, options={"range": (start, upto), "if_match": self._version})
                chunk = found.bytes().to_bytes()
            start += len(chunk)
            yield chunk

    def close(self) -> None:
        """Do nothing: no connection is open between two requests."""


class _Parts:
    """A multipart upload in progress, to be used only on its event loop."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._uploading: asyncio.Future[Any]

    @classmethod
    async def begin(cls, store: ObjectStore, key: str) -> "_Parts":
        parts = cls()
        parts._uploading = asyncio.ensure_future(
            # The blocking call would occupy one of obstore's few threads while the Python source waits.
            obstore.put_async(
                store, key, parts._arriving(), use_multipart=True, chunk_size=PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )
        )
        return parts

    async def send(self, part: bytes) -> None:
        await self._offer(part)

    async def finish(self, rest: bytes) -> None:
        if rest:
            await self._offer(rest)
        await self._offer(b"")
        await self._uploading

    async def abort(self) -> None:
        await self._offer(None)
        with suppress(_Aborted, exceptions.BaseError, OSError):
            await self._uploading

    async def _offer(self, part: bytes | None) -> None:
        """Wait for space in the queue, or for the failure of the upload."""
        offering = asyncio.ensure_future(self._queue.put(part))
        await asyncio.wait((offering, self._uploading), return_when=asyncio.FIRST_COMPLETED)
        if not offering.done():
            offering.cancel()
            if part is not None:
                self._uploading.result()

    async def _arriving(self) -> AsyncIterator[bytes]:
        while (part := await self._queue.get()) != b"":
            if part is None:
                raise _Aborted  # makes obstore abort the upload, so that the cloud keeps no parts
            yield part


class _Aborted(Exception):
    pass


class _Loop:
    """An event loop in a separate thread, started at the first use, for uploads from Python iterators."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._running()).result()

    def close(self) -> None:
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="trackside-cloud", daemon=True)
                self._thread.start()
            return self._loop


@contextmanager
def _faults(key: str, doing: str) -> Iterator[None]:
    try:
        yield
    except Fault:
        raise
    except FileNotFoundError as error:
        if doing == "write" or _is_missing_bucket(error):  # when a file is created, only the bucket can be missing
            raise _no_bucket(key, doing, error) from None
        raise NotFound(f"No such artifact: '{key}'") from None
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        log.warning("%s: %s", key, reason(error))
        raise Denied(f"The artifact store does not let this server {doing} '{key}'") from error
    except exceptions.PreconditionError as error:
        raise Unavailable(f"Artifact '{key}' changed while it was read") from error
    except (exceptions.InvalidPathError, ValueError) as error:
        raise Invalid(f"Invalid path: '{key}' is not a valid file name in this store") from error
    except (exceptions.BaseError, OSError) as error:
        if _is_missing_bucket(error):
            raise _no_bucket(key, doing, error) from None
        log.warning("%s: %s", key, reason(error))
        raise Unavailable(f"The artifact store cannot {doing} '{key}' now") from error


def _is_missing_bucket(error: BaseException) -> bool:
    """Return whether the cloud answered that the bucket or container does not exist, which all three clouds report in the
    body."""
    said = str(error)
    return any(word in said for word in ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"))


def _no_bucket(key: str, doing: str, error: BaseException) -> NoBucket:
    log.error("%s: the bucket of the artifact store does not exist; create it: %s", key, reason(error))
    return NoBucket(
        f"The artifact store cannot {doing} '{key}': its bucket does not exist. The operator of this server has to create it;"
        " trackside doctor names it."
    )


def reason(error: BaseException) -> str:
    """Return the library's message in one line, with a hint if there are no credentials."""
    said = str(error).partition("\n")[0]
    if any(host in said for host in _MACHINES_IDENTITY):
        said += f"; {_NO_CREDENTIALS}"
    return said


def _checked(key: str) -> str:
    length = len(keys.checked(key).encode())
    if length > MAX_KEY_BYTES:
        raise Invalid(f"Invalid path: it has {length} bytes; a bucket takes {MAX_KEY_BYTES}")
    return key


def _stat(found: "obstore.ObjectMeta") -> Stat:
    modified_ms = int(found["last_modified"].timestamp() * 1000)
    etag = (found["e_tag"] or f"{modified_ms:x}-{found['size']:x}").removeprefix("W/").strip('"')
    return Stat(size_bytes=found["size"], modified_ms=modified_ms, etag=etag)
