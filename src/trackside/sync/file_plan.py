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


class What(StrEnum):
    SEND = "send"
    TAKE = "take"
    DROP_THERE = "drop there"
    DROP_HERE = "drop here"
    FORGET = "forget"
    SAME = "same"  # to be recorded


class Step(Struct, frozen=True):
    what: What
    path: str
    conflict: str = ""  # a message, if both sides changed the file


# The SHA-256 of both sides for a file of equal size; None if the remote cannot compute it.
Sums = Callable[[str], tuple[str, str] | None]


def blind(known: Mapping[str, Known], ours: Mapping[str, LocalFile]) -> Iterator[Step]:
    """Yield the steps of a push-only link from local changes, without reading the remote's list."""
    for path in sorted({*known, *ours}):
        old, our = known.get(path), ours.get(path)
        if our is None:
            if old is not None and old.etag not in (FileState.STAYS, FileState.LOST):
                yield Step(What.DROP_THERE, path)
        elif old is None or old.etag != our.etag:
            yield Step(What.SEND, path)


def plan(
    mode: Mode,
    known: Mapping[str, Known],
    ours: Mapping[str, LocalFile],
    theirs: Mapping[str, RemoteFile],
    sums: Sums,
) -> Iterator[Step]:
    for path in sorted({*known, *ours, *theirs}):
        old, our, their = known.get(path), ours.get(path), theirs.get(path)
        step: Step | None
        if our is not None and their is not None:
            step = _of_both(mode, path, old, our, their, sums)
        elif our is not None:
            step = _of_ours(mode, path, old, our)
        elif their is not None:
            step = _of_theirs(mode, path, old, their)
        else:
            step = Step(What.FORGET, path)
        if step is not None:
            yield step


def folders_left(known: Mapping[str, Known], ours: Mapping[str, LocalFile]) -> set[str]:
    """Return the folders that still have, directly or below, files of the agreed state."""
    return _above(
        path
        for path, old in known.items()
        if path in ours
        and (old.etag == ours[path].etag or (old.etag == FileState.UNSURE and old.size_bytes == ours[path].size_bytes))
    )


def folders_left_there(known: Mapping[str, Known], theirs: Mapping[str, RemoteFile]) -> set[str]:
    return _above(
        path
        for path, old in known.items()
        if path in theirs and not _theirs_changed(old, theirs[path], if_unsure=False)
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


def _of_both(mode: Mode, path: str, old: Known | None, our: LocalFile, their: RemoteFile, sums: Sums) -> Step | None:
    our_changed, their_changed = _ours_changed(old, our), _theirs_changed(old, their)
    if not our_changed and not their_changed:
        return None
    our_sum = their_sum = ""
    if our.size_bytes == their.size_bytes:
        found = sums(path)
        if found is None and not (our_changed and old is not None):
            return Step(What.SAME, path)
        if found is not None:
            our_sum, their_sum = found
            if our_sum == their_sum:
                return Step(What.SAME, path)
            if old is not None and old.sha256:  # a file that was rewritten with the same content is unchanged
                our_changed, their_changed = old.sha256 != our_sum, old.sha256 != their_sum
    if mode is not Mode.BOTH:
        return Step(What.SEND if mode is Mode.PUSH else What.TAKE, path)
    if our_changed != their_changed:
        return Step(What.SEND if our_changed else What.TAKE, path)
    is_ours = (our.size_bytes, our_sum) > (their.size_bytes, their_sum)
    if our.size_bytes != their.size_bytes:
        why = "is larger"
    else:
        why = "has the greater SHA-256" if our_sum else "cannot be compared by SHA-256"
    said = f"both sides changed the file {path}: {'ours' if is_ours else 'theirs'} {why} and is kept"
    return Step(What.SEND if is_ours else What.TAKE, path, said)


def _of_ours(mode: Mode, path: str, old: Known | None, our: LocalFile) -> Step | None:
    if mode is Mode.PUSH:
        return Step(What.SEND, path)
    if old is None:
        return Step(What.SEND, path) if mode.sends else None
    if old.remote_etag == FileState.LOST:
        return Step(What.SEND, path) if mode.sends else None
    if mode is Mode.BOTH and _ours_changed(old, our):
        return Step(What.SEND, path, f"the file {path} was removed there and changed here: it is kept")
    return Step(What.DROP_HERE, path)


def _of_theirs(mode: Mode, path: str, old: Known | None, their: RemoteFile) -> Step | None:
    if old is None or mode is Mode.PULL:
        return Step(What.TAKE, path) if mode.takes else None
    their_changed = _theirs_changed(old, their)
    if old.etag == FileState.LOST:
        return Step(What.TAKE, path) if mode.takes else None
    if old.etag == FileState.STAYS:
        return Step(What.TAKE, path) if mode.takes and their_changed else None
    if mode is Mode.BOTH and their_changed:
        return Step(What.TAKE, path, f"the file {path} was removed here and changed there: it is kept")
    return Step(What.DROP_THERE, path)


def _ours_changed(old: Known | None, our: LocalFile) -> bool:
    return old is None or old.etag != our.etag


def _theirs_changed(old: Known | None, their: RemoteFile, *, if_unsure: bool = True) -> bool:
    if old is None or old.size_bytes != their.size_bytes:
        return True
    if old.remote_etag == FileState.UNSURE:
        return if_unsure
    return bool(their.etag) and old.remote_etag != their.etag
