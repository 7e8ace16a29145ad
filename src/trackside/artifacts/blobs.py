"""The interface of artifact stores: bytes by key.  Depends on no file system, no cloud and no HTTP."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from trackside.core.errors import Invalid, NotFound

PIECE_BYTES = 1 << 20


class Stat(Struct, frozen=True):
    size_bytes: int
    modified_ms: int
    etag: str  # without quotes; differs if the bytes differ


class Entry(Struct, frozen=True, gc=False):
    """A file or folder in a listing; `path` is relative to the listed folder."""

    path: str
    is_folder: bool
    size_bytes: int = 0


class Folder(Invalid):
    """The key is a folder, and a file is required."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Artifact path refers to a directory, not a file: '{key}'")


class Upload(Protocol):
    """A file that is being written.  It becomes visible with `commit`, and disappears after `abort` or a crash."""

    def write(self, chunks: Sequence[bytes]) -> None: ...

    def commit(self) -> Stat:
        """Move the file to its key, and replace an existing one.  To be called once, after the last `write`."""
        ...

    def abort(self) -> None:
        """Discard the written bytes.  No effect after `commit`; may be called while another thread is in `write`."""
        ...


class Download(Protocol):
    """An open file: the bytes of one version, even if the key is overwritten or deleted meanwhile."""

    @property
    def stat(self) -> Stat: ...

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to before `stop`, in pieces of about `PIECE_BYTES`."""
        ...

    def close(self) -> None: ...


class Creates(Protocol):
    """A store that accepts files."""

    def create(self, key: str) -> Upload: ...


class Blobs(Creates, Protocol):
    """Bytes by key, to be called from any thread.

    Keys have the form of `artifacts.keys`; any other raises Invalid, and no key is outside of the store.  A file is complete or
    absent, even if its writer fails.  `create` below a file, or on a folder, raises Invalid, at the latest on commit.  `open` and
    `stat` raise NotFound for a missing key and Folder for a folder.  A folder exists from its first file on; an empty folder may
    or may not be listed.  A store that cannot answer raises Unavailable.
    """

    def open(self, key: str) -> Download: ...

    def stat(self, key: str) -> Stat: ...

    def entries(self, folder: str) -> list[Entry]:
        """Return one level of a folder, sorted by name.  A missing folder, or a file, has no entries."""
        ...

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield every file below the folder, in no particular order."""
        ...

    def delete(self, key: str) -> bool:
        """Delete a file, or a folder with its content.  Return whether anything existed.  The root cannot be deleted."""
        ...

    def move(self, key: str, to: str) -> None:
        """Rename a file.  Raise NotFound if it does not exist, Invalid if `to` exists."""
        ...

    def close(self) -> None:
        """Free the resources of this process."""
        ...


def put(blobs: Creates, key: str, pieces: Iterable[Sequence[bytes]]) -> Stat:
    """Store a file.  If `pieces` raises, nothing is stored."""
    upload = blobs.create(key)
    try:
        for piece in pieces:
            upload.write(piece)
        return upload.commit()
    finally:
        upload.abort()


def size_of(blobs: Blobs, key: str) -> int:
    """Return the size of a file; 0 if it does not exist."""
    try:
        return blobs.stat(key).size_bytes
    except (NotFound, Invalid):
        return 0


def get(blobs: Blobs, key: str) -> bytes:
    download = blobs.open(key)
    try:
        return b"".join(download.chunks())
    finally:
        download.close()
