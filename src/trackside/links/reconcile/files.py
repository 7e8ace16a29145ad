"""Moves the files of an item: each whole or not at all, compared by size and checksum.  Re-runnable at any moment.

What was sent is not sent again; a large file goes on where it broke off, where the remote can.  What goes where is decided
in `sync.file_plan`.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing

from msgspec.structs import replace

from trackside.artifacts import held, keys
from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import Stat
from trackside.artifacts.roots import Spot
from trackside.artifacts.store import Removal
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Fault, Invalid, NotFound
from trackside.core.http_client.client import Download
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.links import store
from trackside.links.model import LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.state import item_store
from trackside.sync import file_plan
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.file_plan import FileState, Known, Step, What
from trackside.sync.file_versions import LocalFile, RemoteFile
from trackside.sync.local import files, registry
from trackside.sync.local.files import OpenFile
from trackside.sync.local.resumable_upload import PART_BYTES, ResumableUpload, UploadCheckpoint, WrongSum
from trackside.sync.remote.port import BrokenCopy, Unmirrored
from trackside.sync.time_slice import TimeSliceExpired

MAX_KEY_BYTES = 2500  # of a row in an index of PostgreSQL, with room for the other columns of the key


def send(context: LinkContext, entity: Entity, local_id: str, remote_id: str, *, verify: bool) -> int:
    """How many files were sent."""
    both = _Both.look(context, entity, local_id, remote_id)
    if both is None:
        return 0
    mode = context.link.mode
    steps = both.blind()
    if verify or (steps and mode is Mode.BOTH):  # what the other side did meanwhile must not be overwritten unseen
        steps = both.planned()
    sent: list[Known] = []
    is_over = False
    for step in steps:
        if sent and context.time_slice.is_over:
            is_over = True
            break
        match step.what:
            case What.SEND:
                both.say(step)
                known = both.send(step.path)
                if known is not None:
                    sent.append(known)
            case What.DROP_THERE:
                both.drop_there(step.path)
            case What.SAME:
                both.remember(step.path)
            case What.FORGET:
                both.forget(step.path)
            case _:
                pass  # `receive` does it
    if sent and not context.remote.preserves_ids:
        both.check(sent)
    if is_over:
        raise TimeSliceExpired
    return len(sent)


def receive(context: LinkContext, entity: Entity, local_id: str, remote_id: str) -> int:
    """How many files were taken."""
    both = _Both.look(context, entity, local_id, remote_id)
    if both is None:
        return 0
    came: list[str] = []
    is_over = False
    for step in both.planned():
        if came and context.time_slice.is_over:
            is_over = True
            break
        match step.what:
            case What.TAKE:
                both.say(step)
                if both.take(step.path):
                    came.append(step.path)
            case What.DROP_HERE:
                both.drop_here(step.path)
            case What.SAME:
                both.remember(step.path)
            case What.FORGET:
                both.forget(step.path)
            case _:
                pass  # `send` does it
    if came and not entity.is_of_registry:  # other links and readers of the log hear of it
        context.write(artifacts.record_files, str(entity), local_id, *came)
    if is_over:
        raise TimeSliceExpired
    return len(came)


def differences(context: LinkContext, entity: Entity, local_id: str, remote_id: str, *, read: bool) -> list[str]:
    """In words; empty if both have the same files.  `read`: by their bytes, also where both versions are those that were
    the same already."""
    both = _Both.look(context, entity, local_id, remote_id)
    if both is None:
        return []
    found = []
    mode = context.link.mode
    theirs = both.theirs
    for path in sorted({*both.ours, *theirs}):
        old, our, there = both.known.get(path), both.ours.get(path), theirs.get(path)
        if there is None:
            if mode.sends or old is not None:
                found.append(f"file {path} is missing there")
        elif our is None:
            if (mode.takes or old is not None) and (old is None or old.etag != FileState.STAYS):
                found.append(f"file {path} is missing here")
        elif our.size_bytes != there.size_bytes:
            found.append(f"file {path} has {our.size_bytes} bytes here and {there.size_bytes} there")
        elif read or not _is_as_known(old, our, there):
            sums = both.sums(path, read=read)
            if sums is not None and sums[0] != sums[1]:
                found.append(f"file {path} has the SHA-256 {sums[0]} here and {sums[1]} there")
    return found


class _Both:
    """The files of one item on both sides, by their names here."""

    def __init__(self, context: LinkContext, entity: Entity, local_id: str, remote_id: str, place: Spot) -> None:
        self.context = context
        self.entity = entity
        self.local_id = local_id
        self.remote_id = remote_id
        self._place = place
        self._names: dict[str, str] = {}  # their names by ours, where they differ
        self._theirs: dict[str, RemoteFile] | None = None
        self._sums: dict[str, str] = {}
        self.ours = {path: file for path, file in files.listing(place).items() if self._has_room(path)}
        self.known = context.read(item_store.files, context.link_id, entity, local_id)

    @classmethod
    def look(cls, context: LinkContext, entity: Entity, local_id: str, remote_id: str) -> "_Both | None":
        """None where this server does not open the place.  Raises a Fault where it does, and cannot now."""
        place = context.read(_place, entity, local_id, context.server_root)
        try:
            spot = place.spot(context.roots)
        except Fault as fault:
            context.note_once(LogKind.SKIPPED, entity, local_id, f"its files are not mirrored: {fault.message}")
            return None
        return cls(context, entity, local_id, remote_id, spot)

    @property
    def theirs(self) -> dict[str, RemoteFile]:
        if self._theirs is None:
            self._theirs = {}
            listed = self.context.remote.files(self.entity, self.remote_id)
            for path, file in sorted(listed.items(), key=lambda one: _name_here(one[0]) != one[0]):
                name = _name_here(path)
                if name is not None and not self._has_room(name):
                    continue
                if name is None or name in self._theirs:
                    said = f"the file {path!r} of the other side is left out: it cannot have that name here"
                    self.context.note_once(LogKind.SKIPPED, self.entity, self.local_id, said)
                    continue
                self._theirs[name] = file
                if name != path:
                    self._names[name] = path
        return self._theirs

    def _has_room(self, path: str) -> bool:
        """Whether the store takes the path as a part of a key: PostgreSQL's have a limit."""
        size = len(path.encode())
        if size <= MAX_KEY_BYTES or self.context.db.dialect == "sqlite":
            return True
        said = f"the file {path[:100]}… is left out: its path has {size} bytes; PostgreSQL takes {MAX_KEY_BYTES}"
        self.context.note_once(LogKind.SKIPPED, self.entity, self.local_id, said)
        return False

    def blind(self) -> list[Step]:
        return self._without_lost(file_plan.blind(self.known, self.ours))

    def planned(self) -> list[Step]:
        return self._without_lost(file_plan.plan(self.context.link.mode, self.known, self.ours, self.theirs, self.sums))

    def _without_lost(self, steps: Iterable[Step]) -> list[Step]:
        """Leave out lost files, and note them before any file is moved: later steps do not show them."""
        steps = list(steps)
        lost: dict[str, Known] = {}
        gone = [self.known[step.path] for step in steps if step.what is What.DROP_THERE]
        if gone:
            left = file_plan.folders_left(self.known, self.ours)
            doubtful = [
                old for old in gone if old.etag != FileState.REMOVED and file_plan.folder_of(old.path) not in left
            ]
            removals = self._removals_here() if doubtful else []
            doubtful = [old for old in doubtful if not any(each.covers(old.path) for each in removals)]
            lost = {old.path: replace(old, etag=FileState.LOST) for old in doubtful}
        gone = [self.known[step.path] for step in steps if step.what is What.DROP_HERE]
        if gone:
            left = file_plan.folders_left_there(self.known, self.theirs)
            doubtful = [old for old in gone if file_plan.folder_of(old.path) not in left]
            removals = self._removals_there() if doubtful else []
            doubtful = [old for old in doubtful if not any(each.covers(old.path) for each in removals)]
            lost |= {old.path: replace(old, remote_etag=FileState.LOST) for old in doubtful}
        for path, known in sorted(lost.items()):
            where, elsewhere = ("here", "there") if known.etag == FileState.LOST else ("there", "here")
            said = (
                f"the file {path} stays {elsewhere}: it is not {where} any more, nor is any file of its folder that both sides"
                " had, and nobody had the server remove it, so that a disk may be missing"
            )
            self.context.note_once(LogKind.SKIPPED, self.entity, self.local_id, said)
            self._save(known)
        return [step for step in steps if step.path not in lost]

    def _removals_here(self) -> list[Removal]:
        """Return the removals that the link has not read of yet."""
        entity, seen = str(self.entity), self.context.link.seen_seq
        return self.context.read(artifacts.removals, entity, self.local_id, seen)

    def _removals_there(self) -> list[Removal]:
        """By their names here."""
        found = []
        for each in self.context.remote.removals(self.entity, self.remote_id):
            path = _name_here(each.path) if each.path else ""
            if path is not None:
                found.append(Removal(path, [name for name in map(_name_here, each.but) if name is not None]))
        return found

    def sums(self, path: str, *, read: bool = False) -> tuple[str, str] | None:
        """Both sides' SHA-256; None if the other side cannot tell without sending the file."""
        old, our = self.known.get(path), self.ours[path]
        there = self.context.remote.digest(self.entity, self.remote_id, self._remote(path))
        if there is not None:
            their_sum = there.sha256
        elif read or (old is not None and old.etag == FileState.UNSURE):
            with closing(self.context.remote.get_file(self.entity, self.remote_id, self._remote(path))) as incoming:
                their_sum = files.sha256(self._beating(incoming))
        else:
            return None
        if old is not None and old.sha256 and old.etag == our.etag and not read:
            self._sums[path] = old.sha256
        else:
            with OpenFile(self._spot(path), self.context.beat) as source:
                self._sums[path] = source.sha256()
        return self._sums[path], their_sum

    def say(self, step: Step) -> None:
        if step.conflict:
            self.context.note(LogKind.CONFLICT, self.entity, self.local_id, step.conflict)

    def send(self, path: str) -> Known | None:
        """Return the file as it is there now; None if it was not sent."""
        spot, context = self._spot(path), self.context
        what = ("push", str(context.ws), str(context.link_id), str(self.entity), self.local_id, path)
        try:
            with OpenFile(spot, context.beat, UploadCheckpoint(spot.blobs, what), context.time_slice) as source:
                stored = self.context.remote.send_file(self.entity, self.remote_id, self._remote(path), source)
                known = Known(path, source.size_bytes, source.etag, stored.sha256, stored.etag)
        except Unmirrored as reason:
            self.context.note_once(LogKind.SKIPPED, self.entity, self.local_id, str(reason))
            return None
        except NotFound:  # removed since it was listed
            return None
        except BrokenCopy as broken:
            self._save(Known(path, broken.size_bytes, FileState.UNSENT))
            raise
        self._save(known, sent_bytes=known.size_bytes)
        return known

    def check(self, sent: list[Known]) -> None:
        """Raise RemoteUnavailable if what was sent is not listed there as it is.  It was saved as it came, so a runner that is
        cut off goes on with the rest; what is wrong is sent again."""
        theirs = self.context.remote.files(self.entity, self.remote_id)
        wrong = []
        for each in sent:
            there = theirs.get(self._remote(each.path))
            if there is None:
                wrong.append(f"{each.path} was sent and is not there")
                self.forget(each.path)
            elif there.size_bytes != each.size_bytes:
                wrong.append(f"{each.path} arrived with {there.size_bytes} bytes; it has {each.size_bytes}")
                # As if it had changed here since: so the other side's is not taken for a version of its own.
                self._save(Known(each.path, there.size_bytes, FileState.UNSENT, "", there.etag))
        if wrong:
            raise RemoteUnavailable("; ".join(wrong[:3]))

    def take(self, path: str) -> bool:
        there = self.theirs[path]
        try:
            stat, sha256, etag = self._arrive(path, there)
        except RequestRejected as refused:
            if refused.status == 404:  # removed since it was listed
                return False
            raise
        except (files.BrokenFile, WrongSum) as broken:
            raise RemoteUnavailable(f"{path}: {broken}") from None
        known = Known(path, stat.size_bytes, stat.etag, sha256, etag if there.etag else "")
        self._save(known, taken_bytes=stat.size_bytes)
        return True

    def drop_there(self, path: str) -> None:
        old = self.known[path]
        try:
            self.context.remote.remove_file(self.entity, self.remote_id, self._remote(path))
        except Unmirrored as reason:
            self.context.note_once(LogKind.SKIPPED, self.entity, self.local_id, str(reason))
            self._save(Known(path, old.size_bytes, FileState.STAYS, old.sha256, old.remote_etag))
            return
        self.forget(path)

    def drop_here(self, path: str) -> None:
        self._check_unchanged(path)
        spot = self._spot(path)
        self.context.read(held.check_item, str(self.entity), self.local_id, spot.key)
        owner = (str(self.entity), self.local_id, path)
        if not self.entity.is_of_registry:  # other links and readers of the change log
            self.context.write(artifacts.begin_removal, *owner)
        spot.blobs.delete(spot.key)
        self.forget(path)
        if not self.entity.is_of_registry:
            self.context.write(artifacts.record_removal, *owner)

    def remember(self, path: str) -> None:
        """Save that both sides have the same file."""
        our, old = self.ours[path], self.known.get(path)
        sha256 = self._sums.get(path) or (old.sha256 if old is not None and old.etag == our.etag else "")
        self._save(Known(path, our.size_bytes, our.etag, sha256, self.theirs[path].etag))

    def forget(self, path: str) -> None:
        link_id = self.context.link_id
        self.context.write(item_store.forget_file, link_id, self.entity, self.local_id, path)

    def _arrive(self, path: str, there: RemoteFile) -> tuple[Stat, str, str]:
        """Return what was stored, its SHA-256, and the remote's ETag of it."""
        context, spot, size = self.context, self._spot(path), there.size_bytes
        what = ("pull", str(context.ws), str(context.link_id), str(self.entity), self.local_id, path)
        parts = ResumableUpload(spot.blobs, what, f"{size} {there.etag}")
        have = parts.begin() if size > PART_BYTES else 0
        incoming = context.remote.get_file(
            self.entity, self.remote_id, self._remote(path), have, parts.etag if have else ""
        )
        with closing(incoming):
            etag = incoming.etag.strip('"')
            if size <= PART_BYTES or not incoming.etag:
                stat, sha256 = files.put(spot, self._unless_changed(path, incoming), size, incoming.sha256)
                return stat, sha256, etag
            if incoming.start != have or not have:
                parts.forget()
                parts.note_etag(incoming.etag)
            # A file that cannot be continued would start again in each time slice.
            self._fill(parts, incoming, size, may_stop=incoming.start == have)
        told = context.remote.digest(self.entity, self.remote_id, self._remote(path))
        if told is not None and told.etag != etag:
            raise RemoteUnavailable(f"{path} changed at the remote while it was sent")
        self._check_unchanged(path)
        stat, sha256 = parts.join(spot.key, size, told.sha256 if told is not None else "")
        return stat, sha256, etag

    def _fill(self, parts: ResumableUpload, incoming: Download, most: int, *, may_stop: bool) -> None:
        pieces = self._beating(incoming)
        at, piece = incoming.start, next(pieces, b"")
        while piece:
            if at >= most:
                parts.forget()
                raise files.BrokenFile(f"the file has {most} bytes, and more come")
            size = 0

            def part() -> Iterator[bytes]:
                nonlocal piece, size
                while piece and size < PART_BYTES:
                    some = piece[: PART_BYTES - size]
                    size += len(some)
                    piece = piece[len(some) :] or next(pieces, b"")
                    yield some

            parts.add(at, part())
            at += size
            if piece and may_stop:
                self.context.time_slice.check()

    def _unless_changed(self, path: str, incoming: Download) -> Iterator[bytes]:
        yield from self._beating(incoming)
        self._check_unchanged(path)

    def _check_unchanged(self, path: str) -> None:
        """Raises BadState if the file here is another one than was compared: it is not lost, and the two are compared again."""
        if self.context.link.mode is not Mode.BOTH:
            return
        spot, listed = self._spot(path), self.ours.get(path)
        try:
            etag = spot.blobs.stat(spot.key).etag
        except NotFound:
            return
        if listed is None or listed.etag != etag:
            raise BadState(f"the file {path} was changed here meanwhile; it is compared again")

    def _beating(self, incoming: Download) -> Iterator[bytes]:
        for piece in incoming:
            self.context.beat()
            yield piece

    def _spot(self, path: str) -> Spot:
        return Spot(self._place.blobs, keys.join(self._place.key, path))

    def _remote(self, path: str) -> str:
        return self._names.get(path, path)

    def _save(self, known: Known, sent_bytes: int = 0, taken_bytes: int = 0) -> None:
        def save(tx: Tx) -> None:
            item_store.save_file(tx, self.context.link_id, self.entity, self.local_id, known)
            if sent_bytes or taken_bytes:
                store.count(tx, self.context.link_id, sent_bytes=sent_bytes, taken_bytes=taken_bytes)

        self.context.write(save)


def _place(tx: Tx, entity: Entity, local_id: str, server_root: str) -> files.ArtifactRoot:
    if entity.is_of_registry:
        return registry.place(tx, local_id, server_root)
    return files.place(tx, entity, local_id)


def _name_here(path: str) -> str | None:
    """Return our name of a file of theirs; None if it can have none here."""
    try:
        return keys.from_path(path) or None
    except Invalid:
        return None


def _is_as_known(old: Known | None, our: LocalFile, there: RemoteFile) -> bool:
    """Whether both are the versions that were found to be the same."""
    return old is not None and (old.etag, old.remote_etag) == (our.etag, there.etag)
