"""The store of backups: a folder, or a prefix of a bucket.  Files of all backups are stored once, by their SHA-256."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing

from msgspec import Struct

from trackside.artifacts import blobs as port
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import make_blobs
from trackside.backup import model, rows
from trackside.backup.model import BACKUPS, OBJECTS, Damaged, File, Manifest
from trackside.core.errors import NotFound


class Kept(Struct, frozen=True):
    """A backup in a location; `manifest` is None while it is incomplete."""

    backup_id: str
    manifest: Manifest | None


def _age(kept: Kept) -> tuple[str, int, str]:
    """Return the sort key by time: an id has the second, and a complete backup its millisecond."""
    return kept.backup_id.partition("-")[0], 0 if kept.manifest is None else kept.manifest.created_at, kept.backup_id


class Place:
    def __init__(self, url: str) -> None:
        """Raise LocationError for an invalid location."""
        self.url = url
        self.blobs: Blobs = make_blobs(url, durable=False)  # `create` syncs once, at its end

    def close(self) -> None:
        self.blobs.close()

    def all(self) -> list[Kept]:
        """The backups, the oldest first."""
        found = []
        for entry in self.blobs.entries(BACKUPS):
            if entry.is_folder and model.is_id(entry.path.rpartition("/")[2]):
                backup_id = entry.path.rpartition("/")[2]
                found.append(Kept(backup_id, self.find(backup_id)))
        return sorted(found, key=_age)

    def find(self, backup_id: str) -> Manifest | None:
        """Return the manifest; None if the backup is incomplete: its checksums are written last."""
        try:
            self.read(model.key(backup_id, model.SUMS))
            return model.manifest(self.read(model.key(backup_id, model.MANIFEST)), backup_id)
        except NotFound:
            return None

    def get(self, backup_id: str, *, of_workspace: bool | None = None) -> Manifest:
        """Return a backup by name; `latest` is the newest complete one.  `of_workspace` selects archives of workspaces or backups
        of stores.  Raise Refused if there is none."""
        if backup_id == "latest":
            whole = [each.manifest for each in self.all() if each.manifest is not None]
            whole = [each for each in whole if of_workspace in (None, bool(each.workspace))]
            if not whole:
                raise model.Refused(f"{self.url} has no whole {'archive of a workspace' if of_workspace else 'backup'}")
            return whole[-1]
        found = self.find(backup_id) if model.is_id(backup_id) else None
        if found is None:
            raise model.Refused(f"{self.url} has no whole backup {backup_id[:80]!r}; `trackside backup list` shows all")
        if of_workspace is False and found.workspace:
            raise model.Refused(
                f"{backup_id} is an archive of the workspace {found.workspace}; `trackside backup import` imports it"
            )
        if of_workspace and not found.workspace:
            raise model.Refused(f"{backup_id} is a backup of a whole store; `trackside backup restore` restores it")
        return found

    def read(self, key: str) -> bytes:
        return port.get(self.blobs, key)

    def objects(self) -> set[str]:
        """Return the digests of the existing files."""
        return {entry.path.rpartition("/")[2] for entry in self.blobs.walk(OBJECTS)}

    def write(self, key: str, pieces: Iterable[bytes]) -> tuple[str, int]:
        """Write a file; return its SHA-256 and its size."""
        found, size = hashlib.sha256(), 0

        def counted() -> Iterator[list[bytes]]:
            nonlocal size
            for piece in pieces:
                found.update(piece)
                size += len(piece)
                yield [piece]

        stat = port.put(self.blobs, key, counted())
        if stat.size_bytes != size:
            raise Damaged(f"{key}: {size} bytes were written, but it has {stat.size_bytes}")
        return found.hexdigest(), size

    def checked(self, key: str, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a file.  Raise Damaged at its end if they do not match the digest, or if it is missing."""
        found = hashlib.sha256()
        try:
            with closing(self.blobs.open(key)) as download:
                for piece in download.chunks():
                    found.update(piece)
                    yield piece
        except NotFound:
            raise Damaged(f"{key} is missing") from None
        if found.hexdigest() != sha256:
            raise Damaged(f"{key} is damaged: its SHA-256 is {found.hexdigest()}, and it should be {sha256}")

    def sums(self, backup_id: str) -> dict[str, str]:
        return model.read_sums(self.read(model.key(backup_id, model.SUMS)))

    def check_sums(self, backup_id: str) -> None:
        """Read the tables and the list of files.  Raise Damaged for the first one that is not as it was written."""
        for name, sha256 in self.sums(backup_id).items():
            for _ in self.checked(model.key(backup_id, name), sha256):
                """To its end, where the digests are compared."""

    def rows(self, backup_id: str, name: str) -> Iterator[list[object]]:
        """The rows of a table.  Raise Damaged where its file is not as it was written."""
        file = model.table_name(name) if name != model.FILES else name
        wanted = self.sums(backup_id).get(file)
        if wanted is None:
            raise Damaged(f"{model.SUMS} does not name {file}")
        try:
            yield from rows.unpacked(self.checked(model.key(backup_id, file), wanted))
        except Damaged as fault:
            raise Damaged(str(fault) if file in str(fault) else f"{file} is damaged: {fault}") from None

    def files(self, backup_id: str) -> Iterator[File]:
        for row in self.rows(backup_id, model.FILES):
            yield File(*row)  # type: ignore[arg-type]  # the types are those that `create` wrote, by the checksum
