"""Local files of runs and logged models."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import Stat
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.sync.entities import Entity
from trackside.sync.file_versions import LocalFile
from trackside.sync.local.resumable_upload import UploadCheckpoint
from trackside.sync.time_slice import TimeSlice
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace


class ArtifactRoot(Struct, frozen=True):
    """The location of an item's files."""

    root: Root
    workspace: Workspace

    def spot(self, roots: Roots, path: str = "") -> Spot:
        return roots.of(self.root, path, self.workspace)


class OpenFile:
    """One version of a local file, opened: its bytes do not change when the file is overwritten or deleted.

    `beat` is called with each piece; an exception of it aborts the transfer.  `time_slice` is that of the file's item."""

    def __init__(
        self,
        spot: Spot,
        beat: Callable[[], None] = lambda: None,
        note: UploadCheckpoint | None = None,
        time_slice: TimeSlice | None = None,
    ) -> None:
        """`note` is the checkpoint of an interrupted transfer."""
        self._download = spot.blobs.open(spot.key)
        self.beat = beat
        self.note = note
        self.time_slice = time_slice or TimeSlice()

    def __enter__(self) -> "OpenFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._download.close()

    @property
    def size_bytes(self) -> int:
        return self._download.stat.size_bytes

    @property
    def etag(self) -> str:
        return self._download.stat.etag

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        for piece in self._download.chunks(start, stop):
            self.beat()
            yield piece

    def sha256(self) -> str:
        return sha256(self.pieces())


def place(tx: Tx, entity: Entity, item_id: str) -> ArtifactRoot:
    """Return the location of an item's files, also of a deleted item."""
    workspace = workspaces.current(tx)
    if entity is Entity.RUN:
        return ArtifactRoot(artifacts.root_of_run(tx, item_id), workspace)
    row = tx.one("SELECT artifact_uri FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=item_id)
    if row is None:
        raise NotFound(f"Logged model with ID '{item_id}' not found.")
    return ArtifactRoot(Root(uri=row[0], workspace_root=workspace.default_artifact_root), workspace)


def listing(spot: Spot) -> dict[str, LocalFile]:
    found = {}
    for entry in spot.blobs.walk(spot.key):
        try:
            stat = spot.blobs.stat(f"{spot.key}/{entry.path}")
        except NotFound:
            continue  # deleted after the listing
        found[entry.path] = LocalFile(stat.size_bytes, stat.etag)
    return found


def put(spot: Spot, given: Iterable[bytes], size_bytes: int | None = None, sha256: str = "") -> tuple[Stat, str]:
    """Store a file, and return it with its SHA-256.  A body of another size or checksum than announced is not stored."""
    digest = hashlib.sha256()
    total = 0
    upload = spot.blobs.create(spot.key)
    try:
        for piece in given:
            digest.update(piece)
            total += len(piece)
            if size_bytes is not None and total > size_bytes:
                raise BrokenFile(f"the file has {size_bytes} bytes, but more arrived")
            upload.write([piece])
        if size_bytes is not None and total != size_bytes:
            raise BrokenFile(f"the file has {size_bytes} bytes, but {total} arrived")
        if sha256 and digest.hexdigest() != sha256:
            raise BrokenFile(f"the file has the SHA-256 {sha256}, but {digest.hexdigest()} arrived")
        return upload.commit(), digest.hexdigest()
    finally:
        upload.abort()


class BrokenFile(Exception):
    """The received file differs from the announced one."""


def hashed(pieces: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield the pieces and add them to the digest."""
    for piece in pieces:
        digest.update(piece)
        yield piece


def sha256(given: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in given:
        digest.update(piece)
    return digest.hexdigest()
