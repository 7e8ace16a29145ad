"""The files of an item on both sides of a link: existing, last agreed, and lost ones.  Transfers no file.

`sync.file_plan` decides the transfers.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing

from msgspec.structs import replace

from trackside.artifacts import keys
from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Spot
from trackside.artifacts.store import Removal
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Fault, Invalid, NotFound
from trackside.core.http_client.client import Download
from trackside.links import store
from trackside.links.model import LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.sync import file_plan
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.file_plan import FileAction, FileState, Known, Step
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local import files, registry
from trackside.sync.local.files import OpenFile

MAX_KEY_BYTES = 2500  # of an index row in PostgreSQL, with room for the other columns of the key


class FilePair:
    """The files of one item on both sides, by their local names."""

    def __init__(self, context: LinkContext, entity: Entity, local_id: str, remote_id: str, place: Spot) -> None:
        self.context = context
        self.entity = entity
        self.local_id = local_id
        self.remote_id = remote_id
        self._place = place
        self._names: dict[str, str] = {}  # remote names by local names, where they differ
        self._remote_names: dict[str, RemoteFile] | None = None
        self._sums: dict[str, str] = {}
        self.local_files = {path: file for path, file in files.listing(place).items() if self._has_room(path)}
        self.known = context.read(item_store.files, context.link_id, entity, local_id)

    @classmethod
    def look(cls, context: LinkContext, entity: Entity, local_id: str, remote_id: str) -> "FilePair | None":
        """Return the files of both sides; None if this server does not access the artifact root.

        Raise a Fault if it does, and the store does not answer.
        """
        place = context.read(_place, entity, local_id, context.server_root)
        try:
            spot = place.spot(context.roots)
        except Fault as fault:
            context.note_once(LogKind.SKIPPED, entity, local_id, f"its files are not mirrored: {fault.message}")
            return None
        return cls(context, entity, local_id, remote_id, spot)

    @property
    def remote_files(self) -> dict[str, RemoteFile]:
        if self._remote_names is None:
            self._remote_names = {}
            listed = self.context.remote.files(self.entity, self.remote_id)
            for path, file in sorted(listed.items(), key=lambda one: _local_name(one[0]) != one[0]):
                name = _local_name(path)
                if name is not None and not self._has_room(name):
                    continue
                if name is None or name in self._remote_names:
                    said = f"the remote file {path!r} is left out: this workspace does not allow its name"
                    self.note(LogKind.SKIPPED, said)
                    continue
                self._remote_names[name] = file
                if name != path:
                    self._names[name] = path
        return self._remote_names

    def blind(self) -> list[Step]:
        return self._without_lost(file_plan.blind(self.known, self.local_files))

    def planned(self) -> list[Step]:
        return self._without_lost(
            file_plan.plan(self.context.link.mode, self.known, self.local_files, self.remote_files, self.sums)
        )

    def sums(self, path: str, *, read: bool = False) -> tuple[str, str] | None:
        """Return the SHA-256 of both sides; None if the remote cannot compute it."""
        old, local_file = self.known.get(path), self.local_files[path]
        there = self.context.remote.digest(self.entity, self.remote_id, self.remote_name(path))
        if there is not None:
            remote_sum = there.sha256
        elif read or (old is not None and old.etag == FileState.UNSURE):
            with closing(self.context.remote.get_file(self.entity, self.remote_id, self.remote_name(path))) as incoming:
                remote_sum = files.sha256(self.beating(incoming))
        else:
            return None
        if old is not None and old.sha256 and old.etag == local_file.etag and not read:
            self._sums[path] = old.sha256
        else:
            with OpenFile(self.spot(path), self.context.beat) as source:
                self._sums[path] = source.sha256()
        return self._sums[path], remote_sum

    def note(self, kind: LogKind, message: str) -> None:
        """Add an entry about the item to the log of the link; a skipped file is logged once."""
        add = self.context.note_once if kind is LogKind.SKIPPED else self.context.note
        add(kind, self.entity, self.local_id, message)

    def remember(self, path: str) -> None:
        """Record that both sides have the same file."""
        local_file, old = self.local_files[path], self.known.get(path)
        sha256 = self._sums.get(path) or (old.sha256 if old is not None and old.etag == local_file.etag else "")
        self.save(Known(path, local_file.size_bytes, local_file.etag, sha256, self.remote_files[path].etag))

    def save(self, known: Known, sent_bytes: int = 0, taken_bytes: int = 0) -> None:
        def save(tx: Tx) -> None:
            item_store.save_file(tx, self.context.link_id, self.entity, self.local_id, known)
            if sent_bytes or taken_bytes:
                store.count(tx, self.context.link_id, sent_bytes=sent_bytes, taken_bytes=taken_bytes)

        self.context.write(save)

    def forget(self, path: str) -> None:
        link_id = self.context.link_id
        self.context.write(item_store.forget_file, link_id, self.entity, self.local_id, path)

    def check_unchanged(self, path: str) -> None:
        """Raise BadState if the local file changed since the comparison.  Nothing is lost: the files are compared
        again."""
        if self.context.link.mode is not Mode.BOTH:
            return
        spot, listed = self.spot(path), self.local_files.get(path)
        try:
            etag = spot.blobs.stat(spot.key).etag
        except NotFound:
            return
        if listed is None or listed.etag != etag:
            raise BadState(f"the local file {path} was changed meanwhile; it is compared again")

    def beating(self, incoming: Download) -> Iterator[bytes]:
        for piece in incoming:
            self.context.beat()
            yield piece

    def spot(self, path: str) -> Spot:
        return Spot(self._place.blobs, keys.join(self._place.key, path))

    def remote_name(self, path: str) -> str:
        return self._names.get(path, path)

    def _has_room(self, path: str) -> bool:
        """Return whether the path fits into a key of the state's tables, which PostgreSQL limits."""
        size = len(path.encode())
        if size <= MAX_KEY_BYTES or self.context.db.dialect == "sqlite":
            return True
        said = f"the file {path[:100]}… is left out: its path has {size} bytes; PostgreSQL takes {MAX_KEY_BYTES}"
        self.note(LogKind.SKIPPED, said)
        return False

    def _without_lost(self, steps: Iterable[Step]) -> list[Step]:
        """Skip lost files, and log them before any transfer, because later steps no longer show them."""
        steps = list(steps)
        lost: dict[str, Known] = {}
        gone = [self.known[step.path] for step in steps if step.what is FileAction.DROP_THERE]
        if gone:
            left = file_plan.folders_left(self.known, self.local_files)
            doubtful = [
                old for old in gone if old.etag != FileState.REMOVED and file_plan.folder_of(old.path) not in left
            ]
            removals = self._local_removals() if doubtful else []
            doubtful = [old for old in doubtful if not any(each.covers(old.path) for each in removals)]
            lost = {old.path: replace(old, etag=FileState.LOST) for old in doubtful}
        gone = [self.known[step.path] for step in steps if step.what is FileAction.DROP_HERE]
        if gone:
            left = file_plan.remote_folders_left(self.known, self.remote_files)
            doubtful = [old for old in gone if file_plan.folder_of(old.path) not in left]
            removals = self._remote_removals() if doubtful else []
            doubtful = [old for old in doubtful if not any(each.covers(old.path) for each in removals)]
            lost |= {old.path: replace(old, remote_etag=FileState.LOST) for old in doubtful}
        for path, known in sorted(lost.items()):
            missing, kept = ("local", "remote") if known.etag == FileState.LOST else ("remote", "local")
            said = (
                f"the {kept} copy of {path} was kept: the {missing} file and its whole folder are missing but were not deleted "
                f"through the API. Is a disk unmounted?"
            )
            self.note(LogKind.SKIPPED, said)
            self.save(known)
        return [step for step in steps if step.path not in lost]

    def _local_removals(self) -> list[Removal]:
        """Return the local removals that the link has not processed yet."""
        entity, seen = str(self.entity), self.context.link.seen_seq
        return self.context.read(artifacts.removals, entity, self.local_id, seen)

    def _remote_removals(self) -> list[Removal]:
        """Return the remote's removals with local paths."""
        found = []
        for each in self.context.remote.removals(self.entity, self.remote_id):
            path = _local_name(each.path) if each.path else ""
            if path is not None:
                found.append(Removal(path, [name for name in map(_local_name, each.but) if name is not None]))
        return found


def _place(tx: Tx, entity: Entity, local_id: str, server_root: str) -> files.ArtifactRoot:
    if entity.is_of_registry:
        return registry.place(tx, local_id, server_root)
    return files.place(tx, entity, local_id)


def _local_name(path: str) -> str | None:
    """Return the local name of a remote file; None if the name is not possible locally."""
    try:
        return keys.from_path(path) or None
    except Invalid:
        return None
