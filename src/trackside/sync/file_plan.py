"""Plans transfers and deletions of files.  Pure: from both sides' lists and the agreed state.

The rules are those of `document`: in a one-way link the source wins, and files that only the copy has stay.  Otherwise a change
of one side is copied to the other, an existing file beats a removed one, and of a file that both sides changed the larger one
wins, or of equal sizes the one whose SHA-256 sorts last.

A missing file was removed if the removal was requested from the server, or if other files are left in its folder.  Otherwise a
disk may be unmounted: the file counts as lost, is not deleted on the other side, and is copied back where the link allows it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from trackside.sync.document import Mode
from trackside.sync.file_versions import LocalFile, RemoteFile


class FileState(StrEnum):
    """A state that is stored instead of an ETag."""

    STAYS = "-"  # removed on one side, and the other side cannot delete it
    UNSURE = "?"  # both sides must be read
    UNSENT = "!"  # of the local file: the remote has no complete copy
    REMOVED = "~"  # of the local file: removed by a request to this server
    LOST = "0"  # of the local file: missing without a request


class Known(Struct, frozen=True):
    """A file in the agreed state.  A FileState may stand instead of an ETag."""

    path: str
    size_bytes: int
    etag: str = ""
    sha256: str = ""
    remote_etag: str = ""  # empty: unknown


class FileAction(StrEnum):
    SEND = "send"
    TAKE = "take"
    DROP_THERE = "drop there"
    DROP_HERE = "drop here"
    FORGET = "forget"
    SAME = "same"  # to be recorded


class Step(Struct, frozen=True):
    what: FileAction
    path: str
    conflict: str = ""  # a message, if both sides changed the file


# The SHA-256 of both sides for a file of equal size; None if the remote cannot compute it.
Sums = Callable[[str], tuple[str, str] | None]


def blind(known: Mapping[str, Known], local: Mapping[str, LocalFile]) -> Iterator[Step]:
    """Yield the steps of a push-only link from local changes, without reading the remote's list."""
    for path in sorted({*known, *local}):
        old, local_file = known.get(path), local.get(path)
        if local_file is None:
            if old is not None and old.etag not in (FileState.STAYS, FileState.LOST):
                yield Step(FileAction.DROP_THERE, path)
        elif old is None or old.etag != local_file.etag:
            yield Step(FileAction.SEND, path)


def plan(
    mode: Mode,
    known: Mapping[str, Known],
    local: Mapping[str, LocalFile],
    remote: Mapping[str, RemoteFile],
    sums: Sums,
) -> Iterator[Step]:
    for path in sorted({*known, *local, *remote}):
        old, local_file, remote_file = known.get(path), local.get(path), remote.get(path)
        step: Step | None
        if local_file is not None and remote_file is not None:
            step = _of_both(mode, path, old, local_file, remote_file, sums)
        elif local_file is not None:
            step = _of_local(mode, path, old, local_file)
        elif remote_file is not None:
            step = _of_remote(mode, path, old, remote_file)
        else:
            step = Step(FileAction.FORGET, path)
        if step is not None:
            yield step


def folders_left(known: Mapping[str, Known], local: Mapping[str, LocalFile]) -> set[str]:
    """Return the folders that still have, directly or below, files of the agreed state."""
    return _above(
        path
        for path, old in known.items()
        if path in local
        and (
            old.etag == local[path].etag or (old.etag == FileState.UNSURE and old.size_bytes == local[path].size_bytes)
        )
    )


def remote_folders_left(known: Mapping[str, Known], remote: Mapping[str, RemoteFile]) -> set[str]:
    return _above(
        path
        for path, old in known.items()
        if path in remote and not _remote_changed(old, remote[path], if_unsure=False)
    )


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _above(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path
        while folder:
            folder = folder_of(folder)
            if folder in found:
                break
            found.add(folder)
    return found


def _of_both(
    mode: Mode, path: str, old: Known | None, local_file: LocalFile, remote_file: RemoteFile, sums: Sums
) -> Step | None:
    local_changed, remote_changed = _local_changed(old, local_file), _remote_changed(old, remote_file)
    if not local_changed and not remote_changed:
        return None
    local_sum = remote_sum = ""
    if local_file.size_bytes == remote_file.size_bytes:
        found = sums(path)
        if found is None and not (local_changed and old is not None):
            return Step(FileAction.SAME, path)
        if found is not None:
            local_sum, remote_sum = found
            if local_sum == remote_sum:
                return Step(FileAction.SAME, path)
            if old is not None and old.sha256:  # a file that was rewritten with the same content is unchanged
                local_changed, remote_changed = old.sha256 != local_sum, old.sha256 != remote_sum
    if mode is not Mode.BOTH:
        return Step(FileAction.SEND if mode is Mode.PUSH else FileAction.TAKE, path)
    if local_changed != remote_changed:
        return Step(FileAction.SEND if local_changed else FileAction.TAKE, path)
    keeps_local = (local_file.size_bytes, local_sum) > (remote_file.size_bytes, remote_sum)
    if local_file.size_bytes != remote_file.size_bytes:
        why = "is larger"
    else:
        why = "has the greater SHA-256" if local_sum else "cannot be compared by SHA-256"
    said = f"both sides changed the file {path}: the {'local' if keeps_local else 'remote'} one {why} and is kept"
    return Step(FileAction.SEND if keeps_local else FileAction.TAKE, path, said)


def _of_local(mode: Mode, path: str, old: Known | None, local_file: LocalFile) -> Step | None:
    if mode is Mode.PUSH:
        return Step(FileAction.SEND, path)
    if old is None:
        return Step(FileAction.SEND, path) if mode.sends else None
    if old.remote_etag == FileState.LOST:
        return Step(FileAction.SEND, path) if mode.sends else None
    if mode is Mode.BOTH and _local_changed(old, local_file):
        return Step(
            FileAction.SEND,
            path,
            f"the file {path} was removed on the remote and changed in this workspace: it is kept",
        )
    return Step(FileAction.DROP_HERE, path)


def _of_remote(mode: Mode, path: str, old: Known | None, remote_file: RemoteFile) -> Step | None:
    if old is None or mode is Mode.PULL:
        return Step(FileAction.TAKE, path) if mode.takes else None
    remote_changed = _remote_changed(old, remote_file)
    if old.etag == FileState.LOST:
        return Step(FileAction.TAKE, path) if mode.takes else None
    if old.etag == FileState.STAYS:
        return Step(FileAction.TAKE, path) if mode.takes and remote_changed else None
    if mode is Mode.BOTH and remote_changed:
        return Step(
            FileAction.TAKE,
            path,
            f"the file {path} was removed in this workspace and changed on the remote: it is kept",
        )
    return Step(FileAction.DROP_THERE, path)


def _local_changed(old: Known | None, local_file: LocalFile) -> bool:
    return old is None or old.etag != local_file.etag


def _remote_changed(old: Known | None, remote_file: RemoteFile, *, if_unsure: bool = True) -> bool:
    if old is None or old.size_bytes != remote_file.size_bytes:
        return True
    if old.remote_etag == FileState.UNSURE:
        return if_unsure
    return bool(remote_file.etag) and old.remote_etag != remote_file.etag
