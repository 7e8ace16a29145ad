"""Moves the files of an item: each whole or not at all, compared by size and checksum.  Re-runnable at any moment.

What was sent is not sent again; a large file goes on where it broke off, where the remote can.  What goes where is decided
in `sync.file_plan`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing

from trackside.artifacts import held
from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import Stat
from trackside.core.errors import NotFound
from trackside.core.http_client.client import Download
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.links.model import LogKind
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.file_pair import FilePair
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.file_plan import FileState, Known, Step, What
from trackside.sync.file_versions import LocalFile, RemoteFile
from trackside.sync.local import files
from trackside.sync.local.files import OpenFile
from trackside.sync.local.resumable_upload import PART_BYTES, ResumableUpload, UploadCheckpoint, WrongSum
from trackside.sync.remote.port import BrokenCopy, Unmirrored
from trackside.sync.time_slice import TimeSliceExpired


def push(context: LinkContext, entity: Entity, local_id: str, remote_id: str, *, verify: bool) -> int:
    """Send the files that the remote lacks, and return how many were sent."""
    pair = FilePair.look(context, entity, local_id, remote_id)
    if pair is None:
        return 0
    steps = pair.blind()
    if verify or (steps and context.link.mode is Mode.BOTH):  # what the other side did must not be overwritten unseen
        steps = pair.planned()
    sent, is_over = _take_steps(pair, steps, {What.SEND: _send_file, What.DROP_THERE: _drop_there})
    if sent and not context.remote.preserves_ids:
        _check_arrived(pair, sent)
    if is_over:
        raise TimeSliceExpired
    return len(sent)


def pull(context: LinkContext, entity: Entity, local_id: str, remote_id: str) -> int:
    """Take the files that are lacking here, and return how many were taken."""
    pair = FilePair.look(context, entity, local_id, remote_id)
    if pair is None:
        return 0
    came, is_over = _take_steps(pair, pair.planned(), {What.TAKE: _take_file, What.DROP_HERE: _drop_here})
    if came and not entity.is_of_registry:  # other links and readers of the log hear of it
        context.write(artifacts.record_files, str(entity), local_id, *(each.path for each in came))
    if is_over:
        raise TimeSliceExpired
    return len(came)


def differences(context: LinkContext, entity: Entity, local_id: str, remote_id: str, *, read: bool) -> list[str]:
    """Return in words how the files differ.  `read`: compare their bytes, also of versions that were found to be the same."""
    pair = FilePair.look(context, entity, local_id, remote_id)
    if pair is None:
        return []
    found = []
    mode = context.link.mode
    theirs = pair.theirs
    for path in sorted({*pair.ours, *theirs}):
        old, our, there = pair.known.get(path), pair.ours.get(path), theirs.get(path)
        if there is None:
            if mode.sends or old is not None:
                found.append(f"file {path} is missing there")
        elif our is None:
            if (mode.takes or old is not None) and (old is None or old.etag != FileState.STAYS):
                found.append(f"file {path} is missing here")
        elif our.size_bytes != there.size_bytes:
            found.append(f"file {path} has {our.size_bytes} bytes here and {there.size_bytes} there")
        elif read or not _is_as_known(old, our, there):
            sums = pair.sums(path, read=read)
            if sums is not None and sums[0] != sums[1]:
                found.append(f"file {path} has the SHA-256 {sums[0]} here and {sums[1]} there")
    return found


def _take_steps(
    pair: FilePair, steps: Iterable[Step], moves: Mapping[What, Callable[[FilePair, str], Known | None]]
) -> tuple[list[Known], bool]:
    """Take the steps of one direction.  Return the files that went over, and whether the time slice expired before the end."""
    moved: list[Known] = []
    for step in steps:
        if moved and pair.context.time_slice.is_over:
            return moved, True
        if step.what is What.SAME:
            pair.remember(step.path)
        elif step.what is What.FORGET:
            pair.forget(step.path)
        elif step.what in moves:
            if step.conflict:
                pair.note(LogKind.CONFLICT, step.conflict)
            known = moves[step.what](pair, step.path)
            if known is not None:
                moved.append(known)
    return moved, False


def _send_file(pair: FilePair, path: str) -> Known | None:
    """Return the file as it is there now; None if it was not sent."""
    spot, context = pair.spot(path), pair.context
    what = ("push", str(context.ws), str(context.link_id), str(pair.entity), pair.local_id, path)
    try:
        with OpenFile(spot, context.beat, UploadCheckpoint(spot.blobs, what), context.time_slice) as source:
            stored = context.remote.send_file(pair.entity, pair.remote_id, pair.remote_name(path), source)
            known = Known(path, source.size_bytes, source.etag, stored.sha256, stored.etag)
    except Unmirrored as reason:
        pair.note(LogKind.SKIPPED, str(reason))
        return None
    except NotFound:  # removed since it was listed
        return None
    except BrokenCopy as broken:
        pair.save(Known(path, broken.size_bytes, FileState.UNSENT))
        raise
    pair.save(known, sent_bytes=known.size_bytes)
    return known


def _check_arrived(pair: FilePair, sent: list[Known]) -> None:
    """Raise RemoteUnavailable if what was sent is not listed there as it is.  It was saved as it came, so a runner that is
    cut off goes on with the rest; what is wrong is sent again."""
    theirs = pair.context.remote.files(pair.entity, pair.remote_id)
    wrong = []
    for each in sent:
        there = theirs.get(pair.remote_name(each.path))
        if there is None:
            wrong.append(f"{each.path} was sent and is not there")
            pair.forget(each.path)
        elif there.size_bytes != each.size_bytes:
            wrong.append(f"{each.path} arrived with {there.size_bytes} bytes; it has {each.size_bytes}")
            # As if it had changed here since: so the other side's is not taken for a version of its own.
            pair.save(Known(each.path, there.size_bytes, FileState.UNSENT, "", there.etag))
    if wrong:
        raise RemoteUnavailable("; ".join(wrong[:3]))


def _take_file(pair: FilePair, path: str) -> Known | None:
    """Return the file as it is here now; None if it is not there any more."""
    there = pair.theirs[path]
    try:
        stat, sha256, etag = _arrive(pair, path, there)
    except RequestRejected as refused:
        if refused.status == 404:  # removed since it was listed
            return None
        raise
    except (files.BrokenFile, WrongSum) as broken:
        raise RemoteUnavailable(f"{path}: {broken}") from None
    known = Known(path, stat.size_bytes, stat.etag, sha256, etag if there.etag else "")
    pair.save(known, taken_bytes=stat.size_bytes)
    return known


def _drop_there(pair: FilePair, path: str) -> None:
    old = pair.known[path]
    try:
        pair.context.remote.remove_file(pair.entity, pair.remote_id, pair.remote_name(path))
    except Unmirrored as reason:
        pair.note(LogKind.SKIPPED, str(reason))
        pair.save(Known(path, old.size_bytes, FileState.STAYS, old.sha256, old.remote_etag))
        return
    pair.forget(path)


def _drop_here(pair: FilePair, path: str) -> None:
    pair.check_unchanged(path)
    spot = pair.spot(path)
    pair.context.read(held.check_item, str(pair.entity), pair.local_id, spot.key)
    owner = (str(pair.entity), pair.local_id, path)
    if not pair.entity.is_of_registry:  # other links and readers of the change log
        pair.context.write(artifacts.begin_removal, *owner)
    spot.blobs.delete(spot.key)
    pair.forget(path)
    if not pair.entity.is_of_registry:
        pair.context.write(artifacts.record_removal, *owner)


def _arrive(pair: FilePair, path: str, there: RemoteFile) -> tuple[Stat, str, str]:
    """Return what was stored, its SHA-256, and the remote's ETag of it."""
    context, spot, size = pair.context, pair.spot(path), there.size_bytes
    what = ("pull", str(context.ws), str(context.link_id), str(pair.entity), pair.local_id, path)
    parts = ResumableUpload(spot.blobs, what, f"{size} {there.etag}")
    have = parts.begin() if size > PART_BYTES else 0
    incoming = context.remote.get_file(
        pair.entity, pair.remote_id, pair.remote_name(path), have, parts.etag if have else ""
    )
    with closing(incoming):
        etag = incoming.etag.strip('"')
        if size <= PART_BYTES or not incoming.etag:
            stat, sha256 = files.put(spot, _unless_changed(pair, path, incoming), size, incoming.sha256)
            return stat, sha256, etag
        if incoming.start != have or not have:
            parts.forget()
            parts.note_etag(incoming.etag)
        # A file that cannot be continued would start again in each time slice.
        _fill(pair, parts, incoming, size, may_stop=incoming.start == have)
    told = context.remote.digest(pair.entity, pair.remote_id, pair.remote_name(path))
    if told is not None and told.etag != etag:
        raise RemoteUnavailable(f"{path} changed at the remote while it was sent")
    pair.check_unchanged(path)
    stat, sha256 = parts.join(spot.key, size, told.sha256 if told is not None else "")
    return stat, sha256, etag


def _fill(pair: FilePair, parts: ResumableUpload, incoming: Download, most: int, *, may_stop: bool) -> None:
    pieces = pair.beating(incoming)
    at, piece = incoming.start, next(pieces, b"")
    while piece:
        if at >= most:
            parts.forget()
            raise files.BrokenFile(f"the file has {most} bytes, but more arrived")
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
            pair.context.time_slice.check()


def _unless_changed(pair: FilePair, path: str, incoming: Download) -> Iterator[bytes]:
    yield from pair.beating(incoming)
    pair.check_unchanged(path)


def _is_as_known(old: Known | None, our: LocalFile, there: RemoteFile) -> bool:
    """Return whether both files are the versions that were found equal."""
    return old is not None and (old.etag, old.remote_etag) == (our.etag, there.etag)
