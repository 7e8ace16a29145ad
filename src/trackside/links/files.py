"""The files of a run or a logged model on our side.  Knows roots and stores; knows no peer."""

import hashlib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.links.model import Entity
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace


class OurFile(Struct, frozen=True):
    size_bytes: int
    etag: str


class Place(Struct, frozen=True):
    """Where the files of an item lie."""

    root: Root
    workspace: Workspace

    def spot(self, roots: Roots, path: str = "") -> Spot:
        return roots.of(self.root, path, self.workspace)


def place(tx: Tx, entity: Entity, item_id: str) -> Place:
    """Of deleted ones too."""
    workspace = workspaces.current(tx)
    if entity is Entity.RUN:
        return Place(artifacts.root_of_run(tx, item_id), workspace)
    row = tx.one("SELECT artifact_uri FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=item_id)
    if row is None:
        raise NotFound(f"Logged model with ID '{item_id}' not found.")
    return Place(Root(uri=row[0], workspace_root=workspace.default_artifact_root), workspace)


def listing(spot: Spot) -> dict[str, OurFile]:
    found = {}
    for entry in spot.blobs.walk(spot.key):
        try:
            stat = spot.blobs.stat(f"{spot.key}/{entry.path}")
        except NotFound:
            continue  # deleted since it was listed
        found[entry.path] = OurFile(stat.size_bytes, stat.etag)
    return found


def pieces(blobs: Blobs, key: str) -> Iterator[bytes]:
    download = blobs.open(key)
    try:
        yield from download.chunks()
    finally:
        download.close()


def put(spot: Spot, given: Iterable[bytes], size_bytes: int | None = None) -> tuple[int, str]:
    """Size and SHA-256 of what was stored; a body of another size than announced is not stored at all."""
    digest = hashlib.sha256()
    total = 0
    upload = spot.blobs.create(spot.key)
    try:
        for piece in given:
            digest.update(piece)
            total += len(piece)
            upload.write([piece])
        if size_bytes is not None and total != size_bytes:
            raise ShortFile(f"the file has {size_bytes} bytes, and {total} came")
        upload.commit()
    finally:
        upload.abort()
    return total, digest.hexdigest()


class ShortFile(Exception):
    """A file that ended before its end."""


def sha256(given: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in given:
        digest.update(piece)
    return digest.hexdigest()
