"""Transfers the files of an item, each atomically, compared by size and checksum.

Can run again at any time: sent files are not sent again, and a large file continues where it stopped if the remote can.
`sync.file_plan` decides the transfers.
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
from trackside.sync.file_plan import FileAction, FileState, Known, Step
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
    if verify or (steps and context.link.mode is Mode.BOTH):  # changes of the remote must not be overwritten
        steps = pair.planned()
    sent, is_over = _take_steps(pair, steps, {FileAction.SEND: _send_file, FileAction.DROP_THERE: _delete_remote})
    if sent and not context.remote.preserves_ids:
        _check_arrived(pair, sent)
    if is_over:
        raise TimeSliceExpired
    return len(sent)


def pull(context: LinkContext, entity: Entity, local_id: str, remote_id: str) -> int:
    """Pull missing files, and return their number."""
    pair = FilePair.look(context, entity, local_id, remote_id)
    if pair is None:
        return 0
    came, is_over = _take_steps(
        pair, pair.planned(), {FileAction.TAKE: _take_file, FileAction.DROP_HERE: _delete_local}
    )
    if came and not entity.is_of_registry:  # notify other links and readers of the change log
        context.write(artifacts.record_files, str(entity), local_id, *(each.path for each in came))
    if is_over:
        raise TimeSliceExpired
    return len(came)


def differences(context: LinkContext, entity: Entity, local_id: str, remote_id: str, *, read: bool) -> list[str]:
    """Return descriptions of the differences between files.  `read`: compare contents, also of versions that were found
    equal."""
    pair = FilePair.look(context, entity, local_id, remote_id)
    if pair is None:
        return []
    found = []
    mode = context.link.mode
    remote = pair.remote_files
    for path in sorted({*pair.local_files, *remote}):
        old, local_file, there = pair.known.get(path), pair.local_files.get(path), remote.get(path)
        if there is None:
            if mode.sends or old is not None:
                found.append(f"file {path} is missing on the remote")
        elif local_file is None:
            if (mode.takes or old is not None) and (old is None or old.etag != FileState.STAYS):
                found.append(f"file {path} is missing in this workspace")
        elif local_file.size_bytes != there.size_bytes:
            found.append(
                f"file {path} has {local_file.size_bytes} bytes in this workspace and {there.size_bytes} on the remote"
            )
        elif read or not _is_as_known(old, local_file, there):
            sums = pair.sums(path, read=read)
            if sums is not None and sums[0] != sums[1]:
                found.append(f"file {path} has the SHA-256 {sums[0]} in this workspace and {sums[1]} on the remote")
    return found


def _take_steps(
    pair: FilePair, steps: Iterable[Step], moves: Mapping[FileAction, Callable[[FilePair, str], Known | None]]
) -> tuple[list[Known], bool]:
    """Run the steps of one direction.  Return the transferred files, and whether the time slice ended first."""
    moved: list[Known] = []
    for step in steps:
        if moved and pair.context.time_slice.is_over:
            return moved, True
        if step.what is FileAction.SAME:
            pair.remember(step.path)
        elif step.what is FileAction.FORGET:
            pair.forget(step.path)
        elif step.what in moves:
            if step.conflict:
                pair.note(LogKind.CONFLICT, step.conflict)
            known = moves[step.what](pair, step.path)
            if known is not None:
                moved.append(known)
    return moved, False


def _send_file(pair: FilePair, path: str) -> Known | None:
    """Return the sent remote file; None if it was not sent."""
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
    """Raise RemoteUnavailable if a sent file is not listed with its size.

    Progress was saved during the transfer, so an interrupted transfer continues; a wrong file is sent again.
    """
    remote = pair.context.remote.files(pair.entity, pair.remote_id)
    wrong = []
    for each in sent:
        there = remote.get(pair.remote_name(each.path))
        if there is None:
            wrong.append(f"{each.path} was sent and is missing on the remote")
            pair.forget(each.path)
        elif there.size_bytes != each.size_bytes:
            wrong.append(f"{each.path} arrived with {there.size_bytes} bytes; it has {each.size_bytes}")
            # Marked unsent, so that the remote's file does not count as a change of that side.
            pair.save(Known(each.path, there.size_bytes, FileState.UNSENT, "", there.etag))
    if wrong:
        raise RemoteUnavailable("; ".join(wrong[:3]))


def _take_file(pair: FilePair, path: str) -> Known | None:
    """Return the received local file; None if it was removed."""
    there = pair.remote_files[path]
    try:
        stat, sha256, etag = _receive_file(pair, path, there)
    except RequestRejected as refused:
        if refused.status == 404:  # removed since it was listed
            return None
        raise
    except (files.BrokenFile, WrongSum) as broken:
        raise RemoteUnavailable(f"{path}: {broken}") from None
    known = Known(path, stat.size_bytes, stat.etag, sha256, etag if there.etag else "")
    pair.save(known, taken_bytes=stat.size_bytes)
    return known


def _delete_remote(pair: FilePair, path: str) -> None:
    old = pair.known[path]
    try:
        pair.context.remote.remove_file(pair.entity, pair.remote_id, pair.remote_name(path))
    except Unmirrored as reason:
        pair.note(LogKind.SKIPPED, str(reason))
        pair.save(Known(path, old.size_bytes, FileState.STAYS, old.sha256, old.remote_etag))
        return
    pair.forget(path)


def _delete_local(pair: FilePair, path: str) -> None:
    pair.check_unchanged(path)
    spot = pair.spot(path)
    pair.context.read(held.check_item, str(pair.entity), pair.local_id, spot.key)
    owner = (str(pair.entity), pair.local_id, path)
    if not pair.entity.is_of_registry:  # notify other links and readers of the change log
        pair.context.write(artifacts.begin_removal, *owner)
    spot.blobs.delete(spot.key)
    pair.forget(path)
    if not pair.entity.is_of_registry:
        pair.context.write(artifacts.record_removal, *owner)


def _receive_file(pair: FilePair, path: str, there: RemoteFile) -> tuple[Stat, str, str]:
    """Return the stored file, its SHA-256, and the remote's ETag."""
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
        # A transfer that cannot be continued would restart in each time slice.
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


def _is_as_known(old: Known | None, local_file: LocalFile, there: RemoteFile) -> bool:
    """Return whether both files are the versions that were found equal."""
    return old is not None and (old.etag, old.remote_etag) == (local_file.etag, there.etag)
